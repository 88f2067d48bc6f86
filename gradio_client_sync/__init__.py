"""Call Gradio apps of every generation from plain, synchronous Python.

>>> from gradio_client_sync import Client
>>> app = Client("http://127.0.0.1:7860")
>>> app.predict("/add", [2, 3])[0]
5
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._client import Client as Client
    from ._client import client as client
    from ._client import duplicate as duplicate
    from .errors import *  # noqa: F403
    from .events import Data as Data
    from .events import Log as Log
    from .events import Progress as Progress
    from .events import Render as Render
    from .events import SpaceStatus as SpaceStatus
    from .events import Status as Status
    from .events import Timings as Timings
    from .events import Upload as Upload
    from .files import RemoteFile as RemoteFile
    from .files import handle_file as handle_file
    from .function import Function as Function
    from .function import TypedJob as TypedJob
    from .job import Job as Job
    from .many import Counts as Counts
    from .many import Map as Map
    from .many import Outcome as Outcome
    from .many import read_journal as read_journal

# A name is imported from its module at its first use. So importing the package loads neither its
# modules nor their dependencies.
_HOMES = {
    "_client": ("Client", "client", "duplicate"),
    "events": ("Data", "Log", "Progress", "Render", "SpaceStatus", "Status", "Timings", "Upload"),
    "files": ("RemoteFile", "handle_file"),
    "job": ("Job",),
    "many": ("Counts", "Map", "Outcome", "read_journal"),
    "function": ("Function", "TypedJob"),
    "errors": (
        "ApiChangedError",
        "AppChangedError",
        "AppError",
        "AuthenticationError",
        "BrokenStreamError",
        "ClientClosedError",
        "ConfigError",
        "ConnectFailedError",
        "DownloadError",
        "DownloadTimeoutError",
        "DuplicationError",
        "EndpointNotFoundError",
        "FileError",
        "FileTooLargeError",
        "GradioClientError",
        "HTTPStatusError",
        "JobTimeoutError",
        "JournalError",
        "MessageTooLargeError",
        "MissingDependencyError",
        "PayloadError",
        "ProtocolError",
        "QueueFullError",
        "RateLimitError",
        "SpaceError",
        "SpaceNotFoundError",
        "SpaceNotReadyError",
        "StreamClosedError",
        "UnsupportedAppError",
        "UploadError",
        "ValidationError",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
