"""Send a pandas DataFrame, and make one from the result.

python examples/dataframe.py http://127.0.0.1:7860
"""

import sys

import pandas as pd

from gradio_client_sync import Client

(url,) = sys.argv[1:]

table = pd.DataFrame({"apples": [3, 5, 2], "pears": [1.5, 0, 2.5]})

with Client(url) as app:
    answer = app.predict("/totals", [table])[0]
    totals = pd.DataFrame(answer["data"], columns=answer["headers"])
    print(totals.to_string(index=False))
