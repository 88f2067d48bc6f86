"""The meaning of function numbers and parameter positions before and after an app changes.

A request names a function by its number and a parameter by its position. Both come from the order
in the app's source code. If the app is reloaded with a new function in front of the others, the old
numbers are still valid, but belong to different functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .api_info import parameters_of

if TYPE_CHECKING:
    from .endpoint import Endpoint, EndpointTable


class Callee(NamedTuple):
    """The function of a call, as the app had it when the call was made.

    Attributes:
        endpoint: The function.
        epoch: How often the app had changed before the call.
        by_number: The user named the function by its number, so it means whatever function has
            this number.
        by_parameter: The user gave the values by parameter name.
        info: The response of ``/info`` that was used to convert names to positions.
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


class RequestMeaning(NamedTuple):
    """The form in which a call was sent.

    Attributes:
        callee: The function that the call was made for.
        by_number: The request named the function by number; otherwise by name only.
    """

    callee: Callee
    by_number: bool

    def means_another(self, now: EndpointTable, info: Mapping[str, Any] | None) -> bool:
        """Return whether the request has a different meaning in the app as it is now.

        If the app no longer has the number or the name, the result is ``False``, because the app
        refuses the request.

        Args:
            now: The present functions of the app.
            info: The present response of ``/info``. It is needed only for values by parameter
                name.
        """
        callee, meant = self.callee, self.callee.endpoint
        name, number = str(meant.api_name), meant.fn_index
        found = now.numbered(number) if self.by_number else now.named(name)
        if found is None:
            return False
        if not callee.by_number and found.api_name != meant.api_name:
            return True
        if callee.by_parameter:
            return callee.parameters != callee._replace(endpoint=found, info=info).parameters
        return not callee.by_number and _kinds(found) != _kinds(meant)


def same_functions(one: EndpointTable, other: EndpointTable) -> bool:
    """Return whether two apps have the same functions under the same numbers."""
    return _described(one) == _described(other)


def _described(table: EndpointTable) -> list[tuple[object, ...]]:
    return [
        (endpoint, [slot.label for slot in (*endpoint.inputs, *endpoint.outputs)])
        for endpoint in table
    ]


def _kinds(endpoint: Endpoint) -> list[str]:
    return [slot.type for slot in endpoint.inputs]


def rearranged(callee: Callee, now: Callee, values: Sequence[Any]) -> list[Any] | None:
    """Rearrange the values of a call for a function whose parameters may have moved.

    Args:
        callee: The function before the change, for which the values were arranged.
        now: The same function after the change.
        values: One value for each input of `callee`, ``None`` for hidden inputs.

    Returns:
        One value for each input of `now`; ``None`` if the function now has different parameters.
    """
    if not callee.by_parameter:
        return list(values) if _kinds(callee.endpoint) == _kinds(now.endpoint) else None
    before, after = callee.parameters, now.parameters
    if sorted(before) != sorted(after):
        return None
    visible = [v for v, slot in zip(values, callee.endpoint.inputs) if not slot.hidden]
    by_name = dict(zip((name for name, _ in before), visible))
    names = iter(after)
    return [None if slot.hidden else by_name[next(names)[0]] for slot in now.endpoint.inputs]
