"""An app with several pages; `server.Server` starts it. With ``--ssr`` Node renders them."""

import json
import os
import select
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app: each page has its own function."""
    with gr.Blocks(title="Pages") as demo:
        text = gr.Textbox()
        gr.Button("go").click(lambda value: f"first {value}", text, text, api_name="first")
    for name in ("second", "notes.v2", "a+b"):
        with demo.route(name.title(), f"/{name}"):
            text = gr.Textbox()
            gr.Button("go").click(lambda value: f"second {value}", text, text, api_name=name[:6])
    return demo


def main_with_node() -> None:
    """Do the same as `app.main` in SSR mode, and end Node too."""
    demo = build()
    demo.queue()
    options: dict[str, Any] = {"ssr_mode": True, "prevent_thread_lock": True, "quiet": True}
    url = app.launch(demo, **options)
    print(json.dumps({"url": url, "version": app.VERSION}), file=app.READY, flush=True)
    while True:  # Node shares the standard input, and has made it non-blocking
        select.select([0], [], [])
        try:
            if not os.read(0, 1):
                break
        except BlockingIOError:
            continue
    demo.node_process.kill()
    os._exit(0)


if __name__ == "__main__":
    if "--ssr" in sys.argv:
        main_with_node()
    else:
        app.main(build)
