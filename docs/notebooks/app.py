"""The Gradio app that the example notebooks call, for Gradio 5 and 6.

    pip install gradio
    python app.py          # then run the notebooks

Without an argument, it serves at http://127.0.0.1:7860. With ``--free``, it uses a free port,
prints its URL as one line on standard output, and serves until its standard input ends. The tests
and `render.py` start it like this. The app generates everything that it shows, except the video.
"""

import inspect
import json
import math
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_SSR_MODE", "False")
READY = sys.stdout
sys.stdout = sys.stderr

import gradio as gr  # noqa: E402 - its output on import goes to the log
import numpy as np  # noqa: E402 - comes with Gradio
import pandas as pd  # noqa: E402 - comes with Gradio
from gradio.components.plot import PlotData  # noqa: E402

HERE = Path(__file__).parent
GREETINGS = {"English": "Hello", "French": "Bonjour", "German": "Hallo"}
STEP = 0.2  # s of pretended work

RHYME = (
    "A {hero} went down to the edge of the bay\n"
    "and counted the boats till the boats sailed away.\n"
    "It counted the waves, and it counted the sand,\n"
    "and came home with a shell and the sea in its hand."
)


def greet(name: str, language: str = "English") -> str:
    """Say hello in one of three languages."""
    return f"{GREETINGS[language]}, {name}!"


def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def tell(hero: str) -> Iterator[str]:
    """Tell a rhyme, word by word."""
    text = ""
    for word in RHYME.format(hero=hero).split(" "):
        text = f"{text} {word}" if text else word
        time.sleep(STEP / 10)
        yield text


def picture(seed: int, size: int = 240) -> np.ndarray:
    """Draw hills in the evening."""
    rng = random.Random(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    sky = np.stack([0.95 - 0.5 * y, 0.55 + 0.2 * y, 0.45 + 0.4 * y], axis=-1)
    for layer in range(4):
        waves = sum(
            rng.uniform(0.01, 0.06) * np.sin(rng.uniform(3, 14) * x + rng.uniform(0, 6))
            for _ in range(3)
        )
        hill = y > 0.45 + 0.13 * layer + waves
        sky[hill] = np.array([0.25, 0.32, 0.42]) * (1 - 0.18 * layer)
    return (sky.clip(0, 1) * 255).astype("uint8")


def paint(seed: float) -> np.ndarray:
    """Paint a landscape."""
    return picture(int(seed))


def exhibit(count: float) -> list:
    """Paint several landscapes."""
    return [(picture(seed, 150), f"Evening no. {seed}") for seed in range(1, int(count) + 1)]


def hum(pitch: float) -> tuple[int, np.ndarray]:
    """Hum a tone for a second."""
    rate = 8_000
    t = np.arange(rate) / rate
    tone = np.sin(2 * math.pi * pitch * t) * np.exp(-2 * t)
    return rate, (tone * 20_000).astype("int16")


def film() -> str:
    """Return a short video."""
    return str(HERE / "kites.mp4")


def grey(image: str) -> np.ndarray:
    """Convert an image to grey."""
    from PIL import Image

    return np.asarray(Image.open(image).convert("L").convert("RGB"))


def weigh(kind: str) -> dict[str, Any]:
    """Return a table of animals."""
    rows = [["hedgehog", 0.9, True], ["heron", 1.7, False], ["hare", 3.8, True]]
    return {"headers": [kind, "weight (kg)", "nocturnal"], "data": rows}


def classify(text: str) -> dict[str, float]:
    """Classify the mood of a text."""
    joy = 0.2 + 0.6 * (text.count("!") > 0)
    return {"joyful": joy, "calm": (1 - joy) * 0.7, "gloomy": (1 - joy) * 0.3}


def tag(text: str) -> list[tuple[str, str | None]]:
    """Mark names and numbers."""
    kinds = [
        "NAME" if word[:1].isupper() else "NUMBER" if word.strip(".,").isdigit() else None
        for word in text.split()
    ]
    return [(f"{word} ", kind) for word, kind in zip(text.split(), kinds)]


def inspect_text(text: str) -> dict[str, Any]:
    """Count the words of a text."""
    words = text.split()
    return {"words": len(words), "longest": max(words, key=len), "first": words[:3]}


def plot(kind: str) -> PlotData:
    """Plot the bees of four years, in the format of a plot library."""
    years, bees, wasps = [2021, 2022, 2023, 2024], [12, 30, 22, 41], [20, 17, 15, 9]
    if kind == "plotly":
        figure: dict[str, Any] = {
            "data": [
                {"type": "bar", "name": "bees", "x": years, "y": bees},
                {"type": "scatter", "name": "wasps", "x": years, "y": wasps},
            ],
            "layout": {"title": {"text": "In the garden"}},
        }
    else:
        kind = "altair"
        rows = [
            {"year": str(year), "seen": seen, "kind": name}
            for name, row in (("bees", bees), ("wasps", wasps))
            for year, seen in zip(years, row)
        ]
        encoding = {"x": {"field": "year"}, "y": {"field": "seen"}, "color": {"field": "kind"}}
        figure = {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
            "title": "In the garden",
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {**encoding["x"], "type": "ordinal"},
                "y": {**encoding["y"], "type": "quantitative"},
                "color": {**encoding["color"], "type": "nominal"},
            },
            "data": {"values": rows},
        }
    return PlotData(type=kind, plot=json.dumps(figure))


