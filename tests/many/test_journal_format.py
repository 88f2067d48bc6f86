"""The lines of a journal: reading returns the written values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import errors
from gradio_client_sync._many.journal_format import (
    Header,
    ItemKey,
    Recorded,
    changes_between,
    hashed_in,
    is_unfinished_header,
    key_in,
    line_of,
    recorded_in,
)
from gradio_client_sync._protocol.values.filedata import FileFacts
from gradio_client_sync.errors import AppError, GradioClientError, ValidationError

KEY = ItemKey("0123456789abcdef" * 2, 3, '["é", "\\ud800"]')

_TEXTS = st.text(st.characters(exclude_categories=()))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(_TEXTS, parts, max_size=3),
    max_leaves=8,
)


@given(st.lists(_VALUES, max_size=4))
def test_format_keeps_every_result(data: list[Any]) -> None:
    """A line is one line, and has the result, the payload and the numbers that it was made of."""
    line = line_of(KEY, Recorded.of_data(data, 0.25, 2, 1e9, updates={1: {"value": data}}))
    assert line.endswith(b"}\n") and line.count(b"\n") == 1 and b"\0" not in line
    assert key_in(line) == KEY.text
    recorded = recorded_in(line)
    assert recorded is not None
    assert recorded.restored_data(lambda facts, saved: None) == data
    assert recorded.restored_updates() == {1: {"value": data}}
    assert recorded.restored_error() is None
    assert (recorded.seconds, recorded.attempts, recorded.time) == (0.25, 2, 1e9)
    assert (recorded.index, recorded.payload) == (3, ["é", "\ud800"])


class _File:
    """A file of a result, as `_many` sees it."""

    is_stream = True

    def __json__(self) -> dict[str, Any]:
        return {"url": "http://h/a", "path": "/a", "orig_name": "a", "size": 1, "mime_type": None}


def test_format_restores_files_where_they_were() -> None:
    """Files become objects again at any depth, and dicts that look like files stay dicts."""
    alike = _File().__json__()
    recorded = Recorded.of_data(
        [{"deep": [_File(), 1]}, alike], 0, 1, 0, saved_path=lambda file: "/saved/a"
    )
    line = line_of(KEY, recorded)
    assert json.loads(line)["data"][0]["deep"][0] == {
        **alike,
        "is_stream": True,
        "saved": "/saved/a",
    }
    found = recorded_in(line)
    assert found is not None
    data = found.restored_data(lambda facts, saved: (facts, saved))
    facts = FileFacts("/a", "http://h/a", "a", 1, None, True, None)
    assert data == [{"deep": [(facts, "/saved/a"), 1]}, alike]
    assert found.restored_data(lambda facts, saved: (facts, saved)) == data


def test_format_keeps_content_that_came_with_a_result() -> None:
    """The content of a file that the server sent inside the result is in the line."""
    inline = "data:text/plain;base64,aGk="

    class Inline(_File):
        is_stream = False

        def __json__(self) -> dict[str, Any]:
            return {"url": inline, "path": None, "orig_name": "b.txt", "size": 2, "mime_type": "t"}

    found = recorded_in(line_of(KEY, Recorded.of_data([Inline()], 0, 1, 0)))
    assert found is not None
    [(facts, saved)] = found.restored_data(lambda facts, saved: (facts, saved))
    assert (facts.inline, facts.url, saved) == (inline, None, None)


# -- errors


def _again(error: BaseException) -> BaseException:
    recorded = recorded_in(line_of(KEY, Recorded.of_error(error, 0, 1, 0)))
    assert recorded is not None and recorded.data is None
    restored = recorded.restored_error()
    assert restored is not None
    return restored


@pytest.mark.parametrize("name", errors.__all__)
def test_format_keeps_errors_with_their_attributes(name: str) -> None:
    """An error of this package comes back as the same class, with the attributes of JSON types."""
    kind = getattr(errors, name)
    error = kind("what happened", endpoint="/f", event_id="e")
    restored = _again(error)
    assert type(restored) is kind and restored.args == error.args
    assert vars(restored) == vars(error)


def test_format_keeps_attributes_of_every_shape() -> None:
    """Keys that JSON does not have, and tuples, are restored. Other objects are left out."""
    refused = ValidationError("refused", parameters={None: "all", "a": "one"})
    assert vars(_again(refused)) == vars(refused)
    missing = errors.EndpointNotFoundError("missing", candidates=("/a", "/b"))
    assert vars(_again(missing)) == vars(missing)
    failed = errors.ProtocolError("odd", raw=object(), endpoint="/f")
    failed.__dict__.update(index=5, payload=[1], other=2)  # noted by a map, and by the user
    assert vars(_again(failed)) == {"endpoint": "/f"}
    app = AppError("It failed.", message="m", title="t", duration=2.5, visible=False)
    assert vars(_again(app)) == vars(app)


def test_format_keeps_errors_of_other_packages_as_far_as_possible() -> None:
    """Python's own errors keep their class. Others become a `GradioClientError` that names it."""
    value = _again(ValueError("odd"))
    assert type(value) is ValueError and value.args == ("odd",)

    class OwnError(Exception):
        pass

    for error, text in (
        (OwnError("mine"), "OwnError: mine"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "odd"), "UnicodeDecodeError: utf-8"),
        (SystemExit(3), "SystemExit: 3"),
        (OwnError(), "OwnError: "),
    ):
        restored = _again(error)
        assert type(restored) is GradioClientError and restored.args == (text,)


