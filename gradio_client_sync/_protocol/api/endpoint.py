"""Which functions an app has, and which one the user means.

An `EndpointTable` is made from a config and never changes; when an app renders new
functions into a session, a new table replaces it.
"""

from __future__ import annotations

import reprlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..._record import FrozenRecord
from ...errors import ConfigError, EndpointNotFoundError
from ..values.filedata import may_return_files
from ..values.shapes import is_shaped
from ..values.slot import Slot
from .render import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..dialect import Dialect

#: Component types that the API description of 3.x leaves out; later servers say ``skip_api``.
_HIDDEN_3X = frozenset(
    "state column row tabs tab tabitem box form accordion group interpretation dataset".split()
)


class Endpoint(FrozenRecord, hidden=("config",)):
    """One function of the app.

    Attributes:
        fn_index: Its number on the wire: the config's ``id``, or the position where
            the config has none (before 4.32).
        api_name: Its name without slash; ``None`` if it has none.
        visibility: ``"undocumented"`` ones can be called but are not listed.
        generator: Whether it yields several values; ``None`` if the server does not say.
        streaming: Takes further input while it runs; its values are never edit lists.
        cancelled_by: Events of the app that, when called, cancel this one (before 4.35).
        in_browser: It has no function on the server.
    """

    fn_index: int
    api_name: str | None
    visibility: Literal["public", "undocumented", "private"]
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    queued: bool
    generator: bool | None
    batch: bool
    streaming: bool
    cancelled_by: tuple[int, ...]
    in_browser: bool
    config: Mapping[str, Any]

    @cached_property
    def name(self) -> str | int:
        """How users see it: ``"/predict"``, or its number if it has no name."""
        return f"/{self.api_name}" if self.api_name is not None else self.fn_index

    @property
    def rendered(self) -> bool:
        """Whether the app made it for one session, while it ran."""
        return self.config.get("rendered_in") is not None

    @cached_property
    def parameters(self) -> tuple[Slot, ...]:
        """The inputs that the API description lists."""
        return tuple(slot for slot in self.inputs if not slot.hidden)

    @cached_property
    def givable(self) -> tuple[Slot, ...]:
        """All inputs that a caller can give: those of the description, and hidden ones."""
        return tuple(slot for slot in self.inputs if not slot.is_state)

    @cached_property
    def returns(self) -> tuple[Slot, ...]:
        """The outputs that a caller gets."""
        return tuple(slot for slot in self.outputs if not slot.hidden)

    @cached_property
    def may_return_files(self) -> bool:
        """Whether one of its outputs can have files."""
        return may_return_files(self.returns)

    @cached_property
    def returned(self) -> tuple[tuple[str, str], ...]:
        """Type and label of each output that a caller gets."""
        return tuple((slot.type, slot.label) for slot in self.returns)

    @cached_property
    def is_shaped(self) -> bool:
        """Whether an input takes values in a form of its own; see `shapes`."""
        return any(is_shaped(slot) for slot in self.inputs)

    def visible(self, data: list[Any]) -> list[Any]:
        """Leave the hidden outputs out of a server's ``output.data``."""
        slots = self.outputs
        if len(data) != len(slots) or len(self.returns) == len(slots):
            return data
        return [value for value, slot in zip(data, slots) if not slot.hidden]


