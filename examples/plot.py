"""Call a function that draws a plot, and save the plot to a file.

python examples/plot.py http://127.0.0.1:7860
"""

import sys
from pathlib import Path
from urllib.request import urlopen

from gradio_client_sync import Client

(url,) = sys.argv[1:]

with Client(url) as app:
    plot = app.predict("/draw", [[[1, 3], [2, 5], [3, 4]]])[0]
    if plot["type"] == "matplotlib":
        with urlopen(plot["plot"]) as picture:  # a data URL: no request is sent
            kind = picture.headers.get_content_subtype()
            Path(f"plot.{kind}").write_bytes(picture.read())
        print(f"saved as plot.{kind}")
    else:  # plotly, altair and bokeh send JSON
        Path("plot.json").write_text(plot["plot"], encoding="utf-8")
        print("saved as plot.json")
