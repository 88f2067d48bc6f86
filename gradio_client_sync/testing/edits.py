"""The server's half of `_protocol.queue.diff`: what changed between two values of a generator."""

from __future__ import annotations

from typing import Any


def edits_between(old: Any, new: Any, *, shifted: bool) -> list[list[Any]]:
    """Return the edits that make one value of another.

    Args:
        old: The value before.
        new: The value after.
        shifted: Whether the index of a deletion counts in the list as it changes, as servers since
            5.29.1 send it. Earlier servers count in the old list.

    Example:
        >>> edits_between("tok0 ", "tok0 tok1 ", shifted=True)
        [['append', [], 'tok1 ']]
    """
    edits: list[list[Any]] = []
    _compare(old, new, [], shifted, edits)
    return edits


def _compare(old: Any, new: Any, path: list[Any], shifted: bool, edits: list[list[Any]]) -> None:
    if old == new:
        return
    if isinstance(old, str) and isinstance(new, str) and new.startswith(old):
        edits.append(["append", path, new[len(old) :]])
    elif isinstance(old, list) and isinstance(new, list):
        common = min(len(old), len(new))
        for index in range(common):
            _compare(old[index], new[index], [*path, index], shifted, edits)
        edits += (
            ["delete", [*path, common if shifted else index], None]
            for index in range(common, len(old))
        )
        edits += (["add", [*path, index], new[index]] for index in range(common, len(new)))
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            if key in new:
                _compare(old[key], new[key], [*path, key], shifted, edits)
            else:
                edits.append(["delete", [*path, key], None])
        edits.extend(["add", [*path, key], new[key]] for key in new if key not in old)
    else:
        edits.append(["replace", path, new])
