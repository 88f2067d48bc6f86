"""Tracebacks show the lines of the user, and none of the package, for every mistake.

The first tests are about the decorator itself. They make functions that seem to belong to
the package: the decorator tells its own lines from those of others by their file.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import gradio_client_sync
from gradio_client_sync import (
    AppError,
    Client,
    ConnectFailedError,
    FileError,
    GradioClientError,
    Job,
    PayloadError,
    RemoteFile,
    StreamClosedError,
    _tracebacks,
    files,
    function,
    handle_file,
    typed,
)
from gradio_client_sync._tracebacks import SWITCH, short_traceback, stored
from tests.conftest import SERVERS
from tests.support.intermediary import Intermediary
from tests.support.listeners import BOUND
from tests.support.mistakes import MISTAKES, WITH_OWN_FRAME, Situation, run_cells, run_scripts
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server
from tests.support.tls_proxy import behind_tls

PACKAGE = str(Path(gradio_client_sync.__file__).parent)

#: The most frames of the package in a traceback.
OWN_FRAMES = 0 if sys.version_info >= (3, 11) else 1


def own(code: str, **names: Any) -> Callable[..., Any]:
    """Return the function ``run`` of code that seems to belong to the package, decorated."""
    scope: dict[str, Any] = {"PayloadError": PayloadError, "FileError": FileError, **names}
    exec(compile(code, os.path.join(PACKAGE, "made.py"), "exec"), scope)
    return short_traceback(scope["run"])


def caught(function: Callable[[], object]) -> BaseException:
    """Return what a function raises."""
    try:
        function()
    except BaseException as exc:  # noqa: BLE001 - KeyboardInterrupt, too
        return exc
    raise AssertionError("it did not raise")


def files_in(exc: BaseException) -> list[str]:
    """Return the files of the lines in a traceback, but for the first, which is `caught`."""
    entries = traceback.extract_tb(exc.__traceback__)[1:]
    return [os.path.relpath(entry.filename, PACKAGE) for entry in entries]


def shown(exc: BaseException) -> str:
    """Return what Python would print."""
    return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))


HERE = os.path.relpath(__file__, PACKAGE)
OWN = ["_tracebacks.py"] * OWN_FRAMES


# -- the decorator -----------------------------------------------------------------


DEEP = """
def inner():
    raise {}
def run():
    inner()
"""


@pytest.mark.parametrize("raised", ["PayloadError('x')", "ValueError('x')", "KeyboardInterrupt"])
def test_traceback_of_an_exception_on_purpose_has_no_inner_lines(raised: str) -> None:
    """What the package raises itself shows the caller's lines only."""
    run = own(DEEP.format(raised))
    assert files_in(caught(lambda: run())) == [HERE, *OWN]


def test_traceback_of_a_generator_has_no_inner_lines() -> None:
    """The same holds for an exception in a loop, which also gets the values before it."""
    run = own("def run():\n    yield 1\n    yield 2\n    raise PayloadError('x')")
    got: list[int] = []

    def loop() -> None:
        for value in run():
            got.append(value)  # noqa: PERF402 - the values before the exception count

    assert files_in(caught(loop)) == [HERE, *OWN]
    assert got == [1, 2]
    values = run()
    assert next(values) == 1
    values.close()  # ends the inner generator, too


def test_traceback_of_wrong_arguments_has_no_lines_of_the_decorator() -> None:
    """An unknown argument is reported like that of an undecorated function."""
    run = own("def run(a): pass")
    exc = caught(lambda: run(b=1))
    assert files_in(exc) == [HERE, *OWN]
    assert "run() got an unexpected keyword argument 'b'" in str(exc)


def test_traceback_of_a_bug_stays_whole() -> None:
    """An exception that the package does not raise on purpose keeps all lines."""
    run = own("def inner():\n    return None.nothing\ndef run():\n    inner()")
    assert files_in(caught(lambda: run()))[-2:] == ["made.py", "made.py"]