def rain() -> pd.DataFrame:
    """Measure the rain in four towns."""
    amounts = zip([60, 20, 55, 35], [50, 85, 45, 70])
    towns = zip(["Oslo", "Rome", "Paris", "Bergen"], amounts)
    return pd.DataFrame(
        [
            {"town": town, "season": season, "rain": amount}
            for town, two in towns
            for season, amount in zip(["summer", "winter"], two)
        ]
    )


def warmth() -> pd.DataFrame:
    """Measure the temperature of three days in two places, once an hour."""
    hours = pd.date_range("2024-06-01", periods=72, freq="h")
    waves = [math.sin((hour.hour - 9) / 24 * 2 * math.pi) for hour in hours]
    shed = pd.DataFrame({"time": hours, "place": "shed", "celsius": [16 + 3 * w for w in waves]})
    field = pd.DataFrame({"time": hours, "place": "field", "celsius": [14 + 8 * w for w in waves]})
    return pd.concat([shed, field])


def herd() -> pd.DataFrame:
    """Weigh two hundred sheep."""
    chance = random.Random(4)
    ages = [chance.uniform(0, 9) for _ in range(200)]
    weights = [80 - 60 * math.exp(-age) + chance.gauss(0, 6) for age in ages]
    heights = [w / 2 + 40 + chance.gauss(0, 4) for w in weights]
    return pd.DataFrame({"height": heights, "weight": weights, "age": ages})


def page(name: str) -> str:
    """Return an HTML page with a script that notebooks do not run."""
    return (
        f"<h3 style='color:teal'>Dear {name}</h3><p>This is <b>HTML</b> of the app.</p>"
        "<script>document.body.innerHTML = 'a script ran'</script>"
    )


def answer(question: str, history: list) -> list:
    """Answer a question, and add it to the conversation."""
    reply = {
        "How are you?": "Quite well, thank you. The bees are back.",
        "Show me the garden": gr.Image(picture(3, 140)),
    }.get(question, f"You said “{question}”, I think.")
    message = {"role": "user", "content": question}
    return [*history, message, {"role": "assistant", "content": reply}]


def cook(guests: float, progress: Any = gr.Progress()) -> str:
    """Cook porridge, and report the progress."""
    steps = ["heat the water", "stir in the oats", "chop an apple", "add cinnamon", "let it rest"]
    for number, step in enumerate(steps):
        progress((number, len(steps)), desc=step, unit="steps")
        time.sleep(STEP)
    return f"{guests:g} bowls of porridge"


def bake(cake: str) -> str:
    """Bake a cake. There is only one oven, so other cakes wait."""
    time.sleep(STEP)
    if cake == "mud":
        raise gr.Error("Nobody eats a cake of mud.")
    return f"{cake} cake"


