"""An app that is replaced while a client calls it: by a hot reload, or behind a gateway.

The numbers that the client knows stay valid, but now belong to other functions. No failure shows
this: calls still get results, over the same connections.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppChangedError, Client, EndpointNotFoundError
from gradio_client_sync._connection.preparing import prepare as prepare_call
from gradio_client_sync.job import control_of
from tests.conftest import GENERATIONS, SERVERS
from tests.support.fault_proxy import FaultProxy
from tests.support.gateway import Gateway, ResponseForm
from tests.support.generations import has
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.environments import prepare
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]

HERE = Path(__file__).parents[1] / "support" / "servers"
WARNED = re.compile(r"and (\d+) calls? of '/(\w+)' may have run another function")


class Deployment(Gateway):
    """An app behind a gateway, which sends requests to the app's successor from `swap` on.

    Connections to the gateway stay open.
    """

    def __init__(self, first: Server, second: Server) -> None:
        super().__init__(first.url, ResponseForm())
        self.first, self.second = first, second

    def swap(self) -> None:
        self.target = int(self.second.url.rpartition(":")[2])

    def checks(self) -> int:
        """Return the number of requests for the app's id."""
        return self.count("/app_id")

    def count(self, route: str) -> int:
        """Return the number of requests for a route."""
        return sum(f"{route} HTTP" in head.partition("\r\n")[0] for head in list(self.requests))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(version, marks=() if version in GENERATIONS else pytest.mark.long)
        for version in SERVERS
    ],
)
def servers(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Server]]:
    """Yield an app and its successor, of each version in turn."""
    before, after = (HERE / name for name in ("changing.py", "changed.py"))
    with Server(request.param, app=(before,)) as first:
        with Server(request.param, app=(after,)) as second:
            yield first, second


@pytest.fixture
def deployment(servers: tuple[Server, Server]) -> Iterator[Deployment]:
    with Deployment(*servers) as gateway:
        yield gateway


def await_closed(app: Client) -> None:
    """Wait until the client's idle connections can read that the server has closed them."""
    pool: Any = app._connection.http.context.network_path(app._connection.app.routes.page).pool
    for pooled in tuple(pool._idle):
        if pooled.connection.sock is not None:
            assert select.select([pooled.connection.sock], [], [], BOUND)[0]


def stops_by_reset(version: str) -> bool:
    """Return whether a job is stopped by ``/reset``, which has no effect before the first value.

    The client may send it to these servers (4.0 to 4.30) just as the job begins.
    """
    return not has(version, "cancel") and not has(version, "websocket")


def call_until(app: Client, wanted: str, endpoint: str = "/greet") -> list[str]:
    """Call by name without a pause until the result is ``wanted``; return the earlier results."""
    others: list[str] = []
    end = time.monotonic() + BOUND
    while time.monotonic() < end:
        try:
            answer = app.predict(endpoint, ["x"])[0]
        except AppChangedError:
            continue
        if answer == wanted:
            return others
        others.append(answer)
    raise AssertionError(f"{endpoint} still runs another function: {others[-3:]}")


def warned(caplog: pytest.LogCaptureFixture) -> dict[str, int]:
    """Return for how many calls of each endpoint there was a warning."""
    counts: dict[str, int] = {}
    for record in caplog.records:
        for count, name in WARNED.findall(record.getMessage()):
            counts[name] = counts.get(name, 0) + int(count)
    return counts


