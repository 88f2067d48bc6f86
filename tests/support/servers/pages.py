"""The app that the pages of the documentation call; `server.Server` starts it.

It has the endpoints that the pages name. They do only what the pages need.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, Optional

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr
import numpy as np

VIDEO = Path(__file__).with_name("tiny.mp4")


def add(a: float, b: float = 3) -> float:
    """Add two numbers."""
    return a + b


def chat(text: str) -> Iterator[str]:
    """Answer word by word."""
    words = f"{text}: once upon a time".split()
    for count in range(1, len(words) + 1):
        yield " ".join(words[:count])


def count(n: float) -> Iterator[str]:
    """Count up to n."""
    yield from app.count(n)


def render(text: str, progress: Any = gr.Progress()) -> str:  # noqa: B008  # Gradio's own form
    """Send every kind of event."""
    gr.Info(f"rendering {text}")
    progress((1, 2), desc="light", unit="steps")
    return text.upper()


def paint(text: Any, progress: Any = gr.Progress()) -> Any:  # noqa: B008
    """Paint a picture."""
    progress((8, 20), desc="denoising", unit="steps")
    return np.full((8, 8, 3), len(str(text)), "uint8")


def endless() -> Iterator[str]:
    """Count until it is stopped."""
    yield from app.endless("pages")


def pick(animal: str, text: str) -> str:
    """Give an animal a name."""
    return f"{text} the {animal}"


def translate(text: str, language: str = "English") -> str:
    """Translate a text; in fact, only name the language."""
    return f"{text} ({language})"


def mirror(picture: Any) -> Any:
    """Mirror a picture."""
    return picture[:, ::-1]


def caption(picture: Any) -> str:
    """Say how large a picture is."""
    return f"{picture.shape[1]} x {picture.shape[0]}"


def film() -> str:
    """Return a video from a folder that the server may read."""
    return shutil.copy(VIDEO, tempfile.mkdtemp())


def remember(text: str, kept: str) -> tuple[str, str]:
    """Keep a text in the state of the session."""
    return text, text


def transcribe(second: str, before: Optional[str]) -> tuple[str, str]:
    """Join the parts of a recording."""
    together = f"{before or ''}{second}"
    return together, together


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="Pages") as demo:
        go = gr.Button("go")
        text, n = gr.Textbox(label="text"), gr.Number(10, label="n")
        language = gr.Dropdown(["English", "French"], value="English", label="language")
        a, b = gr.Number(label="a"), gr.Number(3, label="b")
        picture, out = gr.Image(label="picture"), gr.Textbox(label="out")
        painted, total = gr.Image(label="painted"), gr.Number(label="total")
        kept, before = gr.State(""), gr.State("")
        files = Path(tempfile.mkdtemp())
        (files / "notes.txt").touch()
        gr.FileExplorer(root_dir=str(files), label="files")
        many = {"concurrency_limit": 10}

        go.click(chat, text, out, api_name="chat", **many)
        go.click(count, n, out, api_name="count", **many)
        go.click(render, text, out, api_name="render", **many)
        go.click(endless, None, out, api_name="endless", **many)
        go.click(add, [a, b], total, api_name="add", **many)  # number 4, which a page calls
        go.click(app.echo, text, out, api_name="slow", **many)
        go.click(translate, [text, language], out, api_name="translate", **many)
        go.click(mirror, picture, painted, api_name="mirror", **many)
        go.click(caption, picture, out, api_name="caption", **many)
        go.click(paint, text, painted, api_name="generate", **many)
        go.click(paint, n, painted, api_name="paint", **many)
        go.click(film, None, gr.Video(label="film"), api_name="film")
        go.click(chat, text, out, api_name="tell", **many)
        go.click(app.progress, n, out, api_name="cook", **many)
        go.click(remember, [text, kept], [out, kept], api_name="remember")
        button = gr.Button("cat")
        go.click(pick, [button, text], out, api_name="pick")
        go.click(lambda value: value, kept, out, api_name="recall")
        camera = gr.Image(label="camera", sources=["webcam"], streaming=True)
        camera.stream(
            transcribe, [text, before], [out, before], api_name="transcribe", time_limit=30
        )
        apply = gr.Button("apply")

        @gr.render(inputs=text, triggers=[apply.click])
        def show(label: str) -> None:
            inner, result = gr.Textbox(label=label), gr.Textbox(label="result")
            inner.submit(lambda said: f"{label} {said}", inner, result, api_name="rendered")

    return demo


if __name__ == "__main__":
    app.main(build)