def test_traceback_keeps_the_lines_of_callbacks() -> None:
    """An exception of the user's own function shows that function."""

    def callback() -> None:
        raise ZeroDivisionError

    run = own("def inner(f):\n    f()\ndef run(f):\n    inner(f)")
    assert files_in(caught(lambda: run(callback))) == [HERE, *OWN, HERE]


def test_traceback_is_whole_if_the_switch_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable shows everything."""
    monkeypatch.setenv(SWITCH, "full")
    run = own(DEEP.format("PayloadError('x')"))
    assert files_in(caught(lambda: run())) == [HERE, "_tracebacks.py", "made.py", "made.py"]
    error = PayloadError("x")
    error.__cause__ = KeyError("y")
    assert stored(error).__cause__ is not None


def test_traceback_is_logged_before_it_is_shortened(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the classes and lines of the whole chain at debug level, and no messages."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    code = "def run():\n    try:\n        {}['a']\n    except KeyError as exc:\n"
    run = own(code + "        raise PayloadError('value 1') from exc")
    exc = caught(lambda: run())
    assert "made.py" not in shown(exc) and "KeyError" not in shown(exc)
    assert "made.py, line 3, in run" in caplog.text and "KeyError" in caplog.text
    assert "PayloadError leaves the package" in caplog.text and "value 1" not in caplog.text


def test_hidden_cause_can_still_be_found() -> None:
    """A cause that is not printed is the context of the error."""
    run = own("def run(exc):\n    raise PayloadError('x') from exc")
    cause = KeyError("inner")
    exc = caught(lambda: run(cause))
    assert exc.__cause__ is None and exc.__context__ is cause
    assert "KeyError" not in shown(exc)


def test_cause_of_a_file_is_shown_without_lines() -> None:
    """The exception of the system about a file of the user is shown, in one line."""
    code = "def run():\n    try:\n        open('/nowhere/at/all')\n    except OSError as exc:\n"
    exc = caught(own(code + "        raise FileError('x') from exc"))
    assert isinstance(exc.__cause__, FileNotFoundError)
    assert exc.__cause__.__traceback__ is None
    assert shown(exc).splitlines()[0].startswith("FileNotFoundError")


def test_cause_of_the_user_keeps_the_lines_of_the_user() -> None:
    """An exception in a file object of the user is shown with its lines, and no others."""

    def read() -> None:
        raise ZeroDivisionError

    code = "def run(read):\n    try:\n        read()\n    except Exception as exc:\n"
    run = own(code + "        raise FileError('x') from exc")
    exc = caught(lambda: run(read))
    assert isinstance(exc.__cause__, ZeroDivisionError)
    assert [e.name for e in traceback.extract_tb(exc.__cause__.__traceback__)] == ["read"]


def test_exception_that_the_user_handles_is_shown() -> None:
    """An error in the user's ``except`` shows what the user handled, and no inner exception."""
    run = own(
        "def run():\n    try:\n        int('q')\n    except ValueError as exc:\n"
        "        raise PayloadError('x') from exc"
    )

    def user() -> None:
        try:
            raise KeyError("mine")
        except KeyError:
            run()

    exc = caught(user)
    assert isinstance(exc.__context__, KeyError)
    assert "KeyError: 'mine'" in shown(exc) and "ValueError" not in shown(exc)
    exc = caught(run)
    assert "During handling" not in shown(exc)


def test_error_of_the_user_from_ours_keeps_its_cause() -> None:
    """``raise … from`` of the user works as ever."""
    run = own(DEEP.format("PayloadError('x')"))

    def user() -> None:
        try:
            run()
        except PayloadError as exc:
            raise RuntimeError("mine") from exc

    exc = caught(user)
    assert isinstance(exc.__cause__, PayloadError)
    assert "direct cause" in shown(exc)


def test_stored_error_has_no_lines_of_its_thread() -> None:
    """An error that is kept for other threads has neither lines nor hidden causes."""

    def raises() -> None:
        try:
            raise OSError("inner")
        except OSError as exc:
            raise AppError("x") from exc

    error = caught(raises)
    assert isinstance(error, GradioClientError)
    assert stored(error) is error
    assert error.__traceback__ is None
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (AppError, "x")


