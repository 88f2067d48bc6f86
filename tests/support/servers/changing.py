"""An app before its developer changes it (see `changed.py`); `server.Server` starts it."""

import sys
from pathlib import Path
from typing import Iterator

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def wipe(text: str) -> Iterator[str]:
    """Stand for a dangerous function; it is endless if the text begins with "hold"."""
    if text.startswith("hold"):
        yield from app.endless(text)
    yield f"WIPED {text}"


def greet(text: str) -> str:
    return f"hello {text}"


def greet_and_hold(key: str) -> Iterator[str]:
    yield from app.endless(key)
    yield f"held {key}"


def pair(a: str, b: str) -> str:
    return f"a={a} b={b}"


def pair_changed(b: str, a: str) -> str:
    return f"a={a} b={b}"


def build(changed: bool = False) -> gr.Blocks:
    """Build the app; `changed` puts functions above the others and swaps two parameters."""
    with gr.Blocks(title="changing") as demo:
        go = gr.Button("go")
        text, out = gr.Textbox(label="text"), gr.Textbox(label="out")
        a, b = gr.Textbox(label="a"), gr.Textbox(label="b")
        number = gr.Number(label="number")
        yes = gr.Checkbox(label="yes")
        if changed:
            go.click(wipe, text, out, api_name="wipe")
        go.click(greet, text, out, api_name="greet")
        go.click(greet_and_hold, text, out, api_name="hold")
        if changed:
            go.click(pair_changed, [b, a], out, api_name="pair")
            go.click(lambda said: f"DROPPED {said}", text, out, api_name="drop", queue=False)
        else:
            go.click(pair, [a, b], out, api_name="pair")
        go.click(greet, text, out, api_name="quick", queue=False)
        go.click(greet, text, out, api_name="with/slash", queue=False)
        direct = {"queue": False}
        go.click(app.release, text, yes, api_name="release", **direct)
        go.click(app.ledger, text, out, api_name="ledger", **direct)
        counted = [text, out, number]
        go.click(app.await_count, counted, yes, api_name="await_count", **direct)
        go.click(app.LEDGER.await_stopped, text, yes, api_name="await_stopped", **direct)
    return demo


if __name__ == "__main__":
    app.main(lambda one_worker: build())
