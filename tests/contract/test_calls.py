"""Every kind of endpoint, on every generation of servers."""

from __future__ import annotations

import json
import math
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from gradio_client_sync import (
    AppError,
    BrokenStreamError,
    Client,
    EndpointNotFoundError,
    PayloadError,
    QueueFullError,
    ValidationError,
)
from tests.conftest import SERVERS
from tests.support.generations import app_constant, has, servers_with, servers_without
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio


def number_of(app: Client, name: str) -> int:
    """Return the ``fn_index`` of a named endpoint from the config."""
    for position, dependency in enumerate(app.config["dependencies"]):
        if dependency["api_name"] == name:
            return dependency.get("id", position)
    raise LookupError(name)


# -- single results


CALLS: tuple[tuple[str, Any, list[Any]], ...] = (
    ("/echo", ["a"], ["a"]),
    ("echo", ("a",), ["a"]),
    (" /echo ", {"text": "a"}, ["a"]),
    ("/add", [2, 3], [5]),
    ("/add", {"b": 3, "a": 2.5}, [5.5]),
    ("/pair", ["abc"], ["ABC", 3]),
    ("/nothing", ["x"], []),
    ("/noinput", None, ["pong"]),
    ("/noinput", [], ["pong"]),
    ("/noinput", {}, ["pong"]),
    ("/hidden", ["undocumented"], ["undocumented"]),
    ("/direct", ["abc"], ["cba"]),
)


def test_calls_return_all_outputs(app: Client) -> None:
    """Values by position and by name reach the function, and all outputs are returned."""
    for endpoint, payload, answer in CALLS:
        result = app.predict(endpoint, payload)
        assert result.data == answer
        assert list(result) == answer
        assert len(result) == len(answer)
    jobs = [app.submit(endpoint, payload) for endpoint, payload, _ in CALLS]
    assert [job.result(BOUND).data for job in jobs] == [answer for _, _, answer in CALLS]


def test_defaults_fill_missing_arguments(app: Client) -> None:
    """A missing value is replaced by the app's default, but a `None` is sent as a value."""
    payloads: tuple[tuple[Any, str], ...] = (
        (["x"], "x 2 True red"),
        (["x", 3], "x 3 True red"),
        (["x", 3, False, "blue"], "x 3 False blue"),
        ({"text": "x"}, "x 2 True red"),
        ({"choice": "green", "text": "x"}, "x 2 True green"),
        ({"text": "x", "flag": False, "number": 0}, "x 0 False red"),
    )
    for payload, answer in payloads:
        assert app.predict("/defaults", payload)[0] == answer
    with pytest.raises(AppError):
        app.predict("/defaults", {"text": "x", "number": None})


def test_endpoint_by_number(app: Client) -> None:
    """An endpoint can be called by its ``fn_index``, which the result then has."""
    number = number_of(app, "add")
    result = app.predict(number, [2, 3])
    assert result[0] == 5
    assert (result.fn_index, result.endpoint) == (number, "/add")


@servers_with("numbered endpoints")
def test_endpoint_numbers_are_not_positions(app: Client) -> None:
    """If an app has removed an event, ``fn_index`` is the endpoint's number, not its position."""
    names = [dependency["api_name"] for dependency in app.config["dependencies"]]
    assert names.index("echo") != number_of(app, "echo")
    assert app.predict(number_of(app, "echo"), ["by number"])[0] == "by number"


@servers_with("function names")
def test_unnamed_event_has_its_functions_name(app: Client) -> None:
    """Since 4.0, an event without a name has the name of its function."""
    assert app.predict("/unnamed_event", ["x"])[0] == "unnamed x"


@servers_without("function names")
def test_unnamed_event_is_called_by_number(app: Client) -> None:
    """Before 4.0, an event without a name is called by its number."""
    number = number_of(app, "noinput") + 1
    result = app.predict(number, ["x"])
    assert result[0] == "unnamed x"
    assert result.endpoint == number


# -- refused before anything is sent


