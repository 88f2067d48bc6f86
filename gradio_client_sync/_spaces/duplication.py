"""Making a copy of a Space in the user's own account.

What the Hub would take and charge for without a word is looked at first: the hardware that is
asked for, and what a copy that exists already has instead.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._options import hub_endpoint
from .._protocol.space import SpaceName, space_name
from .._transport.signal_safe import SafeEvent
from ..errors import AuthenticationError, DuplicationError
from . import hub as _hub
from .tokens import Tokens
from .waking import WakeTimeout, find, patiently

if TYPE_CHECKING:
    from .waking import SpaceInfo

FREE = "cpu-basic"
NEVER = -1  # the Hub's sleep time of what does not sleep
PATIENCE = 30.0  # s, while the Hub is asked too often
SLEEP_AFTER = 5.0  # min, as @gradio/client and the official Python client have it


@dataclass(frozen=True)
class WantedCopy:
    """What the user asks of a copy; see `Client.duplicate`.

    Attributes:
        timeout: Minutes without a visitor after which it sleeps.
    """

    private: bool
    timeout: float | None
    hardware: str | None
    secrets: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, str]
    to_id: str | None


def duplicate(
    source: str, wanted: WantedCopy, hf_token: str | None, *, allow_insecure_token: bool
) -> str:
    """Make a copy of a Space, or find the one there is.

    Args:
        source: The Space, as the user named it.
        wanted: What the copy is to be like.
        hf_token: The owner's token; the saved one is used if it is ``None``.
        allow_insecure_token: Send the token also where others can read it.

    Returns:
        The copy's name, ``user/space``.

    Raises:
        DuplicationError: It cannot be made, or not by this account.
        SpaceNotFoundError: There is no such Space, or the token may not see it.
        RateLimitError: The Hub answered 429 for longer than the client waits.
    """
    name = _named(source)
    hub = _hub_of_owner(name, hf_token, allow_insecure_token)
    patience = WakeTimeout(PATIENCE, SafeEvent().wait)
    original, target = _resolve(name, hub, wanted, patience)
    plan = _plan(original, wanted)
    if wanted.timeout is not None and plan["hardware"] == FREE:
        _warn(
            f"timeout={wanted.timeout:g} has no effect on {FREE!r}, which the Hub puts to sleep "
            "itself."
        )
    is_new = patiently(partial(hub.duplicate, original.space_id, target, plan), patience)
    if not is_new:
        difference = _compare(target, original, wanted, hub, patience)
        if difference:
            _warn(difference)
    return target


# -- resolve ----------------------------------------------------------------------


def _named(source: str) -> SpaceName:
    """Return the Space that the user named."""
    name = space_name(source, hub_endpoint())
    if name is None:
        raise DuplicationError(
            f"{source!r} names no Space, and only Spaces can be duplicated. Give 'user/space'."
        )
    return name


def _hub_of_owner(name: SpaceName, hf_token: str | None, allow_insecure_token: bool) -> _hub.Hub:
    """Return the Hub as the copy's owner sees it."""
    saved = _hub.saved_token() if hf_token is None else None
    tokens = Tokens(hf_token, saved, allow_insecure_token)
    hub = _hub.Hub(tokens.token_for(hub_endpoint()))
    if not hub.has_token:
        raise DuplicationError(
            f"{str(name)!r} was not duplicated: a copy needs an owner. Pass hf_token= of an "
            "account with the right to write, or log in with huggingface_hub.",
            space_id=name.space_id,
        )
    return hub


def _resolve(
    name: SpaceName, hub: _hub.Hub, wanted: WantedCopy, patience: WakeTimeout
) -> tuple[SpaceInfo, str]:
    """Return the original, and the copy's whole name; check what is wanted of it."""
    if wanted.hardware is not None:
        _check_hardware(wanted.hardware, patiently(hub.hardware, patience))
    try:
        original = find(name, hub, patience)
        user = partial(patiently, hub.user, patience)
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
        f"There is no hardware {hardware!r}.{hint} There are: {', '.join(known)}."
    )


def _target(to_id: str | None, source: str, user: Callable[[], str]) -> str:
    """Return the copy's whole name."""
    name = source.rpartition("/")[2] if to_id is None else to_id
    whole = name if "/" in name else f"{user()}/{name}"
    target = space_name(whole)
    if target is None or target.space_id != whole:
        raise DuplicationError(f"to_id={to_id!r} cannot be the name of a Space: 'user/space'.")
    if whole == source:
        raise DuplicationError(
            f"{source!r} would be its own copy, since it is yours already. Connect to it with "
            "Client(), or give the copy another name with to_id=.",
            space_id=source,
        )
    return whole


# -- plan -------------------------------------------------------------------------


def _plan(original: SpaceInfo, wanted: WantedCopy) -> dict[str, Any]:
    """Return the options of the request that makes the copy."""
    flavor = wanted.hardware or original.hardware or FREE
    minutes = SLEEP_AFTER if wanted.timeout is None and flavor != FREE else wanted.timeout
    options = {
        # None leaves it to the Hub: a copy of a public Space is public, of a private one private.
        "private": wanted.private or None,
        "hardware": flavor,
        "sleep_time": _sleep_time(minutes),
        "secrets": _pairs(wanted.secrets),
        "variables": _pairs(wanted.variables),
    }
    return {option: value for option, value in options.items() if value is not None}


# -- compare ----------------------------------------------------------------------


def _compare(
    target: str, original: SpaceInfo, wanted: WantedCopy, hub: _hub.Hub, patience: WakeTimeout
) -> str | None:
    """Return where a copy that exists already is not what is wanted; ``None`` if it is."""
    asked = {
        "private": wanted.private or original.private,
        "hardware": wanted.hardware,
        "timeout": _sleep_time(wanted.timeout),
    }
    copy = find(SpaceName(target), hub, patience)
    variables = wanted.variables
    present = patiently(partial(hub.variables, target), patience) if variables else {}
    return _difference(target, copy, asked, present, variables, wanted.secrets)


def _difference(
    target: str,
    copy: SpaceInfo,
    asked: Mapping[str, Any],
    present: Mapping[str, str] | None,
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
) -> str | None:
    """Return a text that says where a copy is not what was asked for.

    Args:
        present: The copy's variables; ``None`` where the Hub does not tell.
    """
    has = {"private": copy.private, "hardware": copy.hardware, "timeout": copy.sleep_time}
    differing = [
        f"{option} is {_shown(option, has[option])}, not {_shown(option, value)}"
        for option, value in asked.items()
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
        f"The copy {target!r} exists already and was used as it is: {'; '.join(differing)}. "
        "Change it in its settings on the Hub, or make another one with to_id=."
    )


def _sleep_time(minutes: float | None) -> int | None:
    """Return seconds, as the Hub counts them."""
    if minutes is None:
        return None
    return NEVER if math.isinf(minutes) else round(minutes * 60)


def _shown(option: str, value: Any) -> str:
    if option != "timeout":
        return repr(value)
    if value is None:
        return "not set"
    return "endless" if value == NEVER else f"{value / 60:g} min"


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]] | None:
    return [{"key": key, "value": value} for key, value in values.items()] or None


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)  # where duplicate() was called
