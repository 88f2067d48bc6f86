"""`_protocol.values.filedata`: files in the values of each generation."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.values.filedata import (
    DEEPEST,
    META,
    FileFacts,
    decode_data_url,
    encode_data_url,
    find_files,
    inline_form,
    is_link,
    may_hold_files,
    needs_inline,
    server_form,
)
from gradio_client_sync._protocol.values.slot import Slot
from tests.core.test_payload import endpoint_of
from tests.core.test_schema import json_values
from tests.support.transcripts import dialect_for

OLDEST, OLD, NEW = dialect_for("3.16.2"), dialect_for("3.50.2"), dialect_for("6.31.0")
PNG = "data:image/png;base64,iVBORw0KGgo="


def slot_of(kind: str) -> Slot:
    return Slot(1, kind, hidden=False, config={})


def found(value: Any, dialect: Any, kind: str | None = "json") -> tuple[Any, list[FileFacts]]:
    """Return a value with its files replaced by numbers, and the facts of each file."""
    facts: list[FileFacts] = []

    def make(one: FileFacts) -> str:
        facts.append(one._replace(sent=None))
        return f"file {len(facts)}"

    return find_files(value, slot_of(kind) if kind else None, dialect, make), facts


def filedata(**more: Any) -> dict[str, Any]:
    return {"path": "/tmp/a.png", "url": "http://x/file=/tmp/a.png", "meta": META, **more}


# -- files in results


def test_files_of_4x_are_objects_with_the_mark() -> None:
    """A file of 4.x keeps all fields that the server sends."""
    value, (facts,) = found(
        filedata(orig_name="a b.png", size=5, mime_type="image/png", is_stream=True), NEW
    )
    assert value == "file 1"
    assert facts == FileFacts(
        "/tmp/a.png", "http://x/file=/tmp/a.png", "a b.png", 5, "image/png", True, None
    )
    assert facts.name == "a b.png"


def test_files_keep_what_the_server_sent() -> None:
    """The facts of a file have the server's own value, in every form."""
    old = {"name": "/tmp/a.txt", "data": None, "is_file": True}
    forms: tuple[tuple[Any, Any, str | None], ...] = (
        (filedata(more=1), NEW, None),
        (old, OLD, None),
        (PNG, OLD, "image"),
        ("/tmp/a.txt", OLD, "uploadbutton"),
    )
    for value, dialect, kind in forms:
        slot = slot_of(kind) if kind else None
        assert find_files(value, slot, dialect, lambda facts: facts.sent) is value


def test_files_of_early_4x_are_known_by_their_keys() -> None:
    """Before 4.21 files have no mark and are known by their keys; a path alone is no file."""
    keys = {"path": "/tmp/a", "url": None, "size": None, "orig_name": None, "mime_type": None}
    assert found(keys, dialect_for("4.0.2"))[0] == "file 1"
    for less in ("url", "size", "orig_name"):
        partial = {key: part for key, part in keys.items() if key != less}
        assert found(partial, dialect_for("4.0.2")) == (partial, [])


@pytest.mark.parametrize("name", [{"orig_name": "audio.wav"}, {"orig_name": None}, {}])
def test_sounds_of_generators_are_files(name: dict[str, str | None]) -> None:
    """Servers of 3.50 to 4.22 mark a generator's sounds only as streams, and some lack a name."""
    early = {"path": "s/140/4", "is_stream": True, **name}
    orig_name = name.get("orig_name")
    kind = "audio/wav" if orig_name else None
    value, (facts,) = found(early, dialect_for("4.0.2"))
    assert value == "file 1" and facts.name == (orig_name or "audio")
    assert facts == FileFacts("s/140/4", None, orig_name, None, None, True, None)
    older = {"name": "s/140/4", "is_stream": True, "is_file": False, **name}
    value, (facts,) = found(older, OLD, "audio")
    assert value == "file 1" and facts.name == (orig_name or "audio")
    assert facts == FileFacts("s/140/4", None, orig_name, None, kind, True, None)
    for other in ({**early, "is_stream": "yes"}, {"path": None, "is_stream": True}):
        assert found(other, dialect_for("4.0.2")) == (other, [])


@pytest.mark.parametrize(
    "value",
    [
        {"path": "/etc/passwd"},
        {"path": "/tmp/a", "meta": {"_type": "another.Kind"}},
        {"path": "/tmp/a", "meta": "gradio.FileData"},
        {"path": None, "url": None, "meta": META},
        {"path": "", "url": 5, "meta": META},
        {"name": "/tmp/a", "data": None, "is_file": True},
        "/tmp/a.png",
        PNG,
        5,
        None,
        [],
    ],
)
def test_other_values_of_4x_are_no_files(value: Any) -> None:
    """Texts, similar objects and the forms of other generations are not files."""
    assert found(value, NEW, "image") == (value, [])


