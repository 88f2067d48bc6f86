"""Short tracebacks: an exception of a public method shows its message and the lines of the user.

What happens inside the package, and in the libraries underneath, does not help the user: the
message says it. So public classes are decorated with `short_tracebacks`, and public functions with
`short_traceback`: when an exception leaves a public method, these lines are removed. From Python
3.11 on, no line of the package is left, as if the method were built in. Before, one line is left,
that of the decorator.

It also decides which other exceptions are printed above the message ("The above exception was the
direct cause …"): `_helps` is the only place with that rule. A hidden cause stays reachable as
``__context__``, and an exception that the user's own code handles at that moment stays visible.

Nothing is lost. The environment variable ``GRADIO_CLIENT_SYNC_TRACEBACKS=full`` switches the
shortening off. At debug level, the log has the classes and lines of the whole chain; no messages,
because the log never contains values of calls. An exception that the package does not raise on
purpose is a bug, so it keeps its whole traceback. The local variables of the package's frames are
removed in any case, because they may be secret.
"""

from __future__ import annotations

import logging
import os
import sys
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ._basics.printing import printable
from ._basics.secret import hidden_source, hide
from .errors import FileError, GradioClientError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

log = logging.getLogger(__name__)

#: The environment variable that keeps tracebacks whole, if its value is ``full``.
SWITCH = "GRADIO_CLIENT_SYNC_TRACEBACKS"

_PACKAGE = os.path.join(os.path.dirname(__file__), "")
_STANDARD_LIBRARY = os.path.join(os.path.dirname(os.__file__), "")
_GENERATOR = 0x20  # the flag of a generator function's code

#: The attribute of a function with the function that explains a `TypeError` for its arguments.
EXPLANATION = "_explanation"

#: Names of parameters for the address of an app. A URL may have a token in its query.
_ADDRESSES = frozenset("source src from_id".split())

#: Names of parameters that may be secret. Those of `Client` are also the further ones of
#: `Client.duplicate` and `Pool`, and of `Client` in `compat`.
_SECRET = _ADDRESSES | frozenset(
    "hf_token token auth http_auth headers cookies proxies oauth_token secrets httpx_kwargs "
    "sources".split()
)

#: Before Python 3.11, `raise` uses the traceback that the interpreter has kept for the handler, and
#: not the one of the exception. So the first entry, that of the decorator, cannot be replaced.
_CAN_DROP_ALL = sys.version_info >= (3, 11)

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound="type[Any]")


def explained_by(explanation: Callable[..., TypeError | None]) -> Callable[[_F], _F]:
    """Decorate a function: set what makes the error for arguments that do not fit it.

    Args:
        explanation: Is called with the function, its arguments and its keywords.
    """

    def decorate(function: _F) -> _F:
        setattr(function, EXPLANATION, explanation)
        return function

    return decorate


def short_tracebacks(*special: str, skip: tuple[str, ...] = ()) -> Callable[[_C], _C]:
    """Decorate a public class: shorten what its public methods and properties raise.

    Args:
        special: Names with underscores of further methods, such as ``"__iter__"``.
        skip: Names of public methods that raise nothing and are called often.
    """

    def decorate(cls: _C) -> _C:
        for name, member in list(vars(cls).items()):
            if name in special or not (name.startswith("_") or name in skip):
                setattr(cls, name, _decorated(member))
        return cls

    return decorate


def _decorated(member: Any) -> Any:
    """Return a member of a class, decorated if it is a method or a property."""
    if isinstance(member, FunctionType):
        return short_traceback(member)
    if isinstance(member, classmethod):
        return classmethod(short_traceback(member.__func__))
    if isinstance(member, property) and member.fget is not None:
        fset = None if member.fset is None else short_traceback(member.fset)
        return property(short_traceback(member.fget), fset, doc=member.__doc__)
    return member


