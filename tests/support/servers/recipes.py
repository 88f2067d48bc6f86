"""The app that the recipes call; `server.Server` starts it.

Its functions do what the programs in ``examples/recipes`` need. A text that names a key, such as
``endless:KEY``, lets a test watch the call through the server's control functions.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import AsyncIterator, Iterator

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


async def chat(text: str) -> AsyncIterator[str]:
    """Reply word by word. Or as the text says: without an end, with silence, or with an error."""
    kind, _, key = text.partition(":")
    if kind == "endless":
        said = ""
        with app.Visit(key) as visit:
            while not visit.gate.is_set():
                await asyncio.sleep(app.TICK)
                app.LEDGER.record(key, "ticks")
                said += "and "
                yield said
    elif kind == "silent":
        yield await app.hold_async(key)
    elif kind == "fail":
        raise gr.Error("no luck")
    else:
        words = f"{text}: once upon a time".split()
        for count in range(1, len(words) + 1):
            yield " ".join(words[:count])


def endless() -> Iterator[str]:
    """Count until it is stopped."""
    yield from app.endless("recipes")


def report() -> str:
    """Write a report."""
    path = Path(tempfile.mkdtemp(), "report.txt")
    path.write_text("all is well\n", encoding="utf-8")
    return str(path)


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="Recipes") as demo:
        go = gr.Button("go")
        text, key = gr.Textbox(label="text"), gr.Textbox(label="key")
        a, b, n = gr.Number(label="a"), gr.Number(label="b"), gr.Number(label="minutes")
        out, total = gr.Textbox(label="out"), gr.Number(label="total")
        yes, file = gr.Checkbox(label="yes"), gr.File(label="report")
        many = {"concurrency_limit": 10}
        go.click(add, [a, b], total, api_name="add", **many)
        go.click(chat, text, out, api_name="chat", **many)
        go.click(app.progress, n, out, api_name="cook", **many)
        go.click(endless, None, out, api_name="endless", **many)
        go.click(report, None, file, api_name="report", **many)
        direct = {"queue": False}
        go.click(app.release, key, yes, api_name="release", **direct)
        go.click(app.ledger, key, out, api_name="ledger", **direct)
        go.click(app.await_count, [key, text, n], yes, api_name="await_count", **direct)
        go.click(app.LEDGER.await_stopped, key, yes, api_name="await_stopped", **direct)
    return demo


if __name__ == "__main__":
    app.main(build)
