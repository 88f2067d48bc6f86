"""`_protocol.values.multipart`: forms with files, and the frame around uploaded files."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.values.multipart import FilePart, Part, encode_form, frame_of

BOUNDARY = "a0b1c2d3e4f5"


def body_of(parts: list[Part], contents: list[bytes]) -> tuple[bytes, str, int | None]:
    frame = frame_of(parts, BOUNDARY)
    pieces = [head + content for head, content in zip(frame.heads, contents)]
    return b"".join(pieces) + frame.tail, frame.content_type, frame.length


def parsed(body: bytes, content_type: str) -> list[tuple[str | None, str, bytes]]:
    """Parse it with the standard library's email parser, which has the same format."""
    header = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(header + body)
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


def test_frame_of_files_is_read_as_meant() -> None:
    """Each file has its name, type and content, and the length is that of the complete body."""
    contents = [b"\x89PNG\0\r\n--x", b""]
    parts = [Part("cat.png", "image/png", len(contents[0])), Part("a b.txt", "text/plain", 0)]
    body, content_type, length = body_of(parts, contents)
    assert length == len(body)
    assert parsed(body, content_type) == [
        ("cat.png", "image/png", contents[0]),
        ("a b.txt", "text/plain", b""),
    ]
    assert body.count(b'name="files"') == 2


def test_frame_of_a_stream_has_no_length() -> None:
    """A file of unknown size makes the length unknown."""
    assert frame_of([Part("a", None, 1), Part("b", None, None)], BOUNDARY).length is None


@pytest.mark.parametrize(
    "kind", [None, "", "nonsense", "text/plain\r\nX-Evil: 1", "a/b; c", "text/plain; x=y z"]
)
def test_frame_writes_invalid_types_as_bytes(kind: str | None) -> None:
    """A type that could add a header is replaced."""
    (head,) = frame_of([Part("a", kind, 0)], BOUNDARY).heads
    assert b"Content-Type: application/octet-stream\r\n\r\n" in head
    assert b"Evil" not in head


def test_frame_keeps_the_parameters_of_a_type() -> None:
    """The parameters of a type, such as a charset, are kept."""
    (head,) = frame_of([Part("a", "text/plain; charset=utf-8", 0)], BOUNDARY).heads
    assert b"Content-Type: text/plain; charset=utf-8\r\n\r\n" in head


@given(name=st.text(st.characters(exclude_categories=["Cs"])), size=st.integers(0, 50))
def test_frame_has_one_line_for_a_name(name: str, size: int) -> None:
    """A name cannot end its quotes or its line."""
    frame = frame_of([Part(name, "text/plain", size)], BOUNDARY)
    lines = frame.heads[0].split(b"\r\n")
    assert len(lines) == 5 and lines[3:] == [b"", b""]
    quoted = lines[1].partition(b'filename="')[2]
    assert quoted.endswith(b'"') and quoted.count(b'"') == 1
    assert b"\n" not in quoted and b"\r" not in quoted
    assert frame.length == len(frame.heads[0]) + size + len(frame.tail)


# -- complete forms


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\%'))
VALUES = st.text(alphabet="ab -\r\né") | st.builds(FilePart, NAMES, st.binary(max_size=50))


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=4))
def test_form_is_read_back(fields: list[tuple[str, str | FilePart]]) -> None:
    """Names, texts and files of a form can be read back byte by byte, in order."""
    body = encode_form(fields, "boundary0123456789")
    head = b'Content-Type: multipart/form-data; boundary="boundary0123456789"\r\n\r\n'
    pieces = body.split(b"--boundary0123456789")
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    read = []
    for piece in pieces[1:-1]:
        _, _, content = piece.partition(b"\r\n\r\n")
        read.append(content[: -len(b"\r\n")])
    sent = [v.content if isinstance(v, FilePart) else v.encode() for _, v in fields]
    assert read == sent
    message = message_from_bytes(head + body, policy=policy.HTTP)
    assert message.get_content_type() == "multipart/form-data"


def test_form_names_cannot_break_out() -> None:
    """Quotes and line ends in names are escaped as in the HTML standard."""
    body = encode_form([('a"\r\nb', FilePart('c"\nd', b"x"))], "0")
    assert b'name="a%22%0D%0Ab"; filename="c%22%0Ad"' in body
    assert body.endswith(b"\r\n\r\nx\r\n--0--\r\n")


def test_form_takes_half_a_surrogate_pair() -> None:
    """Text that UTF-8 cannot encode is sent with question marks, as browsers do."""
    assert b"a?b" in encode_form([("n", "a\ud800b")], "0")
