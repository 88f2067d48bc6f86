"""`Router`: decide how a call reaches its function: through the queue, by a name or by a number.

The app may change between two attempts of a call, so this is decided for each attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._calls.host import RoutedCall

if TYPE_CHECKING:
    from .._calls.call import PreparedCall
    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.api.meaning import Callee
    from .._session.app import App
    from .._session.app_watcher import AppWatcher
    from .._transport.connections import RequestHandle
    from .._transport.deadlines import Deadline


class Router:
    """The routes of one app's functions.

    Args:
        app: The app.
        watcher: Checks whether the app has changed.
    """

    def __init__(self, app: App, watcher: AppWatcher) -> None:
        self._app = app
        self._watcher = watcher

    def direct_url(self, endpoint: Endpoint) -> str | None:
        """Return the URL of a function that skips the queue; ``None`` for any other function."""
        if not self._app.skips_queue(endpoint):
            return None
        # If the body has a number, servers use that. A name with a slash would be another route.
        name = endpoint.api_name
        return self._app.routes.run(name if name and "/" not in name else "predict")

    def goes_by_name(self, callee: Callee, table: EndpointTable) -> bool:
        """Return whether a call is sent without a number, because its URL names the function."""
        if callee.by_number or not self._app.skips_queue(callee.endpoint):
            return False
        return table.goes_by_name(callee.endpoint)

    def route(
        self,
        prepared: PreparedCall,
        callee: Callee,
        values: list[Any],
        request: RequestHandle,
        deadline: Deadline,
    ) -> RoutedCall:
        """Check whether the app has changed, if a check is due, and decide how to send a job.

        Args:
            prepared: The job's call.
            callee: The function to call, as the last attempt had it.
            values: One value for each input of that function.
            request: The handle by which another thread can abort the check.
            deadline: The deadline of the check.

        Returns:
            The function in the present app, its values in the present order, and the route.

        Raises:
            EndpointNotFoundError: The app no longer has the function, or has another one of that
                name.
            GradioClientError: The check failed, or the app cannot be used any longer.
            Aborted: `request` was aborted.
        """
        app, table = self._app, prepared.session.table
        by_name = self.goes_by_name(callee, table)
        # A reload of the app can change the meaning of a number or of positions that the library
        # has looked up. A name, or a number of the user, keeps its meaning. So a call that sends
        # only these needs a check only after a possible restart.
        is_looked_up = callee.by_parameter or not (by_name or callee.by_number)

        def is_due() -> bool:
            return app.needs_check if is_looked_up else app.was_silent

        # If others can run the call, or its caller sends it again, no time is lost with retries.
        options = prepared.options
        patient = options.retries > 0 and options.elsewhere is None
        if not self._watcher.check_before_call(is_due, request, deadline, patient=patient):
            self._watcher.check_in_background()
        if callee.epoch != app.watch.epoch:
            callee, values = app.locate(callee, values, deadline)
            by_name = self.goes_by_name(callee, app.table)
        return RoutedCall(callee, values, self.direct_url(callee.endpoint), by_name)
