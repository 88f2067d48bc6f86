"""The same Spaces through the JavaScript client and through ours, on the same Hub.

The JavaScript client knows only one Hub, so its requests to that one are redirected to `LocalHub`.
Intended differences are in `DIFFERENCES`, and in docs/javascript.md by the same names.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, GradioClientError, SpaceStatus, duplicate
from tests.conftest import SERVERS
from tests.support.generations import has
from tests.support.hub.hub import LocalHub, SpaceState, proxy_of
from tests.support.hub.plugin import OWNER, PAYER
from tests.support.oracle.oracle import Oracle
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

MISSING = Oracle.available()
SCRIPT = Path(__file__).parents[1] / "support" / "hub" / "hub.mjs"
DOCS = Path(__file__).parents[2] / "docs" / "javascript.md"
TIMEOUT = 60.0  # s; a bound for failures

pytestmark = [
    pytest.mark.gradio,
    pytest.mark.oracle,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]

#: The differences from the JavaScript client, by their names in docs/javascript.md.
DIFFERENCES = {
    "a new version starts",
    "status with a token",
    "signatures of public Spaces",
    "sleep in the request",
    "hardware of sleepers",
}

STAGES = (
    *("RUNNING", "RUNNING_BUILDING", "SLEEPING", "STOPPED", "BUILDING", "APP_STARTING", "PAUSED"),
    *("NO_APP_FILE", "CONFIG_ERROR", "BUILD_ERROR", "RUNTIME_ERROR", "DELETING", "SOME_NEW_STAGE"),
)


def javascript(hub: LocalHub, action: str, source: str, **options: Any) -> dict[str, Any]:
    """Return what the JavaScript client reported."""
    request = json.dumps({"action": action, "source": source, "options": options})
    run = subprocess.run(
        ["node", str(SCRIPT), str(Oracle.prepare()), hub.url, request],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def ours(source: str, **options: Any) -> list[SpaceStatus]:
    """Return what our client reports within half a second."""
    statuses: list[SpaceStatus] = []
    try:
        Client(source, status_callback=statuses.append, wake_timeout=0.2, **options).close()
    except GradioClientError:
        assert statuses
    return statuses


def as_javascript(status: SpaceStatus) -> dict[str, Any]:
    return {name: value for name, value in vars(status).items() if value is not None}


@pytest.mark.parametrize(
    ("stage", "discussions"),
    [
        *((stage, True) for stage in STAGES),
        *((stage, enabled) for stage in ("PAUSED", "BUILD_ERROR") for enabled in (False, None)),
    ],
)
def test_spaces_oracle_stages_are_the_same(
    hub: LocalHub, newest: Server, stage: str, discussions: bool | None
) -> None:
    """Each stage has the same status, message, detail and state of discussions."""
    app = newest.url if stage.startswith("RUNNING") else ""
    address = None if app else "http://127.0.0.1:9"
    # The JavaScript client sends this request without its token.
    hub.add("alice/open", stage, app=app, address=address, discussions=discussions)
    [theirs, *_] = javascript(hub, "status", "alice/open")["statuses"]
    assert as_javascript(ours("alice/open")[0]) == theirs


def test_spaces_oracle_unknown_ones_fail_the_same_way(hub: LocalHub) -> None:
    """An unknown Space has the same status, where the JavaScript client gets that far."""
    hub.add("alice/gone", address="http://127.0.0.1:9")
    hub.fail("GET /api/spaces/alice/gone$", 404, times=1)
    [theirs, *_] = javascript(hub, "status", "alice/gone")["statuses"]
    hub.fail("GET /api/spaces/alice/gone$", 404, times=1)
    assert as_javascript(ours("alice/gone")[0]) == theirs


def test_spaces_oracle_a_new_version_starts(hub: LocalHub, newest: Server) -> None:
    """**a new version starts**: JavaScript reports a running Space as broken then."""
    hub.add("alice/open", "RUNNING_APP_STARTING", app=newest.url)
    [theirs, *_] = javascript(hub, "status", "alice/open")["statuses"]
    assert theirs["status"] == "space_error"
    assert ours("alice/open")[0].status == "running"


def test_spaces_oracle_status_with_a_token(hub: LocalHub, newest: Server) -> None:
    """**status with a token**: JavaScript requests a private Space's status without its token."""
    hub.add("alice/secret", app=newest.url, private=True)
    [theirs, *_] = javascript(hub, "status", "alice/secret", token=OWNER)["statuses"]
    assert theirs["detail"] == "NOT_FOUND"
    assert [status.detail for status in ours("alice/secret", hf_token=OWNER)] == ["RUNNING"]


def routes(space: SpaceState) -> dict[str, tuple[bool, bool]]:
    """Return each requested route: whether with a token, and whether signed."""
    assert space.proxy is not None
    seen = {}
    for passing in space.proxy.seen:
        path = passing.path.replace("/gradio_api", "")
        if path.startswith("/heartbeat/"):
            path = "/heartbeat/…"
        signed = "__sign" in passing.query
        seen[f"{passing.method} {path}"] = (passing.token is not None, signed)
    space.proxy.seen.clear()
    return seen


