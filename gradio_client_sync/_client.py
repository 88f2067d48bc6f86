"""`Client`: the face of the package."""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import _options
from ._connection.at_exit import EXIT_GRACE
from ._connection.opening import connect
from ._job.event_log import HISTORY_BYTES
from ._options import Options
from ._protocol.api.api_info import describe
from ._protocol.api.meaning import Aim
from ._protocol.queue.eventstream import MESSAGE_BYTES
from ._transport.deadlines import Deadline
from ._transport.signal_safe import SafeEvent
from .errors import ClientClosedError, EndpointNotFoundError, JobTimeoutError
from .job import control_of

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._calls.call import PreparedCall
    from ._connection.connection import Connection
    from ._files.download import FileStore
    from ._options import StatusCallback
    from ._protocol.api.signature import Signature
    from ._terminal.progress import ProgressBars
    from .display import ApiInfo
    from .events import Data
    from .function import Function
    from .job import Job
    from .types import Config, Payload, Protocol

CONNECT_TIMEOUT = 10.0  # s
READ_TIMEOUT = 60.0  # s; four heartbeats of the server
MAX_WORKERS = 1024  # jobs under way at once; each has a thread, which costs little while it waits
HISTORY = 10_000  # messages
WAKE_TIMEOUT = 900.0  # s; large Spaces build and load for many minutes
RETRIES = 3
CLOSE_GRACE = 2.0  # s to tell the server that jobs are cancelled
TIMEOUT_GRACE = 0.4  # s for the same when time is up already
NOWHERE = 0  # no process has this number


