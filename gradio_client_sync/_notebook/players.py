"""Files in notebooks: pictures, players, and cards with a link.

What a notebook shows it also saves, and a link would need the app's login. So what is small
is fetched through the client and put into the page as a data URL; what is not has a link. The
limit is that of a Jupyter server, which passes on a million bytes per second, counted over
three seconds, and drops what is above: base64 makes three bytes of content four.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from ..errors import GradioClientError
from .markup import DIM, LINE, Html, element, join, link, note, text

if TYPE_CHECKING:
    from .shown import ShownFile

INLINE_BYTES = 2 * 1024 * 1024  # of all files in one display

_PICTURE = "max-width:100%;max-height:26em;border-radius:4px"
_PICTURES = frozenset(
    "image/png image/jpeg image/gif image/webp image/avif image/bmp image/svg+xml "
    "image/x-icon image/vnd.microsoft.icon".split()
)
_PLAYED = re.compile(r"(audio|video)/[a-z0-9.+-]{1,60}")


class Allowance:
    """How many bytes of files one display may still take in."""

    def __init__(self, inline_bytes: int = INLINE_BYTES) -> None:
        self.left = inline_bytes


def kind_of(mime_type: str | None) -> str | None:
    """The element that shows it: ``"img"``, ``"audio"``, ``"video"``; else ``None``."""
    kind = (mime_type or "").partition(";")[0].strip().lower()
    if kind in _PICTURES:
        return "img"
    played = _PLAYED.fullmatch(kind)
    return played[1] if played else None


def data_url(content: bytes, mime_type: str) -> str:
    """Content as an address; the type is one that `kind_of` knows."""
    kind = mime_type.partition(";")[0].strip().lower()
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def file_html(file: ShownFile, allowance: Allowance, caption: str | None = None) -> Html:
    """A file: as a picture or a player if it is one and fits, and as a card otherwise."""
    tag = kind_of(file.mime_type)
    if tag is None:
        return _card(file, None)
    if file.is_stream:
        # Fetched while the app is at it, the server would take what there is for all of it.
        return _card(file, "a stream; download() it when the job is done")
    reason = file._not_at_hand()
    if reason is not None:
        return _card(file, f"{reason}; download() it, and it is shown")
    try:
        content = file._content(allowance.left)
    except (GradioClientError, OSError) as exc:
        return _card(file, str(exc))
    if content is None:
        return _card(file, "too large to be put into the notebook; download() it")
    allowance.left -= len(content)
    source = data_url(content, file.mime_type or "")
    if tag == "img":
        shown = element("img", src=source, alt=file.orig_name, style=_PICTURE)
    else:
        width = "width:24em;max-width:100%" if tag == "audio" else _PICTURE
        shown = element(tag, src=source, controls=True, preload="metadata", style=width)
    told = text(caption) if caption else _facts(file)
    below = element("div", told, style=f"{DIM};font-size:85%")
    return element("div", shown, below, style="display:inline-block;margin:.2em .6em .2em 0")


def _card(file: ShownFile, reason: str | None) -> Html:
    parts = [
        element("span", text("📄 ")),
        element("b", link(file.url, file.orig_name)),
        text(" "),
        _facts(file, name=False),
    ]
    if reason:
        parts.append(element("div", note(reason), style="font-size:85%"))
    return element("div", *parts, style="margin:.2em 0")


def _facts(file: ShownFile, *, name: bool = True) -> Html:
    size = None if file.size is None else size_text(file.size)
    facts = filter(None, (file.orig_name if name else None, file.mime_type, size))
    return note(" · ".join(facts))


def size_text(size_bytes: int) -> str:
    """A size as people say it."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def gallery_html(value: Any, allowance: Allowance) -> Html | None:
    """Files in a row, each with its caption; ``None`` if it is no gallery."""
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
        told = entry.get("caption")
        caption = told if isinstance(told, str) else None
        entry = entry.get("image") or entry.get("video")
    elif isinstance(entry, list) and len(entry) == 2:  # of 3.x: a file and its caption
        entry, told = entry
        caption = told if isinstance(told, str) else None
    return (entry if is_file(entry) else None), caption


def is_file(value: Any) -> bool:
    """Whether it is a `RemoteFile`; nothing else among an app's values is a path."""
    return hasattr(value, "__fspath__")


def video_html(value: Any, allowance: Allowance) -> Html | None:
    """A video with its subtitles, as servers of 4.0 to 5.x send it."""
    if isinstance(value, dict) and is_file(value.get("video")):
        parts = [file_html(value["video"], allowance)]
        if is_file(value.get("subtitles")):
            parts.append(file_html(value["subtitles"], allowance))
        return join(parts)
    return None


def annotated_html(value: Any, allowance: Allowance) -> Html | None:
    """A picture and what is marked in it (``AnnotatedImage``)."""
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
        "details", element("summary", text(f"{len(rows)} marked areas")), *rows, style=LINE
    )
    return join([file_html(value["image"], allowance), details])
