"""`Player`: replays a recording to clients."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from typing import Any, Callable

from .._protocol.dialect import dialect_of
from .._transport.seam import SentRequest
from ..errors import ConnectFailedError
from .backend import JobRefusal, ServedFile
from .cassette import Cassette, RecordedCall, differences, file_mark, portable
from .channels import Board, Gone, ServedJob
from .checked import CheckedSocket, CheckedStream
from .generation import Generation
from .http_server import HttpServer, Request
from .known_apps import KnownApps
from .replay_error import ReplayError
from .scrubber import Scrub
from .serving import AppServer
from .streams import Disconnect
from .values import ServedFiles

_NOT_RECORDED = 599  # a status that no server sends
_MARK = b'"msg":"replay_error"'


def _not_recorded(text: str) -> JobRefusal:
    return JobRefusal(_NOT_RECORDED, {"replay_error": text})


class Player:
    """Stands in for all servers of a recording.

    Args:
        cassette: The recording.
        speed: How many times faster than recorded; ``None`` means without any wait.
        scrub: The function that was passed to `record`.

    Attributes:
        missed: The messages of the errors for requests that are not in the recording.
    """

    def __init__(self, cassette: Cassette, speed: float | None, scrub: Scrub | None) -> None:
        self._cassette = cassette
        self._speed = speed
        self._scrub = scrub
        self._board = Board()
        self._hub = list(cassette.hub)
        self.missed: list[str] = []
        self._recorded = [
            _RecordedApp(cassette, root, self._board, speed, scrub) for root in cassette.configs
        ]
        self._apps = {
            app.root: AppServer(app, self._board, listens=False) for app in self._recorded
        }
        self._http = HttpServer(self._respond)

    def close(self) -> None:
        """End all jobs and connections."""
        for app in self._apps.values():
            app.close()
        self._http.close()
        for recorded in self._recorded:
            recorded.close()

    def _respond(self, x: Request) -> None:
        url = f"{x.origin}{x.path}" if x.origin else x.path[1:]  # websockets have it in their path
        for root in sorted(self._apps, key=len, reverse=True):
            if url == root or url.startswith(f"{root}/"):
                x.path = url[len(root) :] or "/"
                refusal = self._answer(root, x)
                if refusal is None:
                    return self._apps[root].respond(x)
                return x.respond(refusal.body, refusal.status)
        refusal = _not_recorded(f"{self._missing(url)}")
        return x.respond(refusal.body, refusal.status)

    def _answer(self, root: str, x: Request) -> JobRefusal | None:
        """Return the response to a request that a fake app does not know; else ``None``."""
        if x.path.endswith("/component_server"):
            body = x.json()
            if not isinstance(body, dict):
                return _not_recorded("Forms for functions of components are not recorded.")
            return self._answer_server(root, body)
        if "/stream/" in x.path and x.method == "POST":
            return _not_recorded("Input for jobs that run (Job.send_chunk) is not recorded.")
        return None

    def _answer_server(self, root: str, body: Mapping[str, Any]) -> JobRefusal:
        wanted = root, body.get("component_id"), body.get("fn_name")
        payload = portable(body.get("data"), {}, self._scrub)
        with self._board.lock:
            for line in self._cassette.servers:
                called = line["app"], line["component"], line["server"]
                if called == wanted and not differences(payload, line["payload"]):
                    self._cassette.servers.remove(line)
                    return JobRefusal(line["status"], line["body"])
        return _not_recorded(
            f"The call of {wanted[2]!r} of component {wanted[1]} with {payload!r} is not in the "
            f"recording {str(self._cassette.path)!r}, or fewer times."
        )

    def _missing(self, url: str) -> str:
        known = ", ".join(self._cassette.configs) or "none"
        return f"The recording {str(self._cassette.path)!r} has no app at {url}; it has {known}."

    def _error(self, text: str) -> ReplayError:
        """Return the error for a request that is not in the recording, and keep its message."""
        self.missed.append(text)
        return ReplayError(text)

    # -- what the client asks

    def server_for(self, url: str) -> str:
        """Return the URL of the local server that replaces the server of a URL.

        Raises:
            ReplayError: The recording has no app at this URL.
        """
        origin = "/".join(url.split("/", 3)[:3])
        if any(root == origin or root.startswith(f"{origin}/") for root in self._apps):
            return self._http.url
        if self._cassette.hub:  # a Space that never ran
            raise ConnectFailedError(self._missing(url), url=url)
        raise self._error(self._missing(url))

    def answered(self, http: Any, request: SentRequest, answer: Any) -> None:
        """Raise the error that a response carries."""
        if answer.status == _NOT_RECORDED and request.method != "HEAD":
            raise self._error(json.loads(answer.body)["replay_error"])

    def failed(self, http: Any, request: SentRequest, error: Exception) -> None:
        """Do nothing: this failure was recorded."""

    def opened(self, http: Any, request: SentRequest, stream: Any) -> Any:
        """Return a stream that raises the errors in it."""
        return CheckedStream(stream, self._check)

    def _check(self, raw: Any) -> None:
        """Raise the error that a message carries."""
        if isinstance(raw, bytes) and raw.startswith(b"{" + _MARK):
            raise self._error(json.loads(raw)["error"])

    def fetched(self, http: Any, request: SentRequest, download: Any) -> Any:
        """Raise the error that stands for a file."""
        if download.status == _NOT_RECORDED:
            with download:
                raise self._error(json.loads(b"".join(download))["replay_error"])
        return download

    def connected(self, http: Any, request: SentRequest, channel: Any) -> Any:
        """Return a websocket that raises the errors in it."""
        return CheckedSocket(channel, self._check)

    def hub_answer(self, path: str, method: str) -> tuple[int, dict[str, str], bytes]:
        """Return the next recorded response of the Hub; after the last one, the last one again.

        Raises:
            ReplayError: The recording has no response to this request.
        """
        for index, (name, status, body) in enumerate(self._hub):
            if name == path:
                if any(later == path for later, *_ in self._hub[index + 1 :]):
                    del self._hub[index]
                return status, {}, json.dumps(body).encode()
        if path.endswith("/jwt") or method != "GET":
            return 404, {}, b"{}"
        raise self._error(
            f"The recording {str(self._cassette.path)!r} has no response of the Hub to {path!r}."
        )

    def asked_hub(self, path: str, method: str, status: int, body: bytes) -> None:
        """Do nothing: the Hub is never asked."""

    def waiting(self, wait: Callable[[float], bool]) -> Callable[[float], bool]:
        """Wait for a Space as fast as the recording is played."""
        speed = self._speed
        return lambda seconds: wait(0.0 if speed is None else seconds / speed)


class _RecordedApp:
    """The backend of one recorded app."""

    def __init__(
        self,
        cassette: Cassette,
        root: str,
        board: Board,
        speed: float | None,
        scrub: Scrub | None,
    ) -> None:
        self._cassette = cassette
        self.root = root
        self._board = board
        self._speed = speed
        self._scrub = scrub
        self._config = cassette.configs[root]
        dialect = dialect_of(self._config)
        self.generation = Generation(dialect.protocol, str(self._config.get("version")).strip())
        self.auth: tuple[str, str] | None = None
        self._store = ServedFiles()
        self._uploads: dict[str, Any] = {}
        self._chosen: dict[str, RecordedCall] = {}
        self._calls: dict[Any, list[RecordedCall]] = {}
        for call in cassette.calls:
            if call.app == root:
                self._calls.setdefault(call.fn_index, []).append(call)

    @property
    def app_id(self) -> str:
        return str(self._config.get("app_id", ""))

    def config(self) -> dict[str, Any]:
        return copy.deepcopy(self._config)

    def info(self, *, all_endpoints: bool) -> dict[str, Any] | None:
        return self._cassette.infos.get(self.root)

    def number_of(self, name: str) -> int | None:
        for index, dependency in enumerate(self._config.get("dependencies", ())):
            if dependency.get("api_name") == name:
                number = dependency.get("id", index)
                return number if isinstance(number, int) else None
        return None

    def keep(self, name: str, content: bytes) -> str:
        path = self._store.keep(name, content)
        self._uploads[path] = file_mark(name, content)
        return path

    def close(self) -> None:
        """Remove the files that were uploaded."""
        self._store.close()

    def file(self, path: str) -> ServedFile | JobRefusal:
        with self._board.lock:
            kept = self._cassette.files.get((self.root, path), [])
            found = kept.pop(0) if len(kept) > 1 else kept[0] if kept else self._store.get(path)
        if isinstance(found, int):
            return JobRefusal(found, {"detail": "The app refused this file."})
        if found is not None and not found.exists():
            return _not_recorded(
                f"The recording {str(self._cassette.path)!r} keeps the file {path!r} in "
                f"{str(found)!r}, which does not exist. Keep its folder beside the recording, or "
                "record it again."
            )
        if found is None:
            return _not_recorded(
                f"The recording {str(self._cassette.path)!r} has no content of the file {path!r}: "
                "it was not downloaded when the recording was made."
            )
        return ServedFile(found)

    # -- which recorded call is meant

    def _left(self, fn_index: int) -> list[RecordedCall]:
        """Return the calls of a function that were not replayed yet."""
        left = [call for call in self._calls.get(fn_index, ()) if not call.played]
        self._calls[fn_index] = left
        return left

    def _match(self, job: ServedJob) -> RecordedCall:
        """Return the recorded call with the job's payload, and mark it as replayed.

        Raises:
            ReplayError: There is no such call.
        """
        payload = portable(job.data, self._uploads, self._scrub)
        event_data = portable(job.extra.get("event_data"), self._uploads, self._scrub)
        with self._board.lock:
            for call in self._left(job.fn_index):
                if call.fits(payload, event_data):
                    call.played = True
                    if not call.has_end:
                        raise ReplayError(self._endless(call))
                    return call
        raise ReplayError(self._explain(job.fn_index, payload, event_data))

    def _endless(self, call: RecordedCall) -> str:
        """Return the error text for a call whose last lines are missing."""
        return (
            f"Call {call.number} of the recording {str(self._cassette.path)!r} has no end: no "
            "message 'process_completed', and no response. Add it, or record the call again."
        )

    def _explain(self, fn_index: int, payload: Any, event_data: Any) -> str:
        """Return why a call is not in the recording."""
        calls = [c for c in self._cassette.calls if c.app == self.root]
        same = [c for c in calls if c.fn_index == fn_index]
        where = f"the recording {str(self._cassette.path)!r}"
        if not same:
            names = (
                ", ".join(sorted({str(c.endpoint) for c in calls if c.endpoint is not None}))
                or "none"
            )
            called = KnownApps({self.root: self._config}).name(self.root, fn_index)
            return f"A call of {called!r} is not in {where}. Its calls are of: {names}."
        repeated = [c for c in same if c.payload is not None and c.fits(payload, event_data)]
        name = same[0].endpoint
        if repeated:
            return (
                f"{name!r} was called with {payload!r} more often than the {len(repeated)} times "
                f"that are in {where}."
            )
        nearest = min(same, key=lambda call: len(call.differences(payload, event_data)))
        differ = "; ".join(nearest.differences(payload, event_data))
        return (
            f"This call of {name!r} is not in {where}. The nearest is call {nearest.number}, and "
            f"they differ in {differ}. Record it again if the new call is right."
        )

    # -- playing

    def greet(self) -> JobRefusal | None:
        with self._board.lock:
            calls = (c for c in self._cassette.calls if c.app == self.root and not c.played)
            call = next(calls, None)
            if call is None or call.fn_index is not None:
                return None
            call.played = True
        return _first_response(call)

    def admit(self, job: ServedJob) -> JobRefusal | None:
        if not job.queued:
            return None
        if job.data is None:
            return self._admit_without_data(job)
        try:
            call = self._match(job)
        except ReplayError as exc:
            return _not_recorded(str(exc))
        refusal = _first_response(call)
        if refusal is None:
            self._chosen[job.event_id] = call
        return refusal

    def _admit_without_data(self, job: ServedJob) -> JobRefusal | None:
        """Decide as in the next recorded call, because the payload is not known yet."""
        with self._board.lock:
            call = next(iter(self._left(job.fn_index)), None)
            if call is None or call.payload is not None:
                return None
            call.played = True
        if _kinds(call)[:1] == ["queue_full"]:
            return JobRefusal(503, None, full=True)
        refusal = _first_response(call)
        if refusal is None:
            self._chosen[job.event_id] = call
        return refusal

    def direct(self, job: ServedJob, body: Any) -> JobRefusal:
        try:
            call = self._match(job)
        except ReplayError as exc:
            return _not_recorded(str(exc))
        return _first_response(call) or _not_recorded(self._endless(call))

    def run(self, job: ServedJob) -> None:
        started = time.monotonic()
        call = self._chosen.pop(job.event_id, None)
        skipped: frozenset[str] = frozenset()
        if call is None:
            skipped = frozenset(("estimation", "send_data"))
            call = self._ask_for_data(job)
            if call is None:
                return
        elif not call.has_end:  # a call with its own stream, whose payload was never sent
            return job.send({"msg": "replay_error", "error": self._endless(call)})
        if any("cancelled" in step for _, step in call.steps):
            skipped |= {"process_completed"}  # the app's response to it, which may be earlier
        for seconds, step in call.steps:
            self._wait_until(job, started, seconds)
            message = step.get("message")
            if message is not None and message["msg"] not in skipped:
                job.send(dict(message))
            elif "lost" in step:
                return job.cut()
        return job.wait(lambda: job.ended)  # until it is cancelled, as in the recording

    def _wait_until(self, job: ServedJob, started: float, seconds: float) -> None:
        if self._speed is not None:
            left = started + seconds / self._speed - time.monotonic()
            self._board.wait(lambda: job.gone, max(0.0, left))
        if job.gone or self._board.closed:
            raise Gone

    def _ask_for_data(self, job: ServedJob) -> RecordedCall | None:
        """Replay the queue of a protocol that requests the values when the function may run."""
        first = next(iter(self._left(job.fn_index)), None)
        for _, step in first.steps if first is not None else ():
            message = step.get("message", {})
            if message.get("msg") != "estimation":
                break
            job.send(dict(message))
        named = {"event_id": job.event_id} if self.generation.dialect.join == "get" else {}
        job.send({"msg": "send_data", **named})
        job.wait(lambda: job.data is not None)
        try:
            return self._match(job)
        except ReplayError as exc:
            job.send({"msg": "replay_error", "error": str(exc)})
            return None


def _first_response(call: RecordedCall) -> JobRefusal | None:
    """Return the response that refused a call; ``None`` if it was accepted.

    Raises:
        Disconnect: The connection broke before there was a response.
    """
    first = call.steps[0][1] if call.steps else {}
    if "lost" in first:
        raise Disconnect
    response = first.get("response")
    return None if response is None else JobRefusal(response["status"], response["body"])


def _kinds(call: RecordedCall) -> list[str]:
    return [step["message"]["msg"] for _, step in call.steps if "message" in step]
