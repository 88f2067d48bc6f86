"""Hugging Face Spaces: from what the user named to an app that answers, however long it sleeps.

A Space that sleeps is woken by a request to its app, and then builds and starts, which the Hub
tells when asked. So there is nothing to be woken by: the Hub is asked again and again, soon at
first and then ever less often. Every wait can be ended from outside, and all of it has one
deadline.
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
    """How long to wait in all, and what ends a wait early.

    Args:
        timeout: Seconds from now; ``None`` for no limit.
        wait: Waits so many seconds, or less if it is called off; then it returns true.
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
        """Seconds since it began."""
        return self._now() - self._start

    @property
    def left(self) -> float:
        """Seconds until it ends."""
        return math.inf if self.timeout is None else self.timeout - self.spent

    def pause(self, seconds: float, *, whole: bool = True) -> bool:
        """Wait; ``False``, at once, if there is not that much time left.

        Args:
            whole: Less time is of no use.

        Raises:
            ClientClosedError: The wait was called off.
        """
        left = self.left
        if left <= 0 or (whole and seconds > left):
            return False
        if self._wait(min(seconds, left)):
            raise ClientClosedError("The client was closed while it waited for its Space.")
        return True


class StatusNotifier:
    """Tells every change of a Space's status: to the log, and to who wants to know.

    Args:
        callback: The user's; what it raises is logged.
        line: Shows a wait where people see it.
    """

    def __init__(
        self,
        callback: Callable[[SpaceStatus], object] | None = None,
        line: Callable[[SpaceStatus, float], None] | None = None,
    ) -> None:
        self._callback = callback
        self._line = line
        self._last: SpaceStatus | None = None

    def tell(self, name: object, status: SpaceStatus, spent: float) -> None:
        """The Space was seen in this state."""
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
    """What the Hub knows of a Space."""

    space_id: str
    stage: str
    host: str | None
    private: bool
    hardware: str | None
    sleep_time: int | None

    @staticmethod
    def of(raw: Any) -> SpaceInfo | None:
        """Read it off the Hub's answer; ``None`` if that is none."""
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


def patiently(ask: Callable[[], T], patience: WakeTimeout) -> T:
    """Ask, and again whenever who is asked too often wants to be, as long as there is time.

    Raises:
        RateLimitError: There is not; at once if the wait would be too long.
        GradioClientError: What else `ask` raised.
    """
    delays = backoff()
    while True:
        try:
            return ask()
        except RateLimitError as exc:
            if not patience.pause(max(exc.retry_after or 0.0, next(delays))):
                raise


def find(name: SpaceName, hub: Hub, patience: WakeTimeout) -> SpaceInfo:
    """Ask the Hub for a Space.

    Raises:
        SpaceNotFoundError: It knows none of that name, or does not show it.
        AuthenticationError: It refuses the token.
        RateLimitError: It is asked too often, for longer than there is time.
        SpaceError: It cannot be asked.
    """
    return patiently(partial(_look_up, name, hub), patience)


def _look_up(name: SpaceName, hub: Hub) -> SpaceInfo:
    doing = f"The Space {str(name)!r} cannot be looked up"
    reply = hub.get(name.record)
    if reply.status != 200:
        raise hub.refusal(reply, doing, name.space_id)
    record = SpaceInfo.of(reply.json())
    if record is None:
        raise SpaceError(
            f"{doing}: {hub.endpoint} answers, but not as the Hub does. Check HF_ENDPOINT.",
            space_id=name.space_id,
        )
    return record


