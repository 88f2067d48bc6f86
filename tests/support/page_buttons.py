"""An app's own page in Chromium, and the data that it posts when its buttons are pressed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.support.browser import Browser

#: Runs before any script of the page: records what the page posts.
WRITE_DOWN = """
window.posted = [];
const fetch_ = window.fetch;
window.fetch = (resource, options) => {
    if (typeof options?.body === "string") window.posted.push(options.body);
    return fetch_(resource, options);
};
const send = WebSocket.prototype.send;  // by which 3.x queues
WebSocket.prototype.send = function (text) {
    window.posted.push(String(text));
    return send.call(this, text);
};
"""

#: Press the elements that the selectors find until the page has posted for each function. The first
#: press may come before the page listens. Another press posts the same data.
PRESS = """
(async (presses) => {
    const posted = (number) => window.posted.map((body) => {
        try { return JSON.parse(body); } catch { return {}; }
    }).find((body) => body.fn_index === number && "data" in body);
    for (;;) {
        const missing = presses.filter(({number}) => !posted(number));
        if (!missing.length) break;
        for (const {selector, text} of missing) {
            const found = [...document.querySelectorAll(selector)];
            const target = found.find((one) => text === null || one.textContent.trim() === text);
            target?.click();
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return JSON.stringify(presses.map(({number}) => posted(number).data));
})
"""


class AppPage:
    """The page of an app.

    Args:
        browser: The browser that shows the page.
        url: URL of the app.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        script = browser.command("Page.addScriptToEvaluateOnNewDocument", source=WRITE_DOWN)
        try:
            browser.open(f"{url}/")
        finally:
            browser.command(
                "Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"]
            )

    def press(self, presses: Sequence[tuple[int, str, str | None]]) -> list[list[Any]]:
        """Press buttons, and return the ``data`` that the page posts for each.

        Args:
            presses: For each button, the number of the function that it calls, a selector, and the
                button's text if the selector finds several.
        """
        wanted = [
            {"number": number, "selector": selector, "text": text}
            for number, selector, text in presses
        ]
        posted: list[list[Any]] = json.loads(self._browser.run(f"{PRESS}({json.dumps(wanted)})"))
        return posted
