"""A real kernel, as notebooks have it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from docs.notebooks import render
from tests.support.listeners import BOUND


class Kernel:
    """A kernel that runs code and tells what it published."""

    def __init__(self, folder: Path) -> None:
        manager = pytest.importorskip("jupyter_client.manager")
        pytest.importorskip("ipykernel")
        self._manager = manager.KernelManager(**render.private_sockets(str(folder)))
        self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=BOUND * 3)

    def start(self, code: str) -> str:
        """Run code; `finish` tells what came of it."""
        return str(self._client.execute(code))

    def await_print(self, run: str) -> None:
        """Wait until a run prints."""
        message: dict[str, Any] = {"parent_header": {}, "msg_type": None}
        while (message["parent_header"].get("msg_id"), message["msg_type"]) != (run, "stream"):
            message = self._client.get_iopub_msg(timeout=BOUND)

    def finish(self, run: str) -> list[dict[str, Any]]:
        """What a run published, to its end."""
        messages = []
        while True:
            message = self._client.get_iopub_msg(timeout=BOUND)
            if message["parent_header"].get("msg_id") != run:
                continue
            content = {"type": message["msg_type"], **message["content"]}
            if content["type"] == "status" and content["execution_state"] == "idle":
                return messages
            messages.append(content)

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run code to its end."""
        return self.finish(self.start(code))

    def interrupt(self) -> None:
        """What the stop button does."""
        self._manager.interrupt_kernel()

    def shut_down(self) -> float:
        """What closing the notebook does; seconds until the process had ended by itself."""
        began = time.monotonic()
        self._manager.request_shutdown()
        self._manager.provisioner.process.wait(BOUND)
        return time.monotonic() - began

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


def errors(messages: list[dict[str, Any]]) -> list[str]:
    """The names of the exceptions among what was published."""
    return [message["ename"] for message in messages if message["type"] == "error"]
