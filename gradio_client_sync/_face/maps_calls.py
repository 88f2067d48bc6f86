"""`MapsCalls`: the method `map`, which `Client` and `Pool` have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._tracebacks import short_tracebacks
from .explained import explained

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from .._many.items import Caller
    from ..events import Data
    from ..many import Map
    from ..types import Payload


@short_tracebacks()
class MapsCalls:
    """Base of `Client` and `Pool`, with the method `map`. Subclasses define `_caller`."""

    @explained("many")
    def map(
        self,
        endpoint: str | int | None,
        payloads: Iterable[Payload],
        *,
        in_flight: int | None = None,
        on_error: Literal["raise", "return"] = "raise",
        timeout: float | None = None,
        idempotent: bool = False,
        isolated: bool = False,
        headers: Mapping[str, str] | None = None,
        progress: bool = False,
        journal: str | os.PathLike[str] | None = None,
        retry_failed: bool = False,
        download: str | os.PathLike[str] | None = None,
        executor: Any = None,
    ) -> Map[Data]:
        """Call an endpoint once for each of many payloads, several at a time.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
                ``None`` is allowed if the app has exactly one public endpoint.
            payloads: An iterable of payloads as for `submit`, or a pandas DataFrame: each row is
                a payload, by column names. It is read while the map runs, so it may be a generator
                of any length.
            in_flight: How many items run or wait at the app at the same time. With ``None``, the
                map finds a number that keeps the app busy, and lowers it when the app refuses
                items.
            on_error: ``"raise"`` cancels the other items after the first failure, and raises its
                error. ``"return"`` yields the error instead of the result.
            timeout: Seconds that each item may take, from the time the app takes it.
            idempotent: Declare that the function may run twice without harm. Then an item is sent
                again if the connection is lost after the app accepted it.
            isolated: Run each item in its own session.
            headers: Headers for each call.
            progress: Show a progress bar, on standard error or in a notebook.
            journal: The path of a file that keeps the outcome of each item. A later map with the
                same file continues where this one has ended.
            retry_failed: Call the items again that have failed in the journal, instead of yielding
                their errors again. With ``on_error="raise"``, this is always done.
            download: A folder for the files of results. They are saved when an item ends.
            executor: Make the calls in the workers of a `concurrent.futures.Executor` or of a Dask
                cluster (a ``distributed.Client``). Order, journal and progress stay here.

        Returns:
            A `Map`, which yields the results in the order of the payloads.

        Raises:
            EndpointNotFoundError: The app has no such endpoint, or clients may not call it.
            PayloadError: `payloads` is not a list of payloads, or the columns of a table do not
                fit.
            TypeError, ValueError: An option has a wrong type or value. The message names it.
            JournalError: The journal cannot be used, or another map uses it.
            ClientClosedError: `close` was called.

        If the app refuses an item, because its queue is full, its rate is limited or the connection
        is refused, the item waits and is called again. This does not count as a failure.

        Example:
            >>> [data[0] for data in app.map("/add", [[1, 2], [3, 4]])]
            [3, 7]
        """
        return self._map(
            endpoint,
            payloads,
            timeout=timeout,
            isolated=isolated,
            headers=headers,
            in_flight=in_flight,
            on_error=on_error,
            idempotent=idempotent,
            progress=progress,
            journal=journal,
            retry_failed=retry_failed,
            download=download,
            executor=executor,
        )

    def _map(
        self,
        endpoint: str | int | None,
        payloads: Iterable[Payload],
        *,
        timeout: float | None = None,
        isolated: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Map[Any]:
        """Make a map.

        Args:
            endpoint, payloads, timeout, isolated, idempotent, headers: As `map` takes them.
            options: The other options of `start_map`.
        """
        from ..many import start_map

        caller = self._caller(
            endpoint, timeout=timeout, isolated=isolated, idempotent=idempotent, headers=headers
        )
        return start_map(caller, payloads, idempotent=idempotent, **options)

    def _caller(self, endpoint: str | int | None, **options: Any) -> Caller:
        """Return the object that makes the calls of one map.

        Args:
            endpoint: The endpoint, as the user named it.
            options: The options `timeout`, `isolated`, `idempotent` and `headers` of `map`.

        Raises:
            EndpointNotFoundError: The app has no such endpoint.
            ClientClosedError: `close` was called.
        """
        raise NotImplementedError
