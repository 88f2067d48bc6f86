"""All errors that this package raises.

::

    GradioClientError(Exception)                  .endpoint .event_id .index .payload
    ├─ ConnectFailedError(ConnectionError)        no connection, or no response
    ├─ BrokenStreamError(ConnectionError)         the connection or server was lost during a job
    │  └─ AppChangedError                         the app was replaced or changed during a job
    ├─ HTTPStatusError                            any other 4xx or 5xx
    │  ├─ AuthenticationError                     401, 403
    │  └─ RateLimitError                          429
    ├─ ProtocolError                              the server violated the Gradio protocol
    │  └─ MessageTooLargeError                    a message is longer than the limit
    ├─ ConfigError                                no readable Gradio config
    │  └─ UnsupportedAppError                     Gradio 2.x, or an unknown protocol
    ├─ EndpointNotFoundError(LookupError, ValueError)
    ├─ ApiChangedError                            the app differs from what a typed module expects
    ├─ PayloadError(TypeError)                    values do not fit the endpoint
    ├─ ValidationError(ValueError)                refused by the app's validators
    ├─ QueueFullError                             the app's queue is full: safe to retry
    ├─ AppError(ValueError)                       the app's function raised an exception
    ├─ FileError(OSError)
    │  ├─ UploadError
    │  ├─ DownloadError
    │  │  └─ DownloadTimeoutError(TimeoutError)   a download exceeded its timeout
    │  ├─ FileTooLargeError
    │  └─ JournalError                          the journal of a `map` cannot be used
    ├─ SpaceError
    │  ├─ SpaceNotFoundError
    │  ├─ SpaceNotReadyError
    │  └─ DuplicationError
    ├─ StreamClosedError(RuntimeError)            the job accepts no more input
    ├─ JobTimeoutError(TimeoutError)              a call exceeded its timeout
    ├─ ClientClosedError(RuntimeError)
    └─ MissingDependencyError(ImportError)        names the extra to install

Some classes also derive from a built-in exception, so that code written for sockets or
`concurrent.futures` catches them. A cancelled job raises `concurrent.futures.CancelledError`,
which is not part of this tree.

Each error has attributes with details, which its class lists. An attribute that does not apply is
``None``. All errors can be pickled.
"""

from __future__ import annotations

import concurrent.futures
import re
import sys
from typing import TYPE_CHECKING, Any

from ._basics.printing import printable

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
]


_CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


def _visible(message: str) -> str:
    """Escape control characters: texts of a server may be printed to a terminal."""
    return re.sub(_CONTROLS, lambda match: repr(match[0])[1:-1], message)


def _rebuild(cls: type[GradioClientError], message: str, facts: dict[str, Any]) -> Any:
    error = cls(message)
    error.__dict__.update(facts)
    return error


class GradioClientError(Exception):
    """The base class of all errors of this package.

    Args:
        message: What was tried, what happened, and what to do next. Control characters in it
            are escaped.
        facts: Values for the attributes that the class declares.

    Attributes:
        endpoint: The endpoint of the call, if the error belongs to a call.
        event_id: The server's id of the job, if the error belongs to a job that has one.
        index: The position of the payload, counted from 0, if the error belongs to an item of
            `Client.map`.
        payload: That payload.
    """

    endpoint: str | int | None = None
    event_id: str | None = None
    index: int | None = None
    payload: Any = None

    def __init__(self, message: str, /, **facts: Any) -> None:
        super().__init__(_visible(message))
        for name, value in facts.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}")
            setattr(self, name, value)

    def __str__(self) -> str:
        return printable(super().__str__())

    def __repr__(self) -> str:
        return printable(super().__repr__())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args[0], self.__dict__)


class ConnectFailedError(GradioClientError, ConnectionError):
    """The server could not be reached, or did not respond.

    Attributes:
        url: The URL of the request.
        sent: Whether the request was sent. If so, the server may have processed it.
    """

    url: str | None = None
    sent: bool = False
    _passing: bool = False  # the cause may be temporary, so a retry makes sense
    _wrong_scheme: bool = False  # the URL has http instead of https, or the reverse
    _no_handshake: bool = False  # TLS failed, and not because of a certificate


class BrokenStreamError(GradioClientError, ConnectionError):
    """The event stream, the websocket or the server was lost while a job was running.

    Attributes:
        url: The URL of the stream.
        accepted: Whether the server had accepted the job. ``False`` means that the function did
            not run, so a retry is safe. ``True`` means that it may have run. ``None`` means
            that this is not known.
        last_stage: The last `stage` of the job's status.
    """

    url: str | None = None
    accepted: bool | None = None
    last_stage: str | None = None


class AppChangedError(BrokenStreamError):
    """The app was replaced or changed during a call, and may have run a different function.

    The function number that was sent, or the positions of the parameters, have a different
    meaning in the app as it is now. The call was cancelled on the server and is not sent again.
    `accepted` is ``True`` if the app had accepted the call, and ``None`` if that is not known.
    """


class HTTPStatusError(GradioClientError):
    """The server refused a request with a 4xx or 5xx status.

    Attributes:
        url: The URL of the request.
        status_code: The HTTP status.
        body: The body of the response.
        retry_after: Seconds to wait before a retry, if the server sent ``Retry-After``.
    """

    url: str | None = None
    status_code: int | None = None
    body: str | None = None
    retry_after: float | None = None


class AuthenticationError(HTTPStatusError):
    """A login, a cookie, a token or a client certificate is missing or was not accepted.

    The status is 401 or 403. For a certificate, that of some gateways is 400.
    """

    _of_gateway: bool = False  # a gateway wants a login of its own, and no token


