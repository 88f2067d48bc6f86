"""The app that every test server runs, from Gradio 3.23 to 6.31; `server.Server` starts it.

An interpreter that has Gradio runs this file, so it can import only Gradio and Gradio's
dependencies. Features that a version lacks are detected at run time (`accepted`, `hasattr`), and
their endpoints are left out.

Functions with a parameter ``key`` let a test hold, watch and release one of its own calls: they
register in the `Ledger` under that key and wait at its gate. The direct endpoints at the end
control this from the test. They return only text, booleans and numbers, which no version changes.

Annotations are objects here, without the usual future import: 3.23 finds the request parameter by
comparing the annotation itself.
"""

import argparse
import asyncio
import functools
import hashlib
import inspect
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SSR_MODE="false",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
    NO_PROXY="*",  # Gradio requests its own URL to see that the app has started
)
READY = sys.stdout  # for the one line that says that the app is ready; nothing else may print there
sys.stdout = sys.stderr

import fastapi  # noqa: E402  # after the environment, which Gradio reads on import
import gradio as gr  # noqa: E402
import numpy as np  # noqa: E402
import uvicorn  # noqa: E402

VERSION = gr.__version__.strip()  # 3.23.0 ends in a newline
RELEASE = tuple(int(part) for part in VERSION.split(".")[:2])
WORKERS = 40  # jobs of one function at the same time
THREADS = 120  # the direct functions need some while every worker is held
HOLD = 60.0  # s; a gate opens after this time even if no test opens it
TICK = 0.02  # s between the values of an endless generator
STEP = 0.12  # s of one progress step: servers before 6.0 check for progress every 0.1 s


