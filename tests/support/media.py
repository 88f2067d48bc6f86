"""Small real files of every medium to upload; no server produces the same contents itself."""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import wave
import zlib
from pathlib import Path

CLIP = Path(__file__).parent / "servers" / "tiny.mp4"


def can_take(version: str, endpoint: str) -> bool:
    """Return whether a server can read an endpoint's files; 4.0 needs FFmpeg for videos."""
    needs = version.startswith("4.0.") and endpoint.strip("/") == "take_video"
    return not needs or shutil.which("ffprobe") is not None


def png(red: int, green: int, blue: int, *, size: tuple[int, int] = (4, 3)) -> bytes:
    """Return a picture in one colour, with a comment that is lost when it is encoded again."""
    width, height = size
    rows = (b"\0" + bytes((red, green, blue)) * width) * height
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"tEXt", b"Comment\0made by a test"),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def wav(samples: int = 80, rate: int = 8000) -> bytes:
    """Return a sound with 16 bits and one channel."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{samples}h", *range(samples)))
    return buffer.getvalue()


FILES = {
    "cat.png": png(0, 128, 0),
    "dog.png": png(255, 255, 0),
    "say.wav": wav(),
    "clip.mp4": CLIP.read_bytes(),
    "said.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n",
    "note.txt": "a note with ünïcode\n".encode(),
    "mesh.glb": b"glTF\x02\0\0\0\x0c\0\0\0",
    "empty.txt": b"",
}

#: The name in `FILES` of each content.
NAMES = {hashlib.sha256(content).hexdigest(): name for name, content in FILES.items()}


def write_files(folder: Path) -> None:
    """Write `FILES` to a folder."""
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
