"""WAV sounds that a server sends before it knows their length.

Gradio 3.50 to 4.44 sends a sound in chunks. The header of the first chunk marks the length as
unknown. The other chunks have no header.
"""

from __future__ import annotations

#: The length of the WAV header that Gradio writes.
HEADER_BYTES = 44

_UNKNOWN = b"\xff\xff\xff\xff"
_LONGEST = 2**32 - 2


def is_unbounded(head: bytes) -> bool:
    """Return whether a sound begins with a WAV header that marks its length as unknown."""
    return len(head) >= HEADER_BYTES and head[:4] == b"RIFF" and head[4:8] == _UNKNOWN


def with_length(head: bytes, size: int) -> bytes:
    """Return the header of a sound with the length of the sound.

    If the sound is too long for a WAV header, `head` is returned unchanged.

    Args:
        head: The first 44 bytes of a sound for which `is_unbounded` is true.
        size: The length of the whole sound in bytes, including the header.
    """
    if size > _LONGEST:
        return head
    head = head[:4] + (size - 8).to_bytes(4, "little") + head[8:]
    if head[36:40] == b"data":
        head = head[:40] + (size - HEADER_BYTES).to_bytes(4, "little") + head[44:]
    return head
