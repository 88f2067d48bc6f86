"""The same calls through the JavaScript client and through ours give the same events.

Both sides are written in one form: an event is a line of JSON with its fields. Absent, undefined,
``null`` and ``None`` count as the same. Times and durations that the server measures only have to
be present. If there are several estimations in a row, only the last one is compared.

`DIFFERENCES` lists all intended differences. Each entry names its cases and servers, and changes
the JavaScript client's events into those expected of ours. An entry that changes nothing fails,
because the difference no longer exists. docs/javascript.md has the same names.

On 4.0.2 the JavaScript client cannot queue anything. There the oracle repairs its requests. So the
test compares how it handles the messages, and not that it works.
"""

from __future__ import annotations

import concurrent.futures
import copy
import json
import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Callable

import pytest

from gradio_client_sync import Client, Job
from tests.conftest import SERVERS
from tests.support.generations import app_constant, has
from tests.support.listeners import BOUND, EventRecorder
from tests.support.oracle.oracle import Oracle
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import MISTAKES, Server

MISSING = Oracle.available()

DOCS = Path(__file__).parents[2] / "docs" / "javascript.md"
MEASURED = ("eta", "avg_time", "cache_duration", "time_limit")  # in seconds, measured by the server
FINAL = ("complete", "error")

Events = list[dict[str, Any]]