def test_reload_behind_a_gateway_is_detected_during_steady_calls(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls by name run a wrong function only until the next check, and give a warning."""
    with Client(deployment.url) as app, caplog.at_level(logging.WARNING):
        assert app.predict("/greet", ["x"])[0] == "hello x"
        call_until(app, "hello x")
        deployment.swap()
        checks = deployment.checks()
        wrong = [a for a in call_until_changed(app, "/greet") if a != "hello x"]
        assert deployment.checks() - checks <= 2
        assert set(wrong) <= {"WIPED x"}
        assert [app.predict("/greet", ["x"])[0] for _ in range(20)] == ["hello x"] * 20
        counts = warned(caplog)
    assert set(counts) <= {"greet"}
    assert len(wrong) <= counts.get("greet", 0), "calls that ran another function are warned of"


def call_until_changed(app: Client, endpoint: str) -> list[str]:
    """Call by name without a pause until the client has the new config; return the results."""
    answers: list[str] = []
    end = time.monotonic() + BOUND
    while not any(d.get("api_name") == "wipe" for d in app.config["dependencies"]):
        assert time.monotonic() < end, f"the other app was never noticed: {answers[-3:]}"
        with contextlib.suppress(AppChangedError):
            answers.append(app.predict(endpoint, ["x"])[0])
    return answers


def test_reload_cancels_jobs_of_a_wrong_function(deployment: Deployment) -> None:
    """A job that ran a wrong function in the new app is cancelled, also without a further call."""
    key = f"hold {uuid.uuid4().hex}"
    with Client(deployment.url) as app:
        assert app.predict("/greet", ["x"])[0] == "hello x"
        deployment.swap()
        job = app.submit("/greet", [key])
        try:
            assert deployment.second.control.await_started(key)
            error = job.exception(BOUND)
            assert isinstance(error, AppChangedError), error
            assert "'/greet'" in str(error)
            assert error.accepted is True
            if stops_by_reset(deployment.first.version):
                assert control_of(job).wait_released(BOUND) and deployment.count("/reset") == 1
            else:
                assert deployment.second.control.await_stopped(key)
        finally:
            deployment.second.control.release(key)


def test_reload_keeps_jobs_of_the_old_app(deployment: Deployment) -> None:
    """A job that the old app still runs continues to its end, and later calls work."""
    key = uuid.uuid4().hex
    with Client(deployment.url) as app:
        values = EventRecorder()
        job = app.submit("/hold", [key]).on("data", values)
        try:
            values.wait_for()
            checks = deployment.checks()
            end = time.monotonic() + BOUND
            while deployment.checks() < checks + 2:  # the first check may have begun earlier
                assert app.predict("/greet", ["x"])[0] == "hello x"
                assert time.monotonic() < end
            deployment.swap()
            call_until_changed(app, "/greet")
            assert app.predict("/greet", ["x"])[0] == "hello x"
            count = len(values.events)
            values.wait_for(after=count)
        finally:
            deployment.first.control.release(key)
        assert job.result(BOUND)[0] == f"held {key}"


def test_reload_does_not_affect_direct_calls(deployment: Deployment) -> None:
    """A direct call by name always runs the right function, because its URL has the name."""
    with Client(deployment.url) as app:
        assert app.predict("/quick", ["x"])[0] == "hello x"
        deployment.swap()
        assert app.predict("/quick", ["x"])[0] == "hello x"
        assert app.submit("/quick", ["x"]).result(BOUND)[0] == "hello x"
        # this name does not fit into a URL, so the number is sent
        call_until(app, "hello x", "/with/slash")


def test_reload_keeps_numbers_of_the_user(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """A number that the user passed is called unchanged, without a warning."""
    with Client(deployment.url) as app, caplog.at_level(logging.WARNING):
        assert app.predict(0, ["x"])[0] == "hello x"
        deployment.swap()
        assert app.predict(0, ["x"])[0] == "WIPED x"
        call_until_changed(app, "/quick")
        assert app.predict(0, ["x"])[0] == "WIPED x"
    assert warned(caplog) == {}


def prepared(app: Client, endpoint: str, payload: Any) -> tuple[Any, Any]:
    """Return the connection, and a call that is ready to be sent on it."""
    return prepare_call(
        app._lifecycle,
        app,
        endpoint,
        payload,
        timeout=None,
        isolated=False,
        idempotent=False,
        headers=None,
        event_data=None,
        trigger_id=None,
        method="submit",
    )


def test_reload_moves_values_with_their_parameters(deployment: Deployment) -> None:
    """Values by parameter name go to the parameters of that name in the new app."""
    with Client(deployment.url) as app:
        assert app.predict("/pair", {"a": "1", "b": "2"})[0] == "a=1 b=2"
        job = prepared(app, "/pair", {"a": "1", "b": "2"})
        deployment.swap()
        call_until_changed(app, "/quick")
        connection, order = job
        assert connection.submit(order).result(BOUND)[0] == "a=1 b=2"
        assert app.predict("/pair", {"a": "1", "b": "2"})[0] == "a=1 b=2"


def test_reload_without_a_function_ends_its_calls(servers: tuple[Server, Server]) -> None:
    """If the new app lacks a function, its call raises and does not run the old number."""
    second, first = servers
    with Deployment(first, second) as deployment, Client(deployment.url) as app:
        assert app.predict("/wipe", ["x"])[0] == "WIPED x"
        order = prepared(app, "/wipe", ["x"])[1]
        watch, end = app._connection.app.watch, time.monotonic() + BOUND
        known = watch.epoch
        deployment.swap()
        while watch.epoch == known:  # before that, the call would count as running at the change
            assert time.monotonic() < end
            app.predict("/quick", ["x"])
        with pytest.raises(EndpointNotFoundError, match="wipe"):
            app._connection.submit(order).result(BOUND)


def test_reload_that_cuts_connections_is_checked_before_the_next_call(
    servers: tuple[Server, Server],
) -> None:
    """If the server has closed a connection, the client checks the app before the next call."""
    first, second = servers
    with FaultProxy(first.url) as proxy, Client(proxy.url) as app:
        # The stream may be cut while the next job joins, which is then sent again.
        for server in (second, first, second):
            assert app.predict("/greet", ["x"], idempotent=True)[0] == "hello x"
            # A stream that this client closed does not show that the server is gone, so leave an
            # idle connection.
            assert app.predict("/quick", ["x"])[0] == "hello x"
            proxy.target = int(server.url.rpartition(":")[2])
            proxy.cut()
            await_closed(app)
        assert app.predict("/greet", ["x"], idempotent=True)[0] == "hello x"


def test_reload_checks_cost_one_request_per_second(deployment: Deployment) -> None:
    """Steady calls cause at most one check per second, and an idle client causes none."""
    with Client(deployment.url) as app:
        began = time.monotonic()
        while time.monotonic() < began + 3.5:
            assert app.predict("/greet", ["x"])[0] == "hello x"
        app._connection._workers.join(0.0)
        took = time.monotonic() - began
        checks = deployment.checks()
        assert 1 <= checks <= took + 1
        # If the config has no ``app_id``, it is read once more when the id is first known.
        assert deployment.count("/config") == (1 if "app_id" in app.config else 2)
        assert not threading.Event().wait(2.0)
        assert deployment.checks() == checks


# -- the hot reload of `gradio app.py`

SOURCE = """
import os, time
import gradio as gr

def wipe(text):
    return f"WIPED {text}"

def greet(text):
    return f"hello {text}"

def hold(folder):
    for number in range(100_000):
        yield str(number)
        if os.path.exists(os.path.join(folder, "go")):
            break
        time.sleep(0.05)
    yield "held"

with gr.Blocks() as demo:
    go = gr.Button("go")
    text, out = gr.Textbox(), gr.Textbox()
    # more
    go.click(greet, text, out, api_name="greet")
    go.click(hold, text, out, api_name="hold")
    go.click(greet, text, out, api_name="quick", queue=False)

if __name__ == "__main__":
    demo.queue().launch()
"""
MORE = 'go.click(wipe, text, out, api_name="wipe")'
RUNNING = re.compile(r"Running on local URL:\s+(http://\S+)")


class DevelopedApp:
    """An app that runs by ``gradio app.py``, which reloads it when its file changes."""

    def __init__(self, version: str, folder: Path) -> None:
        self.file = folder / "app.py"
        self.file.write_text(SOURCE)
        binaries = prepare(version).parent
        self.process = subprocess.Popen(
            [str(binaries / "gradio"), "app.py"],
            cwd=folder,
            env={
                **os.environ,
                "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
                "GRADIO_ANALYTICS_ENABLED": "False",
                "GRADIO_TEMP_DIR": str(folder / "files"),
                "PYTHONUNBUFFERED": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # the command starts the app as its own process
        )

    def __enter__(self) -> str:
        """Wait until the app runs, and return its URL."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            found = RUNNING.search(line)
            if found:
                self._rest = threading.Thread(target=self.process.stdout.read)
                self._rest.start()
                return found[1]
        raise AssertionError("".join(lines))

    def __exit__(self, *exc: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._rest.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def change(self) -> None:
        """Add a function above the others."""
        changed = self.file.with_suffix(".new")
        changed.write_text(SOURCE.replace("# more", MORE))
        changed.replace(self.file)


#: Servers of 4.x end a running job at a reload with their own error.
DEVELOPED = [version for version in ("5.50.0", "6.31.0") if version in SERVERS]


@pytest.mark.parametrize("version", DEVELOPED)
def test_hot_reload_under_steady_calls(
    version: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls after a reload run the right function, while a job from before the reload continues."""
    developed = DevelopedApp(version, tmp_path)
    with developed as url, Client(url) as app, caplog.at_level(logging.WARNING):
        values = EventRecorder()
        job = app.submit("/hold", [str(tmp_path)]).on("data", values)
        values.wait_for()
        for _ in range(3):
            assert app.predict("/greet", ["x"])[0] == "hello x"
        looked = app._connection.app.watch
        good, end = looked._good, time.monotonic() + BOUND
        while looked._good < good + 2:  # so that the job is older than the last check
            assert app.predict("/greet", ["x"])[0] == "hello x"
            assert time.monotonic() < end
        developed.change()
        answers = call_until_changed(app, "/greet")
        assert set(answers) <= {"hello x", "WIPED x"}
        assert [app.predict("/greet", ["x"])[0] for _ in range(20)] == ["hello x"] * 20
        assert app.predict("/wipe", ["x"])[0] == "WIPED x"
        assert app.predict("/quick", ["x"])[0] == "hello x"
        assert answers.count("WIPED x") <= warned(caplog).get("greet", 0)
        count = len(values.events)
        values.wait_for(after=count)
        (tmp_path / "go").touch()
        assert job.result(BOUND)[0] == "held"
