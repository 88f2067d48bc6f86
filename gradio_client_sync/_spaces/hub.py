"""The requests to the Hugging Face Hub that Spaces need.

This is the only module that uses the Hub's library, `huggingface_hub`, which it imports at first
need. The library has the user's settings: the URL of the Hub (``HF_ENDPOINT``), the saved token,
proxies and offline mode.

Requests that only read are made here, with the library's session: the library has no function for
most of them in every release, and its functions have no timeout. Requests that change something
use the library's functions, which know the options that the Hub accepts.

All errors of the library are converted here.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._basics.secret import Secret, hidden, revealed, shown
from .._options import hub_endpoint
from .._protocol.proxies import without_login
from .._protocol.queue.wire import read_json
from .._protocol.retry import retry_after
from .._transport import seam
from .._transport.failures import cause_of
from .._version import __version__
from ..errors import (
    AuthenticationError,
    DuplicationError,
    GradioClientError,
    RateLimitError,
    SpaceError,
    SpaceNotFoundError,
)

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # s for a response of the Hub, which usually takes less than one


def saved_token() -> str | None:
    """Return the token of ``HF_TOKEN``, or of the account that is logged in on this machine.

    Raises:
        SpaceError: The library cannot read the token.
    """
    from huggingface_hub import constants, get_token

    if getattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False):
        return None
    try:
        return get_token() or None
    except Exception as exc:
        raise SpaceError(f"The saved Hugging Face token cannot be read: {exc}") from exc


class HubResponse(NamedTuple):
    """A response of the Hub. The names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body; ``None`` if it is not JSON."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def error_text(self) -> str:
        """The Hub's reason for an error; ``""`` if it gives none."""
        body = self.json()
        reason = body.get("error") if isinstance(body, dict) else None
        return (self.headers.get("x-error-message") or str(reason or "")).strip().rstrip(".")


