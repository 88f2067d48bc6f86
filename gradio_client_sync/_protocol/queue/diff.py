"""Edit lists: how servers from 4.17 on send the intermediate values of a generator.

The first value comes whole. Each later one comes, per output, as a list of edits
``[operation, path, value]`` against the value before it.

Edits are applied by *path copy*: only the containers on the way to the change are
copied, everything else is shared with the value before. So a value that was handed
out never changes, and an edit costs what it touches.

Deletions in lists cannot be taken by their index: up to 5.29.0 servers count in the
old list, later ones in the changing list and wrongly (even negatively) in nested
ones. But a server only ever shortens a list at its end, and only ever lengthens it
there, so a deletion drops the last element and an addition appends. That is exact
for every release whose deletions say in which list they are. Those of 5.29.1 to 5.35
keep the last step of the path only; there a deletion is believed if the value is a
list with no other list in it, and counts as an edit that does not fit otherwise.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import ProtocolError
from .eventstream import MESSAGE_BYTES

# How much is put off at most before it is applied: messages, and their bytes together.
_PUT_OFF = 1_000
_PUT_OFF_BYTES = 2**20
_TEXTS = 32  # that grow at the same time


def apply_edits(value: Any, edits: Any, *, cut_paths: bool = False) -> Any:
    """Return the value after `edits`; `value` itself is left as it was.

    Args:
        cut_paths: The server keeps the last step only of a path to a list's end.

    Raises:
        ProtocolError: The edits do not fit the value, or are not edits.
    """
    if not isinstance(edits, list):
        raise ProtocolError("An edit list is not a list.", raw=edits)
    fresh: set[int] = set()  # ids of containers that this call copied, so may change
    for edit in edits:
        try:
            operation, path, new = edit
            if cut_paths and operation == "delete" and _may_be_elsewhere(value, path):
                raise LookupError(path)
            value = _apply(value, operation, path, new, fresh)
        except (TypeError, ValueError, LookupError, AttributeError) as exc:
            raise ProtocolError(
                f"The edit {reprlib.repr(edit)} does not fit the value.", raw=edit
            ) from exc
    return value


def _apply(value: Any, operation: Any, path: Any, new: Any, fresh: set[int]) -> Any:
    if not isinstance(path, list):
        raise TypeError("a path is a list of keys and indices")
    if not path:
        if operation == "replace":
            return new
        if operation == "append":
            return _appended(value, new)
        raise ValueError(f"{operation!r} needs a path")
    root = container = _own(value, fresh)
    for step in path[:-1]:
        place = _place(container, step)
        child = _own(container[place], fresh)
        container[place] = child
        container = child
    last = path[-1]
    if operation in ("add", "delete") and isinstance(container, list):
        if operation == "add":
            container.append(new)
        else:
            container.pop()
        return root
    place = _place(container, last)
    if operation == "replace":
        container[place]  # it must be there
        container[place] = new
    elif operation == "append":
        container[place] = _appended(container[place], new)
    elif operation == "add":
        container[place] = new
    elif operation == "delete":
        del container[place]
    else:
        raise ValueError(f"unknown operation {operation!r}")
    return root


def _may_be_elsewhere(value: Any, path: Any) -> bool:
    """Whether a deletion whose path may be cut can be meant for a list further inside."""
    if len(path) != 1 or not isinstance(path[0], int):
        return False
    return not isinstance(value, list) or _hold_items(value)


def _hold_items(values: list[Any]) -> bool:
    """Whether there is a list with something in it among values, however deep."""
    parts = list(values)
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts.extend(part.values())
        elif isinstance(part, list) and part:
            return True
    return False


def _own(container: Any, fresh: set[int]) -> Any:
    """A copy of the container that this call may change, made at most once."""
    if id(container) in fresh:
        return container
    if isinstance(container, list):
        copy: Any = list(container)
    elif isinstance(container, dict):
        copy = dict(container)
    else:
        raise TypeError("a path leads through something that is neither list nor object")
    fresh.add(id(copy))
    return copy


def _place(container: Any, step: Any) -> Any:
    """Where one step of a path leads; indices are exact, Python's negative ones are not meant."""
    if isinstance(container, list):
        if type(step) is int and step >= 0:
            return step
    elif isinstance(step, str):
        return step
    elif type(step) is int:
        return str(step)  # a path holds the app's own key, of which JSON made a text
    raise LookupError(step)


def _appended(text: Any, more: Any) -> str:
    if not isinstance(text, str) or not isinstance(more, str):
        raise TypeError("only text is appended to")
    return text + more


