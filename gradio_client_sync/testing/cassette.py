"""The file format of recordings: JSON lines, one for each event, in order.

===========  ================================================================================
first key    content of the line
===========  ================================================================================
`cassette`   the version of the format; always the first line
`app`        the URL of an app, with its `config` or its `info`
`call`       a call's number. The first line of a call has `app`, `endpoint`, `fn_index`,
             `payload` (all inputs, as they were sent), `session`, and `event_data` if there was
             any. Each further line has `t`
             (seconds since the call began) and one of: `message` (from the queue), `response`
             (of a call that skips the queue, or was refused), `cancelled`, `lost`,
             `unfinished` (the recording ended before the call), `sent` (input of
             `Job.send_chunk`; ``null`` for its end)
`file`       the path of a file on the server, with `app` and `content`: where it is kept,
             relative to the recording; or with the `status` with which it was refused
`server`     the name of a function of a component, with `app`, `component`, `payload`, `status` and
             `body`
`hub`        a request to the Hub, with `status` and `body`
===========  ================================================================================

A file in a payload is ``{"$file": "HASH/NAME"}``. Headers, cookies, tokens, logins, session hashes
and event ids are never written. You can edit, remove and add lines by hand.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._protocol.values.filedata import decode_data_url
from .._protocol.values.filename import safe_name
from .replay_error import ReplayError
from .scrubber import Scrub

FORMAT = 1

#: The keys of the lines about a call after its first line.
_STEPS = ("message", "response", "cancelled", "lost", "unfinished", "sent")

#: The required and the optional keys of each kind of line.
_LINES = tuple(
    (set(needed.split()), set(optional.split()))
    for needed, optional in (
        ("cassette", "made_by"),
        ("app config", ""),
        ("app info", ""),
        ("call app endpoint fn_index payload", "session event_data"),
        *((f"call {what}", "t") for what in _STEPS),
        ("file app content", ""),
        ("file app status", ""),
        ("server app component payload status body", ""),
        ("hub status body", ""),
    )
)

#: The types of the values of some keys.
_TYPES: Mapping[str, tuple[Any, str]] = {
    "config": (dict, "an object"),
    "info": (dict, "an object"),
    "message": (dict, "an object"),
    "response": (dict, "an object"),
    "status": (int, "a number"),
    "t": ((int, float), "a number"),
    "app": (str, "a text"),
    "file": (str, "a text"),
    "content": (str, "a text"),
}

_SIGNATURE = re.compile(r"([?&])__sign=[^&\"]*")


class RecordedCall:
    """One recorded call.

    Attributes:
        number: Its number in the recording.
        app: The URL of the app.
        endpoint: The name of the endpoint, or its number.
        fn_index: The number of the function; ``None`` for a refused websocket, because its
            handshake does not name one.
        payload: The values, with ``***`` for secrets of the client; ``None`` if none were sent.
        steps: The events of the call: seconds since it began, and the line.
        event_data: The event data of the call; ``None`` if there was none.
        played: Whether it was replayed.
    """

    def __init__(self, line: Mapping[str, Any]) -> None:
        self.number = line["call"]
        self.app = str(line["app"])
        self.endpoint = line["endpoint"]
        self.fn_index = line["fn_index"]
        self.payload = line["payload"]
        self.event_data = line.get("event_data")
        self._has_secret = "***" in json.dumps([self.payload, self.event_data])
        self.steps: list[tuple[float, Mapping[str, Any]]] = []
        self.played = False

    @property
    def has_end(self) -> bool:
        """Whether the recording contains the end of the call, or ends before the call."""
        ends = ("process_completed", "queue_full")
        return any(
            step["message"]["msg"] in ends if "message" in step else "sent" not in step
            for _, step in self.steps
        )

    def next_sent(self, count: int) -> Mapping[str, Any] | None:
        """Return the line of a chunk of input; ``None`` if the recording has fewer chunks.

        Args:
            count: The number of chunks before it.
        """
        sent = [step for _, step in self.steps if "sent" in step]
        return sent[count] if count < len(sent) else None

    def fits(self, payload: Any, event_data: Any) -> bool:
        """Return whether this call has these values. A call without a payload fits all values."""
        if self.payload is None or (self.payload, self.event_data) == (payload, event_data):
            return True
        return self._has_secret and not self.differences(payload, event_data)

    def differences(self, payload: Any, event_data: Any) -> list[str]:
        """Return the differences between values and those of this call, one line for each part."""
        more = differences(event_data, self.event_data, "event_data")
        return differences(payload, self.payload) + more


class Cassette:
    """A recording, read from its file.

    Args:
        path: The file.

    Attributes:
        configs: The config of each app, by its URL.
        infos: The description of each app's API, by its URL.
        calls: The calls, in order.
        files: The responses to requests for a file, in order, by app and path: where the content is
            kept, or the status of a refusal.
        hub: The responses of the Hub: path, status, body.
        servers: The calls of functions of components that were not replayed yet.

    Raises:
        ReplayError: The file is missing, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.configs: dict[str, dict[str, Any]] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self.calls: list[RecordedCall] = []
        self.files: dict[tuple[str, str], list[Path | int]] = {}
        self.hub: list[tuple[str, int, Any]] = []
        self.servers: list[dict[str, Any]] = []
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as exc:
            raise ReplayError(
                f"There is no recording {str(path)!r}: {exc}. Run the code once with "
                "`with record(...)`, or pytest with --gradio-record=once."
            ) from exc
        except UnicodeDecodeError as exc:
            raise ReplayError(f"The recording {str(path)!r} is not UTF-8 text: {exc}.") from exc
        self._has_format = False
        by_number: dict[Any, RecordedCall] = {}
        for number, row in enumerate(text.splitlines(), 1):
            if not row.strip():
                continue
            try:
                self._read(json.loads(row), by_number)
            except (ValueError, TypeError) as exc:
                why = str(exc)
                if isinstance(exc, json.JSONDecodeError):
                    why = f"{exc.msg}, at character {exc.colno}"
                raise ReplayError(
                    f"Line {number} of the recording {str(path)!r} cannot be read: {why}."
                ) from exc
        if not self._has_format:
            raise ReplayError(f"The recording {str(path)!r} is empty. Record it again.")

    def _read(self, line: Any, by_number: dict[Any, RecordedCall]) -> None:
        if not isinstance(line, dict):
            raise TypeError("it is not an object")
        if not self._has_format and "cassette" not in line:
            raise ValueError(f'the first line has to be {{"cassette": {FORMAT}}}')
        _check(line)
        if "cassette" in line:
            self._has_format = True
            if line["cassette"] != FORMAT:
                raise ReplayError(
                    f"The recording {str(self.path)!r} has the format {line['cassette']!r}, and "
                    f"this version reads {FORMAT}. Record it again, or install the version that "
                    "made it."
                )
        elif "call" in line and "endpoint" in line:
            call = by_number[line["call"]] = RecordedCall(line)
            self.calls.append(call)
        elif "call" in line:
            if line["call"] not in by_number:
                raise ValueError(f"no line before it begins call {line['call']}")
            by_number[line["call"]].steps.append((float(line.get("t", 0.0)), line))
        elif "file" in line:
            found = line["status"] if "status" in line else self.path.parent / line["content"]
            self.files.setdefault((line["app"], line["file"]), []).append(found)
        elif "server" in line:
            self.servers.append(line)
        elif "hub" in line:
            self.hub.append((line["hub"], line["status"], line["body"]))
        elif "config" in line:
            self.configs[line["app"]] = line["config"]
        elif "info" in line:
            self.infos[line["app"]] = line["info"]


