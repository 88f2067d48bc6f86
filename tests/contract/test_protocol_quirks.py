"""The quirks of the protocol, each tested on the real servers that have it.

Their numbers are those of docs/protocols.md. Quirks that a real server shows only by chance (7, and
the races of 5 and 6) are also tested message by message in `test_shared_stream`. Those that only
affect reading (2, 8, 11, 13, 14) are also in the tests of the pure core.
"""

from __future__ import annotations

import base64
import concurrent.futures
import json
import threading
import urllib.request
import uuid
from typing import Any, Callable

import pytest

from gradio_client_sync import AppError, Client, HTTPStatusError, RemoteFile
from tests.conftest import SERVERS
from tests.support.generations import app_constant, has, servers_with, servers_without
from tests.support.job_phases import cancel_from_outside
from tests.support.listeners import BOUND, BlockingListener, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio


def test_concurrent_generators_get_their_own_values(app: Client) -> None:
    """Generators of one function in one session each yield their own values, on 3.x too."""
    jobs = [app.submit("/count", [n]) for n in (3, 5, 7)]
    isolated = [app.submit("/count", [n], isolated=True) for n in (2, 4)]
    for job, n in zip([*jobs, *isolated], (3, 5, 7, 2, 4)):
        values = [str(value) for value in range(n)]
        assert [data[0] for data in job] == [*values, values[-1]]


@servers_with("whole paths")
def test_deletions_shorten_at_the_end(app: Client) -> None:
    """Lists that shrink are right at each step, also nested ones, whatever index is sent."""
    tables, structures = app_constant("TABLES"), app_constant("STRUCTURES")
    values = [data[0]["data"] for data in app.submit("/table", [2 * len(tables)])]
    assert values[:-1] == [*tables, *tables]
    values = [data[0] for data in app.submit("/structure", [2 * len(structures)])]
    assert values[:-1] == [*structures, *structures]


