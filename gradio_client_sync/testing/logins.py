"""The login of a fake app."""

from __future__ import annotations

import uuid

from .generation import Generation
from .http_server import Request


class Logins:
    """The user of an app, and the cookies of those who have logged in.

    Args:
        user: The user and password; ``None`` for an app without a login.
        generation: The release, which determines the names of cookies.
    """

    def __init__(self, user: tuple[str, str] | None, generation: Generation) -> None:
        self._user = user
        self._tokens: set[str] = set()
        self._cookie = f"access-token-unsecure-{uuid.uuid4().hex[:8]}"
        if not generation.since(3, 45):
            self._cookie = "access-token-unsecure"
        if not generation.since(3, 19):
            self._cookie = "access-token"

    def may_enter(self, x: Request) -> bool:
        """Return whether a request has the cookie of a login, or needs none."""
        if self._user is None:
            return True
        cookies = x.headers.get("cookie", "").replace(" ", "").split(";")
        return any(cookie.partition("=")[2] in self._tokens for cookie in cookies)

    def login(self, x: Request) -> None:
        """Respond to a login."""
        fields = {part.name: part.content.decode("utf-8", "replace") for part in x.form()}
        given = fields.get("username"), fields.get("password")
        if self._user is not None and given != self._user:
            return x.respond({"detail": "Incorrect credentials."}, 400)
        token = uuid.uuid4().hex
        self._tokens.add(token)
        return x.respond({"success": True}, cookies={self._cookie: token})
