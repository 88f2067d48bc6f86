"""The lines of a journal. Nothing here reads or writes a file.

A journal is a text file with one JSON object on each line. The first line is a `Header`. Each other
line is a `Recorded`: one item that has ended. A line begins with the item's key, so that a reader
finds the keys without parsing the results. The page "journal" of the docs describes all fields.
"""

from __future__ import annotations

import builtins
import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from .. import errors
from .._basics.record import FrozenRecord
from .._protocol.api.fingerprint import Fingerprint, changes_of
from .._protocol.values.filedata import FileFacts
from ..errors import GradioClientError

VERSION = 1

#: The first bytes of each journal, and of each of its other lines.
HEADER_START = b'{"journal": "gradio_client_sync"'
ITEM_START = b'{"key": "'

#: The length of a key: hexadecimal digits of a hash with 128 bits.
KEY_LENGTH = 32

_KEY_END = len(ITEM_START) + KEY_LENGTH
_HASHED = b'", "hashed": '

#: A file in a result, as it is in a line: the facts of `Data.plain`.
_FILE_FACTS = ("url", "path", "orig_name", "size", "mime_type")


class Header(FrozenRecord):
    """The first line of a journal.

    Attributes:
        endpoint: The endpoint that the items were called with.
        fingerprint: The fingerprint of the endpoint then; ``None`` accepts every app.
        version: The version of the format.
    """

    endpoint: str | int
    fingerprint: str | None
    version: int = VERSION

    def line(self) -> bytes:
        """Return the line, with its end."""
        rest = json.dumps(
            {
                "version": self.version,
                "endpoint": self.endpoint,
                "fingerprint": self.fingerprint,
            }
        )
        return HEADER_START + b", " + rest[1:].encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Header | None:
        """Return the header that a line has; ``None`` for another line."""
        fields = _object(line) if line.startswith(HEADER_START) else None
        if fields is None or type(fields.get("version")) is not int:
            return None
        return cls(fields.get("endpoint", ""), fields.get("fingerprint"), fields["version"])


class ItemKey(FrozenRecord):
    """The name of an item in a journal, and its payload.

    Attributes:
        text: The key, 32 characters: a hash of the payload, and of how many equal payloads came
            before it.
        index: The position of the item among the payloads, from 0.
        payload: The payload as JSON text; ``None`` if it is too long for a journal.
        hashed: The large files in it: absolute path, size, time of change (ns), and hash of each.
    """

    text: str
    index: int
    payload: str | None
    hashed: tuple[tuple[str, int, int, str], ...] = ()


