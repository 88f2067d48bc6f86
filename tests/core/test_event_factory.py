"""`EventFactory`: makes the events of one job from decoded values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.translation import Translations
from gradio_client_sync._protocol.queue.decode import Decoder
from gradio_client_sync.errors import ProtocolError
from gradio_client_sync.events import Data, Log, Render, Status
from tests.core.test_decode import details_of, events_of, frame_of, only_status, scribe_for
from tests.support.transcripts import EPOCH, run, talks_of, versions_of

# -- errors of the app


@pytest.mark.parametrize("version", versions_of("gr_error"))
def test_quirk_13_errors_of_every_generation(version: str) -> None:
    """The text of an error has no quotes; newer releases send title, duration and visibility."""
    status = run(talks_of(version, "gr_error")[0]).last
    fields: dict[str, Any] = {"success": False, "message": "dur", "title": "Error"}
    if version in ("4.44.1", "5.50.0", "6.31.0"):
        fields |= {"duration": 5, "visible": False}
    if version in ("5.50.0", "6.31.0"):
        fields["title"] = "Oops"
    assert status.stage == "error"
    assert details_of(status) == fields


@pytest.mark.parametrize("version", versions_of("plain_exception"))
def test_error_of_a_plain_exception(version: str) -> None:
    """An exception other than ``gr.Error`` has only a text before 6.0."""
    status = run(talks_of(version, "plain_exception")[0]).last
    assert (status.message, status.title, status.duration) == ("plain x", "Error", None)
    assert status.visible is (True if version == "6.31.0" else None)


@pytest.mark.parametrize(
    "text",
    ["boom", "it's", 'say "hi"', 'it\'s "both"', "", "two\nlines\t\\ end\r", "ü \x00 \u2028 😀"],
)
def test_quirk_13_quotes_are_taken_off_whole(text: str) -> None:
    """A server before 5.2 sends the repr of the text, and users get the text."""
    assert scribe_for("4.44.1").app_text(repr(text)) == text
    assert scribe_for("4.44.1").app_text(ascii(text)) == text
    assert scribe_for("5.50.0").app_text(repr(text)) == repr(text)


@given(st.text(st.characters()))
def test_quirk_13_quotes_of_any_text(text: str) -> None:
    """Any text comes back unchanged from its quoted form."""
    assert scribe_for("3.50.2").app_text(repr(text)) == text


@given(st.text(st.sampled_from("'\"\\abnxu01 \n+"), max_size=12))
def test_quirk_13_no_text_breaks_the_unquoting(text: str) -> None:
    """A text that is not one quoted text is not changed."""
    bare = scribe_for("3.50.2").app_text(text)
    assert bare == text or (isinstance(bare, str) and len(bare) <= len(text) - 2)


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "'",
        "''boom''",
        "'a' is not 'b'",
        "'a' 'b'",
        "'a' in \"b'",
        '"a"b"',
        "'''boom'''",
        "'C:\\data'",
        "'\\d'",
        "'line\nbreak'",
        "'\\U00110000'",
        "'open",
        "b'bytes'",
    ],
)
def test_quirk_13_what_is_not_one_quoted_text_stays(text: str) -> None:
    """A message that only begins and ends with quotes keeps them."""
    assert scribe_for("3.50.2").app_text(text) == text


@pytest.mark.parametrize(
    ("error", "message"),
    [(None, "An error occurred"), ("", "An error occurred"), (5, "5"), (["a"], "['a']")],
)
def test_quirk_13_error_texts_of_several_shapes(error: Any, message: str) -> None:
    """``null`` means that the app hides its errors, and any other value is shown as text."""
    output = {"error": error, "title": None, "duration": "x", "visible": None}
    status = only_status(
        events_of({"msg": "process_completed", "success": False, "output": output})
    )
    assert (status.stage, status.message, status.title) == ("error", message, "Error")


def test_error_counts_even_if_success_is_claimed() -> None:
    """An output with an error is an error even with success, and so is a failure without text."""
    for message in ({"success": True, "output": {"error": "x"}}, {"success": False, "output": {}}):
        status = only_status(events_of({"msg": "process_completed", **message}))
        assert (status.stage, status.success) == ("error", False)


# -- a direct call


def test_answer_of_a_direct_call_is_not_queued() -> None:
    """The events of a direct call are the same, with ``queue`` False in the status."""
    output = {"data": ["a"], "render_config": {"x": 1}}
    data, render, status = scribe_for().answer(EPOCH, output, files=False, queue=False, eta=1.5)
    assert isinstance(data, Data) and isinstance(render, Render) and isinstance(status, Status)
    assert (status.queue, status.eta) == (False, 1.5)
    with pytest.raises(ProtocolError, match="end of '/f' without a list"):
        scribe_for().answer(EPOCH, {"data": 5}, files=False, queue=False)


def test_texts_of_the_app_are_translated() -> None:
    """Values, errors, titles and messages have no marks of ``gr.I18n``."""
    mark = '__i18n__{"__type__": "translation_metadata", "key": "a"}'
    events = scribe_for()
    events.translate = Translations({"en": {"a": "text"}}, []).value
    data = events.data(EPOCH, [mark], files=False)
    assert data.data == ["text"]
    status = events.failure(EPOCH, {"error": mark, "title": mark})
    assert (status.message, status.title) == ("text", "text")
    [log] = Decoder(events).events(frame_of({"msg": "log", "log": mark, "title": mark}))
    assert isinstance(log, Log) and (log.log, log.title) == ("text", "text")
    bar = {"index": 1, "length": 2, "unit": "steps", "progress": None, "desc": mark}
    message = {"msg": "progress", "progress_data": [bar]}
    status = only_status(Decoder(events).events(frame_of(message)))
    assert status.progress_data is not None and status.progress_data[0].desc == "text"
