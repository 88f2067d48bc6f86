"""Texts that a stream can encode: plain signs, and escapes."""

from __future__ import annotations

import io
import sys

import pytest

from gradio_client_sync._basics.printing import (
    HANDLER,
    PLAIN,
    encodable,
    is_unicode,
    printable,
    survives_any_text,
)


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", r"a... \xe9 \u65e5 \U0001f600 -> - ok"),
        ("latin-1", "a... é \\u65e5 \\U0001f600 -> - ok"),
        ("cp1252", "a… é \\u65e5 \\U0001f600 -> - ok"),
        ("cp437", "a... é \\u65e5 \\U0001f600 -> ─ ok"),
        ("shift_jis", "a… \\xe9 日 \\U0001f600 -→ ─ ok"),
        ("utf-8", "a… é 日 \U0001f600 -→ ─ ok"),
        ("no such encoding", "a… é 日 \U0001f600 -→ ─ ok"),
    ],
)
def test_text_is_as_an_encoding_can_show_it(encoding: str, shown: str) -> None:
    """Only what the encoding lacks is replaced: own signs by plain ones, the rest by escapes."""

    class Stream:
        pass

    target = Stream()
    target.encoding = encoding  # type: ignore[attr-defined]
    assert encodable("a… é 日 \U0001f600 -→ ─ ok", target) == shown


def test_any_text_suits_a_stream_without_an_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """`io.StringIO`, and no standard output at all (pythonw), take any text."""
    for target in (io.StringIO(), None):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", target)
            shown = printable("日…")
        assert shown == "日…" and is_unicode(target)
    assert not is_unicode(stream("cp1252"))


def test_halves_of_surrogate_pairs_are_escaped_in_unicode_too() -> None:
    """UTF-8 has no half of a surrogate pair, and an app may send one."""
    assert encodable("\ud800é", stream("utf-8")) == "\\ud800é"


def test_plain_signs_are_ascii() -> None:
    """What stands for a sign can be encoded everywhere."""
    assert "".join(PLAIN.values()).isascii() and not any(map(str.isascii, PLAIN))


def test_stream_survives_any_text_only_in_the_block() -> None:
    """In the block, the stream replaces what it cannot encode; then it is as before."""
    target = stream("ascii")
    with survives_any_text(target), survives_any_text(io.StringIO()):
        target.write("日…")
    target.flush()
    assert target.buffer.getvalue() == b"\\u65e5..."  # type: ignore[attr-defined]
    assert target.errors == "strict"


def test_handler_is_for_encoding_only() -> None:
    """Bytes that cannot be decoded stay an error."""
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", HANDLER)