def _check(line: dict[str, Any]) -> None:
    """Check the keys of a line, and the types of their values.

    Raises:
        ValueError: A key is missing or unknown.
        TypeError: A value has the wrong type.
    """

    def faults(form: tuple[set[str], set[str]]) -> tuple[set[str], set[str]]:
        needed, optional = form
        return needed - line.keys(), line.keys() - needed - optional

    missing, unknown = min(map(faults, _LINES), key=lambda found: len(found[0] | found[1]))
    if unknown:
        needs = f", and needs {_listed(missing)}" if missing else ""
        raise ValueError(f"it has {_listed(unknown)}, which is not a key of such a line{needs}")
    if missing:
        raise ValueError(f"it needs {_listed(missing)}")
    for key, (kind, words) in _TYPES.items():
        if key in line and (not isinstance(line[key], kind) or isinstance(line[key], bool)):
            raise TypeError(f"{key!r} is not {words}")
    if not isinstance(line.get("message", {"msg": ""}).get("msg"), str):
        raise TypeError("its message has no 'msg'")
    if not {"status", "body"} <= line.get("response", {"status": 0, "body": 0}).keys():
        raise ValueError("its response needs 'status' and 'body'")


def _listed(keys: set[str]) -> str:
    return ", ".join(map(repr, sorted(keys)))


