"""A page of another origin calls a `FakeApp`: `fetch`, `EventSource`, `WebSocket` of a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docs.notebooks import render
from gradio_client_sync.testing import FakeApp
from tests.support.browser import Browser

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(render.chromium() is None, reason="there is no Chromium"),
]

LOADED = """new Promise((resolve) => document.readyState === "complete"
  ? resolve() : addEventListener("load", resolve))"""

# The requests of a page to an app, for each way to join the queue.
SCRIPT = """(async (url, api, join) => {
  const post = async (path, body) => (await fetch(api + path, {
    method: "POST",
    credentials: "include",
    headers: {"Content-Type": "application/json", "X-Own": "seen"},  // so it asks beforehand
    body: JSON.stringify(body),
  })).json();
  const until_complete = (source, handle) => new Promise((resolve, reject) => {
    source.onerror = () => { source.close(); reject(new Error("the stream broke")); };
    source.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.msg === "process_completed") { source.close(); resolve(message.output.data); }
      else handle(message);
    };
  });
  const call = async (fn_index, data, session_hash) => {
    const body = {fn_index, data, session_hash};
    if (join === "websocket") {
      const socket = new WebSocket(api.replace("http", "ws") + "/queue/join");
      return until_complete(socket, ({msg}) => {
        if (msg === "send_hash" || msg === "send_data") socket.send(JSON.stringify(body));
      });
    }
    if (join === "get") {
      const query = `fn_index=${fn_index}&session_hash=${session_hash}`;
      const source = new EventSource(`${api}/queue/join?${query}`, {withCredentials: true});
      return until_complete(source, ({msg, event_id}) => {
        if (msg === "send_data") post("/queue/data", {...body, event_id});
      });
    }
    await post("/queue/join", body);
    const stream = `${api}/queue/data?session_hash=${session_hash}`;
    return until_complete(new EventSource(stream, {withCredentials: true}), () => {});
  };
  const config = await (await fetch(url + "/config", {credentials: "include"})).json();
  const sum = await call(0, [2, 3], "one");
  const form = new FormData();
  form.append("files", new File(["from a browser"], "note.txt"));
  const [path] = await (await fetch(api + "/upload", {method: "POST", body: form})).json();
  const file = join === "websocket"
    ? {name: path, data: null, is_file: true, orig_name: "note.txt"}
    : {path, orig_name: "note.txt", meta: {_type: "gradio.FileData"}};
  const [copy] = await call(1, [file], "two");
  const content = await (await fetch(`${api}/file=${copy.path ?? copy.name}`)).text();
  return JSON.stringify({origin: location.origin, names: config.dependencies.map((d) => d.api_name),
                         sum, content});
})"""


def test_fake_app_in_a_browser() -> None:
    """A page of another origin calls it, uploads a file and downloads one, with each protocol."""
    with Browser() as browser, FakeApp() as other:
        browser.open(other.url)
        browser.run(LOADED)
        for protocol in ("ws", "sse", "sse_v3"):
            with FakeApp(protocol=protocol) as fake:

                @fake.endpoint("/add")
                def add(a: float, b: float) -> float:
                    return a + b

                @fake.endpoint("/copy")
                def copy(document: Path) -> Path:
                    return document

                generation = fake._app.generation
                arguments = fake.url, fake.url + generation.prefix, generation.dialect.join
                script = f"({SCRIPT})(...{json.dumps(arguments)})"
                found: dict[str, Any] = json.loads(browser.run(script))
                assert found == {
                    "origin": other.url,
                    "names": ["add", "copy"],
                    "sum": [5],
                    "content": "from a browser",
                }
