"""A Gradio app that calls a Space for its visitors; run by an interpreter that has Gradio.

Arguments: folders in which this package and what it needs are found, and the Space's name. Prints
its address, and ends with its standard input.
"""

import os
import sys

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


demo = gr.Interface(ask, ["number", "number"], "text", api_name="ask")
_, url, _ = demo.queue(default_concurrency_limit=8).launch(prevent_thread_lock=True, quiet=True)
print(url, file=out, flush=True)
sys.stdin.read()
client.close()
demo.close()