def digest(content: bytes) -> str:
    """Return the hash by which a recording names content."""
    return hashlib.sha256(content).hexdigest()[:16]


def file_mark(name: object, content: bytes) -> dict[str, str]:
    """Return the form of a file in a recorded payload."""
    return {"$file": f"{digest(content)}/{safe_name(name)}"}


def portable(value: Any, uploads: Mapping[str, Any], scrub: Scrub | None) -> Any:
    """Return the recorded form of a payload.

    Args:
        value: The payload as it was sent.
        uploads: The recorded form of each uploaded file, by its path on the server.
        scrub: A function that scrubs texts.
    """
    if isinstance(value, str):
        if value.startswith("data:") and ";base64," in value[:200]:
            return file_mark("inline", decode_data_url(value))
        return value if scrub is None else scrub(value)
    if isinstance(value, list):
        return [portable(item, uploads, scrub) for item in value]
    if isinstance(value, dict):
        inline = value.get("data")
        if isinstance(inline, str) and inline.startswith("data:") and "is_file" in value:
            name = value.get("orig_name") or value.get("name")
            return _scrubbed_mark(file_mark(name, decode_data_url(inline)), scrub)
        for key in ("path", "name"):
            path = value.get(key)
            if isinstance(path, str) and path in uploads:
                return _scrubbed_mark(uploads[path], scrub)
        return {key: portable(item, uploads, scrub) for key, item in value.items()}
    return value


def _scrubbed_mark(mark: dict[str, str], scrub: Scrub | None) -> dict[str, str]:
    """Return the recorded form of a file, with a scrubbed name."""
    content, _, name = mark["$file"].partition("/")
    return mark if scrub is None else {"$file": f"{content}/{safe_name(scrub(name))}"}


def scrubbed(value: Any, scrub: Scrub | None) -> Any:
    """Return a message without signatures in URLs, and with scrubbed texts."""
    if isinstance(value, str):
        value = _SIGNATURE.sub(r"\1", value)
        return value if scrub is None else scrub(value)
    if isinstance(value, list):
        return [scrubbed(item, scrub) for item in value]
    if isinstance(value, dict):
        return {key: scrubbed(item, scrub) for key, item in value.items()}
    return value


def _is_same(sent: Any, recorded: Any) -> bool:
    """Return whether two values are equal. A secret of the client was recorded as ``***``."""
    if isinstance(sent, str) and isinstance(recorded, str) and "***" in recorded:
        pattern = ".+".join(map(re.escape, recorded.split("***")))
        return re.fullmatch(pattern, sent, re.DOTALL) is not None
    return bool(sent == recorded)


def differences(sent: Any, recorded: Any, where: str = "") -> list[str]:
    """Return the differences between two payloads, one line for each part."""
    if type(sent) is type(recorded) and isinstance(sent, list) and len(sent) == len(recorded):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(sent, recorded))]
    elif isinstance(sent, dict) and isinstance(recorded, dict) and sent.keys() == recorded.keys():
        pairs = [(f"{where}[{key!r}]", sent[key], recorded[key]) for key in sent]
    else:
        text = f"{where or 'payload'}: {sent!r}, but {recorded!r} was recorded"
        return [] if _is_same(sent, recorded) else [text]
    return [line for at, a, b in pairs for line in differences(a, b, at)]
