"""A web page that shows a chat's reply while it grows, with Flask.

GRADIO_URL=http://127.0.0.1:7860 flask --app flask_stream run
"""

import json
import os

from flask import Flask, Response, request, send_file

from gradio_client_sync import Client, GradioClientError

gradio = Client(os.environ["GRADIO_URL"])
web = Flask(__name__)


def pieces(text):
    """Yield the reply as server-sent events."""
    problem = ""
    try:
        with gradio.submit("/chat", [text], isolated=True) as job:
            for piece in job.text(idle=2):
                yield f"data: {json.dumps([piece, piece.restarts])}\n\n"
    except GradioClientError as error:
        problem = str(error)
    yield f"event: end\ndata: {json.dumps(problem)}\n\n"


@web.get("/chat")
def chat():
    """Stream the reply to a text."""
    return Response(pieces(request.args["text"]), mimetype="text/event-stream")


@web.get("/")
def page():
    """Show the page."""
    return send_file("chat.html")
