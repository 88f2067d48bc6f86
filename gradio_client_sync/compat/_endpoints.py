"""`Endpoint`: one endpoint of an app in the form of `gradio_client`, and its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ._warned import warn
from .exceptions import ArgumentError, UnknownEndpointError

if TYPE_CHECKING:
    from ..types import ValueInfo

#: Components that no description lists. Servers before 4.0 do not mark them.
_SKIPPED = frozenset(
    "state row column tabs tab tabitem box form accordion group interpretation dataset "
    "sidebar".split()
)


class Endpoint:
    """One endpoint of an app.

    Args:
        fn_index: The number of the endpoint.
        dependency: Its entry in the config.
        components: The components of the config, by id.
        described: Returns the parameters that the app's own description lists for the endpoint,
            if there is one.
        parameters: Returns the parameters as the plain client describes them, also those that the
            app does not list.

    Attributes:
        fn_index: The number of the endpoint.
        api_name: Its name with a slash; ``None`` or ``False`` if it has none.
        api_visibility: ``"public"``, ``"undocumented"`` or ``"private"``.
        is_valid: Whether clients may call it.
        dependency: Its entry in the config.
        on_server: Whether it has a function on the server.
    """

    def __init__(
        self,
        fn_index: int,
        dependency: Mapping[str, Any],
        components: Mapping[int, Mapping[str, Any]],
        described: Callable[[Endpoint], list[Any] | None],
        parameters: Callable[[Endpoint], tuple[Sequence[ValueInfo], Sequence[ValueInfo]]],
    ) -> None:
        name = dependency.get("api_name")
        self.fn_index = fn_index
        self.api_name = f"/{name}" if isinstance(name, str) else name
        self.dependency = dependency
        self.api_visibility = _visibility(dependency)
        self.is_valid = self.api_visibility != "private"
        self.on_server = dependency.get("backend_fn", True) is not False
        self._described = described
        self._parameters = parameters
        self._known: tuple[Sequence[ValueInfo], Sequence[ValueInfo]] | None = None
        inputs = [components.get(number, {}) for number in dependency.get("inputs") or ()]
        given = [one for one in inputs if one.get("type") != "state"]
        self._every = len(given)
        self._listed = sum(not _is_skipped(one) for one in given)

    def __repr__(self) -> str:
        return f"Endpoint(api_name={self.api_name!r}, fn_index={self.fn_index})"

    @property
    def parameters_info(self) -> list[Any] | None:
        """The parameters in the app's own description; ``None`` if it does not list them."""
        return self._described(self)

    @property
    def key(self) -> str | int:
        """The name or number of the endpoint for the plain client."""
        return self.api_name if isinstance(self.api_name, str) else self.fn_index

    def arranged(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> list[Any] | dict[str, Any]:
        """Return the payload of the plain client for the arguments of a call.

        Args:
            args: The values by position. If there are too many, the last ones are dropped with a
                warning.
            kwargs: The values by name.

        Raises:
            TypeError: A parameter has two values or none, or the endpoint does not have it.
        """
        values = list(args)
        if len(values) > self._listed and (kwargs or len(values) != self._every):
            warn(
                f"{self.key!r} takes {self._listed} values and was given {len(values)}. The last "
                f"{len(values) - self._listed} are not sent."
            )
            del values[self._listed :]
        if not kwargs and len(values) in (self._listed, self._every):
            return values
        if self._known is None:
            self._known = self._parameters(self)
        listed, others = self._known
        names = [parameter["parameter_name"] for parameter in listed]
        payload = dict(zip(names, values))
        known = {*names, *(parameter["parameter_name"] for parameter in others)}
        for name, value in kwargs.items():
            if name in payload:
                raise self._wrong(name, "is already set as a positional argument")
            if name not in known:
                takes = ", ".join(names) or "no parameters"
                raise self._wrong(name, f"is not a valid key-word argument. It takes {takes}")
            payload[name] = value
        for parameter in listed:
            name = parameter["parameter_name"]
            if name not in payload and not parameter.get("parameter_has_default"):
                raise ArgumentError(
                    f"No value provided for required argument: {name} (of {self.key!r})",
                    endpoint=self.key,
                    parameter=name,
                )
        return payload if kwargs else values

    def _wrong(self, name: str, problem: str) -> ArgumentError:
        return ArgumentError(
            f"Parameter `{name}` of {self.key!r} {problem}.", endpoint=self.key, parameter=name
        )


def _is_skipped(component: Mapping[str, Any]) -> bool:
    return bool(component.get("skip_api", component.get("type") in _SKIPPED))


def _visibility(dependency: Mapping[str, Any]) -> str:
    given = dependency.get("api_visibility")
    if isinstance(given, str):
        return given
    if dependency.get("api_name") is False:
        return "private"
    return "undocumented" if dependency.get("show_api") is False else "public"


def endpoints_of(
    config: Mapping[str, Any], make: Callable[..., Endpoint] | None = None, **sources: Any
) -> dict[int, Endpoint]:
    """Return the endpoints of an app by number.

    Args:
        config: The app's config.
        make: Makes an endpoint.
        sources: The last arguments of `Endpoint`.
    """
    components = {one.get("id"): one for one in config.get("components") or ()}
    found = {}
    for position, dependency in enumerate(config.get("dependencies") or ()):
        number = dependency.get("id", position)
        found[number] = (make or Endpoint)(number, dependency, components, **sources)
    return found


def chosen(
    endpoints: Mapping[int, Endpoint], api_name: str | None, fn_index: int | None
) -> Endpoint:
    """Return the endpoint that a call names.

    Args:
        endpoints: The endpoints of the app by number.
        api_name: The name, with a slash.
        fn_index: The number, if there is no name.

    Raises:
        ValueError: The app has no such endpoint, or has several and the call names none.
    """
    if api_name is not None:
        for endpoint in endpoints.values():
            if endpoint.api_name == api_name and endpoint.is_valid:
                return endpoint
        slash = not str(api_name).startswith("/")
        hint = f" Did you mean to use a leading slash: '/{api_name}'?" if slash else ""
        raise UnknownEndpointError(
            f"Cannot find a function with `api_name`: {api_name}.{hint} {_choices(endpoints)}",
            endpoint=api_name,
            candidates=_names(endpoints),
        )
    if fn_index is not None:
        found = endpoints.get(fn_index)
        if found is None or not found.is_valid:
            raise UnknownEndpointError(
                f"Invalid function index: {fn_index}. {_choices(endpoints)}", endpoint=fn_index
            )
        return found
    public = [
        one
        for one in endpoints.values()
        if one.api_visibility == "public" and one.api_name is not None and one.on_server
    ]
    if len(public) != 1:
        raise UnknownEndpointError(
            f"The app has {len(public)} endpoints. Say which to call by `api_name` or `fn_index`. "
            f"{_choices(endpoints)}",
            candidates=_names(endpoints),
        )
    return public[0]


def _names(endpoints: Mapping[int, Endpoint]) -> tuple[str, ...]:
    return tuple(
        one.api_name
        for one in endpoints.values()
        if isinstance(one.api_name, str) and one.api_visibility == "public"
    )


def _choices(endpoints: Mapping[int, Endpoint]) -> str:
    names = _names(endpoints)
    return f"The app has {', '.join(names)}." if names else "The app has no named endpoint."
