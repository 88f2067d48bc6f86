"""Errors for wrong uses of a job or a file, with what to write instead.

They are made after a mistake, and only then are the words searched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .printing import printable
from .words import called

_RESULT = ("results", "get", "wait", "join", "value", "values", "output", "get_result", "fetch")

#: What to write for an attribute of another library's job, or for one that is often guessed.
_ATTRIBUTES = {
    **dict.fromkeys(_RESULT, "result()"),
    **dict.fromkeys(("then", "subscribe", "on_data", "callback"), 'on("data", function)'),
    **dict.fromkeys(("stop", "kill", "terminate", "abort"), "cancel()"),
    **dict.fromkeys(("state", "progress", "stage"), "status"),
    **dict.fromkeys(("finished", "is_done", "ready", "successful"), "done()"),
    **dict.fromkeys(("error", "get_error"), "exception()"),
}

#: Attributes of a result, which a job does not have.
_OF_RESULT = ("data", "plain", "updates", "time")


class ExplainsMisuse:
    """Base of a job: the errors for a job that is used as its result say what to write."""

    endpoint: Any
    _result_has_outputs = True  # else the result is the only output itself, or a tuple

    if not TYPE_CHECKING:  # for a type checker, the class would have every attribute and index

        def __getattr__(self, name: str) -> Any:
            """Raise the error for an attribute that a job does not have."""
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_"):  # these are Python's own, and those of `__init__`
                text = f"{text}. {_instead(type(self), name)}"
            raise AttributeError(printable(text))

        def __getitem__(self, key: object) -> Any:
            """Raise the error for an output of a job, which only its result has."""
            index = f"[{key!r}]" if isinstance(key, (int, str)) and self._result_has_outputs else ""
            raise TypeError(
                printable(
                    f"The job of {called(self.endpoint)} is not its result. Write "
                    f"job.result(){index}, which waits for it."
                )
            )


def _instead(kind: type[Any], name: str) -> str:
    import difflib

    if name in _OF_RESULT and kind._result_has_outputs:
        return f"Write job.result().{name}, which waits for the job."
    if name in _ATTRIBUTES:
        return f"Write job.{_ATTRIBUTES[name]}."
    public = [one for one in dir(kind) if not one.startswith("_")]
    near = difflib.get_close_matches(name, public, n=1, cutoff=0.7)
    return f"Did you mean job.{near[0]}?" if near else "The outputs are in job.result()."


def no_file(function: object, args: Sequence[Any], kwargs: Mapping[str, Any]) -> TypeError:
    """Return the error for arguments with which a user made a file of a result.

    Args:
        function: The ``__init__`` of the class.
        args: The arguments, with the object first.
        kwargs: The arguments by name.
    """
    given = [*args[1:2], *(kwargs[name] for name in ("path", "url", "file") if name in kwargs)]
    source = given[0] if given else None
    import json

    path = json.dumps(source, ensure_ascii=False) if isinstance(source, str) else "path"
    return TypeError(
        printable(
            f"A RemoteFile is a file in a result, and only this package makes one. To send a file, "
            f"write handle_file({path})."
        )
    )


def not_a_file(value: object) -> str:
    """Return the text for a value that cannot be sent as a file."""
    text = f"A value of type {type(value).__name__} cannot be sent as a file."
    if value is None:
        return f"{text} To send no file, pass None itself."
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"{text} For several files, write [handle_file(path) for path in paths]."
    return f"{text} Pass a path, a URL, bytes, or a file opened with mode 'rb'."
