"""Conversion of values to the form that a component of the app's server accepts.

The forms of some components changed between releases: a video is a plain file on one server and
part of an object on another. If the value of the user has one obvious meaning, it is converted to
the form of the app's server. A value that already has this form, or has no obvious meaning, is
sent unchanged.

Conversations changed most; they are in `chat`.

Behaviour: the forms as seen on live servers of 3.50.2, 4.44.1, 5.50.0 and 6.31.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Callable

from .attachments import Attachment
from .chat import chat
from .slot import draws_mask

if TYPE_CHECKING:
    from ..dialect import Dialect
    from .slot import Slot

Shaper = Callable[[Any, "Slot", "Dialect"], Any]


def shape(slot: Slot, value: Any, dialect: Dialect) -> Any:
    """Return a value in the form that a component accepts. Its files are attachments already."""
    if slot.with_props and isinstance(value, Mapping) and "value" in value:
        return value  # the caller passes the properties
    shaper = _SHAPERS.get(slot.type)
    if shaper is not None and value is not None:
        value = shaper(value, slot, dialect)
    return {**slot.props, "value": value} if slot.with_props else value


def is_shaped(slot: Slot) -> bool:
    """Return whether a component's values may have to be converted before they are sent."""
    if slot.with_props:
        return True
    return slot.type in _SHAPERS or slot.type in PICTURES or slot.type in SOUNDS


#: Components for which an array of numbers is an image.
PICTURES = frozenset(
    ("image", "imageeditor", "sketchpad", "paint", "imagemask", "gallery", "imageslider")
)

#: Components for which a sample rate with an array of numbers is a sound.
SOUNDS = frozenset(("audio", "microphone"))


def _is_3x(dialect: Dialect) -> bool:
    return dialect.files != "filedata"


def _video(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """Convert a video, alone or with subtitles, from the form of any generation.

    No server passes subtitles to the function, so they are removed where the form has none.
    """
    film, subtitles = value, None
    if isinstance(value, Mapping) and "video" in value:
        film, subtitles = value["video"], value.get("subtitles")
    elif isinstance(value, list) and len(value) == 2:
        film, subtitles = value
    elif not isinstance(value, Attachment):
        return value
    if _takes_video_object(slot, dialect):
        return {"video": film, "subtitles": subtitles}
    return film


def _takes_video_object(slot: Slot, dialect: Dialect) -> bool:
    """Return whether the component accepts an object with ``video``.

    Servers from 4.0 to 5.x do. If the app's config has a schema, the schema decides.
    """
    if _is_3x(dialect):
        return False
    for key in ("api_info_as_input", "api_info"):
        schema = slot.config.get(key)
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if isinstance(properties, dict):
            return "video" in properties
    return dialect.version < (6, 0, 0)


def _gallery(value: Any, slot: Slot, dialect: Dialect) -> Any:
    items = [value] if isinstance(value, Attachment) else value
    return [_gallery_item(item, dialect) for item in items] if isinstance(items, list) else value


def _gallery_item(item: Any, dialect: Dialect) -> Any:
    """Convert an image or video of a gallery: alone, with a caption, or in another form."""
    file, caption = item, None
    if isinstance(item, list) and len(item) == 2:
        file, caption = item
    elif isinstance(item, Mapping) and ("image" in item or "video" in item):
        file, caption = item.get("image", item.get("video")), item.get("caption")
    if not isinstance(file, Attachment):
        return item
    if _is_3x(dialect):
        return [file, caption]
    is_film = (file.mime_type or "").startswith("video/") and dialect.version >= (5, 0, 0)
    return {"video" if is_film else "image": file, "caption": caption}


def _image_editor(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if _is_3x(dialect):  # the component of 3.x accepts an image
        return _image(value, slot, dialect)
    if isinstance(value, Attachment):
        return {"background": value, "layers": [], "composite": value}
    if not isinstance(value, Mapping):
        return value
    if "image" in value and "mask" in value:  # the form of 3.x
        return {"background": value["image"], "layers": [value["mask"]], "composite": None}
    return {"layers": [], "composite": None, **value} if "background" in value else value


def _image(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """Convert an image with layers to one image, or to image and mask if the user draws a mask."""
    if not isinstance(value, Mapping) or "background" not in value:
        return value
    if _is_3x(dialect) and draws_mask(slot.props):
        layers = value.get("layers") or [None]
        return {"image": value["background"], "mask": layers[0]}
    whole = value.get("composite")
    return value["background"] if whole is None else whole


def _file(value: Any, slot: Slot, dialect: Dialect) -> Any:
    count = slot.props.get("file_count")
    # For a directory, servers of 4.0 to 4.12 accept only one file, and pass on a list of it.
    one_only = not _is_3x(dialect) and dialect.version < (4, 13)
    several = count == "multiple" or (count == "directory" and not one_only)
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
        files = value.get("files", [])
        files = [files] if isinstance(files, Attachment) else files
        return {"text": "", **value, "files": files}
    return value


def _label(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if _is_3x(dialect):
        return value
    if isinstance(value, (str, int, float)):
        return {"label": value}
    if isinstance(value, Mapping) and value and all(map(_is_number, value.values())):
        ranked = sorted(value.items(), key=lambda item: -item[1])
        confidences = [{"label": label, "confidence": share} for label, share in ranked]
        return {"label": ranked[0][0], "confidences": confidences}
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list):
        return value
    rows = value if all(isinstance(row, list) for row in value) else [[item] for item in value]
    width = max(map(len, rows), default=0)
    headers = slot.props.get("headers")
    if not isinstance(headers, list) or len(headers) != width:
        headers = [str(number) for number in range(1, width + 1)]
    return {"headers": headers, "data": rows}


def _date_time(value: Any, slot: Slot, dialect: Dialect) -> Any:
    if type(value).__name__ == "datetime64" and hasattr(value, "tolist"):
        value = value.astype("datetime64[s]").tolist()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if not isinstance(value, date):
        return value
    return value.isoformat() + ("" if slot.props.get("include_time") is False else " 00:00:00")


def _file_explorer(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """Convert paths on the server to lists of their parts."""
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


_SHAPERS: Mapping[str, Shaper] = {
    "chatbot": chat,
    "dataframe": _dataframe,
    "datetime": _date_time,
    "file": _file,
    "fileexplorer": _file_explorer,
    "gallery": _gallery,
    "highlightedtext": _highlighted_text,
    "image": _image,
    "imageeditor": _image_editor,
    "label": _label,
    "multimodaltextbox": _multimodal,
    "uploadbutton": _file,
    "video": _video,
}
