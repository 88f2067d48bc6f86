"""`_protocol.values.filename`: safe names for files."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.values.filename import (
    LONGEST,
    ending_of,
    numbered,
    safe_name,
    shorten_name,
    type_of,
    upload_name,
)


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("cat.png", "cat.png"),
        ("ünï 文書 🎈.txt", "ünï 文書 🎈.txt"),
        ("../../etc/passwd", "passwd"),
        ("/absolute/path.txt", "path.txt"),
        ("folder/", "folder"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("C:a.txt", "a.txt"),
        ("\\\\host\\share\\a.txt", "a.txt"),
        ("a\0b\nc\x7f\x85d.txt", "a_b_c__d.txt"),
        ("txt.\u202egnp.exe", "txt._gnp.exe"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        (" . ", "file"),
        ("___", "file"),
        (None, "file"),
        (5, "file"),
        (".bashrc", "_.bashrc"),
        ("trailing. . ", "trailing"),
        ("  leading.txt", "leading.txt"),
        ("nul", "_nul"),
        ("NUL.txt", "_NUL.txt"),
        ("com1 .txt", "_com1 .txt"),
        ("lpt¹", "_lpt¹"),
        ("console.txt", "console.txt"),
        ("half \ud800.txt", "half ?.txt"),
    ],
)
def test_safe_name_stays_close_to_the_given_name(wish: object, name: str) -> None:
    """Folders are removed, characters that file systems refuse are replaced, the rest is kept."""
    assert safe_name(wish, windows=False) == name


def test_safe_name_leaves_out_what_windows_reserves() -> None:
    """Colons are removed, because on Windows they would name a stream of another file."""
    assert safe_name('a<b>c:d"e|f?g*.txt', windows=True) == "a_b_c_d_e_f_g_.txt"
    assert safe_name("a:b.txt", windows=True) == "b.txt"


def test_safe_name_of_nothing_has_the_types_ending() -> None:
    """A file without a name is named by its type."""
    assert safe_name(None, "image/jpeg") == "file.jpg"
    assert safe_name("", "no such/type") == "file"


@given(wish=st.text(max_size=400), windows=st.booleans())
def test_safe_name_stays_in_its_folder(wish: str, windows: bool) -> None:
    """For any name, the result is one short plain name, and stable."""
    name = safe_name(wish, windows=windows)
    assert name and name not in (".", "..")
    assert not set(name) & set("/\\\0\n\r")
    assert not name.startswith((".", " ")) and not name.endswith((".", " "))
    assert len(name.encode()) <= LONGEST + 1  # the mark of a device
    assert safe_name(name, windows=windows) == name
    assert Path("folder", name).parent == Path("folder")
    assert os.path.normpath(os.path.join("folder", name)) == os.path.join("folder", name)
    if windows:
        assert (PureWindowsPath("folder") / name).parent == PureWindowsPath("folder")
        assert name.partition(".")[0].strip().upper() not in ("CON", "PRN", "AUX", "NUL", "COM1")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("short.txt", "short.txt"),
        ("x" * 300 + ".txt", "x" * 6 + ".txt"),
        ("x" * 300, "x" * 10),
        ("." + "x" * 300, "." + "x" * 9),
        ("a." + "x" * 300, "a." + "x" * 8),
        ("…" * 100 + ".md", "……" + ".md"),
        ("abcde    fgh.txt", "abcde.txt"),
    ],
)
def test_shorten_name_keeps_the_ending_and_whole_characters(name: str, short: str) -> None:
    """A long name is shortened before its extension."""
    assert shorten_name(name, 10) == short


def test_numbered_names_go_before_the_ending() -> None:
    """A second file of the same name gets a number before its extension."""
    assert [numbered("cat.png", n) for n in range(3)] == ["cat.png", "cat-1.png", "cat-2.png"]
    assert numbered("LICENSE", 1) == "LICENSE-1"
    assert numbered(".x", 1) == ".x-1"


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.png", b"", "image/png"),
        ("A.WAV", b"", "audio/wav"),
        ("a.tar.gz", b"", None),
        ("a.unknown", b"", None),
        ("wav", b"", None),
        ("", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.unknown", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("a", b"\0\0\0\x18ftypisom", "video/mp4"),
        ("a", b"\xff\xfb\x90", "audio/mpeg"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "text/plain"),
        ("", b"just text", None),
    ],
)
def test_type_of_looks_at_the_name_then_at_the_content(
    name: str, head: bytes, kind: str | None
) -> None:
    """The type is that of a known extension, else that of the first bytes."""
    assert type_of(name, head) == kind


def test_ending_of_is_what_one_expects() -> None:
    """Common types have their usual extension, and unknown types have none."""
    assert ending_of("image/jpeg") == ".jpg"
    assert ending_of("text/plain; charset=utf-8") == ".txt"
    assert ending_of("image/gif") == ".gif"
    assert ending_of(None) == ending_of("") == ending_of("x/y") == ""


@pytest.mark.parametrize(
    ("wish", "name"),
    [("a.txt", "a.txt"), ("…….txt", "file…….txt"), ("?", "file?"), ("文.txt", "文.txt")],
)
def test_upload_name_keeps_something_on_every_server(wish: str, name: str) -> None:
    """A name that servers would reduce to its extension gets a stem."""
    assert upload_name(wish) == name
