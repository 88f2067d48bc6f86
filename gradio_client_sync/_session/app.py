"""`App`: what a client knows of the app that it calls, and whether it is still the same one."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._protocol.api.api_info import parameters_of
from .._protocol.api.endpoint import EndpointTable
from .._protocol.api.meaning import Aim, laid_out_again, same_functions
from .._protocol.api.payload import bind
from .._protocol.dialect import dialect_of
from .._protocol.routes import Routes
from .._transport.deadlines import NEVER, Deadline
from ..errors import ConfigError, EndpointNotFoundError, ProtocolError
from .discovery import discover
from .info import Info
from .watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._protocol.api.endpoint import Endpoint
    from .._protocol.api.meaning import Sent
    from .._transport.attempts import RetryPolicy
    from .._transport.connections import RequestHandle
    from .._transport.failures import Answer
    from .._transport.http import Http
    from ..types import Config, Payload
    from .watch import Passage

log = logging.getLogger(__name__)

#: Seconds without an answer after which the app is asked whether it is still the same, before a
#: call: servers close idle connections after 5 s, so a restart would not be noticed.
LOOK_AFTER = 4.0

#: How many runs of the app are remembered: behind a gateway, several may take turns.
_RUNS = 8


class Change(NamedTuple):
    """The app has become another one.

    Attributes:
        under_way: Calls that the other one may have got.
        ended: Calls that it may have run, and how many.
    """

    under_way: list[Passage]
    ended: list[tuple[Sent, int]]


class App:
    """An app, as its config describes it.

    Args:
        named: Where the user said that it is.
        http: The door to it.
        query: What the user's address has besides; apps can read it at each call.
        auth: User and password of the app's own login.
        policy: The retries of the requests that find it, and their deadline.

    Attributes:
        root: Where it was found.
        config: As the server gave it last.
        table: The functions in it.
        watch: When it was last seen to be the same, and what was sent since.
        on_change: Is called when `table` is another one, before calls are made by it.

    Raises:
        ConnectFailedError, AuthenticationError, ConfigError, UnsupportedAppError
    """

    def __init__(
        self,
        named: str,
        http: Http,
        query: str,
        auth: tuple[str, str] | None,
        policy: RetryPolicy,
    ) -> None:
        self._named = named
        self._http = http
        self._auth = auth
        self._lock = threading.Lock()
        self._losses = self._losses_seen = 0
        self._changes = self._changes_told = 0  # the watch hears of a change after it was found
        self.watch = Watch()
        self.on_change: Callable[[], None] = lambda: None
        self.root, self.config = discover(http, named, auth, policy)
        self.dialect = dialect_of(self.config)
        self.table = EndpointTable(self.config, self.dialect)
        self.routes = Routes(self.root, _prefix(self.config), query)
        self._info = Info(http, self.routes.info)
        self._id: object = self.config.get("app_id")
        self._runs: dict[object, tuple[Config, EndpointTable]] = {}
        # An app in development may seed the generator that its id comes from, and be reloaded
        # with the same id. (Servers before 3.3x say "development" of every app.)
        self._config_tells = self._id is not None and self.config.get("dev_mode") is True

    @property
    def id(self) -> object:
        """What it calls this run of its server; ``None`` if it has not told."""
        return self._id

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
        self._losses += 1

    @property
    def was_silent(self) -> bool:
        """Whether its server may have restarted since it was last heard."""
        if self._losses != self._losses_seen:
            return True
        return time.monotonic() - self._http.heard > LOOK_AFTER

    @property
    def needs_a_look(self) -> bool:
        """Whether a call by number should wait for a look."""
        return self.was_silent or self.watch.is_late or self._http.was_cut(self.routes.page)

    def look(self, call: RequestHandle, deadline: Deadline) -> Change | None:
        """Ask whether it is still the same app; if not, read its config again.

        Returns:
            What has to be told to those who called it meanwhile; ``None`` if it is the same.

        Raises:
            GradioClientError: It cannot be asked, or has become another one.
            Aborted: `call` was aborted.
        """
        changes, losses, look = self._changes, self._losses, self.watch.begin()
        self._http.drop_cut(self.routes.page)  # they are a reason for this look, not for the next
        found = self._ask(call, deadline)
        self._losses_seen = losses
        if found is _ANOTHER:
            try:
                self.on_change()
                return Change(*self.watch.found_another(look))
            finally:
                with self._lock:
                    self._changes_told += 1
        if found is _SAME and changes == self._changes == self._changes_told:
            self.watch.found_same(look)
        else:  # where another look has found a change, "the same" is what the app is since then
            self.watch.asked(look)
        return None

    def _ask(self, call: RequestHandle, deadline: Deadline) -> str | None:
        """Find out what it is by now; ``None`` if it does not tell."""
        told: object = None
        if not self._config_tells:
            answer = self._http.get(self.routes.app_id, self._http.reading.until(deadline), call)
            if answer.status == 200:
                told = _id_in(answer)
                # Compared with what is known by now: another job may have been faster.
                if told is not None and told == self._id:
                    return _SAME
                if told is not None and told in self._runs:
                    return self._become(*self._runs[told], told)
            elif answer.status in (403, 404, 405):
                self._config_tells = True  # servers before 3.2 have no such route
            elif answer.status != 401:
                return None
        return _ANOTHER if self._read_again(deadline, told) else _SAME

    def _read_again(self, deadline: Deadline, told: object = None) -> bool:
        """Read the config again; whether the app is another one.

        Args:
            told: What it calls its run by now, where the config does not say so.
        """
        policy = self._http.reading.until(deadline)
        root, config = discover(self._http, self._named, self._auth, policy)
        dialect = dialect_of(config)
        if root != self.root or dialect != self.dialect or _prefix(config) != _prefix(self.config):
            version = str(config.get("version", "")).strip()
            raise ConfigError(
                f"The app at {self.root} has restarted as another one (Gradio {version}). Make a "
                "new client.",
                url=self.root,
            )
        table = EndpointTable(config, dialect)
        return self._become(config, table, config.get("app_id", told)) is _ANOTHER

    def _become(self, config: Config, table: EndpointTable, run: object) -> str:
        """Take over what an app is now."""
        with self._lock:
            same = same_functions(self.table, table)
            if same and run == self._id:
                if _parts(config) != _parts(self.config):
                    self.config = config
                    self._info.forget()
                return _SAME
            if self._id is None and same:  # the first time that a server before 3.3x says it
                self._id = run
                return _SAME
            if self._id is not None:
                self._runs[self._id] = self.config, self.table
                if len(self._runs) > _RUNS:
                    del self._runs[next(iter(self._runs))]
            self.table, self.config = table, config
            self._info.forget()
            self._changes += 1  # before the id, by which another look finds the app the same
            self._id = run
        log.debug("the app at %s is another one by now; its config was read again", self.root)
        return _ANOTHER

    def again(self, aim: Aim, values: list[Any], deadline: Deadline) -> tuple[Aim, list[Any]]:
        """What a call is for, and its values, after the app has become another one.

        Args:
            values: One for each input of the function as it was.

        Raises:
            EndpointNotFoundError: It does not have the function any more, or that takes other
                values.
        """
        epoch, endpoint = self.watch.epoch, aim.endpoint
        by_number = aim.by_number or endpoint.api_name is None
        found = self.table.resolve(endpoint.fn_index if by_number else endpoint.api_name)
        info = self.info(deadline) if aim.by_parameter else None
        now = aim._replace(endpoint=found, epoch=epoch, info=info)
        laid_out = laid_out_again(aim, now, values)
        if laid_out is None:
            raise EndpointNotFoundError(
                f"The app at {self.root} has changed, and its {endpoint.name!r} takes other values "
                "now; nothing was sent. Look at view_api() and call it again.",
                endpoint=endpoint.name,
            )
        return now, laid_out

    def misread(self, change: Change) -> Change:
        """What of a change was sent by a number or a position that means something else now."""
        sent = [passage.sent for passage in change.under_way] + [sent for sent, _ in change.ended]
        info = self.info() if any(one.aim.by_parameter for one in sent) else None
        table = self.table
        return Change(
            [p for p in change.under_way if p.sent.means_another(table, info)],
            [(one, count) for one, count in change.ended if one.means_another(table, info)],
        )


#: What a look finds.
_SAME, _ANOTHER = "same", "another"


def _parts(config: Mapping[str, Any]) -> tuple[object, object]:
    return config.get("components"), config.get("dependencies")


def _id_in(answer: Answer) -> object:
    try:
        told = answer.json()
    except ProtocolError:
        return None  # of a gateway; the config will tell
    run = told.get("app_id") if isinstance(told, dict) else None
    return run if isinstance(run, (int, str)) else None


def _prefix(config: Mapping[str, Any]) -> str:
    prefix = config.get("api_prefix")
    return f"/{prefix.strip('/')}" if isinstance(prefix, str) and prefix.strip("/") else ""
