"""`SpaceConnector`: wake a Space, and connect to its app."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from .._options import hub_endpoint
from .._protocol.routes import Routes
from .._spaces import hub as _hub
from .._spaces.signing import Signer
from .._spaces.tokens import Tokens
from .._spaces.visitor import visitor_headers
from .._spaces.waking import Space, StatusNotifier, WakeTimeout
from .._terminal.live_line import LiveLine, is_watched
from .._transport import seam
from .._transport.http import Http
from .._transport.http_options import RATE_LIMIT_PATIENCE
from ..errors import ConnectFailedError
from .address import http_options, open_connection

if TYPE_CHECKING:
    from .._basics.secret import Secret
    from .._options import Options
    from .._protocol.space import SpaceName
    from .._spaces.waking import SpaceInfo
    from .._transport.signal_safe import SafeEvent
    from .connection import Connection

log = logging.getLogger(__name__)

WAKE_REQUEST_TIMEOUT = 10.0  # s; the Hub says when the Space is awake, so no response is needed


class SpaceConnector:
    """Opens a connection to one Space.

    Args:
        name: The Space.
        query: The query of the user's URL.
        options: The options of the client.
        closing: An event that ends the wait for the Space when it is set.
    """

    def __init__(
        self, name: SpaceName, query: Secret[str] | None, options: Options, closing: SafeEvent
    ) -> None:
        saved = _hub.saved_token() if options.hf_token is None else None
        self._name = name
        self._query = query
        self._options = options
        self._tokens = Tokens(options.hf_token, saved, options.allow_insecure_token)
        self._hub = _hub.Hub(self._tokens.token_for(hub_endpoint()))
        wait = closing.wait if seam.current is None else seam.current.waiting(closing.wait)
        self._wake_timeout = WakeTimeout(options.wake_timeout, wait)

    def connect(self) -> Connection:
        """Wake the Space, wait until it runs, and connect to its app.

        Raises:
            GradioClientError: The connection failed. `opening.connect` lists the subclasses.
        """
        callback, line = self._options.status_callback, None
        if callback == "auto":
            callback = None
            line = LiveLine(str(self._name), sys.stderr) if is_watched(sys.stderr) else None
        notifier = StatusNotifier(callback, line.show if line is not None else None)
        space = Space(self._name, self._hub, notifier, self._wake_timeout, self._wake)
        try:
            return space.connect(self._open)
        finally:
            if line is not None:
                line.end()

    def _open(self, root: str, info: SpaceInfo) -> Connection:
        """Connect to the app of a running Space."""
        token = self._tokens.token_for(root)
        needs_signature = info.private and token is not None
        return open_connection(
            root,
            self._options,
            token,
            query=self._query,
            sign=Signer(info.space_id, self._hub).sign if needs_signature else None,
            call_headers=visitor_headers,
            rate_limit_patience=max(0.0, min(RATE_LIMIT_PATIENCE, self._wake_timeout.left)),
        )

    def _wake(self, root: str) -> None:
        """Send a request to the Space's URL, which wakes a sleeping Space."""
        options = http_options(self._options, self._tokens.token_for(root), root)._replace(
            timeout=(WAKE_REQUEST_TIMEOUT, WAKE_REQUEST_TIMEOUT), retries=0, rate_limit_patience=0.0
        )
        http = Http(root, options)
        try:
            http.get(Routes(root).page)
        except ConnectFailedError as exc:
            log.debug("%s did not respond, which sleeping Spaces may do: %s", self._name, exc)
        finally:
            http.close()
