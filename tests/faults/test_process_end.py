"""The end of a process: in any phase of a job, it ends at once and without output."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.job_phases import assert_stopped, held_in, server_for
from tests.support.listeners import BOUND
from tests.support.processes import run_python
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

VERSIONS = [
    version if version == "6.31.0" else pytest.param(version, marks=pytest.mark.long)
    for version in ("3.50.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
# s from the cause to the end of the process. It usually takes 0.2 s, and 1 s if the server is
# silent. The limit is far above, since the machine may be busy, and far below an endless wait.
GONE = 10.0
#: The request that stops a generator on each server.
CANCELS = {"3.50.2": b"/reset", "4.44.1": b"/cancel", "6.31.0": b"/cancel"}
PHASES = (
    *("connecting", "reading", "idle", "uploading", "queued", "running", "streaming", "listening"),
    "downloading",
)
#: What ends the process, with its last line of output and its exit code.
ENDINGS = {
    "exit": ("", 3),
    "error": ("RuntimeError: unhandled", 1),
    "SIGINT": ("KeyboardInterrupt", -signal.SIGINT),
    "SIGTERM": ("", -signal.SIGTERM),
    "SIGTERM with a handler": ("", 3),
}

SCRIPT = """
import os, select, signal, sys, threading
from gradio_client_sync import Client

url, phase, ending, key = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells have it ignored
# A signal just before a read would be handled only after it, so wait for both.
woken, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
# No `threading.Event`: a signal while it is set may end the wait with another error.
ready, ready_writer = os.pipe()
once = threading.Lock()

def say_ready(*_):
    if once.acquire(blocking=False):
        print("ready", flush=True)
        os.write(ready_writer, b"x")

def wait_and(function, *arguments):
    # A signal interrupts it; for other endings the main thread ends while it runs.
    if ending.startswith("SIG"):
        function(*arguments)
    threading.Thread(target=function, args=arguments, daemon=True).start()

if ending == "SIGTERM with a handler":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
if phase in ("connecting", "reading"):
    # Only in the wait: an object of a library that is interrupted in its constructor prints errors.
    left = {"connecting": 1, "reading": 2}[phase]  # of the head; of the rest of the body
    def look(frame, event, argument):
        global left
        if event == "c_call" and argument.__name__ == "recv_into":
            left -= 1
            if left == 0:
                say_ready()
    sys.setprofile(look)
    threading.setprofile(look)
    wait_and(Client, url)
else:
    app = Client(url)
    if phase == "idle":
        app.predict("/echo", ["x"])
        say_ready()
    elif phase == "uploading":
        app.submit("/digest", [bytes(50_000_000)]).on("upload", say_ready)
    elif phase == "queued":
        job = app.submit("/hold", [key])
        job.on("status", lambda status: status.position is not None and say_ready())
    elif phase == "running":
        say_ready()
        wait_and(app.predict, "/hold_async", [key])
    elif phase == "streaming":
        values = iter(app.submit("/endless", [key]))
        next(values)  # kept until the end: an error while it is closed would be ignored
        say_ready()
    elif phase == "listening":
        app.submit("/endless", [key]).on("data", say_ready)
    elif phase == "downloading":
        file = app.predict("/make_file", [20_000_000])[0]
        wait_and(lambda: file.download(progress=say_ready))
select.select([ready, woken], [], [], 20)
select.select([sys.stdin, woken], [], [])
if ending == "exit":
    sys.exit(3)
raise RuntimeError("unhandled")
"""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("phase", "ending"),
    [
        pytest.param(
            phase,
            ending,
            # For the package they are the same as an exit; only the user's code differs.
            marks=pytest.mark.long
            if ending in ("error", "SIGTERM with a handler") and phase != "running"
            else (),
        )
        for phase in PHASES
        for ending in ENDINGS
    ],
)
def test_process_ends_at_once(
    server_pool: ServerPool, version: str, phase: str, ending: str, tmp_path: Path
) -> None:
    """The process ends within a second and silently, and its functions on the server stop."""
    server, key = server_for(phase, server_pool, version), uuid.uuid4().hex
    executed = server.control.executions()
    silent = socket.create_server(("127.0.0.1", 0))  # accepts connections and sends nothing
    with silent, held_in(phase, server, key) as url:
        if phase in ("connecting", "reading"):
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", SCRIPT, url, phase, ending, key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            text=True,
        )
        with process, contextlib.ExitStack() as waiting:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            if phase == "reading":
                connection = waiting.enter_context(silent.accept()[0])
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            if phase == "running":
                assert server.control.await_started(key)
            began = time.monotonic()
            if ending.startswith("SIG"):
                process.send_signal(getattr(signal, ending.split()[0]))
            else:
                process.stdin.write("\n")
                process.stdin.flush()
            process.wait(BOUND)
            took = time.monotonic() - began
            said = process.stderr.read().splitlines()
    last, code = ENDINGS[ending]
    assert took < GONE, f"it took {took:.2f} s"
    assert process.returncode == code, said
    assert said[-1:] == [last][: len(last)], said
    assert not any("gradio-" in line or "ignored" in line for line in said), said
    if (phase, ending) != ("running", "SIGTERM"):
        assert_stopped(phase, server, key, executed)
    server.control.release(key)
    if ending != "SIGTERM":  # after SIGTERM a private folder of downloads is left
        assert not list(tmp_path.iterdir())


DAEMONS = """
import concurrent.futures, sys, threading
from gradio_client_sync import Client

