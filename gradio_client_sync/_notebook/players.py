"""Files in notebooks: images, players, and cards with a link.

A notebook saves what it shows, and a link to the app would need the app's login. So a small file
is downloaded through the client and put into the page as a data URL. A larger file gets a link.
The limit comes from Jupyter servers. They forward a million bytes per second, counted over three
seconds, and drop the rest. Base64 turns three bytes of content into four.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .._basics.words import counted
from ..errors import GradioClientError
from .markup import DIM, LINE, WRAP, Html, element, join, link, note, text

if TYPE_CHECKING:
    from .shown import ShownFile

INLINE_BYTES = 2 * 1024 * 1024  # of all files in one display

_PICTURE = "max-width:100%;max-height:26em;border-radius:4px"
_FRAME = f"display:inline-block;max-width:100%;margin:.2em .6em .2em 0;{WRAP}"
_PICTURES = frozenset(
    "image/png image/jpeg image/gif image/webp image/avif image/bmp image/svg+xml "
    "image/x-icon image/vnd.microsoft.icon".split()
)
_PLAYED = re.compile(r"(audio|video)/[a-z0-9.+-]{1,60}")


class Allowance:
    """The bytes of files that may still be put into one display."""

    def __init__(self, inline_bytes: int = INLINE_BYTES) -> None:
        self.left = inline_bytes


def kind_of(mime_type: str | None) -> str | None:
    """Return the element for a type: ``"img"``, ``"audio"``, ``"video"``, or ``None``."""
    kind = (mime_type or "").partition(";")[0].strip().lower()
    if kind in _PICTURES:
        return "img"
    played = _PLAYED.fullmatch(kind)
    return played[1] if played else None


def data_url(content: bytes, mime_type: str) -> str:
    """Return content as a data URL; `kind_of` must know the type."""
    kind = mime_type.partition(";")[0].strip().lower()
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def svg_url(picture: str) -> str:
    """Return a picture in SVG as a data URL."""
    return data_url(picture.encode("utf-8"), "image/svg+xml")


def inline_url(url: str, tag: str) -> str | None:
    """Return a data URL of an app in Base64; ``None`` for another URL, or if `tag` cannot show it.

    Args:
        url: The URL.
        tag: The element: ``"img"``, ``"audio"`` or ``"video"``.
    """
    head, comma, content = url.partition(",")
    kind, *options = head.lower().split(";")
    if not comma or not kind.startswith("data:") or kind_of(kind[5:]) != tag:
        return None
    packed = unquote_to_bytes(content)
    if "base64" in options:
        try:
            packed = base64.b64decode(packed)
        except ValueError:
            return None
    return data_url(packed, kind[5:])


def file_html(file: ShownFile, allowance: Allowance, caption: str | None = None) -> Html:
    """Return a file as an image or player if it is one and fits, otherwise as a card."""
    tag = kind_of(file.mime_type)
    if tag is None:
        return _card(file, None)
    if file.is_stream:
        # If it were downloaded now, the server would treat the first part as the whole stream.
        return _card(file, "a stream; call download() when the job is done")
    reason = file._not_at_hand()
    if reason is not None:
        return _card(file, f"{reason}; after download(), it is shown here")
    try:
        content = file._content(allowance.left)
    except (GradioClientError, OSError) as exc:
        return _card(file, str(exc))
    if content is None:
        return _card(file, "too large for the notebook; call download()")
    allowance.left -= len(content)
    source = data_url(content, file.mime_type or "")
    if tag == "img":
        shown = element("img", src=source, alt=file.orig_name, style=_PICTURE)
    else:
        width = "width:24em;max-width:100%" if tag == "audio" else _PICTURE
        shown = element(tag, src=source, controls=True, preload="metadata", style=width)
    label = text(caption) if caption else _facts(file)
    below = element("div", label, style=f"{DIM};font-size:85%")
    return element("div", shown, below, style=_FRAME)


def _card(file: ShownFile, reason: str | None) -> Html:
    parts = [
        element("span", text("📄 ")),
        element("b", link(file.url, file.orig_name)),
        text(" "),
        _facts(file, name=False),
    ]
    if reason:
        parts.append(element("div", note(reason), style="font-size:85%"))
    return element("div", *parts, style=f"margin:.2em 0;{WRAP}")


def _facts(file: ShownFile, *, name: bool = True) -> Html:
    size = None if file.size is None else size_text(file.size)
    facts = filter(None, (file.orig_name if name else None, file.mime_type, size))
    return note(" · ".join(facts))


def size_text(size_bytes: int) -> str:
    """Return a size with a unit for people."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            whole = counted(size_bytes, "byte")
            return whole if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def gallery_html(value: Any, allowance: Allowance) -> Html | None:
    """Return files in a row, each with its caption; ``None`` if the value is not a gallery."""
    if not isinstance(value, list) or not value:
        return None
    shown = []
    for entry in value:
        file, caption = _entry(entry)
        if file is None:
            return None
        shown.append(file_html(file, allowance, caption))
    return element("div", *shown)


def _entry(entry: Any) -> tuple[ShownFile | None, str | None]:
    caption = None
    if isinstance(entry, dict) and entry.keys() <= {"image", "video", "caption"}:
        label = entry.get("caption")
        caption = label if isinstance(label, str) else None
        entry = entry.get("image") or entry.get("video")
    elif isinstance(entry, list) and len(entry) == 2:  # 3.x: a file and its caption
        entry, label = entry
        caption = label if isinstance(label, str) else None
    return (entry if is_file(entry) else None), caption


def is_file(value: Any) -> bool:
    """Return whether a value is a `RemoteFile`; no other value of an app is a path."""
    return hasattr(value, "__fspath__")


def video_html(value: Any, allowance: Allowance) -> Html | None:
    """Return a video with its subtitles, in the form of servers from 4.0 to 5.x, else ``None``."""
    if isinstance(value, dict) and is_file(value.get("video")):
        parts = [file_html(value["video"], allowance)]
        if is_file(value.get("subtitles")):
            parts.append(file_html(value["subtitles"], allowance))
        return join(parts)
    return None


def annotated_html(value: Any, allowance: Allowance) -> Html | None:
    """Return an image and its marked areas (``AnnotatedImage``), else ``None``."""
    if not isinstance(value, dict) or not is_file(value.get("image")):
        return None
    marks = value.get("annotations")
    if not isinstance(marks, list):
        return None
    rows = [
        element("div", file_html(mark["image"], allowance, str(mark.get("label", ""))))
        for mark in marks
        if isinstance(mark, dict) and is_file(mark.get("image"))
    ]
    details = element(
        "details", element("summary", text(counted(len(rows), "marked area"))), *rows, style=LINE
    )
    return join([file_html(value["image"], allowance), details])
