"""An app that attacks everybody who displays it: every text that it can send carries an attack.

`server.Server` starts it, with the URL that must not be called in ``CANARY``.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

import app  # sets up the environment and the standard output for Gradio
import attacks
import gradio as gr
import numpy as np

ATTACKS = [attack.replace(attacks.MARK, os.environ["CANARY"]) for attack in attacks.ATTACKS]
ALL = " ".join(ATTACKS)
SVG = attacks.SVG.replace(attacks.MARK, os.environ["CANARY"])


def saved(name: str, content: str) -> str:
    """Write a file with such a name, as far as file systems allow it, and return its path."""
    path = Path(tempfile.mkdtemp()) / name.replace("/", "∕")[:120]
    path.write_text(content, encoding="utf-8")
    return str(path)


def everything(text: str, progress: Any = gr.Progress()) -> list[Any]:  # noqa: B008
    """Return an attack in every component."""
    gr.Info(ALL)
    progress((1, 2), desc=ALL, unit=ATTACKS[0])
    return [
        ALL,
        ALL,
        ALL,
        {ALL: 0.5, ATTACKS[0]: 0.25},
        {"headers": [ALL, ATTACKS[0]], "data": [[ALL, ATTACKS[2]]]},
        [(ALL, ATTACKS[0]), (ATTACKS[2], None)],
        [{"role": "user", "content": ALL}, {"role": "assistant", "content": ALL}],
        {ALL: [ALL]},
        ALL,
        saved(f"{ATTACKS[2]}.svg", SVG),
        [(np.zeros((4, 4, 3), "uint8"), ALL)],
    ]


def fail(text: str) -> str:
    """Fail with an attack."""
    raise gr.Error(ALL, title=ATTACKS[0])


fail.__doc__ = everything.__doc__ = f"Attack. {ALL}"


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title=ALL) as demo:
        text = gr.Textbox(label=ATTACKS[0], value=ALL)
        go = gr.Button(ALL)
        outputs = [
            gr.Textbox(label=ALL),
            gr.HTML(label=ALL),
            gr.Markdown(label=ALL),
            gr.Label(label=ALL),
            gr.Dataframe(label=ALL),
            gr.HighlightedText(label=ALL),
            gr.Chatbot(label=ALL, **app.accepted(gr.Chatbot.__init__, type="messages")),
            gr.JSON(label=ALL),
            gr.Code(label=ALL),
            gr.File(label=ALL),
            gr.Gallery(label=ALL),
        ]
        go.click(everything, text, outputs, api_name="everything")
        go.click(fail, text, outputs[0], api_name="fail")
    return demo


if __name__ == "__main__":
    app.main(build)