def measure(file: str) -> dict[str, Any]:
    """Return the size of a file."""
    return {"bytes": Path(file).stat().st_size, "suffix": Path(file).suffix}


with gr.Blocks(title="Studio") as demo:
    name, hero = gr.Textbox("Ada", label="Name"), gr.Textbox("hedgehog", label="Hero")
    language = gr.Dropdown(list(GREETINGS), value="English", label="Language")
    a, b = gr.Number(2, label="A"), gr.Number(3, label="B")
    seed, pitch = gr.Number(1, label="Seed"), gr.Slider(100, 1000, value=330, label="Pitch")
    count, guests = gr.Slider(1, 6, value=3, step=1, label="Count"), gr.Number(2, label="Guests")
    text = gr.Textbox("Ada saw 3 herons in London!", label="Text")
    kind = gr.Radio(["plotly", "altair"], value="plotly", label="Library")
    source = gr.Image(type="filepath", label="Picture")
    upload = gr.File(type="filepath", label="File")
    question = gr.Textbox(label="Question")
    wanted = inspect.signature(gr.Chatbot.__init__).parameters
    chat = gr.Chatbot(label="Conversation", **({"type": "messages"} if "type" in wanted else {}))
    go = gr.Button("go")
    out, total = gr.Textbox(label="Text"), gr.Number(label="Sum")

    go.click(greet, [name, language], out, api_name="greet")
    go.click(add, [a, b], total, api_name="add")
    go.click(tell, hero, out, api_name="tell")
    go.click(paint, seed, gr.Image(label="Landscape"), api_name="paint")
    go.click(exhibit, count, gr.Gallery(label="Exhibition"), api_name="exhibit")
    go.click(hum, pitch, gr.Audio(label="Tone"), api_name="hum")
    go.click(film, None, gr.Video(label="Film"), api_name="film")
    go.click(grey, source, gr.Image(label="Without colour"), api_name="grey")
    go.click(weigh, name, gr.Dataframe(label="Animals"), api_name="weigh")
    go.click(classify, text, gr.Label(label="Mood"), api_name="classify")
    go.click(tag, text, gr.HighlightedText(label="Tags"), api_name="tag")
    go.click(inspect_text, text, gr.JSON(label="Facts"), api_name="inspect")
    go.click(plot, kind, gr.Plot(label="Plot"), api_name="plot")
    bars = gr.BarPlot(
        x="town", y="rain", color="season", title="Rain", y_title="mm", sort="-y", label="Rain"
    )
    lines = gr.LinePlot(x="time", y="celsius", color="place", label="Warmth")
    points = gr.ScatterPlot(x="height", y="weight", color="age", tooltip="all", label="Herd")
    daily = gr.BarPlot(x="time", y="celsius", x_bin="6h", y_aggregate="mean", label="Mean warmth")
    go.click(rain, None, bars, api_name="rain")
    go.click(warmth, None, lines, api_name="warmth")
    go.click(herd, None, points, api_name="herd")
    go.click(lambda: warmth().query("place == 'field'"), None, daily, api_name="daily")
    go.click(page, name, gr.HTML(label="Page"), api_name="page")
    go.click(answer, [question, chat], chat, api_name="answer")
    go.click(cook, guests, out, api_name="cook")
    go.click(bake, text, out, api_name="bake", concurrency_limit=1, concurrency_id="oven")
    go.click(measure, upload, gr.JSON(label="Size"), api_name="measure")
    outputs = [gr.Label(label="Mood"), gr.HighlightedText(label="Tags")]
    go.click(lambda words: (classify(words), tag(words)), text, outputs, api_name="read")


def serve() -> None:
    """Launch the app, with ``--free`` on a free port."""
    port = 7860
    free = "--free" in sys.argv
    if free:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
    demo.launch(
        server_name="127.0.0.1",
        server_port=port,
        prevent_thread_lock=free,
        quiet=free,
        show_error=True,
        allowed_paths=[str(HERE)],
    )
    if free:
        print(json.dumps({"url": f"http://127.0.0.1:{port}"}), file=READY, flush=True)
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    serve()
