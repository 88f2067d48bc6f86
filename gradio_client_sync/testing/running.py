"""`RunningApp`: the backend of a fake app, which runs its functions."""

from __future__ import annotations

import copy
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from .._protocol.values.filedata import is_link
from ..errors import AppError
from .backend import JobRefusal, ServedFile
from .channels import Board, Gone, ServedJob
from .describing import config_of, info_of
from .edits import edits_between
from .endpoints import Call, FakeEndpoint
from .generation import Generation
from .plans import Ordered, Plans, queue_full, refusal_of
from .slots import REQUIRED, FakeSlot
from .streams import Disconnect
from .values import ServedFiles, Values


class RunningApp:
    """The backend of a fake app: its endpoints, its queue, its sessions and its files.

    Args:
        generation: The release that it imitates.
        auth: The user name and the password of its login.
        max_size: How many jobs may wait; ``None`` for no limit.
        show_error: Whether it sends the texts of all exceptions.
        title: The title of its page.

    Attributes:
        board: Its lock and condition.
        plans: The failures and gates that a test has set.
        endpoints: Its endpoints, by number.
        values: Converts values.
        calls: The calls that its functions have received.
        cut_all: A function that cuts all connections and ends all jobs.
    """

    def __init__(
        self,
        generation: Generation,
        *,
        auth: tuple[str, str] | None,
        max_size: int | None,
        show_error: bool,
        title: str,
    ) -> None:
        self.generation = generation
        self.auth = auth
        self.board = Board()
        self.plans = Plans(self.board)
        self.endpoints: list[FakeEndpoint] = []
        self.calls: list[Call] = []
        self.store = ServedFiles()
        self.values = Values(generation, self.store)
        self._max_size = max_size
        self._show_error = show_error
        self._title = title
        self._number = uuid.uuid4().hex[:12]
        self._states: dict[tuple[str, int], Any] = {}
        self._sources: dict[str, int] = {}
        self._local = threading.local()
        self.cut_all: Callable[[], None] = _nothing

    @property
    def app_id(self) -> str:
        """A number that changes when the app restarts."""
        return str(int(self._number, 16))

    def config(self) -> dict[str, Any]:
        """Return the app's config."""
        return config_of(
            self.generation,
            self.endpoints,
            title=self._title,
            app_id=self.app_id,
            show_error=self._show_error,
        )

    def info(self, *, all_endpoints: bool) -> dict[str, Any] | None:
        """Return the description of the API; ``None`` if the release has none."""
        return info_of(self.generation, self.endpoints, all_endpoints=all_endpoints)

    def named(self, name: str) -> FakeEndpoint | None:
        """Return the endpoint with a name."""
        bare = name.strip("/")
        return next((e for e in self.endpoints if e.name == bare), None)

    def number_of(self, name: str) -> int | None:
        """Return the number of the endpoint with a name."""
        endpoint = self.named(name)
        return None if endpoint is None else endpoint.number

    def keep(self, name: str, content: bytes) -> str:
        """Keep an uploaded file, and return its path on the server."""
        return self.store.keep(name, content)

    def restart(self) -> None:
        """Cut all connections, and remove sessions, state and jobs."""
        with self.board.lock:
            self._number = uuid.uuid4().hex[:12]
            self._states.clear()
        self.cut_all()

    def current_job(self) -> ServedJob:
        """Return the job whose function runs on this thread.

        Raises:
            RuntimeError: There is none.
        """
        job: ServedJob | None = getattr(self._local, "job", None)
        if job is None:
            raise RuntimeError("Call this inside of a function of an endpoint, on its own thread.")
        return job

    # -- running a job

    def _pass(self, when: str, job: ServedJob, number: int | None = None) -> JobRefusal | None:
        """Apply the failures and gates of one point of a call."""
        number = job.fn_index if number is None else number
        gate = self.plans.take(number, when, gates=True)
        if gate is not None:
            gate.reach()
            standing = gate.standing
            if when == "queued" and standing[0] is not None:
                job.send(self._estimation(job, *standing))
            while not gate.pass_through(job, standing):
                standing = gate.standing
                if when == "queued":
                    job.send(self._estimation(job, *standing))
        what: Ordered | None = self.plans.take(number, when, gates=False)
        if what is None:
            return None
        if what.kind == "restart":
            job.wait(job.is_delivered)  # the messages before it arrive first
            self.restart()
            raise Disconnect
        if what.kind == "disconnect":
            raise Disconnect
        if what.kind == "stall":
            job.wait(lambda: False)
        if what.kind == "error":
            raise what.value
        return refusal_of(what, self._max_size or 1)

    def greet(self) -> JobRefusal | None:
        """Decide whether a websocket is accepted. Its handshake does not name an endpoint."""
        status = self.plans.take_status()
        return None if status is None else refusal_of(status, self._max_size or 1)

    def admit(self, job: ServedJob) -> JobRefusal | None:
        """Decide whether a job may join."""
        if not 0 <= job.fn_index < len(self.endpoints):
            return JobRefusal(500, {"detail": f"function with index {job.fn_index} not defined."})
        refusal = self._pass("join", job)
        if refusal is not None or not job.queued:
            return refusal
        endpoint = self.endpoints[job.fn_index]
        with self.board.lock:
            waiting = sum(len(e.waiting) for e in self.endpoints)
            if self._max_size is not None and waiting >= self._max_size:
                return queue_full(self._max_size)
            endpoint.waiting.append(job)
        return None

    def _estimation(
        self, job: ServedJob, position: int | None = None, eta: float | None = None
    ) -> dict[str, Any]:
        endpoint = self.endpoints[job.fn_index]
        rank = endpoint.rank(job) if position is None else position
        if eta is None and endpoint.seconds is not None and position is None:
            eta = endpoint.seconds * (rank + 1)
        return self.generation.estimation(rank, max(len(endpoint.waiting), rank + 1), eta)

    def run(self, job: ServedJob) -> None:
        """Run a queued job, and send its messages."""
        endpoint, generation = self.endpoints[job.fn_index], self.generation
        try:
            job.send(self._estimation(job))
            refusal = self._pass("queued", job)
            if refusal is not None:
                job.refuse_stream(refusal.status)
                raise Disconnect
            self._await_turn(endpoint, job)
            if job.data is None:
                named = {"event_id": job.event_id} if generation.dialect.join == "get" else {}
                job.send({"msg": "send_data", **named})
                job.wait(lambda: job.data is not None)
            call = self._record(endpoint, job)
            job.send(generation.process_starts(endpoint.seconds))
            self._work(endpoint, job, call)
        except Disconnect:
            job.cut()
        finally:
            endpoint.leave(job, self.board)

    def _await_turn(self, endpoint: FakeEndpoint, job: ServedJob) -> None:
        """Wait until the job may run, and send each new position in the queue."""
        while True:
            before = endpoint.rank(job)
            claimed: list[bool] = []

            def ready(before: int = before, claimed: list[bool] = claimed) -> bool:
                if endpoint.may_run(job):
                    claimed.append(True)
                return bool(claimed) or endpoint.rank(job) != before

            job.wait(ready)
            if claimed:
                return
            job.send(self._estimation(job))

    def _record(self, endpoint: FakeEndpoint, job: ServedJob) -> Call:
        call = Call(endpoint.called, job)
        with self.board.lock:
            self.calls.append(call)
            self.board.notify()
        return call

    def _work(self, endpoint: FakeEndpoint, job: ServedJob, call: Call) -> None:
        """Run the function of a queued job, and send its values."""
        generation, started = self.generation, time.monotonic()
        last: list[Any] | None = None
        try:
            for data in self._outputs(endpoint, job, call):
                if endpoint.streams:
                    sent = data if last is None else self._edits(endpoint, last, data)
                    message = generation.generating(sent, time.monotonic() - started)
                    job.send({**message, "whole": data} if sent is not data else message)
                last = data
        except (Disconnect, Gone):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever the function raises is its failure
            call.error = exc
            output = self._failure(exc)
            title = output.get("title")
            return job.send(generation.completed(output, False, title))
        seconds = time.monotonic() - started
        endpoint.seconds = seconds
        generating: bool | None = False
        if endpoint.batch:
            generating = None
        elif endpoint.streams and last is not None:
            generating = generation.repeats_last
        if last is None:
            last = [None] * len(endpoint.outputs)
        job.send(generation.completed(generation.output(last, generating, seconds), True))
        return None

    def _outputs(self, endpoint: FakeEndpoint, job: ServedJob, call: Call) -> Iterator[list[Any]]:
        """Run a function, and yield its outputs as they are on the wire."""
        arguments = endpoint.bind(job.data or [])
        for slot, number in zip(endpoint.inputs, endpoint.ids):
            if slot.is_state:
                arguments[slot.name] = self._state(job, slot, number)
            else:
                value = self.values.read(slot, arguments[slot.name])
                arguments[slot.name] = call.payload[slot.name] = value
        self._pass("running", job)
        with self._as_current(job):
            for outputs in endpoint.values(arguments):
                call.outputs.append(outputs)
                yield self._written(endpoint, job, outputs)
                if job.gone:
                    raise Gone

    def _written(self, endpoint: FakeEndpoint, job: ServedJob, outputs: list[Any]) -> list[Any]:
        written = []
        numbers = endpoint.ids[len(endpoint.inputs) :]
        for slot, number, value in zip(endpoint.outputs, numbers, outputs):
            if slot.is_state:
                self._states[job.session_hash or job.event_id, number] = value
            form = self.values.write(slot, value, f"{endpoint.called} returned")
            self._remember(endpoint, form)
            written.append(form)
        return written

    def _remember(self, endpoint: FakeEndpoint, form: Any) -> None:
        """Remember which endpoint returned a file."""
        if isinstance(form, dict):
            path = form.get("path") or form.get("name")
            if isinstance(path, str) and not is_link(path):
                self._sources[path] = endpoint.number
        for part in (
            form.values() if isinstance(form, dict) else form if isinstance(form, list) else ()
        ):
            if isinstance(part, (dict, list)):
                self._remember(endpoint, part)

    def _state(self, job: ServedJob, slot: FakeSlot, number: int) -> Any:
        key = job.session_hash or job.event_id, number
        if key not in self._states:
            first = None if slot.default is REQUIRED else copy.deepcopy(slot.default)
            self._states[key] = first
        return self._states[key]

    @contextmanager
    def _as_current(self, job: ServedJob) -> Iterator[None]:
        self._local.job = job
        try:
            yield
        finally:
            self._local.job = None

    def _edits(self, endpoint: FakeEndpoint, old: list[Any], new: list[Any]) -> list[Any]:
        generation = self.generation
        if not generation.dialect.diffs:
            return new
        shifted, whole = generation.since(5, 29, 1), generation.since(4, 44)
        edits = []
        for slot, before, after in zip(endpoint.outputs, old, new):
            if whole and slot.component == "json" and before != after:
                edits.append([["replace", [], after]])
            else:
                edits.append(edits_between(before, after, shifted=shifted))
        return edits

    def _failure(self, exc: BaseException) -> dict[str, Any]:
        if isinstance(exc, AppError):
            text = exc.message if exc.message is not None else str(exc)
            return self.generation.error(
                text,
                shown=True,
                title=exc.title,
                duration=exc.duration,
                visible=exc.visible is not False,
            )
        return self.generation.error(str(exc) if self._show_error else None, shown=False)

    def direct(self, job: ServedJob, body: Any) -> JobRefusal:
        """Run a call that skips the queue: one step, without progress and messages."""
        endpoint, started = self.endpoints[job.fn_index], time.monotonic()
        call = self._record(endpoint, job)
        try:
            steps = self._outputs(endpoint, job, call)
            data = next(steps, [None] * len(endpoint.outputs))
            steps.close()  # type: ignore[attr-defined]  # a generator
        except (Disconnect, Gone):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever the function raises is its failure
            call.error = exc
            return JobRefusal(500, self._failure(exc))
        generating = True if endpoint.streams else None if endpoint.batch else False
        output = self.generation.output(data, generating, time.monotonic() - started)
        return JobRefusal(200, output)

    def file(self, path: str) -> ServedFile | JobRefusal:
        """Return a file."""
        found = self.store.get(path)
        if found is None:
            return JobRefusal(404, {"detail": f"File not found: {path}."})
        job = ServedJob(self.board, -1, None, None, {})
        try:
            refusal = self._pass("download", job, self._sources.get(path, -1))
        except Disconnect:
            return ServedFile(found, broken=True)
        return refusal or ServedFile(found)


def _nothing() -> None:
    """Do nothing."""
