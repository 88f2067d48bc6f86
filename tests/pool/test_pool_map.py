"""`Pool.map`: many calls on several servers, some of which fail."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import BrokenStreamError, ClientClosedError
from tests.pool.test_pool import FULL, break_off, replicas, states
from tests.support.scripted import IncomingRequest

pytestmark = pytest.mark.client_only


def test_pool_map_uses_all_replicas_and_keeps_the_order() -> None:
    """Results come in the order of the payloads, whichever replica has made them."""

    def echo(request: IncomingRequest) -> None:
        request.answer({"data": request.json["data"]})

    with replicas("a", "b", "c") as (*servers, pool):
        for server in servers:
            server.scripts["POST /run/direct"] = echo
        results = pool.map("/direct", [[str(n)] for n in range(60)], in_flight=6)
        assert [data[0] for data in results] == [str(n) for n in range(60)]
        done = [status.done for status in pool.status()]
        assert sum(done) == 60 and min(done) > 0
        assert list(pool.function("/direct").map(["x", "y"])) == ["x", "y"]


def test_pool_map_gives_refused_items_to_others() -> None:
    """A full queue and a server that is gone cost no item, and count as no attempt."""
    with replicas("a", "b", "c") as (a, b, _c, pool):
        a.refuse = (503, FULL)
        b.scripts.update(dict.fromkeys(b.scripts, lambda request: request.answer({}, 502)))
        outcomes = list(pool.map("/echo", [["x"]] * 20, in_flight=4).outcomes())
        assert [outcome.data[0] for outcome in outcomes] == ["c"] * 20
        assert {outcome.attempts for outcome in outcomes} == {1}
        assert states(pool) == ["full", "down", "up"]
        assert a.count("POST /queue/join") < 20


def test_pool_map_waits_while_no_replica_takes_an_item() -> None:
    """If all are full, items wait and are called again, as with one client."""
    with replicas("a", "b") as (a, b, pool):
        a.refuse = b.refuse = (503, FULL)
        results = pool.map("/echo", [["x"]] * 4)
        opened = threading.Thread(target=_open_after_refusals, args=(a, b))
        opened.start()
        assert {data[0] for data in results} == {"a"}
        opened.join()


def _open_after_refusals(a: Any, b: Any) -> None:
    a.wait_for("POST /queue/join")
    b.wait_for("POST /queue/join")
    a.refuse = None


def test_pool_map_lost_item_runs_again_only_if_idempotent() -> None:
    """An item that a replica had accepted goes to another one only with idempotent=True."""
    with replicas("a", "b") as (a, b, pool):
        a.run = break_off
        again = pool.map("/echo", [["x"]] * 6, idempotent=True, in_flight=2)
        assert {data[0] for data in again} == {"b"}
        a.run = a.complete
        pool.clients[0].close()  # its items go to the other replica
        assert {data[0] for data in pool.map("/echo", [["x"]] * 6, in_flight=2)} == {"b"}
        b.run = break_off
        with pytest.raises(BrokenStreamError):
            list(pool.map("/echo", [["x"]] * 6, in_flight=2))


def test_pool_map_goes_on_from_a_journal(tmp_path: Path) -> None:
    """Items in the journal are not called again, whichever replica has run them."""
    path = tmp_path / "run.jsonl"
    with replicas("a", "b") as (a, b, pool):
        first = list(pool.map("/direct", [[str(n)] for n in range(10)], journal=path))
        calls = a.count("POST /run/direct") + b.count("POST /run/direct")
        assert calls == 10
        again = pool.map("/direct", [[str(n)] for n in range(12)], journal=path)
        assert [data[0] for data in again][:10] == [data[0] for data in first]
        assert a.count("POST /run/direct") + b.count("POST /run/direct") == 12


def test_pool_map_ends_when_the_pool_is_closed() -> None:
    """close() ends a map with ClientClosedError, and no call is left."""
    with replicas("a", "b") as (_a, _b, pool):
        results = iter(pool.map("/direct", ([str(n)] for n in range(10_000))))
        next(results)
        pool.close()
        with pytest.raises(ClientClosedError):
            list(results)
