"""Run a million broken messages through the pure core: it may raise only this package's errors.

Run ``python -m tests.support.fuzz [COUNT] [SEED]``. Each message is a recorded message of a real
server, of any generation, with changes to some bytes or to part of its JSON. The messages of a
job go through all code that reads them: the HTTP framing, the parser of the event stream, the
message, the state machine of the job, and two decoders with their edit lists, one of which starts
late. These may raise only `ProtocolError` (the framing may also raise `ValueError`, which the
transport catches).

Sometimes the input is an app's config and API description instead, with similar changes. They go
through all code that uses them before and during a call: tables of endpoints, signatures, types,
texts, examples and payloads.

At the end, the command prints how much of the core the first messages reach.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from gradio_client_sync._protocol.api.api_info import describe, parameters_of
from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync._protocol.api.example import call_text
from gradio_client_sync._protocol.api.fingerprint import all_changes, fingerprint_of
from gradio_client_sync._protocol.api.payload import bind, encode
from gradio_client_sync._protocol.api.signature import signatures_of
from gradio_client_sync._protocol.chunked import ChunkedDecoder
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._protocol.queue.decode import Decoder
from gradio_client_sync._protocol.queue.event_factory import EventFactory
from gradio_client_sync._protocol.queue.eventstream import EventStreamParser
from gradio_client_sync._protocol.queue.exchange import Exchange
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync._protocol.routes import Routes, root_of
from gradio_client_sync._protocol.space import expiry_of, space_name, status_of
from gradio_client_sync._protocol.values.attachments import collect
from gradio_client_sync._protocol.values.filedata import decode_data_url, find_files
from gradio_client_sync._protocol.values.filename import safe_name
from gradio_client_sync._protocol.values.shapes import shape
from gradio_client_sync.errors import GradioClientError, ProtocolError
from tests.support.samples import VERSIONS, load
from tests.support.transcripts import all_transcripts, dialect_for, endpoint_for, lines_of

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "x", "\x1b[2J"),
    *("'quoted'", "__class__", [], {}, [[]], [["replace", [], 1]], [["append", [], "x"]]),
    *([["add", [0], {}]], [["delete", [-1], 0]], [["replace", ["__dict__"], 0]], {"data": None}),
    *({"__type__": "update"}, {"path": 5, "meta": {"_type": "gradio.FileData"}}, {"error": []}),
    "\ud800",
)


MEASURED = 20_000  # messages; many more reach little more


def recordings() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the messages of each recorded exchange, with the server's version."""
    found = []
    for version, scenario in all_transcripts():
        lines = [line.get("data", line.get("json")) for line in lines_of(version, scenario)]
        messages = [line for line in lines if isinstance(line, dict) and "msg" in line]
        if messages:
            found.append((version, messages))
    return found


def positions(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container in a value, with each of its keys."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from positions(value[key])


def mutated_bytes(message: dict[str, Any], chance: random.Random) -> bytes:
    """Return a copy of a message with random changes, as bytes."""
    copy = json.loads(json.dumps(message))
    for _ in range(chance.randrange(3)):
        container, key = chance.choice(list(positions(copy)))
        if isinstance(container, dict) and key not in container:
            continue
        if isinstance(container, list) and key >= len(container):
            continue
        change = chance.randrange(4)
        if change == 0:
            del container[key]
        elif change == 1 and isinstance(container, dict):
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
    """Run one job's messages through the core; return how many were refused with an error."""
    event_factory = EventFactory(endpoint_for(version, 3), dialect_for(version))
    exchange = Exchange(event_factory, {"data": [], "fn_index": 3, "session_hash": "s"})
    decoder, late_decoder = Decoder(event_factory), Decoder(event_factory)
    chunks, parser = ChunkedDecoder(), EventStreamParser(chance.choice((10_000_000, 1_000, 100)))
    refused = 0
    end = chance.choice((b"\n", b"\n", b"\r\n", b"\r"))
    events = [b"data: %s%s%s" % (raw, end, end) for raw in raws]
    stream = bytearray(b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events))
    if chance.random() < 0.1:
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    while stream:
        size = chance.randrange(1, 400)
        piece, stream = bytes(stream[:size]), stream[size:]
        try:
            payloads = parser.feed(chunks.feed(piece))
        except (ProtocolError, ValueError):
            return refused + 1  # an event without end, or wrong framing
        for payload in payloads:
            try:
                frame = Message.of(payload, 1e9)
            except ProtocolError:
                refused += 1
                continue
            for read in (decoder.events, exchange.receive, late_decoder.skip):
                try:
                    read(frame)
                except ProtocolError:
                    refused += 1
    Decoder(event_factory, late_decoder.diffs)
    return refused


def mutated(value: Any, chance: random.Random, times: int) -> Any:
    """Return a copy of a JSON value with some parts replaced, moved or removed."""
    copy = json.loads(json.dumps(value))
    for _ in range(times):
        spots = list(positions(copy))
        if not spots:
            break
        container, key = chance.choice(spots)
        change = chance.randrange(4)
        if change == 0:
            del container[key]
        elif change == 1:
            other, place = chance.choice(spots)
            container[key] = deepcopy(other[place]) if _is_there(other, place) else None
        else:
            container[key] = deepcopy(chance.choice(ODD))
    return copy