@pytest.mark.parametrize("version", [v for v in SERVERS if has(v, "shared stream")])
def test_spaces_oracle_private_ones_are_signed_alike(
    hub: LocalHub, server_pool: ServerPool, version: str
) -> None:
    """Streams and heartbeats are signed where the JavaScript client signs them."""
    space = hub.add("alice/secret", app=server_pool.get(version).url, private=True)
    # Without a token, the Hub would not report that the Space runs; without the callback, the
    # JavaScript client requests no status.
    options = {"token": OWNER, "status_callback": None}
    answer = javascript(hub, "predict", "alice/secret", **options)
    assert answer["error"] is None
    theirs = routes(space)
    with Client("alice/secret", hf_token=OWNER) as app:
        app.predict("/add", [2, 3])
    own = routes(space)
    common = own.keys() & theirs.keys()
    assert {"GET /queue/data", "POST /queue/join", "GET /config"} <= common
    # All our requests carry the token.
    assert all(token for token, _ in own.values())
    assert {r: own[r][1] for r in common} == {r: theirs[r][1] for r in common}


def test_spaces_oracle_signatures_of_public_spaces(hub: LocalHub, newest: Server) -> None:
    """**signatures of public Spaces**: JavaScript signs them, though no server checks it."""
    space = hub.add("alice/open", app=newest.url)
    answer = javascript(hub, "predict", "alice/open", token=OWNER, status_callback=None)
    assert answer["error"] is None
    assert routes(space)["GET /queue/data"] == (True, True)
    assert hub.requests_to("jwt")
    hub.calls.clear()
    with Client("alice/open", hf_token=OWNER) as app:
        app.predict("/add", [2, 3])
    assert routes(space)["GET /queue/data"] == (True, False)
    assert hub.requests_to("jwt") == []


def test_spaces_oracle_headers_and_cookies_are_sent_on_the_same_routes(
    hub: LocalHub, newest: Server
) -> None:
    """`headers` and `cookies` are sent on the same routes as by the JavaScript client."""
    space = hub.add("alice/open", app=newest.url)

    def sent() -> set[tuple[str, str]]:
        own = {"x-mine": "1", "cookie": "a=b"}
        found = {
            (f"{passing.method} {passing.path}", name)
            for passing in proxy_of(space).seen
            for name, value in own.items()
            if value in passing.headers.get(name, "")
            if "heartbeat" not in passing.path
        }
        proxy_of(space).seen.clear()
        return found

    # In the JavaScript client, cookies are the text of a header.
    options = {"headers": {"x-mine": "1"}, "cookies": "a=b"}
    assert javascript(hub, "predict", "alice/open", **options)["error"] is None
    theirs = sent()
    with Client("alice/open", headers={"x-mine": "1"}, cookies={"a": "b"}) as app:
        app.view_api()  # JavaScript reads it with the config
        app.predict("/add", [2, 3])
    own = sent()
    join = "/gradio_api/queue/join" if newest.version >= "5" else "/queue/join"
    assert {(f"POST {join}", "x-mine"), (f"POST {join}", "cookie")} <= theirs <= own


def posts(hub: LocalHub) -> list[tuple[str, Any]]:
    found = []
    for call in hub.requests_to("POST"):
        body = dict(call.body)
        visibility = body.pop("visibility", None)
        if visibility is not None:
            body["private"] = visibility == "private"
        found.append((call.path, body))
    hub.calls.clear()
    return found


@pytest.mark.parametrize("options", [{}, {"private": True}, {"hardware": "t4-small"}])
def test_spaces_oracle_copies_are_the_same(
    hub: LocalHub, newest: Server, options: dict[str, Any]
) -> None:
    """**sleep in the request**: the copy is the same, but JavaScript sets its sleep time later."""
    hub.add("erin/paint", app=newest.url)
    javascript(hub, "duplicate", "erin/paint", token=PAYER, **options)
    [(path, theirs), (sleep_path, sleep)] = posts(hub)
    del hub.spaces["carol/paint"]
    duplicate("erin/paint", hf_token=PAYER, **options).close()
    [(own_path, own)] = posts(hub)
    seconds = own.pop("sleepTimeSeconds", None)
    assert (own_path, own) == (path, theirs)
    assert sleep_path == "/api/spaces/carol/paint/sleeptime"
    assert seconds == (sleep["seconds"] if "hardware" in options else None)


def test_spaces_oracle_hardware_of_sleepers(hub: LocalHub, newest: Server) -> None:
    """**hardware of sleepers**: JavaScript sees only the hardware that runs now."""
    hub.add("erin/paint", "SLEEPING", app=newest.url, hardware="t4-small")
    javascript(hub, "duplicate", "erin/paint", token=PAYER)
    [(_, theirs), _] = posts(hub)
    del hub.spaces["carol/paint"]
    duplicate("erin/paint", hf_token=PAYER).close()
    [(_, own)] = posts(hub)
    assert (theirs["hardware"], own["hardware"]) == ("cpu-basic", "t4-small")


def test_spaces_oracle_differences_are_documented() -> None:
    """docs/javascript.md explains each difference by its name."""
    page = DOCS.read_text(encoding="utf-8")
    for name in DIFFERENCES:
        assert f"| **{name}** |" in page
