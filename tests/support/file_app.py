"""`FileApp`: a scripted app that keeps uploads and returns the value that it receives."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.support.scripted import (
    CLOSE,
    IncomingRequest,
    ScriptedApp,
    completed,
    component,
    config_of,
    dependency,
)

FILES = config_of(
    dependency(0, "file"),
    dependency(1, "direct", queue=False),
    components=[component(1, "json"), component(2, "file")],
)


class Part(NamedTuple):
    """One file of an upload, as it was on the wire."""

    name: str
    mime_type: str
    content: bytes


def parts_of(x: IncomingRequest) -> list[Part]:
    """Return the files in a multipart body."""
    boundary = x.headers["content-type"].partition("boundary=")[2].encode()
    pieces = x.body.split(b"--" + boundary)
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    parts = []
    for piece in pieces[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        found = re.fullmatch(
            r'\r\nContent-Disposition: form-data; name="files"; filename="(.*)"\r\n'
            r"Content-Type: (.*)",
            head.decode(),
        )
        assert found is not None and content.endswith(b"\r\n"), head
        parts.append(Part(found[1], found[2], content[:-2]))
    return parts


def filedata(path: str | None, **entries: Any) -> dict[str, Any]:
    """Return a file in the form that servers since 4.21 send."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **entries}


class FileApp(ScriptedApp):
    """A scripted app that accepts uploads, and calls of ``/file`` and ``/direct``.

    Args:
        kind: The type of the output component.
        takes: The type of the input component. The default is `kind`; for ``"file"`` and
            ``"audio"`` it is ``"json"``, which takes files and any other values.
        entries: Further entries of the config.

    Attributes:
        uploads: The files of each upload request.
        payloads: The data of each call.
        output: The result of a call; if ``None``, the call returns the value that was passed.
    """

    def __init__(self, kind: str = "file", *, takes: str | None = None, **entries: Any) -> None:
        if takes is None:
            takes = "json" if kind in ("file", "audio") else kind
        components = [component(1, takes), component(2, kind)]
        super().__init__({**FILES, "components": components, **entries})
        self._lock = threading.Lock()
        self.uploads: list[list[Part]] = []
        self.payloads: list[Any] = []
        self.output: list[Any] | None = None
        self.scripts["POST /upload"] = self.upload
        self.scripts["POST /run/direct"] = self.run
        self.scripts["POST /queue/join"] = self.join
        self.scripts["GET /queue/data"] = self.data

    def upload(self, x: IncomingRequest) -> None:
        parts = parts_of(x)
        with self._lock:  # uploads run in parallel
            self.uploads.append(parts)
            number = len(self.uploads)
        paths = [f"/srv/{number}/{n}/{part.name}" for n, part in enumerate(parts)]
        for path, part in zip(paths, parts):
            self.serve(path, part.content)
        x.answer(paths)

    def serve(self, path: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Serve a file for ``GET`` and ``HEAD``."""
        route = f"/file={quote(path)}"
        self.scripts[f"GET {route}"] = lambda x: x.answer(content, 200, "text/plain", headers)
        self.scripts[f"HEAD {route}"] = lambda x: x.start(200, {"Content-Length": len(content)})

    @property
    def sent(self) -> list[Part]:
        """Return every file of every upload."""
        return [part for parts in self.uploads for part in parts]

    def _answer(self, payload: Any) -> list[Any]:
        self.payloads.append(payload)
        return payload if self.output is None else self.output

    def run(self, x: IncomingRequest) -> None:
        x.answer({"data": self._answer(x.json["data"])})

    def join(self, x: IncomingRequest) -> None:
        self._answer(x.json["data"])
        x.answer({"event_id": f"e{len(self.payloads)}"})

    def data(self, x: IncomingRequest) -> None:
        self.wait_for("POST /queue/join", self.count("GET /queue/data"))
        x.start_stream()
        output = self.payloads[-1] if self.output is None else self.output
        x.send(completed(f"e{len(self.payloads)}", *output), CLOSE)
        x.end_stream()
