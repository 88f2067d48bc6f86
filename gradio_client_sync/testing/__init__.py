"""Test code that calls Gradio apps, without an app: fakes, recordings, and a pytest plugin.

>>> from gradio_client_sync import Client
>>> from gradio_client_sync.testing import FakeApp
>>> with FakeApp() as fake:
...     @fake.endpoint("/caption")
...     def caption(text: str) -> str:
...         return f"a picture of {text}"
...     with Client(fake.url) as app:
...         app.predict("/caption", ["a cat"])[0]
'a picture of a cat'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .blocks import record as record
    from .blocks import replay as replay
    from .fake_app import FakeApp as FakeApp
    from .offline import no_network as no_network
    from .plans import Gate as Gate
    from .replay_error import ReplayError as ReplayError
    from .slots import State as State

# A name is imported at its first use, because pytest imports this package in every run.
_HOMES = {
    "FakeApp": "fake_app",
    "Gate": "plans",
    "ReplayError": "replay_error",
    "State": "slots",
    "no_network": "offline",
    "record": "blocks",
    "replay": "blocks",
}

__all__ = ["FakeApp", "Gate", "ReplayError", "State", "no_network", "record", "replay"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
