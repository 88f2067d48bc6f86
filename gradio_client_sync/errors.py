"""Every error this package raises.

::

    GradioClientError(Exception)                  .endpoint .event_id
    ├─ ConnectFailedError(ConnectionError)        no answer at all
    ├─ BrokenStreamError(ConnectionError)         the stream or server went away mid-job
    │  └─ AppChangedError                         the app became another one mid-job
    ├─ HTTPStatusError                            any other 4xx or 5xx
    │  ├─ AuthenticationError                     401, 403
    │  └─ RateLimitError                          429
    ├─ ProtocolError                              the server broke its own contract
    │  └─ MessageTooLargeError                    one message is longer than it may be
    ├─ ConfigError                                no readable Gradio config
    │  └─ UnsupportedAppError                     Gradio 2.x, or an unknown protocol
    ├─ EndpointNotFoundError(LookupError, ValueError)
    ├─ ApiChangedError                            the app is not what a typed module expects
    ├─ PayloadError(TypeError)                    values do not fit the endpoint
    ├─ ValidationError(ValueError)                refused by the app's validators
    ├─ QueueFullError                             the app takes no more jobs: safe to retry
    ├─ AppError(ValueError)                       the app's own function raised
    ├─ FileError(OSError)
    │  ├─ UploadError
    │  ├─ DownloadError
    │  │  └─ DownloadTimeoutError(TimeoutError)   the time given to a download ran out
    │  └─ FileTooLargeError
    ├─ SpaceError
    │  ├─ SpaceNotFoundError
    │  ├─ SpaceNotReadyError
    │  └─ DuplicationError
    ├─ StreamClosedError(RuntimeError)            the job takes no more input
    ├─ JobTimeoutError(TimeoutError)              the time given to a call ran out
    ├─ ClientClosedError(RuntimeError)
    └─ MissingDependencyError(ImportError)        names the extra to install

Built-in classes are mixed in where code written for plain sockets or
`concurrent.futures` would catch them. A cancelled job raises
`concurrent.futures.CancelledError`, which is not part of this tree.

Each error carries its facts as attributes, named in its class; attributes that
do not apply are ``None``. All of them pickle.
"""

from __future__ import annotations

import concurrent.futures
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import SpaceStatus

__all__ = [
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
]


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _visible(message: str) -> str:
    """Show control characters instead of sending them: servers' texts go to terminals."""
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], message)


def _rebuild(cls: type[GradioClientError], message: str, facts: dict[str, Any]) -> Any:
    error = cls(message)
    error.__dict__.update(facts)
    return error


class GradioClientError(Exception):
    """The root of the tree.

    Args:
        message: What was tried, what happened, and what to do next. Control characters in
            it are shown as escapes.
        facts: Values for the attributes that the class declares.
    """

    endpoint: str | int | None = None
    event_id: str | None = None

    def __init__(self, message: str, /, **facts: Any) -> None:
        super().__init__(_visible(message))
        for name, value in facts.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}")
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args[0], self.__dict__)


class ConnectFailedError(GradioClientError, ConnectionError):
    """No connection could be made, or no answer came.

    `sent` says whether the request had left, so that the server may have acted on it.
    """

    url: str | None = None
    sent: bool = False
    _passing: bool = False  # it may go by itself: trying again makes sense


class BrokenStreamError(GradioClientError, ConnectionError):
    """The event stream, the socket or the server went away while a job was under way.

    `accepted` says whether the server had taken the job: ``False`` means that it
    cannot have run, so sending it again is safe; ``True`` means that it may have.
    """

    url: str | None = None
    accepted: bool | None = None
    last_stage: str | None = None


class AppChangedError(BrokenStreamError):
    """The app became another one while a call was under way, and may have run something else.

    The number that was sent for the function, or the positions of its parameters, mean something
    else to the app by now. The call was cancelled on the server, and is not sent again.
    `accepted` is ``True`` if the app had taken it, and ``None`` if that is not known.
    """


class HTTPStatusError(GradioClientError):
    """The server refused a request with a 4xx or 5xx status.

    `retry_after` is in seconds, if the server said when to come again.
    """

    url: str | None = None
    status_code: int | None = None
    body: str | None = None
    retry_after: float | None = None


class AuthenticationError(HTTPStatusError):
    """401 or 403: a login, a cookie or a token is missing or not accepted."""


