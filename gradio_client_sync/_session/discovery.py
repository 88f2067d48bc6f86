"""Finding the app: from the address that the user named to its config.

Two ways lead there: ``/config``, and the app's page, which holds a copy. The page also
tells an app that wants a login from no app at all.

The address may be that of one page of a multi-page app. Then the config is one level up, and
lists the page. A page that Node renders (SSR mode) holds no copy of the config, and Node
renders one at every address, also where the app has no page; so only that list is trusted.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from .._protocol.queue.wire import TooDeep, read_json
from .._protocol.routes import Routes, pages_of, root_of, split_page
from .._transport.failures import Answer, object_in, refusal, shorten
from ..errors import AuthenticationError, ConfigError, ConnectFailedError

if TYPE_CHECKING:
    from .._transport.attempts import RetryPolicy
    from .._transport.http import Http
    from ..types import Config

log = logging.getLogger(__name__)

#: Not compiled here: few apps are read from their page, and `re` keeps what it has compiled.
_PAGE_CONFIG = rb"(?s)window\.gradio_config\s*=\s*(\{.*?\});\s*</script>"


def discover(
    http: Http, root: str, auth: tuple[str, str] | None, policy: RetryPolicy
) -> tuple[str, Config]:
    """Find the app and read its config.

    Args:
        root: The address that the user named.
        auth: User and password of the app's own login.
        policy: The retries of each request, and the deadline of all.

    Returns:
        The root at which the app was found, and its config.

    Raises:
        ConnectFailedError, HTTPStatusError: No answer, or one that is no app's.
        AuthenticationError: The app wants a login, or did not accept it.
        ConfigError: What answers is no Gradio app.
    """
    answer = _ask(http, root, auth, policy)
    config = _config_in(answer)
    if config is not None:
        return root_of(answer.url), config
    if answer.status in (401, 403):
        raise _login_needed(answer)
    if answer.status > 500 or answer.status == 429:
        raise refusal(answer, doing=f"Reading the config of {root}")
    # 500: apps of Gradio 3 with state that has no form in JSON, whose page has a config; and
    # pages of 5.x in SSR mode before a login.
    return _app_above(http, root, auth, policy) or _discover_page(http, root, answer, auth, policy)


def _ask(http: Http, root: str, auth: tuple[str, str] | None, policy: RetryPolicy) -> Answer:
    """Ask for the config; log in first where the app wants that."""
    answer = http.get(Routes(root).config, policy)
    if answer.status == 401 and auth is not None:
        root = root_of(answer.url)
        _login(http, root, auth, policy)
        answer = http.get(Routes(root).config, policy)
        if answer.status == 401:
            raise AuthenticationError(
                f"{root} accepted the login of user {auth[0]!r}, and then asked for it again. If "
                "the app runs as several replicas behind a gateway, have that send all requests "
                "of a client to one of them, by a cookie that it sets (session affinity). "
                "Otherwise the cookie of the login gets lost on the way.",
                url=answer.url,
                status_code=answer.status,
                body=shorten(answer.text),
            )
    return answer


def _app_above(
    http: Http, root: str, auth: tuple[str, str] | None, policy: RetryPolicy
) -> tuple[str, Config] | None:
    """Find the multi-page app that the named address is one page of.

    Returns:
        The root and config of the app; ``None`` if there is none one level up.

    Raises:
        AuthenticationError: There is an app, and it wants a login.
        ConfigError: There is an app, and it has no such page.
    """
    parts = split_page(root)
    if parts is None:
        return None
    above, name = parts
    try:
        answer = _ask(http, above, auth, policy)
    except ConnectFailedError as exc:  # such as a redirect to another server
        log.debug("there is no app above %s: %s", root, exc)
        return None
    config = _config_in(answer)
    if config is not None:
        names = pages_of(config)
        if name in names:
            return root_of(answer.url), config
        known = f"its pages are {', '.join(map(repr, names))}" if names else "it has one page only"
        raise ConfigError(
            f"The app at {above} has no page {name!r}: {known}. Connect to {above}, where all "
            "of the app's functions can be called.",
            url=root,
        )
    if answer.status == 401 and _is_gradios(answer):
        raise _login_needed(answer)
    return None


def _is_gradios(refused: Answer) -> bool:
    """Whether a 401 is that of an app with a login, rather than of a gateway."""
    detail = (object_in(refused.body) or {}).get("detail")
    if isinstance(detail, dict):  # newer releases of 5.x and 6.x
        detail = detail.get("error")
    return detail == "Not authenticated"


def _discover_page(
    http: Http, root: str, refused: Answer, auth: tuple[str, str] | None, policy: RetryPolicy
) -> tuple[str, Config]:
    """Find the app by the page that was named: it holds a copy of the config."""
    page = http.get(Routes(root).page, policy)
    embedded = re.search(_PAGE_CONFIG, page.body)
    config = object_in(embedded[1]) if embedded is not None else None
    if config is None:
        if refused.status == 500:
            raise refusal(refused, doing=f"Reading the config of {root}")
        raise ConfigError(
            f"No Gradio app answers at {root}: /config gave {refused.status}"
            f"{_kind(refused)}, and the page is not one of Gradio's ({page.status}{_kind(page)}). "
            "Give the address that shows the app in a browser; an app that is mounted below a "
            "path needs that path too.",
            url=root,
        )
    current = config.get("current_page")
    path = urlsplit(root).path
    if isinstance(current, str) and current and path.endswith(f"/{current}"):
        # One of the pages of a multi-page app; the app itself is above it.
        return discover(http, root[: -len(current) - 1], auth, policy)
    if config.get("auth_required"):
        raise _login_needed(page)
    return root_of(page.url), cast("Config", config)


def _login(http: Http, root: str, auth: tuple[str, str], policy: RetryPolicy) -> None:
    user, password = auth
    body = urlencode({"username": user, "password": password}).encode()
    url = Routes(root).login
    kind = "application/x-www-form-urlencoded"
    answer = http.post(url, body, content_type=kind, policy=policy.after_429_only())
    # Before 3.19 the answer is a redirect to the page; the cookie is set all the same.
    if answer.status in (200, 302, 303):
        return
    if answer.status in (400, 401, 403):
        raise AuthenticationError(
            f"{root} does not accept the login of user {user!r}. Check auth=('user', 'password').",
            url=url,
            status_code=answer.status,
            body=shorten(answer.text),
        )
    raise refusal(answer, doing=f"Logging in to {root}")


def _login_needed(answer: Answer) -> AuthenticationError:
    return cast(
        AuthenticationError,
        refusal(answer._replace(status=401) if answer.status == 200 else answer),
    )


def _config_in(answer: Answer) -> Config | None:
    if answer.status != 200:
        return None
    try:
        config = read_json(answer.body)
    except TooDeep as exc:
        raise ConfigError(f"{answer.url} cannot be read: {exc}.", url=answer.url) from exc
    except ValueError:
        return None
    if not isinstance(config, dict) or config.get("auth_required"):
        return None
    if "version" not in config and "components" not in config and "dependencies" not in config:
        return None
    return cast("Config", config)


def _kind(answer: Answer) -> str:
    return f" ({answer.content_type.partition(';')[0]})" if answer.content_type else ""
