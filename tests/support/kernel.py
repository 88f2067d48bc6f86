"""A real Jupyter kernel, as notebooks use it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from docs.notebooks import render
from tests.support.listeners import BOUND


class Kernel:
    """A kernel that runs code and returns what it published."""

    def __init__(self, folder: Path) -> None:
        manager = pytest.importorskip("jupyter_client.manager")
        pytest.importorskip("ipykernel")
        self._manager = manager.KernelManager(**render.private_sockets(str(folder)))
        self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=BOUND * 3)

    def start(self, code: str) -> str:
        """Start to run code, and return an id for `finish`."""
        return str(self._client.execute(code))

    def await_print(self, run: str) -> None:
        """Wait until a run prints something."""
        message: dict[str, Any] = {"parent_header": {}, "msg_type": None}
        while (message["parent_header"].get("msg_id"), message["msg_type"]) != (run, "stream"):
            message = self._client.get_iopub_msg(timeout=BOUND)

    def finish(self, run: str) -> list[dict[str, Any]]:
        """Wait until a run ends, and return what it published."""
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
        """Run code to its end, and return what it published."""
        return self.finish(self.start(code))

    def interrupt(self) -> None:
        """Interrupt the kernel as the stop button does."""
        self._manager.interrupt_kernel()

    def shut_down(self) -> float:
        """Shut down as closing a notebook does; return the seconds until the process ended."""
        began = time.monotonic()
        self._manager.request_shutdown()
        self._manager.provisioner.process.wait(BOUND)
        return time.monotonic() - began

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


def errors(messages: list[dict[str, Any]]) -> list[str]:
    """Return the names of the exceptions in a list of published messages."""
    return [message["ename"] for message in messages if message["type"] == "error"]
