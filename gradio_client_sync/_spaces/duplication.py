"""Copy a Space to the account of the user.

Two things are checked that the Hub accepts without a warning: whether the requested hardware
exists, and whether a copy that already exists has the requested options.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._basics.secret import hidden
from .._options import flag, hub_endpoint, minutes, texts
from .._protocol.space import SpaceName, space_name
from .._transport.signal_safe import SafeEvent
from ..errors import AuthenticationError, DuplicationError
from . import hub as _hub
from .tokens import Tokens
from .waking import WakeTimeout, find, retry_rate_limited

if TYPE_CHECKING:
    from .._basics.secret import Secret, Texts
    from .waking import SpaceInfo

FREE = "cpu-basic"
NEVER = -1  # the Hub's sleep time for a Space that never sleeps
RATE_LIMIT_TIMEOUT = 30.0  # s for retries while the Hub limits the rate of requests (429)
SLEEP_AFTER = 5.0  # min, the same as in @gradio/client and the official Python client


@dataclass(frozen=True)
class WantedCopy:
    """The options of the copy. `Client.duplicate` explains them.

    Attributes:
        timeout: Minutes without a visitor after which the copy goes to sleep.
    """

    private: bool
    timeout: float | None
    hardware: str | None
    secrets: Mapping[str, Secret[str]]
    variables: Mapping[str, str]
    to_id: str | None

    @classmethod
    def checked(
        cls,
        private: object,
        timeout: object,
        hardware: str | None,
        secrets: object,
        variables: object,
        to_id: str | None,
    ) -> WantedCopy:
        """Check the arguments of `Client.duplicate`.

        Raises:
            TypeError, ValueError: A value has a wrong type or value. The message names it.
        """
        return cls(
            private=flag("private", private),
            timeout=minutes("timeout", timeout),
            hardware=hardware,
            secrets=hidden(texts("secrets", secrets, headers=False)),
            variables=texts("variables", variables, headers=False),
            to_id=to_id,
        )


def duplicate(
    source: str, wanted: WantedCopy, hf_token: Secret[str] | None, *, allow_insecure_token: bool
) -> str:
    """Copy a Space, or use the copy that already exists.

    Args:
        source: The Space that the user named.
        wanted: The options of the copy.
        hf_token: The token of the owner; ``None`` for the saved token.
        allow_insecure_token: Whether the token is also sent without encryption.

    Returns:
        The name of the copy, ``user/space``.

    Raises:
        DuplicationError: No token is available, or the Hub refuses the request.
        SpaceNotFoundError: The Space does not exist, or the token has no access to it.
        RateLimitError: The Hub limited the rate of requests (429) for too long.
    """
    name = _named(source)
    hub = _hub_of_owner(name, hf_token, allow_insecure_token)
    time_limit = WakeTimeout(RATE_LIMIT_TIMEOUT, SafeEvent().wait)
    original, target = _resolve(name, hub, wanted, time_limit)
    plan = _plan(original, wanted)
    if wanted.timeout is not None and plan["hardware"] == FREE:
        _warn(
            f"timeout={wanted.timeout:g} has no effect on {FREE!r}: the Hub sets the sleep time of "
            "free hardware."
        )
    is_new = retry_rate_limited(partial(hub.duplicate, original.space_id, target, plan), time_limit)
    if not is_new:
        difference = _compare(target, original, wanted, hub, time_limit)
        if difference:
            _warn(difference)
    return target


# -- resolve ----------------------------------------------------------------------


def _named(source: str) -> SpaceName:
    """Return the Space that the user named."""
    name = space_name(source, hub_endpoint())
    if name is None:
        raise DuplicationError(
            f"{source!r} is not the name of a Space, and only Spaces can be duplicated. Pass "
            "'user/space'."
        )
    return name


def _hub_of_owner(
    name: SpaceName, hf_token: Secret[str] | None, allow_insecure_token: bool
) -> _hub.Hub:
    """Return the Hub, with the token of the copy's owner."""
    saved = _hub.saved_token() if hf_token is None else None
    tokens = Tokens(hf_token, saved, allow_insecure_token)
    hub = _hub.Hub(tokens.token_for(hub_endpoint()))
    if not hub.has_token:
        raise DuplicationError(
            f"{str(name)!r} was not duplicated, because there is no token for the account that "
            "will own the copy. Pass hf_token= with write access, or log in with huggingface_hub.",
            space_id=name.space_id,
        )
    return hub