# -- lines that cannot be read


def test_format_reads_only_whole_lines() -> None:
    """No beginning of a line counts as an item, nor does a line of another kind."""
    line = line_of(KEY, Recorded.of_data(["x}", {"a": 1}], 0, 1, 0))
    for end in range(len(line) - 1):
        assert recorded_in(line[:end]) is None
    assert recorded_in(line[:-1]) is not None
    for other in (b"", b"[]\n", b"5\n", b"{}\n", b'{"key": "x"}\n', b"\xff\n"):
        assert recorded_in(other) is None and key_in(other) is None
    assert key_in(b'{"key": "short"}\n') is None
    assert key_in(line[:-3]) is None
    both = json.dumps({**json.loads(line), "error": {}}).encode()
    assert recorded_in(both) is None


def test_format_finds_large_files_without_parsing_other_lines() -> None:
    """The hashes of large files are in the line of their item."""
    hashed = (("/a/ü", 5, 6, "f00"), ("/b", 7, 8, "bad"))
    key = ItemKey(KEY.text, 0, None, hashed)
    line = line_of(key, Recorded.of_data([], 0, 1, 0))
    assert tuple(hashed_in(line)) == hashed
    assert hashed_in(line[:-3]) == hashed_in(line_of(KEY, Recorded.of_data([], 0, 1, 0))) == []
    recorded = recorded_in(line)
    assert recorded is not None and recorded.payload is None


# -- the header


def test_header_is_read_as_it_was_written() -> None:
    """A header keeps name or number of the endpoint, and any fingerprint."""
    for header in (Header("/é", "f"), Header(3, None), Header("/a", "f", 7)):
        line = header.line()
        assert line.endswith(b"}\n") and Header.of(line) == header == Header.of(line[:-1])
        for end in range(len(line) - 1):
            assert Header.of(line[:end]) is None
            assert is_unfinished_header(line[:end])
            assert is_unfinished_header(line[:end] + b"\0\0")
    for other in (b"a,b\n", b"{}\n", b'{"journal": "gradio_client_sync"}\n', b'{"key": "'):
        assert Header.of(other) is None
        assert not is_unfinished_header(other)


def test_changes_between_fingerprints_are_said() -> None:
    """Changes between JSON fingerprints are described; for other texts there is no description."""
    kept = json.dumps(((("a", "str", True),), ("str",)))
    now = json.dumps(((("b", "str", True),), ("str",)))
    assert changes_between("/f", kept, now) == ": '/f': parameter 'a' is now called 'b'"
    assert changes_between("/f", kept, kept) == ""
    for odd in ("sha:1", "5", "[1, 2]", "[[], 5]"):
        assert changes_between("/f", kept, odd) == ""
