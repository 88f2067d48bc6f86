"""Convert errors of the plain client to those that scripts of `gradio_client` expect.

Most classes are in `exceptions`. If the program has imported ``httpx``, errors of the connection
are also the class of ``httpx`` that the official client would raise. ``httpx`` is not imported for
this.
"""

from __future__ import annotations

import sys
from typing import Any, TypeVar

from .. import errors
from . import exceptions

#: The class of an error, and its class here. The first match counts.
_CLASSES: tuple[tuple[type[errors.GradioClientError], type[errors.GradioClientError]], ...] = (
    (errors.AuthenticationError, exceptions.AuthenticationError),
    (errors.RateLimitError, exceptions.TooManyRequestsError),
    (errors.ValidationError, exceptions.ValidationError),
    (errors.QueueFullError, exceptions.QueueError),
    (errors.DuplicationError, exceptions.SpaceDuplicationError),
    (errors.FileTooLargeError, exceptions.TooLargeError),
)

_E = TypeVar("_E", bound=errors.GradioClientError)

_FULL = "Queue is full"

_HIDDEN = (
    "The function of the app raised an exception, and the app hides its text. Apps that are "
    "started with launch(show_error=True) send it."
)


def translated(exc: BaseException) -> BaseException:
    """Return the error for a call that failed.

    Args:
        exc: The error of the plain client. Other exceptions are returned unchanged.
    """
    if not isinstance(exc, errors.GradioClientError):
        return exc
    text = _with_options(str(exc))
    if isinstance(exc, errors.AppError):
        return _app_error(exc)
    if isinstance(exc, errors.ValidationError):
        return _remade(exceptions.ValidationError, exc, _validation_text(exc))
    if isinstance(exc, errors.PayloadError):
        return _remade(exceptions.RefusedValueError, exc, text)
    if isinstance(exc, errors.FileTooLargeError):
        limit = "" if exc.limit_bytes is None else f" of {exc.limit_bytes} bytes"
        text = f"{text} It exceeds the maximum file size{limit}."
    if isinstance(exc, errors.QueueFullError) and _FULL not in text:
        text = f"{_FULL}. {text}"
    for ours, theirs in _CLASSES:
        if isinstance(exc, ours):
            error = _remade(theirs, exc, text)
            return _with_httpx(error, text) if ours is errors.AuthenticationError else error
    if type(exc) is errors.FileError and isinstance(_cause(exc), FileNotFoundError):
        return _remade(exceptions.MissingFileError, exc, text)
    return _with_httpx(exc, text)


def of_connecting(exc: errors.GradioClientError, source: str) -> BaseException:
    """Return the error for an app to which the client could not connect.

    Args:
        exc: The error of the plain client.
        source: The app, as the user named it.
    """
    if isinstance(exc, errors.SpaceNotFoundError):
        text = (
            f"Could not find Space: {source}. If it is private, pass a token that has access to "
            f"it. {exc}"
        )
        return _remade(exceptions.SpaceMissingError, exc, text)
    if isinstance(exc, errors.SpaceNotReadyError):
        text = f"The Space {source} is in the invalid state {exc.stage}. {exc}"
        return _remade(exceptions.SpaceStateError, exc, text)
    if isinstance(exc, errors.AuthenticationError):
        text = f"{source} needs valid credentials. {_with_options(str(exc))}"
        return _remade(exceptions.AuthenticationError, exc, text)
    of_server = (errors.ConfigError, errors.ProtocolError, errors.HTTPStatusError)
    if isinstance(exc, of_server) and not isinstance(exc, errors.RateLimitError):
        text = f"Could not fetch config for {source}: {_with_options(str(exc))}"
        return _remade(_mixed(type(exc), ValueError), exc, text)
    return translated(exc)


def _with_options(text: str) -> str:
    """Return the text of an error, with the place of options that this `Client` has elsewhere."""
    if "http_auth=" in text or " cert=" in text:
        text += " Here, http_auth and cert are the entries 'auth' and 'cert' of httpx_kwargs."
    return text


