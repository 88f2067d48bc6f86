"""`Decoder`: makes the events for users from messages."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue.decode import EVENT_MESSAGES, Decoder
from gradio_client_sync._protocol.queue.diff import DiffAccumulator
from gradio_client_sync._protocol.queue.event_factory import EventFactory, moment
from gradio_client_sync._protocol.queue.statuses import (
    STATUS_MESSAGES,
    status_of,
)
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.errors import ProtocolError
from gradio_client_sync.events import Data, Event, Log, Render, Status
from tests.core.test_wire import JSON
from tests.support.transcripts import (
    EPOCH,
    PROTOCOLS,
    dialect_for,
    endpoint_for,
    frame_of,
    run,
    talks_of,
    versions_of,
)

BARE = {"type", "stage", "queue", "endpoint", "fn_index", "time"}


def scribe_for(version: str = "6.31.0", **dependency: Any) -> EventFactory:
    return EventFactory(endpoint_for(version, **dependency), dialect_for(version))


def details_of(status: Event) -> dict[str, Any]:
    """Return the fields of a status that are set, without those that each status has."""
    return {k: v for k, v in vars(status).items() if v is not None and k not in BARE}


def events_of(message: dict[str, Any], version: str = "6.31.0", **dependency: Any) -> list[Event]:
    return Decoder(scribe_for(version, **dependency)).events(frame_of(message))


def only_status(events: list[Event]) -> Status:
    (status,) = events
    assert isinstance(status, Status)
    return status


# -- every event


def test_event_has_its_endpoint_and_time() -> None:
    """Each event has its endpoint, its number and its time of arrival in UTC."""
    talk = talks_of("6.31.0", "logs")[0]
    frames = iter([f for f in talk.frames if f.msg in EVENT_MESSAGES])
    for event in run(talk).events[:-2]:
        assert event.endpoint == "/f"
        assert event.fn_index == talk.body["fn_index"]
        assert event.time == datetime.fromtimestamp(next(frames).time, timezone.utc)
        assert event.time.utcoffset() is not None
    assert moment(EPOCH).isoformat() == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("msg", ["heartbeat", "close_stream", "send_hash", "send_data", "alive?"])
def test_event_free_messages_make_none(msg: str) -> None:
    """Messages that concern only the protocol give no event, and are not parsed."""
    assert Decoder(scribe_for()).events(Message(msg, None, b"not JSON", EPOCH)) == []


def test_event_messages_are_the_status_messages_and_logs() -> None:
    """Events come from the messages that have a status, and from logs."""
    assert set(EVENT_MESSAGES) == {*STATUS_MESSAGES, "log"}


# -- values


@pytest.mark.parametrize("version", versions_of("stream_input"))
def test_values_of_streaming_input_are_whole(version: str) -> None:
    """Results of a stream of input are complete values, and never edits."""
    talk = talks_of(version, "stream_input")[0]
    event_factory = talk.event_factory(("textbox", "state"), connection="stream")
    assert Decoder(event_factory).diffs is None
    outcome = run(talk, event_factory)
    assert outcome.stages == ["pending", "streaming", "complete"]
    last = {"5.50.0": "4", "6.31.0": "3"}[version]
    assert outcome.values == [["1"], ["2"], ["3"], [last]]
    limits = [e.time_limit for e in outcome.events if getattr(e, "stage", "") == "streaming"]
    assert len(limits) == 3 and all(0 < limit <= 5 for limit in limits if limit is not None)


def test_state_outputs_are_not_shown() -> None:
    """The server's ``null`` for a state is not among the outputs."""
    for msg in ("process_generating", "process_completed"):
        events = events_of(
            {"msg": msg, "success": True, "output": {"data": [None, "out"]}},
            outputs=("state", "textbox"),
        )
        (data,) = (e for e in events if isinstance(e, Data))
        assert data.data == ["out"]