class Client:
    """A connection to one Gradio app, of any release from 3.10 on.

    Connecting reads the app's config, which costs one request. All calls share one
    session, so the app's session state carries over from one to the next. Every method
    may be called from any thread.

    Args:
        source: The app's address, as a browser shows it, or a Space: ``user/space``, its page
            on the Hub, or its app's address.
        hf_token: A Hugging Face token, sent to the Hub and the app named by `source` only; for
            Spaces the saved one is used where none is given.
        status_callback: Is called with a `SpaceStatus` each time a Space's state changes until
            it runs or has failed; ``"auto"`` shows a wait as one line in a terminal or notebook.
        wake_timeout: Seconds to wait for a Space that sleeps, builds or starts; ``None`` waits
            for ever.
        allow_insecure_token: Send `hf_token` also to an address that is neither https nor this
            machine, where others can read it.
        auth: User and password, for apps launched with ``auth=``.
        headers: Sent with every request, the websocket's too.
        cookies: Sent with every request, the websocket's too.
        verify: ``False`` accepts any certificate; a path names a CA bundle.
        proxies: As for `requests`: scheme to proxy address. The environment's are used
            besides.
        timeout: Seconds to connect and of silence while the server should speak, as a
            pair or one number for both; ``None`` waits for ever. How long a function
            may run is not limited by it; that is what `deadline` is for.
        deadline: Seconds that each call may take in all, from `submit` to its result, where
            the call does not say otherwise by its own ``timeout=``; connecting may take as
            long. ``None`` sets no limit.
        retries: How often what no server took is tried again (a connection refused, 429, 502
            and 503), and what only asks; in growing intervals, within the deadline. What a
            server may have taken never is; see ``idempotent=`` of `submit`.
        max_message_bytes: How long one message or answer of the server may be.
        session_hash: The session's name; made up if not given. Two clients that share
            one at the same time take each other's messages.
        max_workers: How many jobs may be under way at once; others wait their turn here.
        history: How many messages a job keeps for late readers.
        history_bytes: How long these may be together; of more, the oldest are let go.
        download_dir: Where files of results are downloaded to; by default into a private
            folder that is removed at exit. Nothing is made before the first download.
        oauth_token: A Hugging Face token for functions that ask for their user's.

    Raises:
        TypeError, ValueError: An option is not what it should be; the message names it.
        ConnectFailedError: Nothing answers at the address.
        AuthenticationError: The app wants a login, or did not accept it.
        ConfigError: What answers is no Gradio app.
        UnsupportedAppError: It is one of Gradio 2, or newer than this client knows.
        SpaceNotFoundError: There is no such Space, or the token may not see it.
        SpaceNotReadyError: The Space cannot start, or did not within `wake_timeout`.
        RateLimitError: The Hub or the Space is asked too often.

    Example:
        >>> with Client("http://127.0.0.1:7860") as app:
        ...     app.predict("/add", [2, 3])[0]
        5
    """

    def __init__(
        self,
        source: str,
        *,
        hf_token: str | None = None,
        status_callback: StatusCallback = None,
        wake_timeout: float | None = WAKE_TIMEOUT,
        allow_insecure_token: bool = False,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        verify: bool | str | os.PathLike[str] = True,
        proxies: Mapping[str, str] | None = None,
        timeout: float | tuple[float | None, float | None] | None = (CONNECT_TIMEOUT, READ_TIMEOUT),
        deadline: float | None = None,
        retries: int = RETRIES,
        max_message_bytes: int = MESSAGE_BYTES,
        session_hash: str | None = None,
        max_workers: int = MAX_WORKERS,
        history: int = HISTORY,
        history_bytes: int = HISTORY_BYTES,
        download_dir: str | os.PathLike[str] | None = None,
        oauth_token: str | None = None,
    ) -> None:
        if not isinstance(source, str):
            raise TypeError(f"source is an address or a Space name, not {source!r}.")
        options = Options.checked(
            hf_token=hf_token,
            status_callback=status_callback,
            wake_timeout=wake_timeout,
            allow_insecure_token=allow_insecure_token,
            auth=auth,
            headers=headers,
            cookies=cookies,
            verify=verify,
            proxies=proxies,
            timeout=timeout,
            deadline=deadline,
            retries=retries,
            max_message_bytes=max_message_bytes,
            session_hash=session_hash,
            max_workers=max_workers,
            history=history,
            history_bytes=history_bytes,
            download_dir=download_dir,
            oauth_token=oauth_token,
        )
        self._begin(source, options, ())
        self._connect()

    def _begin(self, source: str, options: Options, left_out: tuple[str, ...]) -> None:
        """Without a connection.

        Args:
            left_out: What it cannot connect without, and a pickle did not have.
        """
        self._source = source
        self._options = options
        self._left_out = left_out
        self._closing = SafeEvent()
        self._locks: dict[int, threading.Lock] = {}  # by process: a fork may inherit a held one
        self._pid = NOWHERE
        self._finalizer: weakref.finalize[..., Client] | None = None
        self._pickled: Client | None = None

    def _connect(self) -> None:
        """Connect in this process: at first, in a fork, and where a pickle came out."""
        if self._left_out:
            from ._connection.pickling import secrets_missing

            raise secrets_missing(self._source, self._left_out)
        pid, inherited = os.getpid(), self._pid
        if inherited != NOWHERE:
            self._options = self._options.replace(session_hash=None)  # the parent has it
        connection = connect(self._source, self._options, self._closing)
        with self._locks.setdefault(pid, threading.Lock()):
            is_first = self._pid == inherited  # else another thread was quicker
            if is_first:
                self._connection, self._pid = connection, pid
                if self._finalizer is not None:
                    self._finalizer.detach()
                # When it is collected; nobody waits for its jobs then, since they would hold it.
                self._finalizer = weakref.finalize(self, connection.close, 0.0, join=False)
                # That is the business of `_exit`. (To typeshed it is no property.)
                self._finalizer.atexit = False  # type: ignore[misc]
        if not is_first:
            connection.close(0.0, join=False)
        elif self._closing.is_set() and self._finalizer is not None:
            self._finalizer()  # closed meanwhile

    def _live(self) -> Connection:
        """The connection of this process: one made before a fork belongs to the parent."""
        if self._closing.is_set():
            raise ClientClosedError("The client is closed; make a new one.")
        if self._pid != os.getpid():
            self._connect()
        return self._connection

    def _known(self) -> Connection:
        """The same for what is known of a closed one, too."""
        return self._live() if self._pid == NOWHERE else self._connection

    @classmethod
    def duplicate(
        cls,
        source: str,
        *,
        hf_token: str | None = None,
        private: bool = False,
        timeout: float | None = None,
        hardware: str | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        to_id: str | None = None,
        status_callback: StatusCallback = None,
        **client_options: Any,
    ) -> Self:
        """Make a copy of a Space in your account, wait until it runs, and connect to it.

        A copy that exists already is used as it is; where it differs from what is asked for, a
        warning says so.

        Args:
            source: The Space: ``user/space``, its page on the Hub, or its app's address.
            hf_token: Of the account that will own the copy, with the right to write; the saved
                one is used where none is given.
            private: Whether only that account may see the copy.
            timeout: Minutes without a visitor after which the copy goes to sleep: 5 if not
                given, never if infinite. The free hardware has a time of its own instead.
            hardware: One of the Hub's names, such as ``"t4-small"``, which may cost money; the
                original's if not given, else ``"cpu-basic"``.
            secrets: Names and values of environment variables that nobody can read again.
            variables: Names and values of public environment variables.
            to_id: The name of the copy, ``user/space`` or ``space``; the original's name if not
                given.
            status_callback: As for `Client`; it is told of the copy.
            client_options: Others of `Client`; not its ``timeout``.

        Raises:
            DuplicationError: There is no token, or the Hub refuses: no right, no quota, a plan
                or a payment that is missing, or options that it does not know.
            SpaceNotFoundError: There is no such Space, or the token may not see it.
            SpaceNotReadyError: The copy cannot start, or did not within ``wake_timeout``.
            RateLimitError: The Hub is asked too often.

        Behaviour: ``duplicate`` of @gradio/client. Ours: `timeout` is in minutes, and part of the
        request itself, so that paid hardware never runs without it.
        """
        from ._spaces.duplication import WantedCopy, duplicate

        if not isinstance(source, str):
            raise TypeError(f"source is a Space, such as 'user/space', not {source!r}.")
        # A mistake in what is used later is found before there is a copy.
        inspect.signature(cls).bind(source, **client_options)
        options = {**client_options, "hf_token": hf_token, "status_callback": status_callback}
        checked = _options.check(options)
        wanted = WantedCopy(
            private=_options.flag("private", private),
            timeout=_options.minutes("timeout", timeout),
            hardware=hardware,
            secrets=_options.texts("secrets", secrets, headers=False),
            variables=_options.texts("variables", variables, headers=False),
            to_id=to_id,
        )
        copy = duplicate(
            source,
            wanted,
            checked["hf_token"],
            allow_insecure_token=checked.get("allow_insecure_token", False),
        )
        return cls(copy, hf_token=hf_token, status_callback=status_callback, **client_options)

    # -- what it is connected to --------------------------------------------------

    @property
    def source(self) -> str:
        """The app's address or Space name, as it was given."""
        return self._source

    @property
    def url(self) -> str:
        """The app's root: where requests go."""
        return self._known().app.root

    @property
    def config(self) -> Config:
        """The app's config, as the server sent it."""
        return self._known().app.config

    @property
    def session_hash(self) -> str:
        """The name of the session on the server; `reset_session` changes it."""
        return self._known().session_hash

    @property
    def protocol(self) -> Protocol:
        """How the app's queue talks: ``"ws"``, or one of the ``"sse"`` family."""
        return cast("Protocol", self._known().app.dialect.protocol)

    def view_api(self) -> ApiInfo:
        """Describe every endpoint: parameters, defaults, types, results.

        Returns:
            A dict with ``named_endpoints`` and ``unnamed_endpoints``, which prints as a
            table with a call to copy for each endpoint, and shows as one in notebooks.
            Apps that do not describe themselves (before 3.26) are described from
            their config, on this machine. Inputs that the app's own description leaves
            out, such as buttons, are an endpoint's ``hidden_parameters``.

        Behaviour: ``view_api`` of @gradio/client. Ours: types are the server's JSON
        schemas and Python's names for them, not TypeScript's.
        """
        from .display import ApiInfo

        connection = self._live()
        app = connection.app
        described = describe(connection.table, app.info(again=True))
        return ApiInfo(described, url=app.root, version=app.version)

    def function(self, endpoint: str | int | None = None) -> Function:
        """Make a Python function of an endpoint.

        Args:
            endpoint: As for `submit`.

        Returns:
            A function with the app's parameters, types, choices, defaults and description,
            as `inspect.signature`, `help` and editors show them. It waits for the final
            value and gives it bare: one output as it is, several as a tuple, none as
            ``None``. Its attribute ``submit`` takes the same and returns a `TypedJob` at
            once. To have such functions in a file, see ``gradio-client-sync types``.

        Raises:
            EndpointNotFoundError: No such endpoint, or not for clients to call.
            ClientClosedError: `close` was called.

        Example:
            >>> add = app.function("/add")
            >>> add(2, b=3)
            5
            >>> add.submit(2, 3).result()
            5
        """
        from .function import function_of

        return function_of(self, self._signature(endpoint))

    def _signature(self, endpoint: str | int | None) -> Signature:
        from ._protocol.api.signature import signature_of

        connection = self._live()
        return signature_of(connection.table.resolve(endpoint), connection.app.info())

    def _signatures(self) -> list[Signature]:
        from ._protocol.api.signature import signatures_of

        connection = self._live()
        return signatures_of(connection.table, connection.app.info())

    # -- calling ------------------------------------------------------------------

    def submit(
        self,
        endpoint: str | int | None = None,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        isolated: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Job:
        """Start a call and return at once.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash may be left out), or an
                ``fn_index``; ``None`` where the app has exactly one public endpoint.
            payload: Values by position as a list or tuple, or by parameter name as a
                dict. Parameters left out take the app's defaults. Inputs that the
                app's own description leaves out are sent as its page sends them, or as
                you give them: by name, or in a list of all inputs. Session state is
                not passed: it stays on the server. Files may stand anywhere in it:
                `handle_file`, path objects, bytes, open binary files, PIL images, files of
                earlier results; a text never is one.
            timeout: Seconds until the job has to be over, from now on: files, the queue and
                the function together. Then it is cancelled on the server, and ends with a
                `JobTimeoutError`. ``None`` is the client's `deadline`, ``math.inf`` none.
            isolated: Give the job a session of its own, which no other job's fault or
                cancellation can touch; it does not see the client's session state.
            idempotent: Running the function twice does no harm, so the job may be sent again
                (up to `retries` times) when it was lost after the app had taken it. What a
                loop or a listener was given before comes again, from the beginning.
            headers: Sent with this call besides the client's, and in their place where they
                have the same names: an id for the app's log, the trace of the caller. The
                function finds them in its ``gr.Request``.

        Returns:
            A `Job`, on its way. Listeners added later still get every event.

        Raises:
            EndpointNotFoundError: No such endpoint, or not for clients to call.
            PayloadError: The values do not fit; nothing was sent.
            FileError: A file cannot be read, or is too large for the app.
            ClientClosedError: `close` was called.

        What fails later (network, queue, the app) is raised by `Job.result`.

        Behaviour: ``submit`` of @gradio/client.

        Example:
            >>> app.submit("/add", {"a": 2, "b": 3}).result()[0]
            5
        """
        connection, order = self._order(endpoint, payload, timeout, isolated, idempotent, headers)
        return connection.submit(order)

    def _order(
        self,
        endpoint: str | int | None,
        payload: Payload,
        timeout: float | None,
        isolated: bool,
        idempotent: bool,
        headers: Mapping[str, str] | None,
    ) -> tuple[Connection, PreparedCall]:
        limit = self._options.deadline
        if timeout is not None:
            limit = _options.seconds("timeout", timeout)
        deadline = Deadline.after(limit)
        connection = self._live()
        app = connection.app
        while True:
            epoch, table = app.watch.epoch, app.table  # first: what changes later is then noticed
            target = connection.table.resolve(endpoint)
            by_parameter = isinstance(payload, Mapping)
            data = app.bind(target, payload, deadline)
            info = app.info(deadline) if by_parameter else None
            aim = Aim(target, epoch, isinstance(endpoint, int), by_parameter, info)
            try:
                return connection, connection.order(
                    aim,
                    data,
                    isolated=isolated,
                    deadline=deadline,
                    idempotent=idempotent,
                    headers=_options.texts("headers", headers),
                    owner=self,
                )
            except EndpointNotFoundError:
                if app.table is table:
                    raise
                # The app has changed just now, and the function was one of the app before.

    def predict(
        self,
        endpoint: str | int | None = None,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        isolated: bool = False,
        progress: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Data:
        """Call a function and wait for its final value.

        If the wait ends early, by `timeout` or Ctrl-C, the job is cancelled on the server
        before the exception leaves.

        Args:
            endpoint: As for `submit`.
            payload: As for `submit`.
            timeout: As for `submit`.
            isolated: As for `submit`.
            progress: Draw it meanwhile, as `Job.show_progress` does.
            idempotent: As for `submit`.
            headers: As for `submit`.

        Raises:
            JobTimeoutError: `timeout` passed.
            RateLimitError: The server is asked too often, for longer than there is time.
            MissingDependencyError: For `progress`, tqdm is needed; nothing was sent.
            GradioClientError: As for `submit` and `Job.result`.

        Example:
            >>> app.predict("/add", [2, 3])[0]
            5
        """
        bars = None
        if progress:
            from ._terminal.progress import ProgressBars

            bars = ProgressBars()
        connection, order = self._order(endpoint, payload, timeout, isolated, idempotent, headers)
        if bars is not None:
            return self._result(connection.submit(order), bars)
        return connection.call(order, self._result)

    def _result(self, job: Job, bars: ProgressBars | None = None) -> Data:
        """Wait for a job; one that is not waited for to its end is cancelled on the server."""
        try:
            if bars is not None:
                bars.watch(job)  # Ctrl-C may strike here, too: the first widget takes a while
            return job.result()
        except JobTimeoutError:
            control_of(job).wait_released(TIMEOUT_GRACE)
            raise
        except BaseException:
            if job.cancel():  # mostly it was Ctrl-C
                control_of(job).wait_released(EXIT_GRACE, hurry=True)
            raise
        finally:
            if bars is not None:
                bars.close()

    def component_server(self, component_id: int, fn_name: str, data: object = None) -> Any:
        """Call a function that a component of the app has on the server, and wait.

        Few components have any (the listing of a ``FileExplorer`` is one): the
        ``server_fns`` among the props of its entry in `config` names them.

        Args:
            component_id: The component's ``id`` in `config`.
            fn_name: The function's name.
            data: What it is given, as JSON. A dict with a key ``"binary"`` is sent as a
                form, the fields of which are in its ``"data"``: bytes, open binary files
                and `pathlib.Path` objects go as files, anything else as text. Gradio 4.44
                takes forms, 4.21 does not.

        Returns:
            What the function returns, as JSON has it.

        Raises:
            EndpointNotFoundError: The app has no such component or function.
            PayloadError, FileError: The data cannot be sent; nothing was.
            HTTPStatusError: The function failed; servers do not say why.
            ConnectFailedError: No answer.
            ClientClosedError: `close` was called.

        Behaviour: ``component_server`` of @gradio/client 2.7.0. Ours: failures raise,
        where JavaScript writes a warning and returns nothing.

        Example:
            >>> explorer = next(c for c in app.config["components"] if c["type"] == "fileexplorer")
            >>> app.component_server(explorer["id"], "ls", [])
            [{'name': 'notes.txt', 'type': 'file', 'valid': True}]
        """
        return self._live().component_server(component_id, fn_name, data)

    # -- the session ----------------------------------------------------------------

    def reset_session(self) -> None:
        """Start afresh: further calls have a new session, with state as the app starts it.

        What the app rendered for the old session cannot be called any more. Jobs under
        way go on in the old session to their end; then it is over, and an app that asked
        for it is told that its user is gone.

        Raises:
            ClientClosedError: `close` was called.

        Behaviour: as a page that is loaded again. ``reset_session`` of the official
        Python client does the same; JavaScript makes a new client.
        """
        self._live().reset_session()

    # -- the end ------------------------------------------------------------------

    def close(self) -> None:
        """Cancel every job, tell the server, and close all connections and threads.

        Further calls raise `ClientClosedError`, and so does a wait for a Space. Closing again
        does nothing.
        """
        self._closing.set()
        if self._finalizer is not None and self._finalizer.detach() is not None:
            self._connection.close(CLOSE_GRACE, join=True)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._pid == NOWHERE:
            return f"<Client {self._source.partition('?')[0]} (not connected yet)>"
        version = str(self.config.get("version", "?")).strip()
        state = ", closed" if self._closing.is_set() else ""
        return f"<Client {self.url} (Gradio {version}, {self.protocol}{state})>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from ._notebook.cards import client_bundle

        return client_bundle(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def __reduce__(self) -> Any:
        """Pickle the arguments, without secrets.

        The copy connects at its first use, with a session of its own. The saved token it finds
        where it is then; if it was made with other secrets, its use is an `AuthenticationError`
        that names them.
        """
        from ._connection.pickling import without_secrets

        source, options, left_out = without_secrets(self._source, self._options)
        return _unpickled, (type(self), source, options, (*self._left_out, *left_out))

    def _for_pickles(self) -> Client:
        """What fetches a file whose pickle comes out elsewhere; see `RemoteFile`."""
        if self._pickled is None:
            options = self._options.replace(session_hash=None, status_callback=None)
            self._pickled = _unconnected(Client, self._source, options, self._left_out)
        return self._pickled

    def _download_dir(self) -> Path | None:
        folder = self._options.download_dir
        return None if folder is None else Path(os.path.abspath(folder))

    def _files(self) -> FileStore:
        return self._live()._file_store

    def __copy__(self) -> Self:
        options = self._options.replace(session_hash=None)
        return _unconnected(type(self), self._source, options, self._left_out)

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()


client = Client  # as @gradio/client calls it
duplicate = Client.duplicate

_T = TypeVar("_T", bound=Client)


def _unconnected(cls: type[_T], source: str, options: Options, left_out: tuple[str, ...]) -> _T:
    """Make a client that connects at its first use."""
    client = cls.__new__(cls)
    client._begin(source, options, left_out)
    return client


def _unpickled(
    cls: type[_T], source: str, options: dict[str, Any], left_out: tuple[str, ...]
) -> _T:
    """Make a client of what its pickle has."""
    return _unconnected(cls, source, Options(**options), left_out)