# -- the calls


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        endpoint: An ``int`` is the position in the config, which is not its number on every server.
        slotted: The payload for 0.2.1, which needs a value for each state component.
        event_data: The data of the event that the call stands for.
        trigger: The label of that event's component.
    """

    endpoint: str | int
    payload: Sequence[Any]
    slotted: Sequence[Any] | None = None
    event_data: Any = None
    trigger: str | None = None


@dataclass(frozen=True)
class Case:
    """Calls of one session, one after the other.

    Attributes:
        needs: The feature that a server must have.
        cancels: Cancel the call at its first value.
        chunks: Further inputs: one is sent after each value, and then the stream is closed.
    """

    name: str
    calls: tuple[Call, ...]
    needs: str | None = None
    cancels: bool = False
    chunks: tuple[Sequence[Any], ...] | None = None


KEY = "(a key of this test's own)"


def single(name: str, endpoint: str | int, payload: Sequence[Any], **options: Any) -> Case:
    return Case(name, (Call(endpoint, payload),), **options)


CASES = (
    single("echo", "/echo", ["hi"]),
    single("several outputs", "/pair", ["abc"]),
    single("no outputs", "/nothing", ["x"]),
    single("by number", 6, ["y"]),
    single("batch", "/batch", ["x"], needs="batch"),
    single("generator", "/count", [3]),
    single("tokens", "/tokens", [3]),
    single("chat", "/chat", [3]),
    single("table", "/table", [3]),
    single("structure", "/structure", [6]),
    single("empty generator", "/empty", []),
    single("gr.Error", "/fail", ["boom"]),
    single("exception", "/crash", ["bad"]),
    single("error midway", "/fail_midway", [2]),
    single("validator", "/validated", ["x"], needs="validators"),
    single("progress", "/progress", [3]),
    single("logs", "/logs", ["x"], needs="logs"),
    Case(
        "state",
        (
            Call("/counter", [], [None]),
            Call("/counter", [], [None]),
            Call("/counter_middle", ["t", 2], ["t", None, 2]),
        ),
    ),
    single("render", "/apply", ["a label"], needs="render"),
    single("direct", "/direct", ["abc"]),
    single("direct gr.Error", "/direct_fail", ["boom"]),
    single("cancel", "/endless", [KEY], cancels=True),
    single("input stream", "/stream", ["a", 1], needs="input streams", chunks=(["b", 2], ["c", 0])),
)

#: These run on a server with a queue of one job that hides the texts of errors.
HIDDEN = single("hidden exception", "/crash", ["secret"])
FULL = single("queue full", "/echo", ["hi"])
REFUSING = ("6.31.0", "4.12.0", "4.0.2", "3.50.2")  # one release for each form of a refusal

#: With 2.7.0 these calls never end.
ENDLESS_THERE = tuple((version, "cancel") for version in ("4.0.2", "4.12.0", "4.19.2", "4.21.0"))

COMPARED = [
    pytest.param(version, case, id=f"{version}-{case.name}")
    for version in SERVERS
    for case in CASES
    if (case.needs is None or has(version, case.needs))
    and (version, case.name) not in ENDLESS_THERE
]


# -- the intended differences


@dataclass(frozen=True)
class Difference:
    """An intended difference.

    Attributes:
        name: Its name in docs/javascript.md, which explains it.
        cases: The names of the cases that it affects.
        on: Tells for a version whether the difference exists there.
        adapt: Changes the JavaScript client's events into those expected of ours.
    """

    name: str
    cases: frozenset[str]
    on: Callable[[str], bool]
    adapt: Callable[[Events], None]


def difference(
    name: str, cases: str, on: Callable[[str], bool] = lambda version: True
) -> Callable[[Callable[[Events], None]], Difference]:
    """Make a `Difference` from a function; ``cases`` are separated by commas."""
    return lambda adapt: Difference(name, frozenset(cases.split(", ")), on, adapt)


def on_3(version: str) -> bool:
    return has(version, "websocket")


def on_4(version: str) -> bool:
    return not on_3(version)


def quoted(version: str) -> bool:
    return not has(version, "titles")


def failed(events: Events) -> dict[str, Any]:
    """Return the status of the failure."""
    assert events[-1]["stage"] == "error", events[-1]
    return events[-1]


RUN = (
    "echo, several outputs, no outputs, by number, batch, generator, tokens, chat, table, "
    "structure, empty generator, gr.Error, exception, error midway, progress, logs, state, "
    "render, input stream, hidden exception"
)


@difference("start of the run", f"{RUN}, cancel", lambda version: has(version, "shared stream"))
def start(events: Events) -> None:
    for event in events:
        event.pop("original_msg", None)


@difference("time of every event", "logs, render")
def times(events: Events) -> None:
    for event in events:
        if event["type"] in ("log", "render"):
            event["time"] = "(time)"


@difference("number as endpoint", "by number", on_4)
def number(events: Events) -> None:
    for event in events:
        assert event["endpoint"] == "/predict", event
        event["endpoint"] = "/unnamed_event"


@difference("number as endpoint", "by number", on_3)
def bare_number(events: Events) -> None:
    for event in events:
        assert event["endpoint"] == "/predict", event
        event["endpoint"] = event["fn_index"]


@difference("quotes", "gr.Error, error midway", quoted)
def quotes(events: Events) -> None:
    message = failed(events)["message"]
    assert message[0] == message[-1] == "'", message
    failed(events)["message"] = message[1:-1]


@difference("title on Gradio 3", "gr.Error, exception, error midway, hidden exception", on_3)
def title(events: Events) -> None:
    assert "title" not in failed(events)
    failed(events)["title"] = "Error"


@difference("hidden text on Gradio 3", "hidden exception", on_3)
def hidden_text(events: Events) -> None:
    assert "message" not in failed(events)
    failed(events)["message"] = "An error occurred"


def detail(events: Events, **fields: Any) -> None:
    """Add the details that the server sends to a direct error; remove the quotes from its text."""
    assert not set(fields) & set(failed(events))
    failed(events).update(message="boom", **fields)


@difference("direct errors", "direct gr.Error", lambda v: on_4(v) and not has(v, "shown"))
def direct_error(events: Events) -> None:
    detail(events, title="Error")


@difference("direct errors", "direct gr.Error", lambda v: quoted(v) and has(v, "shown"))
def shown_direct_error(events: Events) -> None:
    detail(events, title="Error", duration=7, visible=True)


@difference("direct errors", "direct gr.Error", lambda v: has(v, "titles"))
def titled_direct_error(events: Events) -> None:
    detail(events, title="Oops", duration=7, visible=True)


@difference("direct errors on Gradio 3", "direct gr.Error", on_3)
def direct_error_on_3(events: Events) -> None:
    assert "undefined" in failed(events)["message"], "it has the app's text now"
    detail(events, title="Error", broken=False)


@difference("full queue", "queue full", lambda version: not has(version, "shared stream"))
def full_queue(events: Events) -> None:
    assert re.match(r"This application is (currently|too) busy\.", failed(events)["message"])
    failed(events)["message"] = "The app's queue is full. Try again later."


@difference("full queue", "queue full", lambda version: has(version, "shared stream"))
def full_queue_with_detail(events: Events) -> None:
    assert failed(events)["message"].startswith("This application is currently busy.")
    failed(events)["message"] = (
        "The queue for '/echo' is full (Queue is full. Max size is 1 and size is 1.); "
        "the job did not run. Try again later."
    )


@difference("validator's message", "validator")
def validator(events: Events) -> None:
    (verdict,) = failed(events)["message"]
    failed(events)["message"] = (
        f"The app refused the values for '/validated': {verdict['parameter_name']}: "
        f"{verdict['message']}"
    )


@difference("state slots of 0.2.1", "state", on_3)
def state_slots(events: Events) -> None:
    for event in events:
        if event["type"] == "data":
            event["data"].remove(None)


@difference("outputs without a value", "render")
def valueless(events: Events) -> None:
    (data,) = (event for event in events if event["type"] == "data")
    assert data["data"] == [None]
    data["data"] = []


@difference("shrinking lists", "table", lambda version: has(version, "edit lists"))
def shrinking_table(events: Events) -> None:
    values = [event["data"] for event in events if event["type"] == "data"]
    for rows, [value] in zip(app_constant("TABLES"), values):
        value.update(headers=[f"c{column}" for column in range(len(rows[0]))], data=rows)


@difference("shrinking lists", "structure", lambda version: has(version, "edit lists"))
def shrinking_structure(events: Events) -> None:
    values = [event["data"] for event in events if event["type"] == "data"]
    for index, structure in enumerate(app_constant("STRUCTURES")):
        values[index][0] = structure


@difference("cancelled jobs", "cancel")
def cancelled(events: Events) -> None:
    """3.x: it emits less. 4.22 and later: it fails at the response, which has no values."""
    last = events[-1]
    assert last.get("message") in (None, "An Unexpected Error Occurred!"), last
    last.update(stage="complete", queue=False, success=False, message="Cancelled.")
    last.pop("broken", None)


def heard_to_the_end(events: Events, **fields: Any) -> None:
    """In the JavaScript client, the last event is the result of the last chunk."""
    last = events[-1]
    assert last["type"] == "data", last
    status = {"type": "status", "stage": "complete", "queue": True, "changed_state_ids": []}
    same = {name: last[name] for name in ("endpoint", "fn_index", "time")}
    events += [dict(last), {**status, **same, **fields}]


@difference("end of an input stream", "input stream", lambda v: not has(v, "private"))
def end_of_stream(events: Events) -> None:
    heard_to_the_end(events)


@difference("end of an input stream", "input stream", lambda v: has(v, "private"))
def timed_end_of_stream(events: Events) -> None:
    heard_to_the_end(events, avg_time="(seconds)", cache_duration="(seconds)")


DIFFERENCES = (
    start,
    times,
    number,
    bare_number,
    quotes,
    title,
    hidden_text,
    direct_error,
    shown_direct_error,
    titled_direct_error,
    direct_error_on_3,
    full_queue,
    full_queue_with_detail,
    validator,
    state_slots,
    valueless,
    shrinking_table,
    shrinking_structure,
    cancelled,
    end_of_stream,
    timed_end_of_stream,
)


def expected(case: Case, version: str, theirs: Events) -> Events:
    """Return the events expected of ours, from those of the JavaScript client."""
    for entry in DIFFERENCES:
        if case.name in entry.cases and entry.on(version):
            before = copy.deepcopy(theirs)
            entry.adapt(theirs)
            assert theirs != before, f"{entry.name!r} is no difference any more"
    return theirs


# -- one form for both


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without empty fields."""
    shown = {name: value for name, value in event.items() if value is not None}
    if "time" in shown:
        moment = shown["time"]
        if isinstance(moment, str):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment), moment
        else:
            assert isinstance(moment, datetime) and moment.utcoffset() == timedelta(0), moment
        shown["time"] = "(time)"
    for name in MEASURED:
        if name in shown:
            assert type(shown[name]) in (int, float), shown
            shown[name] = "(seconds)"
    if "progress_data" in shown:
        shown["progress_data"] = [
            {name: value for name, value in bar.items() if value is not None}
            for bar in shown["progress_data"]
        ]
    if shown["type"] == "render":
        shown["data"] = renumbered(shown["data"])
    return shown


