"""The queue of Gradio 4.0 to 4.8: one event stream per job, its data posted besides."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

from .._protocol.queue.eventstream import Truncated
from .._protocol.queue.wire import Message
from ..errors import too_large
from .base import Aborted, Lost

if TYPE_CHECKING:
    from .connections import RequestHandle
    from .http import Http


class EventStreamChannel:
    """One job's event stream.

    Args:
        call: By it the stream can be aborted, also before it is open.
        query: As for `Http.post`.
        headers: Sent with the join, besides those of every request.

    Raises (by constructing it):
        ConnectFailedError, HTTPStatusError: The stream did not open.
        Aborted: The client was closed meanwhile.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        data_url: str,
        call: RequestHandle,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._http = http
        self._data_url = data_url
        self._call = call
        self._query = query
        # No limit of silence: these servers send one heartbeat per stream.
        self._stream = http.stream(url, self._call, silence=None, query=query, headers=headers)
        self._payloads: Iterator[bytes] = chain.from_iterable(self._stream)

    def receive(self) -> Message:
        for payload in self._payloads:
            if isinstance(payload, Truncated):
                raise too_large("A message of the server", self._http.options.message_bytes)
            return Message.of(payload, time.time())
        raise Lost("the server ended the stream without a result")

    def reply(self, body: bytes) -> None:
        if self._call.aborted:
            raise Aborted
        # The event id in it keeps a job that is sent twice from running twice.
        policy = self._http.unaccepted
        answer = self._http.post(self._data_url, body, query=self._query, policy=policy)
        if answer.status != 200:
            raise Lost(f"the server answered {answer.status} to the job's data")

    def close(self) -> None:
        self._stream.close()

    def abort(self) -> None:
        self._stream.abort()
