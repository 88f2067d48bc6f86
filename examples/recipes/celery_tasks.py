"""A Celery task with progress: celery --app celery_tasks worker.

The variables BROKER_URL, RESULT_URL and GRADIO_URL have to be set.
"""

import os

from celery import Celery

from gradio_client_sync import Client

app = Celery(broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_URL"])
gradio = Client(os.environ["GRADIO_URL"])  # not `app`: Celery takes this name for its own


@app.task(bind=True)
def cook(task, minutes):
    """Call the app, and publish its progress as the state of the task."""
    with gradio.submit("/cook", [minutes], isolated=True) as job:
        for status in job.events("status"):
            for bar in status.progress_data or []:
                meta = {"done": bar.index, "of": bar.length, "step": bar.desc}
                task.update_state(state="PROGRESS", meta=meta)
        return job.result()
