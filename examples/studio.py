"""The app that the examples call. Run it with ``python examples/studio.py``.

It needs Gradio 4.44 or later, and ffmpeg for `speak`: ``pip install gradio matplotlib``.
"""

import wave

import gradio as gr
import numpy as np
from PIL import Image, ImageOps


def mirror(picture):
    """Mirror an image."""
    path = "mirrored.png"
    ImageOps.mirror(Image.open(picture)).save(path)
    return path


def louder(speech, factor=2):
    """Make an audio file louder."""
    with wave.open(speech, "rb") as source:
        parameters, frames = source.getparams(), source.readframes(source.getnframes())
    samples = np.frombuffer(frames, "<i2").astype("int64") * int(factor)
    with wave.open("louder.wav", "wb") as target:
        target.setparams(parameters)
        target.writeframes(samples.clip(-(2**15), 2**15 - 1).astype("<i2").tobytes())
    return "louder.wav"


def speak(text):
    """Say a text, a tone for each word."""
    for number, _ in enumerate(text.split(), 1):
        times = np.arange(8000) / 16000
        yield 16000, (8000 * np.sin(2 * np.pi * 220 * number * times)).astype("int16")


def chat(message):
    """Reply to a message with files, word by word."""
    answer = f"You said {message['text']!r} and sent {len(message['files'])} file(s)."
    words = answer.split()
    for count in range(1, len(words) + 1):
        yield " ".join(words[:count])


def totals(table):
    """Add up each column of numbers."""
    return table.sum(numeric_only=True).rename("total").rename_axis("column").reset_index()


def draw(table):
    """Draw the first two columns."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot(table.iloc[:, 0], table.iloc[:, 1])
    return figure


with gr.Blocks(title="Studio") as demo:
    go = gr.Button("Go")
    picture, speech = gr.Image(label="picture", type="filepath"), gr.Audio(type="filepath")
    factor, message = gr.Number(2, label="factor"), gr.MultimodalTextbox(label="message")
    table = gr.Dataframe(headers=["x", "y"], label="table", type="pandas")
    go.click(mirror, picture, gr.Image(type="filepath"), api_name="mirror")
    go.click(louder, [speech, factor], gr.Audio(type="filepath"), api_name="louder")
    go.click(speak, gr.Textbox(label="text"), gr.Audio(streaming=True), api_name="speak")
    go.click(chat, message, gr.Textbox(), api_name="chat")
    go.click(totals, table, gr.Dataframe(), api_name="totals")
    go.click(draw, table, gr.Plot(), api_name="draw")

if __name__ == "__main__":
    demo.launch()
