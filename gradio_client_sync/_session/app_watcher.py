"""`AppWatcher`: check whether the app has changed, before calls and parallel to them.

`Watch` decides when a check is due and which calls it covers, and `App` sends the request of a
check. `AppWatcher` selects the thread that makes a check: the caller's, or another one. After a
check that finds a different app, it informs the calls that may have run a different function.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable

from .._basics.words import called
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.deadlines import NEVER
from ..errors import ConfigError, GradioClientError

if TYPE_CHECKING:
    from .._transport.deadlines import Deadline
    from .app import App
    from .watch import SentCall

log = logging.getLogger(__name__)


class AppWatcher:
    """Makes the checks of one app.

    Args:
        app: The app.
        start: A function that runs another function on a thread.
    """

    def __init__(self, app: App, start: Callable[[Callable[[], None]], None]) -> None:
        self._app = app
        self._watch = app.watch
        self._start = start

    def check(self, request: RequestHandle, deadline: Deadline, *, patient: bool = True) -> None:
        """Check whether the app is still the same. If not, inform the calls that it affects.

        A running call is informed by its `SentCall`. Calls that have ended are logged as a warning.

        Args:
            request: The handle by which another thread can abort the check.
            deadline: The deadline of the check.
            patient: Whether to send its requests again if they fail.

        Raises:
            GradioClientError: The request failed, or the app cannot be used any longer.
            Aborted: `request` was aborted.
        """
        change = self._app.check(request, deadline, patient=patient)
        if change is None or not (change.under_way or change.ended):
            return
        misread = self._app.misread(change)
        for sent_call in misread.under_way:
            sent_call.on_changed()
        for meaning, count in misread.ended:
            calls = "1 call" if count == 1 else f"{count} calls"
            log.warning(
                "the app at %s changed, and %s of %s may have run another function, or the right "
                "one with mixed up values: the number or the positions that were sent have a "
                "different meaning in the new app",
                self._app.root,
                calls,
                called(meaning.callee.endpoint.name),
            )

    def check_before_call(
        self,
        is_due: Callable[[], bool],
        request: RequestHandle,
        deadline: Deadline,
        *,
        patient: bool = True,
    ) -> bool:
        """Make a check before a call is sent, if one is due. Calls at the same time share it.

        Args:
            is_due: Returns whether the call should wait for a check.
            request: The handle by which another thread can abort the check, or the wait for it.
            deadline: The deadline of the check.
            patient: Whether to send the requests of the check again if they fail.

        Returns:
            Whether a check was due.

        Raises:
            GradioClientError: The request failed, or the app cannot be used any longer.
            Aborted: `request` was aborted.
        """
        if not is_due():
            return False
        check_of_another_call = self._watch.claim_shared_check()
        if check_of_another_call is None:
            try:
                self.check(request, deadline, patient=patient)
            finally:
                self._watch.end_shared_check()
        else:
            request.wait_for(check_of_another_call)
            if is_due():  # that check has failed; a check of this call raises its own error
                self.check(request, deadline, patient=patient)
        return True

    def check_in_background(self) -> None:
        """Start a check on another thread, if one is due."""
        if not self._watch.take_turn():
            return
        try:
            self._start(self._check_in_background)
        except GradioClientError as exc:  # no thread could be started
            self._watch.end_turn()
            log.debug("the app was not checked for changes: %s", exc)

    def send(self, sent_call: SentCall, epoch: int) -> bool:
        """Record that a call is about to be sent, and have a check made after it.

        A later call starts that check, or a thread if no call follows.

        Returns:
            ``False`` if the app has changed since `epoch`. Then the call must not be sent.
        """
        watch = self._watch
        if not watch.send(sent_call, epoch):
            return False
        if watch.take_guard():
            try:
                self._start(self._guard)
            except GradioClientError as exc:  # no thread could be started
                watch.end_guard()
                log.debug("the app is not checked for changes: %s", exc)
        return True

    def _guard(self) -> None:
        """Make the checks of running calls, while no new calls start them."""
        while self._watch.wait_for_turn():
            self._check_in_background()

    def _check_in_background(self) -> None:
        try:
            self.check(RequestHandle(), NEVER)
        except Aborted:
            pass  # the client was closed
        except ConfigError as exc:
            log.warning("%s", exc)
            self._app.record_loss()  # the next call checks the app first, and raises this error
        except GradioClientError as exc:
            log.debug("the check for changes of the app failed: %s", exc)
        finally:
            self._watch.end_turn()