class Hub:
    """The Hub, with the permissions of one account.

    Args:
        token: The token of the account; ``None`` for requests without a token.
    """

    def __init__(self, token: Secret[str] | None) -> None:
        self.endpoint = hub_endpoint()
        self._token = token

    def __repr__(self) -> str:
        return f"<Hub {self.endpoint}>"

    def __reduce__(self) -> Any:
        raise TypeError("A Hub cannot be pickled, because it has a token.")

    @property
    def has_token(self) -> bool:
        """Whether requests have a token."""
        return self._token is not None

    # -- reading ------------------------------------------------------------------

    def get(self, path: str, *, method: str = "GET") -> HubResponse:
        """Send a request to the Hub's API.

        Args:
            path: The path after ``/api/``.
            method: The HTTP method.

        Raises:
            SpaceError: The Hub cannot be reached.
        """
        url = f"{self.endpoint}/api/{path}"
        recorded = None if seam.current is None else seam.current.hub_answer(path, method)
        if recorded is not None:
            return HubResponse(*recorded)
        response = self._send(method, url)
        if seam.current is not None:
            seam.current.asked_hub(path, method, response.status, response.body)
        return response

    def _send(self, method: str, url: str) -> HubResponse:
        from huggingface_hub.utils import get_session

        try:
            if self._proxy.lower().startswith("socks"):
                return self._get_by_socks(url)
            session = get_session()
            # The headers get no name here, because they have the token.
            response = session.request(method, url, headers=self._headers(), timeout=TIMEOUT)
            return _reply(response, self._token)
        except Exception as exc:
            raise self._unreachable(exc) from exc

    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers

        headers: dict[str, str] = build_hf_headers(
            # For the library, False means no token, and None means the saved token.
            token=False if self._token is None else self._token.reveal(),
            library_name="gradio-client-sync",
            library_version=__version__,
        )
        return headers

    @property
    def _proxy(self) -> str:
        """The proxy for the Hub in the environment variables; ``""`` if there is none."""
        from .._transport.request_context import proxy_of_environment

        return proxy_of_environment(self.endpoint)

    def _get_by_socks(self, url: str) -> HubResponse:
        """Send a request through a SOCKS proxy, with the HTTP client that is used for apps.

        The library does not support ``socks://``. For the other SOCKS schemes, some of its
        releases need a different package than `requests`.
        """
        from .._transport.http import Http
        from .._transport.http_options import HttpOptions

        options = HttpOptions(
            hidden(self._headers()), timeout=(TIMEOUT, TIMEOUT), rate_limit_patience=0.0
        )
        http = Http(self.endpoint, options)
        try:
            response = http.get(url)
        finally:
            http.close()
        return HubResponse(response.status, response.headers, response.body)

    def discussions_enabled(self, space_id: str) -> bool:
        """Return whether users can write to the author on the page of a Space.

        ``False`` if the Hub does not respond.

        Behaviour:
            ``discussions_enabled`` of @gradio/client.
        """
        try:
            reply = self.get(f"spaces/{space_id}/discussions", method="HEAD")
        except SpaceError:
            return False
        error = reply.headers.get("x-error-message", "").lower()
        return 200 <= reply.status < 300 and not ("discussion" in error and "disabled" in error)

    def signature(self, space_id: str) -> Secret[str] | None:
        """Return a signature for URLs of a private Space; ``None`` if the Hub gives none."""
        reply = Secret(self.get(f"spaces/{space_id}/jwt"))
        body: Secret[Any] = Secret(reply.reveal().json() if reply.reveal().status == 200 else None)
        token: Secret[Any]
        token = Secret(body.reveal().get("token") if isinstance(body.reveal(), dict) else None)
        return token if isinstance(token.reveal(), str) and token.reveal() else None

    def user(self) -> str:
        """Return the name of the account that owns the token.

        Raises:
            AuthenticationError: The Hub does not accept the token.
            RateLimitError: The Hub limited the rate of requests (429).
            SpaceError: The Hub cannot be reached, or does not give the name.
        """
        reply = self.get("whoami-v2")
        body = reply.json()
        if reply.status != 200 or not isinstance(body, dict) or not body.get("name"):
            raise self.refusal(reply, "The account of the token could not be found out", None)
        return str(body["name"])

    def describe_account(self) -> str:
        """Describe the owner and the permissions of the token, for an error message.

        This is only used after an error, because the Hub rate-limits this request strictly.
        """
        if self._token is None:
            return "No token was given, and none is saved"
        try:
            reply = self.get("whoami-v2")
        except SpaceError:
            return "The Hub did not say who owns the token"
        body = reply.json()
        if reply.status == 401:
            return "The Hub does not accept the token: it is mistyped, expired or revoked"
        if reply.status != 200 or not isinstance(body, dict):
            return "The Hub did not say who owns the token"
        return f"The token belongs to the account {body.get('name')!r}{_permissions(body)}"

    def hardware(self) -> list[str]:
        """Return the names of the hardware for Spaces.

        If the Hub does not give the list, return the names that the library knows.

        Raises:
            RateLimitError: The Hub limited the rate of requests (429).
        """
        listed = None
        try:
            reply = self.get("spaces/hardware")
        except SpaceError as exc:
            log.warning("using the hardware list of huggingface_hub: %s", exc)
        else:
            if reply.status == 429:
                raise self._rate_limited(reply, "The list of hardware could not be read")
            listed = reply.json()
        names = [
            entry["name"]
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, dict) and isinstance(entry.get("name"), str)
        ]
        if names:
            return names
        from huggingface_hub import SpaceHardware

        return [str(flavor.value) for flavor in SpaceHardware]

    def variables(self, space_id: str) -> dict[str, str] | None:
        """Return the public environment variables of a Space; ``None`` if the Hub gives none.

        Raises:
            RateLimitError: The Hub limited the rate of requests (429).
            SpaceError: The Hub cannot be reached.
        """
        reply = self.get(f"spaces/{space_id}/variables")
        if reply.status == 429:
            raise self._rate_limited(reply, f"The variables of {space_id!r} could not be read")
        listed = reply.json()
        if reply.status != 200 or not isinstance(listed, dict):
            return None
        return {
            name: str(entry.get("value"))
            for name, entry in listed.items()
            if isinstance(entry, dict)
        }

    # -- changing -----------------------------------------------------------------

    def duplicate(self, source: str, target: str, options: Mapping[str, Any]) -> bool:
        """Copy a Space.

        Args:
            source: The name of the Space.
            target: The name of the copy.
            options: ``private``, ``hardware``, ``sleep_time`` (seconds), ``secrets`` and
                ``variables``, in the form of the library.

        Returns:
            Whether the copy was made; ``False`` if a Space of that name already exists.

        Raises:
            DuplicationError: The Hub refused the request, or could not be reached.
            SpaceNotFoundError: The Space does not exist, or the token has no access to it.
            RateLimitError: The Hub limited the rate of requests (429).
        """
        from huggingface_hub import HfApi
        from huggingface_hub.utils import HfHubHTTPError

        api = HfApi(endpoint=self.endpoint, token=revealed(self._token))
        if hasattr(api, "duplicate_repo"):
            arguments = {
                name if name == "private" else f"space_{name}": value
                for name, value in options.items()
            }
            arguments["repo_type"] = "space"
            duplicate = api.duplicate_repo
        else:  # releases 0.x and the first 1.x
            arguments = dict(options)
            duplicate = api.duplicate_space
        try:
            with warnings.catch_warnings():
                # This package gives the same warnings with its own names of the options.
                warnings.simplefilter("ignore")
                duplicate(source, target, **_revealed(arguments))
        except HfHubHTTPError as exc:
            secrets = (pair["value"] for pair in options.get("secrets") or ())
            reply = _reply(exc.response, self._token, *secrets)
        except Exception as exc:
            # The library checks names before it sends anything, and raises a ValueError. Errors of
            # `requests`, which older releases use, can be a ValueError too, but also an OSError.
            if isinstance(exc, ValueError) and not isinstance(exc, OSError):
                raise DuplicationError(
                    f"{source!r} was not duplicated to {target!r}: {self._clean(str(exc))}",
                    space_id=source,
                ) from exc
            raise DuplicationError(
                f"{source!r} may not have been duplicated to {target!r}. "
                f"{self._unreachable(exc)} Check your Spaces on the Hub before you try again.",
                space_id=source,
            ) from exc
        else:
            return True
        if reply.status == 409:
            return False
        # Not raised in the handler: the text of the library's error, which would be the context,
        # has the whole response of the Hub, which may repeat secrets.
        raise self._not_duplicated(reply, source, target)

    # -- errors -------------------------------------------------------------------

    def refusal(self, reply: HubResponse, doing: str, space_id: str | None) -> GradioClientError:
        """Make the error for a response that refuses a request.

        Args:
            reply: The response.
            doing: What failed, as a sentence without its full stop.
            space_id: The name of the Space, if the request was about one.
        """
        reason = f" ({reply.error_text})" if reply.error_text else ""
        facts: dict[str, Any] = {"url": self.endpoint, "status_code": reply.status}
        if reply.status == 429:
            return self._rate_limited(reply, doing)
        if reply.status == 403 or (reply.status == 401 and self.has_token):
            account = self.describe_account()
            advice = "Ask for access, or pass hf_token= of an account that has it."
            return AuthenticationError(
                f"{doing}: the Hub responded with {reply.status}{reason}. {account}. {advice}",
                **facts,
            )
        if reply.status in (401, 404):
            if self.has_token:
                advice = (
                    f"{self.describe_account()}. Check the spelling, and that this account has "
                    "access to the Space."
                )
            else:
                advice = "Check the spelling. If the Space is private, pass hf_token= or log in."
            return SpaceNotFoundError(
                f"{doing}: the Space does not exist, or the account has no access to it "
                f"({reply.status}). {advice}",
                space_id=space_id,
            )
        return SpaceError(
            f"{doing}: the Hub responded with {reply.status}{reason}. Try again later.",
            space_id=space_id,
        )

    def _not_duplicated(self, reply: HubResponse, source: str, target: str) -> GradioClientError:
        doing = f"{source!r} was not duplicated to {target!r}"
        reason = f": {reply.error_text}" if reply.error_text else ""
        if reply.status in (404, 429):
            return self.refusal(reply, doing, source)
        advice = {
            400: "The Hub does not accept the options.",
            401: "The Hub does not accept the token.",
            402: "This hardware costs money. Add a payment method, or pass hardware='cpu-basic'.",
            403: f"{self.describe_account()}. It needs write access and free quota.",
        }.get(reply.status, "Try again later.")
        return DuplicationError(
            f"{doing}: the Hub responded with {reply.status}{reason}. {advice}", space_id=source
        )

    def _rate_limited(self, reply: HubResponse, doing: str) -> RateLimitError:
        after = retry_after(reply.headers)
        wait = f" It asks to wait {after:g} s." if after is not None else ""
        more = "" if self.has_token else " With hf_token=, it allows more requests."
        return RateLimitError(
            f"{doing}: the Hub limits the rate of requests (429).{wait}{more}",
            url=self.endpoint,
            status_code=429,
            retry_after=after,
        )

    def _unreachable(self, exc: Exception) -> SpaceError:
        # Before 1.0, the library uses `requests`, whose errors hold those of urllib3.
        text = cause_of(exc) if exc.args and isinstance(exc.args[0], Exception) else str(exc)
        reason = self._clean(text or type(exc).__name__).rstrip(".")
        proxy = self._proxy
        if proxy and not isinstance(exc, GradioClientError):  # such an error names the proxy
            reason = f"{reason}. The environment sets the proxy {without_login(proxy)!r} for it"
            if proxy.lower().startswith("socks:"):
                reason = f"{reason}; huggingface_hub supports socks5h:// but not socks://"
        return SpaceError(
            f"The Hub at {self.endpoint} cannot be reached: {reason}. Check the network connection "
            "of this machine, and HF_ENDPOINT if it is set. A client of the app's own URL does "
            "not need the Hub."
        )

    def _clean(self, text: str) -> str:
        return _without(text, (self._token,))


