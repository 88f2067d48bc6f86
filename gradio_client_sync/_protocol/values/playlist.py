"""HLS playlists, which Gradio 5.0 and later use for sound and video that is still being made.

A playlist lists segments in AAC or MPEG-TS format. Segments of either format can be concatenated.
The line ``#EXT-X-ENDLIST`` means that no further segment will follow.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: The last part of the URL of a playlist, and of the URL of the whole recording as one file.
PLAYLIST, WHOLE = "playlist.m3u8", "playlist-file"

_SEGMENT = re.compile(r"[\w-]+\.(?:aac|ts)\Z")


class Playlist(NamedTuple):
    """The content of a playlist.

    Attributes:
        segments: The names of the segments. They are in the same folder as the playlist.
        is_ended: Whether no further segment will follow.
    """

    segments: tuple[str, ...]
    is_ended: bool

    @property
    def suffix(self) -> str:
        """The file suffix for the concatenated segments; empty if there are no segments."""
        return "." + self.segments[0].rpartition(".")[2] if self.segments else ""


def is_playlist(path: str) -> bool:
    """Return whether the path or URL of a stream belongs to a playlist."""
    return path.endswith(f"/{PLAYLIST}")


def beside(url: str, name: str) -> str:
    """Return the URL of a segment, or of `WHOLE`, in the folder of a playlist.

    Args:
        url: The URL of the playlist.
        name: The name of the segment, or `WHOLE`.
    """
    return url[: -len(PLAYLIST)] + name


def parse_playlist(text: str) -> Playlist:
    """Parse the text of a playlist.

    Raises:
        ValueError: The text is not a playlist, or lists a segment outside of its folder.
    """
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("it does not begin like a playlist")
    segments = [line.partition("?")[0] for line in lines if line and not line.startswith("#")]
    strange = next((name for name in segments if _SEGMENT.match(name) is None), None)
    if strange is not None:
        raise ValueError(f"it contains the segment {strange[:80]!r}")
    return Playlist(tuple(segments), "#EXT-X-ENDLIST" in lines)