@pytest.fixture
def untouched(server: Server) -> Iterator[None]:
    """Check that no function of the app runs during the test."""
    before = server.control.executions()
    yield
    assert server.control.executions() == before


@pytest.mark.usefixtures("untouched")
def test_unlisted_endpoint_is_refused(app: Client) -> None:
    """An event with ``api_name=False`` cannot be called by name or number."""
    for wanted in (number_of(app, "noinput") + 2, "/unlisted_event"):
        with pytest.raises(EndpointNotFoundError, match="Its endpoints are /echo, /add"):
            app.submit(wanted, ["x"])


@servers_with("private")
@pytest.mark.usefixtures("untouched")
def test_private_endpoint_is_refused(app: Client) -> None:
    """An endpoint with ``api_visibility="private"`` cannot be called by name or number."""
    for wanted in ("/private", number_of(app, "private")):
        with pytest.raises(EndpointNotFoundError, match="private"):
            app.submit(wanted, ["x"])


@pytest.mark.usefixtures("untouched")
def test_endpoint_must_be_named_where_there_are_several(app: Client) -> None:
    """If no endpoint is given and the app has several, the error lists them."""
    with pytest.raises(EndpointNotFoundError, match="name the one") as caught:
        app.predict(None, ["x"])
    assert {"/echo", "/add", "/direct"} <= set(caught.value.candidates)
    assert not {"/private", "/unlisted_event"} & set(caught.value.candidates)


@pytest.mark.usefixtures("untouched")
def test_near_miss_is_suggested(app: Client) -> None:
    """A misspelt name gives an error that suggests similar names."""
    for wanted, meant in (
        ("/ech", "/echo"),
        ("add_", "/add"),
        ("/counter_midle", "/counter_middle"),
    ):
        with pytest.raises(EndpointNotFoundError, match=f"Did you mean .*'{meant}'") as caught:
            app.predict(wanted, ["x"])
        assert meant in caught.value.candidates
        assert caught.value.endpoint == wanted


@pytest.mark.usefixtures("untouched")
def test_invalid_endpoint_is_refused(app: Client) -> None:
    """An unknown number, and a value that is neither name nor number, are refused."""
    wanted: Any
    for wanted in (9999, -1, True, 1.0, ["/echo"]):
        with pytest.raises(EndpointNotFoundError):
            app.submit(wanted, ["x"])


WRONG_PAYLOADS: tuple[tuple[str, Any, str], ...] = (
    ("/add", [1, 2, 3], r"takes 2 values and got 3: \(a, b\)"),
    ("/add", [1], "needs a value for 'b'"),
    ("/add", None, "needs a value for 'a'"),
    ("/add", {"a": 1}, "needs a value for 'b'"),
    ("/add", {"a": 1, "b": 2, "c": 3}, "no parameter 'c'"),
    ("/defaults", {"text": "x", "numbr": 3}, "Did you mean 'number'"),
    ("/defaults", {"number": 3}, "needs a value for 'text'"),
    ("/noinput", ["x"], "takes no values and got 1"),
    ("/counter_middle", ["x", None, 5], "Leave session state out"),
    ("/echo", "text", r'Wrap it in a list: submit\("/echo", \["text"\]\)'),
    ("/echo", b"text", "Wrap it in a list"),
    ("/add", 5, r'Wrap it in a list: submit\("/add", \[5\]\)'),
    ("/echo", {"text"}, "takes its values as a list or dict"),
    ("/echo", [object()], "cannot be sent"),
    ("/echo", [{1: {2, 3}}], "cannot be sent"),
)


@pytest.mark.usefixtures("untouched")
def test_wrong_payload_is_refused(app: Client) -> None:
    """Wrong values raise in `submit`, and nothing reaches the app."""
    for endpoint, payload, message in WRONG_PAYLOADS:
        with pytest.raises(PayloadError, match=message) as caught:
            app.submit(endpoint, payload)
        assert caught.value.endpoint == endpoint


# -- values

