"""One contestant: a process that does what it is told and prints how long it took.

Run by an interpreter that has the contestant's package, as ``contestants.py NAME URL``. It reads
commands, one JSON list per line, and answers each with one JSON line:

    ["predict", n]  n calls of /echo, one after another    → seconds of each
    ["burst", n]    n calls of /echo submitted at once      → [seconds, how many came back right]

The first line it prints is how long connecting took. Standard library only, besides the package.
"""

from __future__ import annotations

import http.client
import json
import secrets
import sys
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError
from typing import Any, Protocol
from urllib.parse import urlsplit


class Contestant(Protocol):
    """What every client has to be able to do here."""

    def echo(self, text: str) -> str: ...

    def burst(self, texts: list[str]) -> Iterable[str | None]: ...


class Raw:
    """The wire itself: `http.client`, the same requests, nothing around them."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._calls, self._stream = self._connect(), self._connect()
        config = json.loads(self._get("/config"))
        self._prefix = config.get("api_prefix", "")
        by_name = {d.get("api_name"): d.get("id", i) for i, d in enumerate(config["dependencies"])}
        self._fn_index = by_name["echo"]
        self._session = secrets.token_hex(6)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host)

    def _get(self, path: str) -> bytes:
        self._calls.request("GET", path)
        return self._calls.getresponse().read()

    def echo(self, text: str) -> str:
        session = self._session
        body = {"data": [text], "fn_index": self._fn_index, "session_hash": session}
        self._calls.request(
            "POST",
            f"{self._prefix}/queue/join",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        event_id = json.loads(self._calls.getresponse().read())["event_id"]
        self._stream.request("GET", f"{self._prefix}/queue/data?session_hash={session}")
        stream, value = self._stream.getresponse(), ""
        for line in stream:
            if line.startswith(b"data:"):
                message = json.loads(line[5:])
                if message["msg"] == "process_completed" and message["event_id"] == event_id:
                    value = message["output"]["data"][0]
        return value

    def burst(self, texts: list[str]) -> Iterable[str | None]:
        return [self.echo(text) for text in texts]


class Ours:
    """gradio_client_sync."""

    def __init__(self, url: str) -> None:
        from gradio_client_sync import Client

        self._app = Client(url)

    def echo(self, text: str) -> str:
        return str(self._app.predict("/echo", [text])[0])

    def burst(self, texts: list[str]) -> Iterable[str | None]:
        return _results([self._app.submit("/echo", [text]) for text in texts])


class Official:
    """gradio_client, the official Python client."""

    def __init__(self, url: str) -> None:
        from gradio_client import Client

        self._app = Client(url, verbose=False, analytics_enabled=False)

    def echo(self, text: str) -> str:
        return str(self._app.predict(text, api_name="/echo"))

    def burst(self, texts: list[str]) -> Iterable[str | None]:
        return _results([self._app.submit(text, api_name="/echo") for text in texts])


def _results(jobs: list[Any]) -> Iterable[str | None]:
    for job in jobs:
        try:
            result = job.result(timeout=30)
        except (Exception, CancelledError):  # noqa: BLE001 - a lost call is what is counted
            yield None
        else:
            yield result if isinstance(result, str) else result[0]


CONTESTANTS = {"raw": Raw, "ours": Ours, "official": Official}


def main(name: str, url: str) -> None:
    """Connect, then obey."""
    start = time.perf_counter()
    contestant: Contestant = CONTESTANTS[name](url)
    print(json.dumps(time.perf_counter() - start), flush=True)
    for line in sys.stdin:
        kind, count = json.loads(line)
        answer: list[float] = []
        if kind == "predict":
            for _ in range(count):
                start = time.perf_counter()
                assert contestant.echo("hello") == "hello"
                answer.append(time.perf_counter() - start)
        else:
            texts = [str(n) for n in range(count)]
            start = time.perf_counter()
            right = sum(got == text for got, text in zip(contestant.burst(texts), texts))
            answer = [time.perf_counter() - start, right]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
