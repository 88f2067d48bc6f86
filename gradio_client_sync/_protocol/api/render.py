"""The config of an app after it has rendered something into a session (``gr.render``).

When an app renders again, the new functions have new numbers and the old functions no longer
exist. Their names should stay the same, and in the app they do. But servers create the new
functions while the old ones still exist, so the same function is ``/save`` in one run and
``/save_1`` in the next. Calls use numbers, so this client can choose the names: each function
keeps its first name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = re.compile(r"_\d+\Z")


def rendered(config: Mapping[str, Any], render_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config after a render.

    The new components and functions replace those of an earlier run of the same render function,
    and those with the same number: a component with a ``key`` keeps its number.

    Args:
        config: The config before.
        render_config: What the app rendered.

    Behaviour: ``handle_render_config`` of @gradio/client 2.7.0, except for the names.
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
    """Return the id of the render function of an entry; components of 4.x have it in ``props``."""
    props = entry.get("props")
    return entry.get("rendered_in", props.get("rendered_in") if isinstance(props, dict) else None)


def _names(dependencies: list[Any]) -> list[str]:
    names = (d.get("api_name") for d in dependencies if isinstance(d, dict))
    return [name for name in names if isinstance(name, str)]


def _renamed(new: list[dict[str, Any]], gone: list[str], kept: list[str]) -> list[dict[str, Any]]:
    """Return the new functions with the names that they had before."""
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
    """Return which of the `free` names a function had; ``None`` if it is new.

    It is the same name, the name without the number that the server has added, or the name with
    another number.
    """
    if name in free:
        return name
    stem = _SUFFIX.sub("", name)
    if stem in free:
        return stem
    if stem in known:  # otherwise the app itself numbers its functions
        return next((old for old in free if _SUFFIX.sub("", old) == stem), None)
    return None
