"""Run the mistakes, and write the page: ``python -m docs.mistakes.write``.

It needs the ``tests`` extra, and runs the app on the newest Gradio server of the tests.
``tests/docs/test_mistakes.py`` checks that the page is up to date.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from docs.mistakes.cases import GROUPS, Mistake

HERE = Path(__file__).parent
PAGE = HERE.parent / "mistakes.md"
GRADIO = "6.31.0"
URL = "http://127.0.0.1:7860"
CLOSED = "http://127.0.0.1:7861"
LOGIN = "http://127.0.0.1:7862"
TLS = "https://127.0.0.1:8443"
WIDTH = 100  # of a line of output
INTRODUCTION = """\
# Mistakes and their answers

What people type by mistake, and what they get as an answer. Every answer says what failed, and what
to type instead. A program has written this page by running each line. The app has these endpoints:

```text
{endpoints}
```

Each Python line runs after these:

```python
from decimal import Decimal
from pathlib import Path

import numpy as np
from gradio_client_sync import Client, RemoteFile, handle_file

app = Client("http://127.0.0.1:7860")
```
"""


class Stage:
    """The servers that the mistakes are tried on; a context manager."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Stage:
        from tests.support.media import png
        from tests.support.servers.server import Server
        from tests.support.tls_proxy import behind_tls, make_certificate

        enter = self._stack.enter_context
        options: dict[str, Any] = {"app": (HERE / "app.py",), "show_error": False}
        self.folder = Path(enter(tempfile.TemporaryDirectory(prefix="mistakes-")))
        server = enter(Server(GRADIO, **options))
        login = enter(Server(GRADIO, auth="ada:lovelace", **options))
        tls = enter(behind_tls(server.url, make_certificate(self.folder)))
        closed = enter(closed_port())
        #: The addresses on the page, and the ones that are used.
        self.addresses = {URL: server.url, LOGIN: login.url, TLS: tls, CLOSED: closed}
        (self.folder / "notes.txt").write_text("notes", encoding="utf-8")
        (self.folder / "cat.png").write_bytes(png(200, 120, 40))
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def real(self, code: str) -> str:
        """Return code of the page with the addresses that are used."""
        for shown, used in self.addresses.items():
            code = code.replace(shown.partition("://")[2], used.partition("://")[2])
        return code

    def shown(self, answer: str) -> str:
        """Return an answer with the addresses of the page, and without what changes."""
        for shown, used in self.addresses.items():
            answer = answer.replace(used.rpartition(":")[2], shown.rpartition(":")[2])
        answer = re.sub(r" \(_ssl\.c:\d+\)", "", answer)  # a line of Python's own code
        answer = re.sub(r"\([\d.]+ s so far\)", "(0.5 s so far)", answer)
        return answer.replace(str(self.folder), "/home/ada")


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Make a folder the current one for some time."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """Yield an address at which nothing listens, and that no other program gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def code_of(mistake: Mistake) -> str:
    """Return the code of a mistake, as the page shows it."""
    code = mistake.code
    for word, address in (("URL", URL), ("CLOSED", CLOSED), ("LOGIN", LOGIN)):
        code = re.sub(rf"\b{word}\b", address, code)
    return code


def answer_in_python(code: str, stage: Stage) -> str:
    """Run code, and return the message of its exception as Python prints it."""
    import numpy

    from gradio_client_sync import Client, RemoteFile, handle_file

    names = {"Client": Client, "Path": Path, "np": numpy, "handle_file": handle_file}
    names.update(RemoteFile=RemoteFile, Decimal=Decimal)
    with Client(stage.addresses[URL]) as app:
        try:
            exec(stage.real(code), {**names, "app": app})
        except Exception as error:  # noqa: BLE001 - whatever it is, the page shows it
            return "".join(traceback.format_exception_only(type(error), error)).strip()
    return ""


def answer_in_shell(command: str, stage: Stage) -> str:
    """Run a command, and return what it writes to its standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "gradio_client_sync", *shlex.split(stage.real(command))],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "95", "NO_COLOR": "1"},
    )
    return done.stderr.strip() if done.returncode else ""


def wrapped(text: str) -> str:
    """Wrap the long lines of an answer."""
    lines = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, WIDTH, break_on_hyphens=False) or [""]
    return "\n".join(lines)


def tried(mistake: Mistake, stage: Stage) -> str:
    """Run a mistake; return its code and its answer as a block of the page.

    Raises:
        RuntimeError: It is no mistake: nothing failed.
    """
    code = code_of(mistake)
    if code.startswith("$ "):
        answer, code = answer_in_shell(code[2:], stage), f"$ gradio-client-sync {code[2:]}"
        language = "console"
    else:
        answer = answer_in_python(code, stage)
        lines = (f"{'...' if line[0] == ' ' else '>>>'} {line}" for line in code.splitlines())
        code = "\n".join(lines)
        language = "pycon"
    if not answer:
        raise RuntimeError(f"Nothing failed: {code}")
    return f"**{mistake.title}**\n\n```{language}\n{code}\n{wrapped(stage.shown(answer))}\n```\n"


def endpoints(api: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each endpoint."""
    for name, endpoint in api["named_endpoints"].items():
        parameters = ", ".join(one["parameter_name"] for one in endpoint["parameters"])
        outputs = ", ".join(one["label"] for one in endpoint["returns"])
        yield f"{name}({parameters}) → {outputs or 'nothing'}"


def page() -> str:
    """Run all mistakes, and return the page."""
    from gradio_client_sync import Client

    with Stage() as stage, working_in(stage.folder):
        with Client(stage.addresses[URL]) as app:
            parts = [INTRODUCTION.format(endpoints="\n".join(endpoints(app.view_api())))]
        for group, mistakes in GROUPS.items():
            parts.append(f"## {group}\n")
            parts.extend(tried(mistake, stage) for mistake in mistakes)
    return stage.shown("\n".join(parts))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
