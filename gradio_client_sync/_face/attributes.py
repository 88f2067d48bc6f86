"""Texts for attributes that `Client` does not have, with what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .._protocol.api.example import quoted
from ..errors import GradioClientError

if TYPE_CHECKING:
    from .._protocol.api.endpoint import Endpoint


class HasEndpoints(Protocol):
    """The part of `Client` that finds its endpoints."""

    def _endpoint(self, endpoint: str | int | None) -> Endpoint:
        """Return an endpoint."""


def attribute(app: HasEndpoints, name: str) -> str:
    """Return what to write instead of an attribute that `Client` does not have; ``""`` if unknown.

    Args:
        app: The client.
        name: The name of the attribute. It may be an endpoint of the app, or a method of another
            client.
    """
    if name in _METHODS:
        return _METHODS[name]
    try:
        endpoint = app._endpoint(name)
    except GradioClientError:  # no such endpoint, or the client is closed
        return ""
    return f"To call the endpoint, write predict({quoted(str(endpoint.name))}, [values])."


#: What to write for a method or an attribute of another client.
_METHODS = {
    "call": "Write predict(endpoint, [values]).",
    "connect": "A client is connected when it is made: Client(url).",
    "view_config": "Write config.",
    "endpoints": 'Write view_api()["named_endpoints"].',
    "src": "Write source.",
}
