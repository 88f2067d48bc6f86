"""An app with the plots of Gradio's own components, and with HTML.

`server.Server(version, app=(DRAWN,))` starts it.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import app  # sets up the environment and the standard output for Gradio
import gradio as gr
import pandas as pd

CITIES = pd.DataFrame(
    {
        "city": ["Oslo", "Rome", "Paris", "Oslo", "Rome", "Paris"],
        "season": ["summer"] * 3 + ["winter"] * 3,
        "rain": [60, 20, 55, 50, 85, 45],
        "days": [9, 3, 8, 11, 9, 10],
    }
)
WALK = pd.DataFrame(
    {
        "time": pd.date_range("2024-03-30", periods=72, freq="h").repeat(2),
        "sensor": ["in", "out"] * 72,
        "heat": [20 + n % 7 if n % 2 else 8 + n % 24 for n in range(144)],
    }
)
MICE = pd.DataFrame(
    {
        "length": [7.5 + n % 9 / 3 for n in range(60)],
        "weight": [18 + n % 11 for n in range(60)],
        "age": list(range(60)),
        "name": [f"mouse {n}" for n in range(60)],
    }
)

NATIVE = app.RELEASE >= (4, 32)  # before, the value is an Altair figure

PAGE = (
    """
<style>.card {border: 2px solid teal; padding: 1em} .card h2 {color: teal}</style>
<div class="card"><h2>A card</h2><p>"""
    + "A long paragraph. " * 40
    + """</p>
<table border="1"><tr><th>animal<th>legs<tr><td>heron<td>2<tr><td>hedgehog<td>4</table>
<svg viewBox="0 0 40 40" width="80"><circle cx="20" cy="20" r="18" fill="teal"/></svg>
<script>document.body.innerHTML = 'scripts run'</script></div>
"""
)


def build(one_worker: bool = False) -> gr.Blocks:
    """Build the app."""

    def plot(name: str, kind: str, value: pd.DataFrame, **options: Any) -> None:
        component = getattr(gr, kind)
        output = component(label=name, **app.accepted(component.__init__, **options))
        gr.Button(name).click(lambda: value, None, output, api_name=name)

    with gr.Blocks(title="Drawn") as demo:
        plot(
            "bars",
            "BarPlot",
            CITIES,
            x="city",
            y="rain",
            color="season",
            title="Rain",
            y_title="mm of rain",
            caption="Made up.",
            tooltip=["days"] if NATIVE else None,
        )
        plot("sorted", "BarPlot", CITIES, x="city", y="rain", sort="-y", y_aggregate="mean")
        plot("days", "BarPlot", WALK, x="time", y="heat", x_bin="1d", y_aggregate="mean")
        plot("lines", "LinePlot", WALK, x="time", y="heat", color="sensor", color_title="Sensor")
        plot(
            "points",
            "ScatterPlot",
            MICE,
            x="length",
            y="weight",
            color="age",
            tooltip="all" if NATIVE else ["name"],
        )
        plot("limits", "ScatterPlot", MICE, x="length", y="weight", x_lim=[7, 12], y_lim=[0, 40])
        if NATIVE:
            changed = gr.LinePlot(x="none", y="none")
            gr.Button("changed").click(
                lambda: gr.LinePlot(WALK, x="time", y="heat", color="sensor", title="Changed"),
                None, changed, api_name="changed",
            )  # fmt: skip
        else:
            plot("lying", "BarPlot", CITIES, x="city", y="rain", color="season", vertical=False)
            plot("parts", "BarPlot", CITIES, x="city", y="rain", group="season")
        text = gr.Textbox()
        go = gr.Button("page")
        go.click(lambda _: PAGE, text, gr.HTML(), api_name="page")
        go.click(lambda html: html, text, gr.HTML(), api_name="html")
        go.click(fail, text, gr.Textbox(), api_name="fail")
    return demo


def fail(reason: str) -> str:
    """Fail with a reason."""
    raise gr.Error(reason)


if __name__ == "__main__":
    app.main(build)