def test_files_of_4x_may_be_inline_or_links() -> None:
    """A data URL as ``url`` is the content, and a size of a wrong type is ignored."""
    assert found(filedata(url=PNG), NEW)[1][0].inline == PNG
    assert found(filedata(url=PNG), NEW)[1][0].url is None
    facts = found(filedata(path=None, size=True), NEW)[1][0]
    assert (facts.path, facts.size) == (None, None)
    assert found(filedata(size=-1), NEW)[1][0].size is None
    assert found(filedata(size="5"), NEW)[1][0].size is None


def test_files_are_found_at_any_depth_and_the_rest_is_shared() -> None:
    """Only containers of files are copied, and nothing is changed."""
    plain = {"deep": [1, {"x": "y"}]}
    value = {"a": [filedata(), plain, [filedata(), filedata()]], "b": plain, "c": filedata()}
    before = copy.deepcopy(value)
    new, facts = found(value, NEW)
    assert value == before and len(facts) == 4
    assert new == {"a": ["file 1", plain, ["file 2", "file 3"]], "b": plain, "c": "file 4"}
    assert new["b"] is plain and new["a"][1] is plain
    assert found(plain, NEW)[0] is plain


def test_files_too_deep_stay_as_they_are() -> None:
    """The search for files has a maximum depth."""
    value: Any = filedata()
    for _ in range(DEEPEST + 5):
        value = [value]
    assert found(value, NEW) == (value, [])


def test_values_nested_without_end_are_looked_through() -> None:
    """A value nested without end does not exhaust the stack."""
    value: Any = {"image": PNG}
    for _ in range(2 * sys.getrecursionlimit()):
        value = {"image": value}
    kept, facts = found(value, OLD, "image")
    assert kept["image"] is value["image"] and not facts


def test_files_of_3x_are_on_the_server_or_inline() -> None:
    """A file of 3.x is an object with a name on the server, or with a data URL."""
    on_server = {"name": "/tmp/a.txt", "data": None, "is_file": True, "orig_name": "b.txt"}
    assert found(on_server, OLD)[1] == [
        FileFacts("/tmp/a.txt", None, "b.txt", None, "text/plain", False, None)
    ]
    inline = {"name": "a", "data": PNG, "is_file": False, "size": 8}
    assert found(inline, OLD)[1] == [FileFacts("a", None, None, 8, "image/png", False, PNG)]
    subtitles = {"name": None, "data": "data:text/vtt;base64,", "is_file": False}
    assert found([subtitles], OLD)[1][0].name == "file.vtt"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "/tmp/a", "is_file": False, "data": "no data URL"},
        {"name": "/tmp/a", "is_file": False, "data": None},
        {"name": None, "is_file": True, "data": None},
        {"data": PNG, "is_file": False},
        {"name": "/tmp/a", "data": PNG},
        filedata(),
        {"image": PNG},
        PNG,
        "/tmp/a",
    ],
)
def test_other_values_of_3x_are_no_files(value: Any) -> None:
    """A data URL is a text, except where the output is an image."""
    assert found(value, OLD) == (value, [])
    assert found(value, OLD, None) == (value, [])


def test_images_of_3x_are_texts() -> None:
    """If the output is an image, a data URL is a picture, also in the parts of a sketch."""
    assert found(PNG, OLD, "image")[1] == [
        FileFacts(None, None, None, None, "image/png", False, PNG)
    ]
    assert found("data:,x", OLD, "image")[1][0].mime_type is None
    assert found("hello", OLD, "image") == ("hello", [])
    sketch, facts = found({"image": PNG, "mask": PNG, "note": "x"}, OLD, "image")
    assert sketch == {"image": "file 1", "mask": "file 2", "note": "x"} and len(facts) == 2


def test_upload_buttons_of_3x_send_a_path() -> None:
    """The output of an upload button of 3.x is the path of a file on the server."""
    assert found("/tmp/a.txt", OLD, "uploadbutton")[1] == [
        FileFacts("/tmp/a.txt", None, None, None, "text/plain", False, None)
    ]
    assert found("", OLD, "uploadbutton") == ("", [])


