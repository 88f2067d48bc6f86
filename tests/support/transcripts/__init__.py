"""Recorded exchanges with real servers, and functions that read them. See README.md."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync._protocol.dialect import Dialect, dialect_of
from gradio_client_sync._protocol.queue.decode import Decoder
from gradio_client_sync._protocol.queue.event_factory import EventFactory
from gradio_client_sync._protocol.queue.exchange import Effect, Exchange, Finish, Publish, Reply
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.events import Data, Event, Status

FOLDER = Path(__file__).parent

#: The recorded releases, and what their config says about the queue.
PROTOCOLS = {
    "3.16.2": None,
    "3.23.0": None,
    "3.50.2": None,
    "4.0.2": "sse",
    "4.12.0": "sse_v1",
    "4.19.2": "sse_v2",
    "4.21.0": "sse_v2.1",
    "4.44.1": "sse_v3",
    "5.50.0": "sse_v3",
    "6.31.0": "sse_v3",
}

EPOCH = 1_700_000_000.0  # s; the times in a recording start at its own beginning


def dialect_for(version: str) -> Dialect:
    """Return the dialect of the server of ``version``."""
    config = {"version": version, "protocol": PROTOCOLS[version]}
    return dialect_of({key: value for key, value in config.items() if value is not None})


def endpoint_for(
    version: str,
    fn_index: int = 0,
    outputs: tuple[str, ...] = ("textbox",),
    **dependency: Any,
) -> Endpoint:
    """Return an endpoint named ``/f`` with one output component of each type."""
    ids = list(range(100, 100 + len(outputs)))
    config = {
        "components": [{"id": i, "type": kind} for i, kind in zip(ids, outputs)],
        "dependencies": [
            {"id": fn_index, "api_name": "f", "inputs": [], "outputs": ids, **dependency}
        ],
    }
    return EndpointTable(config, dialect_for(version)).resolve("f")


@dataclass
class Talk:
    """One job's part of a recording.

    Attributes:
        body: The data that the recording client sent to run the job.
        event_id: The event id in the response to the join; ``None`` for protocols without one.
        replies: What the recording client sent at the server's request, in order.
        frames: The messages that the server sent.
        refusal: Status and body of a refused join.
    """

    version: str
    body: dict[str, Any] = field(default_factory=dict)
    event_id: str | None = None
    replies: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Message] = field(default_factory=list)
    refusal: tuple[int, Any] | None = None

    def event_factory(
        self, outputs: tuple[str, ...] = ("textbox",), **dependency: Any
    ) -> EventFactory:
        endpoint = endpoint_for(self.version, self.body["fn_index"], outputs, **dependency)
        return EventFactory(endpoint, dialect_for(self.version))


@dataclass
class Outcome:
    """The result of running one job's messages through the core."""

    exchange: Exchange
    effects: list[Effect]
    events: list[Event]
    finish: Finish | None

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [dict(effect.body) for effect in self.effects if isinstance(effect, Reply)]

    @property
    def values(self) -> list[list[Any]]:
        return [event.data for event in self.events if isinstance(event, Data)]

    @property
    def stages(self) -> list[str]:
        """The stages of the statuses, without repetitions."""
        stages = [event.stage for event in self.events if isinstance(event, Status)]
        return [s for i, s in enumerate(stages) if i == 0 or stages[i - 1] != s]

    @property
    def last(self) -> Status:
        status = self.events[-1]
        assert isinstance(status, Status)
        return status


def run(talk: Talk, event_factory: EventFactory | None = None) -> Outcome:
    """Run a job's messages through a new exchange, with a reader that gets every event."""
    event_factory = event_factory or talk.event_factory()
    exchange, decoder = Exchange(event_factory, talk.body), Decoder(event_factory)
    if talk.event_id is not None:
        exchange.joined(talk.event_id)
    outcome = Outcome(exchange, [], [], None)
    for frame in talk.frames:
        for effect in exchange.receive(frame):
            outcome.effects.append(effect)
            if isinstance(effect, Publish):
                outcome.events.extend(decoder.events(effect.message))
            elif isinstance(effect, Finish):
                assert outcome.finish is None, "a job ends once"
                outcome.finish = effect
                outcome.events.extend(effect.events)
    return outcome


