"""Fingerprints of endpoints: what a caller relies on, and how to find what has changed.

A `Fingerprint` is plain data, so it can be written into the source of a module. It has each
parameter's name, type and whether it is required, and the types of the outputs. It does not have
labels, descriptions and the values of defaults. An app that offers more choices than before has
not changed. An app that removes a choice has changed.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence
from typing import Union

from ..._basics.words import called
from .signature import Signature

#: Name, type and whether it is required, for each parameter; then the types of the outputs.
Fingerprint = tuple[tuple[tuple[str, str, bool], ...], tuple[str, ...]]
Fingerprints = Mapping[Union[str, int], Fingerprint]


def fingerprint_of(signature: Signature, kept: Fingerprint | None = None) -> Fingerprint:
    """Return the fingerprint of an endpoint: what its callers rely on.

    Args:
        signature: The endpoint.
        kept: An older fingerprint to compare with. Hidden parameters that it does not have are
            left out, because a caller that does not know them does not need them.
    """
    known = None if kept is None else {name for name, *_ in kept[0]}
    return (
        tuple(
            (p.sent_as, p.hint.text(), p.required)
            for p in signature.parameters
            if known is None or not p.hidden or p.sent_as in known
        ),
        tuple(hint.text() for hint, _ in signature.returns),
    )


def changes_of(endpoint: str | int, kept: Fingerprint, now: Fingerprints) -> list[str]:
    """Return the changes of an endpoint that matter to a caller.

    Args:
        endpoint: Its name or number.
        kept: Its fingerprint before.
        now: The present fingerprints of the app's endpoints.

    Returns:
        One sentence for each change, without a full stop.

    Example:
        >>> changes_of("/f", ((("a", "str", True),), ()), {"/f": ((("b", "str", True),), ())})
        ["'/f': parameter 'a' is now called 'b'"]
    """
    if endpoint not in now:
        return [f"{called(endpoint)} no longer exists{_successor(kept, endpoint, now)}"]
    (old, gives), (new, gives_now) = kept, now[endpoint]
    changes = _parameter_changes(old, new)
    if gives != gives_now:
        changes.append(f"it now returns {_listed(gives_now)}, not {_listed(gives)}")
    return [f"{called(endpoint)}: {change}" for change in changes]


def all_changes(kept: Fingerprints, now: Fingerprints) -> list[str]:
    """Return the changes of all endpoints of an app, with new endpoints included."""
    changes = [one for endpoint in kept for one in changes_of(endpoint, kept[endpoint], now)]
    return [
        *changes,
        *(f"{called(endpoint)} is new" for endpoint in now if endpoint not in kept),
    ]


_Parameters = Sequence[tuple[str, str, bool]]


def _parameter_changes(old: _Parameters, new: _Parameters) -> list[str]:
    before = {name: (kind, required) for name, kind, required in old}
    after = {name: (kind, required) for name, kind, required in new}
    renamed = _renamed(old, new)
    changes = []
    for name, (kind, required) in before.items():
        if name in renamed:
            changes.append(f"parameter {name!r} is now called {renamed[name]!r}")
        elif name not in after:
            changes.append(f"parameter {name!r} no longer exists")
            continue
        kind_now, required_now = after[renamed.get(name, name)]
        if not _covers(kind_now, kind):
            changes.append(f"parameter {name!r} now takes {kind_now}, not {kind}")
        if required_now and not required:
            changes.append(f"parameter {name!r} no longer has a default")
    for name, (kind, required) in after.items():
        if name not in before and name not in renamed.values():
            what = "required" if required else "with a default"
            changes.append(f"parameter {name!r} was added ({kind}, {what})")
    return changes


def _renamed(old: _Parameters, new: _Parameters) -> dict[str, str]:
    """Return old names to new names of parameters with the same position and type."""
    before, after = {name for name, *_ in old}, {name for name, *_ in new}
    return {
        name: name_now
        for (name, kind, _), (name_now, kind_now, _) in zip(old, new)
        if name not in after and name_now not in before and kind == kind_now
    }


def _successor(kept: Fingerprint, endpoint: str | int, now: Fingerprints) -> str:
    """Return a hint to the endpoint with the same fingerprint and the most similar name, if any."""
    same = {str(name): name for name, fingerprint in now.items() if fingerprint == kept}
    close = difflib.get_close_matches(str(endpoint), same, n=1, cutoff=0.0)
    return f"; {called(same[close[0]])} takes and returns the same" if close else ""


def _covers(kind: str, other: str) -> bool:
    """Return whether a type accepts all values of another: it is equal, or only adds choices."""
    if kind == other:
        return True
    try:
        shape, choices = _without_choices(kind)
        other_shape, other_choices = _without_choices(other)
    except (SyntaxError, ValueError, RecursionError):  # another program wrote or edited the type
        return False
    return shape == other_shape and all(map(frozenset.issuperset, choices, other_choices))


def _without_choices(text: str) -> tuple[str, list[frozenset[str]]]:
    """Return a type without the values of its choices, and the values of each choice in order."""
    tree = ast.parse(text, mode="eval")
    choices: list[frozenset[str]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "Literal"
        ):
            inner = node.slice
            values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            choices.append(frozenset(map(ast.dump, values)))
            node.slice = ast.Constant(None)
    return ast.dump(tree), choices


def _listed(kinds: tuple[str, ...]) -> str:
    return f"({', '.join(kinds)})" if len(kinds) != 1 else kinds[0]