class Recorded(FrozenRecord):
    """An item that has ended, as plain JSON. Either `data` or `error` is ``None``.

    Attributes:
        data: The outputs as by `Data.plain`, where files are dicts. The dict of a file that was
            saved also has ``saved``, its path on this machine.
        files: The position of each file in `data`: ``[0]`` or ``[1, "image"]``.
        updates: The `updates` of the result, by the number of the output as text; ``None`` if it
            has none.
        error: The type, the message and the details of the error.
        seconds: How long the item took.
        attempts: How many times it was sent.
        time: When it ended, in seconds since the epoch.
        index: Its position among the payloads when it was recorded.
        payload: Its payload, with a text for each file; ``None`` if it was too long.
    """

    data: list[Any] | None
    error: dict[str, Any] | None
    seconds: float
    attempts: int
    time: float
    files: Sequence[Sequence[str | int]] = ()
    updates: Mapping[str, Any] | None = None
    index: int = -1
    payload: Any = None

    @classmethod
    def of_data(
        cls,
        data: Sequence[Any],
        seconds: float,
        attempts: int,
        time: float,
        *,
        updates: Mapping[int, Mapping[str, Any]] | None = None,
        saved_path: Callable[[Any], str | None] = lambda file: None,
    ) -> Recorded:
        """Record a result.

        Args:
            data: The outputs; a `Data` or a list.
            seconds: How long the item took.
            attempts: How many times it was sent.
            time: When it ended, in seconds since the epoch.
            updates: The `updates` of the result.
            saved_path: Returns where a file of the result was saved; ``None`` if it was not.
        """
        writing = _Writing(saved_path)
        plain = [writing.plain(value, (index,)) for index, value in enumerate(data)]
        files, writing.files = writing.files, []
        changed = {
            str(index): writing.plain(dict(update), ())
            for index, update in (updates.items() if updates else ())
        }
        return cls(plain, None, seconds, attempts, time, files, changed or None)

    @classmethod
    def of_error(cls, error: BaseException, seconds: float, attempts: int, time: float) -> Recorded:
        """Record a failure.

        Args:
            error: The error of the item.
            seconds: How long the item took.
            attempts: How many times it was sent.
            time: When it ended, in seconds since the epoch.
        """
        return cls(None, _error_fields(error), seconds, attempts, time)

    def restored_data(self, make_file: Callable[[FileFacts, str | None], Any]) -> list[Any]:
        """Return the outputs, with files as objects.

        Args:
            make_file: Makes the object for a file. It gets the facts, and the path on this
                machine if the file was saved.
        """
        if self.data is None:
            return []
        if not self.files:
            return list(self.data)
        data: list[Any] = copy.deepcopy(self.data)
        for place in self.files:
            _replace(data, place, make_file)
        return data

    def restored_updates(self) -> dict[int, dict[str, Any]]:
        """Return the `updates` of the result, in which files are dicts."""
        return {int(index): update for index, update in (self.updates or {}).items()}

    def restored_error(self) -> BaseException | None:
        """Return the error as an exception of the same class; ``None`` for a result."""
        return None if self.error is None else _error_of(self.error)


# -- the header -----------------------------------------------------------------------


def is_unfinished_header(line: bytes) -> bool:
    """Return whether a file with only this line is a new journal that was cut off."""
    line = line.rstrip(b"\0")  # a power cut may leave zeros instead of the text
    return HEADER_START.startswith(line) or (
        line.startswith(HEADER_START) and not line.endswith(b"\n")
    )


def changes_between(endpoint: str | int, kept: str, now: str) -> str:
    """Return what has changed between two fingerprints, as the rest of a sentence.

    Args:
        endpoint: The name or number of the endpoint.
        kept: The earlier fingerprint.
        now: The present fingerprint.

    Returns:
        The changes after a colon, or ``""`` if the texts are not the JSON of a `Fingerprint`.
    """
    try:
        before, after = (_fingerprint(json.loads(text)) for text in (kept, now))
        changes = changes_of(endpoint, before, {endpoint: after})
    except (TypeError, ValueError):
        return ""
    return ": " + "; ".join(changes) if changes else ""


def _fingerprint(fields: Any) -> Fingerprint:
    parameters, returns = fields
    return tuple((name, kind, required) for name, kind, required in parameters), tuple(returns)


# -- lines ----------------------------------------------------------------------------


def line_of(key: ItemKey, recorded: Recorded) -> bytes:
    """Return the line of an item that has ended, with its end."""
    first: dict[str, Any] = {"key": key.text}
    if key.hashed:
        first["hashed"] = key.hashed
    first["index"] = key.index
    first["ok"] = recorded.error is None
    rest: dict[str, Any] = {}
    if recorded.error is None:
        rest["data"] = recorded.data
        if recorded.files:
            rest["files"] = recorded.files
        if recorded.updates:
            rest["updates"] = recorded.updates
    else:
        rest["error"] = recorded.error
    rest.update(seconds=round(recorded.seconds, 6), attempts=recorded.attempts, time=recorded.time)
    payload = "" if key.payload is None else f', "payload": {key.payload}'
    return (_text(first)[:-1] + payload + ", " + _text(rest)[1:] + "\n").encode()


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 does not have
        return json.dumps(value)
    return text


