"""Look for secrets in the variables of frames and in the attributes of objects.

Programs that report errors or show what threads do print these. `running` looks at the frames of
the package in all threads, and `WatchingApp` does so during each request.
"""

from __future__ import annotations

import base64
import os
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Optional

import gradio_client_sync
from tests.support.file_app import FileApp
from tests.support.scripted import IncomingRequest

SECRET = "sesame-0123456789"
BASIC = base64.b64encode(f"me:{SECRET}".encode()).decode()
JWT = ".signed-"  # in the signatures of the local Hub
PACKAGE = os.path.join(os.path.dirname(gradio_client_sync.__file__), "")


def dumped(exc: BaseException, user: str) -> Iterator[str]:
    """Yield the variables of each frame of an exception, and of those that led to it.

    Args:
        exc: The exception.
        user: The file of the user, who has the secrets. Its frames are left out.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        for frame, line in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != user:
                for name, value in frame.f_locals.items():
                    attributes = getattr(value, "__dict__", {})
                    yield f"{frame.f_code.co_name}:{line} {name} = {value!r} {attributes!r}"


def secrets_in(value: object, name: str, seen: dict[int, object]) -> Iterator[str]:
    """Yield where a value, its items or the attributes of our objects show a secret.

    Args:
        value: The value.
        name: The name of its variable.
        seen: Values by their id, which are not looked at again.
    """
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else value.decode("latin-1")
        if SECRET in text or BASIC in text or JWT in text:
            yield name
    else:
        inner: list[tuple[str, object]] = []
        if isinstance(value, dict):
            inner += [(f"[{key!r}]", one) for key, one in list(value.items())]
        elif isinstance(value, (list, tuple, set, frozenset, deque)):
            inner += [(f"[{n}]", one) for n, one in enumerate(list(value))]
        elif not isinstance(value, type):
            inner.append((" as repr", repr(value)))
        if type(value).__module__.startswith(gradio_client_sync.__name__):
            inner += [(f".{key}", one) for key, one in list(getattr(value, "__dict__", {}).items())]
            slots = {slot for cls in type(value).__mro__ for slot in vars(cls).get("__slots__", ())}
            inner += [(f".{slot}", getattr(value, slot, None)) for slot in slots]
        for key, one in inner:
            yield from secrets_in(one, name + key, seen)


def running() -> set[str]:
    """Return where the frames of the package in all threads show a secret."""
    found, seen = set(), {}
    for stack in sys._current_frames().values():
        frame: Optional[FrameType] = stack
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(PACKAGE):
                for name, value in list(frame.f_locals.items()):
                    place = f"{Path(code.co_filename).name}:{code.co_name}: {name}"
                    found.update(secrets_in(value, place, seen))
            frame = frame.f_back
    return found


#: Endpoints that want the token of their user.
ASKING = {
    f"/{name}": {"parameters": [], "returns": [], "oauth_token": "required"}
    for name in ("direct", "file")
}


class WatchingApp(FileApp):
    """An app with a login that looks at the frames of the client during each request."""

    def __init__(self) -> None:
        super().__init__("json", app_id=1)
        self.shown: set[str] = set()
        self.scripts["GET /config"] = self.read_config
        self.scripts["GET /info"] = lambda x: x.answer({"named_endpoints": ASKING})
        self.tokens: list[str] = []
        self.scripts["POST /login"] = lambda x: x.answer(
            {}, headers={"Set-Cookie": f"access-token={SECRET}"}
        )

    def _below_prefix(self, path: str) -> str:
        self.shown |= running()
        return super()._below_prefix(path)

    def run(self, x: IncomingRequest) -> None:
        self.tokens.append(x.json["oauth_token"])
        super().run(x)

    def join(self, x: IncomingRequest) -> None:
        self.tokens.append(x.json["oauth_token"])
        super().join(x)

    def read_config(self, x: IncomingRequest) -> None:
        if "access-token" in (x.headers.get("cookie") or ""):
            x.answer(self.config)
        else:
            x.answer({"detail": "Not authenticated"}, 401)
