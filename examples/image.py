"""Upload an image, and save the image in the result.

python examples/image.py http://127.0.0.1:7860 cat.png
"""

import sys
from pathlib import Path

from gradio_client_sync import Client

url, picture = sys.argv[1:]

with Client(url) as app:
    result = app.predict("/mirror", [Path(picture)])
    mirrored = result[0]  # not downloaded yet
    print(mirrored.orig_name, mirrored.mime_type)
    print("saved as", mirrored.download("."))
