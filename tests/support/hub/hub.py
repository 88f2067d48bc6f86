"""`LocalHub`: a server on this machine that behaves like Hugging Face's Hub for Spaces.

It has accounts, tokens and Spaces. The stages of a Space follow a script: each request for the
Space's record moves it to the next stage, but a sleeping Space sleeps until its app gets a request.
So the order of events depends on the test and not on a clock. Its responses and refusals are those
of the real Hub, as far as these are known (docs/protocols.md). The clients that use it are the real
ones.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

from tests.support.http_server import HttpServer
from tests.support.hub.space_proxy import SpaceProxy

MADE_TO_FAIL = {"error": "made to fail"}
ASLEEP = ("SLEEPING", "STOPPED")
FREE = "cpu-basic"
HARDWARE = (FREE, "cpu-upgrade", "t4-small", "a10g-large", "brand-new-gpu")


class Call(NamedTuple):
    """One request to the Hub."""

    method: str
    path: str
    token: Optional[str]
    body: Any


@dataclass
class Account:
    """The account of one token.

    Attributes:
        role: ``"read"``, ``"write"`` or ``"fineGrained"``.
        scoped: The rights of a fine-grained token, by Space.
        pays: Whether the account may request paid hardware.
        quota: How many more Spaces the account may create.
    """

    name: str
    role: str = "write"
    scoped: dict[str, list[str]] = field(default_factory=dict)
    pays: bool = False
    quota: int = 10


@dataclass
class SpaceState:
    """One Space.

    Attributes:
        stages: Its stages in order; the last one stays.
        discussions: Whether its page accepts discussions; ``None`` sends no response.
        proxy: The proxy in front of its app.
        address: The app's URL that the Hub reports, if it is not that of the proxy.
        names_host: Whether the record has the URL; if not, another request is needed.
    """

    space_id: str
    stages: list[str]
    private: bool = False
    readers: set[str] = field(default_factory=set)
    hardware: str = FREE
    sleep_time: Optional[int] = None
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    discussions: Optional[bool] = True
    sdk: str = "gradio"
    proxy: Optional[SpaceProxy] = None
    address: Optional[str] = None
    names_host: bool = True

    @property
    def stage(self) -> str:
        return self.stages[0]

    @property
    def subdomain(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.space_id.lower())

    @property
    def host(self) -> Optional[str]:
        """The URL of its app."""
        return self.address or (self.proxy.url if self.proxy is not None else None)

    def move(self) -> None:
        """Move to the next stage."""
        if len(self.stages) > 1:
            del self.stages[0]


def proxy_of(space: SpaceState) -> SpaceProxy:
    """Return the proxy in front of a Space's app, which must have one."""
    assert space.proxy is not None
    return space.proxy


class Failure(NamedTuple):
    """A response to send instead of the correct one."""

    pattern: str
    status: int
    headers: dict[str, str]
    body: Any


