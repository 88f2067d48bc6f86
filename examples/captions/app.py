"""A small web service that captions pictures with a Gradio app.

CAPTIONS=http://127.0.0.1:7860 flask --app app run
"""

from __future__ import annotations

import os

from flask import Flask, Response, jsonify, request

from gradio_client_sync import AppError, Client, GradioClientError, QueueFullError


def create_app(source: str | None = None) -> Flask:
    """Make the service.

    Args:
        source: The URL or Space of the Gradio app; by default, that of the variable ``CAPTIONS``.
    """
    service = Flask(__name__)
    captions = Client(source or os.environ["CAPTIONS"])

    @service.post("/captions")
    def caption() -> tuple[Response, int]:
        picture = request.files["picture"]
        try:
            text, score = captions.predict("/caption", [picture.read()], timeout=60)
        except QueueFullError:
            return jsonify(error="Too many pictures. Try again in a minute."), 503
        except AppError as exc:
            return jsonify(error=exc.message or "The picture cannot be read."), 422
        except GradioClientError:
            return jsonify(error="Captions are not available now."), 502
        return jsonify(caption=text, certain=score >= 0.5), 200

    return service
