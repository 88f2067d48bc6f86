"""`EventFactory`: makes the events that users see, from values that are decoded already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable

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

#: What ``repr`` makes of a text: one literal with these escapes only.
_QUOTED = (
    r"""'(?:[^'\\\x00-\x1f]|\\(?:[\\'nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*'"""
    r"""|"(?:[^"\\\x00-\x1f]|\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*\""""
)


@lru_cache(maxsize=1)  # a message makes several events
def moment(time: float) -> datetime:
    """Return a point in time as users see it: aware, UTC."""
    return datetime.fromtimestamp(time, timezone.utc)


class EventFactory:
    """Makes the events of one job: it holds what all of them have in common.

    Args:
        endpoint: The function, for its name, number and outputs.
        dialect: What the server speaks.
        make_file: Makes what users get for a file; ``None`` leaves files as they came.
        look: Makes what a notebook shows for a value.
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
        if dialect.quotes_errors:
            import ast  # noqa: F401  # for `app_text`: a worker, which calls it, must not import

    def may_hold_files(self, raw: bytes) -> bool:
        """Return whether a message of the job can have files in it."""
        return may_hold_files(raw, self.endpoint.returns, self.dialect)

    def status(self, time: float, stage: Stage, *, queue: bool = True, **fields: Any) -> Status:
        """Make a status.

        Args:
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
        """Make a value as users get it.

        Args:
            data: One value for each output, as they came.
            files: Whether they may hold files; see `may_hold_files`.
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
        return Data._make(
            data=values,
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=moment(time),
            updates=updates,
            _outputs=endpoint.returned,
            _look=self.look,
        )

    def render(self, time: float, output: Mapping[str, Any]) -> list[Event]:
        """Make the event of new components, if the output has any."""
        config = output.get("render_config")
        if not isinstance(config, dict):
            return []
        return [Render(config, self.endpoint.name, self.endpoint.fn_index, moment(time))]

    def answer(
        self, time: float, output: Mapping[str, Any], *, files: bool, queue: bool, **fields: Any
    ) -> list[Event]:
        """Make the events of a function's end: its value, what it rendered, the final status.

        Args:
            files: Whether the value may hold files.
            fields: Of the status.

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

    def app_text(self, said: object) -> str | None:
        """Return the text of an app's error, without the quotes that servers before 5.2 add."""
        if said is None:
            return None
        if not isinstance(said, str):
            return str(said)
        if self.dialect.quotes_errors and re.fullmatch(_QUOTED, said):
            from ast import literal_eval

            try:
                return str(literal_eval(said))
            except (ValueError, SyntaxError):  # a character that does not exist
                return said
        return said

    def failure(self, time: float, output: Mapping[str, Any], **fields: Any) -> Status:
        """Make the final status of a function that raised."""
        return self.status(
            time,
            "error",
            message=self.app_text(output.get("error")) or "An error occurred",
            title=text(output.get("title")) or "Error",
            duration=number(output.get("duration")),
            visible=flag(output.get("visible")),
            **fields,
        )

    def cancelled(self, time: float) -> Status:
        """Make the final status of a job that was cancelled.

        Behaviour: stage and ``queue`` as ``cancel`` of @gradio/client 0.2.1; 2.7.0 reports none.
        """
        return self.status(time, "complete", queue=False, success=False, message="Cancelled.")
