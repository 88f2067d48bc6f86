"""`Described`: the endpoints of an app, their description, and the paths that the app has named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ._api_text import description
from ._endpoints import Endpoint, endpoints_of
from ._handled import paths_in

if TYPE_CHECKING:
    from .. import Client
    from ..display import ApiInfo
    from ..types import ValueInfo


class Described:
    """The endpoints of an app, and their description.

    Args:
        known: Returns the plain client for facts that are still valid after it was closed.
        connected: Returns the plain client for requests.
    """

    def __init__(self, known: Callable[[], Client], connected: Callable[[], Client]) -> None:
        self._known = known
        self._connected = connected
        self._table: tuple[object, dict[int, Endpoint]] = (None, {})
        self._api: ApiInfo | None = None
        self._paths: set[str] = set()
        self._paths_are_complete = False

    @property
    def is_read(self) -> bool:
        """Whether the description needs no request."""
        return self._api is not None

    @property
    def endpoints(self) -> dict[int, Endpoint]:
        """The endpoints by number, of the app as it is now."""
        config = self._known().config
        seen, endpoints = self._table
        if seen is not config:  # the first time, or the app was replaced
            endpoints = endpoints_of(
                config, described=self._described_parameters, parameters=self._parameters
            )
            self._table, self._api = (config, endpoints), None
        return endpoints

    def read(self) -> dict[str, Any]:
        """Return the description of the endpoints that the app lists."""
        endpoints = self.endpoints
        if self._api is None:
            self._api = self._connected().view_api()
        return description(self._api.sent, self._api, endpoints)

    def add_paths(self, sent: Any) -> None:
        """Remember the paths of a file that the server has named in a result."""
        self._paths.update(paths_in(sent))

    def is_named(self, path: str) -> bool:
        """Return whether the server has named a path, in its description or in a result."""
        if not self._paths_are_complete:
            self._paths.update(paths_in(self._known().config), paths_in(self.read()))
            self._paths_are_complete = True
        return path in self._paths

    def _described_parameters(self, endpoint: Endpoint) -> list[Any] | None:
        entry = self.read()["named_endpoints"].get(endpoint.api_name)
        return None if entry is None else entry["parameters"]

    def _parameters(self, endpoint: Endpoint) -> tuple[list[ValueInfo], list[ValueInfo]]:
        described = self._connected().view_api(endpoint.key)
        (entry,) = {**described["named_endpoints"], **described["unnamed_endpoints"]}.values()
        return entry["parameters"], entry.get("hidden_parameters", [])