def versions_of(scenario: str) -> list[str]:
    """Return the releases for which a scenario is recorded, oldest first."""
    return [v for v in PROTOCOLS if (FOLDER / v / f"{scenario}.jsonl").exists()]


def lines_of(version: str, scenario: str) -> list[dict[str, Any]]:
    """Return the lines of a recording."""
    text = (FOLDER / version / f"{scenario}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def all_transcripts() -> list[tuple[str, str]]:
    """Return version and scenario of every recording."""
    return [(v, path.stem) for v in PROTOCOLS for path in sorted((FOLDER / v).glob("*.jsonl"))]


def frame_of(message: dict[str, Any], time: float = EPOCH) -> Message:
    """Return a message in the form in which a server sends it."""
    raw = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return Message.of(raw, time)


def talks_of(version: str, scenario: str) -> list[Talk]:
    """Return a recording's jobs, in the order in which they started."""
    join = dialect_for(version).join
    lines = lines_of(version, scenario)
    return {"websocket": _by_socket, "get": _by_stream, "post": _by_event}[join](version, lines)


def _by_socket(version: str, lines: list[dict[str, Any]]) -> list[Talk]:
    talks: dict[int, Talk] = {}
    for line in lines:
        if line["kind"] == "ws_open":
            talks[line["conn"]] = Talk(version)
        elif line["kind"] == "ws" and line["dir"] == "recv":
            talks[line["conn"]].frames.append(frame_of(line["data"], EPOCH + line["t"]))
        elif line["kind"] == "ws":
            talks[line["conn"]].replies.append(line["data"])
            talks[line["conn"]].body.update(line["data"])
    return list(talks.values())


def _by_stream(version: str, lines: list[dict[str, Any]]) -> list[Talk]:
    talks: dict[int, Talk] = {}
    by_event: dict[str, Talk] = {}
    for line in lines:
        if line["kind"] == "sse":
            frame = frame_of(line["data"], EPOCH + line["t"])
            talk = talks[line["req"]]
            talk.frames.append(frame)
            if frame.event_id is not None:
                by_event[frame.event_id] = talk
        elif line["dir"] == "send" and line["path"].startswith("/queue/join"):
            query = parse_qs(urlsplit(line["path"]).query)
            body = {
                "fn_index": int(query["fn_index"][0]),
                "session_hash": query["session_hash"][0],
            }
            talks[line["req"]] = Talk(version, body)
        elif line["dir"] == "send" and line["path"] == "/queue/data":
            talk = by_event[line["json"]["event_id"]]
            talk.replies.append(line["json"])
            talk.body.update((k, v) for k, v in line["json"].items() if k != "event_id")
    return list(talks.values())


def _by_event(version: str, lines: list[dict[str, Any]]) -> list[Talk]:
    talks: dict[int, Talk] = {}
    named: dict[str, Talk] = {}
    for line in lines:
        if line["dir"] == "send" and line["path"].endswith("/queue/join"):
            talks[line["req"]] = Talk(version, line["json"])
        elif line["kind"] == "http" and line["dir"] == "recv" and line["req"] in talks:
            talk = talks[line["req"]]
            if line["status"] == 200:
                talk.event_id = line["body"]["event_id"]
                named[talk.event_id] = talk
            else:
                talk.refusal = (line["status"], line["body"])
        elif line["kind"] == "sse":
            frame = frame_of(line["data"], EPOCH + line["t"])
            if frame.event_id is not None:
                named[frame.event_id].frames.append(frame)
    return list(talks.values())
