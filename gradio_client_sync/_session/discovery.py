"""Find an app by its URL, and read its config.

The config is at the route ``/config``, and the app's page has a copy. The page is also needed to
tell an app that requires a login from a server that has no Gradio app.

The URL may be that of one page of a multi-page app. Then the config is one level up, and it lists
the page. A page that Node renders (SSR mode) has no copy of the config. Node renders a page for
every URL, even if the app has no such page, so only the list in the config is reliable.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from .._basics.secret import Secret
from .._protocol.queue.wire import TooDeep, read_json
from .._protocol.routes import Routes, pages_of, root_of, split_page
from .._transport.failures import Answer, object_in, refusal, shorten
from .._transport.gateway_refusals import certificate_wanted
from ..errors import AuthenticationError, ConfigError, ConnectFailedError

if TYPE_CHECKING:
    from .._transport.attempts import RetryPolicy
    from .._transport.http import Http
    from ..types import Config

log = logging.getLogger(__name__)

#: Not compiled here: few apps are read from their page, and `re` keeps what it has compiled.
_PAGE_CONFIG = rb"(?s)window\.gradio_config\s*=\s*(\{.*?\});\s*</script>"


def discover(
    http: Http, root: str, auth: Secret[tuple[str, str]] | None, policy: RetryPolicy
) -> tuple[str, Config]:
    """Find the app and read its config.

    Args:
        http: The HTTP client of the connection.
        root: The URL that the user gave.
        auth: User name and password of the app's own login.
        policy: The retries of each request, and the deadline of all requests together.

    Returns:
        The root at which the app was found, and its config.

    Raises:
        ConnectFailedError: The server could not be reached.
        HTTPStatusError: The server refused the request, or failed.
        AuthenticationError: The app requires a login, or did not accept it.
        ConfigError: The server is not a Gradio app.
    """
    response = _request_config(http, root, auth, policy)
    config = _config_in(response)
    if config is not None:
        return root_of(response.url), config
    if response.status in (401, 403):
        raise _login_needed(response)
    if certificate_wanted(response.status, response.body):
        raise refusal(response)
    if response.status > 500 or response.status == 429:
        raise refusal(response, doing=f"Reading the config of {root}")
    # A 500 is possible for two kinds of apps: those of Gradio 3 with state that JSON cannot
    # represent, whose page has a config, and pages of 5.x in SSR mode before a login.
    return _app_above(http, root, auth, policy) or _app_of_page(http, root, response, auth, policy)


def _request_config(
    http: Http, root: str, auth: Secret[tuple[str, str]] | None, policy: RetryPolicy
) -> Answer:
    """Request the config. If the app requires a login, log in and request it again."""
    response = http.get(Routes(root).config, policy)
    if response.status == 401 and auth is not None and not _is_from_gateway(response):
        root = root_of(response.url)
        _login(http, root, auth, policy)
        response = http.get(Routes(root).config, policy)
        if response.status == 401:
            raise AuthenticationError(
                f"{root} accepted the login of user {auth.reveal()[0]!r}, but its next response "
                "required a login again. If the app runs as several replicas behind a gateway, "
                "configure the gateway to send all requests of a client to one replica, by a "
                "cookie that it sets (session affinity). Otherwise, check whether a proxy drops "
                "the cookie of the login.",
                url=response.url,
                status_code=response.status,
                body=shorten(response.text),
            )
    return response


def _app_above(
    http: Http, root: str, auth: Secret[tuple[str, str]] | None, policy: RetryPolicy
) -> tuple[str, Config] | None:
    """Find the multi-page app one level up, if the URL is that of one of its pages.

    Returns:
        The root and config of the app; ``None`` if there is no app one level up.

    Raises:
        AuthenticationError: There is an app, and it requires a login.
        ConfigError: There is an app, but it has no such page.
    """
    parts = split_page(root)
    if parts is None:
        return None
    above, name = parts
    try:
        response = _request_config(http, above, auth, policy)
    except ConnectFailedError as exc:  # such as a redirect to another server
        log.debug("there is no app one level above %s: %s", root, exc)
        return None
    config = _config_in(response)
    if config is not None:
        names = pages_of(config)
        if name in names:
            return root_of(response.url), config
        verb = "page is" if len(names) == 1 else "pages are"
        known = f"its {verb} {', '.join(map(repr, names))}" if names else "it has one page only"
        raise ConfigError(
            f"The app at {above} has no page {name!r}: {known}. Connect to {above}, where all "
            "of the app's functions can be called.",
            url=root,
        )
    if response.status == 401 and _is_from_gradio(response):
        raise _login_needed(response)
    return None


def _is_from_gateway(response: Answer) -> bool:
    """Return whether a 401 comes from a gateway: it says how to log in, which no app does."""
    return "www-authenticate" in response.headers


def _is_from_gradio(response: Answer) -> bool:
    """Return whether a 401 comes from an app with a login, and not from a gateway."""
    detail = (object_in(response.body) or {}).get("detail")
    if isinstance(detail, dict):  # newer releases of 5.x and 6.x
        detail = detail.get("error")
    return detail == "Not authenticated"


def _app_of_page(
    http: Http,
    root: str,
    refused: Answer,
    auth: Secret[tuple[str, str]] | None,
    policy: RetryPolicy,
) -> tuple[str, Config]:
    """Find the app by the copy of the config in its page.

    Args:
        http: The HTTP client of the connection.
        root: The URL of the page.
        refused: The response to the request for the config.
        auth: User name and password of the app's own login.
        policy: The retries of each request, and their deadline.
    """
    page = http.get(Routes(root).page, policy)
    embedded = re.search(_PAGE_CONFIG, page.body)
    config = object_in(embedded[1]) if embedded is not None else None
    if config is None:
        if refused.status == 500:
            raise refusal(refused, doing=f"Reading the config of {root}")
        raise ConfigError(
            f"There is no Gradio app at {root}: the response to /config was {refused.status}"
            f"{_content_type(refused)}, and the page is not one of Gradio's "
            f"({page.status}{_content_type(page)}). Pass the URL that shows the app in a browser. "
            "If the app is mounted below a path, the URL has to have that path.",
            url=root,
            _status=refused.status,
        )
    current = config.get("current_page")
    path = urlsplit(root).path
    if isinstance(current, str) and current and path.endswith(f"/{current}"):
        # This is one page of a multi-page app. The app itself is one level up.
        return discover(http, root[: -len(current) - 1], auth, policy)
    if config.get("auth_required"):
        raise _login_needed(page)
    return root_of(page.url), cast("Config", config)


def _login(http: Http, root: str, auth: Secret[tuple[str, str]], policy: RetryPolicy) -> None:
    names = ("username", "password")
    body = Secret(urlencode(dict(zip(names, auth.reveal()))).encode())
    url = Routes(root).login
    content_type = "application/x-www-form-urlencoded"
    response = http.post(url, body, content_type=content_type, policy=policy.after_429_only())
    # Before 3.19, the response is a redirect to the page. It sets the cookie, too.
    if response.status in (200, 302, 303):
        return
    if response.status in (400, 401, 403):
        raise AuthenticationError(
            f"{root} does not accept the login of user {auth.reveal()[0]!r}. Check "
            "auth=('user', 'password').",
            url=url,
            status_code=response.status,
            body=shorten(response.text),
        )
    raise refusal(response, doing=f"Logging in to {root}")


def _login_needed(response: Answer) -> AuthenticationError:
    """Return the error for an app that requires a login. The page of such an app has status 200."""
    return cast(
        AuthenticationError,
        refusal(response._replace(status=401) if response.status == 200 else response),
    )


def _config_in(response: Answer) -> Config | None:
    """Return the config in a response; ``None`` if the response has none."""
    if response.status != 200:
        return None
    try:
        config = read_json(response.body)
    except TooDeep as exc:
        raise ConfigError(
            f"The config at {response.url} cannot be read: {exc}.", url=response.url
        ) from exc
    except ValueError:
        return None
    if not isinstance(config, dict) or config.get("auth_required"):
        return None
    if "version" not in config and "components" not in config and "dependencies" not in config:
        return None
    return cast("Config", config)


def _content_type(response: Answer) -> str:
    content_type = response.content_type.partition(";")[0]
    return f" ({content_type})" if content_type else ""
