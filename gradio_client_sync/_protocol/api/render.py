"""What an app renders into a session (``gr.render``), laid over its config.

Rendering again makes new functions with new numbers, and the old ones are gone. Their
names should stay, and in the app they do; but servers make the new ones while they
still have the old, so that the same function is ``/save`` in one run and ``/save_1`` in
the next. Calls go by number, so the name is ours to give: it stays as it was first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = re.compile(r"_\d+\Z")


def rendered(config: Mapping[str, Any], render_config: Mapping[str, Any]) -> dict[str, Any]:
    """The config after a render.

    Components and functions of an earlier run of the same render function are replaced,
    and so are those that come again: what has a ``key`` keeps its number.

    Behaviour: ``handle_render_config`` of @gradio/client 2.7.0, but for the names.
    """
    render_id = render_config.get("render_id")
    merged = dict(config)
    for key in ("components", "dependencies"):
        sent = render_config.get(key)
        new = [entry for entry in sent if isinstance(entry, dict)] if isinstance(sent, list) else []
        again = {_id(entry) for entry in new} - {None}
        gone: list[Any] = []
        kept: list[Any] = []
        for entry in config[key]:
            replaced = isinstance(entry, dict) and (
                _id(entry) in again or (render_id is not None and _maker(entry) == render_id)
            )
            (gone if replaced else kept).append(entry)
        if key == "dependencies":
            new = _renamed(new, _names(gone), _names(kept))
        merged[key] = kept + new
    return merged


def _id(entry: Mapping[str, Any]) -> int | None:
    number = entry.get("id")
    return number if isinstance(number, int) else None


def _maker(entry: Mapping[str, Any]) -> Any:
    """Which render function made a component or function; components of 4.x say it elsewhere."""
    props = entry.get("props")
    return entry.get("rendered_in", props.get("rendered_in") if isinstance(props, dict) else None)


def _names(dependencies: list[Any]) -> list[str]:
    names = (d.get("api_name") for d in dependencies if isinstance(d, dict))
    return [name for name in names if isinstance(name, str)]


def _renamed(new: list[dict[str, Any]], gone: list[str], kept: list[str]) -> list[dict[str, Any]]:
    """Give functions that are rendered anew the names that they had."""
    known, free = {*gone, *kept}, list(gone)
    functions = []
    for function in new:
        name = function.get("api_name")
        before = _name_before(name, free, known) if isinstance(name, str) else None
        if before is not None:
            free.remove(before)
            function = {**function, "api_name": before}
        functions.append(function)
    return functions


def _name_before(name: str, free: list[str], known: set[str]) -> str | None:
    """Which of the `free` names a function had: the same, one to which the server has added
    a number, or one with another number added.
    """
    if name in free:
        return name
    stem = _SUFFIX.sub("", name)
    if stem in free:
        return stem
    if stem in known:  # else it is the app itself that numbers its functions
        return next((old for old in free if _SUFFIX.sub("", old) == stem), None)
    return None
