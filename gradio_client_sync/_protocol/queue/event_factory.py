"""`EventFactory`: makes the events of a job from decoded values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable

from ..._basics.words import called
from ...errors import ProtocolError
from ...events import Data, Render, Status
from ..values.filedata import find_files, may_hold_files
from .fields import flag, number, text

if TYPE_CHECKING:
    from ...events import Event
    from ...types import Stage
    from ..api.endpoint import Endpoint
    from ..dialect import Dialect
    from ..values.filedata import FileFacts

#: A Python string literal as ``repr`` writes it; it has no other escapes than these.
_QUOTED = (
    r"""'(?:[^'\\\x00-\x1f]|\\(?:[\\'nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*'"""
    r"""|"(?:[^"\\\x00-\x1f]|\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*\""""
)


@lru_cache(maxsize=1)  # all events of one message have the same time
def moment(time: float) -> datetime:
    """Return a point in time as users see it: a `datetime` with a time zone, in UTC."""
    return datetime.fromtimestamp(time, timezone.utc)


class EventFactory:
    """Makes the events of one job. It holds what all of them have in common.

    Args:
        endpoint: The function, for its name, number and outputs.
        dialect: The rules of the server.
        make_file: Makes the object that users get for a file; with ``None``, files in values
            stay as the server sent them.
        look: Makes the notebook display of a value.
        translate: Returns a value without the marks of ``gr.I18n``; ``None`` if the app has none.
    """

    __slots__ = ("dialect", "endpoint", "look", "make_file", "translate")

    def __init__(
        self,
        endpoint: Endpoint,
        dialect: Dialect,
        make_file: Callable[[FileFacts], Any] | None = None,
        look: Callable[[Data], dict[str, Any]] | None = None,
        translate: Callable[[Any], Any] | None = None,
    ) -> None:
        self.endpoint: Endpoint = endpoint
        self.dialect: Dialect = dialect
        self.make_file: Callable[[FileFacts], Any] | None = make_file
        self.look: Callable[[Data], dict[str, Any]] | None = look
        self.translate: Callable[[Any], Any] | None = translate
        if dialect.quotes_errors:
            import ast  # noqa: F401  # for `app_text`: a worker, which calls it, must not import

    def may_hold_files(self, raw: bytes) -> bool:
        """Return whether a message of the job may contain files. Never wrongly ``False``."""
        return may_hold_files(raw, self.endpoint.returns, self.dialect)

    def status(self, time: float, stage: Stage, *, queue: bool = True, **fields: Any) -> Status:
        """Return a status.

        Args:
            time: When the message arrived, in seconds since the epoch.
            stage: The stage of the job.
            queue: Whether the job goes through the app's queue.
            fields: The other fields of `Status`.
        """
        return Status._make(
            stage=stage,
            queue=queue,
            endpoint=self.endpoint.name,
            fn_index=self.endpoint.fn_index,
            time=moment(time),
            **fields,
        )

    def data(self, time: float, data: list[Any], *, files: bool) -> Data:
        """Return a value as users get it.

        Args:
            time: When the message arrived, in seconds since the epoch.
            data: One value for each output, as the server sent them.
            files: Whether the values may contain files; see `may_hold_files`.
        """
        endpoint = self.endpoint
        values = self.shown(endpoint.visible(data))
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
        updates: dict[int, Mapping[str, Any]] = {}
        for index, update in sent.items():
            # Other parts than the value may have files, such as a video's subtitles.
            whole = self._with_files(update) if files else update
            updates[index] = {**whole, "value": values[index]} if "value" in whole else whole
        return Data._make(
            data=values,
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=moment(time),
            updates=updates,
            _origin=endpoint,
            _display=self.look,
        )

    def _with_files(self, update: dict[str, Any]) -> dict[str, Any]:
        """Return an update with objects for the files beside its value."""
        if self.make_file is None:
            return update
        make = self.make_file
        return {
            key: part if key == "value" else find_files(part, None, self.dialect, make)
            for key, part in update.items()
        }

    def render(self, time: float, output: Mapping[str, Any]) -> list[Event]:
        """Return the event for new components; an empty list if the output has none."""
        config = output.get("render_config")
        if not isinstance(config, dict):
            return []
        return [Render(config, self.endpoint.name, self.endpoint.fn_index, moment(time))]

    def answer(
        self, time: float, output: Mapping[str, Any], *, files: bool, queue: bool, **fields: Any
    ) -> list[Event]:
        """Return the events of a function's end: its value, what it rendered, the final status.

        Args:
            time: When the message arrived, in seconds since the epoch.
            output: The ``output`` of the message.
            files: Whether the value may contain files.
            queue: Whether the job went through the app's queue.
            fields: The other fields of the status.

        Raises:
            ProtocolError: The output has no list of values.
        """
        data = output.get("data")
        if not isinstance(data, list):
            raise ProtocolError(
                f"The server reports the end of {called(self.endpoint.name)} without a list of "
                "values.",
                raw=output,
            )
        return [
            self.data(time, data, files=files),
            *self.render(time, output),
            self.status(time, "complete", queue=queue, **fields),
        ]

    def app_text(self, reported: object) -> str | None:
        """Return the text of an app's error, without the quotes that servers before 5.2 add."""
        if reported is None:
            return None
        reported = self.shown(reported)
        if not isinstance(reported, str):
            return str(reported)
        if self.dialect.quotes_errors and re.fullmatch(_QUOTED, reported):
            from ast import literal_eval

            try:
                return str(literal_eval(reported))
            except (ValueError, SyntaxError):  # an escape of a character that does not exist
                return reported
        return reported

    def shown(self, value: Any) -> Any:
        """Return what the app sent for people, without marks."""
        return value if self.translate is None else self.translate(value)

    def failure(self, time: float, output: Mapping[str, Any], **fields: Any) -> Status:
        """Return the final status of a function that raised."""
        return self.status(
            time,
            "error",
            message=self.app_text(output.get("error")) or "An error occurred",
            title=text(self.shown(output.get("title"))) or "Error",
            duration=number(output.get("duration")),
            visible=flag(output.get("visible")),
            **fields,
        )

    def cancelled(self, time: float) -> Status:
        """Return the final status of a job that was cancelled.

        Behaviour: stage and ``queue`` as ``cancel`` of @gradio/client 0.2.1; 2.7.0 sends no status.
        """
        return self.status(time, "complete", queue=False, success=False, message="Cancelled.")
