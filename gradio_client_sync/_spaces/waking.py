"""Wake a Hugging Face Space, and wait until it runs.

A request to its app wakes a Space that sleeps. Then the Space builds and starts. The Hub sends no
event when the state changes, so this module requests the state again and again, with growing
intervals. Another thread can end each wait, and all waits share one time limit.
"""

from __future__ import annotations

import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

from .._protocol.retry import backoff
from .._protocol.routes import root_of
from .._protocol.space import NOT_FOUND, NOT_LOADED, asks_for_author, remedy, status_of
from ..errors import (
    AuthenticationError,
    ClientClosedError,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    RateLimitError,
    SpaceError,
    SpaceNotFoundError,
    SpaceNotReadyError,
    UnsupportedAppError,
)
from .hub import Hub

if TYPE_CHECKING:
    from .._protocol.space import SpaceName
    from ..events import SpaceStatus

log = logging.getLogger(__name__)

T = TypeVar("T")


class WakeTimeout:
    """The time limit of all waits for one Space.

    Args:
        timeout: Seconds from now; ``None`` for no limit.
        wait: A function that waits for the given seconds. It returns ``True`` early if the client
            is closed.
        now: A clock, in seconds.
    """

    def __init__(
        self,
        timeout: float | None,
        wait: Callable[[float], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.timeout = timeout
        self._wait = wait
        self._now = now
        self._start = now()

    @property
    def spent(self) -> float:
        """The seconds since the start."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """The seconds that are left; infinite without a limit."""
        return math.inf if self.timeout is None else self.timeout - self.spent

    def pause(self, seconds: float, *, whole: bool = True) -> bool:
        """Wait, unless the time that is left is too short.

        Args:
            seconds: The seconds to wait.
            whole: Whether to return at once if less time than that is left. Otherwise, wait for
                the time that is left.

        Returns:
            Whether it has waited.

        Raises:
            ClientClosedError: The client was closed during the wait.
        """
        left = self.left
        if left <= 0 or (whole and seconds > left):
            return False
        if self._wait(min(seconds, left)):
            raise ClientClosedError("The client was closed while it waited for the Space.")
        return True


class StatusNotifier:
    """Reporter of a Space's state, to the log and to the user's callback.

    Args:
        callback: The user's function, which is called at each change. Its exceptions are logged.
        line: A function that shows the state and the seconds so far in a terminal or notebook.
    """

    def __init__(
        self,
        callback: Callable[[SpaceStatus], object] | None = None,
        line: Callable[[SpaceStatus, float], None] | None = None,
    ) -> None:
        self._callback = callback
        self._line = line
        self._last: SpaceStatus | None = None

    def notify(self, name: object, status: SpaceStatus, spent: float) -> None:
        """Report the present state of the Space.

        Args:
            name: The name of the Space, for the log.
            status: The state.
            spent: The seconds since the start.
        """
        if self._line is not None:
            self._line(status, spent)
        if status == self._last:
            return
        self._last = status
        log.info("%s: %s (%s)", name, status.message.strip(), status.detail)
        if self._callback is None:
            return
        try:
            self._callback(status)
        except Exception:
            log.exception("the status callback failed")


class SpaceInfo(NamedTuple):
    """The Hub's description of a Space."""

    space_id: str
    stage: str
    host: str | None
    private: bool
    hardware: str | None
    sleep_time: int | None

    @staticmethod
    def of(raw: Any) -> SpaceInfo | None:
        """Read the Hub's description; return ``None`` if it is not one."""
        runtime = raw.get("runtime") if isinstance(raw, dict) else None
        if not isinstance(runtime, dict) or not isinstance(raw.get("id"), str):
            return None
        hardware = runtime.get("hardware")
        flavors = hardware if isinstance(hardware, dict) else {}
        flavor = flavors.get("current") or flavors.get("requested")
        host = raw.get("host")
        return SpaceInfo(
            raw["id"],
            str(runtime.get("stage")),
            host if isinstance(host, str) and host else None,
            raw.get("private") is True,
            flavor if isinstance(flavor, str) else None,
            runtime.get("gcTimeout"),
        )


def retry_rate_limited(request: Callable[[], T], time_limit: WakeTimeout) -> T:
    """Send a request, and repeat it after a 429, when ``Retry-After`` has passed.

    Args:
        request: A function that sends the request.
        time_limit: The time limit.

    Returns:
        The result of `request`.

    Raises:
        RateLimitError: The wait would exceed the time limit. It is raised without that wait.
        GradioClientError: `request` raised another error.
    """
    delays = backoff()
    while True:
        try:
            return request()
        except RateLimitError as exc:
            if not time_limit.pause(max(exc.retry_after or 0.0, next(delays))):
                raise


def find(name: SpaceName, hub: Hub, time_limit: WakeTimeout) -> SpaceInfo:
    """Request the description of a Space from the Hub.

    Raises:
        SpaceNotFoundError: The Space does not exist, or the token has no access to it.
        AuthenticationError: The Hub does not accept the token.
        RateLimitError: The Hub limited the rate of requests (429) for too long.
        SpaceError: The Hub cannot be reached, or its response cannot be read.
    """
    return retry_rate_limited(partial(_fetch_info, name, hub), time_limit)


def _fetch_info(name: SpaceName, hub: Hub) -> SpaceInfo:
    doing = f"The Space {str(name)!r} could not be looked up"
    reply = hub.get(name.record)
    if reply.status != 200:
        raise hub.refusal(reply, doing, name.space_id)
    info = SpaceInfo.of(reply.json())
    if info is None:
        raise SpaceError(
            f"{doing}: the response of {hub.endpoint} is not one of the Hub. Check HF_ENDPOINT.",
            space_id=name.space_id,
        )
    return info


class Space:
    """A Space that is woken and then connected to.

    Args:
        name: The name that the user gave.
        hub: The Hub, with the token of the client.
        notifier: The reporter of each state.
        time_limit: The time limit.
        wake: A function that sends a request to a URL, to wake the Space.
    """

    def __init__(
        self,
        name: SpaceName,
        hub: Hub,
        notifier: StatusNotifier,
        time_limit: WakeTimeout,
        wake: Callable[[str], None],
    ) -> None:
        self.name = name
        self.hub = hub
        self._notifier = notifier
        self._time_limit = time_limit
        self._wake = wake
        self._info: SpaceInfo | None = None
        self._delays = backoff()

    def connect(self, open_at: Callable[[str, SpaceInfo], T]) -> T:
        """Wake the Space, wait until it runs, and connect to its app.

        Args:
            open_at: A function that connects to the app at a URL.

        Returns:
            The result of `open_at`.

        Raises:
            SpaceNotFoundError: The Space does not exist, or the token has no access to it.
            SpaceNotReadyError: The Space cannot start, or did not start in time.
            SpaceError: The Hub cannot be reached, or its response cannot be read.
            AuthenticationError: The Hub, the Space or the app did not accept the login.
            RateLimitError: The Hub or the Space limited the rate of requests (429) for too long.
            ClientClosedError: The client was closed.
            GradioClientError: `open_at` raised another error.
        """
        while True:
            waited = self._wait_until_running()
            assert self._info is not None  # noqa: S101 - it runs, so it was found
            try:
                return open_at(self._root(self._info), self._info)
            except AuthenticationError as exc:
                self._notify(NOT_LOADED)
                if _is_login_of_the_app(exc):
                    raise
                raise self._refused(exc) from exc
            except GradioClientError as exc:
                # A Space may not respond yet when the Hub has just reported that it runs.
                delay = next(self._delays)
                if isinstance(exc, RateLimitError):
                    delay = max(exc.retry_after or 0.0, delay)
                elif not _is_temporary(exc, waited):
                    self._notify(NOT_LOADED)
                    raise
                if not self._time_limit.pause(delay):
                    self._notify(NOT_LOADED)
                    raise

    def _wait_until_running(self) -> bool:
        """Wait until the Hub reports that the Space runs, and return whether it had to wait."""
        waited = False
        while True:
            status = self._fetch_status()
            if status is not None:
                self._notify(status)
                if status.load_status == "complete":
                    return waited
                if status.load_status == "error":
                    raise SpaceNotReadyError(
                        f"The Space {str(self.name)!r} cannot run: {status.message} "
                        f"{remedy(status)}",
                        space_id=self.name.space_id,
                        stage=status.detail,
                        status=status,
                    )
                if status.status == "sleeping" and self._info is not None:
                    self._wake(self._root(self._info))
            waited = True
            if not self._time_limit.pause(next(self._delays), whole=False):
                raise self._too_late()

    def _fetch_status(self) -> SpaceStatus | None:
        """Request the state; return ``None`` if the Hub fails after it has given one before."""
        try:
            self._info = find(self.name, self.hub, self._time_limit)
        except (SpaceNotFoundError, AuthenticationError) as exc:
            self._not_found(exc)
            raise
        except (SpaceError, RateLimitError) as exc:
            if self._info is None:
                self._not_found(exc)
                raise
            log.warning("the Hub failed, and the request is repeated: %s", exc)
            return None
        status = status_of(self._info.stage)
        if asks_for_author(status):
            status = status_of(self._info.stage, self.hub.discussions_enabled(self._info.space_id))
        return status

    def _not_found(self, exc: GradioClientError) -> None:
        self._notify(NOT_FOUND)
        if isinstance(exc, SpaceError):
            exc.status = NOT_FOUND

    def _notify(self, status: SpaceStatus) -> None:
        self._notifier.notify(self.name, status, self._time_limit.spent)

    def _root(self, info: SpaceInfo) -> str:
        """Return the URL of the app: the one that the user gave, otherwise that of the Hub."""
        if self.name.root is not None:
            return self.name.root
        host = info.host
        if host is None:
            reply = self.hub.get(f"spaces/{info.space_id}/host")
            body = reply.json() if reply.status == 200 else None
            host = body.get("host") if isinstance(body, dict) else None
        if not isinstance(host, str) or not host:
            raise SpaceError(
                f"The Hub gives no URL for the app of the Space {str(self.name)!r}. Check on its "
                "page whether it has an app.",
                space_id=self.name.space_id,
            )
        return root_of(host)

    def _too_late(self) -> SpaceNotReadyError:
        assert self._info is not None  # noqa: S101 - it waits only after the Space was found
        status = status_of(self._info.stage)
        return SpaceNotReadyError(
            f"The Space {str(self.name)!r} did not start within {self._time_limit.timeout:g} s. "
            f"Its state on the Hub: {status.message} Allow more time with wake_timeout=, or read "
            "the log of the Space.",
            space_id=self.name.space_id,
            stage=status.detail,
            status=status,
        )

    def _refused(self, exc: AuthenticationError) -> AuthenticationError:
        """Make the error for a token that Hugging Face refused, with the owner of the token."""
        return AuthenticationError(
            f"The Space {str(self.name)!r} responded with {exc.status_code}. "
            f"{self.hub.describe_account()}. A private Space needs hf_token= of an account that "
            "has access to it.",
            url=exc.url,
            status_code=exc.status_code,
            body=exc.body,
        )


def _is_temporary(exc: GradioClientError, waited: bool) -> bool:
    """Return whether a retry may succeed.

    Args:
        exc: The error of the app.
        waited: Whether the Space has just started.
    """
    if isinstance(exc, HTTPStatusError):
        return (exc.status_code or 0) >= 500
    if isinstance(exc, UnsupportedAppError):
        return False
    return waited and isinstance(exc, (ConfigError, ConnectFailedError))


def _is_login_of_the_app(exc: AuthenticationError) -> bool:
    """Return whether the app or this client raised the error, and not Hugging Face.

    Behaviour:
        Like @gradio/client: responses of Gradio are JSON objects, and those of Hugging Face are
        not. Ours: Hugging Face takes tokens only, so a Basic login is one of the app.
    """
    is_of_gradio = (exc.body or "").lstrip().startswith("{")
    return exc.status_code is None or is_of_gradio or exc._of_gateway
