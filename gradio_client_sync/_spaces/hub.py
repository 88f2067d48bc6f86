"""The Hugging Face Hub's API, as far as Spaces need it.

The only module that knows the Hub's library, `huggingface_hub`, which it loads at first need. From
the library come what the user has set up once for everything: the address of the Hub
(``HF_ENDPOINT``), the saved token, proxies, offline mode. What is read is asked for here, by the
library's session, since most of it has no function in every release, and those that have one take
no timeout. What changes something goes through the library's own function, which knows what the
Hub of its day takes.

Every error of the library is translated here.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .._options import hub_endpoint
from .._protocol.proxies import without_login
from .._protocol.queue.wire import read_json
from .._protocol.retry import retry_after
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

TIMEOUT = 10.0  # s for the Hub to answer; it does so in a fraction of one


def saved_token() -> str | None:
    """The token of the account that is logged in on this machine (or ``HF_TOKEN``).

    Raises:
        SpaceError: The library fails to find out.
    """
    from huggingface_hub import constants, get_token

    if getattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False):
        return None
    try:
        return get_token() or None
    except Exception as exc:
        raise SpaceError(f"The saved Hugging Face token cannot be read: {exc}") from exc


class HubResponse(NamedTuple):
    """What the Hub answered. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, if it is JSON, else ``None``."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def said(self) -> str:
        """The Hub's own words about a refusal."""
        body = self.json()
        told = body.get("error") if isinstance(body, dict) else None
        return (self.headers.get("x-error-message") or str(told or "")).strip().rstrip(".")


