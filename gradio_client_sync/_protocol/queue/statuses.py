"""The status of a job after one message: `status_of`, with a table of the kinds of message.

A status does not depend on earlier messages, so it can be made for any message at any time.

Behaviour: the fields of each status as ``handle_message`` of @gradio/client 2.7.0 (0.2.1 for
websockets).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ...events import Progress, Status
from .fields import count, flag, ids, number, output, text

if TYPE_CHECKING:
    from ...events import Event
    from .event_factory import EventFactory
    from .wire import Message

QUEUE_FULL_MESSAGE = "The app's queue is full. Try again later."


def status_of(
    event_factory: EventFactory, message: Message, content: Mapping[str, Any] | None = None
) -> Status:
    """Return the status of the job after one message of `STATUS_MESSAGES`.

    Args:
        event_factory: Makes the status.
        message: The message.
        content: The parsed message, if the caller has it.

    Raises:
        ProtocolError: The content of the message does not fit its kind.
    """
    return _BUILDERS[message.msg](
        event_factory, message, message.parse() if content is None else content
    )


def completion(
    event_factory: EventFactory, message: Message, content: Mapping[str, Any]
) -> list[Event]:
    """Return the events of ``process_completed``; the last is always the final status.

    Args:
        event_factory: Makes the events.
        message: The message.
        content: The parsed message.

    Raises:
        ProtocolError: The message has no values, no error and no cancellation.
    """
    time, result = message.time, output(content)
    success, code = flag(content.get("success")), text(content.get("code"))
    if "error" in result or success is False:
        return [event_factory.failure(time, result, code=code, success=False)]
    if "data" not in result:  # servers since 4.31 report a cancelled job like this
        return [event_factory.cancelled(time)]
    fields: dict[str, Any] = {
        "code": code,
        "progress_data": _progress(event_factory.shown(content.get("progress_data"))),
        "changed_state_ids": ids(result.get("changed_state_ids")),
        "used_cache": text(content.get("used_cache")),
        "cache_duration": number(content.get("cache_duration")),
        "avg_time": number(content.get("avg_time")),
    }
    if event_factory.dialect.join == "websocket":
        fields["eta"] = number(result.get("average_duration"))
    files = event_factory.may_hold_files(message.raw)
    return event_factory.answer(time, result, files=files, queue=True, **fields)


# The builders below repeat the lines for `code` and `success`. A function that they share for these
# two lines would add one call to each status.


def _pending(event_factory: EventFactory, message: Message, content: Mapping[str, Any]) -> Status:
    """Return the status for ``estimation`` and ``process_starts``.

    The two have different names for the same fields: in ``process_starts``, ``rank`` is the size
    of the queue.
    """
    starts = message.msg == "process_starts"
    return event_factory.status(
        message.time,
        "pending",
        code=text(content.get("code")),
        success=flag(content.get("success")),
        size=count(content.get("rank" if starts else "queue_size")),
        position=0 if starts else count(content.get("rank")),
        eta=number(content.get("eta" if starts else "rank_eta")),
    )


def _progressing(
    event_factory: EventFactory, message: Message, content: Mapping[str, Any]
) -> Status:
    return event_factory.status(
        message.time,
        "pending",
        code=text(content.get("code")),
        success=flag(content.get("success")),
        progress_data=_progress(event_factory.shown(content.get("progress_data"))),
    )


def _value(event_factory: EventFactory, message: Message, content: Mapping[str, Any]) -> Status:
    result, code = output(content), text(content.get("code"))
    if content.get("success") is False:
        error = event_factory.app_text(result.get("error"))
        return event_factory.status(message.time, "error", code=code, message=error)
    return event_factory.status(
        message.time,
        "generating" if message.msg == "process_generating" else "streaming",
        code=code,
        progress_data=_progress(event_factory.shown(content.get("progress_data"))),
        changed_state_ids=ids(result.get("changed_state_ids")),
        time_limit=number(content.get("time_limit")),
    )


def _completed(event_factory: EventFactory, message: Message, content: Mapping[str, Any]) -> Status:
    last = completion(event_factory, message, content)[-1]
    assert isinstance(last, Status)  # noqa: S101 - completion() ends with one
    return last


def _refused(event_factory: EventFactory, message: Message, content: Mapping[str, Any]) -> Status:
    return event_factory.status(
        message.time,
        "error",
        message=QUEUE_FULL_MESSAGE,
        code=text(content.get("code")),
        success=flag(content.get("success")),
    )


def _stopped(event_factory: EventFactory, message: Message, content: Mapping[str, Any]) -> Status:
    return event_factory.status(
        message.time,
        "error",
        message=text(content.get("message")) or "The server stopped unexpectedly.",
        session_not_found=flag(content.get("session_not_found")),
        success=False,
    )


_BUILDERS: Mapping[str, Callable[[EventFactory, Message, Mapping[str, Any]], Status]] = {
    "estimation": _pending,
    "process_starts": _pending,
    "progress": _progressing,
    "process_generating": _value,
    "process_streaming": _value,
    "process_completed": _completed,
    "queue_full": _refused,
    "unexpected_error": _stopped,
    "server_stopped": _stopped,
}

#: The kinds of message that have a status.
STATUS_MESSAGES = frozenset(_BUILDERS)


def _progress(bars: object) -> list[Progress] | None:
    if not isinstance(bars, Sequence) or isinstance(bars, str):
        return None
    return [
        Progress(
            progress=number(bar.get("progress")),
            index=count(bar.get("index")),
            length=count(bar.get("length")),
            unit=text(bar.get("unit")),
            desc=text(bar.get("desc")),
        )
        for bar in bars
        if isinstance(bar, Mapping)
    ]