class Space:
    """A Space on its way from its name to an open connection.

    Args:
        name: As the user gave it.
        hub: Seen by the account whose token the Space will get.
        teller: Is told each state.
        patience: Bounds all of it.
        knock: Asks an address for anything, to wake what sleeps there.
    """

    def __init__(
        self,
        name: SpaceName,
        hub: Hub,
        notifier: StatusNotifier,
        patience: WakeTimeout,
        knock: Callable[[str], None],
    ) -> None:
        self.name = name
        self.hub = hub
        self._notifier = notifier
        self._patience = patience
        self._knock = knock
        self._record: SpaceInfo | None = None
        self._delays = backoff()

    def connect(self, open_at: Callable[[str, SpaceInfo], T]) -> T:
        """Wake the Space, wait until it runs, and connect to its app.

        Args:
            open_at: Connects to an address.

        Raises:
            SpaceNotFoundError, SpaceNotReadyError, SpaceError, AuthenticationError,
            RateLimitError, ClientClosedError
            GradioClientError: What `open_at` raised.
        """
        while True:
            waited = self._wait_until_running()
            assert self._record is not None  # noqa: S101 - it runs, so it was found
            try:
                return open_at(self._root(self._record), self._record)
            except AuthenticationError as exc:
                self._tell(NOT_LOADED)
                if _is_not_the_tokens_fault(exc):
                    raise
                raise self._refused(exc) from exc
            except GradioClientError as exc:
                # A Space that has just been said to run may need a moment more.
                delay = next(self._delays)
                if isinstance(exc, RateLimitError):
                    delay = max(exc.retry_after or 0.0, delay)
                elif not _may_pass(exc, waited):
                    self._tell(NOT_LOADED)
                    raise
                if not self._patience.pause(delay):
                    self._tell(NOT_LOADED)
                    raise

    def _wait_until_running(self) -> bool:
        """Wait until the Hub says that it runs; whether there was anything to wait for."""
        waited = False
        while True:
            status = self._look()
            if status is not None:
                self._tell(status)
                if status.load_status == "complete":
                    return waited
                if status.load_status == "error":
                    raise SpaceNotReadyError(
                        f"The Space {str(self.name)!r} does not run: {status.message} "
                        f"{remedy(status)}",
                        space_id=self.name.space_id,
                        stage=status.detail,
                        status=status,
                    )
                if status.status == "sleeping" and self._record is not None:
                    self._knock(self._root(self._record))
            waited = True
            if not self._patience.pause(next(self._delays), whole=False):
                raise self._too_late()

    def _look(self) -> SpaceStatus | None:
        """Ask for its state; ``None`` if the Hub does not answer while it is waited for."""
        try:
            self._record = find(self.name, self.hub, self._patience)
        except (SpaceNotFoundError, AuthenticationError) as exc:
            self._not_found(exc)
            raise
        except (SpaceError, RateLimitError) as exc:
            if self._record is None:
                self._not_found(exc)
                raise
            log.warning("the Hub did not answer, and is asked again: %s", exc)
            return None
        status = status_of(self._record.stage)
        if asks_for_author(status):
            status = status_of(
                self._record.stage, self.hub.discussions_enabled(self._record.space_id)
            )
        return status

    def _not_found(self, exc: GradioClientError) -> None:
        self._tell(NOT_FOUND)
        if isinstance(exc, SpaceError):
            exc.status = NOT_FOUND

    def _tell(self, status: SpaceStatus) -> None:
        self._notifier.tell(self.name, status, self._patience.spent)

    def _root(self, record: SpaceInfo) -> str:
        """The app's address: as the user gave it, else as the Hub names it."""
        if self.name.root is not None:
            return self.name.root
        host = record.host
        if host is None:
            reply = self.hub.get(f"spaces/{record.space_id}/host")
            body = reply.json() if reply.status == 200 else None
            host = body.get("host") if isinstance(body, dict) else None
        if not isinstance(host, str) or not host:
            raise SpaceError(
                f"The Hub names no address for the app of {str(self.name)!r}. Look at its page: "
                "does it have an app?",
                space_id=self.name.space_id,
            )
        return root_of(host)

    def _too_late(self) -> SpaceNotReadyError:
        assert self._record is not None  # noqa: S101 - what was not found is not waited for
        status = status_of(self._record.stage)
        return SpaceNotReadyError(
            f"The Space {str(self.name)!r} did not start within {self._patience.timeout:g} s; the "
            f"Hub says: {status.message} Give it longer with wake_timeout=, or look at its log.",
            space_id=self.name.space_id,
            stage=status.detail,
            status=status,
        )

    def _refused(self, exc: AuthenticationError) -> AuthenticationError:
        """Say whose token Hugging Face refused."""
        return AuthenticationError(
            f"The Space {str(self.name)!r} refused the request with {exc.status_code}. "
            f"{self.hub.account()}. A private Space needs hf_token= of an account that may read "
            "it.",
            url=exc.url,
            status_code=exc.status_code,
            body=exc.body,
        )


def _may_pass(exc: GradioClientError, waited: bool) -> bool:
    """Whether the app may answer in a moment."""
    if isinstance(exc, HTTPStatusError):
        return (exc.status_code or 0) >= 500
    if isinstance(exc, UnsupportedAppError):
        return False
    return waited and isinstance(exc, (ConfigError, ConnectFailedError))


def _is_not_the_tokens_fault(exc: AuthenticationError) -> bool:
    """Whether the app's own login refused, or this side did, and not Hugging Face between them.

    Behaviour: as @gradio/client tells them apart: what Gradio answers is a JSON object.
    """
    return exc.status_code is None or (exc.body or "").lstrip().startswith("{")
