"""An app whose functions have inputs that API descriptions leave out, from Gradio 3.23 to 6.31.

For each component there is a button ``go_x``, which a page can press, and its endpoint ``/x``. The
endpoint returns what its function received, as JSON text. `server.Server(version, app=(HIDDEN,))`
starts it. Components that a version lacks are left out.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Callable, Sequence

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr
import gradio.routes


def describe(*values: Any) -> str:
    """Describe what a function received."""
    return json.dumps(values)


def without_login() -> None:
    """Allow a login button on a machine that cannot log in to Hugging Face."""
    for module in (gradio.routes, sys.modules.get("gradio.oauth")):
        if hasattr(module, "attach_oauth"):
            module.attach_oauth = lambda app: None


def no_icon(button: Any) -> dict[str, Any]:
    """Stop a login button of 4.x from downloading its icon."""
    return app.accepted(button.__init__, icon=None)


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    without_login()
    with gr.Blocks() as demo:
        answer = gr.Textbox(label="answer")
        text = gr.Textbox("a text", label="text")
        number = gr.Number(2, label="number")

        def on(name: str, inputs: Sequence[Any], queue: bool = False) -> None:
            go = gr.Button("go", elem_id=f"go_{name}")
            go.click(describe, list(inputs), answer, api_name=name, queue=queue)

        def one(name: str, make: Callable[[], Any]) -> None:
            """Put a component, if this version has it, on the page and behind an endpoint."""
            try:
                component = make()
            except (AttributeError, TypeError, ImportError):
                return
            on(name, [component])

        one("button", lambda: gr.Button("cat"))
        one("button_empty", lambda: gr.Button(""))
        one("button_number", lambda: gr.Button("1"))
        one("button_invisible", lambda: gr.Button("not seen", visible=False))
        one("button_made", lambda: gr.Button(lambda: "made at start"))
        one("button_long", lambda: gr.Button("long " * 60))
        one("button_icon", lambda: gr.Button("ünï\n“cat” 🐈"))
        one("clear", lambda: gr.ClearButton([text]))
        one("duplicate", lambda: gr.DuplicateButton("copy"))
        one("login", lambda: gr.LoginButton("log in", **no_icon(gr.LoginButton)))
        one("logout", lambda: gr.LogoutButton("log out", **no_icon(gr.LogoutButton)))
        one("deep_link", lambda: gr.DeepLinkButton("link"))
        if hasattr(gr, "DownloadButton"):
            note = Path.cwd() / "note.txt"  # Gradio serves files below the server's folder
            note.write_text("a note", encoding="utf-8")
            shutil.copy(Path(__file__).with_name("attachment.py"), Path.cwd())
            sys.path.insert(0, str(Path.cwd()))
            from attachment import Attachment

            one("file", lambda: Attachment("note", value=str(note)))
        one("workflow", lambda: gr.WorkflowCanvas())
        samples: list[list[Any]] = [["first"], ["second"]]
        one("rows", lambda: gr.Dataset(components=[text], samples=samples, type="index"))
        columns, table = [text, number], [["x", 1], ["y", 2]]
        one("labelled", lambda: gr.Dataset(label="Pick one", components=columns, samples=table))
        one("interpretation", lambda: gr.components.Interpretation(text))
        one("state", lambda: gr.State("kept"))

        # -- beside other inputs, and several at once

        cat, dog = gr.Button("cat"), gr.Button("dog")
        rows = gr.Dataset(components=[text], samples=samples, type="index")
        state = gr.State(7)
        on("first", [cat, text])
        on("last", [text, cat])
        on("between", [text, cat, number])
        on("twins", [cat, text, dog])
        on("picked", [text, rows])
        on("queued", [text, cat, number], queue=True)
        on("all_queued", [state, cat, text, number], queue=True)
        on("all", [state, cat, text, rows, number])
        on("clash", [gr.Textbox("mine", label="Button"), cat])
        values = gr.Dataset(components=[text], samples=samples, type="values")
        on("row_values", [values, text])

        # -- changed in a page, or by a render

        pick = gr.Dataset(
            components=[text], samples=[["apple"], ["pear"]], type="index", elem_id="pick"
        )
        pick.click(describe, [pick], answer, api_name="clicked", queue=False)

        plus = gr.Button("1", elem_id="plus")
        plus.click(lambda n: str(int(n) + 1), plus, plus, api_name="plus")
        on("counted", [plus])
        if hasattr(gr, "render"):

            @gr.render(inputs=text)
            def render(name: str) -> None:
                made = gr.Button(f"rendered {name}")
                made.click(describe, [made, text], answer, api_name="rendered")

    return demo


if __name__ == "__main__":
    app.main(build)