TEXTS = (
    "",
    "äöü ß €",
    "日本語",
    "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
    "\x01\x1f\u2028\n\r\t\x7f",
    "'quoted' \"twice\" \\",
    "null",
)


def test_text_arrives_as_it_was(app: Client) -> None:
    """Any text comes back unchanged, with and without the queue."""
    jobs = [(text, app.submit("/echo", [text]), app.submit("/direct", [text])) for text in TEXTS]
    for text, queued, direct in jobs:
        assert queued.result(BOUND)[0] == text
        assert direct.result(BOUND)[0] == text[::-1]


def test_large_value(app: Client) -> None:
    """A value of 5 MB can be sent and returned."""
    text = "ü12345678" * 500_000
    assert app.predict("/echo", [text])[0] == text


def test_nan_and_infinity_are_refused(app: Client) -> None:
    """NaN and infinity raise before anything is sent, because the app would get None."""
    for number in (math.nan, math.inf, -math.inf):
        with pytest.raises(PayloadError, match="the app would get None instead"):
            app.predict("/echo", [number])
        with pytest.raises(PayloadError, match=r"event_data .* the app would get None instead"):
            app.predict("/echo", ["x"], event_data={"index": number})


def test_nan_and_infinity_in_a_result_are_none(app: Client) -> None:
    """NaN and infinity in a result are None, because every server writes them as null."""
    assert app.predict("/add", [1e308, 1e308])[0] is None


# -- generators


def test_loop_sees_every_value_and_the_final_one(app: Client) -> None:
    """A loop gives each value of a generator in order, and then the final value."""
    job = app.submit("/count", [4])
    assert [data[0] for data in job] == ["0", "1", "2", "3", "3"]
    assert job.result(BOUND)[0] == "3"
    assert app.predict("/count", [4])[0] == "3"


def test_late_and_simultaneous_loops_see_the_same(app: Client) -> None:
    """Loops that start late or run at the same time each give all values."""
    job = app.submit("/tokens", [6])
    seen: list[list[str]] = [[], []]
    loops = [
        threading.Thread(target=lambda into=into: into.extend(data[0] for data in job))
        for into in seen
    ]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join(BOUND)
    texts = [" ".join(f"tok{n}" for n in range(end)) for end in range(1, 7)]
    expected = [*texts, texts[-1]]
    assert seen == [expected, expected]
    assert [data[0] for data in job] == expected
    assert [data[0] for data in job.outputs] == expected


@servers_with("whole paths")
def test_structures_survive_their_edits(app: Client) -> None:
    """Each intermediate value equals what the app yielded, for every kind of edit."""
    frames = app_constant("STRUCTURES")
    count = 2 * len(frames)
    expected = [frames[index % len(frames)] for index in range(count)]
    values = list(app.submit("/structure", [count]))
    assert [value[0] for value in values] == [*expected, expected[-1]]
    assert {value[1] for value in values} == {"same"}


@servers_with("whole paths")
def test_tables_survive_their_edits(app: Client) -> None:
    """Tables that change in both directions equal what the app yielded."""
    tables = app_constant("TABLES")
    expected = [tables[index % len(tables)] for index in range(7)]
    values = list(app.submit("/table", [7]))
    assert [value[0]["data"] for value in values] == [*expected, expected[-1]]
    widths = [len(value[0]["headers"]) for value in values]
    assert widths == [len(rows[0]) for rows in [*expected, expected[-1]]]


def test_chat_survives_its_edits(app: Client) -> None:
    """A chat gets new messages, and its messages get new words."""
    frames: list[list[dict[str, str]]] = []
    messages: list[dict[str, str]] = []
    for index in range(4):
        words = ("hello", "there", str(index))
        for end in range(1, 4):
            turn = {"role": ("user", "assistant")[index % 2], "content": " ".join(words[:end])}
            frames.append([*messages, turn])
        messages = frames[-1]
    values = [value[0] for value in app.submit("/chat", [4])]
    assert values == [*frames, frames[-1]]