def _resolve(
    name: SpaceName, hub: _hub.Hub, wanted: WantedCopy, time_limit: WakeTimeout
) -> tuple[SpaceInfo, str]:
    """Return the original and the full name of the copy; check the requested hardware."""
    if wanted.hardware is not None:
        _check_hardware(wanted.hardware, retry_rate_limited(hub.hardware, time_limit))
    try:
        original = find(name, hub, time_limit)
        user = partial(retry_rate_limited, hub.user, time_limit)
        return original, _target(wanted.to_id, original.space_id, user)
    except AuthenticationError as exc:
        raise DuplicationError(
            f"{str(name)!r} was not duplicated. {exc}", space_id=name.space_id
        ) from exc


def _check_hardware(hardware: str, known: Sequence[str]) -> None:
    if hardware in known:
        return
    near = get_close_matches(str(hardware), known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DuplicationError(
        f"The Hub has no hardware {hardware!r}.{hint} Available: {', '.join(known)}."
    )


def _target(to_id: str | None, source: str, user: Callable[[], str]) -> str:
    """Return the full name of the copy."""
    name = source.rpartition("/")[2] if to_id is None else to_id
    whole = name if "/" in name else f"{user()}/{name}"
    target = space_name(whole)
    if target is None or target.space_id != whole:
        raise DuplicationError(
            f"to_id={to_id!r} is not a valid name of a Space. Pass 'user/space' or 'space'."
        )
    if whole == source:
        raise DuplicationError(
            f"{source!r} already belongs to your account, so the copy would have the same name. "
            "Connect to it with Client(), or pass another name as to_id=.",
            space_id=source,
        )
    return whole


# -- plan -------------------------------------------------------------------------


def _plan(original: SpaceInfo, wanted: WantedCopy) -> dict[str, Any]:
    """Return the options of the request for the copy."""
    flavor = wanted.hardware or original.hardware or FREE
    minutes = SLEEP_AFTER if wanted.timeout is None and flavor != FREE else wanted.timeout
    options = {
        # None lets the Hub decide: the copy of a public Space is public, of a private one private.
        "private": wanted.private or None,
        "hardware": flavor,
        "sleep_time": _sleep_time(minutes),
        "secrets": _pairs(wanted.secrets),
        "variables": _pairs(wanted.variables),
    }
    return {option: value for option, value in options.items() if value is not None}


# -- compare ----------------------------------------------------------------------


def _compare(
    target: str, original: SpaceInfo, wanted: WantedCopy, hub: _hub.Hub, time_limit: WakeTimeout
) -> str | None:
    """Describe how an existing copy differs from the requested options; ``None`` if it does not."""
    requested = {
        "private": wanted.private or original.private,
        "hardware": wanted.hardware,
        "timeout": _sleep_time(wanted.timeout),
    }
    copy = find(SpaceName(target), hub, time_limit)
    variables = wanted.variables
    present = retry_rate_limited(partial(hub.variables, target), time_limit) if variables else {}
    return _difference(target, copy, requested, present, variables, wanted.secrets)


def _difference(
    target: str,
    copy: SpaceInfo,
    requested: Mapping[str, Any],
    present: Mapping[str, str] | None,
    variables: Mapping[str, str],
    secrets: Texts,
) -> str | None:
    """Describe how a copy differs from the requested options; return ``None`` if it does not.

    Args:
        target: The name of the copy.
        copy: The Hub's description of the copy.
        requested: The requested options; those that are ``None`` are not compared.
        present: The variables of the copy; ``None`` if the Hub does not give them.
        variables: The requested variables.
        secrets: The requested secrets, which cannot be compared.
    """
    has = {"private": copy.private, "hardware": copy.hardware, "timeout": copy.sleep_time}
    differing = [
        f"{option} is {_shown(option, has[option])}, not {_shown(option, value)}"
        for option, value in requested.items()
        if value is not None and value != has[option]
    ]
    if present is None:
        differing.append("its variables were not changed, and could not be compared")
    else:
        differing += [
            f"the variable {key!r} {'has another value' if key in present else 'is missing'}"
            for key, value in variables.items()
            if present.get(key) != value
        ]
    if secrets:
        differing.append("its secrets were not changed, and cannot be compared")
    if not differing:
        return None
    return (
        f"The copy {target!r} already exists and was not changed: {'; '.join(differing)}. "
        "Change its settings on the Hub, or make another copy with to_id=."
    )


def _sleep_time(minutes: float | None) -> int | None:
    """Convert minutes to seconds, in the form of the Hub."""
    if minutes is None:
        return None
    return NEVER if math.isinf(minutes) else round(minutes * 60)


def _shown(option: str, value: Any) -> str:
    if option != "timeout":
        return repr(value)
    if value is None:
        return "not set"
    return "unlimited" if value == NEVER else f"{value / 60:g} min"


def _pairs(values: Texts) -> list[dict[str, Any]] | None:
    return [{"key": key, "value": value} for key, value in values.items()] or None


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=5)  # the caller of Client.duplicate
