"""Headers of WAV sounds whose length was unknown when they were sent."""

from __future__ import annotations

import io
import wave

import pytest

from gradio_client_sync._protocol.values.wav import HEADER_BYTES, is_unbounded, with_length


def sound(seconds: int = 1) -> bytes:
    """Return a sound of silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8_000)
        made.writeframes(bytes(16_000 * seconds))
    return buffer.getvalue()


def unbounded(content: bytes) -> bytes:
    """Return the sound as Gradio sends its first chunk, with unknown lengths."""
    blank = b"\xff\xff\xff\xff"
    return content[:4] + blank + content[8:40] + blank + content[44:]


def test_wav_length_is_filled_in() -> None:
    """The header with the length equals that of a sound that was written at once."""
    content = sound(2)
    assert with_length(unbounded(content)[:HEADER_BYTES], len(content)) == content[:HEADER_BYTES]


def test_wav_with_another_chunk_first() -> None:
    """If another chunk comes before the data, only the total length is set."""
    head = unbounded(sound())[:36] + b"LIST" + b"\xff\xff\xff\xff"
    filled = with_length(head, 1_000)
    assert filled[4:8] == (992).to_bytes(4, "little") and filled[36:] == head[36:]


def test_wav_too_long_for_a_header() -> None:
    """A length of more than 32 bits leaves the header unchanged."""
    head = unbounded(sound())[:HEADER_BYTES]
    assert with_length(head, 2**32) == head


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (unbounded(sound()), True),
        (sound(), False),
        (unbounded(sound())[:43], False),
        (b"ID3\x04" + bytes(50), False),
        (b"", False),
    ],
)
def test_wav_is_unbounded(head: bytes, expected: bool) -> None:
    """A complete sound, or another format, counts as bounded."""
    assert is_unbounded(head) is expected
