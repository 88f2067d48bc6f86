"""Run one app, in the environment of a Gradio server, without a network and without a screen.

``python -I launcher.py SCRIPT [--packages FOLDER]`` prints one line of JSON when the app can be
called, and serves until its standard input ends. The interpreter of the server runs this file, so
it can import only Gradio and Gradio's dependencies.

The app's own ``launch()`` is replaced: the app gets a free port of this machine, no login, no
share link and no browser. All other arguments reach Gradio.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import runpy
import socket
import sys
from pathlib import Path
from typing import Any

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_SSR_MODE="false",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
    MPLBACKEND="Agg",
    HTTP_PROXY="http://127.0.0.1:9",  # nothing listens there, so a download fails at once
    HTTPS_PROXY="http://127.0.0.1:9",
    NO_PROXY="127.0.0.1,localhost",  # Gradio requests its own URL to see that the app has started
)
for lower in ("http_proxy", "https_proxy", "no_proxy"):
    os.environ[lower] = os.environ[lower.upper()]
READY = sys.stdout  # for the one line that says that the app is ready; nothing else may print there
sys.stdout = sys.stderr

import gradio as gr  # noqa: E402  # after the environment, which Gradio reads on import

GRADIO = str(Path(gr.__file__).parent)
FORCED = {
    "server_name": "127.0.0.1",
    "share": False,
    "inbrowser": False,
    "prevent_thread_lock": True,
    "quiet": True,
    "debug": False,
    "auth": None,
    "ssr_mode": False,
    "root_path": None,
    "ssl_keyfile": None,
    "ssl_certfile": None,
}


def free_port() -> int:
    """Return a port of this machine that nothing uses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


class Launches:
    """Replaces ``launch`` of Gradio's classes, and keeps the URL of the first app."""

    def __init__(self) -> None:
        self.url: str | None = None

    def replace(self, kind: Any) -> None:
        """Replace ``launch`` of one class."""
        original, launches = kind.launch, self
        names = inspect.signature(original).parameters

        def launch(app: Any, *args: Any, **options: Any) -> Any:
            bound = inspect.signature(original).bind(app, *args, **options)
            given = {**bound.arguments, **bound.arguments.pop("kwargs", {})}
            given.pop(next(iter(names)))
            port = free_port()
            forced = {**FORCED, "server_port": port}
            given.update({name: value for name, value in forced.items() if name in names})
            if "allowed_paths" in names:  # the demos show files of Gradio's own package
                given["allowed_paths"] = [*(given.get("allowed_paths") or []), GRADIO]
            started = original(app, **given)
            launches.url = launches.url or f"http://127.0.0.1:{port}"
            return started

        kind.launch = launch


def main() -> None:
    """Run the script, launch its app if the script does not, and wait for the end of the input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("script", type=Path)
    parser.add_argument("--packages", action="append", default=[], help="a folder of packages")
    chosen = parser.parse_args()
    script = chosen.script.resolve()
    os.chdir(script.parent)
    sys.path.insert(0, str(script.parent))
    sys.path += chosen.packages
    sys.argv = [str(script)]
    launches = Launches()
    launches.replace(gr.Blocks)
    gr.Blocks.block_thread = lambda self: None  # `gr.Workflow` calls it in any case
    if hasattr(gr, "Server"):
        launches.replace(gr.Server)
    names = runpy.run_path(str(script), run_name="__main__")
    if launches.url is None:
        apps = [one for one in names.values() if isinstance(one, gr.Blocks)]
        if not apps:
            raise SystemExit("The script launches no app.")
        names.get("demo", apps[-1]).launch()
    ready = {"url": launches.url, "version": gr.__version__.strip()}
    print(json.dumps(ready), file=READY, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # do not wait for functions that still run


if __name__ == "__main__":
    main()