@pytest.mark.parametrize("msg", ["process_generating", "process_completed"])
def test_value_of_an_update_is_the_output(msg: str) -> None:
    """The value of an update is the output, and the same object is in the updates."""
    file = {"path": "/tmp/a.png", "meta": {"_type": "gradio.FileData"}}
    sent = [{"__type__": "update", "value": file, "label": "x"}, {"__type__": "update"}, file, 5]
    event_factory = scribe_for(outputs=("image", "textbox", "file", "number"))
    event_factory.make_file = lambda facts: [facts.path]
    message = {"msg": msg, "success": True, "output": {"data": sent}}
    (data,) = (e for e in Decoder(event_factory).events(frame_of(message)) if isinstance(e, Data))
    assert data.data == [["/tmp/a.png"], None, ["/tmp/a.png"], 5]
    assert data.updates[0] == {"__type__": "update", "value": ["/tmp/a.png"], "label": "x"}
    assert data.updates[0]["value"] is data[0]
    assert data.updates[1] == {"__type__": "update"} and set(data.updates) == {0, 1}


def test_update_has_files_beside_its_value() -> None:
    """Files in other parts of an update, such as subtitles, are objects too."""
    file = {"path": "/tmp/a.vtt", "meta": {"_type": "gradio.FileData"}}
    update = {"__type__": "update", "value": 1, "subtitles": file}
    message = {"msg": "process_completed", "success": True, "output": {"data": [update]}}
    event_factory = scribe_for(outputs=("video",))
    for make, wanted in ((None, file), (lambda facts: [facts.path], ["/tmp/a.vtt"])):
        event_factory.make_file = make
        data = Decoder(event_factory).events(frame_of(message))[0]
        assert isinstance(data, Data) and data.updates[0] == {**update, "subtitles": wanted}


@pytest.mark.parametrize("output", [{}, {"data": None}, {"data": "text"}, {"data": {"0": 1}}])
def test_value_that_is_missing_costs_no_status(output: dict[str, Any]) -> None:
    """An intermediate message without values still gives a status."""
    assert only_status(events_of({"msg": "process_generating", "output": output})).stage == (
        "generating"
    )


def test_value_that_does_not_fit_is_left_out() -> None:
    """After edits that cannot be applied, values are left out until a complete one arrives."""
    decoder = Decoder(scribe_for())
    steps = [["a"], [[["append", ["x"], "b"]]], [[["append", [], "c"]]], [[["replace", [], "d"]]]]
    values = []
    for step in steps:
        events = decoder.events(frame_of({"msg": "process_generating", "output": {"data": step}}))
        assert isinstance(events[0], Status) and events[0].stage == "generating"
        values.append([e.data for e in events if isinstance(e, Data)])
    assert values == [[["a"]], [], [], [["d"]]]


@pytest.mark.parametrize("version", ["3.50.2", "4.0.2", "4.12.0"])
def test_values_of_old_servers_are_never_edits(version: str) -> None:
    """Before 4.17 a list that looks like edits is a value."""
    decoder = Decoder(scribe_for(version))
    assert decoder.diffs is None
    for value in ("a", [["append", [], "b"]]):
        message = {"msg": "process_generating", "output": {"data": [value]}}
        decoder.skip(frame_of(message))
        data = decoder.events(frame_of(message))[1]
        assert isinstance(data, Data) and data.data == [value]


@pytest.mark.parametrize("scenario", ["count3", "tokens5", "diffs", "two_generators", "logs"])
def test_decoder_may_skip(scenario: str) -> None:
    """A reader that skips some messages gets the same events for the others."""
    talk = talks_of("4.21.0" if scenario == "diffs" else "6.31.0", scenario)[-1]
    event_factory = talk.event_factory(("json", "textbox") if scenario == "diffs" else ("textbox",))
    frames = talk.frames
    reader = Decoder(event_factory)
    all_events = [reader.events(frame) for frame in frames]
    for start in range(len(frames)):
        skipper = Decoder(event_factory)
        for frame in frames[:start]:
            skipper.skip(frame)
        resumed = Decoder(event_factory, skipper.diffs)
        for decoder in (skipper, resumed):
            events = [decoder.events(frame) for frame in frames[start:]]
            assert [list(map(vars, e)) for e in events] == [
                list(map(vars, e)) for e in all_events[start:]
            ]


