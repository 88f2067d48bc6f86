"""The app of the page of mistakes; `tests.support.servers.server.Server` starts it."""

import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support" / "servers"))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


def add(a: float, b: float = 1) -> float:
    """Add two numbers."""
    return a + b


def translate(text: str, language: str = "English") -> str:
    """Translate a text; in fact, only name the language."""
    return f"{text} ({language})"


def mirror(picture: Any) -> Any:
    """Mirror a picture."""
    return picture[:, ::-1]


def count_files(files: list[str]) -> float:
    """Count files."""
    return len(files)


def set_volume(percent: float) -> float:
    """Set the volume."""
    return percent


def divide(a: float, b: float) -> float:
    """Divide a number by another one."""
    return a / b


def book(seats: float) -> str:
    """Book seats, if there are enough."""
    if seats > 5:
        raise gr.Error("There are only 5 seats left.", title="Sold out")
    return f"{seats:g} seats"


def tell(words: float) -> Iterator[str]:
    """Tell a story, word by word."""
    for number in range(1, int(words) + 1):
        yield "once " * number


def sleep(seconds: float) -> str:
    """Sleep."""
    threading.Event().wait(seconds)
    return "awake"


def describe(picture: Any) -> tuple[dict[str, float], str]:
    """Say what a picture shows, and in which words."""
    return {"cat": 0.9, "dog": 0.1}, "a cat"


def save() -> str:
    """Make a report."""
    report = Path(tempfile.mkdtemp()) / "report.csv"
    report.write_text("a,b\n2,3\n", encoding="utf-8")
    return str(report)


def forget() -> None:
    """Return nothing."""


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="Mistakes") as demo:
        go = gr.Button("go")
        a, b, total = gr.Number(label="a"), gr.Number(1, label="b"), gr.Number(label="total")
        text, out = gr.Textbox(label="text"), gr.Textbox(label="out")
        language = gr.Dropdown(["English", "French"], value="English", label="language")
        picture, mirrored = gr.Image(label="picture"), gr.Image(label="mirrored")
        files = gr.File(label="files", file_count="multiple")
        volume = gr.Slider(0, 100, label="percent")
        report = gr.File(label="report")

        go.click(add, [a, b], total, api_name="add")
        go.click(translate, [text, language], out, api_name="translate")
        go.click(mirror, picture, mirrored, api_name="mirror")
        go.click(count_files, files, total, api_name="count_files")
        go.click(set_volume, volume, total, api_name="set_volume")
        go.click(divide, [a, b], total, api_name="divide")
        go.click(book, a, out, api_name="book")
        go.click(tell, a, out, api_name="tell")
        go.click(sleep, a, out, api_name="sleep")
        shown = [gr.Label(label="animal"), gr.Textbox(label="words")]
        go.click(describe, picture, shown, api_name="describe")
        go.click(save, None, report, api_name="save")
        go.click(forget, None, None, api_name="forget")
    return demo


if __name__ == "__main__":
    app.main(build)
