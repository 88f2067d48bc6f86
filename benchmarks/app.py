"""The app that the contestants call; `tests.support.servers.server.Server` starts it.

It runs with an interpreter that has Gradio (3.50 to 6.31), so it can import only Gradio and
Gradio's dependencies. Its functions do almost nothing, because the benchmark measures the time
that a call needs outside of the function.
"""

import argparse
import inspect
import json
import os
import socket
import sys
import threading
from typing import Any, Callable, Iterator

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SSR_MODE="false",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
    NO_PROXY="*",  # Gradio sends a request to itself to check that it runs
)
READY = sys.stdout  # only for the line that says that the app runs
sys.stdout = sys.stderr

import gradio as gr  # noqa: E402  # after the environment, which Gradio reads on import

WORKERS = 40  # concurrent jobs of one function
ROW = "x" * 1000  # one item of a large value
GATE = threading.Event()  # never set


def accepted(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """Return those of the options for which the function has parameters in this version."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in parameters}


def echo(text: str) -> str:
    return text


def direct(text: str) -> str:
    return text


def copy(text: str) -> str:
    return text


def wait(text: str) -> str:
    GATE.wait()
    return text


def grow(count: float) -> Iterator[str]:
    """Yield a text that grows by one word, ``count`` times."""
    text = ""
    for number in range(int(count)):
        text += f"{number % 1000:03} "
        yield text


def blob(kilobytes: float) -> list[str]:
    """Return a large value."""
    return [ROW] * int(kilobytes)


def chat(count: float) -> Iterator[list[dict[str, str]]]:
    """Yield a conversation that grows by one message, ``count`` times."""
    messages: list[dict[str, str]] = []
    for number in range(int(count)):
        role = ("user", "assistant")[number % 2]
        messages = [*messages, {"role": role, "content": f"message {number}"}]
        yield messages


def build(components: int, heartbeat: bool) -> gr.Blocks:
    """Build the app; add `components` further components, half of them with an event."""
    with gr.Blocks(title="benchmark") as demo:
        run, text, n = gr.Button("run"), gr.Textbox(label="text"), gr.Number(label="n")
        out, value = gr.Textbox(label="out"), gr.JSON(label="value")
        # Later versions wrap JSON values and then send them complete. Plain values are sent as
        # edit lists.
        value.postprocess = lambda bare: bare

        def on(function: Any, inputs: Any, outputs: Any, **options: Any) -> None:
            options.setdefault("api_name", function.__name__)
            run.click(function, inputs, outputs, **accepted(run.click, **options))

        # One function per event: events with the same function share the lowest of their limits.
        on(echo, text, out, concurrency_limit=WORKERS)
        on(direct, text, out, queue=False)
        on(wait, text, out, concurrency_limit=1)
        on(grow, n, out)
        on(blob, n, value)
        on(chat, n, value)
        for number in range(components):
            box = gr.Textbox(label=f"box {number}", info="One of many.")
            if number % 2:
                on(copy, box, box, api_name=f"copy_{number}")
        if heartbeat:
            demo.unload(lambda: None)
    return demo


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
    return port


def main() -> None:
    """Start the app, print its URL, and serve until standard input ends."""
    parser = argparse.ArgumentParser(description="The app of the benchmark.")
    parser.add_argument("--components", type=int, default=0)
    parser.add_argument("--heartbeat", action="store_true")
    chosen = parser.parse_args()
    demo = build(chosen.components, chosen.heartbeat)
    old = gr.__version__.startswith("3.")
    demo.queue(api_open=True, **({"concurrency_count": WORKERS} if old else {}))
    options = accepted(
        demo.launch,
        server_name="127.0.0.1",
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        ssr_mode=False,
        max_threads=120,
    )
    _, url, _ = demo.launch(**options)
    ready = {"url": url.rstrip("/"), "version": gr.__version__}
    print(json.dumps(ready), file=READY, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