class Hub:
    """The Hub, seen by one account.

    Args:
        token: Of the account; ``None`` for nobody's.
    """

    def __init__(self, token: str | None) -> None:
        self.endpoint = hub_endpoint()
        self._token = token

    def __repr__(self) -> str:
        return f"<Hub {self.endpoint}>"

    def __reduce__(self) -> Any:
        raise TypeError("A Hub has a token, so it is not pickled.")

    @property
    def has_token(self) -> bool:
        return self._token is not None

    # -- reading ------------------------------------------------------------------

    def get(self, path: str, *, method: str = "GET") -> HubResponse:
        """Ask for something below the Hub's API.

        Raises:
            SpaceError: The Hub cannot be reached.
        """
        from huggingface_hub.utils import build_hf_headers, get_session

        headers = build_hf_headers(
            # The library takes False for "none"; None would be the saved one.
            token=self._token or False,
            library_name="gradio-client-sync",
            library_version=__version__,
        )
        url = f"{self.endpoint}/api/{path}"
        try:
            if self._proxy.lower().startswith("socks"):
                return self._get_by_socks(url, headers)
            response = get_session().request(method, url, headers=headers, timeout=TIMEOUT)
            return _reply(response, self._token)
        except Exception as exc:
            raise self._unreachable(exc) from exc

    @property
    def _proxy(self) -> str:
        """The proxy that the environment names for the Hub; empty if there is none."""
        from .._transport.request_context import proxy_of_environment

        return proxy_of_environment(self.endpoint)

    def _get_by_socks(self, url: str, headers: Mapping[str, str]) -> HubResponse:
        """Ask by way of a SOCKS proxy, as apps are asked.

        The library reads no ``socks://``, and some of its releases need another package for the
        other kinds than `requests` does.
        """
        from .._transport.http import Http
        from .._transport.http_options import HttpOptions

        options = HttpOptions(headers, timeout=(TIMEOUT, TIMEOUT), rate_limit_patience=0.0)
        http = Http(self.endpoint, options)
        try:
            answer = http.get(url)
        finally:
            http.close()
        return HubResponse(answer.status, answer.headers, answer.body)

    def discussions_enabled(self, space_id: str) -> bool:
        """Whether a Space's author can be written to on its page.

        Behaviour: ``discussions_enabled`` of @gradio/client, also in that no answer means no.
        """
        try:
            reply = self.get(f"spaces/{space_id}/discussions", method="HEAD")
        except SpaceError:
            return False
        said = reply.headers.get("x-error-message", "").lower()
        return 200 <= reply.status < 300 and not ("discussion" in said and "disabled" in said)

    def signature(self, space_id: str) -> str | None:
        """A signature for addresses of a private Space's app; ``None`` where there is none."""
        reply = self.get(f"spaces/{space_id}/jwt")
        body = reply.json() if reply.status == 200 else None
        token = body.get("token") if isinstance(body, dict) else None
        return token if isinstance(token, str) and token else None

    def user(self) -> str:
        """The name of the token's account.

        Raises:
            AuthenticationError: The Hub does not accept the token.
            RateLimitError, SpaceError
        """
        reply = self.get("whoami-v2")
        body = reply.json()
        if reply.status != 200 or not isinstance(body, dict) or not body.get("name"):
            raise self.refusal(reply, "The token's account cannot be found out", None)
        return str(body["name"])

    def account(self) -> str:
        """Whose token it is and what it may do, in words for an error.

        Not part of the normal way: the Hub answers this question rarely only.
        """
        if self._token is None:
            return "No token was given, and none is saved"
        try:
            reply = self.get("whoami-v2")
        except SpaceError:
            return "The Hub does not tell whose token it is"
        body = reply.json()
        if reply.status == 401:
            return "The Hub does not accept the token: it is mistyped, expired or revoked"
        if reply.status != 200 or not isinstance(body, dict):
            return "The Hub does not tell whose token it is"
        return f"The token is of the account {body.get('name')!r}{_rights(body)}"

    def hardware(self) -> list[str]:
        """The names of the hardware that Spaces can run on now.

        Where the Hub does not tell, those that the library knows.

        Raises:
            RateLimitError: It would tell later.
        """
        listed = None
        try:
            reply = self.get("spaces/hardware")
        except SpaceError as exc:
            log.warning("the library's list of hardware is used: %s", exc)
        else:
            if reply.status == 429:
                raise self._asked_too_often(reply, "The hardware cannot be looked up")
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
        """A Space's public environment variables, by name; ``None`` if the Hub does not tell.

        Raises:
            RateLimitError: It would tell later.
            SpaceError: It cannot be asked.
        """
        reply = self.get(f"spaces/{space_id}/variables")
        if reply.status == 429:
            raise self._asked_too_often(reply, f"The variables of {space_id!r} cannot be read")
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
        """Make a copy of a Space; ``False`` if there is a Space of that name already.

        Args:
            options: ``private``, ``hardware``, ``sleep_time`` (seconds), ``secrets`` and
                ``variables`` as the library takes them; those that are ``None`` are not sent.

        Raises:
            DuplicationError, SpaceNotFoundError, RateLimitError
        """
        from huggingface_hub import HfApi
        from huggingface_hub.utils import HfHubHTTPError

        api = HfApi(endpoint=self.endpoint, token=self._token)
        if hasattr(api, "duplicate_repo"):
            arguments = {
                name if name == "private" else f"space_{name}": value
                for name, value in options.items()
            }
            arguments["repo_type"] = "space"
            duplicate = api.duplicate_repo
        else:  # 0.x and the first of 1.x
            arguments = dict(options)
            duplicate = api.duplicate_space
        try:
            with warnings.catch_warnings():
                # What it warns of is said by us already, in this package's words.
                warnings.simplefilter("ignore")
                duplicate(source, target, **arguments)
        except HfHubHTTPError as exc:
            secrets = (pair["value"] for pair in options.get("secrets") or ())
            reply = _reply(exc.response, self._token, *secrets)
        except Exception as exc:
            # The library's own check of names, before it sends anything. Errors of the network can
            # be a ValueError too: those of `requests`, which older releases use.
            if isinstance(exc, ValueError) and not isinstance(exc, OSError):
                raise DuplicationError(
                    f"{source!r} was not duplicated to {target!r}: {self._clean(str(exc))}",
                    space_id=source,
                ) from exc
            raise DuplicationError(
                f"{source!r} may not have been duplicated to {target!r}. "
                f"{self._unreachable(exc)} Look at your Spaces before you try again.",
                space_id=source,
            ) from exc
        else:
            return True
        if reply.status == 409:
            return False
        # Not in the handler: the library's error has all that the Hub said in its text.
        raise self._not_duplicated(reply, source, target)

    # -- errors -------------------------------------------------------------------

    def refusal(self, reply: HubResponse, doing: str, space_id: str | None) -> GradioClientError:
        """The error for what the Hub did not answer.

        Args:
            doing: What could not be done, as a sentence without its end.
        """
        said = f" ({reply.said})" if reply.said else ""
        facts: dict[str, Any] = {"url": self.endpoint, "status_code": reply.status}
        if reply.status == 429:
            return self._asked_too_often(reply, doing)
        if reply.status == 403 or (reply.status == 401 and self.has_token):
            account = self.account()
            advice = "Ask for access, or pass hf_token= of an account that has it."
            return AuthenticationError(
                f"{doing}: the Hub refused it with {reply.status}{said}. {account}. {advice}",
                **facts,
            )
        if reply.status in (401, 404):
            if self.has_token:
                advice = f"{self.account()}; check that it may read the Space, and the spelling."
            else:
                advice = "Check the spelling; if it is private, pass hf_token= or log in."
            return SpaceNotFoundError(
                f"{doing}: the Hub has no such Space, or does not show it "
                f"({reply.status}). {advice}",
                space_id=space_id,
            )
        return SpaceError(f"{doing}: the Hub answered {reply.status}{said}.", space_id=space_id)

    def _not_duplicated(self, reply: HubResponse, source: str, target: str) -> GradioClientError:
        doing = f"{source!r} was not duplicated to {target!r}"
        said = f": {reply.said}" if reply.said else ""
        if reply.status in (404, 429):
            return self.refusal(reply, doing, source)
        advice = {
            400: "The Hub does not accept the options.",
            401: "The Hub does not accept the token.",
            402: "That hardware is paid for; add a payment method, or pass hardware='cpu-basic'.",
            403: f"{self.account()}; it needs the right to write, and room in the plan's quota.",
        }.get(reply.status, "Try again later.")
        return DuplicationError(
            f"{doing}: the Hub answered {reply.status}{said}. {advice}", space_id=source
        )

    def _asked_too_often(self, reply: HubResponse, doing: str) -> RateLimitError:
        after = retry_after(reply.headers)
        wait = f" It asks to wait {after:g} s." if after is not None else ""
        more = "" if self.has_token else " With hf_token= it answers more often."
        return RateLimitError(
            f"{doing}: the Hub is asked too often (429).{wait}{more}",
            url=self.endpoint,
            status_code=429,
            retry_after=after,
        )

    def _unreachable(self, exc: Exception) -> SpaceError:
        reason = self._clean(str(exc) or type(exc).__name__).rstrip(".")
        proxy = self._proxy
        if proxy and not isinstance(exc, GradioClientError):  # those name it
            reason = f"{reason}. The environment names the proxy {without_login(proxy)!r} for it"
            if proxy.lower().startswith("socks:"):
                reason = f"{reason}; its library reads socks5h:// and no socks://"
        return SpaceError(
            f"The Hub at {self.endpoint} cannot be asked: {reason}. Check the "
            "connection of this machine, and HF_ENDPOINT if it is set; an app's own address works "
            "without the Hub."
        )

    def _clean(self, text: str) -> str:
        return _without(text, (self._token,))


def _reply(response: Any, *secrets: str | None) -> HubResponse:
    """What the library was answered, without the secrets of ours that the Hub repeats."""
    headers = {
        str(name).lower(): _without(str(value), secrets) for name, value in response.headers.items()
    }
    body = response.content
    if response.status_code >= 400:
        body = _without(body.decode("utf-8", "replace"), secrets).encode()
    return HubResponse(response.status_code, headers, body)


def _without(text: str, secrets: Iterable[str | None]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def _rights(account: Mapping[str, Any]) -> str:
    """What a token may do, as far as the Hub tells: a role, or rights on single things."""
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
