"""The parts of clients and files that the notebook display uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


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
