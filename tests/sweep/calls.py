"""Run the printed calls of an app, and call its endpoints."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradio_client_sync import (
    AppError,
    Client,
    Data,
    Job,
    JobTimeoutError,
    PayloadError,
    ValidationError,
)
from tests.sweep.blame import culprit_of
from tests.sweep.process import AppProcess
from tests.sweep.samples import Samples

MORE = 30.0  # s beyond the deadline of a call; after it, the call hangs

_CALL = re.compile(r"^(?:app\.|for data in app\.)", re.M)


@dataclass
class Outcome:
    """How one call ended.

    Attributes:
        form: ``"printed"``, ``"predict"`` or ``"submit"``.
        endpoint: The name or number of the endpoint.
        call: The printed call.
        result: ``"value"``; ``"deadline"`` if it still ran at the deadline; ``"hang"``;
            ``"refused"`` if this package refused it; ``"error"`` for its other errors; else whose
            fault an `AppError` is.
        detail: The error.
        values: The outputs.
        unchanged: The positions of outputs that the app did not set.
    """

    form: str
    endpoint: str | int
    call: str
    result: str = "value"
    detail: str = ""
    values: list[Any] | None = None
    unchanged: set[int] = field(default_factory=set)


def printed_calls(text: str) -> list[str]:
    """Return the call of each endpoint in what ``print(app.view_api())`` shows, in its order."""
    sections = re.split(r"^── .*$", text, flags=re.M)[1:]
    calls = []
    for section in sections:
        starts = [found.start() for found in _CALL.finditer(section)]
        if not starts:
            raise ValueError(f"no call is printed: {section[-200:]!r}")
        calls.append(section[starts[-1] :].split("\n\n")[0].rstrip())
    return calls


class Recorder:
    """Replaces the client in a printed call, and keeps the call and its result."""

    def __init__(self, app: Client | None) -> None:
        self._app = app
        self.endpoint: Any = None
        self.payload: Any = None
        self.options: dict[str, Any] = {}
        self.data: Data | None = None

    def predict(self, endpoint: Any, payload: Any = None, **options: Any) -> Any:
        self.endpoint, self.payload, self.options = endpoint, payload, options
        if self._app is not None:
            self.data = self._app.predict(endpoint, payload, **options)
        return self.data

    def submit(self, endpoint: Any, payload: Any = None, **options: Any) -> Any:
        self.endpoint, self.payload, self.options = endpoint, payload, options
        for data in self._app.submit(endpoint, payload, **options) if self._app else ():
            self.data = data
            yield data


def run_printed(app: Any, call: str, samples: Samples) -> None:
    """Run a printed call, with sample files in place of the files that it names."""
    names = {"app": app, "handle_file": samples.handle_file, "print": lambda *_: None}
    ast.parse(call)
    exec(compile(call, "<printed>", "exec"), names)


class Caller:
    """Calls the endpoints of one app, one call at a time.

    Args:
        app: The client.
        process: The app.
        samples: Files for printed calls.
        deadline: The deadline of the client.
    """

    def __init__(self, app: Client, process: AppProcess, samples: Samples, deadline: float) -> None:
        self._app, self._process, self._samples = app, process, samples
        self._bound = deadline + MORE

    def outcomes(self, endpoint: str | int, call: str) -> list[Outcome]:
        """Return the outcomes of a printed call and of the same call by the other methods."""
        recorder = Recorder(self._app)
        printed = self._run(
            Outcome("printed", endpoint, call), lambda: self._printed(recorder, call)
        )
        if printed.result in ("hang", "refused"):
            return [printed]
        payload = Recorder(None)
        run_printed(payload, call, self._samples)
        outcomes = [printed]
        if call.startswith("for "):
            outcomes.append(
                self._run(
                    Outcome("predict", endpoint, call),
                    lambda: self._app.predict(payload.endpoint, payload.payload, **payload.options),
                )
            )
        outcomes.append(
            self._run(
                Outcome("submit", endpoint, call),
                lambda: self._submitted(payload),
            )
        )
        return outcomes

    def _printed(self, recorder: Recorder, call: str) -> Data | None:
        run_printed(recorder, call, self._samples)
        return recorder.data

    def _submitted(self, call: Recorder) -> Data:
        stages: list[str] = []
        job: Job = self._app.submit(call.endpoint, call.payload, **call.options)
        job.on("status", lambda status: stages.append(status.stage))
        error = job.exception()
        if not isinstance(error, JobTimeoutError):
            wanted = "complete" if error is None else "error"
            assert stages and stages[-1] == wanted, f"the stages are {stages[-5:]}"
        return job.result()

    def _run(self, outcome: Outcome, call: Callable[[], Data | None]) -> Outcome:
        """Run a call on a separate thread, so that a call that hangs does not stop the sweep."""
        since, ended = self._process.position(), threading.Event()

        def run() -> None:
            try:
                data = call()
                outcome.values = None if data is None else list(data)
                outcome.unchanged = set() if data is None else set(data.updates)
            except Exception as error:  # noqa: BLE001  # each kind is counted
                self._judge(outcome, error, since)
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        if not ended.wait(self._bound):
            return Outcome(outcome.form, outcome.endpoint, outcome.call, "hang")
        return outcome

    def _judge(self, outcome: Outcome, error: Exception, since: int) -> None:
        outcome.detail = f"{type(error).__name__}: {error}"
        if isinstance(error, AppError):
            log, folder = self._process.said(since), self._process.folder
            outcome.result, last = culprit_of(log, folder, error.message)
            outcome.detail = f"{last} — {error}"
        elif isinstance(error, JobTimeoutError):
            outcome.result = "deadline"
        elif isinstance(error, ValidationError):
            outcome.result = "check"
        else:
            outcome.result = "refused" if isinstance(error, PayloadError) else "error"
