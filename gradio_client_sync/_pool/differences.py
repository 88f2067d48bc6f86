"""Messages about how the endpoints of two replicas differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Union

from .._basics.words import called
from .._protocol.api.fingerprint import Fingerprint, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._protocol.api.signature import Signature

#: The endpoints of an app by name or number, each with its parameters and outputs.
Api = Mapping[Union[str, int], Fingerprint]

#: How many differences a message lists.
MOST_LISTED = 5


def api_of(signatures: Iterable[Signature]) -> Api:
    """Return the endpoints of an app, from their signatures."""
    return {signature.endpoint: fingerprint_of(signature) for signature in signatures}


def differences(api: Api, other: Api, *, types: bool = True) -> list[str]:
    """Return how the endpoints of another app differ, as clauses about that app.

    Args:
        api: The endpoints that it should have.
        other: The endpoints that it has.
        types: Whether to compare types too. Gradio releases write some types differently.

    Example:
        >>> differences({"/f": ((("a", "str", True),), ("str",))}, {"/f": ((), ("str",))})
        ["'/f' is () -> str, not (a: str) -> str"]
    """
    found = []
    for endpoint, expected in api.items():
        if endpoint not in other:
            found.append(f"it has no {_named(endpoint)}")
        elif _compared(other[endpoint], types) != _compared(expected, types):
            name = called(endpoint)
            found.append(f"{name} is {_shown(other[endpoint])}, not {_shown(expected)}")
    found += [f"it also has {_named(endpoint)}" for endpoint in other if endpoint not in api]
    return found


def listed(clauses: list[str]) -> str:
    """Join the first clauses to the rest of a sentence."""
    more = len(clauses) - MOST_LISTED
    rest = [f"and {more} more"] if more > 0 else []
    return "; ".join([*clauses[:MOST_LISTED], *rest])


def _compared(fingerprint: Fingerprint, types: bool) -> object:
    if types:
        return fingerprint
    parameters, returns = fingerprint
    return [(name, required) for name, _, required in parameters], len(returns)


def _named(endpoint: str | int) -> str:
    return f"endpoint {called(endpoint)}" if isinstance(endpoint, str) else called(endpoint)


def _shown(fingerprint: Fingerprint) -> str:
    parameters, returns = fingerprint
    shown = ", ".join(
        f"{name}: {kind}" + ("" if required else " = …") for name, kind, required in parameters
    )
    gives = returns[0] if len(returns) == 1 else f"({', '.join(returns)})"
    return f"({shown}) -> {gives}"
