"""`Item`: one call of a map, and `Caller`: the object that makes these calls.

There are callers for a `Client`, for a `Pool` and for executors. The scheduler knows only this
protocol. Users see an item as an `Outcome`, and all of them as `Counts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol

from .._basics.record import FrozenRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import GradioClientError
    from .journal_format import Recorded


class Outcome(FrozenRecord):
    """The outcome of one item of a map.

    Attributes:
        index: The position of the item among the payloads, counted from 0.
        payload: The payload.
        data: The result: a `Data`, or the bare value for a map of a function. ``None`` if the
            item failed.
        error: The exception of a failed item, else ``None``.
        seconds: How long the call took, from the request to the result. The time before the app
            accepted the item is not counted.
        attempts: How many times the app accepted the item. Without *idempotent*,
            at most once.
        replayed: Whether the outcome comes from the journal, so that nothing was called.
    """

    index: int
    payload: Any
    data: Any
    error: BaseException | None
    seconds: float
    attempts: int
    replayed: bool = False


class Counts(FrozenRecord):
    """The numbers of items of a map, by their state.

    Attributes:
        done: How many items have a result, replayed ones included.
        failed: How many items have failed.
        replayed: How many outcomes came from the journal.
        in_flight: How many calls are running or queued now.
        refused: How many times the app refused an item, which then waited and was called again.
    """

    done: int = 0
    failed: int = 0
    replayed: int = 0
    in_flight: int = 0
    refused: int = 0


class ItemRefused(Exception):
    """The app refused an item: its queue is full, its rate is limited, or it does not respond.

    The function did not run. The item waits and is called again. This counts neither as a failure
    nor as an attempt.

    Args:
        error: What the call raised. If it has `retry_after`, all items wait for that many seconds.
    """

    def __init__(self, error: GradioClientError) -> None:
        super().__init__(str(error))
        self.error = error


class Item:
    """One call of a map.

    Attributes:
        index: The position among the payloads.
        payload: The payload.
        attempts: How many times the app accepted it.
        seconds: How long these attempts took.
        waited: Seconds that the last attempt waited, in the app's queue and before it;
            ``None`` if not known.
        cancelled: Whether the map no longer needs the result.
        started: Whether the app runs it.
        on_start: A function that callers call when the app begins to run the item, if it says so.
        key: The name of the item in the journal; ``None`` without one.
    """

    __slots__ = (
        "_on_cancel",
        "attempts",
        "cancelled",
        "index",
        "key",
        "on_start",
        "payload",
        "seconds",
        "started",
        "waited",
    )

    def __init__(self, index: int, payload: Any) -> None:
        self.index = index
        self.payload = payload
        self.attempts = 0
        self.seconds = 0.0
        self.waited: float | None = None
        self.cancelled = False
        self.started = False
        self.on_start: Callable[[], object] = _do_nothing
        self.key: Any = None
        self._on_cancel: Callable[[], object] | None = None

    def on_cancel(self, callback: Callable[[], object] | None) -> bool:
        """Set the function that ends the call when the item is cancelled.

        Args:
            callback: The function; it replaces an earlier one. It may be called from any thread.

        Returns:
            Whether the result is still wanted. If not, end the call.
        """
        self._on_cancel = callback
        return not self.cancelled

    def cancel(self) -> None:
        """End the call of the item, if it runs."""
        self.cancelled = True
        callback = self._on_cancel
        if callback is not None:
            callback()


def _do_nothing() -> None:
    pass


class MapParameter(NamedTuple):
    """A parameter of the endpoint, for the check of a table's columns.

    Attributes:
        name: The name by which payloads pass it.
        required: Whether each payload must have it.
    """

    name: str
    required: bool


class Caller(Protocol):
    """The object that makes the calls of one map. All methods may be called from any thread.

    Attributes:
        endpoint: The endpoint's name, or its number if it has none, for messages and journals.
        most: The most calls that it can make at once.
        batch: How many calls the app runs together; 1 if it has no batches.
        servers: How many servers it sends items to.
        retries: How many times an idempotent call may be sent again.
    """

    endpoint: str | int
    most: int
    batch: int
    servers: int
    retries: int

    def call(self, item: Item) -> Any:
        """Make the call of an item, and return its `Data`.

        Before it blocks, it sets a function by `Item.on_cancel` that ends the call here and at the
        server. It makes one attempt: the scheduler decides which items are called again.

        Raises:
            ItemRefused: The function did not run, and the same call may succeed later.
            ClientClosedError: No further call can be made, so the map ends.
            BaseException: The item failed.
        """

    def parameters(self) -> Sequence[MapParameter]:
        """Return the parameters of the endpoint. It may send a request."""

    def fingerprint(self) -> str:
        """Return the endpoint's fingerprint as text. It may send a request."""

    def restore(self, recorded: Recorded) -> Any:
        """Return the `Data` that a journal has, with files as objects."""

    def remote(self) -> tuple[Any, str | int | None, dict[str, Any]]:
        """Return what another process needs to make the same calls.

        These are an object with a method `_caller`, and the arguments for it. All can be pickled.
        """
