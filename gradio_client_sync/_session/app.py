"""`App`: the app that a client calls, as its config describes it, and the check for changes."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._basics.words import called
from .._protocol.api.api_info import parameters_of
from .._protocol.api.endpoint import EndpointTable
from .._protocol.api.meaning import Callee, rearranged, same_functions
from .._protocol.api.odd_values import missing_event, odd_values
from .._protocol.api.payload import bind
from .._protocol.api.translation import translations_of
from .._protocol.dialect import dialect_of
from .._protocol.routes import Routes
from .._transport.attempts import SEND_ONCE
from .._transport.deadlines import NEVER, Deadline
from .._transport.signal_safe import new_lock
from ..errors import ConfigError, EndpointNotFoundError, GradioClientError, ProtocolError
from .discovery import discover
from .info import Info
from .language import languages
from .watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._basics.secret import Secret
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.api.meaning import RequestMeaning
    from .._protocol.dialect import Dialect
    from .._transport.attempts import RetryPolicy
    from .._transport.connections import RequestHandle
    from .._transport.failures import Answer
    from .._transport.http import Http
    from ..types import Config, Payload
    from .watch import SentCall

log = logging.getLogger(__name__)

#: Seconds without a response after which a call first checks whether the app is still the same.
#: Servers close idle connections after 5 s, so later a closed connection is no sign of a restart.
CHECK_AFTER = 4.0

#: How many runs of the app are remembered. Behind a gateway, several runs may respond in turn.
_RUNS = 8


class Change(NamedTuple):
    """The calls that are affected by a change of the app.

    Attributes:
        under_way: Running calls that the new app may have received.
        ended: Calls that have ended and that the new app may have run, each with a count.
    """

    under_way: list[SentCall]
    ended: list[tuple[RequestMeaning, int]]


class App:
    """An app, as its config describes it.

    Args:
        named: The URL that the user gave.
        http: The HTTP client of the connection.
        query: The query of the user's URL. It is sent with each call, so that apps can read it.
        auth: User name and password of the app's own login.
        policy: The retries of the requests that find the app, and their deadline.

    Attributes:
        root: The root URL at which the app was found.
        config: The latest config that the server sent.
        table: The functions in the config.
        watch: The time of the last check, and the calls that were sent since.
        on_change: A function that is called when `table` was replaced, before a call uses it.

    Raises:
        ConnectFailedError: The server could not be reached.
        AuthenticationError: The app requires a login, or did not accept it.
        ConfigError: The server is not a Gradio app.
        UnsupportedAppError: The app uses a release or protocol that is not supported.
    """

    def __init__(
        self,
        named: str,
        http: Http,
        query: Secret[str] | None,
        auth: Secret[tuple[str, str]] | None,
        policy: RetryPolicy,
    ) -> None:
        self._named = named
        self._http = http
        self._auth = auth
        self._lock = new_lock()
        self._losses = self._losses_seen = 0
        # How many changes of the app were found, and how many of them `watch` has recorded.
        self._changes = self._changes_recorded = 0
        self.watch = Watch()
        self.on_change: Callable[[], None] = lambda: None
        self.root, self.config = discover(http, named, auth, policy)
        self.dialect = dialect_of(self.config)
        self.table = self._table(self.config, self.dialect)
        self.routes = Routes(self.root, _prefix(self.config), query)
        self._info = Info(http, self.routes.info)
        self._id: object = self.config.get("app_id")
        self._runs: dict[object, tuple[Config, EndpointTable]] = {}
        # Whether the config decides about a change, and not the id. In development mode, the id is
        # not enough: if the app's code seeds `random`, a reload may give the same id. (Servers
        # before 3.42 report this mode for each app that another server mounts, and no id.)
        self._config_decides = self._id is not None and self.config.get("dev_mode") is True

    @property
    def id(self) -> object:
        """The server's id for this run of the app; ``None`` if the server has not sent one."""
        return self._id

    @property
    def version(self) -> str:
        """The Gradio release of the app; empty if the config does not have it."""
        return str(self.config.get("version", "")).strip()

    def info(self, deadline: Deadline = NEVER, *, again: bool = False) -> Mapping[str, Any] | None:
        """Return the app's own description of its API (``/info``).

        Args:
            deadline: The deadline of the request.
            again: Send the request again even if it failed a short time ago.

        Returns:
            The description, empty if the server has none; ``None`` if the request failed.
        """
        info = self._info.get(deadline, again=again)
        translations = self.table.translations
        return info if translations is None else translations.info(info)

    @staticmethod
    def _table(config: Config, dialect: Dialect) -> EndpointTable:
        # Only apps with texts in several languages import what finds out the user's language.
        own = languages() if config.get("i18n_translations") else ()
        return EndpointTable(config, dialect, translations_of(config, own))

    def bind(
        self,
        endpoint: Endpoint,
        payload: Payload,
        deadline: Deadline = NEVER,
        method: str = "predict",
    ) -> list[Any]:
        """Arrange a payload as a list with one value for each input of the endpoint.

        Args:
            endpoint: The function.
            payload: The values of the user.
            deadline: The deadline of the request for the app's description, if that is needed.
            method: The method that the user has called, for messages.

        Raises:
            PayloadError: The values do not fit the endpoint.
        """
        values = bind(
            endpoint, payload, lambda: parameters_of(endpoint, self.info(deadline)), method
        )
        translations = self.table.translations
        return values if translations is None else translations.restored(endpoint.inputs, values)

    def possible_reason(
        self, endpoint: Endpoint, values: Sequence[Any], deadline: Deadline, by_event: bool
    ) -> str:
        """Return a sentence about what looks odd in a call that the app has failed, or ``""``.

        Args:
            endpoint: The function that failed.
            values: One value for each of its inputs.
            deadline: The deadline of the request for the app's description, if that is needed.
            by_event: Whether the call had the data of an event.
        """

        def info() -> Mapping[str, Any] | None:
            try:
                return self.info(deadline)
            except GradioClientError:  # the client was closed; the config has labels
                return None

        odd = odd_values(endpoint, values, info)
        return odd or ("" if by_event else missing_event(self.table.example_event(endpoint)))

    def takes_oauth_token(self, endpoint: Endpoint, deadline: Deadline) -> bool:
        """Return whether the endpoint's function requests the Hugging Face token of its user."""
        named = (self.info(deadline) or {}).get("named_endpoints")
        described = named.get(endpoint.name) if isinstance(named, dict) else None
        return isinstance(described, dict) and bool(described.get("oauth_token"))

    def skips_queue(self, endpoint: Endpoint) -> bool:
        """Return whether a call is a single request that does not use the app's queue.

        Behaviour:
            ``skip_queue`` of @gradio/client. Ours: if the app has a queue, generator functions and
            functions with a stream of inputs always use it. A single request would get only the
            first value of a generator, and would send only the first input of a stream.
        """
        if endpoint.queued:
            return False
        several = endpoint.generator or endpoint.streaming
        return not (several and self.config.get("enable_queue"))

    # -- changes of the app ---------------------------------------------------------

    def record_loss(self) -> None:
        """Record that a connection was lost, so the server may have restarted."""
        self._losses += 1

    @property
    def was_silent(self) -> bool:
        """Whether the server may have restarted since its last response."""
        if self._losses != self._losses_seen:
            return True
        return time.monotonic() - self._http.heard > CHECK_AFTER

    @property
    def needs_check(self) -> bool:
        """Whether a call should wait for a check of the app, if it sends numbers or positions."""
        return self.was_silent or self.watch.is_late or self._http.was_cut(self.routes.page)

    def check(
        self, request: RequestHandle, deadline: Deadline, *, patient: bool = True
    ) -> Change | None:
        """Check whether the app is still the same. If not, read its config again.

        Args:
            request: The handle by which another thread can abort the check.
            deadline: The deadline of the check.
            patient: Whether to send its requests again if they fail.

        Returns:
            The calls that are affected by the change; ``None`` if the app is the same.

        Raises:
            GradioClientError: The request failed, or the app cannot be used any longer.
            Aborted: `request` was aborted.
        """
        changes, losses, check = self._changes, self._losses, self.watch.begin()
        # Closed connections are a reason for this check, but not for the next one.
        self._http.drop_cut(self.routes.page)
        policy = (self._http.reading if patient else SEND_ONCE).until(deadline)
        found = self._compare(request, policy)
        self._losses_seen = losses
        if found is _ANOTHER:
            try:
                self.on_change()
                return Change(*self.watch.found_another(check))
            finally:
                with self._lock:
                    self._changes_recorded += 1
        if found is _SAME and changes == self._changes == self._changes_recorded:
            self.watch.found_same(check)
        else:
            # No result, or another thread has found a change meanwhile. In that case this check
            # found only that the app is the same as after the change.
            self.watch.found_nothing(check)
        return None

    def _compare(self, request: RequestHandle, policy: RetryPolicy) -> str | None:
        """Return `_SAME` or `_ANOTHER`; ``None`` if the response shows neither."""
        run: object = None
        if not self._config_decides:
            response = self._http.get(self.routes.app_id, policy, request)
            if response.status == 200:
                run = _id_in(response)
                # Compare with the current id: while this worker waited for the response, another
                # worker may have recorded the change.
                if run is not None and run == self._id:
                    return _SAME
                if run is not None and run in self._runs:
                    return self._adopt(*self._runs[run], run)
            elif response.status in (403, 404, 405):
                self._config_decides = True  # a gateway does not pass this route on
            elif response.status != 401:
                return None
        return _ANOTHER if self._read_again(policy, run) else _SAME

    def _read_again(self, policy: RetryPolicy, run: object = None) -> bool:
        """Read the config again, and return whether the app is a different one.

        Args:
            policy: The retries of the requests, and their deadline.
            run: The server's id for the present run, used if the config has none.

        Raises:
            ConfigError: The app has another URL, protocol or prefix now, so this client cannot
                use it.
        """
        root, config = discover(self._http, self._named, self._auth, policy)
        dialect = dialect_of(config)
        if root != self.root or dialect != self.dialect or _prefix(config) != _prefix(self.config):
            version = str(config.get("version", "")).strip()
            raise ConfigError(
                f"The app at {self.root} was replaced by a different one (Gradio {version}), which "
                "this client cannot call. Make a new client.",
                url=self.root,
            )
        table = self._table(config, dialect)
        return self._adopt(config, table, config.get("app_id", run)) is _ANOTHER

    def _adopt(self, config: Config, table: EndpointTable, run: object) -> str:
        """Replace config and functions by those of the present run.

        Returns:
            `_SAME` if the app did not change for its callers, otherwise `_ANOTHER`.
        """
        with self._lock:
            same = same_functions(self.table, table)
            if same and run == self._id:
                if _parts(config) != _parts(self.config):
                    self.config = config
                    self._info.forget()
                return _SAME
            if self._id is None and same:  # the first id; configs before 3.42 have none
                self._id = run
                return _SAME
            if self._id is not None:
                self._runs[self._id] = self.config, self.table
                if len(self._runs) > _RUNS:
                    del self._runs[next(iter(self._runs))]
            self.table, self.config = table, config
            self._info.forget()
            # Counted before the id is set: when another thread's check finds the new id, it must
            # also find that there was a change.
            self._changes += 1
            self._id = run
        log.debug("the app at %s has changed; its config was read again", self.root)
        return _ANOTHER

    def locate(
        self, callee: Callee, values: list[Any], deadline: Deadline
    ) -> tuple[Callee, list[Any]]:
        """Find the function of a call in the app after a change, and rearrange its values.

        Args:
            callee: The function before the change.
            values: One value for each input of that function.
            deadline: The deadline of the request for the app's description.

        Returns:
            The function after the change, and one value for each of its inputs.

        Raises:
            EndpointNotFoundError: The app no longer has the function, or the function now has
                different parameters.
        """
        epoch, endpoint = self.watch.epoch, callee.endpoint
        by_number = callee.by_number or endpoint.api_name is None
        found = self.table.resolve(endpoint.fn_index if by_number else endpoint.api_name)
        info = self.info(deadline) if callee.by_parameter else None
        now = callee._replace(endpoint=found, epoch=epoch, info=info)
        arranged = rearranged(callee, now, values)
        if arranged is None:
            raise EndpointNotFoundError(
                f"The app at {self.root} has changed, and the parameters of "
                f"{called(endpoint.name)} are different now, so nothing was sent. See view_api() "
                "for them, and call it again.",
                endpoint=endpoint.name,
            )
        return now, arranged

    def misread(self, change: Change) -> Change:
        """Return the calls of `change` whose number or positions now have a different meaning."""
        meanings = [sent_call.meaning for sent_call in change.under_way]
        meanings += [meaning for meaning, _ in change.ended]
        by_parameter = any(meaning.callee.by_parameter for meaning in meanings)
        info = self.info() if by_parameter else None
        table = self.table
        return Change(
            [call for call in change.under_way if call.meaning.means_another(table, info)],
            [(meant, count) for meant, count in change.ended if meant.means_another(table, info)],
        )


#: The results of a check.
_SAME, _ANOTHER = "same", "another"


def _parts(config: Mapping[str, Any]) -> tuple[object, object]:
    return config.get("components"), config.get("dependencies")


def _id_in(response: Answer) -> object:
    try:
        content = response.json()
    except ProtocolError:
        return None  # this response is from a gateway; the config will show whether the app changed
    run = content.get("app_id") if isinstance(content, dict) else None
    return run if isinstance(run, (int, str)) else None


def _prefix(config: Mapping[str, Any]) -> str:
    prefix = config.get("api_prefix")
    return f"/{prefix.strip('/')}" if isinstance(prefix, str) and prefix.strip("/") else ""