def accepted(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """Return those ``options`` that ``function`` has parameters for in this version."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in parameters}


class Ledger:
    """What the functions did, by key and by endpoint, and the gates at which they wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._gates: dict[str, threading.Event] = defaultdict(threading.Event)
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._last_tick: dict[str, float] = {}
        self.executions: Counter[str] = Counter()

    def execute(self, endpoint: str) -> None:
        """Count a call of ``endpoint``."""
        with self._changed:
            self.executions[endpoint] += 1

    def record(self, key: str, what: str) -> None:
        """Count ``what`` for ``key``, and wake the threads that wait for it."""
        with self._changed:
            self._counts[key][what] += 1
            self._last_tick[key] = time.monotonic()
            self._changed.notify_all()

    def gate(self, key: str) -> threading.Event:
        """Return the gate of ``key``, closed until `/release`."""
        with self._changed:
            return self._gates[key]

    def counts(self, key: str) -> dict[str, int]:
        """Return how often ``key`` started, finished, was cancelled and ticked."""
        with self._changed:
            counts, kinds = self._counts[key], ("started", "finished", "cancelled", "ticks")
            return {what: counts[what] for what in (*kinds, "unloaded")}

    def await_count(self, key: str, what: str, count: int, bound: float = 20.0) -> bool:
        """Wait until ``what`` has been recorded ``count`` times for ``key``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._counts[key][what] >= count, bound)

    def await_stopped(self, key: str, bound: float = 15.0, silence: float = 0.7) -> bool:
        """Wait until each start of ``key`` has ended, or until nothing was recorded for a while.

        Servers often drop a stopped generator without closing it. Then only the silence shows its
        end.
        """
        deadline = time.monotonic() + bound
        with self._changed:
            while time.monotonic() < deadline:
                counts = self._counts[key]
                ended = counts["finished"] + counts["cancelled"]
                quiet = time.monotonic() - self._last_tick.get(key, 0.0)
                if counts["started"] and ended >= counts["started"]:
                    return True
                if counts["ticks"] and quiet >= silence:
                    return True
                self._changed.wait(silence / 4)
        return False


LEDGER = Ledger()


class Visit:
    """A call with a key: record its start, and at its end whether it finished or was cancelled."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.gate = LEDGER.gate(key)

    def __enter__(self) -> "Visit":
        LEDGER.record(self.key, "started")
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        stopped = kind in (GeneratorExit, asyncio.CancelledError)
        LEDGER.record(self.key, "cancelled" if stopped else "finished")


def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` with its calls counted as ``name``; a generator stays a generator."""
    if inspect.isgeneratorfunction(function):

        def wrapper(*args: Any) -> Iterator[Any]:
            LEDGER.execute(name)
            yield from function(*args)

    elif inspect.iscoroutinefunction(function):

        async def wrapper(*args: Any) -> Any:
            LEDGER.execute(name)
            return await function(*args)

    else:

        def wrapper(*args: Any) -> Any:
            LEDGER.execute(name)
            return function(*args)

    return functools.wraps(function)(wrapper)


# -- queued functions: values


def echo(text: str) -> str:
    return text


def add(a: float, b: float) -> float:
    return a + b


def defaults(text: str, number: float = 2, flag: bool = True, choice: str = "red") -> str:
    return f"{text} {number:g} {flag} {choice}"


def pair(text: str) -> tuple[str, int]:
    return text.upper(), len(text)


def nothing(text: str) -> None:
    return None


def noinput() -> str:
    return "pong"


def unnamed_event(text: str) -> str:
    return f"unnamed {text}"


def unlisted_event(text: str) -> str:
    return f"unlisted {text}"


def batch(texts: list) -> tuple[list[str]]:  # type: ignore[type-arg]  # 3.23 wants a plain class
    return ([text.upper() for text in texts],)


def file(upload: Any) -> str:
    return str(getattr(upload, "name", upload))  # 3.x: an open file


def files(uploads: Any) -> list[str]:
    return [file(upload) for upload in uploads]


def digest(upload: Any) -> str:
    """Return what arrived: the file's name, and a hash of its content."""
    path, sha = Path(file(upload)), hashlib.sha256()
    with path.open("rb") as opened:
        for piece in iter(lambda: opened.read(2**20), b""):
            sha.update(piece)
    return json.dumps({"name": path.name, "size": path.stat().st_size, "sha256": sha.hexdigest()})


def make_file(n: float) -> str:
    """Return a file of ``n`` bytes that vary."""
    path = Path(tempfile.mkdtemp()) / "made.bin"
    with path.open("wb") as opened:
        for start in range(0, int(n), 2**20):
            block = (start >> 20).to_bytes(4, "big") * 2**18
            opened.write(block[: int(n) - start])
    return str(path)


def sound_stream(n: float) -> Iterator[tuple[int, Any]]:
    for _ in range(int(n)):
        yield 8_000, np.zeros(8_000, "int16")


def sound_held(key: str) -> Iterator[tuple[int, Any]]:
    with Visit(key) as visit:
        yield 8_000, np.zeros(8_000, "int16")
        visit.gate.wait(HOLD)
        yield 8_000, np.zeros(8_000, "int16")


def sound_and_text(n: float) -> Iterator[tuple[str, Any]]:
    for index in range(int(n)):
        # Old servers name a file by its content. If two jobs send the same content, one of them
        # finds the file empty.
        yield str(index), (8_000, np.full(8_000, 100 * int(n) + index, "int16"))


def film_stream(n: float) -> Iterator[str]:
    for index in range(int(n)):
        # the server writes files beside it
        path = os.path.join(tempfile.mkdtemp(), f"part{index}.mp4")
        picture = "testsrc=duration=1:size=64x48:rate=10"
        made = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=duration=1"]
        coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", path]
        subprocess.run(["ffmpeg", "-loglevel", "error", *made, *coded], check=True)
        yield path


def whoami(request: gr.Request) -> str:
    headers = request.headers  # 3.x: an object that is neither a mapping nor iterable
    pairs = headers.items() if hasattr(headers, "items") else vars(headers).items()
    return json.dumps(
        {
            "headers": {str(name).lower(): str(value) for name, value in pairs},
            "session_hash": getattr(request, "session_hash", None),
            "username": getattr(request, "username", None),
            "query": dict(request.query_params),
        }
    )


# -- queued functions: generators


def count(n: float) -> Iterator[str]:
    for index in range(int(n)):
        yield str(index)


def tokens(n: float) -> Iterator[str]:
    for index in range(1, int(n) + 1):
        yield " ".join(f"tok{number}" for number in range(index))


STRUCTURES: tuple[Any, ...] = (  # neighbours differ by every kind of edit, at every depth
    {"a": [1, 0], "s": "xy", "table": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]},
    {"a": [1, 0, 1], "s": "xyy", "table": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "new": True},
    {"a": [1], "s": "xyy", "table": [[1], [4]], "new": {"deep": ["p"]}},
    {"a": [], "table": [[1, 0], [5], [6, 7, 8]], "new": {"deep": ["pq", {"r": None}]}},
    {"a": [[1, 2], [3]], "s": 5, "table": [], "new": {"deep": [{"r": "s"}], "é": "ü"}},
    ["another", {"kind": ["of", "value"]}],
)
TABLES = ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1], [4]], [[1, 2], [5, 6], [7, 8], [9, 9]])


def structure(n: float) -> Iterator[tuple[Any, str]]:
    for index in range(int(n)):
        yield STRUCTURES[index % len(STRUCTURES)], "same"


def table(n: float) -> Iterator[dict[str, Any]]:
    for index in range(int(n)):
        rows = TABLES[index % len(TABLES)]
        yield {"headers": [f"c{column}" for column in range(len(rows[0]))], "data": rows}


def chat(n: float) -> Iterator[list[dict[str, str]]]:
    messages: list[dict[str, str]] = []
    for index in range(int(n)):
        messages = [*messages, {"role": ("user", "assistant")[index % 2], "content": ""}]
        for word in ("hello", "there", str(index)):
            last = {**messages[-1], "content": f"{messages[-1]['content']} {word}".strip()}
            messages = [*messages[:-1], last]
            yield messages


def empty() -> Iterator[str]:
    yield from ()


# -- queued functions: errors, logs, progress, state


def fail(text: str) -> str:
    raise gr.Error(text, **accepted(gr.Error.__init__, duration=7, title="Oops"))


def crash(text: str) -> str:
    raise ValueError(text)


def fail_midway(n: float) -> Iterator[str]:
    yield from count(n)
    raise gr.Error("midway")


def logs(text: str) -> str:
    for level in ("Info", "Warning"):
        if hasattr(gr, level):
            getattr(gr, level)(text)
    return text


def progress(n: float, progress: Any = gr.Progress()) -> str:  # noqa: B008  # Gradio's own form
    pace = threading.Event()
    for index in range(int(n)):
        progress((index, int(n)), desc=f"step {index}", unit="steps")
        pace.wait(STEP)
    return "done"


def counter(value: int) -> tuple[int, int]:
    return value + 1, value + 1


def counter_middle(text: str, value: int, number: float) -> tuple[int, str]:
    return value + 1, f"{text} {value + 1} {number:g}"


def validated(text: str) -> str:
    return text


def long_enough(text: str) -> Any:
    if text == "fail":
        raise RuntimeError("the validator failed")
    return gr.validate(len(text) >= 3, "too short")


# -- queued functions: calls with a key


def hold(key: str) -> str:
    with Visit(key) as visit:
        visit.gate.wait(HOLD)
    return key


async def hold_async(key: str) -> str:
    with Visit(key) as visit:
        deadline = time.monotonic() + HOLD
        while not visit.gate.is_set() and time.monotonic() < deadline:
            await asyncio.sleep(TICK / 2)  # not in a thread: the task itself can be cancelled
    return key


def endless(key: str) -> Iterator[str]:
    with Visit(key) as visit:
        index = 0
        while not visit.gate.wait(TICK):
            LEDGER.record(key, "ticks")
            yield str(index)
            index += 1


def endless_growing(key: str) -> Iterator[str]:
    text = ""
    for index in endless(key):
        text += f"tok{index} "
        yield text


def endless_padded(key: str, n: float) -> Iterator[str]:
    """Yield values that are short at first, and then have ``n`` characters."""
    for index in endless(key):
        yield index if index == "0" else index.ljust(int(n))


# -- sessions: streams of input, heartbeats, functions of components


def stream(text: str, total: int, number: float) -> tuple[str, int]:
    if text == "fail":
        raise gr.Error("bad chunk")
    return f"{text} {total + number:g}", total + int(number)


def stream_held(key: str) -> str:
    with Visit(key) as visit:
        visit.gate.wait(HOLD)
    return key


def unload(request: gr.Request) -> None:
    LEDGER.record(request.session_hash, "unloaded")


def token_of(kind: Any) -> Callable[..., str]:
    """Return a function that returns the owner of the token that it received, if any."""

    def token(given: Optional[kind]) -> str:
        return given.token if given is not None else "(none)"

    return token


def describe(data: Any) -> Any:
    """Describe what a component's function received: JSON, or a form's fields and files."""
    if data == "fail":
        raise ValueError("a function of a component failed")
    if not hasattr(data, "files"):
        return {"json": data}
    files = [[name, content.decode()] for name, content in data.files]
    return {"fields": data.data, "files": files}


describe._is_server_fn = True  # type: ignore[attr-defined]  # what the decorator of 4.x leaves


# -- direct functions


def direct(text: str) -> str:
    return text[::-1]


def release(key: str) -> bool:
    LEDGER.gate(key).set()
    return True


def ledger(key: str) -> str:
    return json.dumps(LEDGER.counts(key))


def executions() -> str:
    return json.dumps(LEDGER.executions)


def await_count(key: str, what: str, count: float) -> bool:
    return LEDGER.await_count(key, what, int(count))


def build(one_worker: bool) -> gr.Blocks:
    """Build the app; with ``one_worker`` its queued functions run one at a time."""
    with gr.Blocks(title="test server") as demo:
        trigger = gr.Button("run")
        text, key = gr.Textbox(label="text"), gr.Textbox(label="key")
        n, a, b = gr.Number(label="n"), gr.Number(label="a"), gr.Number(label="b")
        number = gr.Number(label="number", value=2)
        flag = gr.Checkbox(label="flag", value=True)
        choice = gr.Dropdown(["red", "green", "blue"], label="choice", value="red")
        out, second = gr.Textbox(label="out"), gr.Textbox(label="second")
        size, yes = gr.Number(label="size"), gr.Checkbox(label="yes")
        value, frame = gr.JSON(label="value"), gr.Dataframe(label="table")
        upload, copy = gr.File(label="upload"), gr.File(label="copy")
        several = gr.File(label="several", file_count="multiple")
        total, middle = gr.State(0), gr.State(0)
        # Later versions wrap JSON values, and then send them whole. Values without this wrapper are
        # sent as edits.
        value.postprocess = lambda bare: bare

        def on(name: Any, function: Any, inputs: Any, outputs: Any, **options: Any) -> Any:
            """Register ``function`` as ``name``, without the options that this version lacks."""
            queued = options.get("queue", True)
            if queued and function is not None:
                function = counted(name or function.__name__, function)
                options["concurrency_limit"] = 1 if one_worker else WORKERS
                if one_worker:
                    options["concurrency_id"] = "one"
            options = accepted(trigger.click, **options)
            return trigger.click(function, inputs, outputs, api_name=name, **options)

        # ids of endpoints, which differ from positions once an event is removed
        if RELEASE >= (4, 35):
            on("removed", echo, text, out)
            del demo.default_config.fns[0]

        on("echo", echo, text, out)
        on("add", add, [a, b], size)
        on("defaults", defaults, [text, number, flag, choice], out)
        on("pair", pair, text, [out, size])
        on("nothing", nothing, text, [])
        on("noinput", noinput, [], out)
        on(None, unnamed_event, text, out)
        on(False, unlisted_event, text, out)
        on("hidden", echo, text, out, show_api=False, api_visibility="undocumented")
        if RELEASE >= (6, 0):
            on("private", echo, text, out, api_visibility="private")
        if not (4, 0) <= RELEASE < (4, 11):  # whose queue stops for good at a batch function
            on("batch", batch, text, out, batch=True, max_batch_size=4)
        on("file", file, upload, copy)
        on("files", files, several, several)
        on("digest", digest, upload, out)
        on("make_file", make_file, n, copy)
        if RELEASE >= (3, 50):
            sounds = [gr.Audio(label="sound", streaming=True) for _ in range(3)]
            on("sound_stream", sound_stream, n, sounds[0])
            on("sound_held", sound_held, key, sounds[1])
            on("sound_and_text", sound_and_text, n, [out, sounds[2]])
        if RELEASE >= (5, 0):
            on("film_stream", film_stream, n, gr.Video(label="film", streaming=True))
        on("whoami", whoami, [], out)

        on("count", count, n, out)
        on("tokens", tokens, n, out)
        on("structure", structure, n, [value, second])
        on("table", table, n, frame)
        on("chat", chat, n, value)
        on("empty", empty, [], out)

        on("fail", fail, text, out)
        on("crash", crash, text, out)
        on("fail_midway", fail_midway, n, out)
        on("logs", logs, text, out)
        on("progress", progress, n, out)
        on("counter", counter, total, [size, total])
        on("counter_middle", counter_middle, [text, middle, number], [middle, out])
        if hasattr(gr, "validate"):
            on("validated", validated, text, out, validator=long_enough)

        if RELEASE >= (5, 0):
            camera = gr.Image(label="camera", sources=["webcam"], streaming=True)
            for name, function, inputs, outputs, limit in (
                ("stream", stream, [text, total, number], [out, total], 30),
                ("stream_brief", stream, [text, total, number], [out, total], 1),
                ("stream_held", stream_held, key, out, 30),
                ("stream_digest", digest, upload, out, 30),
            ):
                camera.stream(
                    counted(name, function),
                    inputs,
                    outputs,
                    api_name=name,
                    concurrency_limit=WORKERS,
                    time_limit=limit,  # s; without it, servers of 5.x do not notice the end
                )
        if hasattr(demo, "unload"):
            demo.unload(unload)
        if RELEASE >= (6, 0):
            on("token", token_of(gr.OAuthToken), [], out)
        asked = gr.Textbox(label="asked")
        asked.describe, asked.server_fns = describe, [describe]

        on("hold", hold, key, out)
        held = on("hold_async", hold_async, key, out)
        running = on("endless", endless, key, out)
        on("endless_growing", endless_growing, key, out)
        on("endless_padded", endless_padded, [key, n], out)
        on("stop_endless", None, None, None, cancels=[running])

        on("direct", direct, text, out, queue=False)
        on("direct_file", file, upload, copy, queue=False)
        on("direct_fail", fail, text, out, queue=False)
        on("direct_whoami", whoami, [], out, queue=False)
        on("release", release, key, yes, queue=False)
        on("ledger", ledger, key, out, queue=False)
        on("executions", executions, [], out, queue=False)
        on("await_count", await_count, [key, text, n], yes, queue=False)
        on("await_stopped", LEDGER.await_stopped, key, yes, queue=False)

        on("stop_hold_async", None, None, None, cancels=[held])

        if RELEASE >= (4, 32):  # in 4.31 rendered components have no functions

            @gr.render(inputs=text, triggers=[trigger.click])
            def show(label: str) -> None:
                inner, result = gr.Textbox(label=label), gr.Textbox(label="result")
                inner.submit(lambda said: f"{label} {said}", inner, result, api_name="rendered")

    return demo


def free_socket() -> socket.socket:
    """Return a socket bound to a free port of this machine."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind(("127.0.0.1", 0))
    return bound


def launch(demo: gr.Blocks, **options: Any) -> str:
    """Serve the app alone, and return its URL."""
    options = accepted(demo.launch, **options)
    for attempt in range(5):
        with free_socket() as bound:
            port = bound.getsockname()[1]
        try:
            demo.launch(server_name="127.0.0.1", server_port=port, **options)
        except OSError:  # another process took the port first
            if attempt == 4:
                raise
        else:
            break
    return f"http://127.0.0.1:{port}"


def mount(demo: gr.Blocks, path: str, **options: Any) -> str:
    """Serve the app below ``path`` of a FastAPI app, and return its URL."""
    # versions whose `mount_gradio_app` lacks these options read them here
    demo.show_error = options["show_error"]
    demo.auth, demo.auth_message = options["auth"], None
    demo.root_path = options["root_path"] or ""
    host = fastapi.FastAPI()
    bound = free_socket()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}{path}"
    host = gr.mount_gradio_app(host, demo, path, **accepted(gr.mount_gradio_app, **options))
    server = uvicorn.Server(uvicorn.Config(host, log_level="warning"))
    threading.Thread(target=server.run, args=([bound],), daemon=True).start()
    pace = threading.Event()
    while not server.started:  # uvicorn only sets an attribute: there is nothing to wait on
        pace.wait(0.01)
    return url


def main(build: Callable[[bool], gr.Blocks] = build) -> None:
    """Start an app, print where it is, and serve until standard input ends."""
    parser = argparse.ArgumentParser(description="The app of the test servers.")
    parser.add_argument("--auth", metavar="USER:PASSWORD")
    parser.add_argument("--mount", metavar="PATH")
    parser.add_argument("--queue-size", type=int, metavar="N", help="jobs that may wait; 1 worker")
    parser.add_argument("--max-file-size", metavar="SIZE")
    parser.add_argument("--root-path", metavar="PATH")
    parser.add_argument("--hide-errors", action="store_true")
    chosen = parser.parse_args()

    one_worker = chosen.queue_size is not None
    demo = build(one_worker)
    workers = {"concurrency_count": 1 if one_worker else WORKERS} if RELEASE < (4, 0) else {}
    demo.queue(max_size=chosen.queue_size, api_open=True, **workers)
    options: dict[str, Any] = {
        "auth": [tuple(chosen.auth.split(":", 1))] if chosen.auth else None,
        "root_path": chosen.root_path,
        "max_file_size": chosen.max_file_size,
        "show_error": not chosen.hide_errors,
        "ssr_mode": False,
    }
    if chosen.mount:
        url = mount(demo, chosen.mount, **options)
    else:
        options.update(prevent_thread_lock=True, max_threads=THREADS, quiet=True, share=False)
        url = launch(demo, **options)
    print(json.dumps({"url": url, "version": VERSION}), file=READY, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # do not wait for held functions


if __name__ == "__main__":
    main()