def test_error_that_is_its_own_cause_ends_nowhere_else() -> None:
    """Jobs that share an upload may raise its error from itself."""
    error = AppError("x")
    error.__cause__ = error
    assert stored(error).__cause__ is None and error.__context__ is None
    first, second = AppError("1"), AppError("2")
    first.__cause__, second.__cause__ = second, first
    assert stored(first).__cause__ is second and second.__cause__ is None
    exc = caught(lambda: own("def run(e):\n    raise e")(first))
    text = shown(exc)
    assert text.count("AppError: 2") == 1


def test_decorated_functions_look_like_themselves() -> None:
    """Names, signatures and docstrings are those of the function."""
    assert "endpoint" in inspect.signature(Client.predict).parameters
    assert inspect.signature(Client).parameters["source"].annotation == "str"
    assert Client.predict.__qualname__ == "Client.predict"
    assert (Client.predict.__doc__ or "").startswith("Call an endpoint")
    assert "def predict" in inspect.getsource(Client.predict)
    assert pickle.loads(pickle.dumps(handle_file)) is handle_file


#: Public methods without the decorator: they raise nothing, and are called often.
PLAIN = {
    *("Job.done", "Job.running", "Job.__init__", "Job.__exit__", "TypedJob.__init__"),
}


def public_functions() -> Iterator[tuple[str, Any]]:
    """Yield the public functions and methods that users call, with their names."""
    for owner in (Client, Job, RemoteFile, function.TypedJob, typed.Api):
        for name, value in vars(owner).items():
            if isinstance(value, property):
                value = value.fget
            elif isinstance(value, (classmethod, staticmethod)):
                value = value.__func__
            special = name in ("__init__", "__iter__", "__exit__", "__fspath__")
            if inspect.isfunction(value) and (special or not name.startswith("_")):
                yield f"{owner.__name__}.{name}", value
    yield "handle_file", files.handle_file


def test_all_public_functions_are_decorated() -> None:
    """No public function was forgotten."""
    plain = {name for name, value in public_functions() if not hasattr(value, "__wrapped__")}
    assert plain == {*PLAIN, "Api.__init__"}


# -- every mistake, on a real server -------------------------------------------------


class Hangup(Intermediary):
    """A server that closes each connection after a part of the request."""

    def handle(self, near: socket.socket) -> None:
        near.recv(1)
        self.end(near)


@pytest.fixture(scope="module")
def situation(
    server_pool: ServerPool, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Situation]:
    """Provide what the code of the mistakes finds."""
    server = server_pool.get(SERVERS[-1])
    combined = certificate.parent / "both.pem"
    combined.write_bytes(certificate.read_bytes() + certificate.with_suffix(".key").read_bytes())
    with Hangup(server.url) as relay, behind_tls(server.url, combined) as tls_url:
        folder = tmp_path_factory.mktemp("mistakes")
        yield Situation(server.url, tls_url, relay.url, str(folder))
        for key in ("m1", "m2"):
            server.control.release(key)


@pytest.fixture(scope="module")
def in_scripts(situation: Situation) -> dict[str, str]:
    """Return what Python prints for each mistake."""
    return run_scripts(situation)


@pytest.fixture(scope="module")
def in_cells(situation: Situation) -> dict[str, str]:
    """Return what IPython prints for each mistake."""
    pytest.importorskip("IPython")
    return run_cells(situation)


def check(printed: str, name: str, limit: int) -> None:
    """Check what is printed for a mistake."""
    code, own = MISTAKES[name][1], max(OWN_FRAMES, int(name in WITH_OWN_FRAME))
    assert code.splitlines()[-1] in printed, printed
    assert printed.rstrip().count("\n") < limit, printed
    assert printed.count("gradio_client_sync/") <= own, printed
    others = printed.replace("site-packages/gradio_client_sync/", "")
    for library in ("urllib3", "site-packages", "***failed", "huggingface_hub/", "httpx"):
        assert library not in others, printed


