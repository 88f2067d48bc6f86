"""`Recorder`: writes the calls of clients, and the responses of apps, to a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from .._protocol.values.filename import safe_name
from .._transport.base import Lost
from .._transport.body import UploadBody
from .._transport.seam import SentRequest
from .._transport.signal_safe import new_lock
from .cassette import file_mark, portable, scrubbed
from .concealing import Concealer
from .known_apps import KnownApps
from .recording_file import RecordingFile
from .replay_error import ReplayError
from .scrubber import Scrub
from .watched import WatchedDownload, WatchedStream

_COMPLETED = "process_completed"
_DIRECT = ("/run/", "/api/")
_OF_THE_STREAM = frozenset(("heartbeat", "close_stream", "send_hash"))
_NOT_WRITTEN = frozenset(("username", "auth_required", "auth_message"))


class _Call:
    """A call that is being recorded; its lines wait until its payload is known."""

    def __init__(self, root: str, fn_index: Any, session: Any) -> None:
        self.root = root
        self.fn_index = fn_index
        self.session = session
        self.number = 0
        self.started = time.monotonic()
        self.waiting: list[dict[str, Any]] = []
        self.over = False  # the rest of it is not recorded
        self.cancelled = False


class Recorder:
    """Writes a recording.

    Args:
        path: The file, which is replaced.
        scrub: A function that scrubs each text of payloads and messages.

    Attributes:
        file: The file.
    """

    def __init__(self, path: Path, scrub: Scrub | None) -> None:
        self._scrub = scrub
        self._lock = new_lock()
        self._calls: dict[str, _Call] = {}
        self._early: dict[str, list[dict[str, Any]]] = {}
        self._sessions: dict[Any, int] = {}
        self._apps = KnownApps()
        self._infos: dict[str, Any] = {}
        self._uploads: dict[str, Any] = {}
        self._kept: set[tuple[str, str]] = set()
        self._parts: dict[tuple[str, str], bytearray] = {}
        self._count = 0
        self._concealer = Concealer()
        self.file = RecordingFile(path)

    missed: tuple[str, ...] = ()  # always empty for a recorder

    def close(self) -> None:
        """Write the lines that wait, and replace an earlier recording."""
        with self._lock:
            for call in {id(call): call for call in self._calls.values()}.values():
                if not call.number and call.waiting:
                    self._begin(call, None)
                if call.number and not call.over:
                    self._step(call, {"unfinished": True})
            self.file.close()

    # -- what the client shows

    def server_for(self, url: str) -> str | None:
        """Let every request go to its own server."""
        return None

    def answered(self, http: Any, request: SentRequest, answer: Any) -> None:
        """Record a response."""
        self._concealer.learn(request)
        url = answer.url.partition("?")[0]
        if url.endswith("/config") and answer.status == 200:
            return self._see_config(
                url[: -len("/config")], self._concealer.decode(http, answer.body)
            )
        root, route = self._apps.route(f"http{url[2:]}" if url.startswith("ws") else url)
        if root is None:
            if request.method == "POST" and url.endswith("/queue/join"):
                raise _unknown(url)
            return None
        if request.method == "GET" and route == "/queue/join":
            return self._respond(http, self._call_without_payload(root, request), answer)
        if request.method == "GET" and route.startswith("/file=") and answer.status >= 400:
            return self._miss(root, route, answer.status)
        if route == "/info" and answer.status == 200:
            info = self._concealer.decode(http, answer.body)
            if isinstance(info, dict) and self._infos.get(root) != info:
                self._infos[root] = info
                self.file.write({"app": root, "info": info})
            return None
        if request.method != "POST":
            return None
        if route == "/upload" and isinstance(request.body, UploadBody):
            return self._see_upload(request.body, answer)
        body = self._concealer.decode(http, request.body)
        if not isinstance(body, dict):
            return None
        if route == "/queue/join":
            return self._see_join(http, root, body, answer)
        if route == "/queue/data":
            call = self._calls.get(str(body.get("event_id")))
            return None if call is None else self._begin(call, body)
        if route.startswith(_DIRECT):
            return self._respond(http, self._begun(root, route, body), answer)
        if route == "/component_server":
            return self._see_server(http, root, body, answer)
        if route in ("/cancel", "/reset"):
            call = self._calls.get(str(body.get("event_id")))
            if call is not None:
                self._see_end(call)
        return None

    def sending(self, http: Any, url: str, body: Any) -> None:
        """Record the input of a running job."""
        _, route = self._apps.route(url)
        call = self._calls.get(unquote(route.split("/")[2])) if route else None
        if call is not None and not call.over:
            sent = self._concealer.decode(http, body)
            self._step(call, {"sent": portable(sent.get("data"), self._uploads, self._scrub)})

    def failed(self, http: Any, request: SentRequest, error: Exception) -> None:
        """Record a call whose connection broke before it was confirmed."""
        self._concealer.learn(request)
        root, route = self._apps.route(request.url.partition("?")[0])
        if root is None or not getattr(error, "sent", False):
            return  # the client may send it again, and only that attempt counts
        if request.method == "GET" and route == "/queue/join":
            self._see_lost(self._call_without_payload(root, request))
        elif request.method == "POST" and route.startswith(("/queue/join", *_DIRECT)):
            body = self._concealer.decode(http, request.body)
            if isinstance(body, dict):
                self._see_lost(self._begun(root, route, body))

    def opened(self, http: Any, request: SentRequest, stream: Any) -> Any:
        """Record the messages of an event stream."""
        self._concealer.learn(request)
        root, route = self._apps.route(request.url.partition("?")[0])
        if root is None or not route.startswith("/queue/"):
            return stream
        if route == "/queue/data":
            return WatchedStream(
                stream, lambda raw: self._see_shared(http, raw), lambda: self._see_lost(None)
            )
        call = self._call_without_payload(root, request)
        self._calls[f"stream {id(call)}"] = call
        return WatchedStream(
            stream,
            lambda raw: self._see(http, call, raw),
            lambda: self._see_lost(call),
            lambda: None if call.over else self._see_end(call),
        )

    def fetched(self, http: Any, request: SentRequest, download: Any) -> Any:
        """Record a file that an app serves."""
        root, route = self._apps.route(request.url.partition("?")[0])
        if root is None or not route.startswith("/file="):
            return download
        path = unquote(route[len("/file=") :])
        if download.status == 200:
            self._parts[root, path] = bytearray()
        elif download.status != 206:  # the rest of a file whose download was interrupted
            self._miss(root, route, download.status)
            return download
        content = self._parts.setdefault((root, path), bytearray())
        return WatchedDownload(download, content, lambda: self._keep(root, path, bytes(content)))

    def connected(self, http: Any, request: SentRequest, channel: Any) -> Any:
        """Record the messages of a websocket."""
        self._concealer.learn(request)
        root, _ = self._apps.route(f"http{request.url[2:]}".partition("?")[0])
        if root is None:
            channel.close()
            raise _unknown(request.url)
        call = _Call(root, None, None)
        self._calls[f"socket {id(call)}"] = call
        return _WatchedSocket(self, http, call, channel)

    def hub_answer(self, path: str, method: str) -> None:
        """Do nothing: the request goes to the Hub."""

    def asked_hub(self, path: str, method: str, status: int, body: bytes) -> None:
        """Record a response of the Hub about a Space."""
        if path.startswith("spaces/") and not path.endswith("/jwt") and method == "GET":
            try:
                value = json.loads(body)
            except ValueError:
                value = None
            self.file.write({"hub": path, "status": status, "body": scrubbed(value, self._scrub)})

    def waiting(self, wait: Callable[[float], bool]) -> Callable[[float], bool]:
        """Wait as always."""
        return wait

    # -- what it means

    def _see_config(self, root: str, config: Any) -> None:
        if not isinstance(config, dict) or "dependencies" not in config:
            return
        config = {key: value for key, value in config.items() if key not in _NOT_WRITTEN}
        if self._apps.configs.get(root) != config:
            self._apps.configs[root] = config
            self.file.write({"app": root, "config": scrubbed(config, None)})

    def _see_upload(self, body: UploadBody, answer: Any) -> None:
        try:
            paths = json.loads(answer.body)
        except ValueError:
            return
        for source, path in zip(body.sources, paths if isinstance(paths, list) else ()):
            if source.is_read_once:
                self._uploads[path] = {"$file": f"?/{safe_name(source.name)}"}
                continue
            with source.open() as reader:
                content = b"".join(iter(lambda read=reader.read: read(2**20), b""))  # type: ignore[misc]
            self._uploads[path] = file_mark(source.name, content)

    def _see_join(self, http: Any, root: str, body: dict[str, Any], answer: Any) -> None:
        call = _Call(root, body.get("fn_index"), body.get("session_hash"))
        self._begin(call, body)
        response = self._concealer.decode(http, answer.body)
        event_id = response.get("event_id") if isinstance(response, dict) else None
        if answer.status != 200 or not event_id:
            return self._respond(http, call, answer)
        with self._lock:
            self._calls[event_id] = call
            early = self._early.pop(event_id, ())
        for message in early:
            self._message(call, message)
        return None

    def _begun(self, root: str, route: str, body: dict[str, Any]) -> _Call:
        """Return a new call with its payload."""
        call = _Call(root, body.get("fn_index"), body.get("session_hash"))
        if call.fn_index is None:
            call.fn_index = self._apps.number(root, unquote(route.rpartition("/")[2]))
        self._begin(call, body)
        return call

    def _call_without_payload(self, root: str, request: SentRequest) -> _Call:
        """Return a new call whose payload is sent later, if at all."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        number = query.get("fn_index", "")
        return _Call(root, int(number) if number else None, query.get("session_hash"))

    def _begin(self, call: _Call, body: dict[str, Any] | None) -> None:
        """Write the first line of a call, and those that waited for it."""
        with self._lock:
            if call.number:
                return
            self._count += 1
            call.number = self._count
            session = self._sessions.setdefault(call.session, len(self._sessions) + 1)
            payload = None if body is None else body.get("data")
            line = {
                "call": call.number,
                "app": call.root,
                "endpoint": self._apps.name(call.root, call.fn_index),
                "fn_index": call.fn_index,
                "payload": portable(payload, self._uploads, self._scrub),
                "session": session,
            }
            if body is not None and body.get("event_data") is not None:
                line["event_data"] = portable(body["event_data"], self._uploads, self._scrub)
            self.file.write(line)
            waiting, call.waiting = call.waiting, []
            for step in waiting:
                self.file.write({"call": call.number, **step})

    def _step(self, call: _Call, what: dict[str, Any]) -> None:
        step = {"t": round(time.monotonic() - call.started, 3), **what}
        with self._lock:
            if call.number:
                self.file.write({"call": call.number, **step})
            else:
                call.waiting.append(step)

    def _respond(self, http: Any, call: _Call, answer: Any) -> None:
        body = self._concealer.decode(http, answer.body)
        if body is None:
            body = self._concealer.conceal(http, answer.body).decode("utf-8", "replace")
        self._begin(call, None)
        response = {"status": answer.status, "body": scrubbed(body, self._scrub)}
        call.over = True
        self._step(call, {"response": response})

    def _see_server(self, http: Any, root: str, body: dict[str, Any], answer: Any) -> None:
        """Record a call of a function of a component."""
        line = {"server": body.get("fn_name"), "app": root, "component": body.get("component_id")}
        line["payload"] = portable(body.get("data"), self._uploads, self._scrub)
        value = scrubbed(self._concealer.decode(http, answer.body), self._scrub)
        self.file.write({**line, "status": answer.status, "body": value})

    def _message(self, call: _Call, message: dict[str, Any]) -> None:
        if call.over or message.get("msg") in _OF_THE_STREAM:
            return
        call.over = message.get("msg") == _COMPLETED
        rest = {key: message[key] for key in message if key not in ("msg", "event_id")}
        self._step(call, {"message": {"msg": message.get("msg"), **scrubbed(rest, self._scrub)}})

    def _see(self, http: Any, call: _Call, raw: Any) -> None:
        """Record a message of a stream that only one call has."""
        message = self._concealer.decode(http, raw)
        if isinstance(message, dict):
            if message.get("event_id"):
                self._calls[message["event_id"]] = call
            self._message(call, message)
            call.over = call.over or message.get("msg") == "queue_full"
            if call.over:
                self._begin(call, None)

    def _see_shared(self, http: Any, raw: Any) -> None:
        """Record a message of a session's stream."""
        message = self._concealer.decode(http, raw)
        if not isinstance(message, dict) or message.get("msg") in _OF_THE_STREAM:
            return
        event_id = message.get("event_id")
        with self._lock:
            call = self._calls.get(event_id) if event_id else None
            if call is None and event_id:
                self._early.setdefault(event_id, []).append(message)
        if call is not None:
            self._message(call, message)
        elif not event_id:
            self._see_lost(None)

    def _see_end(self, call: _Call) -> None:
        """Record that the client has ended a call."""
        if not call.cancelled:
            call.over = call.cancelled = True
            self._begin(call, None)
            self._step(call, {"cancelled": True})

    def _see_lost(self, only: _Call | None) -> None:
        """Record that a stream broke, for its calls that have not ended."""
        for call in [only] if only is not None else list(self._calls.values()):
            if not call.over:
                call.over = True
                self._begin(call, None)
                self._step(call, {"lost": True})

    def _miss(self, root: str, route: str, status: int) -> None:
        """Record that a file was refused."""
        path = scrubbed(unquote(route[len("/file=") :]), self._scrub)
        self.file.write({"file": path, "app": root, "status": status})

    def _keep(self, root: str, path: str, content: bytes) -> None:
        with self._lock:
            if (root, path) in self._kept:
                return
            self._kept.add((root, path))
        path = scrubbed(path, self._scrub)
        self.file.write({"file": path, "app": root, "content": self.file.keep(path, content)})


