"""Calls from coroutines: python asyncio_calls.py URL."""

import asyncio
import sys

from gradio_client_sync import Client


async def values(job):
    """Yield the values of a job as they arrive. At the end, raise the error of a failed job."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()
    job.on("data", lambda data: loop.call_soon_threadsafe(queue.put_nowait, data))
    job.add_done_callback(lambda _: loop.call_soon_threadsafe(queue.put_nowait, None))
    with job:
        while (data := await queue.get()) is not None:
            yield data
        job.result()


async def main(url):
    """Make some calls."""
    app = await asyncio.to_thread(Client, url)
    jobs = [asyncio.wrap_future(app.submit("/add", [n, 1])) for n in range(10)]
    print(sum([result[0] for result in await asyncio.gather(*jobs)]))

    async for data in values(app.submit("/chat", ["Hello"])):
        print(data[0])

    try:
        await asyncio.wait_for(asyncio.wrap_future(app.submit("/endless")), timeout=1)
    except asyncio.TimeoutError:
        print("stopped")  # on the server too
    await asyncio.to_thread(app.close)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
