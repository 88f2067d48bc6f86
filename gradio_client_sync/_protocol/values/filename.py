"""Safe names for files whose names come from a server or another program.

Such a name may contain folders, drive letters, and characters that a file system rejects or a
terminal obeys. It may also be too long for every file system. The functions here always return the
name of a file directly in its folder, valid on every operating system, and as close to the given
name as possible.
"""

from __future__ import annotations

import mimetypes
import os
import re

#: Bytes of UTF-8. File systems allow 255, and names get numbers and suffixes added.
LONGEST = 200

_SUFFIX_LONGEST = 40  # bytes; a longer part after the last dot does not count as a suffix

# Control characters, and characters that reverse the order of the text on the screen.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RESERVED = re.compile(r'[<>:"|?*]')  # by Windows
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|\Z)", re.I)

#: Types that `mimetypes` does not know everywhere, or for which it has an unusual suffix.
_ENDINGS = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "text/plain": ".txt",
    "video/mp4": ".mp4",
}
_TYPES = {
    ".flac": "audio/flac",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".ogg": "audio/ogg",
    ".parquet": "application/vnd.apache.parquet",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"fLaC", 0, "audio/flac"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"OggS", 0, "audio/ogg"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"glTF", 0, "model/gltf-binary"),
    (b"%PDF-", 0, "application/pdf"),
    (b"PK\x03\x04", 0, "application/zip"),
)


def safe_name(
    wish: object, mime_type: str | None = None, *, windows: bool = os.name == "nt"
) -> str:
    r"""Return a safe name for a file in one of the client's folders.

    Args:
        wish: The name to make safe; a value that is not a text counts as no name.
        mime_type: The MIME type, for the suffix of a file without a name.
        windows: Also replace the characters that Windows reserves. Names of Windows devices are
            changed on every system, because files get copied.

    Example:
        >>> safe_name("../../etc/passwd"), safe_name("C:\\a?b.txt"), safe_name("nul.txt")
        ('passwd', 'a?b.txt', '_nul.txt')
    """
    text = wish.encode("utf-8", "replace").decode() if isinstance(wish, str) else ""
    name = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    if re.match(r"[A-Za-z]:", name):
        name = name[2:]
    name = _UNFIT.sub("_", name)
    if windows:
        name = _RESERVED.sub("_", name)
    name = name.strip(" ").rstrip(" .")
    if name.startswith("."):
        name = f"_{name}"  # so it is not a hidden file or a program's settings file
    if not name.strip("_. "):
        return f"file{ending_of(mime_type)}"
    if _DEVICE.match(name):
        name = f"_{name}"
    return shorten_name(name)


def upload_name(wish: object) -> str:
    """Return a safe name for a file in an upload.

    Behaviour: servers up to 5.x remove every character that is not a letter, a digit, a space or
    one of ``._-``. If only a suffix is left, they refuse to serve the file.

    Example:
        >>> upload_name("#1.txt"), upload_name("?.txt")
        ('#1.txt', 'file?.txt')
    """
    name = safe_name(wish)
    stem = name.rpartition(".")[0] or name
    return name if any(map(str.isalnum, stem)) else f"file{name}"


def shorten_name(name: str, longest: int = LONGEST) -> str:
    """Return a name with at most `longest` bytes, with its suffix and whole characters."""
    if len(name.encode()) <= longest:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = f"{dot}{suffix}"
    if not stem or len(ending.encode()) > _SUFFIX_LONGEST:
        stem, ending = name, ""
    kept = stem.encode()[: longest - len(ending.encode())].decode("utf-8", "ignore")
    return f"{kept.rstrip(' .')}{ending}"


def numbered(name: str, number: int) -> str:
    """Return the name for a further file: ``cat.png``, ``cat-1.png``, ``cat-2.png``."""
    if number == 0:
        return name
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{number}{dot}{suffix}" if stem else f"{name}-{number}"


def type_of(name: str, head: bytes = b"") -> str | None:
    """Guess a MIME type from the suffix of a name, else from the first bytes of the content."""
    stem, dot, suffix = name.lower().rpartition(".")
    known = _TYPES.get(f".{suffix}") if stem and dot else None
    guess = known or mimetypes.guess_type(f"x.{suffix}" if dot else "x")[0]
    if guess is not None:
        return guess
    return next((kind for magic, at, kind in _MAGIC if head[at:].startswith(magic)), None)


def ending_of(mime_type: str | None) -> str:
    """Return the usual suffix of a MIME type's files; empty if there is none."""
    kind = (mime_type or "").partition(";")[0].strip().lower()
    return _ENDINGS.get(kind) or mimetypes.guess_extension(kind) or ""