class EndpointTable:
    """The functions of an app by name and by number.

    Raises:
        ConfigError: The config's components or dependencies are not what they should be.
    """

    def __init__(self, config: Mapping[str, Any], dialect: Dialect) -> None:
        components, dependencies = config.get("components"), config.get("dependencies")
        if not isinstance(components, list) or not isinstance(dependencies, list):
            raise ConfigError(
                "The config of the app lists no components and dependencies, so it is not one "
                "of a Gradio app (or of one that this client can read)."
            )
        self._config = config
        self._dialect = dialect
        self._by_index: dict[int, Endpoint] = {}
        self._by_name: dict[str, Endpoint] = {}
        self._components = by_id = {
            c["id"]: c for c in components if isinstance(c, dict) and isinstance(c.get("id"), int)
        }
        cancelled_by = _cancelling_events(dependencies)
        for position, dependency in enumerate(dependencies):
            if not isinstance(dependency, dict):
                continue
            fn_index = _number(dependency, position)
            endpoint = Endpoint(
                fn_index=fn_index,
                api_name=dependency["api_name"]
                if isinstance(dependency.get("api_name"), str)
                else None,
                visibility=_visibility(dependency),
                inputs=_slots(dependency.get("inputs"), by_id),
                outputs=_slots(dependency.get("outputs"), by_id),
                queued=_is_queued(dependency, config),
                generator=_is_generator(dependency),
                batch=bool(dependency.get("batch")),
                streaming=dependency.get("connection") == "stream",
                cancelled_by=cancelled_by.get(fn_index, ()),
                in_browser=dependency.get("backend_fn") is False,
                config=dependency,
            )
            self._by_index[fn_index] = endpoint
            if endpoint.api_name is not None:
                self._by_name.setdefault(endpoint.api_name, endpoint)

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._by_index.values())

    @property
    def documented(self) -> list[Endpoint]:
        """The endpoints that the app offers to API users, in its own order.

        Behaviour: unnamed events of a ``gr.Interface`` of 3.x are its buttons' own, as in
        ``get_api_info`` of that time.
        """
        named_only = self._config.get("mode") in ("interface", "tabbed_interface")
        return [
            e
            for e in self
            if e.visibility == "public"
            and not e.in_browser
            and not (named_only and e.api_name is None)
        ]

    def __contains__(self, endpoint: Endpoint) -> bool:
        """Whether it is one of these: a rendered function lives in one session only."""
        known = self._by_index.get(endpoint.fn_index)
        return known is endpoint or known == endpoint

    @property
    def wants_heartbeat(self) -> bool:
        """Whether the app cleans up after a session: it has state, or ``unload`` events."""
        return any(c.get("type") == "state" for c in self._components.values()) or any(
            isinstance(target, list) and target[1:] == ["unload"]
            for endpoint in self
            for target in _list(endpoint.config.get("targets"))
        )

    def component(self, component_id: int) -> Mapping[str, Any] | None:
        """A component's config."""
        return self._components.get(component_id)

    def numbered(self, fn_index: int) -> Endpoint | None:
        """The function of a number, whether clients may call it or not."""
        return self._by_index.get(fn_index)

    def named(self, api_name: str) -> Endpoint | None:
        """The function of a name, whether clients may call it or not."""
        return self._by_name.get(api_name)

    def goes_by_name(self, endpoint: Endpoint) -> bool:
        """Whether a route that takes a name alone leads to this function.

        What was rendered for a session keeps its number: it may share its name with another.
        """
        name = endpoint.api_name
        if not name or "/" in name or name in (".", "..") or endpoint.rendered:
            return False  # a slash makes another route, and dots are taken out on the way
        return self._by_name.get(name) == endpoint

    def rendered(self, render_config: Mapping[str, Any]) -> EndpointTable:
        """The table after the app rendered components and functions into the session."""
        return EndpointTable(rendered(self._config, render_config), self._dialect)

    def resolve(self, key: str | int | None) -> Endpoint:
        """Find the endpoint that the user means.

        Args:
            key: A name with or without slash, an ``fn_index``, or ``None`` for the
                only one there is.

        Raises:
            EndpointNotFoundError: There is none, more than one for ``None``, or it
                may not be called; `candidates` holds names that may have been meant.
        """
        if key is None:
            return self._only_one()
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise EndpointNotFoundError(
                f"{_no_key(key)} {self._choices()}",
                candidates=self._names(),
            )
        endpoint = (
            self._by_index.get(key) if isinstance(key, int) else self._by_name.get(_bare(key))
        )
        if endpoint is None:
            what = f"fn_index {key}" if isinstance(key, int) else f"endpoint {key!r}"
            near = self._near(key) if isinstance(key, str) else ()
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise EndpointNotFoundError(
                f"The app has no {what}.{meant} {self._choices()}",
                endpoint=key,
                candidates=near or self._names(),
            )
        if endpoint.visibility == "private":
            raise EndpointNotFoundError(
                f"The app keeps endpoint {key!r} private (api_name=False, or api_visibility="
                f"'private'), so it is not for clients to call. {self._choices()}",
                endpoint=key,
                candidates=self._names(),
            )
        if endpoint.in_browser:
            raise EndpointNotFoundError(
                f"Endpoint {key!r} runs in the browser only; there is no function on the server "
                f"to call. {self._choices()}",
                endpoint=key,
                candidates=self._names(),
            )
        return endpoint

    def _near(self, key: str) -> tuple[str, ...]:
        """The names that may have been meant; slow, so only for a mistake."""
        import difflib

        return tuple(difflib.get_close_matches(f"/{_bare(key)}", self._names(), n=3, cutoff=0.6))

    def _only_one(self) -> Endpoint:
        named = [e for e in self.documented if e.api_name is not None]
        choices = named or self.documented
        if len(choices) == 1:
            return choices[0]
        if not choices:
            raise EndpointNotFoundError("The app offers no endpoint to API users.")
        raise EndpointNotFoundError(
            f"The app has {len(choices)} endpoints, so say which one to call. {self._choices()}",
            candidates=self._names(),
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(f"/{e.api_name}" for e in self.documented if e.api_name is not None)

    def _choices(self) -> str:
        names = self._names()
        unnamed = [str(e.fn_index) for e in self.documented if e.api_name is None]
        parts = [f"Its endpoints are {', '.join(names)}"] if names else []
        if unnamed:
            parts.append(
                f"{'by' if parts else 'It has only functions by'} number: {', '.join(unnamed)}"
            )
        return "; ".join(parts) + "." if parts else "It offers no endpoint to API users."


def _no_key(value: object) -> str:
    shown = reprlib.repr(value)
    said = f"An endpoint is a name such as '/predict' or an fn_index, not {shown}."
    if isinstance(value, (list, tuple, dict)):
        said += f" It comes before the values: predict('/predict', {shown})."
    return said


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(dependency: Mapping[str, Any], position: int) -> int:
    number = dependency.get("id")
    return number if isinstance(number, int) else position


def _visibility(dependency: Mapping[str, Any]) -> Literal["public", "undocumented", "private"]:
    if dependency.get("api_name") is False:
        return "private"
    declared = dependency.get("api_visibility")
    if declared in ("public", "undocumented", "private"):
        return declared  # type: ignore[no-any-return]  # just compared
    return "undocumented" if dependency.get("show_api") is False else "public"


def _is_queued(dependency: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Behaviour: ``skip_queue`` of @gradio/client; its default is the app's ``enable_queue``."""
    queue = dependency.get("queue")
    return bool(config.get("enable_queue") if queue is None else queue)


def _is_generator(dependency: Mapping[str, Any]) -> bool | None:
    types = dependency.get("types")
    if not isinstance(types, dict):
        return None  # before 3.20
    return bool(types.get("generator") or types.get("continuous"))


def _slots(ids: Any, by_id: Mapping[Any, Mapping[str, Any]]) -> tuple[Slot, ...]:
    slots = []
    for number in _list(ids):
        component_id = number if isinstance(number, int) else 0
        component = by_id.get(component_id, {}) if component_id is number else {}
        kind = str(component.get("type", "unknown"))
        hidden = bool(component.get("skip_api", kind in _HIDDEN_3X)) or kind == "state"
        slots.append(Slot(component_id, kind, hidden, component))
    return tuple(slots)


def _bare(name: str) -> str:
    return name.strip().removeprefix("/")


def _cancelling_events(dependencies: list[Any]) -> dict[int, tuple[int, ...]]:
    events: dict[int, tuple[int, ...]] = {}
    for position, dependency in enumerate(dependencies):
        if not isinstance(dependency, dict) or dependency.get("backend_fn") is False:
            continue
        for target in _list(dependency.get("cancels")):
            if isinstance(target, int):
                events[target] = (*events.get(target, ()), _number(dependency, position))
    return events
