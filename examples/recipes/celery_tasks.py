"""A Celery task with progress.

GRADIO_URL=http://127.0.0.1:7860 celery --app celery_tasks worker
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
