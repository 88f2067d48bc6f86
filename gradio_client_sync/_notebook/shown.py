"""The parts of clients, jobs and files that the notebook display uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..events import ObservedJob

if TYPE_CHECKING:
    from collections.abc import Mapping

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