def _is_there(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else key < len(container)


def feed_app(chance: random.Random) -> int:
    """Run a changed config and API description through the core; return the refusals."""
    config, info = load(chance.choice(VERSIONS))
    changes = chance.choice((1, 3, 10, 40))
    config, info = mutated(config, chance, changes), mutated(info, chance, changes)
    description = info if isinstance(info, dict) else {}
    refused = 0
    try:
        dialect = dialect_of(config)
        table = EndpointTable(config, dialect)
    except GradioClientError:
        return 1
    described = describe(table, description)
    for section in described.values():
        for name, entry in section.items():
            call_text(name, entry, 80)
    before = {s.endpoint: fingerprint_of(s) for s in signatures_of(table, None)}
    after = {s.endpoint: fingerprint_of(s) for s in signatures_of(table, description)}
    all_changes(before, after)
    for endpoint in table:
        refused += feed_call(endpoint, table, dialect, description, chance)
    return refused


def feed_call(
    endpoint: Endpoint, table: EndpointTable, dialect: Any, info: Any, chance: random.Random
) -> int:
    """Bind random values to an endpoint, and read them as its outputs; return the refusals."""
    values = [deepcopy(chance.choice(ODD)) for _ in endpoint.parameters]
    payload = chance.choice((values, None, dict(zip("abc", values)), values[:1]))
    refused = 0
    try:
        laid = bind(endpoint, payload, lambda: parameters_of(endpoint, info))
        for slot, value in zip(endpoint.inputs, laid):
            shape(slot, value, dialect)
        collected, _ = collect(endpoint.name, endpoint.inputs, laid, lambda value, slot: None)
        encode(endpoint, {"data": collected})
    except GradioClientError:
        refused += 1
    try:
        for slot, value in zip(endpoint.outputs, values):
            find_files(value, slot, dialect, lambda facts: facts.name)
        table.resolve(chance.choice((endpoint.name, None, "nothing", 10**9)))
        table.rendered(mutated({"components": [], "dependencies": [endpoint.config]}, chance, 2))
    except GradioClientError:
        refused += 1
    return refused


def feed_texts(chance: random.Random) -> int:
    """Run random texts through the readers of URLs, names and tokens; return the refusals."""
    text = "".join(chance.choice("https://[]@:?#%.\\ \x00ü-user/name=,;{}'") for _ in range(20))
    refused = 0
    for read in (root_of, space_name, decode_data_url):
        try:
            read(chance.choice((text, f"http://{text}", f"data:{text}", f"user/{text}")))
        except (GradioClientError, ValueError):
            refused += 1
    expiry_of(text)
    status_of(text)
    Routes("http://127.0.0.1").file(text)
    assert "/" not in safe_name(text)
    return refused


def run(count: int, seed: int) -> tuple[int, int]:
    """Try at least ``count`` messages; return how many were tried and how many were refused."""
    chance = random.Random(seed)
    known = recordings()
    tried = refused = 0
    while tried < count:
        version, messages = chance.choice(known)
        if chance.random() < 0.02:
            try:
                refused += feed_app(chance) + feed_texts(chance)
            except Exception:
                print(f"seed {seed}, after {tried} messages: what an app says of itself")
                raise
            tried += 1
            continue
        raws = [
            mutated_bytes(chance.choice(messages), chance) for _ in range(chance.randrange(1, 8))
        ]
        try:
            refused += feed(version, raws, chance)
        except Exception:
            print(f"seed {seed}, after {tried} messages, Gradio {version}: {raws!r}")
            raise
        tried += len(raws)
    return tried, refused


def coverage_of(count: int, seed: int) -> str:
    """Return the coverage of each module of the core with this many messages, as text."""
    coverage = [sys.executable, "-m", "coverage"]
    # the project's configuration would count the other packages too
    settings = f"--rcfile={os.devnull}"
    with tempfile.TemporaryDirectory() as folder:
        data, report = f"--data-file={folder}/data", Path(folder) / "report.json"
        measured = ["run", settings, data, "--branch", "--include=*/_protocol/*"]
        again = ["-m", "tests.support.fuzz", str(count), str(seed), "--only-run"]
        subprocess.run([*coverage, *measured, *again], check=True, capture_output=True)
        arguments = ["json", settings, data, "-q", "-o", str(report)]
        subprocess.run([*coverage, *arguments], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))
    modules = [
        f"{module['summary']['percent_covered']:5.1f} %  {Path(name).stem}"
        for name, module in sorted(found["files"].items())
    ]
    return "\n".join([*modules, f"{found['totals']['percent_covered']:5.1f} %  in all"])


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    number, broken = run(wanted, start)
    took = time.monotonic() - began
    print(f"{number} messages in {took:.0f} s: {broken} readings were refused, nothing else came.")
    if "--only-run" not in sys.argv:
        first = min(wanted, MEASURED)
        print(f"Lines and branches that the first {first} reach:\n{coverage_of(first, start)}")