def test_values_handed_out_do_not_change(app: Client) -> None:
    """A value that a loop gave does not change when later edits arrive."""
    first = next(iter(app.submit("/structure", [6])))
    assert first[0] == app_constant("STRUCTURES")[0]


def test_empty_generator(app: Client) -> None:
    """A generator that yields nothing ends with one empty value."""
    job = app.submit("/empty")
    assert [data.data for data in job] == [[None]]
    assert job.result(BOUND).data == [None]


# -- state


def test_state_stays_on_the_server(app: Client) -> None:
    """State continues from call to call of one client, and is neither passed nor returned."""
    assert [app.predict("/counter").data for _ in range(3)] == [[1], [2], [3]]


def test_state_in_the_middle(app: Client) -> None:
    """State between other inputs and outputs is skipped, by position and by name."""
    assert app.predict("/counter_middle", ["x", 5]).data == ["x 1 5"]
    assert app.predict("/counter_middle", {"number": 6, "text": "y"}).data == ["y 2 6"]
    assert app.predict("/counter_middle", ["z"]).data == ["z 3 2"]


def test_isolated_call_has_fresh_state(app: Client) -> None:
    """A call with ``isolated=True`` neither reads nor changes the client's state."""
    assert app.predict("/counter")[0] == 1
    assert app.predict("/counter", isolated=True)[0] == 1
    assert app.submit("/counter", isolated=True).result(BOUND)[0] == 1
    assert app.predict("/counter")[0] == 2


def test_clients_do_not_share_state(app: Client, server: Server) -> None:
    """Two clients of one app each have their own session."""
    assert app.predict("/counter")[0] == 1
    with Client(server.url) as other:
        assert other.session_hash != app.session_hash
        assert other.predict("/counter")[0] == 1


# -- special functions


@servers_with("batch")
def test_batch_function_takes_one_sample(app: Client) -> None:
    """A batch function is called like any other, with one sample."""
    assert app.predict("/batch", ["x"]).data == ["X"]


@servers_with("batch", "answers per sample")
def test_jobs_of_one_batch_get_their_own_results(app: Client) -> None:
    """Jobs in one batch each get the result for their own sample."""
    jobs = [app.submit("/batch", [f"x{n}"]) for n in range(6)]
    assert [job.result(BOUND).data for job in jobs] == [[f"X{n}"] for n in range(6)]


def test_direct_function_skips_the_queue(app: Client) -> None:
    """A function with ``queue=False`` is called by one request, and its status says so."""
    statuses = EventRecorder()
    job = app.submit("/direct", ["abc"]).on("status", statuses)
    assert job.result(BOUND)[0] == "cba"
    assert [data[0] for data in job] == ["cba"]
    assert [(status.stage, status.queue) for status in statuses.events] == [
        ("pending", False),
        ("complete", False),
    ]
    assert job.event_id is None


@servers_with("logs")
def test_logs(app: Client, server: Server) -> None:
    """Messages of the app are log events, with all fields of this release."""
    logs = EventRecorder()
    assert app.submit("/logs", ["hello"]).on("log", logs).result(BOUND)[0] == "hello"
    shown = (10, True) if has(server.version, "shown") else (None, None)
    titles = ("Info", "Warning") if has(server.version, "titles") else (None, None)
    assert [(e.log, e.level, e.title, e.duration, e.visible) for e in logs.events] == [
        ("hello", "info", titles[0], *shown),
        ("hello", "warning", titles[1], *shown),
    ]
    assert {event.endpoint for event in logs.events} == {"/logs"}


def test_progress(app: Client) -> None:
    """Progress is reported as statuses with the app's bars, in order."""
    statuses = EventRecorder()
    app.submit("/progress", [3]).on("status", statuses).result(BOUND)
    bars = [status.progress_data[0] for status in statuses.events if status.progress_data]
    assert bars
    assert {(bar.length, bar.unit, bar.progress) for bar in bars} == {(3, "steps", None)}
    assert [bar.desc for bar in bars] == [f"step {bar.index}" for bar in bars]
    indices = [bar.index for bar in bars]
    assert indices == sorted(indices)
    assert statuses.events[-1].stage == "complete"


