"""The content of a client's pickle: the arguments of `Client`, without secrets.

A pickle is stored, sent and copied like other data, so it must not have secrets. It has only the
names of the arguments that were left out. The unpickled client raises an error with these names at
its first use, and not during unpickling: in the worker process of a pool, an error during
unpickling may reach nobody.

The unpickled client can find only one secret again: the token of the account that is logged in on
its machine. If the original client had another token, this one does not replace it silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._basics.secret import Secret, revealed, shown
from .._live_headers import LiveHeaders
from .._options import hub_endpoint
from .._protocol.credentials import may_be_secret
from .._protocol.space import space_name
from .._spaces import hub as _hub
from ..errors import AuthenticationError, SpaceError

if TYPE_CHECKING:
    from .._options import Options


def without_secrets(
    source: str | Secret[str], options: Options
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Return the arguments of a client for its pickle, without secrets.

    Args:
        source: The first argument of `Client`.
        options: The other arguments of `Client`.

    Returns:
        The source and the options by name, both without secrets, and the names of the secrets.
    """
    is_secret = {
        "hf_token": options.hf_token is not None,
        "oauth_token": options.oauth_token is not None,
        "auth": options.auth is not None,
        "http_auth": options.http_auth is not None,
        "session": options.session is not None,
        # Not a secret, but a context cannot be pickled, and may have a certificate.
        "verify": not isinstance(options.verify, (bool, str)),
        "headers": isinstance(options.headers, LiveHeaders)
        or any(map(may_be_secret, options.headers)),
        "cookies": bool(options.cookies),
        "proxies": any(isinstance(proxy, Secret) for proxy in options.proxies.values()),
    }
    empty: dict[str, Any] = {"headers": {}, "cookies": {}, "proxies": {}, "verify": True}
    kept = {
        name: empty.get(name) if is_secret.get(name) else value
        for name, value in vars(options).items()
    }
    kept["headers"] = shown(kept["headers"] or {})
    # If two clients use one session, each receives messages that belong to the other.
    kept["session_hash"] = None
    if _is_found_again(source, options.hf_token):
        is_secret["hf_token"] = False
    url = revealed(source).partition("?")[0]
    is_secret["a query in its URL"] = bool(revealed(source).partition("?")[2])
    return url, kept, tuple(name for name, secret in is_secret.items() if secret)


def _is_found_again(source: str | Secret[str], token: Secret[str] | None) -> bool:
    """Return whether `token` is the saved token, which clients of Spaces use by default."""
    if token is None or space_name(revealed(source), hub_endpoint()) is None:
        return False
    try:
        return token.reveal() == _hub.saved_token()
    except SpaceError:
        return False  # the saved token cannot be read here, so do not rely on it elsewhere


def secrets_missing(source: str, left_out: tuple[str, ...]) -> AuthenticationError:
    """Return the error for an unpickled client whose secrets were left out of the pickle."""
    names = ", ".join(f"{name}=" if name.isidentifier() else name for name in left_out)
    token = (
        " Or make the first client without hf_token: then each process uses the token of the "
        "variable HF_TOKEN, or of the account that is logged in."
        if "hf_token" in left_out
        else ""
    )
    return AuthenticationError(
        f"This client of {source!r} was unpickled, and a pickle contains no secrets. The original "
        f"client was made with {names}. Make a new client in this process, and read the secrets "
        f"from the environment or a file. In a pool of processes, do so in its initializer=.{token}"
    )
