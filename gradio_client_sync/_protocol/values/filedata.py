"""The forms of files in values: what servers send, and what they accept.

There are three forms. Servers of 4.0 and later use *file data*: an object with a path on the
server, marked since 4.21 by ``"meta": {"_type": "gradio.FileData"}``. Servers of 3.x use an object
with ``name``, ``data`` and ``is_file``. Its content is on the server, or in the object as a data
URL. Images of 3.x are data URLs without an object. Servers before 3.19 accept no uploads, so there
every content is part of the value.

Only objects are read as files. A text is never a file, except where 3.x is known to send a file as
a text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from ..dialect import Dialect
    from .slot import Slot

#: Marks an object as a file for servers from 4.21 on (5.0 and later require it).
META = {"_type": "gradio.FileData"}

#: Files deeper than this in a value are not searched.
DEEPEST = 200

_KEYS_4X = frozenset(("path", "url", "size", "orig_name"))
_DATA_URL = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),")
_DATA_URL_HEAD = 1000  # characters; the content must begin within them
_IMAGES_3X = frozenset(("image", "imageeditor"))
#: Components whose values are texts, numbers, or lists and dicts of them.
_NO_FILES = frozenset(
    "textbox number slider checkbox checkboxgroup radio dropdown label code markdown colorpicker "
    "datetime highlightedtext".split()
)
_NAMES_3X = frozenset(("uploadbutton",))  # send a file as a text with its path


class FileFacts(NamedTuple):
    """The facts about a file that a server sends.

    Attributes:
        path: The path on the server, or a URL if the app returns a link.
        url: The URL that the server assumes for the file.
        orig_name: The name that the file had before it was on the server.
        size: The size in bytes.
        mime_type: The MIME type.
        is_stream: The app is still producing the file.
        inline: The content as a data URL, if it is part of the value.
        sent: The file as the server sent it: a dict, or on 3.x also a text.
    """

    path: str | None
    url: str | None
    orig_name: str | None
    size: int | None
    mime_type: str | None
    is_stream: bool
    inline: str | None
    sent: Any = None

    @property
    def name(self) -> str:
        """A safe name for the file."""
        from .filename import safe_name

        # The path of a stream ends in the number of its component. Only sounds can have no name:
        # 4.0 never sends it, and later servers do not send it if the app gives bytes.
        return safe_name(
            self.orig_name or ("audio" if self.is_stream else self.path), self.mime_type
        )

    @property
    def server_name(self) -> str:
        """The safe name in the path on the server; `name` if the path has none."""
        from .filename import safe_name

        path = self.path
        if path is None or self.is_stream:
            return self.name
        return safe_name(path.partition("?")[0] if is_link(path) else path, self.mime_type)


def is_link(path: str | None) -> bool:
    """Return whether a file's path is a web URL."""
    return path is not None and path[:8].lower().startswith(("http://", "https://"))


def may_return_files(returns: Iterable[Slot]) -> bool:
    """Return whether one of these outputs can have files; ``True`` for unknown components."""
    return not all(slot.type in _NO_FILES for slot in returns)


def may_hold_files(raw: bytes, returns: Iterable[Slot], dialect: Dialect) -> bool:
    """Return whether a message may contain files: a fast check, never wrongly ``False``.

    Args:
        raw: The JSON text of the message.
        returns: The outputs whose values the message may contain.
        dialect: The rules of the server.
    """
    if dialect.files == "filedata":
        # A file is an object among the values. A search for one byte is much faster than for six.
        values = max(raw.find(b'"data"'), 0)
        return raw.find(b"{", values) >= 0 and b'"path"' in raw
    if b'"is_file"' in raw or b'"data:' in raw:
        return True
    return any(slot.type in _NAMES_3X for slot in returns)


def find_files(
    value: Any, slot: Slot | None, dialect: Dialect, make: Callable[[FileFacts], Any]
) -> Any:
    """Replace the files in an output by the objects that `make` returns for them.

    Containers without files are not copied. So parts that two values share stay shared.

    Args:
        value: The output.
        slot: The position of the output, if it is known.
        dialect: The rules of the server.
        make: Returns the object that users get for a file.
    """
    kind = slot.type if slot is not None else ""
    if dialect.files == "filedata":
        return _walk(value, _facts_4x, make, 0)
    if isinstance(value, str):
        facts = _facts_of_text(value, kind)
        return value if facts is None else make(facts)
    found = _walk(value, _facts_3x, make, 0)
    if kind in _IMAGES_3X and isinstance(found, dict):  # a sketch: an object with two images
        return {
            key: find_files(part, slot, dialect, make) if isinstance(part, str) else part
            for key, part in found.items()
        }
    return found


