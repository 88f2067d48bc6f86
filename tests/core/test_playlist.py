"""HLS playlists of sound and video that is still being made."""

from __future__ import annotations

import pytest

from gradio_client_sync._protocol.values.playlist import (
    WHOLE,
    Playlist,
    beside,
    is_playlist,
    parse_playlist,
)

HEAD = "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-TARGETDURATION:6\n"


def test_playlist_of_segments() -> None:
    """Segments are in order, without the signature behind their names."""
    text = HEAD + "#EXTINF:0.5,\na-1.aac\n#EXTINF:0.5,\nb_2.aac?__sign=x\n"
    assert parse_playlist(text) == Playlist(("a-1.aac", "b_2.aac"), is_ended=False)
    assert parse_playlist(text + "#EXT-X-ENDLIST\n").is_ended
    assert parse_playlist(text).suffix == ".aac"
    assert parse_playlist(HEAD + "#EXTINF:1,\na.ts\n#EXT-X-DISCONTINUITY\n").suffix == ".ts"


def test_playlist_without_segments() -> None:
    """A playlist without segments is empty."""
    assert parse_playlist(HEAD) == Playlist((), is_ended=False)
    assert parse_playlist(HEAD).suffix == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>\n",
        HEAD + "http://elsewhere/a.aac\n",
        HEAD + "../a.aac\n",
        HEAD + "a.exe\n",
        HEAD + "a/b.ts\n",
    ],
)
def test_playlist_that_is_none(text: str) -> None:
    """An entry outside the playlist's own folder is refused."""
    with pytest.raises(ValueError, match=r"begin like a playlist|contains the segment"):
        parse_playlist(text)


def test_playlist_addresses() -> None:
    """URLs of segments and of the complete file are beside the playlist's."""
    url = "http://host/gradio_api/stream/s/1/2/playlist.m3u8"
    assert is_playlist(url) and not is_playlist("s/1/2")
    assert beside(url, WHOLE) == "http://host/gradio_api/stream/s/1/2/playlist-file"
    assert beside(url, "a.aac") == "http://host/gradio_api/stream/s/1/2/a.aac"
