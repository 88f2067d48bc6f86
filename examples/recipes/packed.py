"""Add two numbers: packed URL A B. A program to pack into one file."""

import sys

from gradio_client_sync import Client

if __name__ == "__main__":
    url, a, b = sys.argv[1:]
    with Client(url) as app:
        print(app.predict("/add", [float(a), float(b)])[0])
