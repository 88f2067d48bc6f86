"""Making a copy of a Space in the user's own account.

What the Hub would take and charge for without a word is looked at first: the hardware that is
asked for, and what a copy that exists already has instead.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

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


def duplicate(
    source: str,
    hf_token: str | None,
    *,
    allow_insecure_token: bool,
    private: bool,
    timeout: float | None,
    hardware: str | None,
    secrets: Mapping[str, str],
    variables: Mapping[str, str],
    to_id: str | None,
) -> str:
    """Make a copy, or find the one there is; see `Client.duplicate`.

    Args:
        hf_token: The owner's token; the saved one is used if it is ``None``.

    Returns:
        The copy's name, ``user/space``.
    """
    endpoint = _hub.endpoint()
    name = space_name(source, endpoint)
    if name is None:
        raise DuplicationError(
            f"{source!r} names no Space, and only Spaces can be duplicated. Give 'user/space'."
        )
    saved = _hub.saved_token() if hf_token is None else None
    tokens = Tokens(hf_token, saved, allow_insecure_token)
    hub = _hub.Hub(tokens.token_for(endpoint))
    if not hub.has_token:
        raise DuplicationError(
            f"{str(name)!r} was not duplicated: a copy needs an owner. Pass hf_token= of an "
            "account with the right to write, or log in with huggingface_hub.",
            space_id=name.space_id,
        )
    patience = WakeTimeout(PATIENCE, SafeEvent().wait)
    if hardware is not None:
        _check_hardware(hardware, patiently(hub.hardware, patience))
    try:
        original = find(name, hub, patience)
        target = _target(to_id, original.space_id, lambda: patiently(hub.user, patience))
    except AuthenticationError as exc:
        raise DuplicationError(
            f"{str(name)!r} was not duplicated. {exc}", space_id=name.space_id
        ) from exc
    flavor = hardware or original.hardware or FREE
    minutes = SLEEP_AFTER if timeout is None and flavor != FREE else timeout
    if timeout is not None and flavor == FREE:
        _warn(f"timeout={timeout:g} has no effect on {FREE!r}, which the Hub puts to sleep itself.")
    options = {
        # None leaves it to the Hub: a copy of a public Space is public, of a private one private.
        "private": private or None,
        "hardware": flavor,
        "sleep_time": _sleep_time(minutes),
        "secrets": _pairs(secrets),
        "variables": _pairs(variables),
    }
    wanted = {option: value for option, value in options.items() if value is not None}
    make = partial(hub.duplicate, original.space_id, target, wanted)
    if not patiently(make, patience):
        asked = {
            "private": private or original.private,
            "hardware": hardware,
            "timeout": _sleep_time(timeout),
        }
        copy = find(SpaceName(target), hub, patience)
        present = patiently(partial(hub.variables, target), patience) if variables else {}
        difference = _difference(target, copy, asked, present, variables, secrets)
        if difference:
            _warn(difference)
    return target


def _check_hardware(hardware: str, known: Sequence[str]) -> None:
    if hardware in known:
        return
    near = get_close_matches(str(hardware), known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DuplicationError(
        f"There is no hardware {hardware!r}.{hint} There are: {', '.join(known)}."
    )


def _target(to_id: str | None, source: str, user: Callable[[], str]) -> str:
    """The copy's whole name."""
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


def _difference(
    target: str,
    copy: SpaceInfo,
    asked: Mapping[str, Any],
    present: Mapping[str, str] | None,
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
) -> str | None:
    """Say where a copy that was there already is not what was asked for.

    Args:
        present: Its variables; ``None`` where the Hub does not tell.
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
    """Seconds, as the Hub has it."""
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
