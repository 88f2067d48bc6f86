"""A web page that shows a chat's reply while it grows, with Django.

GRADIO_URL=http://127.0.0.1:7860 python django_stream.py runserver
"""

import json
import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import FileResponse, StreamingHttpResponse
from django.urls import path

from gradio_client_sync import Client, GradioClientError

settings.configure(DEBUG=True, ROOT_URLCONF=__name__)
gradio = Client(os.environ["GRADIO_URL"])


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


def chat(request):
    """Stream the reply to a text."""
    return StreamingHttpResponse(pieces(request.GET["text"]), content_type="text/event-stream")


def page(request):
    """Show the page."""
    return FileResponse(Path(__file__).with_name("chat.html").open("rb"))


urlpatterns = [path("chat", chat), path("", page)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
