"""A web page that shows a chat's reply while it grows, with FastAPI.

GRADIO_URL=http://127.0.0.1:7860 uvicorn fastapi_stream:web
"""

import asyncio
import json
import os
from functools import partial

from fastapi import FastAPI
from fastapi.responses import FileResponse, StreamingResponse

from gradio_client_sync import Client, GradioClientError

gradio = Client(os.environ["GRADIO_URL"])
web = FastAPI()


async def texts(text):
    """Yield the reply as server-sent events, each with the whole text so far."""
    values, problem = asyncio.Queue(), ""
    put = partial(asyncio.get_running_loop().call_soon_threadsafe, values.put_nowait)
    try:
        with gradio.submit("/chat", [text], isolated=True) as job:
            job.on("data", put)
            job.add_done_callback(put)
            while (value := await values.get()) is not job:
                yield f"data: {json.dumps([value[0], True])}\n\n"
            job.result()
    except GradioClientError as error:
        problem = str(error)
    yield f"event: end\ndata: {json.dumps(problem)}\n\n"


@web.get("/chat")
async def chat(text: str):
    """Stream the reply to a text."""
    return StreamingResponse(texts(text), media_type="text/event-stream")


@web.get("/add")
def add(a: float, b: float):
    """Return one result. FastAPI runs such a function in a thread, so it may block."""
    return gradio.predict("/add", [a, b], timeout=60)[0]


@web.get("/")
def page():
    """Show the page."""
    return FileResponse("chat.html")
