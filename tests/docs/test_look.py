"""The built pages in Chromium, 400 pixels wide as on a phone.

``GRADIO_CLIENT_SYNC_HTML`` is the folder of the pages: ``sphinx-build docs FOLDER``. CI sets it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.notebooks import render
from tests.support.browser import Browser

HTML = os.environ.get("GRADIO_CLIENT_SYNC_HTML")

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(HTML is None, reason="needs pages: GRADIO_CLIENT_SYNC_HTML=FOLDER"),
    pytest.mark.skipif(render.chromium() is None, reason="Chromium is not installed"),
]

WIDTH = 400  # px

LOADED = "new Promise(done => document.readyState === 'complete' ? done() : onload = done)"
FOUND = r"""(() => {
  const isCut = e => e.scrollWidth > e.clientWidth + 1
  const lines = (node, start, end) => {
    const range = document.createRange()
    range.setStart(node, start)
    range.setEnd(node, end)
    return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size
  }
  const words = []
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const texts = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT)
    while (texts.nextNode())
      for (const word of texts.currentNode.data.matchAll(/\S+/g))
        if (lines(texts.currentNode, word.index, word.index + word[0].length) > 1)
          words.push(word[0])
  }
  const code = [...document.querySelectorAll("article pre, article code, article dt.sig")]
  return {
    width: document.documentElement.scrollWidth,
    code: code.length,
    cut: [...code, ...document.querySelectorAll("article .table-wrapper:has(code)")]
      .filter(isCut).map(e => e.textContent),
    words,
    withoutButton: [...document.querySelectorAll("article div.highlight")]
      .filter(e => e.querySelector("button.copybtn") === null).map(e => e.textContent),
    loaded: performance.getEntriesByType("resource").map(entry => entry.name),
    icon: document.querySelector("link[rel~='icon']").href,
  }
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser with the width of a phone."""
    with Browser() as opened:
        opened.command(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=860,
            deviceScaleFactor=1,
            mobile=True,
        )
        yield opened


def look(browser: Browser, page: Path) -> dict[str, Any]:
    """Open a page, and return what is seen of it."""
    browser.open(page.as_uri())
    browser.run(LOADED)
    found: dict[str, Any] = browser.run(FOUND)
    return found


def test_pages_fit_a_phone(browser: Browser) -> None:
    """No page is wider than the screen, no code is cut, and no word of a heading is broken.

    Each block of code has a button that copies it, and nothing is loaded from another host.
    """
    assert HTML is not None
    pages = sorted(Path(HTML).glob("*.html"))
    code = 0
    for page in pages:
        found = look(browser, page)
        assert found["width"] == WIDTH, page.name
        assert (found["cut"], found["words"], found["withoutButton"]) == ([], [], []), page.name
        assert all(url.startswith("file:") for url in found["loaded"]), page.name
        assert Path(HTML, "_static", found["icon"].rpartition("/")[2].partition("?")[0]).exists()
        code += found["code"]
    assert len(pages) > 20 and code > 1000
