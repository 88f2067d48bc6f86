"""`BodyFactory`: the bodies of requests, for calls and for further inputs of running jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._basics.secret import hide, revealed
from .._calls.request_body import RequestBody, encoded_body, prepare_body
from .._job.input_stream import InputStream
from .._protocol.api.payload import encode_json
from .._transport.base import Aborted
from .._transport.deadlines import NEVER
from .sessions import client_closed

if TYPE_CHECKING:
    from .._basics.secret import Secret, Texts
    from .._calls.app_files import AppFiles
    from .._options import Trigger
    from .._protocol.api.endpoint import Endpoint
    from .._session.app import App
    from .._session.session import Session
    from .._transport.deadlines import Deadline
    from .._transport.http import Http
    from .._transport.request import Body
    from ..types import Payload


class BodyFactory:
    """Makes request bodies.

    Args:
        app: The app.
        http: The HTTP client of the connection.
        files: The files of the app, with the cache of uploads.
        oauth_token: The user's Hugging Face token, sent to functions that request one.
    """

    def __init__(
        self, app: App, http: Http, files: AppFiles, oauth_token: Secret[str] | None
    ) -> None:
        self._app = app
        self._http = http
        self._files = files
        self._oauth_token = oauth_token

    def make(
        self,
        endpoint: Endpoint,
        data: list[Any],
        session: Session,
        deadline: Deadline = NEVER,
        *,
        by_name: bool = False,
        trigger: Trigger | None = None,
    ) -> RequestBody:
        """Make the body of a call.

        Args:
            endpoint: The function.
            data: One value for each of its inputs.
            session: The session of the call.
            deadline: The deadline of the request for the app's description, if that is needed.
            by_name: Leave out the function's number, because the URL names the function.
            trigger: The event of the app's page that the call stands for, if any.

        Raises:
            PayloadError: The values cannot be sent.
            FileError: A file cannot be read, or is too large for the app.
        """
        body: dict[str, Any] = {
            "data": data,
            "event_data": None,
            "fn_index": endpoint.fn_index,
            "trigger_id": None,
            "session_hash": session.session_hash,
        }
        if by_name:
            del body["fn_index"]
        if trigger is not None:
            # Decoded again, so that later changes by the caller have no effect.
            event_data = encode_json(trigger.event_data, "event_data")
            body["event_data"] = json.loads(event_data)
            body["trigger_id"] = trigger.trigger_id
        token = self._oauth_token
        if token is None or not self._app.takes_oauth_token(endpoint, deadline):
            return prepare_body(endpoint, body, self._files)
        body["oauth_token"] = token
        prepared = prepare_body(endpoint, body, self._files)
        prepared.encoded = hide(prepared.encoded)
        return prepared

    def moved(
        self, other: RequestBody, endpoint: Endpoint, session: Session, *, by_name: bool
    ) -> RequestBody:
        """Make the body of a call that was first made for another server.

        Args:
            other: The body for the other server.
            endpoint: The function on this server.
            session: The session on this server.
            by_name: Leave out the function's number, because the URL names the function.

        Raises:
            FileError: A file is too large for the app.
        """
        values = other.values if other.files else json.loads(revealed(other.encoded))["data"]
        body = {**other.body, "data": values, "session_hash": session.session_hash}
        body.pop("fn_index", None)
        if not by_name:
            body["fn_index"] = endpoint.fn_index
        if other.files:
            self._files.uploads.check(other.files)
            return RequestBody(endpoint, body, b"", other.files, self._files)
        return RequestBody(endpoint, body, encoded_body(endpoint, body), (), self._files)

    def input_stream(
        self, endpoint: Endpoint, session: Session, headers: Texts
    ) -> InputStream | None:
        """Return the sender of a job's further inputs; ``None`` if the job takes only one input.

        Args:
            endpoint: The job's function.
            session: The job's session.
            headers: The headers of the job's call.
        """
        if not endpoint.streaming:
            return None

        def encoded(payload: Payload) -> Body:
            data = self._app.bind(endpoint, payload, method="send_chunk")
            request_body = self.make(endpoint, data, session)
            if request_body.files:
                try:
                    request_body.load(request_body.upload_task(lambda done, total: None).run())
                except Aborted as exc:
                    raise client_closed() from exc
            return request_body.encoded

        return InputStream(endpoint.name, self._http, self._app.routes, encoded, headers)
