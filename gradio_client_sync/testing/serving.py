"""The routes of an app of any generation, over real sockets.

An `AppServer` knows the protocols: how a job joins, which stream carries its messages, how it is
cancelled, how files are uploaded and downloaded, how users log in. A `Backend` provides the config
of the app and runs its functions.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from .backend import Backend, JobRefusal
from .channels import Board, Gone, Jobs, MessageQueue, ServedJob, encoded
from .http_server import HttpServer, Request, WebSocket
from .logins import Logins
from .streams import Disconnect, carry, carry_heartbeats, carry_simply


class AppServer:
    """The server of one app.

    Args:
        backend: The app.
        board: Its lock and condition.
        listens: Whether it listens on a port. Otherwise, its owner calls `respond`.
    """

    def __init__(self, backend: Backend, board: Board, *, listens: bool = True) -> None:
        self._backend = backend
        self._board = board
        self._sessions: dict[str, MessageQueue] = {}
        self._jobs = Jobs(board)
        self._logins = Logins(backend.auth, backend.generation)
        self._http = HttpServer(self.respond) if listens else None
        self.url = "" if self._http is None else self._http.url

    def close(self) -> None:
        """Stop the server, and end all jobs."""
        with self._board.lock:
            self._board.closed = True
            self._board.notify()
        if self._http is not None:
            self._http.close()

    def restart(self) -> None:
        """Remove all sessions and jobs, and cut all connections."""
        self._sessions = {}
        self._jobs.stop_all()
        if self._http is not None:
            self._http.cut_all()

    def job(self, event_id: str) -> ServedJob | None:
        """Return a running job; ``None`` if no job has this id."""
        return self._jobs.get(event_id)

    # -- requests

    def respond(self, x: Request) -> None:
        """Respond to one request."""
        try:
            self._dispatch(x)
        except Disconnect:
            x.cut()
        except Gone:
            x.cut()

    def _dispatch(self, x: Request) -> None:
        generation = self._backend.generation
        path = x.path.rstrip("/") or "/"
        if x.method == "OPTIONS":
            return x.respond(b"", 200, "text/plain")
        if path == "/login" and x.method == "POST":
            return self._logins.login(x)
        if not self._logins.may_enter(x):
            socket = x.headers.get("upgrade", "").lower() == "websocket"
            if path == "/":
                return x.respond(_page({"auth_required": True}), kind="text/html")
            detail: Any = "Not authenticated"
            if generation.since(5, 36):
                detail = {"error": detail, "auth_message": None}
            return x.respond({"detail": detail}, 403 if socket else 401)
        if path == "/config":
            return x.respond(self._config(x))
        if path == "/":
            return x.respond(_page(self._config(x)), kind="text/html")
        prefix = generation.prefix
        if prefix and not path.startswith(f"{prefix}/"):
            return x.respond({"detail": "Not Found"}, 404)
        self._api(x, path[len(prefix) :])

    def _config(self, x: Request) -> dict[str, Any]:
        config = self._backend.config()
        if self._backend.generation.since(4, 18):
            config["root"] = f"http://{x.headers.get('host', '')}"
        return config

    def _api(self, x: Request, path: str) -> None:
        backend, generation = self._backend, self._backend.generation
        first, _, rest = path[1:].partition("/")
        if x.method == "POST":
            if first in ("run", "api") and rest:
                return self._direct(x, rest)
            if path == "/queue/join" and generation.dialect.join == "post":
                return self._join(x)
            if path == "/queue/data" and generation.dialect.join == "get":
                return self._late_data(x)
            if path == "/upload" and generation.since(3, 19):
                files = [part for part in x.form() if part.name == "files"]
                return x.respond([backend.keep(p.filename or "file", p.content) for p in files])
            if path == "/cancel" and generation.since(4, 31):
                return self._cancel(x)
            if path == "/reset":
                return self._reset(x)
            if first == "call" and rest and generation.since(4, 20):
                return self._simple_join(x, rest)
            if first == "stream" and rest:
                return x.respond({"detail": "Not Found"}, 404)
        elif path == "/info":
            info = backend.info(all_endpoints=x.query.get("all_endpoints", "").lower() == "true")
            if info is not None:
                return x.respond(info)
        elif path == "/queue/join" and generation.dialect.join == "websocket":
            return self._websocket(x)
        elif path == "/queue/join" and generation.dialect.join == "get":
            return self._join_stream(x)
        elif path == "/queue/data" and generation.dialect.join == "post":
            return self._session_stream(x)
        elif first == "heartbeat":
            return carry_heartbeats(self._board, x)
        elif path == "/app_id":
            return x.respond({"app_id": backend.app_id})
        elif path == "/user":
            return x.respond(backend.auth[0] if backend.auth else None)
        elif path == "/login_check":
            return x.respond({"status": "ok"})
        elif first.startswith("file="):
            return self._file(x, path[len("/file=") :])
        elif first == "call" and "/" in rest and generation.since(4, 20):
            return self._simple_stream(x, rest.rpartition("/")[2])
        x.respond({"detail": "Not Found"}, 404)

    # -- files

    def _file(self, x: Request, path: str) -> None:
        found = self._backend.file(path)
        if isinstance(found, JobRefusal):
            return x.respond(found.body, found.status, headers=found.headers)
        x.send_file(found.path, half=found.broken)

    # -- calls

    def _job(self, x: Request, body: Any, fn_index: int | None = None) -> ServedJob:
        number = body.get("fn_index") if fn_index is None else fn_index
        data = body.get("data")
        session = body.get("session_hash")
        job = ServedJob(
            self._board,
            number if isinstance(number, int) else -1,
            session if isinstance(session, str) else None,
            data if isinstance(data, list) else None,
            x.headers,
        )
        job.extra = {key: body[key] for key in ("event_data", "trigger_id") if body.get(key)}
        return job

    def _start(self, job: ServedJob) -> None:
        self._jobs.start(job, self._backend.run)

    def _direct(self, x: Request, name: str) -> None:
        body = x.json()
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            return x.respond({"detail": [{"loc": ["body", "data"], "msg": "field required"}]}, 422)
        number = body.get("fn_index")
        number = number if isinstance(number, int) else self._backend.number_of(name)
        if number is None:
            return x.respond(b"Internal Server Error", 500, "text/plain")
        job = self._job(x, body, number)
        job.queued = False
        refusal = self._backend.admit(job) or self._backend.direct(job, body)
        x.respond(refusal.body, refusal.status, headers=refusal.headers)

    def _join(self, x: Request) -> None:
        body = x.json()
        if not isinstance(body, dict) or not isinstance(body.get("data"), list):
            return x.respond({"detail": [{"loc": ["body", "data"], "msg": "field required"}]}, 422)
        if not body.get("session_hash"):
            return x.respond({"detail": "Session hash not found."}, 400)
        job = self._job(x, body)
        refusal = self._backend.admit(job)
        if refusal is not None:
            return x.respond(refusal.body, refusal.status, headers=refusal.headers)
        with self._board.lock:
            channel = self._sessions.setdefault(str(job.session_hash), MessageQueue(self._board))
            channel.pending.add(job.event_id)
        job.emit = lambda message: channel.put(_on_the_wire(message, job.event_id))
        _attach(self._board, job, channel)
        self._confirm(x, job)

    def _confirm(self, x: Request, job: ServedJob) -> None:
        """Send the id of a job, and run the job afterwards, so that its messages come later."""
        self._jobs.add(job)
        try:
            x.respond({"event_id": job.event_id})
        finally:
            self._start(job)

    def _session_stream(self, x: Request) -> None:
        session = x.query.get("session_hash", "")
        channel = self._sessions.get(session)
        generation = self._backend.generation
        if channel is None:
            x.start_stream()
            message = {"msg": "unexpected_error", "success": False, "event_id": None}
            text = "404: Session not found."
            if generation.since(5, 38):
                text, message["session_not_found"] = "404: Not Found", True
            x.send_event(encoded({**message, "message": text}))
            raise Disconnect
        with self._board.lock:
            refusal, channel.refusal = channel.refusal, None
        if refusal is not None:
            return x.respond({"detail": "Bad Gateway"}, refusal)
        x.start_stream()
        ended = carry(self._board, x, channel, closes=generation.closes_stream)
        if not ended:
            with self._board.lock:
                if self._sessions.get(session) is channel:
                    del self._sessions[session]
            for event_id in list(channel.pending):
                job = self._jobs.get(event_id)
                if job is not None:
                    job.stop()

    def _join_stream(self, x: Request) -> None:
        """Serve the queue of 4.0 to 4.8: one stream for each job."""
        number = x.query.get("fn_index", "")
        body = {"session_hash": x.query.get("session_hash")}
        job = self._job(x, body, int(number) if number.isdecimal() else -1)
        channel = MessageQueue(self._board)
        refusal = self._backend.admit(job)
        if refusal is not None and not refusal.full:
            return x.respond(refusal.body, refusal.status, headers=refusal.headers)
        job.emit = channel.put
        _attach(self._board, job, channel)
        x.start_stream()
        if refusal is not None:
            x.send_event(encoded({"msg": "queue_full"}))
            return x.end_stream()
        self._start(job)
        carry(self._board, x, channel)  # 4.0 continues the job when the client hangs up

    def _late_data(self, x: Request) -> None:
        body = x.json() or {}
        job = self._jobs.get(str(body.get("event_id")))
        if job is None:
            return x.respond({"detail": "Event not found."}, 404)
        try:
            x.respond(None)
        finally:
            self._give(job, body)  # afterwards, so that the messages of the function come later

    def _give(self, job: ServedJob, body: dict[str, Any]) -> None:
        """Give a job its values."""
        data = body.get("data")
        with self._board.lock:
            job.data = data if isinstance(data, list) else []
            job.extra = {key: body[key] for key in ("event_data", "trigger_id") if body.get(key)}
            self._board.notify()

    def _websocket(self, x: Request) -> None:
        """Serve the queue of 3.x: one websocket for each job."""
        if x.headers.get("upgrade", "").lower() != "websocket":
            return x.respond({"detail": "Not Found"}, 404)
        refused = self._backend.greet()
        if refused is not None:
            return x.respond(refused.body, refused.status, headers=refused.headers)
        socket = x.accept_websocket()
        socket.send(encoded({"msg": "send_hash"}))
        body = socket.receive()
        if not isinstance(body, dict):
            return None
        job = self._job(x, {**body, "data": None})
        job.cut = x.cut
        refusal = self._backend.admit(job)
        if refusal is not None:
            if not refusal.full:
                raise Disconnect
            socket.send(encoded({"msg": "queue_full"}))
            return socket.close()
        job.emit = lambda message: _send(socket, message)
        self._start(job)
        while True:
            body = socket.receive()
            if not isinstance(body, dict):
                return job.stop()
            self._give(job, body)

    # -- the simple API

    def _simple_join(self, x: Request, name: str) -> None:
        body = x.json()
        number = self._backend.number_of(name)
        if number is None or not isinstance(body, dict):
            return x.respond(b"Internal Server Error", 500, "text/plain")
        job = self._job(x, body, number)
        refusal = self._backend.admit(job)
        if refusal is not None:
            return x.respond(refusal.body, refusal.status, headers=refusal.headers)
        channel = self._sessions[job.event_id] = MessageQueue(self._board)
        channel.pending.add(job.event_id)
        job.emit = lambda message: channel.put({**message, "event_id": job.event_id})
        _attach(self._board, job, channel)
        self._confirm(x, job)

    def _simple_stream(self, x: Request, event_id: str) -> None:
        channel = self._sessions.pop(event_id, None)
        carry_simply(self._board, x, channel, tells_error=self._backend.generation.since(6, 13))

    # -- ending jobs

    def _cancel(self, x: Request) -> None:
        self._jobs.cancel(x.json() or {}, self._backend.generation.completed({}, True))
        x.respond({"success": True})

    def _reset(self, x: Request) -> None:
        """Stop a generator (4.0 to 4.34); its stream gets no further message."""
        body = x.json() or {}
        job = self._jobs.get(str(body.get("event_id")))
        if self._backend.generation.since(4, 35) or job is None:
            return x.respond({"success": self._backend.generation.since(4, 35)})
        job.stop()
        x.respond({"success": True})


def _attach(board: Board, job: ServedJob, channel: MessageQueue) -> None:
    """Send the messages of a job to a queue."""

    def cut() -> None:
        with board.lock:
            channel.cut = True
            board.notify()

    def refuse(status: int) -> None:
        channel.refusal = status

    job.cut, job.refuse_stream = cut, refuse
    job.is_delivered = lambda: channel.is_drained


def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    socket.send(encoded(message))
    if message["msg"] == "process_completed":
        socket.close()


def _on_the_wire(message: dict[str, Any], event_id: str) -> dict[str, Any]:
    """Return a message with its event id, and without the value for the simple API."""
    message = {"msg": message["msg"], "event_id": event_id, **message}
    message.pop("whole", None)
    return message


def _page(config: dict[str, Any]) -> bytes:
    """Return the page of the app, which has a copy of its config."""
    text = json.dumps(config).replace("</", "<\\/")
    return f"<html><script>window.gradio_config = {text};</script></html>".encode()


def file_url(root: str, prefix: str, path: str) -> str:
    """Return the URL that a server gives for a file."""
    return f"{root}{prefix}/file={quote(path, safe='/')}"
