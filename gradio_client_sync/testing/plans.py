"""The failures and delays that a test sets: `fake.fail` and `fake.hold`."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Union

from ..errors import (
    AppError,
    GradioClientError,
    QueueFullError,
    RateLimitError,
    ValidationError,
)
from .backend import JobRefusal
from .channels import Board, ServedJob

When = Literal["join", "queued", "running", "download"]
Fault = Union[int, str, type, Exception]

_PLACES = ("join", "queued", "running", "download")
_WORDS = ("disconnect", "stall", "restart")


class Ordered(NamedTuple):
    """A failure that a test has set.

    Attributes:
        kind: ``"full"``, ``"status"``, ``"error"``, ``"invalid"``, or a fault of the connection.
        value: The status, or the error.
    """

    kind: str
    value: Any = None


def ordered(fault: Fault, when: str | None) -> tuple[Ordered, str]:
    """Return the failure for the arguments of `fake.fail`, and the point of the call.

    Raises:
        ValueError: There is no such failure, or it cannot happen at this point.
    """
    if when is not None:
        check_place(when)
    if isinstance(fault, type) and issubclass(fault, Exception):
        fault = _instance_of(fault)
    if isinstance(fault, QueueFullError):
        return _at("join", when, ("join",), Ordered("full"), fault)
    if isinstance(fault, RateLimitError):
        retry = fault.retry_after
        return _at(
            "join", when, ("join", "queued", "download"), Ordered("status", (429, retry)), fault
        )
    if isinstance(fault, ValidationError):
        return _at("join", when, ("join",), Ordered("invalid", fault), fault)
    if isinstance(fault, int) and not isinstance(fault, bool) and 400 <= fault <= 599:
        return _at(
            "join", when, ("join", "queued", "download"), Ordered("status", (fault, None)), fault
        )
    if isinstance(fault, str) and fault in _WORDS:
        return _at("running", when, _PLACES, Ordered(fault), fault)
    if isinstance(fault, Exception) and (
        isinstance(fault, AppError) or not isinstance(fault, GradioClientError)
    ):
        return _at("running", when, ("running",), Ordered("error", fault), fault)
    raise ValueError(
        f"A fake app cannot fail with {fault!r}. Give QueueFullError, ValidationError, an HTTP "
        f"status such as 502 or 429, an exception of the function, or one of {', '.join(_WORDS)}."
    )


def check_place(when: str) -> str:
    """Check the name of a point of a call, and return it.

    Raises:
        ValueError: There is no such point.
    """
    if when not in _PLACES:
        raise ValueError(f"when={when!r} is not one of {', '.join(map(repr, _PLACES))}.")
    return when


def _instance_of(kind: type[Exception]) -> Exception:
    """Return a new exception of a class.

    Raises:
        ValueError: A message is not enough to create one.
    """
    try:
        return kind("The fake app fails, as the test ordered.")
    except TypeError as exc:
        raise ValueError(
            f"{kind.__name__}(message) fails: {exc}. Pass an exception instead of its class."
        ) from exc


def _at(
    usual: str, when: str | None, possible: tuple[str, ...], what: Ordered, fault: Fault
) -> tuple[Ordered, str]:
    if when is not None and when not in possible:
        raise ValueError(
            f"{fault!r} cannot happen when={when!r}. Use when={' or '.join(map(repr, possible))}."
        )
    return what, when or usual


def queue_full(size: int) -> JobRefusal:
    """Return the response of a full queue."""
    text = f"Queue is full. Max size is {size} and size is {size}."
    return JobRefusal(503, {"detail": text}, full=True)


def refusal_of(what: Ordered, size: int) -> JobRefusal:
    """Return the response for a failure.

    Args:
        what: The failure: ``"full"``, ``"invalid"`` or ``"status"``.
        size: The size of the queue.
    """
    if what.kind == "full":
        return queue_full(size)
    if what.kind == "invalid":
        messages = what.value.parameters or {None: str(what.value)}
        return JobRefusal(
            422, {"detail": [_invalid(name, text) for name, text in messages.items()]}
        )
    status, retry_after = what.value
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return JobRefusal(status, {"detail": "The test ordered this failure."}, headers)


def _invalid(name: str | None, text: str) -> dict[str, Any]:
    entry = {"__type__": "validate", "is_valid": False, "message": text}
    return {**entry, "parameter_name": name} if name else entry


class Gate:
    """A point at which calls wait until the test opens it; a context manager that opens it.

    Args:
        board: The lock and condition of the app.
        position: The position in the queue that waiting calls report; 0 is the next one.
        eta: The remaining seconds that they report.

    Attributes:
        standing: The present position, and the remaining seconds.
    """

    def __init__(self, board: Board, position: int | None, eta: float | None) -> None:
        self._board = board
        self._open = False
        self._reached = 0
        self.standing = (position, eta)

    @property
    def reached(self) -> int:
        """The number of calls that have come to the gate."""
        return self._reached

    def wait_until_reached(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until calls have come to the gate.

        Args:
            count: The number of calls.
            timeout: Seconds after which the test fails.

        Raises:
            AssertionError: Fewer calls came.
        """
        if not self._board.wait(lambda: self._reached >= count, timeout):
            raise AssertionError(
                f"{self._reached} of {count} calls came to the gate within {timeout:g} s."
            )

    def move(self, position: int, eta: float | None = None) -> None:
        """Send a new position in the queue to waiting calls."""
        with self._board.lock:
            self.standing = (position, eta)
            self._board.notify()

    def open(self) -> None:
        """Let all calls pass, now and later."""
        with self._board.lock:
            self._open = True
            self._board.notify()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *exc: object) -> None:
        self.open()

    def reach(self) -> None:
        """Count a call that has come to the gate."""
        with self._board.lock:
            self._reached += 1
            self._board.notify()

    def pass_through(self, job: ServedJob, sent: tuple[int | None, float | None]) -> bool:
        """Wait until the gate opens, or its position changes; return whether it is open.

        Args:
            job: The job that waits.
            sent: The `standing` that was sent to the client. The test may have moved the gate
                since then, because it has seen this position.

        Raises:
            Gone: The job is over.
        """
        job.wait(lambda: self._open or self.standing != sent)
        return self._open


