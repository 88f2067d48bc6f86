"""An app with one pair of endpoints per component, from Gradio 3.23 to 6.31.

``/take_x`` has the component as its input, and returns what its function received, as JSON text.
``/give_x`` has it as its output, and returns a value that the app made. `server.Server(version,
app=(COMPONENTS,))` starts it. Components that a version lacks are left out.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import wave
from pathlib import Path
from typing import Any, Callable, Iterator

sys.path.insert(0, str(Path(__file__).parent))  # -I removes it from the path

import app  # sets up the environment and the standard output for Gradio
import gradio as gr
import numpy as np
import pandas as pd
import PIL.Image

RELEASE = app.RELEASE
CLIP = Path(__file__).with_name("tiny.mp4")  # 16 by 16 pixels, one frame of H.264
HERE = Path.cwd()  # the server's own folder: Gradio serves the files below it


# -- files of the app


def own(name: str, content: bytes) -> str:
    """Put one of the app's files into its folder."""
    path = HERE / "own" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return str(path)


def picture(colour: str = "red", size: tuple[int, int] = (4, 3)) -> PIL.Image.Image:
    return PIL.Image.new("RGB", size, colour)


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    picture(colour).save(buffer, "PNG")
    return buffer.getvalue()


def wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples().tobytes())
    return buffer.getvalue()


def samples() -> Any:
    return (np.arange(800) % 100 * 100).astype("<i2")


RED, BLUE = own("red.png", png("red")), own("blue.png", png("blue"))
SOUND, NOTE, MESH = own("sound.wav", wav()), own("note.txt", b"a note"), own("mesh.glb", b"glTF2")
SUBTITLES = own("said.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n")
FILM = own("film.mp4", CLIP.read_bytes())
EXPLORED = HERE / "explored"
(EXPLORED / "docs").mkdir(parents=True, exist_ok=True)
(EXPLORED / "docs" / "a.txt").write_text("a")
(EXPLORED / "b.txt").write_text("b")


# -- values that functions receive


def described(value: Any) -> Any:
    """Return a value as JSON can hold it: files by name and content, others by type and shape."""
    if isinstance(value, (bool, int, float, type(None))):
        return value
    if isinstance(value, str):
        with contextlib.suppress(OSError, ValueError):
            if os.path.isfile(value):
                return file_described(value)
        return value
    if isinstance(value, bytes):
        return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, (list, tuple)):
        return [described(part) for part in value]
    if isinstance(value, dict):
        return {str(key): described(part) for key, part in value.items()}
    if isinstance(value, PIL.Image.Image):
        corner = list(value.convert("RGB").getpixel((0, 0)))
        return {"PIL": list(value.size), "mode": value.mode, "corner": corner}
    if isinstance(value, np.ndarray):
        return {"array": list(value.shape), "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, pd.DataFrame):
        return {"columns": [str(c) for c in value.columns], "rows": value.values.tolist()}
    if hasattr(value, "name") and hasattr(value, "read"):  # 3.x: an open temporary file
        return file_described(value.name, getattr(value, "orig_name", None))
    if hasattr(value, "model_dump"):
        return described(value.model_dump())
    if hasattr(value, "isoformat"):
        return f"{type(value).__name__}: {value}"
    if hasattr(value, "__dict__"):
        return {"object": type(value).__name__, **described(vars(value))}
    return repr(value)


def file_described(path: str, orig_name: Any = None) -> dict[str, Any]:
    content = Path(path).read_bytes()
    described_file = {
        "file": os.path.basename(path),
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return (
        described_file
        if orig_name is None
        else {**described_file, "orig_name": os.path.basename(orig_name)}
    )


def take(*values: Any) -> str:
    return json.dumps([described(value) for value in values], ensure_ascii=False)


# -- values that functions return


class Drawn:
    """A stand-in for a Plotly figure; Gradio uses only this method."""

    def to_json(self) -> str:
        return json.dumps({"data": [{"x": [1, 2], "y": [3, 4]}], "layout": {}})


Drawn.__module__ = "plotly.graph_objs"


def matplotlib_figure() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.5, 0.5))
    figure.subplots().plot([1, 2], [3, 4])
    return figure


def altair_chart() -> Any:
    import altair

    return altair.Chart(table()).mark_point().encode(x="x", y="y")


def table() -> Any:
    return pd.DataFrame({"x": [1, 2], "y": [3.5, 4.5]})


def has_module(name: str) -> bool:
    with contextlib.suppress(ImportError):
        __import__(name)
        return True
    return False


def sounds_in_turn() -> Iterator[tuple[int, Any]]:
    for _ in range(2):
        yield 8000, samples()


def files_in_turn() -> Iterator[str]:
    yield from (RED, BLUE, RED)


def clip(name: str) -> str:
    """Return a copy of the film; old servers keep the files that they make from it beside it."""
    return shutil.copy(FILM, own(name, b""))


