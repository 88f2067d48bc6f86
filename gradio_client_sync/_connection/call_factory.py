"""`CallFactory`: prepare the calls of one connection, new ones and those of another connection."""

from __future__ import annotations

import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Callable

from .._basics.words import called
from .._calls.app_files import ResultFiles
from .._calls.call import CallOptions, PreparedCall
from .._protocol.queue.event_factory import EventFactory
from ..errors import EndpointNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._basics.secret import Texts
    from .._calls.app_files import AppFiles
    from .._calls.request_body import RequestBody
    from .._options import Trigger
    from .._protocol.api.meaning import Callee
    from .._session.app import App
    from .._session.session import Session
    from ..events import Data
    from ..files import Owner
    from .bodies import BodyFactory
    from .router import Router
    from .sessions import Sessions


class CallFactory:
    """Prepares calls.

    Args:
        app: The app.
        sessions: The sessions of the connection.
        router: Decides how a call reaches its function.
        bodies: Makes the bodies of requests.
        files: The files of the app.
        call_headers: A function that returns headers for one call.
    """

    def __init__(
        self,
        app: App,
        sessions: Sessions,
        router: Router,
        bodies: BodyFactory,
        files: AppFiles,
        call_headers: Callable[[], Texts],
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._router = router
        self._bodies = bodies
        self._files = files
        self._call_headers = call_headers
        self._numbers = count(1)

    def make(
        self,
        callee: Callee,
        data: list[Any],
        options: CallOptions,
        *,
        headers: Texts,
        trigger: Trigger | None,
        owner: Owner,
    ) -> PreparedCall:
        """Prepare a call. Its session has to be left when the call has ended.

        Args:
            callee: The function to call.
            data: One value for each of its inputs.
            options: The user's options.
            headers: Headers for this call only.
            trigger: The event of the app's page that the call stands for, if any.
            owner: The client. It is not garbage-collected while the call runs.

        Raises:
            EndpointNotFoundError: The function was rendered in another session.
            PayloadError: The values cannot be sent.
            FileError: A file cannot be read, or is too large for the app.
            ClientClosedError: `close` was called.
        """

        def body(session: Session, by_name: bool) -> RequestBody:
            return self._bodies.make(
                callee.endpoint, data, session, options.deadline, by_name=by_name, trigger=trigger
            )

        headers = {**self._call_headers(), **headers}
        return self._prepared(callee, options, headers, owner, body)

    def make_moved(self, call: PreparedCall, owner: Owner) -> PreparedCall:
        """Prepare a call that another connection has prepared for another server of the app.

        Args:
            call: The call, as the other connection has prepared it.
            owner: The client of this connection.

        Raises:
            EndpointNotFoundError: This server does not have the function.
            FileError: A file is too large for the app.
            ClientClosedError: `close` was called.
        """
        meant, epoch = call.callee, self._app.watch.epoch
        by_number = meant.by_number or meant.endpoint.api_name is None
        key = meant.endpoint.fn_index if by_number else meant.endpoint.api_name
        endpoint = self._sessions.current.table.resolve(key)
        callee = meant._replace(endpoint=endpoint, epoch=epoch)

        def body(session: Session, by_name: bool) -> RequestBody:
            return self._bodies.moved(call.request_body, endpoint, session, by_name=by_name)

        return self._prepared(callee, call.options, call.headers, owner, body)

    def _prepared(
        self,
        callee: Callee,
        options: CallOptions,
        headers: Texts,
        owner: Owner,
        make_body: Callable[[Session, bool], RequestBody],
    ) -> PreparedCall:
        """Enter a session, and prepare a call in it.

        Args:
            callee: The function to call.
            options: The user's options.
            headers: Headers for the request that sends the call.
            owner: The client.
            make_body: Returns the body for a session. Its second argument is whether the URL names
                the function.
        """
        session, endpoint = self._sessions.enter(isolated=options.isolated), callee.endpoint
        try:
            if endpoint not in session.table:
                raise EndpointNotFoundError(
                    f"{called(endpoint.name)} was rendered for one session. It cannot be called "
                    "with isolated=True, after reset_session(), or after it was rendered again.",
                    endpoint=endpoint.name,
                )
            url = self._router.direct_url(endpoint)
            by_name = url is not None and self._router.goes_by_name(callee, session.table)
            body = make_body(session, by_name)
            self._files.prepare_for(endpoint)
            files = ResultFiles(self._files, owner)
            plots, translations = endpoint.plots, self._app.table.translations
            event_factory = EventFactory(
                endpoint,
                self._app.dialect,
                files.make,
                partial(bundle_of_data, plots=plots) if plots else bundle_of_data,
                translate=None if translations is None else translations.value,
            )
            return PreparedCall(
                next(self._numbers),
                time.monotonic(),
                callee,
                owner,
                event_factory,
                session,
                body,
                options,
                url,
                headers,
                files,
            )
        except BaseException:
            self._sessions.leave(session)
            raise


def bundle_of_data(
    data: Data, plots: Mapping[int, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return what a notebook may show for a result, by MIME type.

    Args:
        data: The result.
        plots: How the app draws the outputs that are plots.
    """
    from .._notebook.cards import data_bundle  # for notebooks only

    return data_bundle(data, plots or {})
