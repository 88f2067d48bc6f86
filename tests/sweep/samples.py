"""Small real files, for the file names in printed calls."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from gradio_client_sync import handle_file
from tests.support.media import CLIP, png, wav

_JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c"
    "1912130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc000"
    "0b080001000101011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400"
    "b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c1"
    "1552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a63"
    "6465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6"
    "b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008"
    "010100003f00fbd2a28affd9"
)
_GIF = bytes.fromhex("47494638396101000100800000ff0000ffffff2c00000000010001000002024401003b")
_PDF = b"""%PDF-1.1
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("note.txt", "a note")
    return buffer.getvalue()


@cache
def _film() -> bytes:
    """Return a film of a second that players accept; a smaller one without FFmpeg."""
    if shutil.which("ffmpeg") is None:
        return CLIP.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        source = ("-f", "lavfi", "-i", "testsrc=duration=1:size=64x48:rate=10")
        command = ["ffmpeg", "-v", "error", *source, "-pix_fmt", "yuv420p", str(path)]
        subprocess.run(command, check=True)
        return path.read_bytes()


def content(suffix: str) -> bytes:
    """Return the content of a file with a suffix; a text for an unknown one."""
    known = {
        ".png": lambda: png(200, 60, 30, size=(64, 48)),
        ".webp": lambda: png(200, 60, 30, size=(64, 48)),
        ".jpg": lambda: _JPEG,
        ".jpeg": lambda: _JPEG,
        ".gif": lambda: _GIF,
        ".wav": lambda: wav(8000),
        ".mp3": lambda: wav(8000),
        ".mp4": _film,
        ".pdf": lambda: _PDF,
        ".csv": lambda: b"a,b\n1,2\n3,4\n",
        ".json": lambda: json.dumps({"a": 1}).encode(),
        ".zip": _zip,
        ".glb": lambda: b"glTF\x02\0\0\0\x0c\0\0\0",
        ".obj": lambda: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    }
    make = known.get(suffix.lower())
    return b"a note with text\n" if make is None else make()


class Samples:
    """The file of each name that a printed call has, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def handle_file(self, name: str) -> Any:
        """Return the attachment for a name, as `gradio_client_sync.handle_file` does."""
        if name.startswith(("http://", "https://")):
            name = name.rpartition("/")[2]
        path = self._folder / (Path(name).name or "file")
        if not path.exists():
            path.write_bytes(content(path.suffix))
        return handle_file(path)
