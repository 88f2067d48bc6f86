"""`Client` in the form of `gradio_client`, above the plain `gradio_client_sync.Client`.

It opens no connection of its own. It checks endpoints and arguments, with the errors that scripts
expect. The plain client makes the call. Its value or error is then converted to the form of
`gradio_client`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import Client as PlainClient
from .. import errors
from .._basics.printing import printable
from .._basics.secret import HiddenAttribute, Secret, hidden_source, hide, revealed, shown_source
from .._tracebacks import short_tracebacks
from . import _api_text
from . import utils as utils
from ._communicator import Communicator as Communicator
from ._copies import duplicated
from ._described import Described
from ._endpoints import Endpoint as Endpoint
from ._endpoints import chosen
from ._handled import with_uploads
from ._httpx_options import plain_options
from ._translated import of_connecting, translated
from ._updates import Status as Status
from ._updates import StatusUpdate as StatusUpdate
from .exceptions import AppError as AppError
from .exceptions import AuthenticationError as AuthenticationError
from .exceptions import QueueError as QueueError
from .exceptions import TooManyRequestsError as TooManyRequestsError
from .exceptions import ValidationError as ValidationError
from .job import Job as Job
from .job import Results

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from typing_extensions import Self

    from ..events import SpaceStatus

DEFAULT_TEMP_DIR = os.environ.get("GRADIO_TEMP_DIR") or os.path.join(
    tempfile.gettempdir(), "gradio"
)

_APP = "app"  # the key of the plain client, which is there while it is open

#: Options in `httpx_kwargs` that may be secret. The headers are merged with those of *headers*.
_SECRET = ("cookies", "proxies", "http_auth")

#: Names of older releases. All but the first two have had no effect for a long time.
_OLDER = ("hf_token", "output_dir", "serialize", "upload_files")


class _Attributes:
    """Attributes that the other client has as plain ones. Dumps of objects do not show these."""

    src: HiddenAttribute[str] = HiddenAttribute()
    token: HiddenAttribute[str | None] = HiddenAttribute()
    oauth_token: HiddenAttribute[str | None] = HiddenAttribute()
    cookies: HiddenAttribute[dict[str, str]] = HiddenAttribute()


@short_tracebacks("__init__", "__exit__", "__repr__")
class Client(_Attributes):
    """A connection to one Gradio app, with the names and values of `gradio_client`.

    Args:
        src: The URL of the app, or the name of a Space (``user/space``).
        token: A Hugging Face token, for private Spaces.
        max_workers: How many calls may run at the same time.
        verbose: Whether to print the address, and a line while a Space is being built.
        auth: User name and password, for apps launched with ``auth=``.
        httpx_kwargs: Options of the connection: ``timeout`` (for silence), ``proxy``, ``cookies``,
            ``headers``, ``verify``, ``cert``, ``auth``.
        headers: Headers for every request.
        download_files: The folder for files of results. ``False`` leaves them on the server.
        ssl_verify: ``False`` accepts any certificate. It may also be the path of trusted
            certificates, or an ``ssl.SSLContext``.
        analytics_enabled: Has no effect, because nothing is reported.
        oauth_token: A Hugging Face token for functions that request the token of their user.
        older: Names of older releases: ``hf_token``, ``output_dir``, ``serialize``,
            ``upload_files``.

    Raises:
        TypeError, ValueError: An option has a wrong type or value.
        AuthenticationError: The app requires a login, or did not accept the one that was given.
        ValueError: The Space does not exist or cannot start, or there is no app at the URL.
        ConnectFailedError: No server responds. It is also an ``httpx.ConnectError`` if the program
            has imported ``httpx``.
    """

    def __init__(
        self,
        src: str,
        token: str | None = None,
        max_workers: int = 40,
        verbose: bool = True,
        auth: tuple[str, str] | None = None,
        httpx_kwargs: dict[str, Any] | None = None,
        *,
        headers: dict[str, str] | None = None,
        download_files: str | os.PathLike[str] | Literal[False] = DEFAULT_TEMP_DIR,
        ssl_verify: bool | str | ssl.SSLContext = True,
        _skip_components: bool = True,
        analytics_enabled: bool = True,
        oauth_token: str | None = None,
        **older: Any,
    ) -> None:
        _check_older(older, _skip_components)
        folder = _folder(older.get("output_dir") or download_files)
        self.token = token if token is not None else older.get("hf_token")
        self.verbose = verbose
        self.oauth_token = oauth_token
        self.ssl_verify = ssl_verify
        self.download_files = folder
        self.output_dir = DEFAULT_TEMP_DIR if folder is False else os.fspath(folder)
        if folder is not False:
            _make_folder(self.output_dir)
        options = plain_options(revealed(httpx_kwargs))
        self._sent = _Sent({**options.pop("headers", {}), **revealed(headers or {})})
        options.update((name, hide(options[name])) for name in _SECRET if options.get(name))
        self.cookies = options.get("cookies", {})
        if ssl_verify is not True:
            options["verify"] = ssl_verify
        self._options: dict[str, Any] = {
            **options,
            "headers": self._sent.now,
            "hf_token": older.get("hf_token"),
            "token": token,
            "max_workers": max_workers,
            "auth": auth,
            "oauth_token": oauth_token,
            "status_callback": self._say_once_that_it_builds() if verbose else None,
        }
        self._source: str | Secret[str] = hidden_source(src)
        self._open: dict[str, PlainClient] = {}
        self._described = Described(self._known, self._connected)
        self._results = Results(
            None if folder is False else self.output_dir, self._described.add_paths
        )
        url = self._connected().url
        is_url = revealed(src).startswith(("http://", "https://"))
        self.space_id: str | None = None if is_url else revealed(src)
        self.src = f"{revealed(src).rstrip('/')}/" if is_url else url.rstrip("/")
        if verbose:
            print(printable(f"Loaded as API: {shown_source(self.src)}"))

    # -- the connection

    def _connect(self, session_hash: str | None) -> PlainClient:
        try:
            return PlainClient(self._source, **self._options, session_hash=session_hash)  # type: ignore[arg-type]  # it is hidden
        except errors.GradioClientError as exc:
            raise of_connecting(exc, shown_source(revealed(self._source))) from exc.__cause__

    def _connected(self) -> PlainClient:
        """Return the plain client. After `close`, connect again."""
        app = self._open.get(_APP)
        if app is None:
            made = self._connect(self._last_session)
            # Of two threads that connect, the first one counts. `setdefault` is one step.
            app = self._last = self._open.setdefault(_APP, made)
            if app is not made:
                made.close()
        return app

    _last: PlainClient
    _last_session: str | None = None

    def close(self) -> None:
        """Cancel all jobs and close the connection. A later call connects again."""
        app = self._open.pop(_APP, None)
        if app is not None:
            self._last_session = app.session_hash
            app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def reset_session(self) -> None:
        """Start a new session: later calls have the app's initial session state."""
        self._connected().reset_session()

    @staticmethod
    def _say_once_that_it_builds() -> Callable[[SpaceStatus], None]:
        said: list[str] = []

        def say(status: SpaceStatus) -> None:
            if status.status == "building" and not said:
                said.append(status.status)
                print("Space is still building. Please wait...")

        return say

    # -- the app

    def _known(self) -> PlainClient:
        """Return the plain client for its facts, which are still valid after `close`."""
        return self._last

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request. A change holds for all requests from then on."""
        return self._sent.headers.reveal()

    @headers.setter
    def headers(self, value: dict[str, str]) -> None:
        self._sent.headers = Secret(value)

    @property
    def config(self) -> Any:
        """The app's config, as the server sent it."""
        return self._known().config

    @property
    def protocol(self) -> str:
        """The protocol of the app's queue."""
        return self._known().protocol

    @property
    def app_version(self) -> Any:
        """The release of Gradio that the app uses, as a ``packaging.version.Version``."""
        from packaging.version import parse  # huggingface_hub depends on it

        return parse(str(self.config.get("version", "2.0")).strip())

    @property
    def session_hash(self) -> str:
        """The id of the session. A new value starts or continues another session."""
        return self._known().session_hash

    @session_hash.setter
    def session_hash(self, value: str) -> None:
        self._connected().reset_session(value)

    @property
    def endpoints(self) -> dict[int, Endpoint]:
        """The endpoints of the app by number."""
        return self._described.endpoints

    # -- calls

    def predict(
        self,
        /,
        *args: Any,
        api_name: str | None = None,
        fn_index: int | None = None,
        headers: Mapping[str, str] | None = None,
        result_callbacks: Callable[..., Any] | list[Callable[..., Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Call an endpoint, wait for the result, and return it.

        Args:
            args: The values by position.
            api_name: The name of the endpoint, with a slash.
            fn_index: The number of the endpoint, if there is no name.
            headers: Headers for this call.
            result_callbacks: One function or several, called with the outputs after a success.
            kwargs: The values by parameter name.

        Returns:
            The value: the only output itself, several outputs as a tuple, and ``()`` for none.
            Files are paths.

        Raises:
            ValueError: The app has no such endpoint.
            TypeError: The arguments do not fit the endpoint.
            AppError: The app's function raised an exception.
            GradioClientError: The base class of all errors of a call.
        """
        if result_callbacks:
            kwargs["result_callbacks"] = result_callbacks
        elif "submit" not in vars(self) and type(self).submit is _OWN_SUBMIT:
            return self._predict(args, api_name, fn_index, headers, kwargs)
        if headers is not None:  # the `submit` of a subclass for older releases does not take it
            kwargs["headers"] = headers
        job = self.submit(*args, api_name=api_name, fn_index=fn_index, **kwargs)
        try:
            return job.result()
        except KeyboardInterrupt:
            job.cancel()
            raise

    def _predict(
        self,
        args: tuple[Any, ...],
        api_name: str | None,
        fn_index: int | None,
        headers: Mapping[str, str] | None,
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Make a call like `submit` and `result`, without a job if the plain client needs none."""
        app = self._connected()
        endpoint = chosen(self.endpoints, api_name, fn_index)
        payload = endpoint.arranged(args, kwargs)
        try:
            payload = with_uploads(payload, self._described.is_named)
            data = app.predict(endpoint.key, payload, headers=_of_call(headers))
            return self._results.value(data)
        except errors.GradioClientError as exc:
            raise translated(exc) from exc.__cause__

    def submit(
        self,
        /,
        *args: Any,
        api_name: str | None = None,
        fn_index: int | None = None,
        headers: Mapping[str, str] | None = None,
        result_callbacks: Callable[..., Any] | list[Callable[..., Any]] | None = None,
        **kwargs: Any,
    ) -> Job:
        """Start a call and return at once.

        Args:
            args: The values by position.
            api_name: The name of the endpoint, with a slash.
            fn_index: The number of the endpoint, if there is no name.
            headers: Headers for this call.
            result_callbacks: One function or several, called with the outputs after a success.
            kwargs: The values by parameter name.

        Returns:
            The running `Job`.

        Raises:
            ValueError: The app has no such endpoint.
            TypeError: The arguments do not fit the endpoint.

        All later errors are raised by `Job.result`.
        """
        app = self._connected()
        endpoint = chosen(self.endpoints, api_name, fn_index)
        payload = endpoint.arranged(args, kwargs)
        try:
            payload = with_uploads(payload, self._described.is_named)
            running = app.submit(endpoint.key, payload, headers=_of_call(headers))
        except errors.GradioClientError as exc:
            job = Job.failed(translated(exc), self._results)
        else:
            job = Job(running, self._results, verbose=self.verbose, space_id=self.space_id)
        if result_callbacks:
            job.call_back(result_callbacks)
        return job

    # -- the description

    @overload
    def view_api(
        self,
        all_endpoints: bool | None = None,
        print_info: bool = True,
        return_format: None = None,
    ) -> None: ...
    @overload
    def view_api(
        self,
        all_endpoints: bool | None = None,
        print_info: bool = True,
        *,
        return_format: Literal["dict"],
    ) -> dict[str, Any]: ...
    @overload
    def view_api(
        self,
        all_endpoints: bool | None = None,
        print_info: bool = True,
        *,
        return_format: Literal["str"],
    ) -> str: ...
    @overload
    def view_api(
        self, all_endpoints: bool | None, print_info: bool, return_format: Literal["dict"]
    ) -> dict[str, Any]: ...
    @overload
    def view_api(
        self, all_endpoints: bool | None, print_info: bool, return_format: Literal["str"]
    ) -> str: ...
    def view_api(
        self,
        all_endpoints: bool | None = None,
        print_info: bool = True,
        return_format: Literal["dict", "str"] | None = None,
    ) -> dict[str, Any] | str | None:
        """Print or return a description of the endpoints.

        Args:
            all_endpoints: Whether to list the endpoints without a name. ``None`` lists them if
                there are no others.
            print_info: Whether to print the description.
            return_format: ``"dict"`` returns the server's description, ``"str"`` the text.

        Returns:
            The description, or ``None`` without a `return_format`.
        """
        described = self._described.read()
        if print_info or return_format == "str":
            text = _api_text.api_text(described, all_endpoints)
            if print_info:
                print(printable(text))
            if return_format == "str":
                return text
        return described if return_format == "dict" else None

    def __repr__(self) -> str:
        if "_src" not in vars(self):  # a debugger shows the client while it connects
            return "<Client (not connected yet)>"
        if not self._open and not self._described.is_read:
            return printable(f"<Client {shown_source(self.src)} (closed)>")
        return printable(self.view_api(print_info=False, return_format="str"))

    def __str__(self) -> str:
        return repr(self)

    # -- copies of Spaces

    @classmethod
    def duplicate(
        cls,
        from_id: str,
        to_id: str | None = None,
        token: str | None = None,
        private: bool = True,
        hardware: str | None = None,
        secrets: dict[str, str] | None = None,
        sleep_timeout: int = 5,
        max_workers: int = 40,
        verbose: bool = True,
        *,
        hf_token: str | None = None,
    ) -> Self:
        """Copy a Space to your account, wait until the copy runs, and connect to it.

        If the copy already exists, it is used unchanged.

        Args:
            from_id: The name of the Space: ``user/space``.
            to_id: The name of the copy. The default is the name of the original.
            token: A token with write access. The default is the token that is saved.
            private: Whether only your account may see the copy.
            hardware: A hardware name of the Hub. The default is the hardware of the original.
            secrets: Secrets of the copy.
            sleep_timeout: Minutes without a visitor after which the copy goes to sleep.
            max_workers: How many calls may run at the same time.
            verbose: Whether to print each step.
            hf_token: An older name of `token`.

        Raises:
            ValueError: The Space does not exist, or the token has no access to it.
            SpaceDuplicationError: The Hub refuses the request.
        """
        token = token if token is not None else hf_token
        copy = duplicated(
            from_id, to_id, token, private, str_of(hardware), secrets, sleep_timeout, verbose
        )
        return cls(copy, token=token, max_workers=max_workers, verbose=verbose)


_OWN_SUBMIT = Client.submit


def str_of(hardware: Any) -> str | None:
    """Return the name of a hardware, also if it is a member of an enumeration of the Hub."""
    return None if hardware is None else str(getattr(hardware, "value", hardware))


def _check_older(older: Mapping[str, Any], skip_components: bool) -> None:
    for name in older:
        if name not in _OLDER:
            raise TypeError(f"Client() has no option {name!r}.")
    if not skip_components:
        raise TypeError(
            "_skip_components=False is not supported: session state and layout are never part of "
            "a result, because they stay on the server."
        )


class _Sent:
    """The headers of all requests. It does not hold the client, so a client can be collected.

    Args:
        headers: The headers, which the script may change or replace.
    """

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers: Secret[dict[str, str]] = Secret(headers)

    def now(self) -> dict[str, str]:
        """Return the headers for a request."""
        return _without_user(dict(self.headers.reveal()))  # another thread may change it meanwhile


def _without_user(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without the one that marks the caller as a program."""
    return {name: value for name, value in headers.items() if name.lower() != "x-gradio-user"}


def _of_call(headers: Any) -> dict[str, str] | None:
    """Return the headers of a call, which may be hidden."""
    return _without_user(revealed(headers)) if headers else None


def _folder(download_files: Any) -> Any:
    """Return the folder for downloads, or ``False``. ``True`` and ``None`` are not changed."""
    if download_files is True:
        return DEFAULT_TEMP_DIR
    return False if download_files is None else download_files


def _make_folder(path: str) -> None:
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"download_files is {path!r}, which is not a directory.")
    os.makedirs(path, exist_ok=True)
