"""The examples of docs/spaces.md and of the README's part on Spaces, on a Hub of this machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SERVERS
from tests.support.generations import FEATURES, has
from tests.support.hub.connect_proxy import ConnectProxy, certificate
from tests.support.hub.hub import Account, LocalHub, proxy_of
from tests.support.servers.server import Server

__all__ = ["certificate"]

pytestmark = [
    pytest.mark.gradio,
    pytest.mark.once,
    pytest.mark.skipif(not has(SERVERS[-1], "whole numbers"), reason=FEATURES["whole numbers"].why),
]

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> list[str]:
    """Return the Python blocks of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page == "README.md":
        text = text.partition("\n## Spaces\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert {language for language, _ in found} == {"python"}  # checks that no block is missed
    return [block for _, block in found]


def run(example: str, path: Path) -> str:
    """Run an example that is a script, and return its output."""
    path.write_text(example, encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", ["docs/spaces.md", "README.md"])
def test_spaces_docs_run(
    hub: LocalHub,
    newest: Server,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    page: str,
) -> None:
    """Every example runs and prints what the page says."""
    hub.accounts["hf_xxx"] = Account("user", pays=True)
    space = hub.add("user/space-name", "SLEEPING", "RUNNING", app=newest.url)
    hub.add("user/broken-space", "BUILD_ERROR")
    hub.add("user/private-space", app=newest.url, private=True)
    hub.add("author/space-name", app=newest.url)
    busy = hub.add("user/busy-space", app=newest.url)
    proxy_of(busy).limit("/queue/join", 600)
    tunnel = ConnectProxy(proxy_of(space), certificate)
    monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("SPACE_TOKEN", "hf_xxx")
    examples = blocks(page)
    assert examples
    names: dict[str, Any] = {}
    try:
        for number, example in enumerate(examples, 1):
            if "__main__" in example:
                print(run(example, tmp_path / f"example_{number}.py"))
            else:
                exec(compile(example, f"{page}, example {number}", "exec"), names)
    finally:
        tunnel.close()
        if "app" in names:
            names["app"].close()  # as at the end of a script; the README leaves it open
    shown = capsys.readouterr().out
    assert shown.count("5") >= 2
    if page == "docs/spaces.md":
        assert "BUILD_ERROR True" in shown
        assert "running – Space is running." in shown
        assert "600" in shown
        assert "[4, 6]" in shown or "['4', '6']" in shown
        assert tunnel.hosts
        copy = hub.spaces["user/my-copy"]
        assert (copy.hardware, copy.sleep_time) == ("t4-small", 1800)
