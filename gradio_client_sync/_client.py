"""`Client`: the connection to an app, and the entry point of the package."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

from . import _options
from ._basics.printing import printable
from ._basics.secret import revealed
from ._connection.lifecycle import Lifecycle
from ._connection.preparing import prepare
from ._face.explained import ExplainsAttributes, check_options, explained
from ._face.maps_calls import MapsCalls
from ._face.waiting import wait_for_result
from ._job.event_log import HISTORY_BYTES
from ._options import Options
from ._protocol.api.api_info import describe
from ._protocol.queue.eventstream import MESSAGE_BYTES
from ._tracebacks import short_tracebacks

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    import requests
    from typing_extensions import Self

    from ._basics.secret import Secret
    from ._connection.connection import Connection
    from ._files.download import FileStore
    from ._many.items import Caller
    from ._options import StatusCallback
    from ._protocol.api.endpoint import Endpoint, EndpointTable
    from ._protocol.api.signature import Signature
    from .display import ApiInfo
    from .events import Data
    from .function import Function
    from .job import Job
    from .types import Config, Payload, Protocol

CONNECT_TIMEOUT = 10.0  # s
READ_TIMEOUT = 60.0  # s; four heartbeats of the server
MAX_WORKERS = 1024  # running jobs; each has a thread, which costs little while it waits
HISTORY = 10_000  # messages
WAKE_TIMEOUT = 900.0  # s; large Spaces build and load for many minutes
RETRIES = 3
CLOSE_GRACE = 2.0  # s for the requests that cancel the jobs on the server


@short_tracebacks("__init__", "__exit__")
class Client(MapsCalls, ExplainsAttributes):
    """A connection to one Gradio app (Gradio 3.10 and later).

    Connecting sends one request, which reads the app's config. All calls share one session, so
    the app's session state is kept from one call to the next. Every method may be called from
    any thread.

    Args:
        source: The URL of the app, as a browser shows it. Or a Space: ``user/space``, the URL
            of its page on the Hub, or the URL of its app.
        hf_token: A Hugging Face token. It is sent only to the Hub and to the app that `source`
            names. For Spaces, the default is the token that is saved on this machine.
        token: Another name of `hf_token`.
        status_callback: A function that is called with a `SpaceStatus` each time the state of a
            Space changes, until the Space runs or has failed. ``"auto"`` shows the wait as one
            line in a terminal or notebook.
        wake_timeout: Seconds to wait for a Space that sleeps, builds or starts. ``None`` waits
            without a limit.
        allow_insecure_token: Send `hf_token` also over plain http to another machine, where
            others can read it.
        auth: User name and password, for apps launched with ``auth=``.
        http_auth: The login for a gateway in front of the app: user name and password for Basic,
            or what `requests` takes as ``auth=``, such as ``HTTPDigestAuth``. It acts on every
            request to the app's origin, including the websocket handshake, and on no other.
        cert: A client certificate, as in `requests`: the path of a file with certificate and key,
            or a pair of paths. It is shown to the app's origin only.
        session: A `requests.Session`. Its headers, cookies, auth, proxies, verify, cert and
            ``trust_env`` are read when the client connects; other options of the client count
            more. If you mounted an adapter, it sends the requests to its URLs.
        headers: Headers that are sent with every request, including the websocket handshake. A
            function that returns them is called for each request, so that they can change.
        cookies: Cookies that are sent with every request, including the websocket handshake.
        verify: ``False`` accepts any certificate. A path names a CA bundle. An
            `ssl.SSLContext` decides by itself, and may have a client certificate.
        proxies: A mapping of URL schemes to proxy URLs, as in `requests`. Proxies of the
            environment variables are used for the other schemes.
        timeout: Seconds to wait for a connection, and seconds without any data before a
            connection counts as lost: a pair, or one number for both. ``None`` waits without a
            limit. It does not limit how long a function may run; use `deadline` for that.
        deadline: Seconds that a call may take in total, from `submit` to its result. The
            ``timeout=`` of a call replaces it. Connecting may take as long, too. ``None`` sets
            no limit.
        retries: How many times to send a request again. Only requests without an effect are sent
            again: those that the server did not accept (connection refused, 429, 502, 503) and
            read-only ones. The intervals grow, and the deadline still holds. A request that
            may have started a function is not sent again, except by ``idempotent=`` of `submit`.
        max_message_bytes: The maximum length of one message or response of the server.
        session_hash: The id of the session; random by default. If two clients use the same id at
            the same time, each receives messages that belong to the other.
        max_workers: How many jobs may run at the same time. Further jobs wait in this process.
        history: How many messages a job keeps for listeners and iterations that start late.
        history_bytes: The maximum total length of these messages. Beyond it, the job drops the
            oldest ones.
        download_dir: The folder for downloaded files of results. By default, it is a private
            folder that is removed when the process exits. The folder is created at the first
            download.
        oauth_token: A Hugging Face token for functions that request the token of their user.

    Raises:
        TypeError, ValueError: An option has a wrong type or value. The message names the option.
        ConnectFailedError: No server responds at the URL.
        AuthenticationError: The app requires a login, or did not accept the one that was given.
        ConfigError: The server at the URL is not a Gradio app.
        UnsupportedAppError: The app uses Gradio 2, or a protocol newer than this client knows.
        SpaceNotFoundError: The Space does not exist, or the token has no access to it.
        SpaceNotReadyError: The Space cannot start, or did not start within `wake_timeout`.
        RateLimitError: The Hub or the Space limited the rate of requests (429).

    Example:
        >>> with Client("http://127.0.0.1:7860") as app:
        ...     app.predict("/add", [2, 3])[0]
        5
    """

    _lifecycle: Lifecycle
    _for_files: Client | None = None

    @explained("client")
    def __init__(
        self,
        source: str,
        *,
        hf_token: str | None = None,
        token: str | None = None,
        status_callback: StatusCallback = None,
        wake_timeout: float | None = WAKE_TIMEOUT,
        allow_insecure_token: bool = False,
        auth: tuple[str, str] | None = None,
        http_auth: tuple[str, str] | Callable[[Any], Any] | None = None,
        cert: str | os.PathLike[str] | tuple[str | os.PathLike[str], ...] | None = None,
        session: requests.Session | None = None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        cookies: Mapping[str, str] | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
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
        if not isinstance(revealed(source), str):
            raise TypeError(
                f"source must be a URL or the name of a Space, not {source!r}."
                + (f" Write 'http://127.0.0.1:{source!r}'." if repr(source).isdigit() else "")
            )
        options = Options.checked(
            hf_token=_options.one_token(hf_token, token),
            status_callback=status_callback,
            wake_timeout=wake_timeout,
            allow_insecure_token=allow_insecure_token,
            auth=auth,
            http_auth=http_auth,
            cert=cert,
            session=session,
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
        self._lifecycle = Lifecycle(source, options)
        self._lifecycle.open()

    @property
    def _connection(self) -> Connection:
        """The last connection, also if it is closed, because its facts are still valid."""
        return self._lifecycle.last()

    @classmethod
    def duplicate(
        cls,
        source: str,
        *,
        hf_token: str | None = None,
        token: str | None = None,
        private: bool = False,
        timeout: float | None = None,
        hardware: str | None = None,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        to_id: str | None = None,
        status_callback: StatusCallback = None,
        **client_options: Any,
    ) -> Self:
        """Copy a Space to your account, wait until the copy runs, and connect to it.

        If the copy already exists, it is used unchanged. A warning names the options in which it
        differs from the requested ones.

        Args:
            source: The Space: ``user/space``, the URL of its page on the Hub, or the URL of its
                app.
            hf_token: A token with write access to the account that will own the copy. The
                default is the token that is saved on this machine.
            token: Another name of `hf_token`.
            private: Whether only that account may see the copy.
            timeout: Minutes without a visitor after which the copy goes to sleep. The default is
                5; ``math.inf`` means never. Free hardware ignores it and has a fixed time.
            hardware: A hardware name of the Hub, such as ``"t4-small"``; some cost money. The
                default is the hardware of the original, else ``"cpu-basic"``.
            secrets: Environment variables whose values cannot be read again after they are set.
            variables: Public environment variables.
            to_id: The name of the copy: ``user/space`` or ``space``. The default is the name of
                the original.
            status_callback: A function that is called with a `SpaceStatus` each time the state of
                the copy changes, or ``"auto"`` to show the wait as one line.
            client_options: Further options of `Client`, except its ``timeout``.

        Returns:
            A client that is connected to the copy.

        Raises:
            DuplicationError: No token is available, or the Hub refuses the request: missing
                permission, quota, plan or payment, or an unknown option.
            SpaceNotFoundError: The Space does not exist, or the token has no access to it.
            SpaceNotReadyError: The copy cannot start, or did not start within ``wake_timeout``.
            RateLimitError: The Hub limited the rate of requests (429).

        Behaviour:
            ``duplicate`` of @gradio/client. Difference: `timeout` is in minutes. It is part of the
            duplication request, so paid hardware never runs without it.
        """
        from ._spaces.duplication import WantedCopy, duplicate

        if not isinstance(revealed(source), str):
            raise TypeError(f"source must be a Space, such as 'user/space', not {source!r}.")
        # All arguments are checked before the copy is made, also those that are used after it.
        owner: Any = _options.one_token(hf_token, token)
        check_options(cls, source, client_options)
        options = {**client_options, "hf_token": owner, "status_callback": status_callback}
        checked = _options.check(options)
        wanted = WantedCopy.checked(private, timeout, hardware, secrets, variables, to_id)
        copy = duplicate(
            source,
            wanted,
            checked["hf_token"],
            allow_insecure_token=checked.get("allow_insecure_token", False),
        )
        return cls(copy, hf_token=owner, status_callback=status_callback, **client_options)

    # -- the app ------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The URL or Space name that was passed to `Client`."""
        return cast("str", revealed(self._lifecycle.source))

    @property
    def url(self) -> str:
        """The root URL of the app, to which requests are sent."""
        return self._connection.app.root

    @property
    def config(self) -> Config:
        """The app's config, as the server sent it."""
        return self._connection.app.config

    @property
    def session_hash(self) -> str:
        """The id of the session on the server. `reset_session` changes it."""
        return self._connection.session_hash

    @property
    def protocol(self) -> Protocol:
        """The protocol of the app's queue: ``"ws"``, ``"sse"``, or ``"sse_v1"`` to ``"sse_v3"``."""
        return cast("Protocol", self._connection.app.dialect.protocol)

    @explained("description")
    def view_api(self, endpoint: str | int | None = None) -> ApiInfo:
        """Describe the endpoints: their parameters, defaults, types and return values.

        Args:
            endpoint: Describe only this endpoint: a name such as ``"/predict"`` or an
                ``fn_index``. ``None`` describes all that the app documents.

        Returns:
            A dict with the keys ``named_endpoints`` and ``unnamed_endpoints``. ``print`` and
            notebooks show it as a table, with a call to copy for each endpoint. Each endpoint
            lists as ``hidden_parameters`` the inputs that the app's own description leaves out,
            such as buttons. Apps before 3.26 have no description of their own; this client makes
            one from their config. Its attribute ``sent`` is the app's own description.

        Raises:
            EndpointNotFoundError: The app has no such endpoint, or clients may not call it.
            ClientClosedError: `close` was called.

        Behaviour:
            ``view_api`` of @gradio/client. Difference: types are given as the server's JSON schemas
            and as Python types, instead of TypeScript types.
        """
        from .display import ApiInfo

        connection = self._lifecycle.current()
        app, table = connection.app, connection.table
        only = None if endpoint is None else table.resolve(endpoint)
        info = app.info(again=True)
        return ApiInfo(describe(table, info, only), url=app.root, version=app.version, sent=info)

    def function(self, endpoint: str | int | None = None) -> Function:
        """Make a Python function that calls an endpoint.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
                ``None`` is allowed if the app has exactly one public endpoint.

        Returns:
            A function with the parameters, types, choices, defaults and description of the
            endpoint. `inspect.signature`, `help` and editors show them. The function waits for
            the final value. It returns the output itself if there is one, a tuple if there are
            several, and ``None`` if there is none. Its attribute ``submit`` has the same
            parameters and returns a `TypedJob` at once. Its attribute ``with_options`` returns the
            same function with options for each call, such as a timeout. The command
            ``gradio-client-sync types`` writes such functions to a file.

        Raises:
            EndpointNotFoundError: The app has no such endpoint, or clients may not call it.
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

    @property
    def _title(self) -> str:
        return self._connection.app.table.title

    def _table(self) -> EndpointTable:
        return self._lifecycle.current().table

    def _endpoint(self, endpoint: str | int | None) -> Endpoint:
        return self._table().resolve(endpoint)

    def _signature(self, endpoint: str | int | None) -> Signature:
        from ._protocol.api.signature import signature_of

        connection = self._lifecycle.current()
        return signature_of(connection.table.resolve(endpoint), connection.app.info())

    def _signatures(self) -> list[Signature]:
        from ._protocol.api.signature import signatures_of

        connection = self._lifecycle.current()
        return signatures_of(connection.table, connection.app.info())

    # -- calling ------------------------------------------------------------------

    @explained("call")
    def submit(
        self,
        endpoint: str | int | None = None,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        isolated: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
        event_data: object = None,
        trigger_id: int | None = None,
    ) -> Job:
        """Start a call and return at once.

        Errors that happen later (network, queue, the app's function) are raised by `Job.result`.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
                ``None`` is allowed if the app has exactly one public endpoint.
            payload: The input values: a list or tuple by position, a dict by parameter name, or
                ``None`` for no values. A parameter without a value gets the app's default.
                Inputs that the app's own description leaves out get the value that the app's
                page sends, unless you pass one by name or in a list of all inputs. Session state
                is not passed, because it stays on the server. Files may be at any place in the
                payload: `handle_file`, path objects, bytes, open binary files, PIL images and
                files of earlier results. Outside `handle_file`, a string is never a file path.
            timeout: Seconds that the call may take in total, including uploads and the queue.
                After that, the job is cancelled on the server and ends with a
                `JobTimeoutError`. ``None`` means the client's `deadline`, ``math.inf`` no limit.
            isolated: Run the call in its own session. Errors and cancellations of other jobs do
                not affect it, and it does not share the client's session state.
            idempotent: Declare that the function may run twice without harm. Then the job is sent
                again (up to `retries` times) if the connection is lost after the app accepted
                it. Listeners and iterations then receive all events again, from the first.
            headers: Headers for this call, such as a request id for the app's log. They are
                added to the client's headers and replace those of the same name. The function
                reads them from its ``gr.Request``.
            event_data: What the function finds in its ``gr.EventData``, such as
                ``{"index": 1, "value": "b"}`` for a ``gr.SelectData``. The app's page sends it
                with events like ``select``.
            trigger_id: The ``id`` in `config` of the component whose event the call stands for. It
                is the ``target`` of that ``gr.EventData``.

        Returns:
            The running `Job`. Listeners that are added later still receive every event.

        Raises:
            EndpointNotFoundError: The app has no such endpoint, or clients may not call it.
            PayloadError: The values do not fit the endpoint. Nothing was sent.
            FileError: A file cannot be read, or is too large for the app.
            ClientClosedError: `close` was called.

        Example:
            >>> app.submit("/add", {"a": 2, "b": 3}).result()[0]
            5

        Behaviour:
            ``submit`` of @gradio/client.
        """
        connection, call = prepare(
            self._lifecycle,
            self,
            endpoint,
            payload,
            timeout=timeout,
            isolated=isolated,
            idempotent=idempotent,
            headers=headers,
            event_data=event_data,
            trigger_id=trigger_id,
            method="submit",
        )
        return connection.submit(call)

    @explained("call")
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
        event_data: object = None,
        trigger_id: int | None = None,
    ) -> Data:
        """Call an endpoint and wait for its final value.

        If the wait ends early, by `timeout` or Ctrl-C, the job is cancelled on the server before
        the exception is raised.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
                ``None`` is allowed if the app has exactly one public endpoint.
            payload: The input values: a list or tuple by position, a dict by parameter name, or
                ``None`` for no values. A parameter without a value gets the app's default.
                Inputs that the app's own description leaves out get the value that the app's
                page sends, unless you pass one by name or in a list of all inputs. Session state
                is not passed, because it stays on the server. Files may be at any place in the
                payload: `handle_file`, path objects, bytes, open binary files, PIL images and
                files of earlier results. Outside `handle_file`, a string is never a file path.
            timeout: Seconds that the call may take in total, including uploads and the queue.
                After that, the job is cancelled on the server and ends with a
                `JobTimeoutError`. ``None`` means the client's `deadline`, ``math.inf`` no limit.
            isolated: Run the call in its own session. Errors and cancellations of other jobs do
                not affect it, and it does not share the client's session state.
            progress: Show the progress while the call runs, as a line on standard error or a
                widget in a notebook: uploads, the position in the queue, the app's own bars.
            idempotent: Declare that the function may run twice without harm. Then the job is sent
                again (up to `retries` times) if the connection is lost after the app accepted
                it.
            headers: Headers for this call, such as a request id for the app's log. They are
                added to the client's headers and replace those of the same name. The function
                reads them from its ``gr.Request``.
            event_data: What the function finds in its ``gr.EventData``, such as
                ``{"index": 1, "value": "b"}`` for a ``gr.SelectData``. The app's page sends it
                with events like ``select``.
            trigger_id: The ``id`` in `config` of the component whose event the call stands for. It
                is the ``target`` of that ``gr.EventData``.

        Returns:
            The final value: a sequence with one item for each output.

        Raises:
            EndpointNotFoundError: The app has no such endpoint, or clients may not call it.
            PayloadError: The values do not fit the endpoint. Nothing was sent.
            FileError: A file cannot be read or uploaded, or is too large for the app.
            ValidationError: The app's validators refused the values.
            AppError: The app's function raised an exception.
            QueueFullError: The app's queue is full. The function did not run.
            ConnectFailedError, BrokenStreamError: The connection failed or was lost.
            JobTimeoutError: `timeout` passed.
            RateLimitError: The server limited the rate of requests (429), and the wait that it
                asked for does not fit into the time that is left.
            MissingDependencyError: `progress` needs tqdm (extra ``progress``). Nothing was sent.
            ClientClosedError: `close` was called.
            GradioClientError: The base class of these errors; some rarer ones exist.

        Example:
            >>> app.predict("/add", [2, 3])[0]
            5
        """
        bars = None
        if progress:
            from ._terminal.progress import ProgressBars

            bars = ProgressBars()
        connection, call = prepare(
            self._lifecycle,
            self,
            endpoint,
            payload,
            timeout=timeout,
            isolated=isolated,
            idempotent=idempotent,
            headers=headers,
            event_data=event_data,
            trigger_id=trigger_id,
            method="predict",
        )
        if bars is not None:
            return wait_for_result(connection.submit(call), bars)
        return connection.call(call, wait_for_result)

    def component_server(self, component_id: int, fn_name: str, data: object = None) -> Any:
        """Call a server function of one component of the app, and wait for its result.

        Few components have server functions; the directory listing of a ``FileExplorer`` is one.
        `config` names them as ``server_fns`` in the ``props`` of the component.

        Args:
            component_id: The component's ``id`` in `config`.
            fn_name: The name of the function.
            data: The argument of the function, a value that JSON can represent. A dict with the
                key ``"binary"`` is sent as a form instead, with the fields in its ``"data"``:
                bytes, open binary files and `pathlib.Path` objects are sent as files, other
                values as text. Gradio 4.44 accepts forms, 4.21 does not.

        Returns:
            The return value of the function, decoded from JSON.

        Raises:
            EndpointNotFoundError: The app has no such component or function.
            PayloadError, FileError: The data cannot be sent. Nothing was sent.
            HTTPStatusError: The function failed. Servers do not give the reason.
            ConnectFailedError: The server could not be reached or did not respond.
            ClientClosedError: `close` was called.

        Example:
            >>> explorer = next(c for c in app.config["components"] if c["type"] == "fileexplorer")
            >>> app.component_server(explorer["id"], "ls", [])
            [{'name': 'notes.txt', 'type': 'file', 'valid': True}]

        Behaviour:
            ``component_server`` of @gradio/client 2.7.0. Difference: a failure raises an exception.
            JavaScript prints a warning and returns nothing.
        """
        return self._lifecycle.current().component_server(component_id, fn_name, data)

    def _caller(self, endpoint: str | int | None, **options: Any) -> Caller:
        from ._many.client_caller import ClientCaller

        return ClientCaller(self._lifecycle, self, endpoint, **options)

    # -- the session ----------------------------------------------------------------

    def reset_session(self, session_hash: str | None = None) -> None:
        """Start a new session: later calls use it, with the app's initial session state.

        Functions that the app rendered for the old session can no longer be called. Running jobs
        end in the old session. After the last one, the old session is closed, and the app's
        ``unload`` listeners run, if it has any.

        Args:
            session_hash: The id of the new session; random by default. With the id of a session
                that the server still has, later calls use that session.

        Raises:
            TypeError, ValueError: `session_hash` is not a valid id.
            ClientClosedError: `close` was called.

        Behaviour:
            The same as reloading the app's page in a browser. ``reset_session`` of the official
            Python client does the same. In JavaScript, one creates a new client.
        """
        self._lifecycle.current().reset_session(_options.token("session_hash", session_hash))

    # -- the end ------------------------------------------------------------------

    def close(self) -> None:
        """Cancel every job, here and on the server, and close all connections and threads.

        Later calls raise `ClientClosedError`. A thread that waits for a Space to start gets the
        same error. Closing a client twice does nothing.
        """
        self._lifecycle.close(CLOSE_GRACE)

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
        lifecycle: Lifecycle | None = vars(self).get("_lifecycle")  # None in a debugger, at first
        source = "…" if lifecycle is None else lifecycle.name.partition("?")[0]
        if lifecycle is None or not lifecycle.was_opened:
            return printable(f"<Client {source} (not connected yet)>")
        version = str(self.config.get("version", "?")).strip()
        state = ", closed" if lifecycle.is_closed else ""
        return printable(f"<Client {self.url} (Gradio {version}, {self.protocol}{state})>")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from ._notebook.cards import client_bundle

        return client_bundle(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def __reduce__(self) -> Any:
        """Return the arguments of the client for its pickle, without secrets.

        The unpickled client connects at its first use, with its own session. It uses the token
        that is saved on the machine where it is unpickled. If the original client had other
        secrets, the first use raises an `AuthenticationError` that names them.
        """
        return _unpickled, (type(self), *self._lifecycle.without_secrets())

    def _for_pickles(self) -> Client:
        """Return an unconnected client that is pickled with a `RemoteFile`, to fetch it later."""
        if self._for_files is None:
            self._for_files = _unconnected(Client, self._lifecycle.copy(status_callback=None))
        return self._for_files

    def _download_dir(self) -> Path | None:
        folder = self._lifecycle.options.download_dir
        return None if folder is None else Path(os.path.abspath(folder))

    def _files(self) -> FileStore:
        return self._lifecycle.current().files.store

    def __copy__(self) -> Self:
        return _unconnected(type(self), self._lifecycle.copy())

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()


client = Client  # as @gradio/client calls it
duplicate = Client.duplicate

_T = TypeVar("_T", bound=Client)


def _unconnected(cls: type[_T], lifecycle: Lifecycle) -> _T:
    """Make a client that connects at its first use."""
    client = cls.__new__(cls)
    client._lifecycle = lifecycle
    return client


def unconnected(source: str | Secret[str], options: Mapping[str, Any]) -> Client:
    """Make a client that connects at its first use, for a `Pool`.

    Args:
        source: The URL or the Space.
        options: The options of `Client`, which are checked now.

    Raises:
        TypeError, ValueError: An option has a wrong type or value. The message names it.
    """
    import inspect  # a module that plain calls do not need

    check_options(Client, source, options)
    parameters = inspect.signature(Client).parameters
    values = {n: p.default for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    values.update(options)
    values["hf_token"] = _options.one_token(values["hf_token"], values.pop("token"))
    return _unconnected(Client, Lifecycle(source, Options.checked(**values)))


def _unpickled(
    cls: type[_T], source: str, options: dict[str, Any], left_out: tuple[str, ...]
) -> _T:
    """Make a client from the content of its pickle."""
    return _unconnected(cls, Lifecycle(source, Options(**options), left_out))
