"""The part of a map that runs in the workers of an executor: in processes, or in a cluster.

A worker gets a chunk of items, and makes their calls at the same time. It keeps its client for the
next chunk, so each process connects once. It returns plain values instead of file objects, because
those belong to the client in the process of the map.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Callable, NamedTuple, Union

from .._transport.signal_safe import new_lock
from ..errors import GradioClientError
from .items import Item, ItemRefused
from .journal_format import Recorded
from .repeats import was_refused

if TYPE_CHECKING:
    from .._basics.secret import SentSecret
    from .items import Caller

#: The callers of this process, by the hash of what was sent.
_callers: dict[bytes, Caller] = {}
_lock = new_lock()


class Done(NamedTuple):
    """An item has a result.

    Attributes:
        recorded: The result, in plain values.
        waited: Seconds that the call waited in the app's queue; ``None`` if not known.
    """

    recorded: Recorded
    waited: float | None


class Failed(NamedTuple):
    """An item has no result.

    Attributes:
        error: The error.
        accepted: Whether the app accepted the call. If not, it is made again later.
    """

    error: BaseException
    accepted: bool


ItemEnd = Union[Done, Failed]


def run_chunk(
    caller: SentSecret[bytes],
    payloads: Sequence[tuple[int, bytes]],
    claim: Callable[[], bool] | None = None,
) -> list[ItemEnd] | None:
    """Make the calls of some items, at the same time.

    Args:
        caller: The pickle of what `Caller.remote` returns.
        payloads: The index and the pickled payload of each item.
        claim: Returns false if these items have begun on another worker before.

    Returns:
        How each item ended; ``None`` if they may have run on another worker, which has died.
    """
    if claim is not None and not claim():
        return None
    try:
        run = partial(_run, _caller_of(caller))
    except GradioClientError as exc:  # no call was made: the client could not connect
        accepted = not was_refused(exc, direct=False)
        # Each item has its own error, because the map adds the item to it.
        return [Failed(_sendable(copy.copy(exc)), accepted=accepted) for _ in payloads]
    if len(payloads) == 1:
        return [run(payloads[0])]
    with ThreadPoolExecutor(len(payloads)) as pool:
        return list(pool.map(run, payloads))


def _caller_of(sent: SentSecret[bytes]) -> Caller:
    """Return the caller of this process. The first time, it connects."""
    key = hashlib.sha256(sent.reveal()).digest()
    with _lock:
        caller = _callers.get(key)
        if caller is None:
            owner, endpoint, options = pickle.loads(sent.reveal())
            caller = _callers[key] = owner._caller(endpoint, **options)
    return caller


def _run(caller: Caller, pickled: tuple[int, bytes]) -> ItemEnd:
    began = time.monotonic()
    try:
        index, payload = pickled
        item = Item(index, pickle.loads(payload))
        data = caller.call(item)
    except ItemRefused as exc:
        return Failed(exc.error, accepted=False)
    except BaseException as exc:  # noqa: BLE001 - the outcome of the item
        return Failed(_sendable(exc), accepted=True)
    recorded = Recorded.of_data(
        data, time.monotonic() - began, 1, time.time(), updates=data.updates
    )
    return Done(recorded, item.waited)


def _sendable(error: BaseException) -> BaseException:
    """Return an exception that can be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - any class of a user may raise anything here
        return GradioClientError(f"{type(error).__name__}: {error}")
    return error
