"""WAV sounds that a server sends before it knows how long they are.

Gradio from 3.50 to 4.44 sends the chunks of a sound one after the other: the header of the first
says that its length is not known, and the headers of the others are left out.
"""

from __future__ import annotations

#: The length of the header that Gradio's chunks have.
HEADER_BYTES = 44

_UNKNOWN = b"\xff\xff\xff\xff"
_LONGEST = 2**32 - 2


def is_unbounded(head: bytes) -> bool:
    """Whether a sound begins with a header that leaves its length open."""
    return len(head) >= HEADER_BYTES and head[:4] == b"RIFF" and head[4:8] == _UNKNOWN


def with_length(head: bytes, size: int) -> bytes:
    """Return the header of a sound with its length filled in.

    Args:
        head: The first 44 bytes of a sound for which `is_unbounded` holds.
        size: Bytes of the whole sound with its header. A sound that is too long for a WAV
            header keeps the header that it has.
    """
    if size > _LONGEST:
        return head
    head = head[:4] + (size - 8).to_bytes(4, "little") + head[8:]
    if head[36:40] == b"data":
        head = head[:40] + (size - HEADER_BYTES).to_bytes(4, "little") + head[44:]
    return head