def test_may_hold_files_is_never_wrongly_false() -> None:
    """If the check of its bytes finds no file in a message, the message has none."""
    endpoint, button = endpoint_of("json"), endpoint_of("json")
    object.__setattr__(button, "outputs", (slot_of("uploadbutton"),))
    assert may_hold_files(b'{"path":"/tmp/a"}', endpoint.returns, NEW)
    assert may_hold_files(
        b'{"msg":"x","output":{"data":[{"path":"/tmp/a"}]}}', endpoint.returns, NEW
    )
    assert may_hold_files(
        b'{"output":{"data" : ["a", [{"url":"b","path":"/a"}]]}}', endpoint.returns, NEW
    )
    assert not may_hold_files(
        b'{"msg":"x","output":{"data":["path"],"a":1}}', endpoint.returns, NEW
    )
    assert not may_hold_files(b'{"is_file":true,"url":"data:,x"}', endpoint.returns, NEW)
    assert may_hold_files(b'{"is_file":true}', endpoint.returns, OLD)
    assert may_hold_files(b'["data:image/png;base64,"]', endpoint.returns, OLD)
    assert not may_hold_files(b'{"path":"/tmp/a"}', endpoint.returns, OLD)
    assert may_hold_files(b'["/tmp/a"]', button.returns, OLD)


@given(value=json_values)
def test_find_files_accepts_anything(value: Any) -> None:
    """Any value can be searched, and is not changed."""
    before = copy.deepcopy(value)
    for dialect in (OLD, NEW):
        for kind in ("json", "image", "uploadbutton"):
            found(value, dialect, kind)
    assert repr(value) == repr(before)  # NaN is not equal to itself


def test_is_link_looks_at_the_scheme() -> None:
    """Only http and https URLs are links."""
    assert is_link("https://x/a.png") and is_link("HTTP://x")
    assert not any(map(is_link, (None, "", "/tmp/http://x", "ftp://x/y", "file:///etc/passwd")))


# -- inline content


@given(content=st.binary(max_size=100))
def test_data_urls_hold_any_content(content: bytes) -> None:
    """Encoding and decoding returns the same content."""
    assert decode_data_url(encode_data_url(content, "text/plain")) == content


def test_data_urls_of_others_are_read() -> None:
    """Data URLs work with and without base64, parameters and a type."""
    assert decode_data_url("data:text/plain;charset=utf-8;base64,aGk=") == b"hi"
    assert decode_data_url("data:text/plain,a%20b") == b"a b"
    assert decode_data_url("data:,") == b""
    assert encode_data_url(b"", None) == "data:application/octet-stream;base64,"


@pytest.mark.parametrize("text", ["", "hello", "data:", "data:image/png;base64,a", PNG[:-1] + "!"])
def test_broken_data_urls_are_errors(text: str) -> None:
    """A data URL that is cut off is an error."""
    with pytest.raises(ValueError, match=r"data URL|base64"):
        decode_data_url(text)


# -- files in payloads


def test_needs_inline_where_nothing_can_be_uploaded() -> None:
    """Before 3.19 all files are sent inline, then only images, and since 4.0 none."""
    image, file = slot_of("image"), slot_of("file")
    assert needs_inline(file, OLDEST) and needs_inline(image, OLDEST)
    assert needs_inline(image, OLD) and not needs_inline(file, OLD)
    assert not needs_inline(image, NEW)


def test_inline_forms_of_3x() -> None:
    """On 3.x images are data URLs, and other files are objects with a name."""
    assert inline_form(slot_of("image"), b"hi", name="a.png", mime_type="image/png") == (
        "data:image/png;base64,aGk="
    )
    assert inline_form(slot_of("file"), b"hi", name="a.txt", mime_type=None) == {
        "name": "a.txt",
        "data": "data:application/octet-stream;base64,aGk=",
        "is_file": False,
        "orig_name": "a.txt",
    }


def test_server_forms_name_what_the_server_has() -> None:
    """A file on the server is named by its path; a link has its URL twice."""
    assert server_form(OLD, "/tmp/a", name="a.txt", size=5, mime_type="text/plain") == {
        "name": "/tmp/a",
        "data": None,
        "is_file": True,
        "orig_name": "a.txt",
        "mime_type": "text/plain",
    }
    assert server_form(NEW, "/tmp/a", name="a.txt", size=5) == {
        "path": "/tmp/a",
        "meta": META,
        "orig_name": "a.txt",
        "size": 5,
    }
    link = server_form(NEW, "https://x/a", name=None)
    assert link == {"path": "https://x/a", "url": "https://x/a", "meta": META}


def test_name_on_the_server_is_that_of_the_path() -> None:
    """The name in the path may differ from the app's; a stream or an inline file has none."""
    for path, is_stream, name in (
        ("/tmp/gradio/ab/report 1.txt", False, "report 1.txt"),
        ("C:\\\\temp\\\\a.txt", False, "a.txt"),
        ("https://example.com/b.png?x=/c", False, "b.png"),
        ("s/140/4", True, "shown.txt"),
        (None, False, "shown.txt"),
    ):
        facts = FileFacts(path, None, "shown.txt", None, None, is_stream, None)
        assert (facts.name, facts.server_name) == ("shown.txt", name)
