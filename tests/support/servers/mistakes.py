"""An app that fails, and one that reads events, from Gradio 3.23 to 6.31.

``/fail_x`` takes component ``x`` as ``value``, and always raises. ``/selected`` and ``/event``
return what they found in their ``gr.SelectData`` and ``gr.EventData``.
`server.Server(version, app=(MISTAKES,))` starts it. Components that a version lacks are left out.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def fail(value: Any) -> str:
    """Raise an error that does not help."""
    raise ValueError("a reason that does not help")


def fail_two(text: str, a: float) -> str:
    """Raise such an error."""
    return fail(text)


def selected(event: gr.SelectData) -> str:
    """Return what an event of ``select`` has."""
    return json.dumps({"index": event.index, "value": event.value, "all": event._data})


def pressed(text: str, event: gr.EventData) -> str:
    """Return the text, what the event has, and the label of the component that it is of."""
    return json.dumps([text, event._data, getattr(event.target, "label", None)])


def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks() as demo:
        out, go = gr.Textbox(label="out"), gr.Button("go")
        text = gr.Textbox(label="text")
        a, b = gr.Number(label="a"), gr.Number(label="b")
        go.click(add, [a, b], gr.Number(label="sum"), api_name="add")

        def failing(name: str, kind: str, **options: Any) -> None:
            made = getattr(gr, kind, None)
            if made is not None:
                options = app.accepted(made.__init__, elem_id=name, **options)
                component = made(label="value", **options)
                go.click(fail, [component], out, api_name=f"fail_{name}")
                go.click(fail, [component], out, api_name=f"fail_{name}_directly", queue=False)

        choices = ["red", "green", "blue"]
        failing("number", "Number")
        failing("ranged", "Number", minimum=1, maximum=5)
        failing("slider", "Slider", minimum=0, maximum=10)
        failing("textbox", "Textbox")
        failing("checkbox", "Checkbox")
        failing("radio", "Radio", choices=choices)
        failing("dropdown", "Dropdown", choices=choices)
        failing("custom", "Dropdown", choices=choices, allow_custom_value=True)
        failing("dropdown_several", "Dropdown", choices=choices, multiselect=True)
        failing("checkbox_group", "CheckboxGroup", choices=choices)
        failing("image", "Image", type="filepath")
        failing("audio", "Audio", type="filepath")
        failing("video", "Video")
        failing("file", "File", file_types=[".csv", "image"])
        failing("files", "File", file_count="multiple", file_types=[".csv", "image"])
        failing("gallery", "Gallery")
        failing("dataframe", "Dataframe")
        go.click(fail_two, [text, a], out, api_name="fail_two")

        radio = gr.Radio(choices, label="radio")
        radio.select(selected, None, out, api_name="selected")
        one = gr.Button("one")
        one.click(pressed, [text], out, api_name="event")
        other = gr.Textbox(label="other")
        other.change(pressed, [other], out, api_name="changed")
        other.submit(pressed, [other], out, api_name="event_directly", queue=False)
    return demo


if __name__ == "__main__":
    app.main(build)
