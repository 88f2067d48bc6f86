"""`Player`: replays a recording to clients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable

from .._transport.seam import SentRequest
from ..errors import ConnectFailedError
from .backend import JobRefusal
from .cassette import Cassette, differences, portable
from .channels import Board
from .checked import CheckedSocket, CheckedStream
from .http_server import HttpServer, Request
from .recorded_app import NOT_RECORDED, RecordedApp, not_recorded
from .replay_error import ReplayError
from .scrubber import Scrub
from .serving import AppServer

_MARK = b'"msg":"replay_error"'


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
            RecordedApp(cassette, root, self._board, speed, scrub) for root in cassette.configs
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
        refusal = not_recorded(f"{self._missing(url)}")
        return x.respond(refusal.body, refusal.status)

    def _answer(self, root: str, x: Request) -> JobRefusal | None:
        """Return the response to a request that a fake app does not know; else ``None``."""
        if x.path.endswith("/component_server"):
            body = x.json()
            if not isinstance(body, dict):
                return not_recorded("Forms for functions of components are not recorded.")
            return self._answer_server(root, body)
        if "/stream/" in x.path and x.method == "POST":
            job = self._apps[root].job(x.path.partition("/stream/")[2].removesuffix("/close"))
            if job is not None:
                (app,) = (one for one in self._recorded if one.root == root)
                return app.take_chunk(job, (x.json() or {}).get("data"))
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
        return not_recorded(
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

    def sending(self, http: Any, url: str, body: Any) -> None:
        """Do nothing: the response is an error if the input was not recorded."""

    def answered(self, http: Any, request: SentRequest, answer: Any) -> None:
        """Raise the error that a response carries."""
        if answer.status == NOT_RECORDED and request.method != "HEAD":
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
        if download.status == NOT_RECORDED:
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