def of_python(event: Any) -> dict[str, Any]:
    """Return one of our events as a dict of its fields."""
    names = [field.name for field in fields(event) if not field.name.startswith("_")]
    values = {name: getattr(event, name) for name in names if name != "updates"}  # only ours has it
    if values.get("progress_data") is not None:
        values["progress_data"] = [vars(bar) for bar in values["progress_data"]]
    return plain({"type": event.type, **values})


def renumbered(config: dict[str, Any]) -> Any:
    """Return a rendered config with its own numbering: the app counts over all sessions."""
    components = {entry["id"]: f"component {i}" for i, entry in enumerate(config["components"])}
    functions = {entry["id"]: f"function {i}" for i, entry in enumerate(config["dependencies"])}

    def walk(value: Any, key: str, owners: dict[Any, str]) -> Any:
        """Replace ids by the names in ``owners``; components and functions are counted apart."""
        if isinstance(value, dict):
            return {
                name: walk(item, name, functions if name == "dependencies" else components)
                if name != "id"
                else owners.get(item, item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [walk(item, key, owners) for item in value]
        if key in ("inputs", "outputs", "targets", "components", "dependencies"):
            return owners.get(value, value)
        return value

    return walk(config, "", components)


def tidy(case: Case, events: Events) -> Events:
    """Remove events that depend on the speed of server and client."""
    kept: Events = []
    for event in events:
        last = kept[-1] if kept else {}
        if "progress_data" in event:
            # The server checks for progress every 0.1 s, and may miss a step.
            (bar,) = event["progress_data"]
            assert bar["desc"] == f"step {bar['index']}", bar
            bar.update(index="(index)", desc="step (index)")
            if event == last:
                continue
        if "size" in event and "size" in last:
            kept.pop()
        kept.append(event)
    if case.cancels:
        values = [index for index, event in enumerate(kept) if event["type"] == "data"]
        end = next(event for event in kept if event.get("stage") in FINAL)
        kept = [*kept[: values[0] + 1], end]
        for event in kept:
            event.pop("eta", None)  # depends on earlier calls
    return kept


def lines(events: Events) -> list[str]:
    """Return each event as text; numbers look as in JavaScript, which has no 1.0."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: walk(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [walk(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return [json.dumps(walk(event), sort_keys=True) for event in events]


# -- the two sides


def position(client: Client, call: Call) -> str | int:
    """Return the endpoint in the form that both clients accept."""
    if isinstance(call.endpoint, str):
        return call.endpoint
    return client.config["dependencies"][call.endpoint].get("id", call.endpoint)


def trigger(client: Client, call: Call) -> int | None:
    """Return the number of the component whose event a call stands for."""
    components = client.config["components"]
    if call.trigger is None:
        return None
    return next(c["id"] for c in components if c["props"].get("label") == call.trigger)


def payload(values: Sequence[Any], key: str) -> list[Any]:
    return [key if value is KEY else value for value in values]


class Listener(EventRecorder):
    """A listener that gets all events of a job, in order.

    It adds the listeners for the other kinds at the first status, which comes before any other
    event. An event reaches a listener that another listener adds in its right position.
    """

    def __init__(self, job: Job, case: Case) -> None:
        super().__init__()
        self._job = job
        self._cancels = case.cancels
        self._chunks = None if case.chunks is None else list(case.chunks)
        job.on("status", self)

    def __call__(self, event: Any) -> None:
        super().__call__(event)
        if len(self.events) == 1:
            for kind in ("data", "log", "render"):
                self._job.on(kind, self)
        if self._cancels and event.type == "data":
            self._job.cancel()
        if self._chunks:
            if event.type == "data":
                self._job.send_chunk(self._chunks.pop(0))
        elif self._chunks is not None and event.type == "data":
            self._job.close_stream()


def through_python(client: Client, case: Case, key: str) -> Events:
    """Return the events of a case through our client."""
    events: Events = []
    for call in case.calls:
        job = client.submit(
            position(client, call),
            payload(call.payload, key),
            event_data=call.event_data,
            trigger_id=trigger(client, call),
        )
        listener = Listener(job, case)
        listener.wait_for(lambda event: event.type == "status" and event.stage in FINAL)
        assert concurrent.futures.wait([job], BOUND).done
        assert job.cancelled() is case.cancels
        events += map(of_python, listener.events)
    return events


def through_javascript(
    oracle: Oracle, client: Client, version: str, case: Case, key: str
) -> Events:
    """Return the events of a case through the JavaScript client."""
    events: Events = []
    for call in case.calls:
        slotted = call.slotted if on_3(version) and call.slotted is not None else call.payload
        events += oracle.events(
            "0" if on_3(version) else "2",
            client.url,
            position(client, call),
            payload(slotted, key),
            cancel_after=1 if case.cancels else None,
            chunks=case.chunks,
            event_data=call.event_data,
            trigger_id=trigger(client, call),
            session=case.name if case.cancels or case.chunks else None,
            timeout=BOUND,
        )
    return list(map(plain, events))


def compare(oracle: Oracle, client: Client, version: str, case: Case, key: str = "") -> None:
    """Run a case through both clients, and compare the events."""
    theirs = tidy(case, through_javascript(oracle, client, version, case, key))
    ours = tidy(case, through_python(client, case, key))
    assert lines(ours) == lines(expected(case, version, theirs))


def warm_up(url: str, version: str, cases: Sequence[Case]) -> None:
    """Call each function once, because some fields need an average of earlier calls."""
    with Client(url) as client:
        jobs = [
            client.submit(
                position(client, call),
                call.payload,
                isolated=True,
                event_data=call.event_data,
                trigger_id=trigger(client, call),
            )
            for case in cases
            if not case.cancels and (case.needs is None or has(version, case.needs))
            for call in case.calls
        ]
        for job in jobs:
            if job.endpoint == "/stream":
                job.close_stream()
        assert not concurrent.futures.wait(jobs, BOUND).not_done


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle() as running:
        yield running


@pytest.fixture(scope="module")
def warm_server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return a server on which each function has run once."""
    version: str = request.param
    server = server_pool.get(version)
    warm_up(server.url, version, CASES)
    return server


# -- the tests


def needs_oracle(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that runs servers and both clients."""
    for mark in (
        pytest.mark.gradio,
        pytest.mark.oracle,
        pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    ):
        test = mark(test)
    return test


@needs_oracle
@pytest.mark.parametrize(
    ("warm_server", "case"), COMPARED, indirect=["warm_server"], scope="module"
)
def test_events_are_those_of_javascript(oracle: Oracle, warm_server: Server, case: Case) -> None:
    """A call has the same events through both clients, except for the intended differences."""
    key = uuid.uuid4().hex
    try:
        with Client(warm_server.url) as client:
            compare(oracle, client, warm_server.version, case, key)
    finally:
        if case.cancels:
            warm_server.control.release(key)


SELECTED = {"index": 1, "value": "green", "selected": True}

#: Calls that stand for an event of the app's page.
EVENTS = Case(
    "events of the page",
    (
        Call("/selected", [], event_data=SELECTED, trigger="radio"),
        Call("/event", ["x"], event_data={"any": [1]}, trigger="other"),
        Call("/event_directly", ["x"], event_data={"any": [1]}, trigger="other"),
        Call("/event", ["x"]),
    ),
)


@needs_oracle
@pytest.mark.parametrize("version", [v for v in REFUSING if v in SERVERS])
def test_events_of_the_page_are_those_of_javascript(
    oracle: Oracle, server_pool: ServerPool, version: str
) -> None:
    """`event_data` and `trigger_id` reach the function as those of the JavaScript client do."""
    server = server_pool.get(version, app=(MISTAKES,))
    warm_up(server.url, version, [EVENTS])
    with Client(server.url) as client:
        theirs = through_javascript(oracle, client, version, EVENTS, "")
        ours = through_python(client, EVENTS, "")
    parts = [
        [(event["type"], event.get("stage"), event.get("data")) for event in tidy(EVENTS, events)]
        for events in (ours, theirs)
    ]
    assert parts[0] == parts[1]
    assert sum(kind == "data" for kind, _, _ in parts[0]) == len(EVENTS.calls)


@needs_oracle
@pytest.mark.parametrize("version", [v for v in REFUSING if v in SERVERS])
def test_refusals_are_those_of_javascript(oracle: Oracle, version: str) -> None:
    """A hidden error and a full queue give the same events through both clients."""
    key = uuid.uuid4().hex
    with Server(version, queue_size=1, show_error=False) as server, Client(server.url) as client:
        warm_up(server.url, version, [FULL, HIDDEN])
        compare(oracle, client, version, HIDDEN)
        running = client.submit("/hold", [key], isolated=True)
        assert server.control.await_started(key)
        queued = threading.Event()
        waiting = client.submit("/hold", [key], isolated=True)
        waiting.on("status", lambda status: status.position is None or queued.set())
        assert queued.wait(BOUND)
        compare(oracle, client, version, FULL)
        server.control.release(key)
        for job in (running, waiting):
            assert job.result(BOUND).data == [key]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.name)
def test_differences_are_about_cases_that_exist(difference: Difference) -> None:
    """Each difference names only cases that are compared."""
    assert difference.cases <= {case.name for case in (*CASES, HIDDEN, FULL)}


def test_differences_are_documented() -> None:
    """docs/javascript.md explains each difference between the events by its name, and no others."""
    section = DOCS.read_text(encoding="utf-8").split("\n## Events\n")[1].split("\n## ")[0]
    names = re.findall(r"^\| \*\*(.+?)\*\* \|", section, re.MULTILINE)
    assert names == list(dict.fromkeys(difference.name for difference in DIFFERENCES))