url, key = sys.argv[1:]
app = Client(url)

def loop():
    for data in app.submit("/endless", [key]):
        started.release()

def download():
    app.predict("/make_file", [200_000_000])[0].download(progress=lambda *_: started.release())

started = threading.Semaphore(0)
job = app.submit("/hold", [key])
for function in (loop, download, job.result, lambda: concurrent.futures.wait([job])):
    threading.Thread(target=function, daemon=True).start()
started.acquire()
started.acquire()
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_daemon_threads_print_nothing_at_exit(server_pool: ServerPool, version: str) -> None:
    """Threads that wait for jobs and files print nothing while the interpreter exits."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    assert run_python(DAEMONS, server.url, key, quiet=True) == ""
    server.control.release(key)


MANY = """
import sys, time
from gradio_client_sync import Client

apps = [Client(sys.argv[1]) for _ in range(12)]
for app in apps:
    next(iter(app.submit("/endless", [sys.argv[2]])))
print(time.time())
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_exit_does_not_wait_for_each_silent_server(server_pool: ServerPool, version: str) -> None:
    """Twelve servers that do not respond to the cancel are waited for together, not in turn."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    with FaultProxy(server.url, Fault(CANCELS[version], times=24, action="stall")) as proxy:
        printed = run_python(MANY, proxy.url, key, quiet=True)
        assert time.time() - float(printed) < GONE
        assert proxy.struck == 12
    server.control.release(key)


IMPATIENT = """
import signal, sys
from gradio_client_sync import Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # some shells have it ignored
with Client(sys.argv[1]) as app:
    app.predict("/endless", [sys.argv[2]])
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_ctrl_c_waits_once_for_a_silent_server(server_pool: ServerPool, version: str) -> None:
    """The call, its client and the exit wait for the server's response once, not each in turn."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    with FaultProxy(server.url, Fault(CANCELS[version], times=8, action="stall")) as proxy:
        process = subprocess.Popen(
            [sys.executable, "-c", IMPATIENT, proxy.url, key], stderr=subprocess.PIPE, text=True
        )
        with process:
            assert process.stderr is not None
            assert server.control.call("await_count", key, "ticks", 1)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(BOUND)
            assert time.monotonic() - began < GONE
            assert process.stderr.read().splitlines()[-1] == "KeyboardInterrupt"
        assert proxy.struck == 1
    server.control.release(key)


AT_EXIT = """
import atexit, concurrent.futures, sys, threading

def attempt(function):
    try:
        return function()
    except concurrent.futures.CancelledError:
        return "cancelled"
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"

def last():
    print(attempt(lambda: job.result(5)), concurrent.futures.wait([job], 5).done == {job})
    print(attempt(lambda: app.predict("/echo", ["later"], timeout=5)[0]))
    try:
        thread = threading.Thread(target=lambda: app.predict("/echo", ["in a thread"], timeout=5))
        thread.start()
        thread.join()
    except RuntimeError:
        pass  # 3.12 starts no threads any more
    app.close()
    print(attempt(lambda: app.predict("/echo", ["closed"])))

def first():
    print(attempt(lambda: app.predict("/echo", ["before"], timeout=5)[0]))

atexit.register(last)  # what is registered last comes first
from gradio_client_sync import Client
app = Client(sys.argv[1])
job = app.submit("/endless", [sys.argv[2]])
next(iter(job))
atexit.register(first)
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_atexit_functions_can_call_the_app(server_pool: ServerPool, version: str) -> None:
    """Functions of `atexit` can call the app, if Python still starts threads then."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    before, job, later, closed = run_python(AT_EXIT, server.url, key, quiet=True).splitlines()
    no_thread = "GradioClientError: No thread could be started"
    assert before == "before" or (before.startswith(no_thread) and sys.version_info >= (3, 12))
    assert job == "cancelled True"
    assert later == "later" or (later.startswith(no_thread) and sys.version_info >= (3, 12))
    assert closed == "ClientClosedError: The client is closed; make a new one."
    assert server.control.await_stopped(key)
