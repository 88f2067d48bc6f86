"""`compat.Client` and `compat.Job` on a real server, where they differ from the official client."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import io
import json
import signal
import subprocess
import sys
import threading
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import gradio_client_sync
from gradio_client_sync import GradioClientError, errors
from gradio_client_sync.compat import Client, Job, handle_file, migrate
from gradio_client_sync.compat.client import DEFAULT_TEMP_DIR
from gradio_client_sync.compat.exceptions import AppError
from gradio_client_sync.compat.utils import OutputUpdate, Status, StatusUpdate
from gradio_client_sync.testing import FakeApp
from tests.support.file_app import FileApp, filedata
from tests.support.listeners import BOUND
from tests.support.scripted import CLOSE, IncomingRequest, completed, generating
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]


@pytest.fixture
def client(newest: Server, tmp_path: Path) -> Iterator[Client]:
    """Yield a client of the newest real server."""
    with Client(newest.url, verbose=False, download_files=tmp_path / "out") as client:
        yield client


def test_job_is_a_future(client: Client) -> None:
    """`wait`, `as_completed`, `wrap_future` and done callbacks work, and get the job itself."""
    jobs = [client.submit(str(n), api_name="/echo") for n in range(3)]
    assert concurrent.futures.wait(jobs, BOUND).done == set(jobs)
    assert {job.result() for job in concurrent.futures.as_completed(jobs, BOUND)} == {"0", "1", "2"}
    seen: list[Any] = []
    jobs[0].add_done_callback(seen.append)
    assert seen == [jobs[0]] and isinstance(jobs[0], Job)

    async def wait() -> Any:
        return await asyncio.wrap_future(client.submit("hi", api_name="/echo"))

    assert asyncio.run(wait()) == "hi"
    assert jobs[0].communicator.event_id and jobs[0].future is jobs[0]


def test_job_resolves_after_its_files_are_here(client: Client) -> None:
    """A done callback finds the file of the result on this machine."""
    found: concurrent.futures.Future[bool] = concurrent.futures.Future()
    job = client.submit(3, api_name="/make_file")
    job.add_done_callback(lambda job: found.set_result(Path(job.result()).is_file()))
    assert found.result(BOUND)


def test_loop_raises_the_error_of_the_job(client: Client) -> None:
    """A loop gives the values before a failure, then raises, as every later loop does."""
    job, seen = client.submit(2, api_name="/fail_midway"), []
    for _ in range(2):
        with pytest.raises(AppError, match="midway"):
            seen.extend([value for value in iter(job)])  # noqa: C416 - it raises midway
        seen.append("end")
    assert job.outputs() == ["0", "1"] and seen == ["end", "end"]
    assert isinstance(job.exception(), errors.AppError)


def test_loop_of_a_function_with_one_value(client: Client) -> None:
    """A plain function gives exactly one value, as does a generator that yields nothing."""
    for _ in range(3):
        assert list(client.submit("hi", api_name="/pair")) == [("HI", 2)]
        assert list(client.submit(api_name="/empty")) == [None]


def test_cancel_ends_the_loop_and_the_function(client: Client, newest: Server) -> None:
    """After `cancel`, a loop just ends, waiters wake, and the function stops on the server."""
    key = uuid.uuid4().hex
    job = client.submit(key, api_name="/endless")
    assert next(job) == "0" and job.running() and not job.done()
    assert job.cancel() and job.cancelled() and job.done() and not job.running()
    assert concurrent.futures.wait([job], BOUND).done == {job}
    assert all(value.isdecimal() for value in job)
    with pytest.raises(concurrent.futures.CancelledError):
        job.result()
    assert job.status().code is Status.CANCELLED and job.status().success is False
    assert newest.control.await_stopped(key)


def test_another_thread_gets_outputs_while_a_loop_waits(client: Client, newest: Server) -> None:
    """`outputs` returns at once, also while another thread waits for the next value."""
    key = uuid.uuid4().hex
    job = client.submit(key, api_name="/hold")
    waiting = threading.Thread(target=lambda: next(job, None))
    waiting.start()
    assert job.outputs() == []
    newest.control.release(key)
    waiting.join(BOUND)
    assert job.outputs() == [key]


def test_async_loop(client: Client) -> None:
    """`async for` gives updates in the order of `gradio_client`, and then raises the error."""

    async def read(name: str, *args: Any) -> None:
        async for update in client.submit(*args, api_name=name):
            updates.append(update)  # noqa: PERF401 - it raises at the end

    updates: list[Any] = []
    asyncio.run(read("/count", 2))
    outputs = [update for update in updates if isinstance(update, OutputUpdate)]
    assert [(one.outputs, one.final) for one in outputs] == [
        ("0", False),
        ("1", False),
        ({"data": ["1"]}, True),
    ]
    kinds = [one.code if isinstance(one, StatusUpdate) else "output" for one in updates]
    assert kinds[-6:] == ["output", Status.ITERATING] * 2 + [Status.FINISHED, "output"]
    updates.clear()
    with pytest.raises(AppError, match="boo"):
        asyncio.run(read("/fail", "boo"))
    assert (updates[-1].final, updates[-1].success, updates[-1].outputs["error"]) == (
        True,
        False,
        "boo",
    )


def test_callbacks_run_after_a_success_only(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """One that fails is logged, and the next one runs; a failed job calls none."""
    seen: list[Any] = []
    done = threading.Event()

    def last(*outputs: Any) -> None:
        seen.append(outputs)
        done.set()

    client.submit("hi", api_name="/pair", result_callbacks=[lambda *_: 1 / 0, last])
    assert done.wait(BOUND) and seen == [("HI", 2)]
    assert "ZeroDivisionError" in caplog.text
    failed = client.submit("boo", api_name="/fail", result_callbacks=seen.append)
    assert failed.exception(BOUND) is not None and len(seen) == 1


def test_predict_uses_the_submit_of_a_subclass(newest: Server) -> None:
    """A subclass, or an object, that overrides `submit` changes `predict`."""

    class Loud(Client):
        def submit(self, /, *args: Any, **kwargs: Any) -> Job:
            return super().submit(f"{args[0]}!", **kwargs)

    with Loud(newest.url, verbose=False) as loud:
        assert loud.predict("hi", api_name="/echo") == "hi!"
        loud.submit = lambda *args, **kwargs: Client.submit(loud, "own", **kwargs)  # type: ignore[method-assign]
        assert loud.predict("hi", api_name="/echo") == "own"


def test_subclass_of_an_older_release(newest: Server) -> None:
    """`submit` of a subclass need not take headers; it finds the values in the communicator."""

    class Older(Client):
        def submit(self, *args: Any, api_name: Any = None, fn_index: Any = None) -> Job:  # type: ignore[override]
            return super().submit(*args, api_name=api_name, fn_index=fn_index)

    with Older(newest.url, verbose=False) as older:
        assert older.predict("hi", api_name="/echo") == "hi"
        job = older.submit(3, api_name="/count")
        assert job.result(BOUND) == "2" and job.communicator.job.outputs == ["0", "1", "2"]
        assert job.communicator.job.latest_status.code is Status.FINISHED


def test_close_and_go_on(newest: Server) -> None:
    """A closed client knows its app, closes again without effect, and connects for a call."""
    client = Client(newest.url, verbose=False)
    session = client.session_hash
    for _ in range(2):
        client.close()
    assert client.session_hash == session and "/echo" in str(client.endpoints)
    assert client.predict("hi", api_name="/echo") == "hi" and client.session_hash == session
    client.session_hash = "another"
    assert client.session_hash == "another"
    client.close()


ENDING = """
import sys
from gradio_client_sync.compat import Client