class RateLimitError(HTTPStatusError):
    """The server limits the rate of requests (429).

    `retry_after` is the number of seconds to wait before a retry, if the server sent it.
    """


class ProtocolError(GradioClientError):
    """The server sent something that violates the Gradio protocol.

    Attributes:
        raw: The part of the response or message that could not be read.
    """

    raw: Any = None
    _bug: bool = False  # the cause is a bug of this package


class MessageTooLargeError(ProtocolError):
    """A response or a message is longer than `limit_bytes`. The rest was not read."""

    limit_bytes: int | None = None


def too_large(what: str, limit: int) -> MessageTooLargeError:
    """Make the error for a response or message that is longer than the client accepts."""
    from ._basics.words import counted

    return MessageTooLargeError(
        f"{what} is longer than {counted(limit, 'byte')}, so the rest was not read. To accept "
        "longer ones, pass a larger max_message_bytes= to Client.",
        limit_bytes=limit,
    )


def no_thread(exc: RuntimeError) -> GradioClientError:
    """Make the error for a thread that the interpreter could not start."""
    return GradioClientError(
        f"No thread could be started: {exc}. The process has too many threads, or is ending. "
        "max_workers= of Client limits the threads for jobs."
    )


class ConfigError(GradioClientError):
    """The server at `url` did not respond with a Gradio config."""

    url: str | None = None
    _status: int | None = None  # of the response to the request for the config


class UnsupportedAppError(ConfigError):
    """The app uses a Gradio release or protocol that this client does not support."""

    version: str | None = None


class EndpointNotFoundError(GradioClientError, LookupError, ValueError):
    """The app has no such endpoint. `candidates` lists similar names."""

    candidates: tuple[str, ...] = ()


class ApiChangedError(GradioClientError):
    """The app differs from the one that a typed module was written for. Nothing was sent.

    `changes` has one sentence for each difference.
    """

    changes: tuple[str, ...] = ()


class PayloadError(GradioClientError, TypeError):
    """The values do not fit the endpoint. Nothing was sent.

    `parameter` is the name of the parameter, if the error belongs to one.
    """

    parameter: str | None = None
    _text: str | None = None  # the text that stands where the app takes a file
    _place: int | None = None  # the position of the input that the message calls by its label


class ValidationError(GradioClientError, ValueError):
    """The app's validators refused the values.

    `parameters` maps the name of each refused parameter to the validator's message. A message
    that does not belong to one parameter has the key ``None``.
    """

    parameters: dict[str | None, str] = {}  # noqa: RUF012 - replaced, never changed


class QueueFullError(GradioClientError):
    """The app's queue is full. The function did not run, so a later retry is safe."""


class AppError(GradioClientError, ValueError):
    """The app's function raised an exception.

    Attributes:
        message: The app's error text; ``None`` if the app hides it.
        title: The title under which the app wants the error to be shown.
        duration: Seconds for which the app wants the error to be shown.
        visible: Whether the app wants the error to be shown.
    """

    message: str | None = None
    title: str | None = None
    duration: float | None = None
    visible: bool | None = None


class FileError(GradioClientError, OSError):
    """A file could not be read, uploaded or downloaded.

    Attributes:
        path: The path of the file.
        size_bytes: The size of the file.
        limit_bytes: The largest size that the app accepts.
    """

    path: str | None = None
    size_bytes: int | None = None
    limit_bytes: int | None = None


class UploadError(FileError):
    """A file could not be uploaded."""

    _passing: bool = False  # the connection broke, and a retry can read the content again


class DownloadError(FileError):
    """A file could not be downloaded."""


class FileTooLargeError(FileError):
    """The file is larger than `limit_bytes`, the largest size that the app accepts."""


class JournalError(FileError):
    """The journal of a `map` cannot be opened, read or written, or belongs to another call.

    What is in the file stays there. `path` is its path.
    """


class SpaceError(GradioClientError):
    """A Hugging Face Space could not be used.

    Attributes:
        space_id: The name of the Space, ``user/space``.
        status: The last `SpaceStatus` of the Space, if there was one.
    """

    space_id: str | None = None
    status: SpaceStatus | None = None


class SpaceNotFoundError(SpaceError):
    """The Space does not exist, or the token has no access to it."""


class SpaceNotReadyError(SpaceError):
    """The Space cannot start, or did not start in time. `stage` is the Hub's name of its state."""

    stage: str | None = None


class DuplicationError(SpaceError):
    """A Space could not be duplicated."""


class StreamClosedError(GradioClientError, RuntimeError):
    """A job accepts no more input, because it has ended or `Job.close_stream` was called.

    If the job failed, its error is the ``__cause__``.
    """


if sys.version_info >= (3, 11):
    _TimeoutBase = TimeoutError  # and concurrent.futures.TimeoutError is the same class
else:

    class _TimeoutBase(TimeoutError, concurrent.futures.TimeoutError):
        """A timeout that code catches by either class, which differ before Python 3.11."""


class JobTimeoutError(GradioClientError, _TimeoutBase):
    """A call took longer than its `timeout` (seconds). The job was cancelled."""

    timeout: float | None = None


class DownloadTimeoutError(DownloadError, _TimeoutBase):
    """A download took longer than its `timeout` (seconds). The partial file was removed."""

    timeout: float | None = None


class ClientClosedError(GradioClientError, RuntimeError):
    """The client was closed. Create a new one to make further calls."""


class MissingDependencyError(GradioClientError, ImportError):
    """An optional package is not installed. `extra` is the name of the extra to install."""

    extra: str | None = None
