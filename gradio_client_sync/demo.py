"""``gradio-client-sync demo``: a walk through the package, on a real app, in a real process.

The steps are plain functions. A step's docstring is its heading, and its body is printed
before it runs, so what one reads is what happens. The stage that they play on, a screen and
the app's process, is in `demo_stage`.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Callable

from ._demo.stage import (
    BOLD,
    CODE,
    DIM,
    AppProcess,
    direct_connections,
    meter,
    place,
    redraw,
    say,
    screen,
)
from .errors import MissingDependencyError

if TYPE_CHECKING:
    from ._client import Client
    from .events import Log, Status

GRADIO_PYTHON = (3, 10)  # what the Gradio releases of the extra need


def run(*, python: str | None = None, color: bool | None = None) -> None:
    """Walk through everything, printing; returns when the app's process is gone.

    Args:
        python: The interpreter that runs the app and has Gradio; this one if not given.
        color: Whether to use colours; ``None`` uses them on terminals that want them.

    Raises:
        MissingDependencyError: There is no Gradio to run the app with.
        ConnectFailedError: The app did not start; its log is on standard error.
        GradioClientError: A step failed.
    """
    began = time.monotonic()
    if python is None:
        _check_gradio()
    if color is not None:
        screen.color = color
    say(screen.style("gradio_client_sync: a walk in ten steps", BOLD))
    say("A small Gradio app starts on this machine. Each step shows the code that is run, and")
    say("what comes of it. (say is print; redraw prints over the last line.)")
    try:
        with direct_connections(), AppProcess(python or sys.executable) as process:
            say(f"\nGradio {process.version} is up: process {process.pid} at {process.url}")
            number = iter(range(1, 100))
            with _step(next(number), connect, process.url) as app:
                for step in STEPS:
                    _step(next(number), step, app)
                _step(next(number), finish, app, process)
    finally:
        screen.end_line()
    seconds = f"{time.monotonic() - began:.0f} s"
    say(f"\n{screen.style('That was all', BOLD)}, in {seconds}. Now look at an app of your own:")
    say("  gradio-client-sync view-api http://127.0.0.1:7860")


def _check_gradio() -> None:
    if find_spec("gradio") is not None:
        return
    remedy = "pip install 'gradio-client-sync[demo]'"
    if sys.version_info < GRADIO_PYTHON:
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        message = (
            f"The demo starts a Gradio app, which needs Python 3.10 or later, and this is {here}. "
            f"With a newer Python: {remedy}. Or name one that has Gradio with --python."
        )
    else:
        message = f"The demo starts a Gradio app, and there is no Gradio here. Do: {remedy}"
    raise MissingDependencyError(message, extra="demo")


# -- the steps: the docstring is the heading, the body is shown and then run


def connect(url: str) -> Client:
    """Connect.

    One request. An address of any Gradio app will do, or the name of a Space.
    """
    from gradio_client_sync import Client

    app = Client(url)
    print(app)
    return app


def look(app: Client) -> None:
    """Look.

    What the app offers, with a call to copy for each endpoint.
    """
    print(app.view_api())


def predict(app: Client) -> None:
    """Predict.

    Values go by position or by name; what is left out takes the app's default.
    """
    result = app.predict("/add", [2, 3])
    print(result[0])

    print(app.predict("/greet", ["Ada"])[0])
    print(app.predict("/greet", {"name": "Ada", "language": "French"})[0])


def stream(app: Client) -> None:
    """Stream.

    A loop over a job gets each value as it arrives. Only what is new is printed.
    """
    shown = ""
    for update in app.submit("/tell", ["hedgehog"]):
        print(update[0][len(shown) :], end="", flush=True)
        shown = update[0]
    print()


def listen(app: Client) -> None:
    """Listen.

    Listeners hear of progress and messages while the app works.
    """

    def on_status(status: Status) -> None:
        for bar in status.progress_data or []:
            steps = f"{bar.index}/{bar.length} {bar.unit}: {bar.desc}"
            redraw(f"{meter(bar.index, bar.length)} {steps}")

    def on_log(log: Log) -> None:
        say(f"{log.title}, {log.level}: {log.log}")

    job = app.submit("/cook", [3]).on("status", on_status).on("log", on_log)
    say(job.result(timeout=60)[0])


def queue_up(app: Client) -> None:
    """Queue up.

    Jobs are futures, and know their place in the app's queue. Four cakes, one oven:
    """
    from concurrent.futures import as_completed

    cakes = {app.submit("/bake", [name]): name for name in ("apple", "cherry", "lemon", "plum")}

    def board() -> str:
        return "  ".join(f"{name}: {place(job.status)}" for job, name in cakes.items())

    for job in cakes:
        job.on("status", lambda status: redraw(board))
    for done in as_completed(cakes):
        say(done.result()[0])


def fail(app: Client) -> None:
    """Fail.

    An error of the app is an exception here, and so is a slip of the pen.
    """
    from gradio_client_sync import AppError, EndpointNotFoundError, PayloadError

    try:
        app.predict("/share", {"cookies": 12, "friends": 0})
    except AppError as error:
        print(f"{error.title}: {error.message}")

    try:
        app.predict("/gess", [50])
    except EndpointNotFoundError as error:
        print(error)

    try:
        app.predict("/share", {"cookie": 12})
    except PayloadError as error:
        print(error)


def remember(app: Client) -> None:
    """Remember.

    Calls share a session: the app picks a number and keeps it for this client alone.
    """
    low, high, hint = 1, 100, ""
    while "it is" not in hint:
        number = (low + high) // 2
        hint = app.predict("/guess", [number])[0]
        print(hint)
        low, high = (number + 1, high) if "higher" in hint else (low, number - 1)


def cancel(app: Client) -> None:
    """Cancel.

    This one counts for ever. Stopping it here stops it there, which the app confirms.
    """
    job = app.submit("/count")
    for update in job:
        print(update[0], end=" ", flush=True)
        if update[0] == 20:
            break  # ends the loop; the job goes on
    print("…")

    job.cancel()
    print(job)
    print("Is it counting?", app.predict("/is_counting")[0])


def finish(app: Client, process: AppProcess) -> None:
    """Finish.

    Nothing stays behind: no connection, no thread, no process.
    """
    import threading

    app.close()
    print(f"Process {process.pid} has ended with exit code {process.stop()}.")
    print("Threads:", [thread.name for thread in threading.enumerate()])


STEPS = (look, predict, stream, listen, queue_up, fail, remember, cancel)  # of a connected client


def _step(number: int, step: Callable[..., Any], *arguments: Any) -> Any:
    """Show a step and run it."""
    heading, _, about = (inspect.getdoc(step) or "").partition(".\n\n")
    rule = "─" * (screen.width - len(heading) - 6)
    say()
    say(screen.style(f"{number:2}  {heading}", BOLD), screen.style(rule, DIM))
    say(f"    {about}")
    say()
    for line in code_of(step):
        say(f"    {screen.style('│', DIM)} {screen.style(line, CODE)}".rstrip())
    say()
    result = step(*arguments)
    screen.end_line()
    return result


def code_of(step: Callable[..., Any]) -> list[str]:
    """The lines of a step's body, without its docstring and the return that ends it."""
    source = textwrap.dedent(inspect.getsource(step))
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - steps are functions
    documented, *body = function.body
    end = len(source.splitlines())
    if isinstance(body[-1], ast.Return):
        end = body[-1].lineno - 1
    lines = source.splitlines()[documented.end_lineno : end]
    return textwrap.dedent("\n".join(lines)).strip().splitlines()