@servers_with("render")
def test_rendered_function(app: Client) -> None:
    """A rendered function can be called by its number, in the session that rendered it."""
    renders = EventRecorder()
    app.submit("/apply", ["label"]).on("render", renders).result(BOUND)
    (render,) = renders.events
    (dependency,) = [d for d in render.data["dependencies"] if d["api_name"] == "rendered"]
    assert app.predict(dependency["id"], ["hi"])[0] == "label hi"
    assert app.predict("/rendered", ["by name"])[0] == "label by name"


@servers_with("render")
def test_rendering_again_replaces_the_function(app: Client) -> None:
    """After a second render, the new function can be called and the old one cannot."""

    def render(label: str) -> int:
        renders = EventRecorder()
        app.submit("/apply", [label]).on("render", renders).result(BOUND)
        return renders.events[-1].data["dependencies"][0]["id"]

    first = render("first")
    assert app.predict(first, ["x"])[0] == "first x"
    second = render("second")
    assert app.predict(second, ["x"])[0] == "second x"
    with pytest.raises(EndpointNotFoundError):
        app.predict(first, ["x"])


def test_whoami_shows_the_client(app: Client, server: Server) -> None:
    """Functions see the client's headers, and its session hash on servers that pass it."""
    seen = json.loads(app.predict("/whoami")[0])
    assert seen["headers"]["user-agent"].startswith("gradio-client-sync/")
    assert seen["session_hash"] in (None, app.session_hash)


# -- failures


@pytest.mark.parametrize("endpoint", ["/fail", "/direct_fail"])
@pytest.mark.parametrize("text", ["boom", 'it\'s "two"\nlines'])
def test_app_error(app: Client, server: Server, endpoint: str, text: str) -> None:
    """``gr.Error`` raises `AppError` with the plain text and all fields of this release."""
    statuses = EventRecorder()
    job = app.submit(endpoint, [text]).on("status", statuses)
    with pytest.raises(AppError, match="of the app raised") as caught:
        job.result(BOUND)
    error = caught.value
    assert error.message == text
    assert error.endpoint == endpoint
    shown = (7, True) if has(server.version, "shown") else (None, None)
    assert (error.duration, error.visible) == shown
    assert error.title == ("Oops" if has(server.version, "titles") else "Error")
    last = statuses.events[-1]
    assert (last.stage, last.message, last.title) == ("error", text, error.title)
    assert job.exception() is error
    assert not job.outputs


def test_crash(app: Client) -> None:
    """Other exceptions raise `AppError` with their text if the app shows errors."""
    with pytest.raises(AppError) as caught:
        app.predict("/crash", ["boom"])
    assert caught.value.message == "boom"
    assert app.predict("/echo", ["still there"])[0] == "still there"


@pytest.mark.parametrize("version", SERVERS)
def test_hidden_errors(server_pool: ServerPool, version: str) -> None:
    """If the app hides errors, the message of an exception is None; ``gr.Error`` is still shown."""
    server = server_pool.get(version, mount="/app", show_error=False)
    with Client(server.url) as app:
        with pytest.raises(AppError, match="hides its text") as caught:
            app.predict("/crash", ["secret"])
        assert caught.value.message is None
        assert "secret" not in str(caught.value)
        for endpoint in ("/fail", "/direct_fail"):
            with pytest.raises(AppError) as caught:
                app.predict(endpoint, ["the reason"])
            assert caught.value.message == "the reason"


def test_failure_midway_keeps_the_values(app: Client) -> None:
    """A generator that fails has delivered its values; a loop gives them and then raises."""
    job, seen = app.submit("/fail_midway", [3]), []
    with pytest.raises(AppError) as caught:
        seen.extend(data[0] for data in job)
    assert caught.value.message == "midway"
    assert seen == ["0", "1", "2"]
    assert [data[0] for data in job.outputs] == seen
    assert job.exception(BOUND) is caught.value