def _walk(
    value: Any,
    facts_of: Callable[[dict[str, Any]], FileFacts | None],
    make: Callable[[FileFacts], Any],
    depth: int,
) -> Any:
    if depth > DEEPEST:
        return value
    changed: Any = None
    if isinstance(value, dict):
        facts = facts_of(value)
        if facts is not None:
            return make(facts)
        for key, part in value.items():
            if isinstance(part, (dict, list)):
                found = _walk(part, facts_of, make, depth + 1)
                if found is not part:
                    changed = dict(value) if changed is None else changed
                    changed[key] = found
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, (dict, list)):
                found = _walk(part, facts_of, make, depth + 1)
                if found is not part:
                    changed = list(value) if changed is None else changed
                    changed[index] = found
    return value if changed is None else changed


def _facts_4x(value: dict[str, Any]) -> FileFacts | None:
    if "path" not in value:
        return None
    meta = value.get("meta")
    marked = isinstance(meta, dict) and meta.get("_type") == META["_type"]
    is_stream = value.get("is_stream") is True
    # Servers before 4.21 send no mark. Sounds of generators have neither mark nor keys up to 4.22.
    if not marked and not is_stream and not value.keys() >= _KEYS_4X:
        return None
    path, url = _text(value["path"]), _text(value.get("url"))
    inline = url if url is not None and url.startswith("data:") else None
    if path is None and url is None:
        return None
    return FileFacts(
        path=path,
        url=None if inline else url,
        orig_name=_text(value.get("orig_name")),
        size=_size(value.get("size")),
        mime_type=_text(value.get("mime_type")),
        is_stream=is_stream,
        inline=inline,
        sent=value,
    )


def _facts_3x(value: dict[str, Any]) -> FileFacts | None:
    if "is_file" not in value or "name" not in value:
        return None
    from .filename import type_of

    path, data = _text(value["name"]), _text(value.get("data"))
    is_stream = value.get("is_stream") is True  # the sound of a generator has is_file=False
    on_server = path is not None and (value["is_file"] is True or is_stream)
    if not on_server and (data is None or not data.startswith("data:")):
        return None
    name = _text(value.get("orig_name"))
    mime_type = _text(value.get("mime_type")) or type_of(name or ("" if is_stream else path) or "")
    if mime_type is None and data is not None:
        mime_type = _data_url_type(data)
    return FileFacts(
        path=path,
        url=None,
        orig_name=name,
        size=_size(value.get("size")),
        mime_type=mime_type,
        is_stream=is_stream,
        inline=None if on_server else data,
        sent=value,
    )


def _facts_of_text(text: str, kind: str) -> FileFacts | None:
    """Return the facts of a file that a component of 3.x sends as a text, else ``None``."""
    if kind in _IMAGES_3X and _DATA_URL.match(text, 0, _DATA_URL_HEAD) is not None:
        return FileFacts(None, None, None, None, _data_url_type(text), False, text, text)
    if kind in _NAMES_3X and text:
        from .filename import type_of

        return FileFacts(text, None, None, None, type_of(text), False, None, text)
    return None


def _data_url_type(text: str) -> str | None:
    head = _DATA_URL.match(text, 0, _DATA_URL_HEAD)
    return head[1] or None if head is not None else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# -- inline content -------------------------------------------------------------------


def decode_data_url(text: str) -> bytes:
    """Return the content of a data URL.

    Raises:
        ValueError: The text is not a data URL, or is cut short.
    """
    head = _DATA_URL.match(text, 0, _DATA_URL_HEAD)
    if head is None:
        raise ValueError("it is not a data URL")
    content = text[head.end() :]
    if ";base64" not in head[2]:
        return unquote_to_bytes(content)
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"its base64 is broken: {exc}") from exc


def encode_data_url(content: bytes, mime_type: str | None) -> str:
    """Return content as a data URL."""
    kind = mime_type or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


# -- files that the client sends ------------------------------------------------------


def needs_inline(slot: Slot, dialect: Dialect) -> bool:
    """Return whether an input takes a file's content in its value instead of an upload."""
    return dialect.files == "inline" or (dialect.files == "uploaded" and slot.type in _IMAGES_3X)


def inline_form(
    slot: Slot, content: bytes, *, name: str, mime_type: str | None
) -> str | dict[str, Any]:
    """Return a file with its content, in the form that servers of 3.x accept."""
    data = encode_data_url(content, mime_type)
    if slot.type in _IMAGES_3X:
        return data
    return {"name": name, "data": data, "is_file": False, "orig_name": name}


def server_form(
    dialect: Dialect,
    path: str,
    *,
    name: str | None,
    size: int | None = None,
    mime_type: str | None = None,
) -> dict[str, Any]:
    """Return a file that is on the server, or that the server fetches from a URL.

    Args:
        dialect: The rules of the server.
        path: The path on the server, or the URL.
        name: The name of the file.
        size: Its size in bytes, if it is known.
        mime_type: Its MIME type, if it is known.
    """
    if dialect.files != "filedata":
        form: dict[str, Any] = {"name": path, "data": None, "is_file": True}
        extra: Mapping[str, Any] = {"orig_name": name, "mime_type": mime_type}
    else:
        form = {"path": path, "meta": META}
        url = path if is_link(path) else None
        extra = {"url": url, "orig_name": name, "size": size, "mime_type": mime_type}
    return {**form, **{key: value for key, value in extra.items() if value is not None}}
