"""The raw protocol: the requests of a call without a client around them.

It uses `http.client`, or a plain websocket for Gradio 3. Each message is parsed as JSON, because
the protocol is JSON. Nothing else is done with it.
"""

from __future__ import annotations

import http.client
import json
import queue
import secrets
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

JOINS_AT_ONCE = 16  # the fastest for the server, of 1 to 32


class Raw:
    """Makes the requests that every client has to make."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = urlsplit(url).netloc
        self._calls, self._stream = self._connect(), self._connect()
        config = json.loads(self._get("/config"))
        self._socket = config.get("protocol", "ws") == "ws"
        self._prefix = config.get("api_prefix", "")
        self._by_name = {
            f"/{d.get('api_name')}": d.get("id", i) for i, d in enumerate(config["dependencies"])
        }
        self._session = secrets.token_hex(6)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host)

    def _get(self, path: str) -> bytes:
        self._calls.request("GET", path)
        return self._calls.getresponse().read()

    def _post(self, connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", self._prefix + path, json.dumps(body).encode(), headers)
        return json.loads(connection.getresponse().read())

    def _body(self, endpoint: str, value: Any) -> dict[str, Any]:
        fn_index = self._by_name[endpoint]
        return {"data": [value], "fn_index": fn_index, "session_hash": self._session}

    def begin(self) -> None:
        """Close connections: a server drops them after 5 idle seconds. They reopen when used."""
        self._calls.close()
        self._stream.close()

    def connect(self) -> None:
        """Request the config once, on a new connection."""
        connection = self._connect()
        connection.request("GET", "/config")
        connection.getresponse().read()
        connection.close()

    def call(self, endpoint: str, value: Any) -> Any:
        if endpoint == "/direct":
            return self._post(self._calls, "/run/direct", self._body(endpoint, value))["data"][0]
        if self._socket:
            return self._call_by_socket(endpoint, value)
        self._post(self._calls, "/queue/join", self._body(endpoint, value))
        result = None
        for message in self._messages():
            if message["msg"] == "process_completed":
                result = message["output"]["data"][0]
        return result

    iterate = call

    def _messages(self) -> Iterator[Any]:
        self._stream.request("GET", f"{self._prefix}/queue/data?session_hash={self._session}")
        for line in self._stream.getresponse():
            if line.startswith(b"data:"):
                yield json.loads(line[5:])

    def _call_by_socket(self, endpoint: str, value: Any) -> Any:
        import websocket  # only Gradio 3 needs it

        line = websocket.create_connection(f"ws://{self._host}/queue/join")
        body = self._body(endpoint, value)
        while True:
            message = json.loads(line.recv())
            if message["msg"] == "send_hash":
                line.send(json.dumps({key: body[key] for key in ("fn_index", "session_hash")}))
            elif message["msg"] == "send_data":
                line.send(json.dumps(body))
            elif message["msg"] == "process_completed":
                line.shutdown()
                return message["output"]["data"][0]

    def start(self, endpoint: str, values: list[Any]) -> list[Any]:
        """Submit all values at once and read until all jobs are done; return the results."""
        left: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(values)):
            left.put(number)
        names: dict[str, int] = {}
        results: dict[str, Any] = {}
        joined = threading.Event()

        def join() -> None:
            connection = self._connect()
            while True:
                try:
                    number = left.get_nowait()
                except queue.Empty:
                    return
                body = self._body(endpoint, values[number])
                names[self._post(connection, "/queue/join", body)["event_id"]] = number
                joined.set()

        threads = [threading.Thread(target=join) for _ in range(JOINS_AT_ONCE)]
        for thread in threads:
            thread.start()
        joined.wait()
        while len(results) < len(values):
            for message in self._messages():
                if message["msg"] == "process_completed":
                    results[message["event_id"]] = message["output"]["data"][0]
        for thread in threads:
            thread.join()
        by_number = {names[name]: value for name, value in results.items()}
        return [by_number[number] for number in range(len(values))]

    def many(self, endpoint: str, values: list[Any], at_once: int) -> list[Any]:
        """Call the endpoint for all values, with `at_once` calls in flight; return the results.

        A thread that has joined waits until the stream's reader, which is this thread, has seen
        the end of any job. So it joins again when there is room.
        """
        left: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(values)):
            left.put(number)
        names: dict[str, int] = {}
        results: dict[str, Any] = {}
        room, joined = threading.Semaphore(at_once), threading.Event()

        def join() -> None:
            connection = self._connect()
            while True:
                room.acquire()
                try:
                    number = left.get_nowait()
                except queue.Empty:
                    return
                body = self._body(endpoint, values[number])
                names[self._post(connection, "/queue/join", body)["event_id"]] = number
                joined.set()

        threads = [threading.Thread(target=join) for _ in range(min(at_once, JOINS_AT_ONCE))]
        for thread in threads:
            thread.start()
        joined.wait()
        while len(results) < len(values):
            for message in self._messages():
                if message["msg"] == "process_completed":
                    results[message["event_id"]] = message["output"]["data"][0]
                    room.release()
        for _ in threads:
            room.release()  # for those that wait for room although nothing is left
        for thread in threads:
            thread.join()
        by_number = {names[name]: value for name, value in results.items()}
        return [by_number[number] for number in range(len(values))]

    def result(self, job: Any) -> Any:
        return job
