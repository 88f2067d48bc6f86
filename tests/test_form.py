"""Forms with files: any reader of the standard reads them back."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP

from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.form import FilePart, encode_form

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\%'))
VALUES = st.text(alphabet="ab -\r\né") | st.builds(FilePart, NAMES, st.binary(max_size=50))


@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=4))
def test_form_is_read_back(fields: list[tuple[str, str | FilePart]]) -> None:
    """Names, texts and files come out as they went in, byte for byte, in their order."""
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
    message = message_from_bytes(head + body, policy=HTTP)
    assert message.get_content_type() == "multipart/form-data"


def test_form_names_cannot_break_out() -> None:
    """Quotes and line ends in names are written as the HTML standard has it."""
    body = encode_form([('a"\r\nb', FilePart('c"\nd', b"x"))], "0")
    assert b'name="a%22%0D%0Ab"; filename="c%22%0Ad"' in body
    assert body.endswith(b"\r\n\r\nx\r\n--0--\r\n")


def test_form_takes_half_a_surrogate_pair() -> None:
    """Text that UTF-8 cannot carry is sent as a question mark, as pages send it."""
    assert b"a?b" in encode_form([("n", "a\ud800b")], "0")
