"""A Gradio app that calls a Space for its visitors; an interpreter that has Gradio runs it.

Arguments: the folders with this package and its dependencies, and the name of the Space. The app
prints its URL, and stops when its standard input ends.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator

*folders, space = sys.argv[1:]
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SSR_MODE="false",
    HF_HUB_DISABLE_TELEMETRY="1",
    NO_PROXY="*",
)
out, sys.stdout = sys.stdout, sys.stderr
sys.path.extend(folders)

import gradio as gr  # noqa: E402

from gradio_client_sync import Client  # noqa: E402

client = Client(space)


def ask(a: float, b: float) -> str:
    return str(client.predict("/add", [a, b])[0])


def submit(a: float, b: float) -> str:
    return str(client.submit("/add", [a, b]).result()[0])


async def wait(a: float, b: float) -> str:
    return str((await asyncio.wrap_future(client.submit("/add", [a, b])))[0])


async def thread(a: float, b: float) -> str:
    return await asyncio.to_thread(ask, a, b)


def stream(a: float, b: float) -> Iterator[str]:
    for _ in range(2):
        yield ask(a, b)


async def stream_async(a: float, b: float) -> AsyncIterator[str]:
    for _ in range(2):
        yield await thread(a, b)


with gr.Blocks() as demo:
    numbers, text, button = [gr.Number(), gr.Number()], gr.Textbox(), gr.Button()
    for function in (ask, submit, wait, thread, stream, stream_async):
        button.click(function, numbers, text, api_name=function.__name__)

_, url, _ = demo.queue(default_concurrency_limit=8).launch(prevent_thread_lock=True, quiet=True)
print(url, file=out, flush=True)
sys.stdin.read()
client.close()
demo.close()
