"""The queue of Gradio 4.0 to 4.8: one event stream per job, and a POST for the job's data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from .._protocol.queue.eventstream import Truncated
from .._protocol.queue.wire import Message
from ..errors import too_large
from .base import Aborted, Lost

if TYPE_CHECKING:
    from .._basics.secret import Secret, Texts
    from .body import EventStream
    from .connections import RequestHandle
    from .http import Http


class EventStreamChannel:
    """The event stream of one job. `connect` opens it.

    Args:
        http: The HTTP client of the app.
        stream: The open stream.
        data_url: The URL to which to send the data that the server requests.
        call: The handle of the stream's request.
        query: The query of the URL that the user named. Nothing shows it.
    """

    def __init__(
        self,
        http: Http,
        stream: EventStream,
        data_url: str,
        call: RequestHandle,
        query: Secret[str] | None,
    ) -> None:
        self._http = http
        self._stream = stream
        self._data_url = data_url
        self._call = call
        self._query = query
        self._payloads: Iterator[bytes] = chain.from_iterable(stream)

    @classmethod
    def connect(
        cls,
        http: Http,
        url: str,
        data_url: str,
        call: RequestHandle,
        query: Secret[str] | None = None,
        headers: Texts | None = None,
    ) -> EventStreamChannel:
        """Open an event stream, which joins the queue.

        Args:
            http: The HTTP client of the app.
            url: The URL of the stream.
            data_url: The URL to which to send the data that the server requests.
            call: A handle by which another thread can abort the stream, also before it is open.
            query: The query of the URL that the user named. Nothing shows it.
            headers: Headers of this request only.

        Raises:
            ConnectFailedError, HTTPStatusError: The stream could not be opened.
            Aborted: `call` was aborted.
        """
        # Without a limit for silence, because these servers send only one heartbeat per stream.
        stream = http.stream(url, call, silence=None, query=query, headers=headers)
        return cls(http, stream, data_url, call, query)

    def receive(self) -> Message:
        for payload in self._payloads:
            if isinstance(payload, Truncated):
                raise too_large("A message of the server", self._http.options.message_bytes)
            return Message.of(payload, time.time())
        raise Lost("the server ended the stream without a result")

    def reply(self, body: bytes) -> None:
        if self._call.aborted:
            raise Aborted
        # The event id in the body prevents a job that is sent twice from running twice.
        policy = self._http.unaccepted
        answer = self._http.post(self._data_url, body, query=self._query, policy=policy)
        if answer.status != 200:
            raise Lost(f"the server responded with {answer.status} to the job's data")

    def close(self) -> None:
        self._stream.close()

    def abort(self) -> None:
        self._stream.abort()
