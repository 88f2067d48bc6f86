"""A file of a result as JSON: the same dict for `Data.plain`, Celery, and web frameworks."""

from __future__ import annotations

import sys
from typing import Any, Protocol

_ENCODERS = ("json.encoder", "simplejson.encoder")
_FACTS = ("url", "path", "orig_name", "size", "mime_type")


class DescribedFile(Protocol):
    """The part of a `RemoteFile` that goes into JSON."""

    path: str | None
    url: str | None
    orig_name: str
    size: int | None
    mime_type: str | None


def json_of(file: DescribedFile, inline: str | None) -> dict[str, Any]:
    """Return a file as a dict.

    Args:
        file: The file.
        inline: Its content as a data URL, if it came with the result.
    """
    return {**{name: getattr(file, name) for name in _FACTS}, "url": file.url or inline}


def refuse_json(file: DescribedFile) -> None:
    """Raise an error that helps if `json` is about to raise one for a file.

    For an object of an unknown type, the encoder reads only the name of its class, and then says
    "is not JSON serializable". So the property `__class__` of a file calls this function. There is
    no plainer way: if files were dicts, `json` would encode them, but other code that takes files
    and dicts would handle them as dicts.

    Raises:
        TypeError: The caller of the caller is the last resort of an encoder of `json`.
    """
    caller = sys._getframe(1).f_back  # None if no Python code calls
    if caller is None or caller.f_globals.get("__name__") not in _ENCODERS:
        return
    if caller.f_code.co_name == "default":
        raise TypeError(
            f"{file.orig_name!r} is a file, and json does not know how to write one. Use "
            "result.plain(), where files are dicts, or file.read() for its content."
        )


class DataclassAttribute:
    """An attribute of dataclasses, made when it is first needed.

    With both, `dataclasses.asdict` makes a dict of a file. Flask, FastAPI and orjson call it, or
    read the same attributes, for objects that they do not know.

    Args:
        name: ``"__dataclass_fields__"`` or ``"__dataclass_params__"``.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._value: Any = None

    def __get__(self, file: object, owner: type) -> Any:
        if self._value is None:
            from dataclasses import make_dataclass

            self._value = getattr(make_dataclass(owner.__name__, _FACTS), self._name)
        return self._value
