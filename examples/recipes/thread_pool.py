"""Calls in a pool of threads: python thread_pool.py URL."""

import sys
from concurrent.futures import ThreadPoolExecutor

from gradio_client_sync import Client


def add(n):
    """Make one call, with the client of all threads."""
    return app.predict("/add", [n, 1], timeout=60)[0]


with Client(sys.argv[1]) as app, ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(add, range(100))))
