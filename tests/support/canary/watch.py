"""`Watch`: knows the secrets and the servers that may get them, and checks what leaves the package.

`plugin` passes it logs, messages, outputs and objects. `Watch` itself observes where bytes leave
(sockets, pickles), where requests arrive (the servers of tests), and where this package's errors
are created. It changes nothing.
"""

from __future__ import annotations

import contextlib
import gc
import http.server
import pickle
import socket
import ssl
import sys
from collections.abc import Iterator
from typing import Any, Callable
from weakref import WeakSet

from gradio_client_sync import GradioClientError

PACKAGE = "gradio_client_sync"

Origin = tuple[str, int]


class Watch:
    """A search for secrets.

    Attributes:
        where: The current test or step; it is part of the description of a place.
        found: The places where a secret appeared, each once.
    """

    def __init__(self) -> None:
        self._homes: dict[bytes, set[Origin] | None] = {}
        self._accepted: WeakSet[socket.socket] = WeakSet()
        self.where = "before the first test"
        self.found: dict[str, None] = {}

    def add(self, secret: str, *, goes_out: bool = False) -> None:
        """Look for a secret.

        Args:
            secret: The secret.
            goes_out: Allow every server to get it, because the test itself checks this. Otherwise
                no server may get it until `allow` names one.
        """
        self._homes[secret.encode()] = None if goes_out else set()

    def allow(self, secret: str, origin: Origin) -> None:
        """Allow a server to get a secret."""
        homes = self._homes[secret.encode()]
        assert homes is not None
        homes.add(origin)

    def check(self, seen: str | bytes, what: str, origin: Origin | None = None) -> None:
        """Record a leak if ``seen`` has a secret that may not go to ``origin``."""
        raw = seen.encode("utf-8", "replace") if isinstance(seen, str) else bytes(seen)
        for secret, homes in self._homes.items():
            is_home = origin is not None and (homes is None or origin in homes)
            if secret in raw and not is_home:
                self.found.setdefault(f"{what}, in {self.where}")

    def sweep(self) -> None:
        """Check the repr, the text and the pickle of every object of the package."""
        for value in gc.get_objects():
            kind = type(value)
            if not str(getattr(kind, "__module__", "")).startswith(PACKAGE):
                continue
            name = f"{kind.__module__}.{kind.__qualname__}"
            self.check(f"{value!r} {value!s}", f"the repr of a {name}")
            try:
                frozen = _dumps(value)
            except Exception:  # noqa: BLE001 - not every object can be pickled
                continue
            self.check(frozen, f"the pickle of a {name}")

    # -- observed functions ---------------------------------------------------------

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Observe where bytes leave and arrive, and where errors are created."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_before(socket.socket, "accept", _nothing, self._accepts))
            for kind in (socket.socket, ssl.SSLSocket):
                for method in ("send", "sendall"):
                    stack.enter_context(_before(kind, method, self._sent))
            stack.enter_context(_before(pickle, "dumps", self._pickled))
            stack.enter_context(_before(GradioClientError, "__init__", self._raised))
            handler = http.server.BaseHTTPRequestHandler
            stack.enter_context(_before(handler, "handle_one_request", _nothing, self._arrived))
            yield

    def _accepts(self, accepted: tuple[socket.socket, Any], listener: socket.socket) -> None:
        self._accepted.add(accepted[0])

    def _sent(self, sock: socket.socket, data: Any, *args: Any) -> None:
        if sock in self._accepted or getattr(sock, "server_side", False):
            return  # a server's response, which may repeat what the server received
        with contextlib.suppress(OSError):  # it is no longer connected, so it sends nothing
            peer = sock.getpeername()
            if isinstance(peer, tuple):
                self.check(data, f"what was sent to {peer[0]}:{peer[1]}", peer[:2])

    def _arrived(self, _: None, handler: http.server.BaseHTTPRequestHandler) -> None:
        request = getattr(handler, "raw_requestline", b"") or b""
        headers = str(getattr(handler, "headers", ""))
        host, port = handler.server.server_address[:2]
        self.check(request + headers.encode(), f"a request to {host!s}:{port}", (str(host), port))

    def _pickled(self, value: Any, *args: Any, **options: Any) -> None:
        with contextlib.suppress(Exception):  # the real function reports the error
            self.check(_dumps(value), f"the pickle of a {type(value).__name__}")

    def _raised(self, error: Any, *args: Any, **facts: Any) -> None:
        try:
            shown = f"{args} {facts}"
        except RecursionError:  # a value that is nested too deeply to be shown
            shown = f"{args}"
        self.check(shown, f"a {type(error).__name__}")
        cause = sys.exc_info()[1]
        while cause is not None:
            self.check(f"{cause!r} {cause}", f"the cause of a {type(error).__name__}")
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


_dumps = pickle.dumps


def _nothing(*args: Any) -> None:
    pass


@contextlib.contextmanager
def _before(
    owner: Any,
    name: str,
    before: Callable[..., None],
    after: Callable[..., None] = _nothing,
) -> Iterator[None]:
    """Call ``before`` before each call of a function, and ``after`` with its result."""
    original = getattr(owner, name)

    def watched(*args: Any, **options: Any) -> Any:
        before(*args, **options)
        result = original(*args, **options)
        after(result, *args)
        return result

    own = name in vars(owner)
    setattr(owner, name, watched)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)
