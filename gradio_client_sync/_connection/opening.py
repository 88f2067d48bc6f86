"""Connect to what the user named: an address, or a Space."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, Callable

from .._protocol.queue.eventstream import MESSAGE_BYTES
from .._protocol.routes import Routes, query_of, root_of
from .._protocol.space import space_name
from .._spaces import hub as _hub
from .._spaces.tokens import token_for
from .._terminal.live_line import LiveLine, is_watched
from .._transport.deadlines import Deadline
from .._transport.http import RATE_LIMIT_PATIENCE, Http
from ..errors import ConnectFailedError
from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._protocol.space import SpaceName
    from .._spaces.waking import SpaceInfo
    from .._transport.signal_safe import SafeEvent

log = logging.getLogger(__name__)

KNOCK_TIMEOUT = 10.0  # s; the answer is not waited for, the Hub says when the Space is awake


def connect(source: str, options: Mapping[str, Any], closing: SafeEvent) -> Connection:
    """Connect to what the user named.

    Args:
        options: Those of `Client`.
        closing: Ends a wait for a Space when set.
    """
    name = space_name(source, _hub.endpoint())
    if name is not None:
        # What a name or a page has besides is not for the app.
        query = "" if name.root is None else query_of(source)
        return _connect_to_space(name, query, options, closing)
    root = root_of(source)
    return _open(root, options, token_for(root, options), query=query_of(source))


def _connect_to_space(
    name: SpaceName, query: str, options: Mapping[str, Any], closing: SafeEvent
) -> Connection:
    from .._spaces import signing as _signing
    from .._spaces import waking as _spaces
    from .._spaces.visitor import visitor_headers

    saved = _hub.saved_token() if options["hf_token"] is None else None
    hub = _hub.Hub(token_for(_hub.endpoint(), options, saved))
    patience = _spaces.WakeTimeout(options["wake_timeout"], closing.wait)
    callback, line = options["status_callback"], None
    if callback == "auto":
        callback = None
        line = LiveLine(str(name), sys.stderr) if is_watched(sys.stderr) else None
    notifier = _spaces.StatusNotifier(callback, line.show if line is not None else None)

    def open_at(root: str, record: SpaceInfo) -> Connection:
        token, sign = token_for(root, options, saved), None
        if record.private and token is not None:
            sign = _signing.Signer(record.space_id, hub).sign
        connection = _open(
            root,
            options,
            token,
            query=query,
            sign=sign,
            call_headers=visitor_headers,
            patience=max(0.0, min(RATE_LIMIT_PATIENCE, patience.left)),
        )
        connection.http.patience = RATE_LIMIT_PATIENCE  # calls have nothing to do with the wait
        return connection

    def knock(root: str) -> None:
        door = {"timeout": (KNOCK_TIMEOUT, KNOCK_TIMEOUT), "patience": 0.0, "retries": 0}
        http = _door(root, {**options, **door}, token_for(root, options, saved))
        try:
            http.get(Routes(root).page)
        except ConnectFailedError as exc:
            log.debug("%s did not answer, as sleepers may: %s", name, exc)
        finally:
            http.close()

    try:
        return _spaces.Space(name, hub, notifier, patience, knock).connect(open_at)
    finally:
        if line is not None:
            line.end()


def _open(
    root: str,
    options: Mapping[str, Any],
    token: str | None,
    *,
    query: str,
    call_headers: Callable[[], Mapping[str, str]] = dict,
    **door: Any,
) -> Connection:
    http = _door(root, {**options, **door}, token)
    try:
        return Connection(
            root,
            http,
            query=query,
            auth=options["auth"],
            session_hash=options["session_hash"],
            max_workers=options["max_workers"],
            history=options["history"],
            history_bytes=options["history_bytes"],
            oauth_token=options["oauth_token"],
            download_dir=options["download_dir"],
            call_headers=call_headers,
            deadline=Deadline.after(options["deadline"]),
        )
    except BaseException:
        http.close()
        raise


def _door(root: str, options: Mapping[str, Any], token: str | None) -> Http:
    headers = dict(options["headers"])
    if token is not None:
        # Hugging Face looks into both; the user's own header is for the app behind it.
        taken = any(name.lower() == "authorization" for name in headers)
        headers["X-HF-Authorization" if taken else "Authorization"] = f"Bearer {token}"
    return Http(
        root,
        headers=headers,
        cookies=options["cookies"],
        verify=options["verify"],
        proxies=options["proxies"],
        timeout=options["timeout"],
        sign=options.get("sign"),
        patience=options.get("patience", RATE_LIMIT_PATIENCE),
        retries=options.get("retries", 0),
        message_bytes=options.get("max_message_bytes", MESSAGE_BYTES),
        secrets=filter(None, (options["oauth_token"], *(options["auth"] or ("", ""))[1:])),
    )
