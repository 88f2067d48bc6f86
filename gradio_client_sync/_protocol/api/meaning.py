"""What a number and a position mean to an app, before and after it became another one.

On the wire a function is a number and a parameter is a position, and both come from the order in
the app's source. So when an app is reloaded with one more function above the others, the old
numbers are valid and mean other functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .api_info import parameters_of

if TYPE_CHECKING:
    from .endpoint import Endpoint, EndpointTable


class Aim(NamedTuple):
    """Which function a call is for, as it was known when the call was made.

    Attributes:
        endpoint: The function.
        epoch: How often the app had become another one by then.
        by_number: The user gave the number; what it means is the user's business.
        by_parameter: The user gave the values by parameter name.
        info: The answer of ``/info`` by which the names became positions.
    """

    endpoint: Endpoint
    epoch: int = 0
    by_number: bool = False
    by_parameter: bool = False
    info: Mapping[str, Any] | None = None

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Name and component type of each parameter, by position."""
        described = parameters_of(self.endpoint, self.info)
        slots = self.endpoint.parameters
        return [(value["parameter_name"], slot.type) for value, slot in zip(described, slots)]


class Sent(NamedTuple):
    """How a call went out.

    Attributes:
        aim: What was meant.
        by_number: The number went out; otherwise the name alone decided.
    """

    aim: Aim
    by_number: bool

    def means_another(self, now: EndpointTable, info: Mapping[str, Any] | None) -> bool:
        """Whether it means something else to the app as it is now.

        It does not where the number or the name means nothing any more: the app refuses that.

        Args:
            now: The app's functions as they are now.
            info: The answer of ``/info`` now; used for values by parameter name only.
        """
        aim, meant = self.aim, self.aim.endpoint
        name, number = str(meant.api_name), meant.fn_index
        found = now.numbered(number) if self.by_number else now.named(name)
        if found is None:
            return False
        if not aim.by_number and found.api_name != meant.api_name:
            return True
        if aim.by_parameter:
            return aim.parameters != aim._replace(endpoint=found, info=info).parameters
        return not aim.by_number and _kinds(found) != _kinds(meant)


def same_functions(one: EndpointTable, other: EndpointTable) -> bool:
    """Whether two apps have the same functions by the same numbers, for all who call them."""
    return _described(one) == _described(other)


def _described(table: EndpointTable) -> list[tuple[object, ...]]:
    return [
        (endpoint, [slot.label for slot in (*endpoint.inputs, *endpoint.outputs)])
        for endpoint in table
    ]


def _kinds(endpoint: Endpoint) -> list[str]:
    return [slot.type for slot in endpoint.inputs]


def laid_out_again(aim: Aim, now: Aim, values: Sequence[Any]) -> list[Any] | None:
    """Lay out a call's values for a function whose parameters may have moved.

    Args:
        aim: The function and its description by which the values were laid out.
        now: The same function as the app has it now.
        values: One for each input of `aim`, ``None`` for hidden ones.

    Returns:
        One value for each input of `now`; ``None`` if the function takes other values now.
    """
    if not aim.by_parameter:
        return list(values) if _kinds(aim.endpoint) == _kinds(now.endpoint) else None
    before, after = aim.parameters, now.parameters
    if sorted(before) != sorted(after):
        return None
    visible = [v for v, slot in zip(values, aim.endpoint.inputs) if not slot.hidden]
    by_name = dict(zip((name for name, _ in before), visible))
    names = iter(after)
    return [None if slot.hidden else by_name[next(names)[0]] for slot in now.endpoint.inputs]