def _reply(response: Any, *secrets: str | Secret[str] | None) -> HubResponse:
    """Convert a response of the library, without secrets that the Hub repeats in it."""
    headers = {
        str(name).lower(): _without(str(value), secrets) for name, value in response.headers.items()
    }
    body = response.content
    if response.status_code >= 400:
        body = _without(body.decode("utf-8", "replace"), secrets).encode()
    return HubResponse(response.status_code, headers, body)


def _without(text: str, secrets: Iterable[str | Secret[str] | None]) -> str:
    for secret in filter(None, map(revealed, secrets)):
        text = text.replace(secret, "***")
    return text


def _revealed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a copy with the values of its secrets."""
    return {
        name: list(map(shown, value)) if isinstance(value, list) else value
        for name, value in options.items()
    }


def _permissions(account: Mapping[str, Any]) -> str:
    """Describe the permissions of a token: a role, or permissions on single repositories."""
    auth = account.get("auth")
    token = auth.get("accessToken") if isinstance(auth, dict) else None
    role = token.get("role") if isinstance(token, dict) else None
    if not isinstance(token, dict) or not isinstance(role, str):
        return ""
    fine = token.get("fineGrained")
    if role != "fineGrained" or not isinstance(fine, dict):
        return f" and has the role {role!r}"
    scopes = [
        f"{', '.join(map(str, scope.get('permissions') or ())) or 'nothing'} "
        f"on {(scope.get('entity') or {}).get('name', '?')}"
        for scope in fine.get("scoped") or ()
        if isinstance(scope, dict)
    ]
    return f" and may do only this: {'; '.join(scopes) or 'nothing'}"
