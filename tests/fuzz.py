"""Broken messages by the million through the pure core: only `ProtocolError` may come of them.

Run as ``python -m tests.fuzz [COUNT] [SEED]``. Each message is a recorded one of a real server, of
any generation, in which something was changed: bytes, or a part of its JSON. The messages of a
job go through all that reads them: the event stream's parser, the frame, the job's state machine
and a reader's decoder with its edit lists.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from gradio_client_sync._protocol.decode import Decoder, Scribe
from gradio_client_sync._protocol.eventstream import EventStreamParser
from gradio_client_sync._protocol.exchange import Exchange
from gradio_client_sync._protocol.wire import Frame
from gradio_client_sync.errors import ProtocolError
from tests.transcripts import all_transcripts, dialect_for, endpoint_for, lines_of

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "x", "\x1b[2J"),
    *("'quoted'", "__class__", [], {}, [[]], [["replace", [], 1]], [["append", [], "x"]]),
    *([["add", [0], {}]], [["delete", [-1], 0]], [["replace", ["__dict__"], 0]], {"data": None}),
    *({"__type__": "update"}, {"path": 5, "meta": {"_type": "gradio.FileData"}}, {"error": []}),
    "\ud800",
)


def recordings() -> list[tuple[str, list[dict[str, Any]]]]:
    """The messages of each recorded conversation, with the server's version."""
    found = []
    for version, scenario in all_transcripts():
        lines = [line.get("data", line.get("json")) for line in lines_of(version, scenario)]
        messages = [line for line in lines if isinstance(line, dict) and "msg" in line]
        if messages:
            found.append((version, messages))
    return found


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container of a value, with each of its keys."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def changed(message: dict[str, Any], chance: random.Random) -> bytes:
    """A message with something wrong in it, as bytes."""
    copy = json.loads(json.dumps(message))
    for _ in range(chance.randrange(3)):
        container, key = chance.choice(list(places(copy)))
        if isinstance(container, dict) and key not in container:
            continue
        if isinstance(container, list) and key >= len(container):
            continue
        way = chance.randrange(4)
        if way == 0:
            del container[key]
        elif way == 1 and isinstance(container, dict):
            container[chance.choice(("msg", "output", "data", "success", "event_id", "error"))] = (
                container[key]
            )
        else:
            container[key] = deepcopy(chance.choice(ODD))
        if not copy:
            break
    raw = bytearray(json.dumps(copy).encode())
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        at = chance.randrange(len(raw))
        if chance.random() < 0.5:
            raw[at] = chance.randrange(256)
        else:
            del raw[at : at + chance.randrange(20)]
        if not raw:
            break
    return bytes(raw)


def feed(version: str, raws: list[bytes], chance: random.Random) -> int:
    """Let one job's messages through everything; how many were refused as they should be."""
    scribe = Scribe(endpoint_for(version, 3), dialect_for(version))
    exchange = Exchange(scribe, {"data": [], "fn_index": 3, "session_hash": "s"})
    decoder, parser = Decoder(scribe), EventStreamParser(10_000_000)
    refused = 0
    stream = b"".join(b"data: %s\n\n" % raw for raw in raws)
    while stream:
        size = chance.randrange(1, 400)
        chunk, stream = stream[:size], stream[size:]
        for payload in parser.feed(chunk):
            try:
                frame = Frame.of(payload, 1e9)
            except ProtocolError:
                refused += 1
                continue
            for read in (decoder.events, exchange.receive):
                try:
                    read(frame)
                except ProtocolError:
                    refused += 1
    return refused


def run(count: int, seed: int) -> tuple[int, int]:
    """Try so many messages; how many there were, and how many readings were refused."""
    chance = random.Random(seed)
    known = recordings()
    tried = refused = 0
    while tried < count:
        version, messages = chance.choice(known)
        raws = [changed(chance.choice(messages), chance) for _ in range(chance.randrange(1, 8))]
        try:
            refused += feed(version, raws, chance)
        except Exception:
            print(f"seed {seed}, after {tried} messages, Gradio {version}: {raws!r}")
            raise
        tried += len(raws)
    return tried, refused


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    began = time.monotonic()
    number, broken = run(wanted, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    took = time.monotonic() - began
    print(f"{number} messages in {took:.0f} s: {broken} readings were refused, nothing else came.")
