"""What of a client goes into a pickle: how it was made, and none of its secrets.

A pickle is stored, sent and copied like any data, so nothing is in it that opens a door. What was
left out is only named; the client that comes out says so where it is used, since who unpickles (a
pool's worker) has nobody to tell.

The one secret that is found again where the pickle comes out is the token of the account that is
logged in. Another one that was given explicitly is not silently replaced by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._protocol.credentials import may_be_secret
from .._protocol.space import space_name
from .._spaces import hub as _hub
from .._spaces.hub_address import hub_endpoint
from ..errors import AuthenticationError, SpaceError

if TYPE_CHECKING:
    from .._options import Options


def without_secrets(source: str, options: Options) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Return the arguments of a client for its pickle.

    Args:
        source: The client's address, or Space.
        options: The client's options.

    Returns:
        The source and the options by name, both without secrets, and the names of what was left
        out.
    """
    is_secret = {
        "hf_token": options.hf_token is not None,
        "oauth_token": options.oauth_token is not None,
        "auth": options.auth is not None,
        "headers": any(map(may_be_secret, options.headers)),
        "cookies": bool(options.cookies),
        "proxies": any("@" in address for address in options.proxies.values()),
    }
    empty: dict[str, Any] = {"headers": {}, "cookies": {}, "proxies": {}}
    kept = {
        name: empty.get(name) if is_secret.get(name) else value
        for name, value in vars(options).items()
    }
    kept["session_hash"] = None  # two clients of one session take each other's messages
    if _is_found_again(source, options.hf_token):
        is_secret["hf_token"] = False
    address, _, query = source.partition("?")
    is_secret["what its address has after the question mark"] = bool(query)
    return address, kept, tuple(name for name, secret in is_secret.items() if secret)


def _is_found_again(source: str, token: str | None) -> bool:
    """Whether a token is that of the logged-in account, which a Space gets without asking."""
    if token is None or space_name(source, hub_endpoint()) is None:
        return False
    try:
        return token == _hub.saved_token()
    except SpaceError:
        return False  # nor is there one to be found elsewhere


def secrets_missing(source: str, left_out: tuple[str, ...]) -> AuthenticationError:
    """The error of a client that came out of a pickle without what it needs."""
    names = ", ".join(f"{name}=" if name.isidentifier() else name for name in left_out)
    token = (
        " Or leave hf_token out when it is made first: a Space gets the token of HF_TOKEN, or of "
        "the account that is logged in, in each process."
        if "hf_token" in left_out
        else ""
    )
    return AuthenticationError(
        f"This client of {source!r} came out of a pickle, and no secret goes into one; it was made "
        f"with {names}. Make it anew where it is used, with what you read there from the "
        f"environment or a file; for a pool of processes, in its initializer=.{token}"
    )
