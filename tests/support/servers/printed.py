"""An app whose functions run only with values that make sense, from Gradio 3.23 to 6.31.

``view_api()`` prints a call for each function, and a copy of it has to run. Each function looks at
what it gets, and raises if a careful caller would not have sent it. `server.Server(version,
app=(PRINTED,))` starts it. What a version lacks is left out.
"""

import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Callable, Literal, Optional, TypedDict

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr


class Size(TypedDict):
    width: int
    height: int


@dataclass
class Person:
    name: str
    age: int


class Level(Enum):
    LOW = "low"
    HIGH = "high"


def pair(a: int, b: int) -> int:
    return a + b


def mode(mode: Literal["fast", "exact"], level: Level) -> str:
    return f"{['fast', 'exact'].index(mode)} {Level(level).value}"


def total(numbers: list[float], table: list[list[float]]) -> float:
    return sum(numbers) + sum(map(sum, table)) + table[0][0]


def area(size: Size) -> int:
    return size["width"] * size["height"]


def greet(person: Person) -> str:
    return f"{person['name'].upper()} {person['age'] + 1}"


def options(weights: dict[str, float], place: tuple[int, str], flag: bool) -> str:
    number, text = place
    return f"{sum(weights.values())} {number + 1} {text.upper()} {not flag}"


def maybe(text: str, number: Optional[int], limit: int = 3, none: Optional[str] = None) -> str:
    return text[: number + limit]


def count(files: Any) -> str:
    return " ".join(map(suffix_of, files)) if isinstance(files, list) else str(1 // 0)


def suffix_of(file: Any) -> str:
    return Path(getattr(file, "name", file)).suffix


def pictures(items: Any, note: str) -> str:
    return f"{note} {len(getattr(items, 'root', items)[:1])}"  # 4.0 to 4.12 have a model


def edited(image: Any) -> str:
    return f"{image['composite'].shape == image['background'].shape} {image['layers'][0].shape}"


def message(said: Any) -> str:
    return Path(said["files"][0]).suffix


def chosen(value: Any) -> str:
    return "not refused"


def last(history: Any) -> str:
    return f"{len(history[-1]) > 0}"


def picked(event: gr.SelectData) -> str:
    return f"{event.value} {event.index + 1}"


def cell(event: gr.SelectData) -> str:
    row, column = event.index
    return f"{event.value} {row + column}"


def liked(event: gr.EventData) -> str:
    data = event._data
    index = data["index"]  # a pair, or a number
    return f"{data['value']} {data['liked']} {index[0] if isinstance(index, list) else index}"


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks() as demo:
        out, button = gr.Textbox(label="out"), gr.Button("go")

        def on(name: str, function: Callable[..., Any], *inputs: Callable[[], Any]) -> None:
            """Put a function behind an endpoint, if this version has its components."""
            try:
                components = [make() for make in inputs]
            except (AttributeError, TypeError):
                return
            button.click(function, components, out, api_name=name)

        def files(kind: str, **options: Any) -> Callable[[], Any]:
            return lambda: getattr(gr, kind)(label="files", **options)

        for kind in ("File", "UploadButton"):
            on(f"several_{kind.lower()}", count, files(kind, file_count="multiple"))
            for only in ("image", "video", "audio", ".csv"):
                types = {"file_types": [only]}
                on(f"only_{kind.lower()}_{only.strip('.')}", suffix_of, files(kind, **types))
        on(
            "gallery",
            pictures,
            lambda: gr.Gallery(label="items"),
            lambda: gr.Textbox("a", label="note"),
        )
        if app.RELEASE >= (4, 12):
            on("editor", edited, lambda: gr.ImageEditor(label="image"))
        if app.RELEASE >= (5, 0):  # before, the server's example of a message has no file
            on(
                "said",
                message,
                lambda: gr.MultimodalTextbox(label="said", file_count="multiple"),
            )
            on(
                "said_sound",
                message,
                lambda: gr.MultimodalTextbox(label="said", file_types=["audio"]),
            )
        for kind in ("Dropdown", "Radio", "CheckboxGroup"):
            on(
                f"later_{kind.lower()}",
                chosen,
                lambda kind=kind: getattr(gr, kind)([], label="later"),
            )
        on("own", chosen, lambda: gr.Dropdown([], label="own", allow_custom_value=True))
        on("history", last, lambda: gr.Chatbot(label="history"))
        if hasattr(gr.Dropdown, "select"):
            gr.Radio(["one", "two"], label="pick").select(picked, None, out, api_name="picked")
            gr.Dataframe([["abc"]], label="cells").select(cell, None, out, api_name="cell")
        if hasattr(gr.Chatbot, "like"):
            gr.Chatbot(label="chat").like(liked, None, out, api_name="liked")
        # An event without a name
        button.click(lambda text: text, gr.Textbox(label="unnamed"), out)
        if hasattr(gr, "api"):
            for function in (pair, mode, total, area, greet, options, maybe):
                gr.api(function, api_name=function.__name__)
    return demo


if __name__ == "__main__":
    app.main(build)