def test_cancelling_keeps_the_stream_of_the_others(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """Cancelling a job keeps the session's stream open for other jobs, and stops its function."""
    keys = [new_key() for _ in range(2)]
    beside, cancelled = app.submit("/hold", [keys[0]]), EventRecorder()
    job = app.submit("/endless", [keys[1]]).on("data", cancelled)
    cancelled.wait_for(lambda data: True)
    assert server.control.await_started(keys[0])
    assert job.cancel()
    assert server.control.await_stopped(keys[1])
    server.control.release(keys[0])
    assert beside.result(BOUND)[0] == keys[0]


def test_closing_leaves_no_generator_running(server: Server, key: str) -> None:
    """close() cancels before it hangs up: otherwise some servers never stop a generator."""
    data = EventRecorder()
    with Client(server.url) as app:
        app.submit("/endless", [key]).on("data", data)
        data.wait_for(lambda data: True)
    assert server.control.await_stopped(key)


@servers_with("cancel")
def test_cancel_waits_for_siblings(app: Client, server: Server, new_key: Callable[[], str]) -> None:
    """``/cancel`` stops all jobs of the function, so it is sent after the last one has ended."""
    keys = [new_key() for _ in range(2)]
    job, beside = (app.submit("/hold_async", [key]) for key in keys)
    assert all(server.control.await_started(key) for key in keys)
    assert job.cancel()
    assert app.predict("/echo", ["meanwhile"])[0] == "meanwhile"
    assert server.control.ledger(keys[0])["cancelled"] == 0
    server.control.release(keys[1])
    assert beside.result(BOUND)[0] == keys[1]
    assert server.control.await_stopped(keys[0])
    assert server.control.ledger(keys[0])["cancelled"] == 1


@servers_with("shared stream")
def test_a_job_ends_by_its_own_message(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """A job ends by its own message, also if the stream never ends, as after a cancelled job."""
    keys = [new_key() for _ in range(2)]
    data = EventRecorder()
    held = app.submit("/hold", [keys[0]])
    job = app.submit("/endless", [keys[1]]).on("data", data)
    data.wait_for(lambda data: True)
    assert job.cancel()
    for n in range(5):
        assert app.predict("/echo", [str(n)], timeout=BOUND)[0] == str(n)
    assert not held.done()
    server.control.release(keys[0])
    assert held.result(BOUND)[0] == keys[0]


@servers_with("shared stream")
def test_one_reader_per_session(app: Client) -> None:
    """Jobs that start together share one stream; with two, messages would be lost."""
    barrier = threading.Barrier(8)
    answers: dict[int, Any] = {}

    def work(number: int) -> None:
        barrier.wait(BOUND)
        answers[number] = [data[0] for data in app.submit("/count", [number + 1])][-1]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    assert answers == {number: str(number) for number in range(8)}


@servers_with("cancel")
def test_empty_output_means_cancelled(app: Client, server: Server, key: str) -> None:
    """A completed message without values means that the job was cancelled."""
    data = EventRecorder()
    job = app.submit("/endless", [key]).on("data", data)
    data.wait_for(lambda data: True)
    cancel_from_outside(app, server, job)
    with pytest.raises(concurrent.futures.CancelledError):
        job.result(BOUND)
    assert (job.status.stage, job.status.success) == ("complete", False)


@pytest.mark.parametrize("version", SERVERS)
def test_root_is_not_trusted(server_pool: ServerPool, version: str) -> None:
    """Requests go to the user's URL, whatever ``root`` the server reports."""
    server = server_pool.get(version, root_path="https://wrong.invalid/sub")
    with Client(server.url) as app:
        if has(version, "root in the config"):
            assert "wrong.invalid" in app.config["root"]
        assert app.url == server.url
        assert app.predict("/echo", ["queued"])[0] == "queued"
        assert app.predict("/direct", ["abc"])[0] == "cba"
        assert "/echo" in app.view_api()["named_endpoints"]


@servers_with("server functions")
def test_unhandled_errors_do_not_affect_the_next_call(app: Client) -> None:
    """After a plain-text 500, whose connection the server drops silently, the next call works."""
    (component_id,) = (c["id"] for c in app.config["components"] if c["props"].get("server_fns"))
    for n in range(3):
        with pytest.raises(HTTPStatusError) as caught:
            app.component_server(component_id, "describe", "fail")
        assert caught.value.status_code == 500
        assert app.predict("/echo", [str(n)])[0] == str(n)
        assert app.predict("/direct", ["abc"])[0] == "cba"


def test_state_slots_are_hidden(app: Client) -> None:
    """State has a position among the inputs and outputs, which callers do not see."""
    assert app.predict("/counter_middle", ["a", 5]).data == ["a 1 5"]
    assert app.predict("/counter_middle", {"text": "b", "number": 6}).data == ["b 2 6"]
    assert app.predict("/counter").data == [1]


def test_values_have_the_form_of_their_generation(app: Client, server: Server) -> None:
    """A file is sent and returned in the form of the server's generation."""
    content = b"some text"
    if server.version.startswith("3."):
        data = f"data:text/plain;base64,{base64.b64encode(content).decode()}"
        value = {"name": "a.txt", "data": data, "is_file": False, "orig_name": "a.txt"}
    else:
        path = upload(server, app.config.get("api_prefix", ""), content)
        value = {"path": path, "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}
    result = app.predict("/file", [value])[0]
    assert isinstance(result, RemoteFile)
    assert result.read() == content
    # Servers around 3.23 give inline files no name.
    assert result.orig_name == "a.txt" or (server.version == "3.23.0" and result.orig_name)


def upload(server: Server, prefix: str, content: bytes) -> str:
    """Upload a file to the server without the package, and return its path there."""
    mark = uuid.uuid4().hex
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    ).encode() + b"%s\r\n--%s--\r\n" % (content, mark.encode())
    request = urllib.request.Request(
        f"{server.url}{prefix}/upload",
        body,
        {"Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    with urllib.request.urlopen(request, timeout=BOUND) as answer:
        path: str = json.load(answer)[0]
    return path


def test_errors_have_no_quotes(app: Client) -> None:
    """Servers before 5.2 send the ``repr`` of an error's text, and users get the text."""
    for text in ("boom", "it's", "''", '"', "\\n", "'boom'"):
        for endpoint in ("/fail", "/direct_fail"):
            with pytest.raises(AppError) as caught:
                app.predict(endpoint, [text])
            assert caught.value.message == text


@pytest.mark.parametrize("version", SERVERS)
def test_protocol_hidden_errors(server_pool: ServerPool, version: str) -> None:
    """An error of ``null`` is one whose text the app hides."""
    with Client(server_pool.get(version, mount="/app", show_error=False).url) as app:
        with pytest.raises(AppError, match="hides its text") as caught:
            app.predict("/crash", ["x"])
        assert caught.value.message is None


def test_versions_and_numbers(app: Client, server: Server) -> None:
    """A version may end in a newline, and an endpoint's number may differ from its position."""
    assert f"(Gradio {server.version}, " in repr(app)
    dependencies = app.config["dependencies"]
    position = next(n for n, d in enumerate(dependencies) if d["api_name"] == "echo")
    number = dependencies[position].get("id", position)
    assert (number != position) == has(server.version, "numbered endpoints")
    assert app.predict(number, ["x"])[0] == "x"


@servers_with("polled for data")
def test_data_is_sent_when_requested(app: Client, server: Server, key: str) -> None:
    """A slow listener does not delay the job's data, without which these servers drop the job."""
    holding = BlockingListener()
    job = app.submit("/hold", [key]).on("status", holding)
    try:
        holding.wait_until_reached()
        assert server.control.await_started(key)
    finally:
        holding.free()
        server.control.release(key)
    assert job.result(BOUND)[0] == key


@servers_without("batch")
def test_batch_functions(app: Client) -> None:
    """A batch function works; servers from 4.0 to 4.10 have none, as it would stop their queue."""
    assert not any(dependency.get("batch") for dependency in app.config["dependencies"])


@servers_with("validators")
def test_functions_with_a_queue_use_it(app: Client) -> None:
    """Functions with a queue use it: a direct call has no validator, progress and logs."""
    statuses = EventRecorder()
    job = app.submit("/validated", ["x"]).on("status", statuses)
    assert job.exception(BOUND) is not None
    assert all(status.queue for status in statuses.events)


def test_only_unqueued_functions_are_called_directly(app: Client) -> None:
    """Only functions with ``queue=False`` are called directly."""
    for endpoint, payload, queued in (("/echo", ["x"], True), ("/direct", ["x"], False)):
        job = app.submit(endpoint, payload)
        job.result(BOUND)
        assert job.status.queue is queued
    assert [data[0] for data in app.submit("/count", [3])] == ["0", "1", "2", "2"]


def test_addresses_are_sent_as_text(app: Client, server: Server) -> None:
    """A text that is a URL is sent as text, and no side fetches it."""
    address = f"{server.url}/config"
    assert app.predict("/echo", [address])[0] == address
    assert app.predict("/direct", [address])[0] == address[::-1]
