"""A gateway to several servers of one app, without sticky sessions unless a test sets rules."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.support.gateway import Gateway, ResponseForm


class ReplicasGateway(Gateway):
    """A gateway that spreads requests over several servers; a context manager.

    Args:
        urls: URLs of the servers.

    Attributes:
        rules: Texts in a request line, each with the index of its server. Other requests go to
            the servers in turn.
    """

    def __init__(self, urls: Sequence[str], rules: dict[str, int]) -> None:
        super().__init__(urls[0], ResponseForm())
        self._ports = [urlsplit(url).port or 0 for url in urls]
        self.rules = rules
        self._next = 0

    def port_for(self, method: str, path: str) -> int:
        """Return the port of the server for a request, by the rules or in turn."""
        for text, number in self.rules.items():
            if text in f"{method} {path}":
                return self._ports[number]
        with self._lock:
            self._next += 1
            return self._ports[self._next % len(self._ports)]
