"""An app whose descriptions are hard to show: long defaults, many choices, files, marks of I18n.

`server.Server(version, app=(DESCRIPTIONS,))` starts it, from Gradio 3.23 to 6.31.
"""

import functools
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr
import numpy as np
import pandas as pd
import PIL.Image

MARKS = hasattr(gr, "I18n")
ROWS = [[f"row {n}", n] for n in range(600)]
WORDS = "Answer in one sentence. " * 400
LANGUAGES = [f"language {n}" for n in range(300)]
TEXTS: dict[str, dict[str, str]] = {
    "en": {"name": "Your name", "greet": "Greet", "hello": "Hello", "title": "Greetings",
           "bold": "Bold", "plain": "Plain", "refused": "Not today"},
    "de": {"name": "Dein Name", "greet": "Grüßen", "hello": "Hallo", "title": "Grüße",
           "bold": "Fett", "plain": "Normal", "refused": "Heute nicht"},
}  # fmt: skip


def own(name: str) -> str:
    """Make one of the app's own files."""
    path = Path.cwd() / "own" / name
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".png":
        PIL.Image.fromarray(np.zeros((3, 4, 3), "uint8")).save(path)
    else:
        path.write_text("a note")
    return str(path)


def received(*values: Any) -> str:
    """Describe what a function received."""
    return json.dumps([value if isinstance(value, str) else str(value)[:80] for value in values])


def long(text: Any, table: Any, prompt: Any, data: Any) -> str:
    return received(text, table, prompt, data)


def choices(few: Any, many: Any, several: Any) -> str:
    return received(few, many, several)


def files(text: Any, picture: Any, note: Any) -> str:
    return received(text, bool(picture), bool(note))


def greet(name: Any, style: Any) -> str:
    return received(name, style)


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    i18n: Any = gr.I18n(**TEXTS) if MARKS else None
    with gr.Blocks(title=i18n("title") if MARKS else "descriptions") as demo:
        answer = gr.Textbox(label="answer")
        text = gr.Textbox(label="text")

        def on(name: str, function: Any, inputs: Any, outputs: Any) -> Any:
            go = gr.Button("go")
            go.click(function, inputs, outputs, **app.accepted(go.click, api_name=name))

        table = gr.Dataframe(pd.DataFrame(ROWS, columns=["name", "n"]), label="table")
        prompt = gr.Textbox(WORDS, label="prompt")
        data = gr.JSON({str(n): list(range(20)) for n in range(200)}, label="data")
        on("long", long, [text, table, prompt, data], answer)
        few = gr.Dropdown(["red", "green"], value="red", label="few")
        many = gr.Dropdown(LANGUAGES, value="language 7", label="many")
        several = gr.CheckboxGroup([f"tag {n}" for n in range(40)], label="several")
        on("choices", choices, [few, many, several], answer)
        picture = gr.Image(own("cat.png"), label="picture", type="filepath")
        note = gr.File(own("note.txt"), label="note")
        on("files", files, [text, picture, note], answer)
        if MARKS:
            name = gr.Textbox(i18n("hello"), label=i18n("name"), info=i18n("name"))
            style = gr.Radio(
                [(i18n("bold"), "b"), (i18n("plain"), "p")], value="b", label=i18n("no.such_text")
            )
            shown = gr.Textbox(label=i18n("greet"))
            on("greet", greet, [name, style], shown)
            words = gr.Dropdown([str(i18n("bold")), str(i18n("plain"))], label=i18n("name"))
            on("words", received, [words], shown)
            button = gr.Button(i18n("greet"))
            on("press", received, [button], shown)
            on("say", lambda: i18n("hello"), [], shown)

            def refuse(name: str) -> str:
                gr.Info(str(i18n("hello")), title=str(i18n("title")))
                raise gr.Error(str(i18n("refused")), title=str(i18n("title")))

            on("refuse", refuse, [name], shown)
    if MARKS:
        demo.launch = functools.partial(demo.launch, i18n=i18n)  # type: ignore[method-assign]
    return demo


if __name__ == "__main__":
    app.main(build)
