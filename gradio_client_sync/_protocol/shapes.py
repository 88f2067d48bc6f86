"""What a component wants around a value, so that the same value does for every server.

The forms of some components moved between releases: a video is a bare file on one server
and stands in an object on another. Where what the user passes has one obvious meaning, it
is put into the form that the app's own server takes; what already has that form, or has
no obvious meaning, goes as it is.

Behaviour: the forms as seen on live servers of 3.50.2, 4.44.1, 5.50.0 and 6.31.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Callable

from .attachments import Attachment

if TYPE_CHECKING:
    from .dialect import Dialect
    from .endpoint import Slot

Shaper = Callable[[Any, "Slot", "Dialect"], Any]


def shape(slot: Slot, value: Any, dialect: Dialect) -> Any:
    """Put a value, with its files attached already, into the form that a component takes."""
    shaper = _SHAPERS.get(slot.type)
    return value if shaper is None or value is None else shaper(value, slot, dialect)


def is_shaped(slot: Slot) -> bool:
    """Whether a component's values have to be looked at before they go."""
    return slot.type in _SHAPERS or slot.type in PICTURES or slot.type in SOUNDS


#: Components for which an array of numbers is a picture.
PICTURES = frozenset(
    ("image", "imageeditor", "sketchpad", "paint", "imagemask", "gallery", "imageslider")
)

#: Components for which a sample rate with an array of numbers is a sound.
SOUNDS = frozenset(("audio", "microphone"))


def _is_3x(dialect: Dialect) -> bool:
    return dialect.files != "filedata"


def _video(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if _takes_video_object(slot, dialect):
        if isinstance(value, Attachment):
            return {"video": value, "subtitles": None}
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], Attachment):
            return {"video": value[0], "subtitles": value[1]}
    elif not _is_3x(dialect) and isinstance(value, dict) and value.get("subtitles", 0) is None:
        return value.get("video", value)  # as servers before 6.0 gave it
    return value


def _takes_video_object(slot: Slot, dialect: Dialect) -> bool:
    """Servers from 4.0 to 5.x do; what the app says about itself comes first."""
    if _is_3x(dialect):
        return False
    for key in ("api_info_as_input", "api_info"):
        schema = slot.config.get(key)
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if isinstance(properties, dict):
            return "video" in properties
    return dialect.version < (6, 0, 0)


def _gallery(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if isinstance(value, Attachment):
        value = [value]
    if not isinstance(value, list):
        return value
    return [_gallery_item(item, dialect) for item in value]


def _gallery_item(item: Any, dialect: Dialect) -> Any:
    file, caption = item, None
    if isinstance(item, list) and len(item) == 2:
        file, caption = item
    if not isinstance(file, Attachment):
        return item
    if _is_3x(dialect):
        return [file, caption]
    kind = "video" if (file.mime_type or "").startswith("video/") else "image"
    return {kind: file, "caption": caption}


def _image_editor(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if isinstance(value, Attachment) and not _is_3x(dialect):
        return {"background": value, "layers": [], "composite": value}
    if isinstance(value, dict) and "background" in value:
        return {"layers": [], "composite": None, **value}
    return value


def _file(value: Any, slot: Slot, dialect: Dialect) -> Any:
    several = slot.props.get("file_count") in ("multiple", "directory")
    if several and isinstance(value, Attachment):
        return [value]
    if not several and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def _multimodal(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if isinstance(value, str):
        return {"text": value, "files": []}
    if isinstance(value, Attachment):
        return {"text": "", "files": [value]}
    if isinstance(value, dict) and value.keys() <= {"text", "files"}:
        return {"text": "", "files": [], **value}
    return value


def _label(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if isinstance(value, str) and not _is_3x(dialect):
        return {"label": value}
    return value


def _highlighted_text(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if not isinstance(value, list):
        return value
    if _is_3x(dialect):
        return [
            [part["token"], part.get("class_or_confidence")]
            if isinstance(part, dict) and "token" in part
            else part
            for part in value
        ]
    return [
        {"token": part[0], "class_or_confidence": part[1]}
        if isinstance(part, list) and len(part) == 2
        else part
        for part in value
    ]


def _dataframe(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if not isinstance(value, list):
        return value
    rows = value if all(isinstance(row, list) for row in value) else [[item] for item in value]
    width = max(map(len, rows), default=0)
    headers = slot.props.get("headers")
    if not isinstance(headers, list) or len(headers) != width:
        headers = [str(number) for number in range(1, width + 1)]
    return {"headers": headers, "data": rows}


def _date_time(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else value


def _file_explorer(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """Paths on the server, each as the list of its parts."""
    if isinstance(value, (str, PurePath)):
        value = [value]
    if not isinstance(value, list):
        return value
    return [
        list(PurePath(str(item).replace("\\", "/")).parts)
        if isinstance(item, (str, PurePath))
        else item
        for item in value
    ]


def _chatbot(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """From 6.0 on a message's content is a list of parts."""
    if not isinstance(value, list) or dialect.version < (6, 0, 0) or _is_3x(dialect):
        return [_tuples_row(row, dialect) for row in value] if isinstance(value, list) else value
    return [
        {**message, "content": _parts(message["content"])}
        if isinstance(message, dict) and "content" in message
        else message
        for message in value
    ]


def _parts(content: Any) -> Any:
    parts = content if isinstance(content, list) else [content]
    return [_part(part) for part in parts]


def _part(part: Any) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, Attachment):
        return {"type": "file", "file": part}
    if isinstance(part, dict) and "type" not in part and isinstance(part.get("file"), Attachment):
        return {"type": "file", **part}
    return part


def _tuples_row(row: Any, dialect: Dialect) -> Any:
    """A turn of user and bot, or a message; its bare files stand in an object on 4.x and 5.x."""
    if _is_3x(dialect):
        return row
    if isinstance(row, list):
        return [{"file": p, "alt_text": None} if isinstance(p, Attachment) else p for p in row]
    if isinstance(row, dict) and isinstance(row.get("content"), Attachment):
        return {**row, "content": {"file": row["content"], "alt_text": None}}
    return row


_SHAPERS: Mapping[str, Shaper] = {
    "chatbot": _chatbot,
    "dataframe": _dataframe,
    "datetime": _date_time,
    "file": _file,
    "fileexplorer": _file_explorer,
    "gallery": _gallery,
    "highlightedtext": _highlighted_text,
    "imageeditor": _image_editor,
    "label": _label,
    "multimodaltextbox": _multimodal,
    "video": _video,
}
