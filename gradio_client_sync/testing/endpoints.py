"""`FakeEndpoint`: one function of a fake app; `Call`: one call of it, as the test sees it."""

from __future__ import annotations

import asyncio
import inspect
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Callable, Literal

from .._basics.secret import HiddenAttribute
from .._basics.words import called
from .channels import Board, ServedJob
from .slots import REQUIRED, FakeSlot, arguments_for, hints_of, inputs_of, outputs_of

Visibility = Literal["public", "undocumented", "private"]


class Call:
    """One call that a fake app received.

    Attributes:
        endpoint: The name of the endpoint, or its number if it has no name.
        payload: The values by parameter name, as the function got them: files are paths of files
            on this machine, and defaults are filled in. State is left out.
        data: The values as they were on the wire.
        session_hash: The session.
        headers: The headers of the request, by name in lower case.
        event_data: What the caller gave as `event_data`.
        outputs: The values that the function has returned or yielded: a list of output lists.
        error: The exception of the function, or the failure that a test has set.
        cancelled: Whether the caller cancelled it, or hung up.
    """

    headers: HiddenAttribute[dict[str, str]] = HiddenAttribute()

    def __init__(self, endpoint: str | int, job: ServedJob) -> None:
        self.endpoint = endpoint
        self.payload: dict[str, Any] = {}
        self.data = job.data or []
        self.session_hash = job.session_hash
        self.headers = job.headers
        self.event_data = job.extra.get("event_data")
        self.outputs: list[list[Any]] = []
        self.error: BaseException | None = None
        self._job = job

    @property
    def cancelled(self) -> bool:
        """Whether the caller cancelled it, or hung up."""
        return self._job.cancelled

    def __repr__(self) -> str:
        return f"Call({called(self.endpoint)}, {self.payload!r})"