def titled_film() -> Any:
    if RELEASE >= (6, 0):
        return gr.Video(clip("titled.mp4"), subtitles=SUBTITLES)
    return clip("titled.mp4"), SUBTITLES


def sketch(background: Any = RED) -> dict[str, Any]:
    return {"background": background, "layers": [BLUE], "composite": RED}


TUPLES = [["Hello", "Hi"], [(NOTE,), None], [None, (RED, "a picture")]]
MESSAGES = [
    {"role": "user", "content": "Hello"},
    {"role": "user", "content": {"path": NOTE} if RELEASE < (5, 0) else gr.FileData(path=NOTE)},
    {"role": "assistant", "content": "Hi", "metadata": {"title": "Thinking"}},
]


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""
    with gr.Blocks(title="components") as demo:
        trigger, received = gr.Button("run"), gr.Textbox(label="received")

        def on(name: str, function: Any, inputs: Any, outputs: Any) -> None:
            options = app.accepted(trigger.click, api_name=name)
            trigger.click(function, inputs, outputs, **options)

        def component(kind: str, label: str, **options: Any) -> Any:
            """Make a component; return ``None`` if this version has no such component."""
            made = getattr(gr, kind, None)
            if made is None:
                return None
            return made(**app.accepted(made.__init__, label=label, **options))

        def pair(name: str, kind: str, value: Any = None, **options: Any) -> None:
            """Add ``/take_name``, and also ``/give_name`` if the app has a value to return."""
            taker = component(kind, name, **options)
            if taker is not None:
                on(f"take_{name}", take, taker, received)
            give(name, kind, value, **options)

        def give(name: str, kind: str, value: Any, **options: Any) -> None:
            giver = component(kind, name, **options)
            if giver is not None and value is not None:
                on(f"give_{name}", value if callable(value) else lambda: value, [], giver)

        pair("textbox", "Textbox", "hello")
        pair("number", "Number", 1.5)
        pair("slider", "Slider", 3, minimum=0, maximum=10)
        pair("checkbox", "Checkbox", True)
        pair("checkbox_group", "CheckboxGroup", ["red"], choices=["red", "blue"])
        pair("radio", "Radio", "red", choices=["red", "blue"])
        pair("dropdown", "Dropdown", "red", choices=["red", "blue"])
        several = {"choices": ["red", "blue"], "multiselect": True}
        pair("dropdown_several", "Dropdown", ["red", "blue"], **several)
        pair("code", "Code", "print(1)", language="python")
        pair("html", "HTML", "<b>bold</b>")
        pair("markdown", "Markdown", "**bold**")
        pair("color_picker", "ColorPicker", "#ff8800")
        pair("date_time", "DateTime", "2026-01-02 03:04:05")
        pair("date_time_text", "DateTime", None, type="string")
        pair("date", "DateTime", None, type="string", include_time=False)
        pair("json", "JSON", {"a": [1, None, {"b": "c"}]})
        pair("json_list", "JSON", [1, 2])
        pair("label", "Label", {"cat": 0.75, "dog": 0.25})
        pair("label_plain", "Label", "cat")
        pair("highlighted", "HighlightedText", [("Ada", "name"), (" wrote", None)])
        pair("dataframe", "Dataframe", table, headers=["x", "y"])
        pair("dataframe_array", "Dataframe", None, headers=["x", "y"], type="array")
        pair("param_viewer", "ParamViewer", {"a": {"type": "int", "description": "first"}})
        pair("file_explorer", "FileExplorer", None, root=str(EXPLORED), root_dir=str(EXPLORED))
        one = {"root": str(EXPLORED), "root_dir": str(EXPLORED), "file_count": "single"}
        pair("file_explorer_one", "FileExplorer", None, **one)
        explored = [str(EXPLORED / "docs" / "a.txt")]
        give("file_explorer", "FileExplorer", explored, root=str(EXPLORED), root_dir=str(EXPLORED))
        pair("timer", "Timer", 2)
        pair("browser_state", "BrowserState", {"seen": 1})
        pair("button", "Button", "pressed")
        rows = gr.Dataset(components=["textbox"], samples=[["a"], ["b"]], type="index")
        on("take_dataset", take, rows, received)
        row = gr.Dataset(components=["textbox"], samples=[["a"], ["b"]], type="values")
        on("take_dataset_values", take, row, received)

        pair("file", "File", NOTE)
        pair("file_bytes", "File", None, type="binary" if RELEASE >= (3, 24) else "bytes")
        pair("files", "File", [NOTE, RED], file_count="multiple")
        pair("directory", "File", [NOTE, RED], file_count="directory")
        pair("upload_button", "UploadButton", NOTE)
        pair("upload_several", "UploadButton", None, file_count="multiple")
        pair("upload_directory", "UploadButton", None, file_count="directory")
        pair("download_button", "DownloadButton", NOTE)
        pair("model3d", "Model3D", MESH)
        pair("image", "Image", RED, type="filepath")
        pair("image_pil", "Image", picture, type="pil")
        pair("image_numpy", "Image", lambda: np.zeros((3, 4, 3), "uint8"), type="numpy")
        pair("image_slider", "ImageSlider", (RED, BLUE), type="filepath")
        if RELEASE < (4, 0):
            pair("sketch", "Image", None, type="filepath", tool="sketch", source="upload")
        for name, kind in (("editor", "ImageEditor"), ("sketchpad", "Sketchpad"),
                           ("paint", "Paint"), ("mask", "ImageMask")):  # fmt: skip
            value = sketch if RELEASE >= (4, 0) else RED
            pair(f"image_{name}", kind, value, type="filepath")
        pair("audio", "Audio", SOUND, type="filepath")
        pair("audio_numpy", "Audio", lambda: (8000, samples()), type="numpy")
        pair("video", "Video", lambda: clip("plain.mp4"))
        give("video_subtitles", "Video", titled_film)
        pair("gallery", "Gallery", [(RED, "first"), BLUE], type="filepath")
        give("gallery_mixed", "Gallery", lambda: [picture(), (clip("shown.mp4"), "moves")])
        pair("multimodal", "MultimodalTextbox", {"text": "look", "files": [RED]})
        areas = [((0, 0, 2, 2), "box"), (np.eye(3, 4), "mask")]
        give("annotated_image", "AnnotatedImage", lambda: (RED, areas))

        plots: dict[str, Callable[[], Any]] = {"plotly": Drawn}
        if has_module("matplotlib"):
            plots["matplotlib"] = matplotlib_figure
        if has_module("altair"):
            plots["altair"] = altair_chart
        for name, figure in plots.items():
            give(f"plot_{name}", "Plot", figure)
        for kind in ("LinePlot", "BarPlot", "ScatterPlot"):
            give(kind.lower(), kind, table, x="x", y="y")
        give("time_series", "Timeseries", table, x="x", y=["y"])

        if RELEASE < (6, 0):
            pair(
                "chat_tuples",
                "Chatbot",
                TUPLES,
                **({"type": "tuples"} if RELEASE >= (4, 44) else {}),
            )
        if RELEASE >= (4, 44):
            pair(
                "chat_messages",
                "Chatbot",
                MESSAGES,
                **({"type": "messages"} if RELEASE < (6, 0) else {}),
            )
        if RELEASE >= (5, 0):
            shown = lambda: [{"role": "assistant", "content": gr.Image(RED)}]  # noqa: E731
            give("chat_component", "Chatbot", shown, type="messages")

        if RELEASE >= (5, 0):
            shutil.copy(Path(__file__).with_name("report.py"), HERE)
            sys.path.insert(0, str(HERE))
            from report import DescribedReport, Report

            made = {"title": "made", "document": NOTE}
            on("take_custom", take, Report(label="custom"), received)
            on("take_described", take, DescribedReport(label="described"), received)
            on("give_custom", lambda: made, [], Report(label="custom"))

        # -- results that are not plain values

        text, number = gr.Textbox(label="text"), gr.Number(label="number")
        image = gr.Image(label="image", type="filepath")
        on("update", lambda: gr.update(value="new", label="Renamed"), [], text)
        on("update_image", lambda: gr.update(value=RED, label="Renamed"), [], image)
        on("update_only", lambda: gr.update(visible=False), [], text)
        on("skip", lambda: getattr(gr, "skip", gr.update)(), [], text)
        on("some", lambda: {number: 5}, [], [text, number])
        on("all", lambda: {number: 5, image: BLUE, text: "all"}, [], [text, number, image])
        if RELEASE >= (3, 50):
            on("as_component", lambda: gr.Textbox(value="new", label="Renamed"), [], text)
        state = gr.State(0)
        on("count", lambda count, by: (count + int(by), count + int(by)), [state, number],
           [state, number])  # fmt: skip
        on("frames", files_in_turn, [], image)
        if RELEASE >= (3, 50):
            on("sounds", sounds_in_turn, [], gr.Audio(streaming=True))
        on("file_copy", lambda file: getattr(file, "name", file), gr.File(label="file"),
           gr.File(label="copy"))  # fmt: skip
        on("nested", lambda: {"link": "https://example.org/a.png", "data": "data:,x"}, [],
           gr.JSON(label="nested"))  # fmt: skip

        # -- defaults that are files

        default = gr.Image(value=RED, label="image", type="filepath")
        on("default_image", take, [text, default], received)
        on("default_file", take, [text, gr.File(value=NOTE, label="file")], received)

    return demo


if __name__ == "__main__":
    app.main(build)
