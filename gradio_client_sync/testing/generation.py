"""The server's side of each Gradio release: the fields of its messages, and its routes.

A `Generation` is for the server what `_protocol.dialect` is for the client.
"""

from __future__ import annotations

from typing import Any

from .._protocol.dialect import UNKNOWN_VERSION, Dialect, dialect_of, parse_version

#: The release of a fake app for which only the protocol is given. All of them were recorded.
RELEASES = {
    "ws": "3.50.2",
    "sse": "4.0.2",
    "sse_v1": "4.12.0",
    "sse_v2": "4.19.2",
    "sse_v2.1": "4.21.0",
    "sse_v3": "6.31.0",
}

#: The first release after those of a protocol.
_ENDS = {
    "ws": (4, 0, 0),
    "sse": (4, 9, 0),
    "sse_v1": (4, 17, 0),
    "sse_v2": (4, 21, 0),
    "sse_v2.1": (4, 22, 0),
    "sse_v3": (999, 0, 0),
}


def protocol_of(version: str) -> str:
    """Return the protocol of a Gradio release.

    Raises:
        ValueError: It is not a release that this package can call.
    """
    number = parse_version(version)
    if number == UNKNOWN_VERSION or number < (3, 0, 0):
        raise ValueError(
            f"version={version!r} is not a Gradio release such as '3.50.2' or '6.31.0'."
        )
    return next(protocol for protocol, end in _ENDS.items() if number < end)


class Generation:
    """One Gradio release, as its apps appear on the wire.

    Args:
        protocol: The protocol, such as ``"sse_v3"``.
        version: The release.

    Attributes:
        dialect: The rules for the client.
        prefix: The path before the routes of the API.
    """

    def __init__(self, protocol: str, version: str) -> None:
        self.version = version
        entries = {"version": version, "protocol": protocol}
        self.dialect: Dialect = dialect_of(entries)
        self.prefix = "/gradio_api" if self.since(5) else ""

    def since(self, *number: int) -> bool:
        """Return whether the release is this one or a later one."""
        return self.dialect.version >= (*number, 0, 0)[:3]

    @property
    def config(self) -> dict[str, Any]:
        """The entries of the config that name the release."""
        entries: dict[str, Any] = {"version": self.version, "mode": "blocks", "enable_queue": True}
        if self.dialect.protocol != "ws":
            entries["protocol"] = self.dialect.protocol
        if self.prefix:
            entries["api_prefix"] = self.prefix
        return entries

    @property
    def repeats_last(self) -> bool:
        """Whether the end of a generator counts as one of its values (before 4.17)."""
        return not self.dialect.diffs

    @property
    def closes_stream(self) -> bool:
        """Whether a message announces the end of the session's stream (4.22 and later)."""
        return self.dialect.protocol == "sse_v3"

    def estimation(self, rank: int, size: int, eta: float | None) -> dict[str, Any]:
        """Return the message with a job's position in the queue."""
        message: dict[str, Any] = {"msg": "estimation", "rank": rank, "queue_size": size}
        if not self.since(4, 11):
            message.update(
                avg_event_process_time=eta, avg_event_concurrent_process_time=eta, queue_eta=0.0
            )
        return {**message, "rank_eta": eta}

    def process_starts(self, eta: float | None) -> dict[str, Any]:
        """Return the message that the function starts."""
        return {"msg": "process_starts", **({"eta": eta} if self.since(4, 11) else {})}

    def output(self, data: list[Any], generating: bool | None, seconds: float) -> dict[str, Any]:
        """Return the output of a message, or the response to a direct call."""
        output = {
            "data": data,
            "is_generating": generating,
            "duration": seconds,
            "average_duration": seconds,
        }
        if self.since(4, 31):
            output["render_config"] = None
        if self.since(4, 32):
            output["changed_state_ids"] = []
        if self.since(6, 12):
            output["used_cache"] = None
        return output

    def generating(self, data: list[Any], seconds: float) -> dict[str, Any]:
        """Return the message with one value of a generator."""
        output = self.output(data, True, seconds)
        message = {"msg": "process_generating", "output": output, "success": True}
        return {**message, **({"time_limit": None} if self.since(5) else {})}

    def completed(
        self, output: dict[str, Any], success: bool, title: str | None = None
    ) -> dict[str, Any]:
        """Return the last message of a job."""
        message = {"msg": "process_completed", "output": output, "success": success}
        if self.since(5, 2):
            message["title"] = title
        if self.since(6, 12):
            message.update(used_cache=None, cache_duration=None, avg_time=None)
        return message

    def log(
        self, text: str, level: str, title: str | None, duration: float | None, visible: bool
    ) -> dict[str, Any]:
        """Return the message of ``gr.Info`` and the like."""
        message: dict[str, Any] = {"msg": "log", "log": text, "level": level}
        if self.since(4, 37):
            message.update(duration=duration, visible=visible)
        if self.since(5, 2):
            message["title"] = title or level.capitalize()
        return message

    def error(
        self,
        text: str | None,
        *,
        shown: bool,
        title: str | None = None,
        duration: float | None = 10,
        visible: bool = True,
    ) -> dict[str, Any]:
        """Return the output of a job that failed.

        Args:
            text: The text; ``None`` if the app hides it.
            shown: Whether the app raised ``gr.Error``, and not another exception.
            title: The title of a ``gr.Error``.
            duration: Seconds for which it is to be shown.
            visible: Whether it is to be shown.
        """
        if shown and text is not None and self.dialect.quotes_errors:
            text = repr(text)
        output: dict[str, Any] = {"error": text}
        if shown and self.since(4, 37):
            output.update(duration=duration, visible=visible)
        elif self.since(6):
            output["visible"] = True
        if shown and self.since(5, 2):
            output["title"] = title or "Error"
        return output
