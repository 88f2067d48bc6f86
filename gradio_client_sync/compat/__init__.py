"""The names and values of `gradio_client`, for scripts that were written for it.

::

    from gradio_client_sync.compat import Client, handle_file

    client = Client("http://127.0.0.1:7860", verbose=False)
    client.predict(2, 3, api_name="/add")  # 5
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .. import __version__

if TYPE_CHECKING:
    from . import client as client
    from . import data_classes as data_classes
    from . import exceptions as exceptions
    from . import utils as utils
    from ._handled import file as file
    from ._handled import handle_file as handle_file
    from .client import Client as Client
    from .client import Job as Job
    from .data_classes import FileData as FileData

# A name is imported at its first use, so that this import loads no more than the package does.
_HOMES = {
    "Client": "client",
    "Job": "client",
    "FileData": "data_classes",
    "file": "_handled",
    "handle_file": "_handled",
}
_MODULES = ("client", "data_classes", "exceptions", "utils")

__all__ = ["Client", "FileData", "Job", "__version__", "file", "handle_file"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
