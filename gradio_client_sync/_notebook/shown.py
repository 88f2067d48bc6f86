"""The parts of clients, jobs and files that the notebook display uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Protocol

from ..events import ObservedJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..events import Data, Timings


class ShownFile(Protocol):
    """The members of `RemoteFile` that are used."""

    url: str | None
    orig_name: str
    size: int | None
    mime_type: str | None
    is_stream: bool

    def _not_at_hand(self) -> str | None: ...
    def _content(self, limit_bytes: int) -> bytes | None: ...


class ShownClient(Protocol):
    """The members of `Client` that are used."""

    @property
    def _title(self) -> str: ...
    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def url(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    def view_api(self) -> Any: ...


class ShownJob(ObservedJob, Protocol):
    """The members of `Job` that are used."""

    @property
    def timings(self) -> Timings: ...
    def result(self) -> Data: ...
    def _age(self) -> float: ...
    def _final(self) -> Data | None: ...


class ShownFailure(Protocol):
    """The members of `Failure` that are used."""

    @property
    def item(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def message(self) -> str: ...


class ShownMap(Protocol):
    """The members of `Tally` that are used."""

    endpoint: str | int
    total: int | None
    done: int
    failed: int
    replayed: int
    error: tuple[str, str] | None
    in_flight: Callable[[], int]

    @property
    def phase(self) -> str: ...
    @property
    def failures(self) -> Sequence[ShownFailure]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def rate(self) -> float: ...
    @property
    def left(self) -> float | None: ...
    def watch(self, watcher: Callable[[], object]) -> None: ...
