"""The app whose description is recorded here; `record` runs it on each Gradio release.

It has the components that clients meet most, and labels with special characters. It can import only
Gradio and Gradio's dependencies. The one line that it prints holds ``/config`` and ``/info``.
"""

import inspect
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from typing import Any, Callable

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SSR_MODE="false",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    NO_PROXY="*",
)
ANSWER = sys.stdout
sys.stdout = sys.stderr

import gradio as gr  # noqa: E402  # after the environment, which Gradio reads on import


def accepted(function: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """Return those options that this release knows."""
    parameters = inspect.signature(function).parameters
    return {name: value for name, value in options.items() if name in parameters}


def translate(text: str, language: str = "French", formal: bool = False, alternatives: float = 1):
    """Translate a text.

    The language of the text is recognised.
    """


def chat(message, history, temperature, max_tokens, system=None):
    """Answer a message, word by word."""
    yield message, history


def caption(image, style, detail=None): ...


def transcribe(audio, video, language): ...


def merge(files, table, options, tags): ...


def odd(a, b, c, d, e, f): ...


def unnamed(text, button): ...


def everything(*values): ...


with gr.Blocks(title="Studio") as demo:
    go = gr.Button("run")

    def on(function: Any, inputs: Any, outputs: Any, name: Any, **options: Any) -> Any:
        """Register an endpoint, without the options that this release lacks."""
        return go.click(function, inputs, outputs, api_name=name, **accepted(go.click, **options))

    text, result = gr.Textbox(label="Text"), gr.Textbox(label="Result")
    languages = ["English", "French", "Bahasa Indonesia"]
    language = gr.Dropdown(languages, value="French", label="Language")
    formal = gr.Checkbox(label="Formal")
    alternatives = gr.Slider(1, 5, step=1, value=1, label="Alternatives")
    detected = gr.Label(label="Detected")
    request = [text, language, formal, alternatives]
    running = on(translate, request, [result, detected], "translate")

    message, history = gr.Textbox(label="Message"), gr.State([])
    temperature = gr.Slider(0, 2, value=0.7, label="Temperature")
    max_tokens = gr.Number(label="Max new tokens", value=256)
    system = gr.Textbox(label="System prompt", lines=3)
    talk = gr.Chatbot(label="Conversation", **accepted(gr.Chatbot.__init__, type="messages"))
    on(chat, [message, history, temperature, max_tokens, system], [talk, history], "chat")

    image, detail = gr.Image(label="Image"), gr.Number(label="Detail")
    style = gr.Radio(["short", "long", 'it\'s "odd"'], label="Style")
    on(caption, [image, style, detail], [result, gr.Gallery(label="Crops")], "caption")

    audio, video = gr.Audio(label="Recording"), gr.Video(label="Clip")
    on(transcribe, [audio, video, language], [result, detected], "transcribe")

    files = gr.File(label="Documents", file_count="multiple")
    table = gr.Dataframe(headers=["name", "weight"], label="Weights")
    options, merged = gr.JSON(label="Options"), gr.File(label="Merged")
    tags = gr.CheckboxGroup(["draft", "final"], label="Tags")
    about = "Merge documents into one; weights decide the order."
    on(merge, [files, table, options, tags], [merged, table], "merge", api_description=about)

    labels = ["class", "class", None, "Größe (cm) 🎈", "2nd \x1b[31mred\x1b[0m\nline"]
    untrusted = [gr.Textbox(label=label) for label in labels]
    untrusted.append(gr.Textbox(label='<b>bold</b> & "quoted"', value="seven"))
    on(odd, untrusted, result, "odd")

    on(unnamed, [text, go], result, None)
    on(lambda: None, None, None, "ping")
    on(lambda text: text, text, result, "hidden", show_api=False, api_visibility="undocumented")
    on(lambda text: text, text, result, False)

    inputs = [
        gr.HighlightedText(label="Tokens"),
        gr.Code(language="python", label="Code"),
        gr.ColorPicker(label="Colour"),
        gr.UploadButton("Upload"),
        gr.Dropdown(["a", "b"], multiselect=True, label="Several", value=["a"]),
    ]
    outputs = [gr.Plot(label="Plot"), gr.HTML(label="Page"), gr.Markdown()]
    newer = [name for name in ("DateTime", "MultimodalTextbox", "ImageEditor") if hasattr(gr, name)]
    inputs += [getattr(gr, name)(label=name) for name in newer]
    on(everything, inputs, outputs, "everything")
    on(None, None, None, "stop", cancels=[running])

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
quiet = accepted(demo.launch, prevent_thread_lock=True, quiet=True, share=False, show_error=True)
demo.queue().launch(server_name="127.0.0.1", server_port=port, **quiet)


def get(path: str) -> Any:
    """Return the JSON at a path, or ``None`` if there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}") as response:
            return json.load(response)
    except urllib.error.HTTPError:
        return None


config = get("/config")
info = get(f"{config.get('api_prefix', '')}/info")
print(json.dumps({"config": config, "info": info}), file=ANSWER, flush=True)
os._exit(0)