STEPS = st.fixed_dictionaries(
    {
        "msg": st.sampled_from(["process_generating", "process_streaming", "log", "estimation"]),
        "output": st.fixed_dictionaries(
            {},
            optional={
                "data": st.lists(
                    st.lists(
                        st.tuples(
                            st.sampled_from(["append", "replace", "delete"]),
                            st.just([]),
                            st.text("ab", max_size=2),
                        ),
                        max_size=2,
                    ),
                    max_size=2,
                )
                | st.none()
            },
        ),
        "success": st.booleans(),
    }
)


@given(st.lists(STEPS, max_size=6), st.integers(0, 6))
def test_decoder_skips_exactly_what_it_would_have_read(
    messages: list[dict[str, Any]], start: int
) -> None:
    """Skipping and reading leave a decoder in the same state, also after odd messages."""
    frames = [frame_of(message) for message in messages]
    reader, skipper = Decoder(scribe_for()), Decoder(scribe_for())
    for frame in frames[:start]:
        reader.events(frame)
        skipper.skip(frame)
    for frame in frames[start:]:
        assert list(map(vars, reader.events(frame))) == list(map(vars, skipper.events(frame)))


def test_decoder_does_not_touch_the_state_it_starts_from() -> None:
    """A decoder does not change the state with which it starts."""
    state = DiffAccumulator()
    state.receive(["a"])
    frame = frame_of({"msg": "process_generating", "output": {"data": [[["append", [], "b"]]]}})
    for _ in range(2):
        data = Decoder(scribe_for(), state).events(frame)[1]
        assert isinstance(data, Data) and data.data == ["ab"]


def test_decoder_skip_wants_an_output() -> None:
    """Skipping a message without an output raises `ProtocolError`."""
    with pytest.raises(ProtocolError):
        Decoder(scribe_for()).skip(frame_of({"msg": "process_generating", "output": None}))


# -- logs and renders


LOGS = [("inf hey", "info"), ("warn", "warning"), ("ok", "success")]
EXTRAS = {"4.44.1": (True, False), "5.50.0": (True, True), "6.31.0": (True, True)}


@pytest.mark.parametrize("version", versions_of("logs"))
def test_log_has_the_fields_of_its_generation(version: str) -> None:
    """Duration and visibility came with 4.37, titles with 5.2."""
    events = run(talks_of(version, "logs")[0]).events
    logs = [e for e in events if isinstance(e, Log)]
    shown, titled = EXTRAS.get(version, (False, False))
    assert [(e.log, e.level) for e in logs] == LOGS[: len(logs)]
    assert len(logs) == (3 if titled else 2)
    assert [e.duration for e in logs] == ([10.0, 3.0, 10.0] if shown else [None] * 3)[: len(logs)]
    assert {e.visible for e in logs} == ({True} if shown else {None})
    assert [e.title for e in logs] == (["Info", "Warning", "T"] if titled else [None] * len(logs))


@pytest.mark.parametrize(
    ("message", "log", "level"),
    [
        ({}, "", "info"),
        ({"log": 5, "level": None}, "5", "None"),
        ({"log": {"a": 1}, "title": 5, "duration": "5", "visible": 1}, "{'a': 1}", "info"),
    ],
)
def test_log_of_odd_fields(message: dict[str, Any], log: str, level: str) -> None:
    """A log is text, whatever the server sent, and other fields of a wrong type are None."""
    (event,) = events_of({"msg": "log", **message})
    assert isinstance(event, Log)
    assert (event.log, event.level) == (log, level)
    assert (event.title, event.duration, event.visible) == (None, None, None)


