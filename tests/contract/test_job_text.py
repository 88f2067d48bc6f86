"""`Job.text`: the new pieces of texts and chats that grow."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import Client, Data, PayloadError
from gradio_client_sync._basics.outputs import Outputs
from gradio_client_sync._job.text import TextPieces, has_text, said
from gradio_client_sync.errors import AppError
from gradio_client_sync.events import TextPiece
from tests.conftest import GENERATIONS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import CHATS, Server

NOW = datetime(2024, 5, 1, tzinfo=timezone.utc)
GROWN = "once upon a time there was"


def results(*values: Any) -> list[Data]:
    return [Data([value], "/f", 1, NOW) for value in values]


def pieces_of(*values: Any) -> list[tuple[str, bool]]:
    """Return the pieces of an output with these values, and whether each restarts."""
    return [(str(piece), piece.restarts) for piece in TextPieces(results(*values), 0)]


def joined(pieces: Iterable[TextPiece]) -> list[str]:
    """Return each text that the pieces give: one, and one more after each restart."""
    texts = [""]
    for piece in pieces:
        if piece.restarts:
            texts.append("")
        texts[-1] += piece
    return texts


# -- pure


def test_pieces_are_what_is_new() -> None:
    """A text that continues gives its new end; any other text is given whole, as a restart."""
    assert pieces_of("a", "ab", "ab", "abcd") == [("a", False), ("b", False), ("cd", False)]
    assert pieces_of("ab", "aXb", "aX", "", "c") == [
        *(("ab", False), ("aXb", True), ("aX", True), ("", True), ("c", False))
    ]
    assert pieces_of("", None, "a") == [("a", False)]
    assert pieces_of() == pieces_of("", None) == []


def test_pauses_are_empty_pieces() -> None:
    """If pauses are wanted, a pause and a value without new text are pieces without text."""
    values = [*results("a"), None, *results("a", "ab"), None]
    assert list(TextPieces(values, 0, pauses=True)) == ["a", "", "", "b", ""]


@given(
    st.lists(st.text(st.sampled_from("ab"), max_size=4), max_size=12), st.sets(st.integers(0, 9))
)
def test_pieces_join_to_every_value(values: list[str], gaps: set[int]) -> None:
    """After each value, the pieces since the last restart are that value, whatever was missed."""
    text = ""

    def watched() -> Any:
        for number, data in enumerate(results(*values)):
            if number in gaps:
                pieces.note_gap()
            yield data
            seen.append(data[0])
            assert text == data[0]

    seen: list[str] = []
    pieces: TextPieces = TextPieces(watched(), 0)
    for piece in pieces:
        text = piece if piece.restarts else text + piece
    assert seen == values


def test_piece_after_a_gap_restarts() -> None:
    """After lost values, a piece is the whole text, even if it continues the text before."""
    values = iter(results("a", "abc", "abcd"))

    def missing() -> Any:
        yield next(values)
        pieces.note_gap()
        yield from values

    pieces: TextPieces = TextPieces(missing(), 0)
    found = [(str(piece), piece.restarts) for piece in pieces]
    assert found == [("a", False), ("abc", True), ("d", False)]
    late = TextPieces(results("", "ab", "abc"), 0)
    late.note_gap()
    assert [(str(piece), piece.restarts) for piece in late] == [("ab", True), ("c", False)]


def messages(*contents: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": content} for content in contents]


PART = {"type": "text", "text": "part"}
FILE = {"type": "file", "file": object()}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([], ""),
        ([["hi", "there"], ["you", "grow"]], "grow"),
        ([["hi", "there"], ["you", None]], "you"),
        ([("hi", "there")], "there"),
        ([[None, object()]], ""),
        ([["hi", {"file": object(), "alt_text": None}]], ""),
        (messages("a", "grow"), "grow"),
        (messages("a", ""), ""),
        (messages("a", None), ""),
        (messages([PART]), "part"),
        (messages([PART, FILE, PART]), "partpart"),
        (messages(["one", FILE, "two"]), "onetwo"),
        (messages(PART), "part"),
        (messages(FILE), ""),
        (messages(object()), ""),
        ([{"content": [PART]}], "part"),
        ([PART, FILE], "part"),
        ({"role": "assistant", "content": "grow"}, "grow"),
        ({"text": "grow", "files": []}, "grow"),
        (5, None),
        (True, None),
        ({}, None),
        ({"label": "cat", "confidences": []}, None),
        ({"text": 5}, None),
        ([1, 2], None),
        ([[1, 2]], None),
        (["a", "b"], None),
        (messages(5), None),
        (object(), None),
    ],
)
def test_said_is_the_last_message(value: Any, text: str | None) -> None:
    """The text of a chat is that of its last message, in the form of each release."""
    found = said(value)
    assert (None if found is None else found[1]) == text
    assert has_text(Data([value], "/f", 1, NOW)) is (text is not None)
    assert not has_text(Data([], "/f", 1, NOW))


def test_new_message_restarts_the_text() -> None:
    """A new last message is another text, also if it begins like the one before."""
    assert pieces_of(
        messages("hi"), messages("hi", ""), messages("hi", "hi"), messages("hi", "high")
    ) == [*(("hi", False), ("", True), ("hi", False), ("gh", False))]
    assert pieces_of([["hi", None]], [["hi", "hi"]], [["hi", "high"]]) == [
        *(("hi", False), ("hi", True), ("gh", False))
    ]


def test_update_without_a_value_leaves_the_text() -> None:
    """``None`` because of an update that keeps the value is not an empty text."""
    update = {"visible": True, "__type__": "update"}
    kept = Data([None], "/f", 1, NOW, {0: update})
    kept.__dict__["_origin"] = Outputs(shown=(("textbox", "out"),), ids=(1,))
    values = [*results("ab"), kept, *results("abc")]
    assert joined(TextPieces(values, 0)) == joined(TextPieces(values, -1)) == ["abc"]
    assert list(TextPieces([kept], "out")) == []


def test_output_without_text_is_named() -> None:
    """The error names the endpoint, what its output is, and its other outputs."""
    with pytest.raises(
        PayloadError, match=r"Output 0 of '/f' is not .* but an int\. .*text\(output="
    ):
        pieces_of(5)
    with pytest.raises(PayloadError, match=r"'/f' has no output 1\. Its only output") as raised:
        list(TextPieces(results("a"), 1))
    assert (raised.value.endpoint, raised.value.parameter) == ("/f", "output")
    with pytest.raises(PayloadError, match="has no output 'x'"):
        list(TextPieces(results("a"), "x"))


def test_piece_is_a_text() -> None:
    """A piece is a `str` with one more attribute, also after a pickle."""
    piece = pickle.loads(pickle.dumps(TextPiece("a", restarts=True)))
    assert piece == "a" and isinstance(piece, str) and piece.restarts is True
    assert TextPiece("a").restarts is TextPiece().restarts is False
    assert not hasattr(piece, "__dict__")


# -- on real servers


@pytest.fixture
def app(request: pytest.FixtureRequest, server_pool: ServerPool) -> Any:
    with Client(server_pool.get(request.param, app=(CHATS,)).url) as client:
        yield client


every_generation = pytest.mark.parametrize("app", GENERATIONS, indirect=True)


def has(app: Client, endpoint: str) -> bool:
    return endpoint in app.view_api()["named_endpoints"]


@pytest.mark.gradio
@every_generation
@pytest.mark.parametrize("endpoint", ["/grow", "/prose"])
def test_text_grows(app: Client, endpoint: str) -> None:
    """The pieces of a growing text are its words, joined they are the result."""
    job = app.submit(endpoint, ["x"])
    if job.result()[0].startswith("<p>"):
        # 3.23 makes HTML of Markdown, so no value continues the one before.
        assert joined(job.text())[-1] == job.result()[0]
        assert all(piece.restarts for piece in list(job.text())[1:])
        return
    pieces = list(job.text())
    assert [str(piece) for piece in pieces] == ["once", *(f" {word}" for word in GROWN.split()[1:])]
    assert not any(piece.restarts for piece in pieces)
    assert "".join(pieces) == job.result()[0] == GROWN
    assert list(job.text()) == pieces  # a late loop gets the first piece first


@pytest.mark.gradio
@every_generation
def test_text_is_rewritten(app: Client) -> None:
    """Edits at the end, in the middle, at the start and of the whole text give whole texts."""
    job = app.submit("/rewrite", ["x"])
    assert joined(job.text()) == ["Hello wrld", "Hello world", "Oh, hello world", "Oh", "Newer"]
    assert job.result()[0] == "Newer"


@pytest.mark.gradio
@every_generation
def test_text_is_kept_by_an_update(app: Client) -> None:
    """A ``gr.update`` that does not change the value does not change the text."""
    assert joined(app.submit("/keep", ["x"]).text()) == ["once"]


@pytest.mark.gradio
@every_generation
def test_text_of_another_output(app: Client) -> None:
    """The output is chosen by number or label; one without text is an error that names it."""
    for output in (1, -1, "out"):
        assert joined(app.submit("/with_label", ["x"]).text(output)) == [GROWN]
    with app.submit("/with_label", ["x"]) as job:
        with pytest.raises(PayloadError, match=r"\[0\] 'number', \[1\] 'out'"):
            list(job.text())


@pytest.mark.gradio
@every_generation
@pytest.mark.parametrize("endpoint", ["/pairs", "/messages", "/both"])
def test_text_of_a_chat(app: Client, endpoint: str) -> None:
    """The text of a chat is that of its last message; each new message restarts it."""
    if not has(app, endpoint):
        pytest.skip(f"the chatbot of this release has no {endpoint[1:]}")
    output = "Chat" if endpoint == "/both" else 0
    job = app.submit(endpoint, ["hi"])
    texts = joined(job.text(output))
    assert texts[0] == "hi" and texts[-1] == GROWN
    assert len(texts) in (2, 3) and texts[1:-1] in ([], ["think hard"])
    last = said(job.result()[output])
    assert last is not None and last[1] == GROWN


@pytest.mark.gradio
@every_generation
def test_text_of_a_chat_interface(app: Client) -> None:
    """The endpoint of a ``gr.ChatInterface`` gives the growing reply."""
    if not has(app, "/chat"):
        pytest.skip("gr.ChatInterface came with 3.37")
    assert joined(app.submit("/chat", ["hi"]).text()) == [GROWN]


@pytest.mark.gradio
@every_generation
def test_result_without_outputs_names_the_hidden_ones(app: Client) -> None:
    """The error for an output of a function that only keeps state says that it is hidden."""
    result = app.predict("/only_state", ["x"])
    assert result == []
    for wrong in (0, -1):
        with pytest.raises(IndexError, match=r"'/only_state' has no output .* hidden: state\.$"):
            result[wrong]
    with pytest.raises(PayloadError, match="hidden: state"):
        list(app.submit("/only_state", ["x"]).text())


@pytest.mark.gradio
@pytest.mark.client_only
def test_text_raises_what_the_job_raises(server: Server) -> None:
    """After the last piece, the loop raises the error of the job."""
    with Client(server.url) as app:
        pieces = app.submit("/fail_midway", [3]).text()
        assert [next(pieces), next(pieces), next(pieces)] == ["0", "1", "2"]
        with pytest.raises(AppError, match="midway"):
            next(pieces)


@pytest.mark.gradio
@pytest.mark.client_only
def test_text_of_a_job_that_lost_messages(server: Server, key: str) -> None:
    """A loop that is too slow for the job's history restarts, and still ends with the result."""
    with Client(server.url, history=3) as app:
        job = app.submit("/endless_growing", [key])
        pieces = job.text()
        text = next(pieces)
        assert not text.restarts
        server.control.call("await_count", key, "ticks", 30)
        server.control.release(key)
        final = job.result()[0]
        rest = list(pieces)
        late = list(job.text())
    assert rest[0].restarts and late[0].restarts
    assert joined(late)[-1] == final
    assert joined(rest)[-1] == final


@pytest.mark.gradio
@pytest.mark.client_only
def test_text_is_checked_when_it_is_asked_for(server: Server) -> None:
    """A wrong kind of output is refused at once."""
    with Client(server.url) as app:
        job = app.submit("/echo", ["x"])
        for wrong in (1.0, None, True, [0]):
            with pytest.raises(TypeError, match="output has to be the number or label"):
                job.text(wrong)  # type: ignore[arg-type]
        assert list(job.text()) == ["x"]
