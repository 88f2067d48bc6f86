"""An app that speaks to its user, and takes several files, from Gradio 3.23 to 6.31.

`server.Server(version, app=(SPOKEN,))` starts it. What a version lacks is left out.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr

PACE = 0.05  # s between the values of a story, so that the live view has time to be drawn


def several(files: Any) -> str:
    """Return the names of the files that arrived, as JSON."""
    return json.dumps([name(files)])


def button(upload: Any) -> str:
    """Return the names of the files that a button got."""
    return json.dumps([name(upload)])


def book(files: Any, cover: Any) -> str:
    """Return the names of several files and of one file."""
    return json.dumps([name(files), name(cover)])


def name(upload: Any) -> Any:
    if isinstance(upload, list):
        return [name(one) for one in upload]
    return Path(app.file(upload)).name if upload is not None else None


def message(message: Any) -> str:
    """Return the text and the names of the files of a message."""
    return json.dumps({"text": message["text"], "files": name(message["files"])})


def say(kind: str, text: str, **options: Any) -> None:
    """Show a message to the user, if this version can."""
    if hasattr(gr, kind):
        function = getattr(gr, kind)
        function(text, **app.accepted(function, **options))


def story(words: float, progress: Any = gr.Progress()) -> Iterator[str]:  # noqa: B008  # Gradio's form
    """Yield a text that grows by one word at a time; report progress and messages in between.

    3.x passes on what a generator reports before its first value only.
    """
    pace = threading.Event()
    for count in range(1, int(words) + 1):
        progress((count, int(words)), desc="telling", unit="words")
        pace.wait(PACE)
        if count == 3:
            say("Warning", "mind the gap")
        if count == 5:
            say("Info", "halfway there", title="Storyteller")
        yield " ".join(f"tok{number}" for number in range(count))


def warned(text: str) -> str:
    """Send a message with the title that Gradio gives it, and one with its own title."""
    say("Warning", "mind the gap")
    say("Info", "halfway there", title="Storyteller")
    return text


def broken_story(words: float) -> Iterator[str]:
    """Fail in the middle of a line."""
    yield from story(words, lambda *args, **options: None)
    fail("the end is missing")


def fail(text: str) -> str:
    raise gr.Error(text, **app.accepted(gr.Error, title="Out of ink"))


def plainly_fail(text: str) -> str:
    raise gr.Error(text)


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks() as demo:
        go, out = gr.Button("go"), gr.Textbox(label="out")
        text, words = gr.Textbox(label="text"), gr.Number(label="words")
        two = gr.Number(label="first"), gr.Number(label="second")
        uploads = gr.File(file_count="multiple", label="files")
        upload = gr.UploadButton(file_count="multiple", label="upload")
        picture = gr.File(label="cover")

        def on(name: str, function: Any, inputs: Any) -> None:
            go.click(function, inputs, out, api_name=name)

        on("several", several, uploads)
        on("upload", button, upload)
        on("book", book, [uploads, picture])
        on("titled", fail, text)
        on("untitled", plainly_fail, text)
        on("story", story, words)
        on("broken_story", broken_story, words)
        on("warned", warned, text)
        on("shout", lambda text: text.upper(), text)
        on("sum", lambda first, second: f"{first + second:g}", list(two))
        if hasattr(gr, "MultimodalTextbox"):
            on("message", message, gr.MultimodalTextbox(label="message"))
    return demo


if __name__ == "__main__":
    app.main(build)
