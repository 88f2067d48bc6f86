"""Headless Chromium that a test controls over its debugging protocol."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import websocket

from docs.notebooks import render

BOUND = 60.0  # s; a bound for a process that hangs


class Browser:
    """One page in a browser; a context manager."""

    def __init__(self, width: int = 1100, height: int = 2600) -> None:
        browser = render.chromium()
        assert browser is not None
        self._folder = tempfile.TemporaryDirectory(prefix="chromium-")
        self._process = subprocess.Popen(
            [
                *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--hide-scrollbars", f"--window-size={width},{height}"),
                *("--remote-debugging-port=0", f"--user-data-dir={self._folder.name}"),
                "about:blank",
            ],
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith("DevTools listening on "):
                address = line.split("ws://")[1].split("/")[0]
                break
        else:
            raise RuntimeError("Chromium did not start.")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{address}/json/list", timeout=BOUND) as answer:
            [page] = [one for one in json.load(answer) if one["type"] == "page"]
        self._socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], timeout=BOUND, suppress_origin=True
        )
        self._numbers = itertools.count(1)
        self.command("Page.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        """Go to a page."""
        self.command("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Run a script and return its value; if that is a promise, wait for it."""
        result = self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def screenshot(self, picture: Path) -> None:
        """Write a screenshot of the page to a file."""
        picture.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exc: object) -> None:
        self.command("Browser.close")
        self._socket.close()
        # Chromium's helper processes write to the folder until they end. They share the error
        # stream, which is therefore read to its end before the folder is removed.
        self._process.communicate(timeout=BOUND)
        self._folder.cleanup()