def short_traceback(function: _F) -> _F:
    """Decorate a public function or generator function: shorten what it raises.

    As long as nothing is raised, this costs one call more. Arguments that may be secret reach the
    function as a `Secret`, so that programs that show the frames of a running thread do not show
    them. If it has an explanation for wrong arguments (`_face.explained`), that is raised.
    """
    shown: Any
    explanation = getattr(function, EXPLANATION, None)
    secret = _secret_parameters(function)
    positions = _secret_positions(function)
    if explanation is not None or secret:

        @wraps(function)
        def shown(*args: Any, **kwargs: Any) -> Any:
            if kwargs and not secret.isdisjoint(kwargs):
                for name in secret & kwargs.keys():
                    kwargs[name] = _hidden(name, kwargs[name])
            if positions:
                args = _hidden_positions(args, positions)
            try:
                try:
                    return function(*args, **kwargs)
                except TypeError as exc:
                    error = None
                    if explanation is not None and _is_of_arguments(exc):
                        error = explanation(function, args, kwargs)
                    if error is None:
                        raise
                raise error
            except BaseException as exc:
                args, kwargs = (), {}  # this line may be shown with its variables
                forget_locals(exc)
                _shorten(exc)
                raise

    elif function.__code__.co_flags & _GENERATOR:

        @wraps(function)
        def shown(*args: Any, **kwargs: Any) -> Any:
            try:
                return (yield from function(*args, **kwargs))
            except BaseException as exc:
                args, kwargs = (), {}  # this line may be shown with its variables
                forget_locals(exc)
                _shorten(exc)
                raise

    else:

        @wraps(function)
        def shown(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except BaseException as exc:
                args, kwargs = (), {}  # this line may be shown with its variables
                forget_locals(exc)
                _shorten(exc)
                raise

    if not _CAN_DROP_ALL:  # the name that tracebacks show
        shown.__code__ = shown.__code__.replace(co_name=function.__name__)
    return shown  # type: ignore[no-any-return]  # it has the signature of `function`


def _secret_parameters(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of the parameters that may be secret."""
    code = function.__code__
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    # `Client.duplicate` and `Pool` take further options of `Client`.
    takes_more = not {"client_options", "older"}.isdisjoint(code.co_varnames)
    return _SECRET if takes_more else _SECRET.intersection(named)


def _secret_positions(function: Callable[..., Any]) -> dict[int, str]:
    """Return the parameters that may be secret and be passed by position."""
    code = function.__code__
    named = enumerate(code.co_varnames[: code.co_argcount])
    return {position: name for position, name in named if name in _SECRET}


def _hidden_positions(args: tuple[Any, ...], positions: dict[int, str]) -> tuple[Any, ...]:
    """Return the arguments of a call, with those that may be secret hidden."""
    return tuple(
        [
            _hidden(positions[number], value) if number in positions else value
            for number, value in enumerate(args)
        ]
    )


def _hidden(name: str, value: Any) -> Any:
    """Return the value of a parameter that may be secret, hidden if it has one."""
    if name in _ADDRESSES:
        return hidden_source(value)
    return value if value is None else hide(value)


def _is_of_arguments(exc: TypeError) -> bool:
    """Return whether an error, caught by the caller, is about the arguments of its call."""
    return exc.__traceback__ is not None and exc.__traceback__.tb_next is None


def forget_locals(exc: BaseException) -> None:
    """Remove the local variables of the package and of libraries below it from an exception.

    They may be secret: arguments, headers, whole requests. Programs that report errors show the
    variables of each frame (pytest, rich, IPython, Sentry), also of causes that are not printed.
    Frames of the user keep theirs.
    """
    waiting: list[BaseException | None] = [exc]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        is_below, stays = False, one is exc and not isinstance(exc, GradioClientError)
        for entry in _entries(one.__traceback__):
            is_below = is_below or _is_ours(entry)
            frame = entry.tb_frame
            # Lines of a function that the package has called stay visible, and so do its arguments.
            forgets = _is_ours(entry) or (is_below and not stays and not _is_of_user(entry))
            # To clear the frame of a generator would end it, and it may still be in use.
            if forgets and not frame.f_code.co_flags & _GENERATOR:
                try:
                    frame.clear()
                except RuntimeError:
                    pass  # it still runs


def stored(exc: GradioClientError) -> GradioClientError:
    """Prepare an error that is kept, to be raised in other threads, and perhaps several times.

    Its traceback has only lines of the thread where it was made, so it is removed.
    """
    forget_locals(exc)
    if os.environ.get(SWITCH) != "full":
        _log("is kept for its job", exc)
        _choose_cause(exc, None)
        exc.__traceback__ = None
    return exc


def _shorten(exc: BaseException) -> None:
    """Shorten the traceback of an exception, in the frame that handles it in `short_traceback`."""
    first = exc.__traceback__
    if first is None or isinstance(exc, GeneratorExit) or os.environ.get(SWITCH) == "full":
        return
    inner = list(_entries(first.tb_next))
    if inner:
        _log("leaves the package", exc)
    if isinstance(exc, GradioClientError):
        inner = []
    elif isinstance(exc, KeyboardInterrupt) or not inner or _is_raised_here(inner[-1]):
        if isinstance(exc, Exception):
            # A `GradioClientError` does this itself, when it is printed.
            exc.args = tuple(printable(arg) if isinstance(arg, str) else arg for arg in exc.args)
        inner = [entry for entry in inner if _is_of_user(entry)]
    elif _is_ours(inner[-1]):
        return  # a bug
    else:  # raised by a function that the package has called, such as a callback of the user
        _link(first, [entry for entry in inner if not _is_ours(entry)], exc)
        return
    _choose_cause(exc, first.tb_frame)
    _link(first, inner, exc)


def _log(what: str, exc: BaseException) -> None:
    """Write the classes and lines of an exception and of those that led to it to the log."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    lines, seen = [f"{type(exc).__name__} {what}"], set()
    one: BaseException | None = exc
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if one is not exc:
            lines.append(f"  after {type(one).__name__}")
        for entry in _entries(one.__traceback__):
            code = entry.tb_frame.f_code
            lines.append(f"    {code.co_filename}, line {entry.tb_lineno}, in {code.co_name}")
        one = one.__cause__ or one.__context__
    log.debug("%s", "\n".join(lines))


def _link(first: TracebackType, inner: list[TracebackType], exc: BaseException) -> None:
    """Set the traceback of an exception to the given entries."""
    for entry, following in zip(inner, [*inner[1:], None]):
        entry.tb_next = following
    kept = inner[0] if inner else None
    if _CAN_DROP_ALL:
        exc.__traceback__ = kept
    else:
        first.tb_next = kept


def _choose_cause(exc: BaseException, frame: FrameType | None) -> None:
    """Decide which exceptions are printed above this one.

    Args:
        exc: The exception.
        frame: The frame that the user has called; ``None`` in another thread.
    """
    seen: set[int] = set()
    while True:
        seen.add(id(exc))
        cause = exc.__cause__
        # An error that several jobs share may be its own cause.
        if cause is None or id(cause) in seen or not _helps(exc, cause):
            _hide_chain(exc, frame)
            return
        if isinstance(exc, ProtocolError) and exc._bug:
            return
        kept = [entry for entry in _entries(cause.__traceback__) if _is_of_user(entry)]
        for entry, following in zip(kept, [*kept[1:], None]):
            entry.tb_next = following
        cause.__traceback__ = kept[0] if kept else None
        exc = cause


def _hide_chain(exc: BaseException, frame: FrameType | None) -> None:
    """Print no exception above this one, except one that the user's code handles."""
    cause = exc.__cause__
    handled = _handled_by_user(exc, frame)
    if handled is not None:
        exc.__context__ = handled
    elif cause is not None:
        exc.__context__ = cause if cause is not exc else None
    exc.__cause__ = None
    exc.__suppress_context__ = handled is None and exc.__context__ is not None


def _helps(exc: BaseException, cause: BaseException) -> bool:
    """Return whether the cause of an exception has more for the user than its message."""
    if isinstance(cause, GradioClientError):
        return True  # it has attributes, such as a status
    if isinstance(exc, ProtocolError) and exc._bug:
        return True
    if isinstance(exc, FileError) and isinstance(cause, OSError):  # a file of the user
        is_network = isinstance(cause, (ConnectionError, TimeoutError))
        if type(cause).__module__ == "builtins" and not is_network:
            return True
    # Raised by code of the user, such as the `read` of a file object or an authentication.
    return any(map(_is_of_user, _entries(cause.__traceback__)))


def _handled_by_user(exc: BaseException, frame: FrameType | None) -> BaseException | None:
    """Return the exception that the user's code handled when it called the package, if any.

    The first entry of a traceback is the frame that handles the exception. So this is the one
    whose first entry is a caller of the package.
    """
    callers = set()
    while frame is not None:
        frame = frame.f_back
        callers.add(frame)
    seen = {id(exc)}
    handled = exc.__context__
    while handled is not None and id(handled) not in seen:
        seen.add(id(handled))
        traceback = handled.__traceback__
        if traceback is not None and traceback.tb_frame in callers:
            return handled
        handled = handled.__context__
    return None


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _file_of(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename


def _is_ours(entry: TracebackType) -> bool:
    return _file_of(entry).startswith(_PACKAGE)


def _is_of_user(entry: TracebackType) -> bool:
    """Return whether a line is neither of this package nor of a library."""
    file = _file_of(entry)
    if file.startswith((_PACKAGE, "<frozen ", _STANDARD_LIBRARY)):
        return False
    return "site-packages" not in file and "dist-packages" not in file


def _is_raised_here(entry: TracebackType) -> bool:
    """Return whether a line is a ``raise`` of this package, and not a mistake in it."""
    if not _is_ours(entry):
        return False
    from opcode import opmap  # only after a failure

    return entry.tb_frame.f_code.co_code[entry.tb_lasti] == opmap["RAISE_VARARGS"]
