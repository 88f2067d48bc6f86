"""Callers that make the calls of a map in an executor: threads, processes, or a Dask cluster.

The map itself stays in this process: its payloads, order, journal and progress. Items that wait are
sent in chunks, as soon as a worker has room for one. So a worker that starts late gets chunks, too.
"""

from __future__ import annotations

import concurrent.futures
import logging
import math
import os
import pickle
import time
import uuid
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Protocol

from .._basics.secret import Secret, SentSecret
from .._basics.words import called
from .._transport.signal_safe import new_lock
from ..errors import BrokenStreamError, ClientClosedError, PayloadError
from .items import ItemRefused
from .remote import Done, ItemEnd, run_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .items import Caller, Item
    from .journal_format import Recorded

log = logging.getLogger(__name__)

CHUNK = 32  # items that one worker runs at the same time; each has a thread there
RECOUNT = 1.0  # s between two counts of a cluster's workers


class ChunkExecutor(Protocol):
    """The executor or cluster that runs the chunks."""

    def room(self) -> int:
        """Return how many chunks can run at the same time."""

    def submit(self, caller: SentSecret[bytes], payloads: list[tuple[int, bytes]]) -> Any:
        """Start a chunk, and return its future."""

    def forget(self, future: Any) -> None:
        """Release the resources of a chunk that has ended."""


class Processes:
    """An executor of the standard library, or one with the same methods (loky, mpi4py).

    Args:
        executor: The executor.
    """

    def __init__(self, executor: concurrent.futures.Executor) -> None:
        self._executor = executor

    def room(self) -> int:
        """Return the number of its workers."""
        most = getattr(self._executor, "_max_workers", None)
        return most if isinstance(most, int) and most > 0 else os.cpu_count() or 1

    def submit(self, caller: SentSecret[bytes], payloads: list[tuple[int, bytes]]) -> Any:
        """Start a chunk, and return its future."""
        return self._executor.submit(run_chunk, caller, payloads)

    def forget(self, future: Any) -> None:
        """Do nothing."""


class Claim:
    """A mark on a cluster's scheduler that a chunk has begun.

    A cluster runs the task of a dead worker again on another one. The items may already have run,
    and the map decides whether they may run twice.

    Args:
        name: The name of the mark.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> bool:
        """Set the mark, and return whether it was not set before."""
        from distributed import Event, get_client

        event = Event(self.name, client=get_client())
        if event.is_set():
            return False
        event.set()
        return True


class Cluster:
    """The client of a Dask cluster.

    Args:
        client: A `distributed.Client`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._count = 0
        self._counted = -math.inf

    def room(self) -> int:
        """Return the number of threads that all workers have now."""
        now = time.monotonic()
        if now >= self._counted + RECOUNT:
            self._counted = now
            self._count = sum(self._client.nthreads().values())
        return max(self._count, 1)

    def submit(self, caller: SentSecret[bytes], payloads: list[tuple[int, bytes]]) -> Any:
        """Start a chunk, and return its future."""
        name = f"gradio-map-{uuid.uuid4().hex}"
        return self._client.submit(
            run_chunk, caller, payloads, Claim(name), key=name, pure=False, retries=0
        )

    def forget(self, future: Any) -> None:
        """Remove the mark of a chunk from the scheduler."""
        from distributed import Event

        try:
            Event(future.key, client=self._client).clear()
        except Exception:
            log.debug("the mark of a chunk was not removed", exc_info=True)


class ThreadsCaller:
    """Makes the calls in the threads of a `ThreadPoolExecutor`.

    Args:
        caller: Makes the calls.
        executor: The threads.
    """

    def __init__(self, caller: Caller, executor: concurrent.futures.ThreadPoolExecutor) -> None:
        self._caller = caller
        self._executor = executor
        self.endpoint, self.batch = caller.endpoint, caller.batch
        self.servers, self.retries = caller.servers, caller.retries
        self.most = min(caller.most, executor._max_workers)
        self.parameters, self.fingerprint = caller.parameters, caller.fingerprint
        self.restore, self.remote = caller.restore, caller.remote

    def call(self, item: Item) -> Any:
        """Make one attempt of an item."""
        try:
            future = self._executor.submit(self._caller.call, item)
        except RuntimeError as exc:
            raise _no_more(self.endpoint, exc) from exc
        return future.result()


