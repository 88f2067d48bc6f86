"""From the wire's messages to the events that users see.

A `Decoder` reads the messages of one job in order and turns each into events. It is
the only place that knows what a message's fields are called on the wire and what
they are called for users. It holds the state that edit lists need, so each reader of
a job (a loop, the listeners) has a decoder of its own, and a job nobody looks at has
none.

Behaviour: which message gives which events, in which order and with which fields, as
``handle_message`` and ``submit`` of @gradio/client 2.7.0 (0.2.1 for websockets).
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable

from ...errors import ProtocolError
from ...events import Data, Log, Progress, Render, Status
from ..values.filedata import find_files, may_hold_files
from .diff import DiffAccumulator

if TYPE_CHECKING:
    from ...events import Event
    from ...types import Stage
    from ..api.endpoint import Endpoint
    from ..dialect import Dialect
    from ..values.filedata import FileFacts
    from .wire import Message

log = logging.getLogger(__name__)

#: The kinds of message that bring a value before the last one.
DATA_MESSAGES = frozenset(("process_generating", "process_streaming"))

#: The kinds of message that tell where a job stands.
STATUS_MESSAGES = frozenset(
    (
        "estimation",
        "progress",
        "process_starts",
        "process_generating",
        "process_streaming",
        "process_completed",
        "queue_full",
        "unexpected_error",
        "server_stopped",
    )
)

#: The kinds of message that a job's readers may want.
EVENT_MESSAGES = STATUS_MESSAGES | {"log"}

_VALUE_MESSAGES = ("process_generating", "process_streaming")

QUEUE_FULL_MESSAGE = "The app's queue is full. Try again later."


#: What ``repr`` makes of a text: one literal, with no escapes but these.
_QUOTED = re.compile(
    r"""'(?:[^'\\\x00-\x1f]|\\(?:[\\'nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*'"""
    r"""|"(?:[^"\\\x00-\x1f]|\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*\""""
)


@lru_cache(maxsize=1)  # a message makes several events
def moment(time: float) -> datetime:
    """A point in time as users see it: aware, UTC."""
    return datetime.fromtimestamp(time, timezone.utc)


class EventFactory:
    """Makes the events of one job: what they have in common is set once here.

    Args:
        make_file: Makes what users get for a file; ``None`` leaves files as they came.
        look: Says what a notebook shows for a value.
    """

    __slots__ = ("dialect", "endpoint", "look", "make_file")

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Dialect,
        make_file: Callable[[FileFacts], Any] | None = None,
        look: Callable[[Data], dict[str, Any]] | None = None,
    ) -> None:
        self.endpoint: Endpoint = endpoint
        self.dialect: Dialect = dialect
        self.make_file: Callable[[FileFacts], Any] | None = make_file
        self.look: Callable[[Data], dict[str, Any]] | None = look

    def may_hold_files(self, raw: bytes) -> bool:
        """Whether a message of the job can have files in it."""
        return may_hold_files(raw, self.endpoint.returns, self.dialect)

    def status(self, time: float, stage: Stage, *, queue: bool = True, **fields: Any) -> Status:
        return Status._told(
            stage=stage,
            queue=queue,
            endpoint=self.endpoint.name,
            fn_index=self.endpoint.fn_index,
            time=moment(time),
            **fields,
        )

    def data(self, time: float, data: list[Any], *, files: bool) -> Data:
        """A value as users get it.

        Args:
            files: It may hold files; see `may_hold_files`.
        """
        endpoint = self.endpoint
        values = endpoint.visible(data)
        sent = {
            index: value
            for index, value in enumerate(values)
            if isinstance(value, dict) and value.get("__type__") == "update"
        }
        if sent:
            values = [v.get("value") if i in sent else v for i, v in enumerate(values)]
        if files and self.make_file is not None:
            returns = endpoint.returns
            slots = returns if len(returns) == len(values) else [None] * len(values)
            values = [
                find_files(value, slot, self.dialect, self.make_file)
                for value, slot in zip(values, slots)
            ]
        updates: dict[int, Mapping[str, Any]] = {
            index: {**update, "value": values[index]} if "value" in update else update
            for index, update in sent.items()
        }
        return Data._told(
            data=values,
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=moment(time),
            updates=updates,
            _outputs=endpoint.returned,
            _look=self.look,
        )

    def render(self, time: float, output: Mapping[str, Any]) -> list[Event]:
        config = output.get("render_config")
        if not isinstance(config, dict):
            return []
        return [Render(config, self.endpoint.name, self.endpoint.fn_index, moment(time))]

    def answer(
        self, time: float, output: Mapping[str, Any], *, files: bool, queue: bool, **fields: Any
    ) -> list[Event]:
        """The events of a final answer: its value, what it rendered, the end.

        Args:
            files: The value may hold files.

        Raises:
            ProtocolError: The output has no list of values.
        """
        data = output.get("data")
        if not isinstance(data, list):
            raise ProtocolError(
                f"The server says that {self.endpoint.name!r} is done but sends no list of values.",
                raw=output,
            )
        return [
            self.data(time, data, files=files),
            *self.render(time, output),
            self.status(time, "complete", queue=queue, **fields),
        ]

    def app_text(self, text: object) -> str | None:
        """The text of an app's error, without the quotes that servers before 5.2 put around."""
        if text is None:
            return None
        if not isinstance(text, str):
            return str(text)
        if self.dialect.quotes_errors and _QUOTED.fullmatch(text):
            try:
                return str(ast.literal_eval(text))
            except (ValueError, SyntaxError):  # a character that does not exist
                return text
        return text

    def failure(self, time: float, output: Mapping[str, Any], **fields: Any) -> Status:
        """The status of a function that raised."""
        return self.status(
            time,
            "error",
            message=self.app_text(output.get("error")) or "An error occurred",
            title=_text(output.get("title")) or "Error",
            duration=_number(output.get("duration")),
            visible=_flag(output.get("visible")),
            **fields,
        )


class Decoder:
    """Reads one job's messages in order.

    Args:
        scribe: Makes the events.
        diffs: State to start from, where the first messages are gone already.
    """

    __slots__ = ("_diffs", "_event_factory", "_files")

    def __init__(self, event_factory: EventFactory, diffs: DiffAccumulator | None = None) -> None:
        self._event_factory = event_factory
        self._diffs: DiffAccumulator | None = None  # values come whole
        if event_factory.dialect.diffs and not event_factory.endpoint.streaming:
            new = DiffAccumulator(cut_paths=event_factory.dialect.cuts_paths)
            self._diffs = diffs.copy() if diffs else new
        # An edited value holds what came with the messages before; unknown if they are gone.
        self._files = diffs is not None

    @property
    def diffs(self) -> DiffAccumulator | None:
        """The state after the messages so far; ``None`` where values come whole."""
        return self._diffs

    def skip(self, frame: Message) -> None:
        """Take a message into account without making its events."""
        if self._diffs is not None and frame.msg in _VALUE_MESSAGES:
            self._files = self._files or self._event_factory.may_hold_files(frame.raw)
            try:
                message = frame.parse()
                data = _output(message).get("data")
            except ProtocolError:
                self._diffs.lose()
                raise
            if isinstance(data, list) and message.get("success") is not False:
                self._diffs.put_off(data, len(frame.raw))

    def events(self, frame: Message, *, status: bool = True) -> list[Event]:
        """The events of the next message.

        Args:
            status: Also where it says that the job stands, which is half of the work.

        Raises:
            ProtocolError: The message is not what its kind promises.
        """
        if frame.msg not in EVENT_MESSAGES:
            return []
        try:
            return self._events(frame, status)
        except ProtocolError:
            if self._diffs is not None and frame.msg in _VALUE_MESSAGES:
                self._diffs.lose()  # what comes next are edits of what this one had
            raise

    def _events(self, frame: Message, status: bool) -> list[Event]:
        message = frame.parse()
        time = frame.time
        if frame.msg == "log":
            return [self._log(message, time)]
        if frame.msg == "process_completed":
            return completion(self._event_factory, frame, message)
        events: list[Event] = [status_of(self._event_factory, frame, message)] if status else []
        if frame.msg not in _VALUE_MESSAGES or message.get("success") is False:
            return events
        output = _output(message)
        values = output.get("data")
        if isinstance(values, list):
            files = self._event_factory.may_hold_files(frame.raw)
            if self._diffs is not None:
                self._files = files = self._files or files
                known = self._diffs.receive(values, len(frame.raw))
                if known is None:
                    log.debug("an edit list of %r did not fit", self._event_factory.endpoint.name)
            else:
                known = values
            if known is not None:
                events.append(self._event_factory.data(time, known, files=files))
        events.extend(self._event_factory.render(time, output))
        return events

    def _log(self, message: Mapping[str, Any], time: float) -> Log:
        endpoint = self._event_factory.endpoint
        return Log(
            log=str(message.get("log", "")),
            level=str(message.get("level", "info")),
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=moment(time),
            title=_text(message.get("title")),
            duration=_number(message.get("duration")),
            visible=_flag(message.get("visible")),
        )


def status_of(
    event_factory: EventFactory, frame: Message, message: Mapping[str, Any] | None = None
) -> Status:
    """Where the job stands after one message of `STATUS_MESSAGES`; needs no earlier ones.

    Raises:
        ProtocolError: The message is not what its kind promises.
    """
    if message is None:
        message = frame.parse()
    time, kind = frame.time, frame.msg
    success, code = _flag(message.get("success")), _text(message.get("code"))
    if kind == "estimation":
        return event_factory.status(
            time,
            "pending",
            code=code,
            success=success,
            size=_count(message.get("queue_size")),
            position=_count(message.get("rank")),
            eta=_number(message.get("rank_eta")),
        )
    if kind == "process_starts":
        return event_factory.status(
            time,
            "pending",
            code=code,
            success=success,
            size=_count(message.get("rank")),
            position=0,
            eta=_number(message.get("eta")),
        )
    if kind == "progress":
        bars = _progress(message.get("progress_data"))
        return event_factory.status(time, "pending", code=code, success=success, progress_data=bars)
    if kind in _VALUE_MESSAGES:
        output = _output(message)
        if success is False:
            text = event_factory.app_text(output.get("error"))
            return event_factory.status(time, "error", code=code, message=text)
        return event_factory.status(
            time,
            "generating" if kind == "process_generating" else "streaming",
            code=code,
            progress_data=_progress(message.get("progress_data")),
            changed_state_ids=_ids(output.get("changed_state_ids")),
            time_limit=_number(message.get("time_limit")),
        )
    if kind == "process_completed":
        last = completion(event_factory, frame, message)[-1]
        assert isinstance(last, Status)  # noqa: S101 - what completion() ends with
        return last
    if kind == "queue_full":
        return event_factory.status(
            time, "error", message=QUEUE_FULL_MESSAGE, code=code, success=success
        )
    return event_factory.status(
        time,
        "error",
        message=_text(message.get("message")) or "The server stopped unexpectedly.",
        session_not_found=_flag(message.get("session_not_found")),
        success=False,
    )


def completion(
    event_factory: EventFactory, frame: Message, message: Mapping[str, Any]
) -> list[Event]:
    """The events of ``process_completed``; the last is always the final status.

    Args:
        message: The frame, read.

    Raises:
        ProtocolError: It holds neither values, nor an error, nor a cancellation.
    """
    time, output = frame.time, _output(message)
    success, code = _flag(message.get("success")), _text(message.get("code"))
    if "error" in output or success is False:
        return [event_factory.failure(time, output, code=code, success=False)]
    if "data" not in output:  # how servers since 4.31 report a cancelled job
        return [cancelled(event_factory, time)]
    fields: dict[str, Any] = {
        "code": code,
        "progress_data": _progress(message.get("progress_data")),
        "changed_state_ids": _ids(output.get("changed_state_ids")),
        "used_cache": _text(message.get("used_cache")),
        "cache_duration": _number(message.get("cache_duration")),
        "avg_time": _number(message.get("avg_time")),
    }
    if event_factory.dialect.join == "websocket":
        fields["eta"] = _number(output.get("average_duration"))
    files = event_factory.may_hold_files(frame.raw)
    return event_factory.answer(time, output, files=files, queue=True, **fields)


def cancelled(event_factory: EventFactory, time: float) -> Status:
    """The last status of a job that was cancelled.

    Behaviour: stage and ``queue`` as ``cancel`` of @gradio/client 0.2.1; 2.7.0 reports none.
    """
    return event_factory.status(time, "complete", queue=False, success=False, message="Cancelled.")


def _output(message: Mapping[str, Any]) -> Mapping[str, Any]:
    output = message.get("output")
    if not isinstance(output, dict):
        raise ProtocolError("A message of the queue has no output.", raw=message)
    return output


def _progress(bars: object) -> list[Progress] | None:
    if not isinstance(bars, Sequence) or isinstance(bars, str):
        return None
    return [
        Progress(
            progress=_number(bar.get("progress")),
            index=_count(bar.get("index")),
            length=_count(bar.get("length")),
            unit=_text(bar.get("unit")),
            desc=_text(bar.get("desc")),
        )
        for bar in bars
        if isinstance(bar, Mapping)
    ]


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _count(value: object) -> int | None:
    # Apps may count in fractions: gr.Progress passes on what the app gave it.
    return _number(value)  # type: ignore[return-value]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _ids(value: object) -> list[int] | None:
    return [i for i in value if isinstance(i, int)] if isinstance(value, list) else None