class FakeEndpoint:
    """One function of a fake app.

    Args:
        number: Its number.
        name: Its name without a slash; ``None`` if it has none.
        function: The function.
        first_id: The number of its first component.
        components: Other components for parameters and results.
        inputs: Its inputs; by default, those of the function's signature.
        outputs: Its outputs; by default, those of the function's signature.
        streams: Whether it yields several values; by default, whether it is a generator.
        batch: Whether it takes lists of values.
        queue: Whether calls go through the queue.
        visibility: Who sees it.
        concurrency: How many calls run at the same time; ``None`` for no limit.
        description: Its description; by default, the docstring of the function.
        names: The names that are known where the function is defined.
    """

    def __init__(
        self,
        number: int,
        name: str | None,
        function: Callable[..., Any],
        first_id: int,
        *,
        components: dict[str, Any] | None = None,
        inputs: list[FakeSlot] | None = None,
        outputs: list[FakeSlot] | None = None,
        streams: bool | None = None,
        batch: bool = False,
        queue: bool = True,
        visibility: Visibility = "public",
        concurrency: int | None = None,
        description: str | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.number = number
        self.name = name
        self.function = function
        self.batch = batch
        self.queue = queue
        self.visibility = visibility
        self.concurrency = concurrency
        self.description = inspect.getdoc(function) if description is None else description
        self.streams = (
            inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
            if streams is None
            else streams
        )
        given = components or {}
        hints = hints_of(function, names or {})
        if batch and inputs is None:
            hints = {name: _one_of_a_batch(hint) for name, hint in hints.items()}
        self.inputs = inputs_of(function, hints, given) if inputs is None else inputs
        self.outputs = (
            outputs_of(hints, given, streams=self.streams) if outputs is None else outputs
        )
        self._check_components(given)
        count = len(self.inputs) + len(self.outputs)
        self.ids = list(range(first_id, first_id + count))
        self._share_state()
        self.waiting: list[ServedJob] = []
        self.running = 0
        self.seconds: float | None = None

    def _check_components(self, given: Mapping[str, Any]) -> None:
        """Check that each given component is for an input or an output."""
        names = [slot.name for slot in self.inputs]
        single = [slot.name for slot in self.outputs] == ["output"]
        names += ["return"] if single else [slot.name for slot in self.outputs]
        for name in given:
            if name not in names:
                raise TypeError(
                    f"components= of {self.called!r} has {name!r}, but the function has no such "
                    f"parameter or output. It has: {', '.join(names)}."
                )

    def _share_state(self) -> None:
        """Connect the first output of state with the first input of state, and so on."""
        count = len(self.inputs)
        kept = [self.ids[i] for i, slot in enumerate(self.inputs) if slot.is_state]
        for i, slot in enumerate(self.outputs):
            if slot.is_state and kept:
                self.ids[count + i] = kept.pop(0)

    @property
    def called(self) -> str | int:
        """The name with a slash, or the number."""
        return self.number if self.name is None else f"/{self.name}"

    def rank(self, job: ServedJob) -> int:
        """Return the position of a job in the queue."""
        return self.waiting.index(job) if job in self.waiting else 0

    def may_run(self, job: ServedJob) -> bool:
        """Return whether a job may run now. If so, it counts as running."""
        limit = self.concurrency
        if job in self.waiting and (
            limit is None or (self.running < limit and self.waiting[0] is job)
        ):
            self.waiting.remove(job)
            self.running += 1
            return True
        return False

    def leave(self, job: ServedJob, board: Board) -> None:
        """Remove a job that has ended."""
        with board.lock:
            if job in self.waiting:
                self.waiting.remove(job)
            else:
                self.running -= 1
            board.notify()

    def bind(self, values: list[Any]) -> dict[str, Any]:
        """Return values by parameter name, with defaults for those that are missing.

        Raises:
            ValueError: A value without a default is missing.
        """
        needed = len(self.inputs)
        bound = {}
        for index, slot in enumerate(self.inputs):
            if index < len(values):
                bound[slot.name] = values[index]
            elif slot.default is not REQUIRED:
                bound[slot.name] = slot.default
            else:
                raise ValueError(
                    f"An event handler ({self.called}) didn't receive enough input values (needed: "
                    f"{needed}, got: {len(values)}). The first that is missing is {slot.name!r}."
                )
        return bound

    def values(self, arguments: dict[str, Any]) -> Iterator[list[Any]]:
        """Run the function, and yield its values, each as a list with one item for each output."""
        if self.batch:
            arguments = {name: [value] for name, value in arguments.items()}
        positional, named = arguments_for(self.function, arguments)
        result = self.function(*positional, **named)
        if inspect.isawaitable(result):
            result = asyncio.run(_awaited(result))
        if not self.streams:
            yield self._listed(result)
            return
        steps: Iterator[Any] = _steps(result) if inspect.isasyncgen(result) else result
        try:
            for step in steps:
                yield self._listed(step)
        finally:
            if hasattr(steps, "close"):
                steps.close()

    def _listed(self, result: Any) -> list[Any]:
        count = len(self.outputs)
        if self.batch:
            columns = [result] if count == 1 and not isinstance(result, tuple) else list(result)
            return [column[0] for column in columns]
        if count == 0:
            return []
        if count == 1:
            return [result]
        if not isinstance(result, (tuple, list)) or len(result) != count:
            raise TypeError(
                f"{self.called} has {count} outputs, and its function returned {result!r}. Return "
                f"a tuple of {count} values."
            )
        return list(result)


async def _awaited(result: Any) -> Any:
    return await result


def _steps(generator: Any) -> Iterator[Any]:
    """Run an asynchronous generator."""
    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(generator.__anext__())
            except StopAsyncIteration:
                return
    finally:
        loop.run_until_complete(generator.aclose())
        loop.close()


def _one_of_a_batch(hint: Any) -> Any:
    """Return the annotation of one value, from that of the list of a batch function."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        parts = tuple(map(_one_of_a_batch, args))
        return parts[0] if len(parts) == 1 else typing.Tuple.__getitem__(parts)
    return args[0] if origin is list and args else Any
