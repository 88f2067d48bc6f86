"""``gradio-client-sync demo``: a walk through the package, with a real app in its own process.

The steps are plain functions. The docstring of a step is its heading. Its body is printed before
it runs, so the output shows the code that runs. The screen and the process of the app are in
`_demo.stage`.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Callable

from ._basics.printing import survives_any_text
from ._demo.stage import (
    BOLD,
    CODE,
    DIM,
    AppProcess,
    direct_connections,
    meter,
    position,
    redraw,
    say,
    screen,
)
from .errors import MissingDependencyError

if TYPE_CHECKING:
    from ._client import Client
    from .events import Log, Status

GRADIO_PYTHON = (3, 10)  # the lowest Python for the Gradio releases of the extra


def run(*, python: str | None = None, color: bool | None = None) -> None:
    """Print and run all steps, and return when the app's process has ended.

    Args:
        python: An interpreter with Gradio, which runs the app. The default is this interpreter.
        color: Whether to use colours. ``None`` uses them on terminals, unless ``NO_COLOR`` is set.

    Raises:
        MissingDependencyError: Gradio is not installed.
        ConnectFailedError: The app did not start. Its log is on standard error.
        GradioClientError: A step failed.
    """
    began = time.monotonic()
    if python is None:
        _check_gradio()
    if color is not None:
        screen.color = color
    with survives_any_text(sys.stdout):
        say(screen.style("gradio_client_sync: a walk in ten steps", BOLD))
        say("A small Gradio app starts on this machine. Each step shows its code and its output.")
        say("(say prints a line; redraw prints over the last line.)")
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
        say(f"\n{screen.style('That was all', BOLD)}, in {seconds}. Now try an app of your own:")
        say("  gradio-client-sync view-api http://127.0.0.1:7860")


def _check_gradio() -> None:
    if find_spec("gradio") is not None:
        return
    remedy = "pip install 'gradio-client-sync[demo]'"
    if sys.version_info < GRADIO_PYTHON:
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        message = (
            f"The demo starts a Gradio app, which needs Python 3.10 or later, and this is {here}. "
            f"Run {remedy} with a newer Python, or pass a Python with Gradio as --python."
        )
    else:
        message = f"The demo starts a Gradio app, but Gradio is not installed. Run {remedy}"
    raise MissingDependencyError(message, extra="demo")


# -- the steps: the docstring is the heading, the body is shown and then run


def connect(url: str) -> Client:
    """Connect.

    Connecting is one request. Pass the URL of any Gradio app, or the name of a Space.
    """
    from gradio_client_sync import Client

    app = Client(url)
    print(app)
    return app


def look(app: Client) -> None:
    """Look.

    The endpoints of the app, with a call to copy for each.
    """
    print(app.view_api())


def predict(app: Client) -> None:
    """Predict.

    Pass values by position or by name. A parameter without a value gets the app's default.
    """
    result = app.predict("/add", [2, 3])
    print(result[0])

    print(app.predict("/greet", ["Ada"])[0])
    print(app.predict("/greet", {"name": "Ada", "language": "French"})[0])


def stream(app: Client) -> None:
    """Stream.

    A loop over a job gets each value when it arrives. Here it prints only the new text.
    """
    shown = ""
    for update in app.submit("/tell", ["hedgehog"]):
        print(update[0][len(shown) :], end="", flush=True)
        shown = update[0]
    print()


def listen(app: Client) -> None:
    """Listen.

    Listeners receive the progress and the messages of the app.
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

    Jobs are futures, and know their position in the app's queue. Four cakes, one oven:
    """
    from concurrent.futures import as_completed

    cakes = {app.submit("/bake", [name]): name for name in ("apple", "cherry", "lemon", "plum")}

    def board() -> str:
        return "  ".join(f"{name}: {position(job.status)}" for job, name in cakes.items())

    for job in cakes:
        job.on("status", lambda status: redraw(board))
    for done in as_completed(cakes):
        say(done.result()[0])


def fail(app: Client) -> None:
    """Fail.

    An error of the app raises an exception, and so does a mistake in the call.
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

    Calls share a session: the app keeps a secret number for this client only.
    """
    low, high, hint = 1, 100, ""
    while "it is" not in hint:
        number = (low + high) // 2
        hint = app.predict("/guess", [number])[0]
        print(hint)
        low, high = (number + 1, high) if "higher" in hint else (low, number - 1)


def cancel(app: Client) -> None:
    """Cancel.

    This function counts without an end. Cancelling its job stops it on the server, too.
    """
    job = app.submit("/count")
    for update in job:
        print(update[0], end=" ", flush=True)
        if update[0] == 20:
            break  # ends the loop; the job continues
    print("…")

    job.cancel()
    print(job)
    print("Is it counting?", app.predict("/is_counting")[0])


def finish(app: Client, process: AppProcess) -> None:
    """Finish.

    Closing ends all connections and threads.
    """
    import threading

    app.close()
    print(f"Process {process.pid} has ended with exit code {process.stop()}.")
    print("Threads:", [thread.name for thread in threading.enumerate()])


#: The steps that use a connected client.
STEPS = (look, predict, stream, listen, queue_up, fail, remember, cancel)


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
    """Return the lines of a step's body, without its docstring and its final ``return``."""
    source = textwrap.dedent(inspect.getsource(step))
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - steps are functions
    documented, *body = function.body
    end = len(source.splitlines())
    if isinstance(body[-1], ast.Return):
        end = body[-1].lineno - 1
    lines = source.splitlines()[documented.end_lineno : end]
    return textwrap.dedent("\n".join(lines)).strip().splitlines()
