"""Many jobs at once and in a row, on the generations that differ in how they queue."""

from __future__ import annotations

import os
import threading

import pytest

from gradio_client_sync import Client
from tests.conftest import SERVERS
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

JOBS = 500
ROUNDS = int(os.environ.get("GRADIO_CLIENT_SYNC_ROUNDS", "2"))
#: The later rounds show that a client works after much load. 3.50.2 and 6.31.0 report the end of
#: each job to each waiting job, so a round of 500 takes them 20 s.
LATER_JOBS = {"3.50.2": 100, "6.31.0": 100}
LOADED = [v for v in ("3.50.2", "4.44.1", "5.50.0", "6.31.0") if v in SERVERS]


@pytest.mark.timeout(60 * ROUNDS + 60)
@pytest.mark.parametrize("version", LOADED)
def test_each_of_many_jobs_gets_its_own_result(server_pool: ServerPool, version: str) -> None:
    """500 jobs at the same time all complete with their own results, and so do later jobs."""
    with Client(server_pool.get(version).url) as app:
        for first in range(0, ROUNDS * JOBS, JOBS):
            count = LATER_JOBS.get(version, JOBS) if first else JOBS
            jobs = [app.submit("/add", [first + n, 1]) for n in range(count)]
            answers = [job.result(120)[0] for job in jobs]
            assert answers == [first + n + 1 for n in range(count)]


@pytest.mark.parametrize("version", LOADED)
def test_jobs_of_many_threads_are_not_mixed_up(server_pool: ServerPool, version: str) -> None:
    """Jobs that several threads submit at the same time get their own results."""
    answers: dict[int, list[object]] = {}

    def work(number: int) -> None:
        jobs = [app.submit("/echo", [f"{number}.{n}"]) for n in range(25)]
        answers[number] = [job.result(60)[0] for job in jobs]

    with Client(server_pool.get(version).url) as app:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert answers == {number: [f"{number}.{n}" for n in range(25)] for number in range(8)}


@pytest.mark.parametrize("version", LOADED)
def test_calls_in_a_row(server_pool: ServerPool, version: str) -> None:
    """100 quick calls in a row all work, though the stream of the last call may just be closing."""
    with Client(server_pool.get(version).url) as app:
        answers = [app.predict("/echo", [str(n)], timeout=20)[0] for n in range(100)]
    assert answers == [str(n) for n in range(100)]