def key_in(line: bytes) -> str | None:
    """Return the key of a line; ``None`` if the line is not that of an item.

    The rest of the line is not parsed.
    """
    if not line.startswith(ITEM_START) or line[_KEY_END : _KEY_END + 1] != b'"':
        return None
    if not line.rstrip().endswith(b"}"):
        return None
    return line[len(ITEM_START) : _KEY_END].decode("ascii", "replace")


def hashed_in(line: bytes) -> list[tuple[str, int, int, str]]:
    """Return the large files of an item: path, size, time of change, and hash of each."""
    if not line.startswith(_HASHED, _KEY_END):
        return []
    fields = _object(line)
    return [] if fields is None else [tuple(one) for one in fields["hashed"]]


def recorded_in(line: bytes) -> Recorded | None:
    """Return the item of a line; ``None`` if the line cannot be read."""
    fields = _object(line)
    if fields is None or "key" not in fields:
        return None
    data, error = fields.get("data"), fields.get("error")
    if isinstance(data, list) == isinstance(error, dict):
        return None
    return Recorded(
        data,
        error,
        fields.get("seconds", 0.0),
        fields.get("attempts", 1),
        fields.get("time", 0.0),
        fields.get("files", ()),
        fields.get("updates"),
        fields.get("index", -1),
        fields.get("payload"),
    )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


# -- values ---------------------------------------------------------------------------


class _Writing:
    """Converts one result to JSON types.

    Attributes:
        files: The positions of the files that were found.
    """

    def __init__(self, saved_path: Callable[[Any], str | None]) -> None:
        self._saved_path = saved_path
        self.files: list[tuple[str | int, ...]] = []

    def plain(self, value: Any, place: tuple[str | int, ...]) -> Any:
        """Return a value in JSON types, and note the positions of its files."""
        if isinstance(value, dict):
            return {key: self.plain(part, (*place, key)) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(part, (*place, index)) for index, part in enumerate(value)]
        as_json = getattr(type(value), "__json__", None)
        if as_json is None:
            return value
        self.files.append(place)
        fields = dict(as_json(value))
        if value.is_stream:
            fields["is_stream"] = True
        saved = self._saved_path(value)
        if saved is not None:
            fields["saved"] = saved
        return fields


def _replace(data: Any, place: Sequence[str | int], make_file: Callable[..., Any]) -> None:
    for step in place[:-1]:
        data = data[step]
    fields = data[place[-1]]
    url = fields.get("url")
    inline = url if isinstance(url, str) and url.startswith("data:") else None
    facts = FileFacts(
        fields.get("path"),
        None if inline else url,
        fields.get("orig_name"),
        fields.get("size"),
        fields.get("mime_type"),
        fields.get("is_stream", False),
        inline,
    )
    data[place[-1]] = make_file(facts, fields.get("saved"))


# -- errors ---------------------------------------------------------------------------


_OF_ITEM = ("index", "payload")  # the line of the item has them


def _error_fields(error: BaseException) -> dict[str, Any]:
    details = {}
    for name, value in vars(error).items():
        if name.startswith("_") or name in _OF_ITEM or not hasattr(type(error), name):
            continue
        if isinstance(value, Mapping):  # its keys may be None, which JSON would make a text
            value = [[key, part] for key, part in value.items()]
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            continue
        details[name] = value
    message = str(error.args[0]) if error.args else ""
    return {"type": type(error).__name__, "message": message, "details": details}


def _error_of(fields: Mapping[str, Any]) -> BaseException:
    name, message = str(fields.get("type")), str(fields.get("message"))
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, GradioClientError):
        error = kind(message)
        for key, value in dict(fields.get("details", {})).items():
            default = getattr(kind, key, None)
            if isinstance(default, dict):
                value = {part[0]: part[1] for part in value}
            elif isinstance(default, tuple):
                value = tuple(value)
            error.__dict__[key] = value
        return error
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(message)
        except TypeError:  # a class that needs more than a message, such as UnicodeDecodeError
            pass
    return GradioClientError(f"{name}: {message}")