class DiffAccumulator:
    """The outputs of one generator job, kept up to date edit list by edit list.

    After an edit that does not fit, the output it was for is unknown until a later
    one replaces it whole; intermediate values are left out for as long. So it is with
    values that edit by edit have grown longer than any message may be, and with all of
    them after a message that cannot be read (`lose`).

    Edits whose outcome nobody looks at are put off and applied many at a time: to make a new text
    for each letter that it grows by would cost its whole length each time.

    Args:
        cut_paths: As for `apply_edits`.
        limit: How long the outputs may become, in bytes, more or less.
    """

    __slots__ = (
        *("_cut_paths", "_grown", "_late", "_late_bytes", "_limit", "_lost", "_lost_first"),
        "_values",
    )

    def __init__(self, *, cut_paths: bool = False, limit: int = MESSAGE_BYTES) -> None:
        self._cut_paths = cut_paths
        self._limit = limit
        self._grown = 0  # bytes of edits since the outputs were last measured, and those then
        self._values: list[Any] | None = None
        self._lost: set[int] = set()
        self._lost_first = False  # how many outputs there are is unknown, too
        self._late: list[list[Any]] = []  # messages that were put off
        self._late_bytes = 0

    def copy(self) -> DiffAccumulator:
        """Another one at the same point; cheap, since values are never changed in place."""
        self._catch_up()
        other = DiffAccumulator(cut_paths=self._cut_paths, limit=self._limit)
        other._grown = self._grown
        other._values = None if self._values is None else list(self._values)
        other._lost, other._lost_first = set(self._lost), self._lost_first
        return other

    def put_off(self, data: list[Any], size: int = 0) -> None:
        """Take one message's ``output.data``, whose values nobody looks at.

        Args:
            size: As for `receive`.
        """
        self._grown += size
        self._late.append(data)
        self._late_bytes += size
        if len(self._late) == _PUT_OFF or self._late_bytes > _PUT_OFF_BYTES:
            self._catch_up()

    def receive(self, data: list[Any], size: int = 0) -> list[Any] | None:
        """Take one message's ``output.data``; return the full values, if they are known.

        Args:
            size: How many bytes the message has.
        """
        self._catch_up()
        self._grown += size
        self._apply(data)
        if self._grown > self._limit:
            self._measure()
        return None if self._lost or self._values is None else list(self._values)

    def lose(self) -> None:
        """Take note of a message that cannot be read."""
        self._catch_up()
        if self._values is None:
            self._values, self._lost_first = [], True
        self._let_go()

    def _catch_up(self) -> None:
        """Apply what was put off."""
        if not self._late:
            return
        late, self._late, self._late_bytes = self._late, [], 0
        if self._values is None:
            self._apply(late.pop(0))
        if not self._apply_together(late):
            for data in late:
                self._apply(data)
        if self._grown > self._limit:
            self._measure()

    def _apply_together(self, messages: Sequence[list[Any]]) -> bool:
        """Apply edits of many messages at once; whether all of them fit, otherwise none is."""
        old = self._values or []
        if self._lost or any(len(data) != len(old) for data in messages):
            return False
        try:
            self._values = [
                apply_edits(value, _joined(edit_lists), cut_paths=self._cut_paths)
                for value, *edit_lists in zip(old, *messages)
            ]
        except ProtocolError:
            return False
        return True

    def _apply(self, data: list[Any]) -> None:
        if self._values is None:
            self._values = list(data)
            return
        for i, edits in enumerate(data):
            if i == len(self._values):
                # An app reloaded while it ran may gain outputs; those start from null.
                self._values.append(None)
                if self._lost_first:
                    self._lost.add(i)
            if i in self._lost and not _replaces_all(edits):
                continue
            try:
                self._values[i] = apply_edits(self._values[i], edits, cut_paths=self._cut_paths)
                self._lost.discard(i)
            except ProtocolError:
                self._lost.add(i)

    def _measure(self) -> None:
        """Let the outputs go if they are too long; edits that replace count for nothing."""
        values = self._values or []
        self._grown = _size(values)
        if self._grown > self._limit:
            self._let_go()

    def _let_go(self) -> None:
        """Know the outputs no more."""
        count = len(self._values or [])
        self._values, self._grown = [None] * count, 0
        self._lost.update(range(count))


def _joined(edit_lists: Iterable[Any]) -> list[Any]:
    """The edits of many lists, all those that append to the same text made one.

    An edit stays behind those before it whose place it may depend on.

    Raises:
        ProtocolError: One is no list.
    """
    joined: list[Any] = []
    texts: dict[tuple[str, ...], tuple[list[Any], list[str]]] = {}  # appended, by place

    def flush() -> None:
        joined.extend(["append", path, "".join(parts)] for path, parts in texts.values())
        texts.clear()

    for edits in edit_lists:
        if not isinstance(edits, list):
            raise ProtocolError("An edit list is not a list.", raw=edits)
        for edit in edits:
            path = _path(edit)
            place = tuple(map(str, path or ()))  # where 1 and "1" may be one
            if path is None or edit[0] not in ("append", "replace"):
                flush()
            elif edit[0] == "append" and isinstance(edit[2], str):
                if len(texts) == _TEXTS or texts.get(place, (path,))[0] != path:
                    flush()
                texts.setdefault(place, (path, []))[1].append(edit[2])
                continue
            elif any(place[: len(text)] == text[: len(place)] for text in texts):
                flush()
            joined.append(edit)
    flush()
    return joined


def _path(edit: Any) -> list[Any] | None:
    """The path of an edit; ``None`` if it has none, or an odd one."""
    if isinstance(edit, list) and len(edit) == 3 and isinstance(edit[1], list):
        # Python takes True for 1, and paths do not.
        return edit[1] if all(type(step) in (int, str) for step in edit[1]) else None
    return None


def _size(value: Any) -> int:
    """How many bytes a value has on the wire, at least."""
    size, parts = 0, [value]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, (list, dict)):
            size += 2 * len(part)
            parts.extend(part.values() if isinstance(part, dict) else part)
    return size


def _replaces_all(edits: Any) -> bool:
    """Whether the edit list starts by replacing the whole value."""
    return (
        isinstance(edits, list)
        and bool(edits)
        and isinstance(edits[0], list)
        and edits[0][:2] == ["replace", []]
    )