@pytest.mark.parametrize("version", versions_of("render"))
def test_render_comes_between_value_and_end(version: str) -> None:
    """A render event comes after the value and before the end."""
    events = run(talks_of(version, "render")[0]).events[-3:]
    assert [e.type for e in events] == ["data", "render", "status"]
    assert isinstance(events[1], Render)
    assert events[1].data["dependencies"][0]["api_name"] == "rendered"


def test_render_may_come_with_an_intermediate_value() -> None:
    """An intermediate message may have a render; a ``render_config`` of a wrong type is ignored."""
    output = {"data": [None], "render_config": {"layout": {}}}
    events = events_of({"msg": "process_generating", "output": output})
    assert [e.type for e in events] == ["status", "data", "render"]
    for odd in (None, [], "x", 5):
        output["render_config"] = odd
        events = events_of({"msg": "process_generating", "output": output})
        assert [e.type for e in events] == ["status", "data"]


# -- hostile servers

FIELDS = (
    "msg event_id rank queue_size rank_eta eta progress_data output success code message log level "
    "title duration visible time_limit session_not_found used_cache cache_duration avg_time"
).split()

DEEP: Any = "x"
for _ in range(300):  # this can be parsed, but is deeper than the search for files
    DEEP = [DEEP]

HOSTILE = (
    JSON
    | st.sampled_from([10**400, -(10**30), float("nan"), float("inf"), DEEP, "'quoted'", "'\\x'"])
    | st.dictionaries(
        st.sampled_from(
            "data error title duration visible render_config changed_state_ids".split()
        ),
        JSON
        | st.just(DEEP)
        | st.lists(
            st.lists(
                st.tuples(
                    st.sampled_from(["append", "add", "delete", "replace"]),
                    st.lists(st.sampled_from(["a", 0, -1, None]), max_size=2),
                    JSON | st.just(DEEP),
                ),
                max_size=2,
            ),
            max_size=2,
        ),
    )
)
MESSAGES = st.builds(
    lambda msg, fields: {**fields, "msg": msg},
    st.sampled_from(sorted(EVENT_MESSAGES)),
    st.dictionaries(st.sampled_from([*FIELDS, "output", "output"]), HOSTILE, max_size=5),
)


@given(st.lists(MESSAGES, max_size=5), st.sampled_from(list(PROTOCOLS)), st.booleans())
def test_decoder_survives_hostile_messages(
    messages: list[dict[str, Any]], version: str, skipping: bool
) -> None:
    """Whatever the fields contain, there are events or a `ProtocolError`."""
    event_factory = scribe_for(version)
    decoder = Decoder(event_factory)
    for message in messages:
        frame = frame_of(message)
        try:
            if skipping:
                decoder.skip(frame)
            events = decoder.events(frame)
        except ProtocolError:
            continue
        assert all(isinstance(event, (Data, Status, Log, Render)) for event in events)
        if frame.msg in STATUS_MESSAGES:
            assert isinstance(status_of(event_factory, frame), Status)


def test_decoder_shows_whatever_it_can_read() -> None:
    """A value that can just be parsed can also be shown as text."""
    decoder = Decoder(scribe_for("3.50.2"))
    raw: dict[str, bytes] = {}
    for depth in range(100, 1000, 5):
        nested = b"[" * depth + b"]" * depth
        raw["log"] = b'{"msg":"log","log":%s}' % nested
        raw["process_completed"] = (
            b'{"msg":"process_completed","success":false,"output":{"error":%s}}' % nested
        )
        for msg, text in raw.items():
            try:
                (event,) = decoder.events(Message(msg, None, text, EPOCH))
            except ProtocolError:
                continue
            shown = event.log if isinstance(event, Log) else getattr(event, "message", None)
            assert isinstance(shown, str) and shown.startswith("[[")
