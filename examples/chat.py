"""Ask a question about an image, and print the reply as it arrives.

python examples/chat.py http://127.0.0.1:7860 cat.png
"""

import sys

from gradio_client_sync import Client, handle_file

url, picture = sys.argv[1:]

with Client(url) as app:
    job = app.submit("/chat", [{"text": "What is this?", "files": [handle_file(picture)]}])
    shown = ""
    for update in job:
        print(update[0][len(shown) :], end="", flush=True)
        shown = update[0]
    print()