class ChunkedCaller:
    """Makes the calls in chunks, in other processes.

    Args:
        caller: The caller of this process. The workers make callers like it.
        executor: Runs the chunks.
    """

    def __init__(self, caller: Caller, executor: ChunkExecutor) -> None:
        self._caller = caller
        self._executor = executor
        owner, endpoint, options = caller.remote()
        sent = {
            n: SentSecret(v.reveal()) if isinstance(v, Secret) else v for n, v in options.items()
        }
        self._sent = SentSecret(pickle.dumps((owner, endpoint, sent)))
        self._lock = new_lock()
        self._waiting: deque[tuple[int, bytes, concurrent.futures.Future[ItemEnd]]] = deque()
        self._chunks = 0  # that run now
        self._items = 0  # in them
        self.endpoint, self.batch = caller.endpoint, caller.batch
        self.servers, self.retries = caller.servers, caller.retries
        self.most = max(caller.most, CHUNK * executor.room())
        self.parameters, self.fingerprint = caller.parameters, caller.fingerprint
        self.restore: Callable[[Recorded], Any] = caller.restore
        self.remote = caller.remote

    def call(self, item: Item) -> Any:
        """Make one attempt of an item: send it with others, and wait for its end."""
        try:
            payload = pickle.dumps(item.payload)
        except Exception as exc:
            raise PayloadError(
                f"The payload of item {item.index} cannot be sent to a worker: {exc}. Pass values "
                "that can be pickled, such as bytes or paths instead of open files.",
                endpoint=self.endpoint,
            ) from exc
        future: concurrent.futures.Future[ItemEnd] = concurrent.futures.Future()
        with self._lock:
            self._waiting.append((item.index, payload, future))

        def cancel() -> None:
            _resolve(future, error=concurrent.futures.CancelledError())

        if not item.on_cancel(cancel):
            cancel()
        self._send()
        answer = future.result()
        if isinstance(answer, Done):
            item.waited = answer.waited
            return self.restore(answer.recorded)
        if not answer.accepted:
            raise ItemRefused(answer.error)  # type: ignore[arg-type]  # what `ItemRefused.error` was
        raise answer.error

    def _send(self) -> None:
        """Start chunks as long as there is room for one."""
        while True:
            room = self._executor.room()
            with self._lock:
                if self._chunks >= room or not self._waiting:
                    return
                share = math.ceil((self._items + len(self._waiting)) / room)
                taken = [self._waiting.popleft() for _ in range(self._size(share))]
                chunk = [one for one in taken if not one[2].done()]
                if not chunk:
                    continue
                self._chunks += 1
                self._items += len(chunk)
            futures = [future for _, _, future in chunk]
            try:
                started = self._executor.submit(self._sent, [(n, raw) for n, raw, _ in chunk])
            except Exception as exc:  # noqa: BLE001 - executors raise what they like
                self._end(futures, partial(_no_more, self.endpoint, exc))
                return
            started.add_done_callback(partial(self._on_done, futures))

    def _size(self, share: int) -> int:
        return min(max(share, 1), CHUNK, len(self._waiting))

    def _on_done(self, futures: list[concurrent.futures.Future[ItemEnd]], done: Any) -> None:
        """Resolve each item of a chunk, on a thread of the executor."""
        try:
            answers = done.result()
        except BaseException as exc:  # noqa: BLE001 - a worker has died, or the cluster closes
            self._end(futures, partial(self._lost, exc))
        else:
            if answers is None:
                self._end(futures, partial(self._lost, None))
            else:
                self._end(futures, None, answers)
        self._executor.forget(done)
        self._send()

    def _end(
        self,
        futures: list[concurrent.futures.Future[ItemEnd]],
        make_error: Callable[[], BaseException] | None,
        answers: Sequence[ItemEnd] = (),
    ) -> None:
        """Resolve the items of a chunk.

        Args:
            futures: The items.
            make_error: Makes the error of each item; ``None`` if there are answers. Each item gets
                its own error, because the map adds the index and the payload to it.
            answers: How each item ended.
        """
        with self._lock:
            self._chunks -= 1
            self._items -= len(futures)
        for index, future in enumerate(futures):
            if make_error is not None:
                _resolve(future, error=make_error())
            else:
                _resolve(future, answers[index])

    def _lost(self, cause: BaseException | None) -> BrokenStreamError:
        reason = f": {type(cause).__name__}: {cause}" if cause is not None else ""
        error = BrokenStreamError(
            f"The worker that ran {called(self.endpoint)} has ended before the result{reason}. The "
            "function may have run. If it may run twice without harm, pass idempotent=True: then "
            "the map sends the item again.",
            endpoint=self.endpoint,
            accepted=None,
        )
        error.__cause__ = cause
        return error


def _resolve(
    future: concurrent.futures.Future[ItemEnd],
    answer: ItemEnd | None = None,
    error: BaseException | None = None,
) -> None:
    """Resolve an item, unless it was cancelled or has ended."""
    try:
        if answer is not None:
            future.set_result(answer)
        else:
            future.set_exception(error)
    except concurrent.futures.InvalidStateError:
        pass


def _no_more(endpoint: str | int, cause: BaseException) -> ClientClosedError:
    return ClientClosedError(
        f"The executor takes no more calls of {called(endpoint)}: {type(cause).__name__}: {cause}. "
        "Make a new one. With a journal, a new map continues where this one has ended.",
        endpoint=endpoint,
    )


def in_executor(caller: Caller, executor: object) -> Caller:
    """Return a caller that makes the calls in an executor.

    Args:
        caller: Makes the calls in this process.
        executor: A `concurrent.futures.Executor` or a `distributed.Client`.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
        return ThreadsCaller(caller, executor)
    if callable(getattr(executor, "nthreads", None)) and hasattr(executor, "scheduler"):
        return ChunkedCaller(caller, Cluster(executor))
    if isinstance(executor, concurrent.futures.Executor):
        return ChunkedCaller(caller, Processes(executor))
    is_class = isinstance(executor, type)
    shown = executor.__name__ if isinstance(executor, type) else type(executor).__name__
    hint = f" Write {shown}()." if is_class else ""
    raise TypeError(
        "executor must be a concurrent.futures.Executor, such as ProcessPoolExecutor(), or a "
        f"distributed.Client, not {'the class ' if is_class else ''}{shown}.{hint}"
    )
