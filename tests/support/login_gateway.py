"""A gateway in front of a real server, which requires a login as a test's rule says."""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import Callable, NamedTuple, Optional

from tests.support.gateway import Gateway, ResponseForm


class Asked(NamedTuple):
    """A request to the gateway: its method, its target, and its ``Authorization`` header."""

    method: str
    target: str
    login: str


#: Returns the ``WWW-Authenticate`` header for a request to refuse; ``None`` passes it on.
Rule = Callable[[Asked], Optional[str]]


class LoginGateway(Gateway):
    """A gateway that passes on the requests that a rule accepts, and refuses others with 401.

    Attributes:
        asked: Every request, in order, with whether it was passed on.
    """

    def __init__(self, url: str, rule: Rule) -> None:
        super().__init__(url, ResponseForm())
        self._rule = rule
        self.asked: list[tuple[Asked, bool]] = []

    def refuse(self, head: str) -> Optional[bytes]:
        first, _, rest = head.partition("\r\n")
        method, target, _ = first.split(" ")
        found = re.search(r"(?im)^authorization: *(.*?)\r?$", rest)
        asked = Asked(method, target, found[1] if found else "")
        challenge = self._rule(asked)
        self.asked.append((asked, challenge is None))
        if challenge is None:
            return None
        page = b"" if method == "HEAD" else b"<h1>401 Authorization Required</h1>"
        return (
            f"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: {len(page)}"
            f"\r\nWWW-Authenticate: {challenge}\r\n\r\n".encode()
            + page
        )

    def saw(self, part: str, *, passed: bool) -> bool:
        """Return whether a request with this text in its target was passed on, or refused."""
        return any(part in asked.target for asked, was_passed in self.asked if was_passed == passed)


def _hash(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def digest(user: str, password: str, uses: int = 1000) -> Rule:
    """Return a rule for Digest. A nonce is valid for a number of requests."""
    nonces = (f"nonce{number}" for number in itertools.count())
    left: dict[str, int] = {}

    def rule(asked: Asked) -> Optional[str]:
        sent = dict(re.findall(r'(\w+)="?([^",]+)"?', asked.login))
        nonce = sent.get("nonce", "")
        if left.get(nonce, 0) > 0:
            left[nonce] -= 1
            secret = _hash(user, sent["realm"], password)
            target = _hash(asked.method, asked.target)
            counted = (nonce, sent["nc"], sent["cnonce"], sent["qop"])
            if sent["response"] == _hash(secret, *counted, target) and sent["username"] == user:
                return None
        fresh = next(nonces)
        left[fresh] = uses
        return f'Digest realm="the gate", nonce="{fresh}", qop="auth", algorithm=MD5'

    return rule


def basic(login: str) -> Rule:
    """Return a rule for Basic with this header."""
    return lambda asked: None if asked.login == login else 'Basic realm="the gate"'


def bearer(tokens: set[str]) -> Rule:
    """Return a rule that accepts the tokens which are in a set at the moment."""
    return lambda asked: None if asked.login[len("Bearer ") :] in tokens else "Bearer"


def negotiate(token: str) -> Rule:
    """Return a rule for Negotiate with one token, as Kerberos sends it."""
    return lambda asked: None if asked.login == f"Negotiate {token}" else "Negotiate"