def _unknown(url: str) -> ReplayError:
    """Return the error for a client whose app was not seen."""
    return ReplayError(
        f"The call to {url} cannot be recorded, because its client was made before the recording "
        "began. Make the client inside of `with record(...)`."
    )


class _WatchedSocket:
    """A websocket whose messages are recorded."""

    def __init__(self, recorder: Recorder, http: Any, call: _Call, channel: Any) -> None:
        self._recorder = recorder
        self._http = http
        self._channel = channel
        self._call = call

    def receive(self) -> Any:
        recorder, call = self._recorder, self._call
        try:
            message = self._channel.receive()
        except Lost:
            recorder._see_lost(call)
            raise
        recorder._see(self._http, call, message.raw)
        return message

    def reply(self, body: bytes) -> None:
        value = self._recorder._concealer.decode(self._http, body)
        if isinstance(value, dict):
            self._call.fn_index = value.get("fn_index")
            self._call.session = value.get("session_hash")
            if "data" in value:
                self._recorder._begin(self._call, value)
        self._channel.reply(body)

    def _end(self) -> None:
        if not self._call.over and self._call.fn_index is not None:
            self._recorder._see_end(self._call)

    def close(self) -> None:
        self._end()
        self._channel.close()

    def abort(self) -> None:
        self._end()
        self._channel.abort()
