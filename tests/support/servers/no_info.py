"""An app that cannot describe its API; `server.Server` starts it.

Its ``/info`` responds with status 500, and writes a traceback to the log. On 4.29 to 4.44 this
happens to apps with a component whose schema cannot be written as Python types. Here it happens on
every server.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def times(text: str, count: float) -> str:
    """Repeat a text."""
    return text * int(count)


def fail(*args: Any, **options: Any) -> Any:
    """Describe nothing."""
    raise RuntimeError("no words for it")


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="No info") as demo:
        go = gr.Button("go")
        text, n = gr.Textbox(label="text"), gr.Number(3, label="how many")
        out = gr.Textbox(label="out")
        go.click(times, [text, n], out, api_name="times")
        go.click(times, [text, n], out, api_name="direct", queue=False)
    return demo


def launch(demo: gr.Blocks, **options: Any) -> str:
    """Serve the app; its description fails only after the start, which most releases need."""
    url = serve(demo, **options)
    demo.get_api_info = gr.blocks.get_api_info = fail  # 3.x builds the description in a function
    return url


if __name__ == "__main__":
    serve, app.launch = app.launch, launch
    app.main(build)
