"""HLS playlists, by which Gradio from 5.0 on gives sound and video that is still being made.

A playlist names segments of AAC or MPEG-TS. Both formats may be joined end to end. The mark
``#EXT-X-ENDLIST`` says that no segment follows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: How the address of a playlist ends, and that of the whole in one file.
PLAYLIST, WHOLE = "playlist.m3u8", "playlist-file"

_SEGMENT = re.compile(r"[\w-]+\.(?:aac|ts)\Z")


class Playlist(NamedTuple):
    """What a playlist says.

    Attributes:
        segments: The names of its segments, which stand beside it.
        is_ended: No segment will follow.
    """

    segments: tuple[str, ...]
    is_ended: bool

    @property
    def suffix(self) -> str:
        """The ending of a file of its segments; none if there is no segment."""
        return "." + self.segments[0].rpartition(".")[2] if self.segments else ""


def is_playlist(path: str) -> bool:
    """Whether a stream's path or address is that of a playlist."""
    return path.endswith(f"/{PLAYLIST}")


def beside(url: str, name: str) -> str:
    """Return the address of a segment, or of `WHOLE`, from that of its playlist."""
    return url[: -len(PLAYLIST)] + name


def parse_playlist(text: str) -> Playlist:
    """Read a playlist.

    Raises:
        ValueError: It is no playlist, or names a segment that does not stand beside it.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("it does not begin as a playlist")
    segments = [line.partition("?")[0] for line in lines if line and not line.startswith("#")]
    strange = next((name for name in segments if _SEGMENT.match(name) is None), None)
    if strange is not None:
        raise ValueError(f"it names the segment {strange[:80]!r}")
    return Playlist(tuple(segments), "#EXT-X-ENDLIST" in lines)
