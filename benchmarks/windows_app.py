"""The app of `benchmarks.windows`: functions that take some time, with different limits.

It runs with an interpreter that has Gradio (3.50 to 6.31), so it can import only Gradio and
Gradio's dependencies.
"""

import argparse
import inspect
import json
import os
import socket
import sys
import threading
import time
from typing import Any, Awaitable, Callable

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
import uvicorn  # noqa: E402
from fastapi import FastAPI  # noqa: E402

NEVER = threading.Event()


def accepted(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """Return those of the options for which the function has parameters in this version."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in parameters}


class RateLimit:
    """An ASGI app in front of another one, which takes only some joins of the queue per second.

    Args:
        app: The other one.
        rate: Joins per second. The others get a 429, as from a gateway with a token bucket.
        burst: How many joins it takes at once.
    """

    def __init__(self, app: Any, rate: float, burst: int) -> None:
        self._app, self._rate, self._burst = app, rate, burst
        self._tokens, self._at = float(burst), time.monotonic()

    async def __call__(
        self, scope: dict[str, Any], receive: Any, send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Send a 429, or pass the request on."""
        if scope["type"] == "http" and scope["path"].endswith("/queue/join"):
            now = time.monotonic()
            gained = (now - self._at) * self._rate
            self._tokens, self._at = min(self._burst, self._tokens + gained), now
            # The caller with this header is another user, who has a limit of its own.
            if (b"x-other", b"1") not in scope["headers"]:
                if self._tokens < 1:
                    await send({"type": "http.response.start", "status": 429, "headers": []})
                    await send({"type": "http.response.body", "body": b"too many requests"})
                    return
                self._tokens -= 1
        await self._app(scope, receive, send)


def build(seconds: float, limit: "int | None", batch: "int | None") -> gr.Blocks:
    """Build the app, whose function takes `seconds`."""

    def work(text: Any) -> Any:
        NEVER.wait(seconds)
        return text if batch is None else [text]

    with gr.Blocks(title="windows") as demo:
        run, text, out = gr.Button("run"), gr.Textbox(label="text"), gr.Textbox(label="out")
        options: dict[str, Any] = {"api_name": "work", "concurrency_limit": limit}
        if batch is not None:
            options.update(batch=True, max_batch_size=batch)
        run.click(work, text, out, **accepted(run.click, **options))
    return demo


def main() -> None:
    """Start the app, print its URL, and serve until standard input ends."""
    parser = argparse.ArgumentParser(description="The app of the benchmark of windows.")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--limit", type=int, help="calls at once; no limit if absent")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--max-size", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--burst", type=int, default=5)
    chosen = parser.parse_args()
    demo = build(chosen.seconds, chosen.limit, chosen.batch)
    old = gr.__version__.startswith("3.")
    demo.queue(max_size=chosen.max_size, **({"concurrency_count": chosen.limit} if old else {}))
    listener = socket.create_server(("127.0.0.1", 0))
    api: Any = gr.mount_gradio_app(FastAPI(), demo, path="/")
    if chosen.rate is not None:
        api = RateLimit(api, chosen.rate, chosen.burst)
    server = uvicorn.Server(uvicorn.Config(api, log_level="error"))
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    while not server.started:
        NEVER.wait(0.01)
    ready = {"url": f"http://127.0.0.1:{listener.getsockname()[1]}", "version": gr.__version__}
    print(json.dumps(ready), file=READY, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