class RateLimitError(HTTPStatusError):
    """429: too many requests. `retry_after` is in seconds, if the server said so."""


class ProtocolError(GradioClientError):
    """The server sent what no Gradio server should. `raw` holds it."""

    raw: Any = None


class MessageTooLargeError(ProtocolError):
    """An answer or a message is longer than `limit_bytes`; the rest was not read."""

    limit_bytes: int | None = None


def too_large(what: str, limit: int) -> MessageTooLargeError:
    """The error for something longer than the client takes."""
    return MessageTooLargeError(
        f"{what} is longer than {limit} bytes, so the rest was not read. If it is meant, "
        "max_message_bytes= of Client takes more.",
        limit_bytes=limit,
    )


def no_thread(exc: RuntimeError) -> GradioClientError:
    """The error for a thread that the interpreter does not start."""
    return GradioClientError(
        f"No thread could be started: {exc}. The process has too many, or is ending; max_workers= "
        "of Client bounds those of its jobs."
    )


class ConfigError(GradioClientError):
    """The address does not answer with a Gradio config."""

    url: str | None = None


class UnsupportedAppError(ConfigError):
    """A Gradio app of a generation that this client does not speak."""

    version: str | None = None


class EndpointNotFoundError(GradioClientError, LookupError, ValueError):
    """The app has no such endpoint. `candidates` are names that may have been meant."""

    candidates: tuple[str, ...] = ()


class ApiChangedError(GradioClientError):
    """The app is not the one that a typed module was written for; nothing was sent.

    `changes` says what is different, one sentence for each.
    """

    changes: tuple[str, ...] = ()


class PayloadError(GradioClientError, TypeError):
    """The values do not fit the endpoint; nothing was sent."""

    parameter: str | None = None


class ValidationError(GradioClientError, ValueError):
    """The app's validators refused the values.

    `parameters` maps each refused parameter to the validator's message; a message
    about no parameter in particular has the key ``None``.
    """

    parameters: dict[str | None, str] = {}  # noqa: RUF012 - replaced, never changed


class QueueFullError(GradioClientError):
    """The app's queue takes no more jobs now; nothing ran, so trying later is safe."""


class AppError(GradioClientError, ValueError):
    """The app's own function raised.

    `message` is the app's text, ``None`` where the app hides it. `duration` is how
    many seconds the app wants it shown, `visible` whether it wants it shown at all.
    """

    message: str | None = None
    title: str | None = None
    duration: float | None = None
    visible: bool | None = None


class FileError(GradioClientError, OSError):
    """Something about a file went wrong."""

    path: str | None = None
    size_bytes: int | None = None
    limit_bytes: int | None = None


class UploadError(FileError):
    """A file could not be sent."""

    _passing: bool = False  # the connection broke, and the content can be read once more


class DownloadError(FileError):
    """A file could not be fetched."""


class FileTooLargeError(FileError):
    """The app takes files up to `limit_bytes` only."""


class SpaceError(GradioClientError):
    """Something about a Hugging Face Space went wrong. `status` is the last that was seen."""

    space_id: str | None = None
    status: SpaceStatus | None = None


class SpaceNotFoundError(SpaceError):
    """No such Space, or the token may not see it."""


class SpaceNotReadyError(SpaceError):
    """The Space did not start in time, or cannot start."""

    stage: str | None = None


class DuplicationError(SpaceError):
    """A Space could not be duplicated."""


class StreamClosedError(GradioClientError, RuntimeError):
    """A job takes no more input: it is over, or `Job.close_stream` was called.

    If the job failed, its error is the cause.
    """


if sys.version_info >= (3, 11):
    _TimeoutBase = TimeoutError  # and concurrent.futures.TimeoutError is the same class
else:

    class _TimeoutBase(TimeoutError, concurrent.futures.TimeoutError):
        """What both ways of catching a timeout catch."""


class JobTimeoutError(GradioClientError, _TimeoutBase):
    """The time given to a call (`timeout`, seconds) ran out; the job was cancelled."""

    timeout: float | None = None


class DownloadTimeoutError(DownloadError, _TimeoutBase):
    """The time given to a download (`timeout`, seconds) ran out; nothing of the file is left."""

    timeout: float | None = None


class ClientClosedError(GradioClientError, RuntimeError):
    """The client was closed; make a new one."""


class MissingDependencyError(GradioClientError, ImportError):
    """An optional package is needed; the message names the extra to install."""

    extra: str | None = None
