"""`App`: what a client knows of the app that it calls, and whether it is still the same one."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from ._discover import discover
from ._info import Info
from ._protocol.api_info import parameters_of
from ._protocol.dialect import dialect_of
from ._protocol.endpoint import EndpointTable
from ._protocol.payload import bind
from ._protocol.routes import Routes
from ._transport.deadlines import NEVER, Deadline
from .errors import ConfigError, EndpointNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._protocol.endpoint import Endpoint
    from ._transport.connections import Call
    from ._transport.failures import Answer
    from ._transport.http import Http
    from .types import Payload

log = logging.getLogger(__name__)

#: Seconds without an answer after which the app is asked whether it is still the same, before a
#: call: servers close idle connections after 5 s, so a restart would not be noticed.
LOOK_AFTER = 4.0


class App:
    """An app, as its config describes it.

    Args:
        named: Where the user said that it is.
        http: The door to it.
        query: What the user's address has besides; apps can read it at each call.
        auth: User and password of the app's own login.
        deadline: When its config has to be there.

    Attributes:
        root: Where it was found.
        config: As the server gave it last.
        table: The functions in it.

    Raises:
        ConnectFailedError, AuthenticationError, ConfigError, UnsupportedAppError
    """

    def __init__(
        self,
        named: str,
        http: Http,
        query: str,
        auth: tuple[str, str] | None,
        deadline: Deadline,
    ) -> None:
        self._named = named
        self._http = http
        self._auth = auth
        self._lock = threading.Lock()
        self._lost = False
        self.root, self.config = discover(http, named, auth, deadline)
        self.dialect = dialect_of(self.config)
        self.table = EndpointTable(self.config, self.dialect)
        self.routes = Routes(self.root, _prefix(self.config), query)
        self._info = Info(http, self.routes.info)

    @property
    def id(self) -> object:
        """What it calls this run of its server; ``None`` if it has no name for that."""
        return self.config.get("app_id")

    @property
    def version(self) -> str:
        """The release of Gradio; empty if it does not say."""
        return str(self.config.get("version", "")).strip()

    def info(self, deadline: Deadline = NEVER, *, again: bool = False) -> Mapping[str, Any] | None:
        """Return the server's description of its API; see `Info.get`."""
        return self._info.get(deadline, again=again)

    def bind(self, endpoint: Endpoint, payload: Payload, deadline: Deadline = NEVER) -> list[Any]:
        """Lay out a payload for an endpoint; see `payload.bind`."""
        return bind(endpoint, payload, lambda: parameters_of(endpoint, self.info(deadline)))

    def takes_oauth_token(self, endpoint: Endpoint, deadline: Deadline) -> bool:
        """Whether a function is to be given its user's Hugging Face token."""
        named = (self.info(deadline) or {}).get("named_endpoints")
        described = named.get(endpoint.name) if isinstance(named, dict) else None
        return isinstance(described, dict) and bool(described.get("oauth_token"))

    def skips_queue(self, endpoint: Endpoint) -> bool:
        """Whether a call is one request, and does not go through the app's queue.

        Behaviour: ``skip_queue`` of @gradio/client. Ours: a generator never does where
        there is a queue, since the direct form gives its first value only; nor does a
        function that takes a stream of input, of which it would get the first chunk only.
        """
        if endpoint.queued:
            return False
        several = endpoint.generator or endpoint.streaming
        return not (several and self.config.get("enable_queue"))

    # -- whether it is still the same -----------------------------------------------

    def may_be_lost(self) -> None:
        """The server may have gone, and come again as another."""
        self._lost = True

    @property
    def needs_a_look(self) -> bool:
        """Whether its server may have restarted since it was last heard, as far as that shows."""
        silence = time.monotonic() - self._http.heard
        return self.id is not None and (self._lost or silence > LOOK_AFTER)

    def look(self, call: Call, deadline: Deadline) -> None:
        """Before a call, after a silence: ask which run of its server this is.

        If it has restarted, its config is read again, and `id` is another one.

        Raises:
            GradioClientError: It cannot be asked, or has become another one.
            Aborted: `call` was aborted.
        """
        if not self.needs_a_look:
            return
        answer = self._http.get(self.routes.app_id, deadline, call)
        # Compared with what is known by now: another job may have been faster.
        if answer.status == 401 or (answer.status == 200 and _id_in(answer) != self.id):
            self._read_again(deadline)
        self._lost = False

    def _read_again(self, deadline: Deadline) -> None:
        root, config = discover(self._http, self._named, self._auth, deadline)
        dialect = dialect_of(config)
        if root != self.root or dialect != self.dialect or _prefix(config) != _prefix(self.config):
            version = str(config.get("version", "")).strip()
            raise ConfigError(
                f"The app at {self.root} has restarted as another one (Gradio {version}). Make a "
                "new client.",
                url=self.root,
            )
        table = EndpointTable(config, dialect)
        self._info.forget()
        with self._lock:
            if config.get("app_id") == self.id:
                return
            self.table = table
            self.config = config  # last: whoever finds the new id finds the new table
        log.debug("the app at %s has restarted; its config was read again", self.root)

    def same(self, endpoint: Endpoint) -> Endpoint:
        """What a function of the app before its restart is now.

        Raises:
            EndpointNotFoundError: There is none any more, or another one of that name.
        """
        found = self.table.resolve(
            endpoint.fn_index if endpoint.api_name is None else endpoint.api_name
        )
        if [s.type for s in found.inputs] != [s.type for s in endpoint.inputs]:
            raise EndpointNotFoundError(
                f"The app has restarted, and its {endpoint.name!r} takes other values now; "
                "nothing was sent. Look at view_api() and call it again.",
                endpoint=endpoint.name,
            )
        return found


def _id_in(answer: Answer) -> object:
    told = answer.json()
    return told.get("app_id") if isinstance(told, dict) else None


def _prefix(config: Mapping[str, Any]) -> str:
    prefix = config.get("api_prefix")
    return f"/{prefix.strip('/')}" if isinstance(prefix, str) and prefix.strip("/") else ""
