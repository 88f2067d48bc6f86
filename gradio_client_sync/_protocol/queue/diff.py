"""Edit lists: the form in which Gradio 4.17 and later send the intermediate values of a generator.

The first value is sent complete. Each later value is sent, for each output, as a list of edits
``[operation, path, value]`` of the value before it.

Edits are applied by *path copy*: only the containers on the path to the change are copied. All
other parts are shared with the value before. So a value that a user has received never changes,
and the cost of an edit depends only on the parts that it changes.

The index of a deletion in a list cannot be used. Servers up to 5.29.0 count in the old list. Later
servers count in the list as it changes, and for nested lists they count wrongly (even negatively).
But every server shortens and lengthens a list only at its end. So a deletion removes the last
element and an addition appends. This is exact for every release whose deletions say in which list
they are. The releases 5.29.1 to 5.35 send only the last step of the path. For those, a deletion is
applied if the value is a list that contains no other non-empty list. Otherwise it counts as an
edit that does not fit.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import ProtocolError
from .eventstream import MESSAGE_BYTES

# The most that is deferred before it is applied: messages, and their bytes together.
_MAX_DEFERRED = 1_000
_MAX_DEFERRED_BYTES = 2**20
_MAX_TEXTS = 32  # texts that one merge collects appended parts for


def apply_edits(value: Any, edits: Any, *, cut_paths: bool = False) -> Any:
    """Return the value after `edits`; `value` itself is not changed.

    Args:
        value: The value before.
        edits: The edit list.
        cut_paths: The server sends only the last step of the path to a list that it shortens.

    Raises:
        ProtocolError: The edits do not fit the value, or are not edits.
    """
    if not isinstance(edits, list):
        raise ProtocolError("An edit list is not a list.", raw=edits)
    fresh: set[int] = set()  # ids of containers that this call has copied, so it may change them
    for edit in edits:
        try:
            operation, path, new = edit
            if cut_paths and operation == "delete" and _may_be_nested(value, path):
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
    root = container = _own_copy(value, fresh)
    for step in path[:-1]:
        key = _key(container, step)
        child = _own_copy(container[key], fresh)
        container[key] = child
        container = child
    last = path[-1]
    if operation in ("add", "delete") and isinstance(container, list):
        if operation == "add":
            container.append(new)
        else:
            container.pop()
        return root
    key = _key(container, last)
    if operation == "replace":
        container[key]  # raises a LookupError if it does not exist
        container[key] = new
    elif operation == "append":
        container[key] = _appended(container[key], new)
    elif operation == "add":
        container[key] = new
    elif operation == "delete":
        del container[key]
    else:
        raise ValueError(f"unknown operation {operation!r}")
    return root


def _may_be_nested(value: Any, path: Any) -> bool:
    """Return whether a deletion with a cut path may belong to a nested list."""
    if len(path) != 1 or not isinstance(path[0], int):
        return False
    return not isinstance(value, list) or _contains_list(value)


def _contains_list(values: list[Any]) -> bool:
    """Return whether the values contain a list that is not empty, at any depth."""
    parts = list(values)
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts.extend(part.values())
        elif isinstance(part, list) and part:
            return True
    return False


def _own_copy(container: Any, fresh: set[int]) -> Any:
    """Return a copy of a container that this call may change; copy each container only once."""
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


def _key(container: Any, step: Any) -> Any:
    """Return the key or index for one step of a path; negative indices are not valid."""
    if isinstance(container, list):
        if type(step) is int and step >= 0:
            return step
    elif isinstance(step, str):
        return step
    elif type(step) is int:
        return str(step)  # the path has the app's own integer key, which JSON turned into text
    raise LookupError(step)


def _appended(text: Any, more: Any) -> str:
    if not isinstance(text, str) or not isinstance(more, str):
        raise TypeError("only a text can be appended to a text")
    return text + more


class DiffAccumulator:
    """The present outputs of one generator job, updated by each edit list.

    After an edit that does not fit, its output is unknown until a later edit replaces it
    completely. There are no intermediate values while an output is unknown. The same happens to
    values that have grown, edit by edit, beyond the size limit of a message, and to all outputs
    after a message that cannot be read (`invalidate`).

    Edits whose values nobody reads are deferred and applied many at a time. Otherwise each letter
    that is appended to a text would copy the whole text.

    Args:
        cut_paths: The server sends only the last step of some paths; see `apply_edits`.
        limit: The largest size of the outputs in bytes, approximately.
    """

    __slots__ = (
        *("_cut_paths", "_deferred", "_deferred_bytes", "_first_unknown", "_grown", "_limit"),
        *("_unknown", "_values"),
    )

    def __init__(self, *, cut_paths: bool = False, limit: int = MESSAGE_BYTES) -> None:
        self._cut_paths = cut_paths
        self._limit = limit
        self._grown = 0  # upper bound of the outputs' size: size at the last measurement + edits
        self._values: list[Any] | None = None
        self._unknown: set[int] = set()  # positions of outputs
        self._first_unknown = False  # the first value was not readable: the number of outputs, too
        self._deferred: list[list[Any]] = []
        self._deferred_bytes = 0

    def copy(self) -> DiffAccumulator:
        """Return an independent accumulator in the same state; values are shared, not copied."""
        self._apply_deferred()
        other = DiffAccumulator(cut_paths=self._cut_paths, limit=self._limit)
        other._grown = self._grown
        other._values = None if self._values is None else list(self._values)
        other._unknown, other._first_unknown = set(self._unknown), self._first_unknown
        return other

    def defer(self, data: list[Any], size: int = 0) -> None:
        """Accept the ``output.data`` of one message without computing the values.

        Args:
            data: The first values, or one edit list for each output.
            size: The size of the message in bytes.
        """
        self._grown += size
        self._deferred.append(data)
        self._deferred_bytes += size
        if len(self._deferred) == _MAX_DEFERRED or self._deferred_bytes > _MAX_DEFERRED_BYTES:
            self._apply_deferred()

    def receive(self, data: list[Any], size: int = 0) -> list[Any] | None:
        """Accept the ``output.data`` of one message.

        Args:
            data: The first values, or one edit list for each output.
            size: The size of the message in bytes.

        Returns:
            The complete values, one for each output; ``None`` if one of them is unknown.
        """
        self._apply_deferred()
        self._grown += size
        self._apply(data)
        if self._grown > self._limit:
            self._measure()
        return None if self._unknown or self._values is None else list(self._values)

    def invalidate(self) -> None:
        """Mark all outputs as unknown, because a message could not be read."""
        self._apply_deferred()
        if self._values is None:
            self._values, self._first_unknown = [], True
        self._forget()

    def _apply_deferred(self) -> None:
        if not self._deferred:
            return
        deferred, self._deferred, self._deferred_bytes = self._deferred, [], 0
        if self._values is None:
            self._apply(deferred.pop(0))
        if not self._apply_together(deferred):
            for data in deferred:
                self._apply(data)
        if self._grown > self._limit:
            self._measure()

    def _apply_together(self, messages: Sequence[list[Any]]) -> bool:
        """Apply the edits of many messages at once; if one does not fit, return ``False``.

        In that case, nothing is changed.
        """
        old = self._values or []
        if self._unknown or any(len(data) != len(old) for data in messages):
            return False
        try:
            self._values = [
                apply_edits(value, _merged(edit_lists), cut_paths=self._cut_paths)
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
                # An app that is reloaded while it runs may gain outputs; they start as null.
                self._values.append(None)
                if self._first_unknown:
                    self._unknown.add(i)
            if i in self._unknown and not _replaces_all(edits):
                continue
            try:
                self._values[i] = apply_edits(self._values[i], edits, cut_paths=self._cut_paths)
                self._unknown.discard(i)
            except ProtocolError:
                self._unknown.add(i)

    def _measure(self) -> None:
        """Measure the outputs and forget them if they are too long."""
        values = self._values or []
        self._grown = _size(values)
        if self._grown > self._limit:
            self._forget()

    def _forget(self) -> None:
        """Drop the values and mark all outputs as unknown."""
        count = len(self._values or [])
        self._values, self._grown = [None] * count, 0
        self._unknown.update(range(count))


def _merged(edit_lists: Iterable[Any]) -> list[Any]:
    """Return the edits of many lists as one list, with appended texts joined.

    All edits that append to the same text become one edit. An edit never moves before an earlier
    edit that its path may depend on.

    Raises:
        ProtocolError: One of the edit lists is not a list.
    """
    merged: list[Any] = []
    texts: dict[tuple[str, ...], tuple[list[Any], list[str]]] = {}  # by key: path, appended parts

    def flush() -> None:
        merged.extend(["append", path, "".join(parts)] for path, parts in texts.values())
        texts.clear()

    for edits in edit_lists:
        if not isinstance(edits, list):
            raise ProtocolError("An edit list is not a list.", raw=edits)
        for edit in edits:
            path = _path(edit)
            key = tuple(map(str, path or ()))  # the steps 1 and "1" may lead to the same value
            if path is None or edit[0] not in ("append", "replace"):
                flush()
            elif edit[0] == "append" and isinstance(edit[2], str):
                if len(texts) == _MAX_TEXTS or texts.get(key, (path,))[0] != path:
                    flush()
                texts.setdefault(key, (path, []))[1].append(edit[2])
                continue
            elif any(key[: len(text)] == text[: len(key)] for text in texts):
                flush()
            merged.append(edit)
    flush()
    return merged


def _path(edit: Any) -> list[Any] | None:
    """Return the path of an edit; ``None`` if the edit or its path is not well-formed."""
    if isinstance(edit, list) and len(edit) == 3 and isinstance(edit[1], list):
        # `type`, because isinstance(True, int) holds, but a path has no booleans.
        return edit[1] if all(type(step) in (int, str) for step in edit[1]) else None
    return None


def _size(value: Any) -> int:
    """Return a lower bound of the bytes that a value has on the wire."""
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
    """Return whether the edit list starts with an edit that replaces the whole value."""
    return (
        isinstance(edits, list)
        and bool(edits)
        and isinstance(edits[0], list)
        and edits[0][:2] == ["replace", []]
    )