class LocalHub(HttpServer):
    """The Hub; a context manager. Set ``HF_ENDPOINT`` to its `url`."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.spaces: dict[str, SpaceState] = {}
        self.calls: list[Call] = []
        self.failures: list[Failure] = []
        self.lists_hardware = True
        self.copy_stages: tuple[str, ...] = ("RUNNING",)  # the stages of a new copy
        self.jwt_claims: dict[str, Any] = {"exp": 4_000_000_000}
        self._jwts: dict[str, str] = {}
        self.lock = threading.RLock()
        super().__init__(_handler(self))

    def close(self) -> None:
        """Close the Hub, and the proxies of its Spaces."""
        for space in list(self.spaces.values()):
            if space.proxy is not None:
                space.proxy.close()
        super().close()

    # -- for tests ----------------------------------------------------------------

    def add(self, space_id: str, *stages: str, app: str = "", **options: Any) -> SpaceState:
        """Create a Space.

        Args:
            stages: Its stages in order; only ``RUNNING`` by default.
            app: URL of the Gradio server that is its app.
        """
        space = SpaceState(space_id, list(stages) or ["RUNNING"], **options)
        if app:
            space.proxy = SpaceProxy(app, lambda request: self._may_pass(space, request))
        self.spaces[space_id] = space
        return space

    def fail(
        self,
        pattern: str,
        status: int,
        headers: Optional[dict[str, str]] = None,
        body: Any = MADE_TO_FAIL,
        *,
        times: int = 1,
    ) -> None:
        """Send a failure for the next requests whose method and path match.

        Args:
            status: Status of the response; 0 closes the connection without a response.
        """
        failure = Failure(pattern, status, headers or {}, body)
        self.failures.extend([failure] * times)

    def requests_to(self, pattern: str = "") -> list[Call]:
        """Return the requests whose method and path match."""
        with self.lock:
            return [c for c in self.calls if re.search(pattern, f"{c.method} {c.path}")]

    def jwt(self, space_id: str) -> str:
        """Return a signature for the app of a private Space."""
        claims = base64.urlsafe_b64encode(json.dumps(self.jwt_claims).encode()).rstrip(b"=")
        jwt = f"head.{claims.decode()}.signed-{len(self._jwts)}"
        self._jwts[jwt] = space_id
        return jwt

    # -- rights -------------------------------------------------------------------

    def sees(self, space: SpaceState, account: Optional[Account]) -> bool:
        if not space.private:
            return True
        if account is None:
            return False
        if account.role == "fineGrained" and space.space_id not in account.scoped:
            return False
        return account.name == space.space_id.split("/")[0] or account.name in space.readers

    def _may_pass(self, space: SpaceState, request: Any) -> Optional[tuple[int, str]]:
        """Return the response that a Space's proxy sends instead of the app's, or ``None``."""
        with self.lock:
            if space.private:
                token = request.token
                account = self.accounts.get(token or "")
                signed = self._jwts.get(request.query.get("__sign", "")) == space.space_id
                if not signed and not (account is not None and self.sees(space, account)):
                    return 401 if token is None else 403, "<html>No entry to this Space.</html>"
            if space.stage in ASLEEP:
                space.move()
                return 503, "<html>Preparing Space</html>"
            if not space.stage.startswith("RUNNING"):
                return 503, "<html>Preparing Space</html>"
        return None

    # -- responses ----------------------------------------------------------------

    def answer(self, call: Call) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body for a request."""
        with self.lock:
            self.calls.append(call)
            for number, failure in enumerate(self.failures):
                if re.search(failure.pattern, f"{call.method} {call.path}"):
                    del self.failures[number]
                    return failure.status, failure.headers, failure.body
            return self._answer(call)

    def _answer(self, call: Call) -> tuple[int, dict[str, str], Any]:
        account = self.accounts.get(call.token or "")
        if call.token is not None and account is None:
            return _refuse(401, "Invalid credentials in Authorization header")
        path = call.path[len("/api/") :]
        if path == "whoami-v2":
            return self._whoami(account)
        if path == "spaces/hardware":
            if not self.lists_hardware:
                return _refuse(404, "Not found")
            return 200, {}, [{"name": name, "prettyName": name.title()} for name in HARDWARE]
        parts = path.split("/")
        if parts[:2] == ["spaces", "by-subdomain"]:
            space = next((s for s in self.spaces.values() if s.subdomain == parts[2]), None)
            what = ""
        else:
            space = self.spaces.get("/".join(parts[1:3]))
            what = "/".join(parts[3:])
        if space is None or not self.sees(space, account):
            if account is not None and account.role == "fineGrained" and space is not None:
                return _refuse(403, "Your token lacks the right to read this Space")
            return _refuse(401 if account is None else 404, "Repository not found", "RepoNotFound")
        return getattr(self, f"_{call.method.lower()}_{what or 'record'}")(space, account, call)

    def _whoami(self, account: Optional[Account]) -> tuple[int, dict[str, str], Any]:
        if account is None:
            return _refuse(401, "Invalid username or password.")
        token: dict[str, Any] = {"displayName": "a token", "role": account.role}
        if account.role == "fineGrained":
            token["fineGrained"] = {
                "scoped": [
                    {"entity": {"type": "space", "name": name}, "permissions": rights}
                    for name, rights in account.scoped.items()
                ]
            }
        return 200, {}, {"type": "user", "name": account.name, "auth": {"accessToken": token}}

    def _get_record(self, space: SpaceState, account: Any, call: Call) -> Any:
        record: dict[str, Any] = {
            "id": space.space_id,
            "author": space.space_id.split("/")[0],
            "private": space.private,
            "sdk": space.sdk,
            "subdomain": space.subdomain,
            "runtime": self._runtime(space),
        }
        if space.host is not None and space.names_host:
            record["host"] = space.host
        if space.stage not in ASLEEP:
            space.move()
        return 200, {}, record

    def _runtime(self, space: SpaceState) -> dict[str, Any]:
        awake = space.stage.startswith("RUNNING")
        return {
            "stage": space.stage,
            "hardware": {
                "current": space.hardware if awake else None,
                "requested": space.hardware,
            },
            "storage": None,
            "gcTimeout": space.sleep_time,
        }

    def _get_runtime(self, space: SpaceState, account: Any, call: Call) -> Any:
        return 200, {}, self._runtime(space)

    def _get_host(self, space: SpaceState, account: Any, call: Call) -> Any:
        host = {} if space.host is None else {"host": space.host}
        return 200, {}, {"subdomain": space.subdomain, **host}

    def _get_jwt(self, space: SpaceState, account: Any, call: Call) -> Any:
        if account is None:
            return _refuse(401, "Invalid username or password.")
        return 200, {}, {"token": self.jwt(space.space_id)}

    def _get_variables(self, space: SpaceState, account: Any, call: Call) -> Any:
        return 200, {}, {k: {"key": k, "value": v} for k, v in space.variables.items()}

    def _head_discussions(self, space: SpaceState, account: Any, call: Call) -> Any:
        if space.discussions is None:
            return _refuse(500, "Internal error")
        if not space.discussions:
            return _refuse(403, "Discussions are disabled for this repo")
        return 200, {}, None

    def _post_sleeptime(self, space: SpaceState, account: Any, call: Call) -> Any:
        space.sleep_time = call.body["seconds"]
        return 200, {}, self._runtime(space)

    def _post_duplicate(self, space: SpaceState, account: Any, call: Call) -> Any:
        if account is None:
            return _refuse(401, "Invalid username or password.")
        body, target = call.body, call.body["repository"]
        if account.role == "read" or target.split("/")[0] != account.name:
            return _refuse(403, "You don't have the rights to create a Space under this namespace")
        if target in self.spaces:
            return _refuse(409, "You already created this space repo")
        hardware = body.get("hardware") or FREE
        if hardware not in HARDWARE:
            return _refuse(400, '"hardware" must be one of the flavors')
        if hardware != FREE and not account.pays:
            return _refuse(402, "You need to set up a payment method to use this hardware")
        if account.quota == 0:
            return _refuse(403, "You have reached the limit of Spaces of your plan")
        account.quota -= 1
        visibility = body.get("visibility")
        private = body.get("private") if visibility is None else visibility == "private"
        copy = self.add(
            target,
            *self.copy_stages,
            app=space.proxy.app if space.proxy is not None else "",
            private=space.private if private is None else private,
            hardware=hardware,
            sleep_time=body.get("sleepTimeSeconds"),
            secrets={entry["key"]: entry["value"] for entry in body.get("secrets") or ()},
            variables={entry["key"]: entry["value"] for entry in body.get("variables") or ()},
        )
        return 200, {}, {"url": f"{self.url}/spaces/{copy.space_id}"}


def _refuse(status: int, message: str, code: str = "") -> tuple[int, dict[str, str], Any]:
    headers = {"X-Error-Message": message}
    if code:
        headers["X-Error-Code"] = code
    return status, headers, {"error": message}


def _handler(hub: LocalHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _do(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            authorization = self.headers.get("authorization")
            token = authorization.rpartition(" ")[2] if authorization else None
            call = Call(self.command, urlsplit(self.path).path, token, body)
            status, headers, answer = hub.answer(call)
            if status == 0:
                self.close_connection = True
                return
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            if answer is None or self.command == "HEAD":
                raw = b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_HEAD = _do  # noqa: N815 - the server's names

        def log_message(self, *args: Any) -> None:
            """Write nothing to the output of the test."""

    return Handler


def forget_sessions() -> None:
    """Make the Hub's library create a new HTTP session, which reads the environment."""
    from huggingface_hub import utils

    reset = getattr(utils, "reset_sessions", None) or utils.close_session
    reset()