def _app_error(exc: errors.AppError) -> exceptions.AppError:
    message = _HIDDEN if exc.message is None else exc.message
    error = exceptions.AppError(
        message,
        duration=10 if exc.duration is None else exc.duration,
        visible=exc.visible is not False,
        title=exc.title or "Error",
    )
    error.endpoint, error.event_id = exc.endpoint, exc.event_id
    return error


def _validation_text(exc: errors.ValidationError) -> str:
    refused = [f"- {name or 'value'}: {text}" for name, text in exc.parameters.items()]
    return "\n".join([f"{len(refused)} parameter(s) failed validation:", *refused])


def _remade(cls: type[_E], exc: errors.GradioClientError, text: str) -> _E:
    """Return an error of another class with the same facts and the same cause."""
    error = cls.__new__(cls, text)
    error.args = (text,)
    error.__dict__.update(exc.__dict__)
    error.__cause__, error.__context__ = exc.__cause__, exc.__context__
    error.__suppress_context__ = exc.__suppress_context__
    return error


# -- classes of httpx


def _with_httpx(exc: errors.GradioClientError, text: str) -> errors.GradioClientError:
    """Return the error, also of classes of ``httpx`` if the program has imported it."""
    httpx: Any = sys.modules.get("httpx")
    names, about = _httpx_names(exc)
    theirs = [cls for name in names if isinstance(cls := getattr(httpx, name, None), type)]
    if not theirs:
        return exc
    error: Any = _remade(_mixed(type(exc), *theirs), exc, text)
    error.request = httpx.Request("GET", getattr(about, "url", None) or "http://unknown.invalid")
    if isinstance(about, errors.HTTPStatusError):
        error.response = httpx.Response(
            about.status_code or 500, text=about.body or "", request=error.request
        )
    shown: errors.GradioClientError = error
    return shown


#: A connection that ends early. Which of the two `httpx` raises depends on how it ends.
_CUT = ("ReadError", "RemoteProtocolError")


def _httpx_names(exc: BaseException) -> tuple[tuple[str, ...], BaseException]:
    """Return the names of the classes of ``httpx`` for an error, and the error with its facts."""
    if isinstance(exc, errors.HTTPStatusError):
        return ("HTTPStatusError",), exc
    if isinstance(exc, errors.ConnectFailedError):
        if _is_silence(exc):
            return ("ReadTimeout" if exc.sent else "ConnectTimeout",), exc
        return (_CUT if exc.sent else ("ConnectError",)), exc
    if isinstance(exc, errors.BrokenStreamError):  # only its text says if the server was silent
        return (*_CUT, "ReadTimeout"), exc
    cause = _cause(exc)
    if isinstance(exc, errors.FileError) and isinstance(cause, errors.GradioClientError):
        return _httpx_names(cause)
    return (), exc


def _is_silence(exc: BaseException) -> bool:
    """Return whether a timeout is among the causes of an error."""
    cause, seen = _cause(exc), {id(exc)}
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            return True
        seen.add(id(cause))
        cause = _cause(cause)
    return False


def _cause(exc: BaseException) -> BaseException | None:
    return exc.__cause__ or exc.__context__


#: Attributes that only errors of ``httpx`` have.
_OF_HTTPX = ("request", "_request", "response")

_MIXED: dict[tuple[type, ...], Any] = {}


def _mixed(cls: type[_E], *others: type[BaseException]) -> type[_E]:
    """Return a subclass of all of them, with the name of the first. It is pickled as the first."""

    def __reduce__(self: Any) -> Any:  # noqa: N807 - the method of the new class
        facts = {key: value for key, value in vars(self).items() if key not in _OF_HTTPX}
        return _unpickled, (cls, self.args[0], facts)

    bases = (cls, *(other for other in others if not issubclass(cls, other)))
    if len(bases) == 1:
        return cls
    if bases not in _MIXED:
        body = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__reduce__": __reduce__}
        _MIXED[bases] = type(cls.__name__, bases, body)
    mixed: type[_E] = _MIXED[bases]
    return mixed


def _unpickled(cls: type[_E], text: str, facts: dict[str, Any]) -> _E:
    error = cls.__new__(cls, text)
    error.args = (text,)
    error.__dict__.update(facts)
    return error
