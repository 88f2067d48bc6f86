"""Conversion of a job's messages to the events that users see.

A `Decoder` decodes the messages of one job in order. It holds the state that edit lists need. So
each loop over a job has its own decoder, the listeners have one, and a job without loops and
listeners has none.

Behaviour: the events of each message, and their order, as in ``handle_message`` and ``submit`` of
@gradio/client 2.7.0 (0.2.1 for websockets).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ...errors import ProtocolError
from ...events import Log
from .diff import DiffAccumulator
from .event_factory import moment
from .fields import flag, number, output, text
from .statuses import STATUS_MESSAGES, completion, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...events import Event
    from .event_factory import EventFactory
    from .wire import Message

log = logging.getLogger(__name__)

#: The kinds of message that carry an intermediate value.
DATA_MESSAGES = frozenset(("process_generating", "process_streaming"))

#: The kinds of message that become events.
EVENT_MESSAGES = STATUS_MESSAGES | {"log"}


class Decoder:
    """Decodes one job's messages in order.

    Args:
        event_factory: Makes the events.
        diffs: The state to start from, if the first messages of the job are no longer kept.
    """

    __slots__ = ("_diffs", "_event_factory", "_files")

    def __init__(self, event_factory: EventFactory, diffs: DiffAccumulator | None = None) -> None:
        self._event_factory = event_factory
        self._diffs: DiffAccumulator | None = None  # stays None if every value is complete
        if event_factory.dialect.diffs and not event_factory.endpoint.streaming:
            new = DiffAccumulator(cut_paths=event_factory.dialect.cuts_paths)
            self._diffs = diffs.copy() if diffs else new
        # An edited value may contain files of earlier messages. If these are no longer kept, assume
        # that it does.
        self._files = diffs is not None

    @property
    def diffs(self) -> DiffAccumulator | None:
        """The state after the messages so far; ``None`` if the server sends no edit lists."""
        return self._diffs

    def skip(self, message: Message) -> None:
        """Apply a message to the state without making its events.

        Raises:
            ProtocolError: The content of the message does not fit its kind.
        """
        if self._diffs is not None and message.msg in DATA_MESSAGES:
            self._files = self._files or self._event_factory.may_hold_files(message.raw)
            try:
                content = message.parse()
                data = output(content).get("data")
            except ProtocolError:
                self._diffs.invalidate()
                raise
            if isinstance(data, list) and content.get("success") is not False:
                self._diffs.defer(data, len(message.raw))

    def events(self, message: Message, *, status: bool = True) -> list[Event]:
        """Return the events of the next message.

        Args:
            message: The message.
            status: Whether to make its status too, which takes half of the time.

        Raises:
            ProtocolError: The content of the message does not fit its kind.
        """
        if message.msg not in EVENT_MESSAGES:
            return []
        try:
            return self._events(message, status)
        except ProtocolError:
            if self._diffs is not None and message.msg in DATA_MESSAGES:
                self._diffs.invalidate()  # the next edits refer to the value of this message
            raise

    def _events(self, message: Message, status: bool) -> list[Event]:
        content = message.parse()
        time = message.time
        if message.msg == "log":
            return [self._log(content, time)]
        if message.msg == "process_completed":
            return completion(self._event_factory, message, content)
        events: list[Event] = [status_of(self._event_factory, message, content)] if status else []
        if message.msg not in DATA_MESSAGES or content.get("success") is False:
            return events
        result = output(content)
        values = result.get("data")
        if isinstance(values, list):
            files = self._event_factory.may_hold_files(message.raw)
            if self._diffs is not None:
                self._files = files = self._files or files
                known = self._diffs.receive(values, len(message.raw))
                if known is None:
                    log.debug("an edit list of %r did not fit", self._event_factory.endpoint.name)
            else:
                known = values
            if known is not None:
                events.append(self._event_factory.data(time, known, files=files))
        events.extend(self._event_factory.render(time, result))
        return events

    def _log(self, content: Mapping[str, Any], time: float) -> Log:
        endpoint, shown = self._event_factory.endpoint, self._event_factory.shown
        return Log(
            log=str(shown(content.get("log", ""))),
            level=str(content.get("level", "info")),
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=moment(time),
            title=text(shown(content.get("title"))),
            duration=number(content.get("duration")),
            visible=flag(content.get("visible")),
        )
