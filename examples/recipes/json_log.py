"""Write a log of JSON lines: python json_log.py URL."""

import dataclasses
import json
import logging
import sys

from gradio_client_sync import Client, GradioClientError


class JsonFormatter(logging.Formatter):
    """Writes a record as a line of JSON."""

    def format(self, record):
        """Return the line."""
        entry = {
            "time": record.created,
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def predict(app, endpoint, payload):
    """Call an endpoint like `Client.predict`, and log the call."""
    with app.submit(endpoint, payload) as job:
        try:
            return job.result()
        finally:
            fields = {"event_id": job.event_id, **dataclasses.asdict(job.timings)}
            log.info("%s: %s", endpoint, job.status.stage, extra={"fields": fields})


handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(handlers=[handler], level=logging.INFO)
logging.getLogger("gradio_client_sync").setLevel(logging.DEBUG)  # the steps of each call
log = logging.getLogger(__name__)

with Client(sys.argv[1]) as app:
    print(predict(app, "/add", [2, 3])[0])
    try:
        predict(app, "/chat", ["fail"])
    except GradioClientError:
        log.exception("no reply")