client = Client(sys.argv[1], verbose=False)
client.submit(sys.argv[2], api_name="/hold", result_callbacks=print)
"""


def test_exit_waits_for_a_call_and_its_callback(newest: Server) -> None:
    """A script that ends right after `submit` still makes the call, and gets its result."""
    key = uuid.uuid4().hex
    command = [sys.executable, "-c", ENDING, newest.url, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        assert newest.control.await_started(key) and newest.control.release(key)
        assert script.communicate(timeout=60)[0].strip() == key
    assert script.returncode == 0


INTERRUPTED = """
import signal, sys
from gradio_client_sync.compat import Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells have it ignored
url, key, how = sys.argv[1:]
job = Client(url, verbose=False).submit(key, api_name="/endless")
next(job)
print("ready", flush=True)
try:
    while not job.done():
        list(job) if how == "loop" else job.result() if how == "result" else signal.pause()
except KeyboardInterrupt:
    if how == "pause":
        raise
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process gets no Ctrl-C of its own there")
@pytest.mark.parametrize("how", ["loop", "result", "pause"])
def test_exit_does_not_wait_after_ctrl_c(newest: Server, how: str) -> None:
    """A script that Ctrl-C ends, or takes out of its wait, ends, and the function is cancelled."""
    key = uuid.uuid4().hex
    command = [sys.executable, "-c", INTERRUPTED, newest.url, key, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as script:
        assert script.stdout is not None and script.stdout.readline() == b"ready\n"
        script.send_signal(signal.SIGINT)
        script.communicate(timeout=60)
    assert newest.control.await_stopped(key)


def test_options_of_older_releases(
    newest: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of older releases are accepted, others are refused; `token` is in the signature."""
    older: dict[str, Any] = {"serialize": True, "upload_files": True, "hf_token": None}
    with Client(newest.url, output_dir=tmp_path / "made", **older) as client:
        assert (tmp_path / "made").is_dir() and client.output_dir == str(tmp_path / "made")
    assert capsys.readouterr().out == f"Loaded as API: {newest.url}/\n"
    assert "token" in inspect.signature(Client).parameters
    for wrong in ({"nonsense": 1}, {"_skip_components": False}, {"httpx_kwargs": {"x": 1}}):
        with pytest.raises(TypeError, match=r"nonsense|session state|'x'"):
            Client(newest.url, **wrong)


def test_headers_of_the_moment_go_with_a_call(newest: Server) -> None:
    """The headers of the client are sent; those of the call override them. No dict changes."""
    with Client(newest.url, verbose=False, headers={"X-One": "1"}) as client:
        client.headers["X-Two"] = "2"
        given = {"X-Two": "3", "x-gradio-user": "me"}
        seen = json.loads(client.predict(api_name="/whoami", headers=given))["headers"]
        assert (seen["x-one"], seen["x-two"], seen["x-gradio-user"]) == ("1", "3", "api")
        assert given == {"X-Two": "3", "x-gradio-user": "me"}


def test_parameters_of_any_name_are_of_the_app(client: Client) -> None:
    """Only the four names of `gradio_client` are reserved for options."""
    for name in ("timeout", "payload", "hf_token", "endpoint", "self", "isolated"):
        with pytest.raises(TypeError, match=f"`{name}`.*is not a valid key-word argument"):
            client.submit("x", api_name="/echo", **{name: 1})


def test_warnings_name_the_line_of_the_script(client: Client, newest: Server) -> None:
    """A warning is for the line that calls `predict`, `submit` or `Client`, in this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.predict("hi", None, api_name="/echo")
        client.submit("hi", None, api_name="/echo").result()
        Client(newest.url, verbose=False, httpx_kwargs={"http2": True}).close()
    assert [one.filename for one in caught] == [__file__] * 3


def test_folder_for_downloads_has_its_defaults(newest: Server) -> None:
    """`True` is the default folder, and `None` leaves files on the server."""
    with Client(newest.url, verbose=False, download_files=True) as client:  # type: ignore[arg-type]
        assert client.output_dir == DEFAULT_TEMP_DIR
    with Client(newest.url, verbose=False, download_files=None) as client:  # type: ignore[arg-type]
        assert client.predict(3, api_name="/make_file")["orig_name"] == "made.bin"


def test_results_can_be_changed(client: Client) -> None:
    """A script may change a value; the others of the job do not change with it."""
    job = client.submit(3, api_name="/chat")
    first = next(job)
    first.append("mine")
    first[0]["role"] = "mine"
    assert "mine" not in str(list(job))


def test_errors_come_from_the_result(client: Client, tmp_path: Path) -> None:
    """Files that are gone and values that cannot be sent fail the job, and not `submit`."""
    path = tmp_path / "gone.txt"
    path.write_text("x", encoding="utf-8")
    form = handle_file(path)
    path.unlink()
    for value, name, wanted in (
        (form, "/file", FileNotFoundError),
        (object(), "/echo", TypeError),
        ("a.txt", "/file", ValueError),
    ):
        job = client.submit(value, api_name=name)
        assert isinstance(job.exception(), wanted) and isinstance(
            job.exception(), GradioClientError
        )
        assert list(job.outputs()) == [] and job.status().success is False


def test_errors_of_the_connection_are_of_httpx(tmp_path: Path) -> None:
    """A script that catches the classes of ``httpx`` continues, for each kind of request."""
    with FileApp() as app:
        client = Client(app.url, verbose=False, download_files=tmp_path)
        app.output = [filedata("/gone")]
        refuse = {"Content-Length": 0}
        app.scripts["GET /file=/gone"] = lambda request: request.start(404, refuse)
        with pytest.raises(httpx.HTTPStatusError) as caught:
            client.predict(None, api_name="/file")
        assert caught.value.response.status_code == 404
        assert isinstance(caught.value, errors.DownloadError)
        app.scripts["POST /queue/join"] = lambda request: request.start(500, refuse)
        job = client.submit(None, api_name="/file")
        with pytest.raises(httpx.HTTPStatusError) as caught:
            list(job)
        assert caught.value.response.status_code == 500
        silent = threading.Event()
        app.scripts["POST /queue/join"] = lambda request: silent.wait(BOUND)
        options: dict[str, Any] = {"verbose": False, "httpx_kwargs": {"timeout": 0.5}}
        with pytest.raises(httpx.ReadTimeout), Client(app.url, **options) as impatient:
            impatient.predict(None, api_name="/file")
        silent.set()
    with pytest.raises(httpx.ConnectError):
        client.predict(None, api_name="/file")
    client.close()


def test_loop_raises_if_the_file_of_a_value_is_gone(tmp_path: Path) -> None:
    """A loop does not end silently before a value whose file cannot be downloaded."""
    with FileApp() as app:

        def send(x: IncomingRequest) -> None:
            app.wait_for("POST /queue/join", 1)
            x.start_stream()
            x.send(generating("e1", filedata("/gone")), completed("e1", filedata("/here")), CLOSE)
            x.end_stream()

        app.serve("/here", b"x")
        app.scripts["GET /file=/gone"] = lambda x: x.start(404, {"Content-Length": 0})
        app.scripts["GET /queue/data"] = send
        with Client(app.url, verbose=False, download_files=tmp_path) as client:
            job = client.submit(None, api_name="/file")
            with pytest.raises(errors.DownloadError):
                list(job)
            assert Path(job.result(BOUND)).read_bytes() == b"x"


# -- what an app may try


def test_paths_that_the_server_names_are_not_uploaded(tmp_path: Path) -> None:
    """A default, an example or a result that names a local file goes back as it is."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    with FileApp() as app, Client(app.url, verbose=False, download_files=False) as client:
        app.output = [filedata(str(secret))]
        named = client.predict(None, api_name="/file")
        assert named == filedata(str(secret))
        again = client.predict(named, api_name="/file")
        assert again == named and not app.uploads and app.payloads[-1] == [named]


def test_plain_client_is_used(monkeypatch: pytest.MonkeyPatch, newest: Server) -> None:
    """All calls go through the plain client: without it, nothing is called."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise errors.QueueFullError("no engine")

    monkeypatch.setattr(gradio_client_sync.Client, "submit", refuse)
    with Client(newest.url, verbose=False) as client:
        assert isinstance(client.submit("x", api_name="/echo").exception(), errors.QueueFullError)


@pytest.mark.client_only
def test_compat_prints_where_the_encoding_lacks_characters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An ASCII console, as of some IDEs and services, gets escapes and no `UnicodeEncodeError`."""
    output = io.TextIOWrapper(io.BytesIO(), "ascii")
    script = tmp_path / "script.py"
    script.write_text("from gradio_client import Client  # 名\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", output)
    with FakeApp() as fake:

        @fake.endpoint("/名")
        def echo(text: str = "名") -> str:
            return text

        with Client(f"{fake.url}/?token=abc") as client:
            client.view_api()
            print(client)
            assert "名" in client.view_api(print_info=False, return_format="str")
            with pytest.raises(ValueError, match="Cannot find a function") as caught:
                client.predict(api_name="/又")
            print(caught.value)
        print(client)
        assert migrate.main([str(script)]) == 0
    output.flush()
    lines = output.buffer.getvalue().decode("ascii").splitlines()  # type: ignore[attr-defined]
    assert lines[0] == f"Loaded as API: {fake.url}/?token=..."
    assert sum('api_name="/\\u540d"' in line for line in lines) == 3
    assert "+from gradio_client_sync.compat import Client  # \\u540d" in lines