class _Plan(NamedTuple):
    endpoint: int | None
    when: str
    what: Ordered | Gate


class Plans:
    """The failures and gates that a test has set, and for how many calls each one is left."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._plans: list[list[Any]] = []  # a plan, and for how many calls it is left

    def add(self, endpoint: int | None, when: str, what: Ordered | Gate, times: int | None) -> None:
        """Add a failure or a gate.

        Args:
            endpoint: The number of the endpoint; ``None`` for all.
            when: The point of a call.
            what: The failure or the gate.
            times: For how many calls; ``None`` for all.
        """
        with self._board.lock:
            self._plans.append([_Plan(endpoint, when, what), times])

    def take_status(self) -> Ordered | None:
        """Return the next HTTP status for a join, whatever its endpoint; ``None`` for none."""
        with self._board.lock:
            for plan, left in self._plans:
                is_status = isinstance(plan.what, Ordered) and plan.what.kind == "status"
                if plan.when == "join" and is_status and left != 0:
                    found: Ordered = self.take(plan.endpoint, "join", gates=False)
                    return found
        return None

    def take(self, endpoint: int | None, when: str, *, gates: bool) -> Any:
        """Return the failure or gate for a call at this point; ``None`` if there is none."""
        with self._board.lock:
            for entry in self._plans:
                plan, left = entry
                if (
                    plan.when == when
                    and plan.endpoint in (None, endpoint)
                    and isinstance(plan.what, Gate) is gates
                    and left != 0
                ):
                    entry[1] = None if left is None else left - 1
                    return plan.what
        return None