@servers_with("validators")
def test_validator(app: Client, server: Server) -> None:
    """Values that a validator refuses raise with the parameter, and the function does not run."""
    before = server.control.executions()
    statuses = EventRecorder()
    job = app.submit("/validated", ["x"]).on("status", statuses)
    with pytest.raises(ValidationError, match="too short") as caught:
        job.result(BOUND)
    assert caught.value.parameters == {"text": "too short"}
    assert statuses.events[-1].code == "validation_error"
    assert server.control.executions() == before
    assert app.predict("/validated", ["long enough"])[0] == "long enough"


@servers_with("validators")
def test_validator_that_raises(app: Client) -> None:
    """The text of a validator that raises is in the error."""
    with pytest.raises(ValidationError, match="'/validated': the validator failed") as caught:
        app.predict("/validated", ["fail"])
    assert caught.value.parameters == {None: "the validator failed"}


def test_unsendable_result_affects_its_own_call_only(app: Client) -> None:
    """Half a surrogate pair ends only its own call, though servers since 4.17 end the stream."""
    for _ in range(2):
        with pytest.raises((AppError, BrokenStreamError)):
            app.predict("/echo", ["\ud83d"], timeout=BOUND)
        assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"


@pytest.mark.parametrize("version", SERVERS)
def test_queue_full(server_pool: ServerPool, version: str) -> None:
    """A job that finds a full queue raises `QueueFullError`, and other jobs continue."""
    server, key = server_pool.get(version, auth="user:password", queue_size=3), uuid.uuid4().hex
    with Client(server.url, auth=("user", "password")) as app:
        # before 3.20 a function's first job keeps others in this process
        app.predict("/echo", ["first"])
        running = app.submit("/hold", [key])
        try:
            assert server.control.await_started(key)
            waiting = [app.submit("/echo", [str(n)]) for n in range(3)]
            for job in waiting:
                statuses = EventRecorder()
                job.on("status", statuses)
                statuses.wait_for(lambda status: status.position is not None)
            refused, statuses = app.submit("/echo", ["refused"]), EventRecorder()
            refused.on("status", statuses)
            with pytest.raises(QueueFullError, match="did not run") as caught:
                refused.result(BOUND)
            assert caught.value.endpoint == "/echo"
            assert (statuses.events[-1].stage, refused.status.stage) == ("error", "error")
        finally:
            server.control.release(key)
        assert running.result(BOUND)[0] == key
        assert [job.result(BOUND)[0] for job in waiting] == ["0", "1", "2"]


# -- headers of one call


@pytest.mark.parametrize("endpoint", ["/whoami", "/direct_whoami"])
def test_headers_of_a_call_go_with_it_only(server: Server, endpoint: str) -> None:
    """Headers of a call replace the client's for this call only."""
    with Client(server.url, headers={"X-Who": "the client", "X-Always": "yes"}) as app:

        def headers_of(**options: Any) -> dict[str, str]:
            headers: dict[str, str] = json.loads(app.predict(endpoint, **options)[0])["headers"]
            return {name: headers[name] for name in sorted(headers) if name.startswith("x-")}

        with_them = headers_of(headers={"x-who": "this call", "X-Request-Id": "7"})
        assert with_them.pop("x-gradio-user", "api") == "api"
        assert with_them == {"x-always": "yes", "x-request-id": "7", "x-who": "this call"}
        assert "x-request-id" not in headers_of() and headers_of()["x-who"] == "the client"


def test_headers_of_a_call_are_checked(app: Client) -> None:
    """An invalid header of a call is refused before anything is sent."""
    with pytest.raises(TypeError, match="headers must map strings to strings"):
        app.submit("/echo", ["x"], headers={"X-Number": 7})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="'X-Lines' in headers"):
        app.predict("/echo", ["x"], headers={"X-Lines": "a\nb"})
