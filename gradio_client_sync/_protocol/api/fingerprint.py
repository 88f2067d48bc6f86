"""What a caller relies on in an endpoint, in a form that can be kept, and what has changed in it.

A `Fingerprint` is plain data, so that it can stand in a module's source: each parameter's name,
type and whether it is required, and the types of what comes back. Labels, descriptions and the
values of defaults are not in it. An app that offers more choices than before has not changed;
one that takes a choice away has.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence
from typing import Union

from .signature import Signature

#: Name, type and "required" of each parameter, then the types of what comes back.
Fingerprint = tuple[tuple[tuple[str, str, bool], ...], tuple[str, ...]]
Fingerprints = Mapping[Union[str, int], Fingerprint]


def fingerprint_of(signature: Signature, kept: Fingerprint | None = None) -> Fingerprint:
    """What a caller of an endpoint relies on.

    Args:
        signature: The endpoint.
        kept: What it was, to compare it with. A hidden parameter that is not in there is
            left out: a caller that does not know it can do without.
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
    """Tell what is different in an endpoint; nothing if a caller need not care.

    Args:
        endpoint: Its name or number.
        kept: What it was.
        now: What the app's endpoints are.

    Returns:
        One sentence for each difference, without a stop.

    Example:
        >>> changes_of("/f", ((("a", "str", True),), ()), {"/f": ((("b", "str", True),), ())})
        ["'/f': parameter 'a' is called 'b' now"]
    """
    if endpoint not in now:
        return [f"{endpoint!r} is gone{_successor(kept, endpoint, now)}"]
    (old, gives), (new, gives_now) = kept, now[endpoint]
    told = _parameter_changes(old, new)
    if gives != gives_now:
        told.append(f"it returns {_listed(gives_now)} now, not {_listed(gives)}")
    return [f"{endpoint!r}: {what}" for what in told]


def all_changes(kept: Fingerprints, now: Fingerprints) -> list[str]:
    """Tell what is different in an app, new endpoints included."""
    told = [what for endpoint in kept for what in changes_of(endpoint, kept[endpoint], now)]
    return [*told, *(f"{endpoint!r} is new" for endpoint in now if endpoint not in kept)]


_Parameters = Sequence[tuple[str, str, bool]]


def _parameter_changes(old: _Parameters, new: _Parameters) -> list[str]:
    before = {name: (kind, required) for name, kind, required in old}
    after = {name: (kind, required) for name, kind, required in new}
    renamed = _renamed(old, new)
    told = []
    for name, (kind, required) in before.items():
        if name in renamed:
            told.append(f"parameter {name!r} is called {renamed[name]!r} now")
        elif name not in after:
            told.append(f"parameter {name!r} is gone")
            continue
        kind_now, required_now = after[renamed.get(name, name)]
        if not _covers(kind_now, kind):
            told.append(f"parameter {name!r} takes {kind_now} now, not {kind}")
        if required_now and not required:
            told.append(f"parameter {name!r} has no default any more")
    for name, (kind, required) in after.items():
        if name not in before and name not in renamed.values():
            what = "required" if required else "with a default"
            told.append(f"parameter {name!r} was added ({kind}, {what})")
    return told


def _renamed(old: _Parameters, new: _Parameters) -> dict[str, str]:
    """Names that went and came at the same place with the same type."""
    before, after = {name for name, *_ in old}, {name for name, *_ in new}
    return {
        name: name_now
        for (name, kind, _), (name_now, kind_now, _) in zip(old, new)
        if name not in after and name_now not in before and kind == kind_now
    }


def _successor(kept: Fingerprint, endpoint: str | int, now: Fingerprints) -> str:
    """An endpoint that takes and gives the same, the one of the closest name."""
    same = {str(name): name for name, fingerprint in now.items() if fingerprint == kept}
    close = difflib.get_close_matches(str(endpoint), same, n=1, cutoff=0.0)
    return f"; {same[close[0]]!r} takes and returns the same" if close else ""


def _covers(kind: str, other: str) -> bool:
    """Whether a type takes all that another did: it is the same, perhaps with more choices."""
    if kind == other:
        return True
    try:
        shape, choices = _without_choices(kind)
        other_shape, other_choices = _without_choices(other)
    except (SyntaxError, ValueError, RecursionError):  # not written by us, or edited since
        return False
    return shape == other_shape and all(map(frozenset.issuperset, choices, other_choices))


def _without_choices(text: str) -> tuple[str, list[frozenset[str]]]:
    """A type without the values of its choices, and those of each, in order."""
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