@pytest.mark.gradio
@pytest.mark.parametrize("name", MISTAKES)
def test_script_shows_at_most_ten_lines(in_scripts: dict[str, str], name: str) -> None:
    """In a script, a mistake shows the user's line and the message."""
    check(in_scripts[name], name, 10)


@pytest.mark.gradio
@pytest.mark.parametrize("name", MISTAKES)
def test_notebook_shows_at_most_twenty_five_lines(in_cells: dict[str, str], name: str) -> None:
    """In IPython, a mistake shows the user's line and the message."""
    check(in_cells[name], name, 25)


# -- errors of jobs ------------------------------------------------------------------


@pytest.mark.gradio
def test_error_of_a_job_that_is_raised_again_stays_short(server: Server) -> None:
    """Each `result` of a failed job, in each thread, shows the lines of its own call only."""
    with Client(server.url) as app:
        job = app.submit("/fail", ["x"])
        lengths = {len(files_in(caught(lambda: job.result(BOUND)))) for _ in range(5)}
        assert lengths == {1 + OWN_FRAMES}
        error = job.exception()
        assert isinstance(error, AppError)
        found = []
        thread = threading.Thread(target=lambda: found.append(caught(job.result)))
        thread.start()
        thread.join(BOUND)
        assert len(files_in(found[0])) == OWN_FRAMES

        async def wait() -> None:
            await asyncio.wrap_future(app.submit("/fail", ["x"]))

        exc = caught(lambda: asyncio.run(wait()))
        assert PACKAGE not in shown(exc)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            exc = caught(pool.submit(app.predict, "/fail", ["x"]).result)
        assert not [file for file in files_in(exc)[3:] if not file.startswith("..")][OWN_FRAMES:]


@pytest.mark.gradio
def test_closed_stream_keeps_the_error_of_the_job_as_its_cause(server: Server) -> None:
    """The documented cause of a `StreamClosedError` stays."""
    error = StreamClosedError("x")
    error.__cause__ = AppError("y")
    run = own("def run(error):\n    raise error")
    exc = caught(lambda: run(error))
    assert isinstance(exc.__cause__, AppError)
    assert "direct cause" in shown(exc)


def test_message_does_not_name_an_exception_that_the_user_handles() -> None:
    """The cause in a message is that of the connection, also inside an ``except`` of the user."""
    try:
        raise KeyError("mine")
    except KeyError:
        exc = caught(lambda: Client("http://127.0.0.1:1"))
    assert isinstance(exc, ConnectFailedError)
    assert "mine" not in str(exc) and "refused" in str(exc)


# -- interruptions -------------------------------------------------------------------


INTERRUPTED = """
import sys
from gradio_client_sync import Client
app = Client(sys.argv[1])
job = app.submit("/hold", [sys.argv[2]])
{}
"""


@pytest.mark.gradio
@pytest.mark.parametrize(
    "line",
    [
        'app.predict("/hold", [sys.argv[2]], timeout=print("runs", flush=True))',
        'job.result(print("runs", flush=True))',
        'job.exception(print("runs", flush=True))',
        'for data in print("runs", flush=True) or job: pass',
    ],
)
def test_interrupted_script_shows_no_inner_lines(server: Server, tmp_path: Path, line: str) -> None:
    """Ctrl-C in a call, a wait or a loop shows the user's line only."""
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.format(line))
    key = f"interrupted {line}"
    command = [sys.executable, str(script), server.url, key]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGINT)
        printed = process.stderr.read()
    server.control.release(key)
    assert "KeyboardInterrupt" in printed and line in printed
    # A signal that strikes as our function begins meets one frame that cannot hide itself.
    assert printed.count("gradio_client_sync/") <= 1, printed
    assert printed.count("\n") <= 9, printed


def test_decorator_has_a_name_for_its_log() -> None:
    """The logger is below that of the package, so it is switched on with it."""
    assert _tracebacks.log.name.startswith("gradio_client_sync.")
