"""`RecordedApp`: the backend of a recorded app, which replays its calls."""

from __future__ import annotations

import copy
import time
from typing import Any

from .._protocol.dialect import dialect_of
from .backend import JobRefusal, ServedFile
from .cassette import Cassette, RecordedCall, differences, file_mark, portable
from .channels import Board, Gone, ServedJob
from .generation import Generation
from .known_apps import KnownApps
from .replay_error import ReplayError
from .scrubber import Scrub
from .streams import Disconnect
from .values import ServedFiles

NOT_RECORDED = 599  # a status that no server sends


def not_recorded(text: str) -> JobRefusal:
    """Return the response that makes the client raise a `ReplayError`."""
    return JobRefusal(NOT_RECORDED, {"replay_error": text})


class RecordedApp:
    """The backend of one recorded app.

    Args:
        cassette: The recording.
        root: The URL of the app.
        board: The lock and condition of the player.
        speed: How many times faster than recorded; ``None`` means without any wait.
        scrub: The function that was passed to `record`.

    Attributes:
        root: The URL of the app.
        generation: The release.
        auth: Always ``None``, because a recording needs no login.
    """

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
        self._running: dict[str, RecordedCall] = {}
        self._calls: dict[Any, list[RecordedCall]] = {}
        for call in cassette.calls:
            if call.app == root:
                self._calls.setdefault(call.fn_index, []).append(call)

    @property
    def app_id(self) -> str:
        """Return the number of the app."""
        return str(self._config.get("app_id", ""))

    def config(self) -> dict[str, Any]:
        """Return the recorded config."""
        return copy.deepcopy(self._config)

    def info(self, *, all_endpoints: bool) -> dict[str, Any] | None:
        """Return the recorded description of the API; ``None`` if there is none."""
        return self._cassette.infos.get(self.root)

    def number_of(self, name: str) -> int | None:
        """Return the number of the function with a name."""
        for index, dependency in enumerate(self._config.get("dependencies", ())):
            if dependency.get("api_name") == name:
                number = dependency.get("id", index)
                return number if isinstance(number, int) else None
        return None

    def keep(self, name: str, content: bytes) -> str:
        """Keep an uploaded file, and return its path."""
        path = self._store.keep(name, content)
        self._uploads[path] = file_mark(name, content)
        return path

    def close(self) -> None:
        """Remove the files that were uploaded."""
        self._store.close()

    def file(self, path: str) -> ServedFile | JobRefusal:
        """Return a recorded or uploaded file."""
        with self._board.lock:
            kept = self._cassette.files.get((self.root, path), [])
            found = kept.pop(0) if len(kept) > 1 else kept[0] if kept else self._store.get(path)
        if isinstance(found, int):
            return JobRefusal(found, {"detail": "The app refused this file."})
        if found is not None and not found.exists():
            return not_recorded(
                f"The recording {str(self._cassette.path)!r} keeps the file {path!r} in "
                f"{str(found)!r}, which does not exist. Keep its folder beside the recording, or "
                "record it again."
            )
        if found is None:
            return not_recorded(
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

    # -- replaying

    def greet(self) -> JobRefusal | None:
        """Decide as in the recording whether a websocket is accepted."""
        with self._board.lock:
            calls = (c for c in self._cassette.calls if c.app == self.root and not c.played)
            call = next(calls, None)
            if call is None or call.fn_index is not None:
                return None
            call.played = True
        return _first_response(call)

    def admit(self, job: ServedJob) -> JobRefusal | None:
        """Find the recorded call, and decide as in the recording whether it may join."""
        if not job.queued:
            return None
        if job.data is None:
            return self._admit_without_data(job)
        try:
            call = self._match(job)
        except ReplayError as exc:
            return not_recorded(str(exc))
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
        """Return the recorded response to a call that skips the queue."""
        try:
            call = self._match(job)
        except ReplayError as exc:
            return not_recorded(str(exc))
        return _first_response(call) or not_recorded(self._endless(call))

    def run(self, job: ServedJob) -> None:
        """Send the recorded messages."""
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
        self._running[job.event_id] = call
        awaited = 0
        for seconds, step in call.steps:
            self._wait_until(job, started, seconds)
            if "sent" in step:
                awaited += 1
                job.wait(lambda count=awaited: job.chunks >= count)  # type: ignore[misc]
            message = step.get("message")
            if message is not None and message["msg"] not in skipped:
                job.send(dict(message))
            elif "lost" in step:
                return job.cut()
        return job.wait(lambda: job.ended)  # until it is cancelled, as in the recording

    def take_chunk(self, job: ServedJob, data: Any) -> JobRefusal:
        """Check the input of a running job against the recording, and return the response.

        Args:
            job: The job.
            data: The values; ``None`` for the end of the input.
        """
        payload = portable(data, self._uploads, self._scrub)
        self._board.wait(lambda: job.event_id in self._running or job.gone)
        with self._board.lock:
            call = self._running.get(job.event_id)
            if call is None:
                return JobRefusal(404, {"detail": "Event not found."})
            line = call.next_sent(job.chunks)
            differ = ["it was not sent"] if line is None else differences(payload, line["sent"])
            if not differ:
                job.chunks += 1
                self._board.notify()
        if not differ:
            return JobRefusal(200, {"msg": "success"})
        return not_recorded(
            f"Input {job.chunks + 1} of call {call.number} is not in the recording "
            f"{str(self._cassette.path)!r}: {'; '.join(differ)}."
        )

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
