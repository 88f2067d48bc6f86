"""The functions of an app, and how a name or number is resolved to one of them.

An `EndpointTable` is made from a config and never changes. When an app renders new functions into
a session, a new table replaces it.
"""

from __future__ import annotations

import reprlib
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from ..._basics.record import FrozenRecord
from ..._basics.words import a, called
from ...errors import ConfigError, EndpointNotFoundError
from ..values.filedata import may_return_files
from ..values.shapes import is_shaped
from ..values.slot import Slot
from .example_event import example_event
from .file_texts import takes_files
from .render import rendered
from .translation import translations_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._basics.outputs import Outputs
    from ..dialect import Dialect
    from .translation import Translations

#: Component types that the API description of 3.x does not list; later servers send ``skip_api``.
_HIDDEN_3X = frozenset(
    "state column row tabs tab tabitem box form accordion group interpretation dataset".split()
)


#: The properties of a plot that say what is drawn.
_PLOT_PROPS = (
    "x y color title x_title y_title color_title x_bin y_aggregate color_map colors_in_legend "
    "x_lim y_lim sort tooltip caption"
).split()


class Endpoint(FrozenRecord, hidden=("config",)):
    """One function of the app.

    Attributes:
        fn_index: Its number on the wire: the ``id`` in the config, or the position if the
            config has no ``id`` (before 4.32).
        api_name: Its name without slash; ``None`` if it has none.
        visibility: ``"undocumented"`` functions can be called but are not listed.
        inputs: The input positions, with their components.
        outputs: The output positions, with their components.
        queued: Whether its calls go through the queue.
        generator: Whether it yields several values; ``None`` if the server does not say.
        batch: Whether it processes several calls at once.
        streaming: It accepts further input while it runs. Its values are never edit lists.
        cancelled_by: The numbers of the app's events that cancel it when called (before 4.35).
        in_browser: It runs in the browser and has no function on the server.
        config: Its entry in the config.
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
        """The name that users see: ``"/predict"``, or the number if the function has no name."""
        return f"/{self.api_name}" if self.api_name is not None else self.fn_index

    @property
    def rendered(self) -> bool:
        """Whether the app rendered it into one session while it ran."""
        return self.config.get("rendered_in") is not None

    @cached_property
    def parameters(self) -> tuple[Slot, ...]:
        """The inputs that the API description lists."""
        return tuple(slot for slot in self.inputs if not slot.hidden)

    @cached_property
    def givable(self) -> tuple[Slot, ...]:
        """All inputs that a caller can give: the listed ones and the hidden ones."""
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
    def described(self) -> Outputs:
        """The names of its outputs, for texts and displays."""
        from ..._basics.outputs import Outputs

        return Outputs(
            shown=tuple((slot.type, slot.label) for slot in self.returns),
            hidden=tuple((slot.type, slot.label) for slot in self.outputs if slot.hidden),
            ids=tuple(slot.component_id for slot in self.returns),
        )

    @cached_property
    def plots(self) -> Mapping[int, Mapping[str, Any]]:
        """How the outputs that are bar, line or scatter plots are drawn, by index (4.32 and later).

        Such a value is a table, and the component says which columns are drawn. A value of earlier
        servers is a figure.
        """
        return {
            index: {key: slot.props[key] for key in _PLOT_PROPS if key in slot.props}
            for index, slot in enumerate(self.returns)
            if isinstance(slot.props.get("x"), str) and isinstance(slot.props.get("y"), str)
        }

    @cached_property
    def is_shaped(self) -> bool:
        """Whether the values of an input may have to be converted; see `shapes`."""
        return any(is_shaped(slot) for slot in self.inputs)

    @cached_property
    def file_slots(self) -> frozenset[int]:
        """The numbers of the components for which texts are searched by `text_for_file`."""
        return frozenset(slot.component_id for slot in self.inputs if takes_files(slot))

    def visible(self, data: list[Any]) -> list[Any]:
        """Return a server's ``output.data`` without the hidden outputs."""
        slots = self.outputs
        if len(data) != len(slots) or len(self.returns) == len(slots):
            return data
        return [value for value, slot in zip(data, slots) if not slot.hidden]


class EndpointTable:
    """The functions of an app, by name and by number.

    Args:
        config: The app's config.
        dialect: The rules of the server.
        translations: The app's texts; ``None`` if its config has no marks of ``gr.I18n``.

    Raises:
        ConfigError: The config has no lists of components and dependencies.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        dialect: Dialect,
        translations: Translations | None = None,
    ) -> None:
        self.translations = translations
        if translations is not None:
            config = translations.config(config)
        components, dependencies = config.get("components"), config.get("dependencies")
        if not isinstance(components, list) or not isinstance(dependencies, list):
            raise ConfigError(
                "The config of the app has no lists of components and dependencies. It is not the "
                "config of a Gradio app, or this client cannot read it."
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
                inputs=_slots(
                    dependency.get("inputs"), by_id, _list(dependency.get("component_prop_inputs"))
                ),
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

    @property
    def title(self) -> str:
        """The title of the app's page; empty if it has none."""
        title = self._config.get("title")
        return title if isinstance(title, str) else ""

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._by_index.values())

    def example_event(self, endpoint: Endpoint) -> dict[str, Any] | None:
        """Return an example for the `event_data` of a call; ``None`` if it needs none."""
        dialect = self._dialect
        pairs = dialect.files != "filedata" or dialect.version < (6, 0, 0)
        return example_event(endpoint.config, self._components, pairs=pairs)

    @property
    def documented(self) -> list[Endpoint]:
        """The endpoints that the app offers to API users, in the app's order.

        Behaviour: the unnamed events of a ``gr.Interface`` of 3.x belong to its own buttons and
        are not listed, as in ``get_api_info`` of that time.
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
        """Return whether the table has the endpoint. Only a session's table has rendered ones."""
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
        """Return the config of a component; ``None`` if no component has this number."""
        return self._components.get(component_id)

    def numbered(self, fn_index: int) -> Endpoint | None:
        """Return the function with this number, even if clients may not call it."""
        return self._by_index.get(fn_index)

    def named(self, api_name: str) -> Endpoint | None:
        """Return the function with this name, even if clients may not call it."""
        return self._by_name.get(api_name)

    def goes_by_name(self, endpoint: Endpoint) -> bool:
        """Return whether a route that contains only a name leads to this function.

        A function that was rendered into a session is called by its number, because other
        functions may have the same name.
        """
        name = endpoint.api_name
        if not name or "/" in name or name in (".", "..") or endpoint.rendered:
            return False  # a slash makes another route, and HTTP clients remove dot segments
        return self._by_name.get(name) == endpoint

    def rendered(self, render_config: Mapping[str, Any]) -> EndpointTable:
        """Return the table after the app has rendered components and functions into the session."""
        config = rendered(self._config, render_config)
        translations = self.translations or translations_of(config, ())
        return EndpointTable(config, self._dialect, translations)

    def resolve(self, key: str | int | None) -> Endpoint:
        """Return the endpoint that the user means.

        Args:
            key: A name with or without slash, an ``fn_index``, or ``None`` for the only
                endpoint of the app.

        Raises:
            EndpointNotFoundError: There is no such endpoint, there are several for ``None``, or
                clients may not call it. `candidates` has names that the user may have meant.
        """
        if key is None:
            return self._only_one()
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise EndpointNotFoundError(
                f"{_invalid_key(key)} {self._choices()}",
                candidates=self._names(),
            )
        endpoint = (
            self._by_index.get(key) if isinstance(key, int) else self._by_name.get(_bare(key))
        )
        if endpoint is None:
            what = called(key) if isinstance(key, int) else f"endpoint {key!r}"
            near = self._near(key) if isinstance(key, str) else ()
            meant = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise EndpointNotFoundError(
                f"The app has no {what}.{meant} {self._choices()}",
                endpoint=key,
                candidates=near or self._names(),
            )
        if endpoint.visibility == "private":
            raise EndpointNotFoundError(
                f"{_title(key)} is private (api_name=False, or api_visibility='private'), so "
                f"clients cannot call it. {self._choices()}",
                endpoint=key,
                candidates=self._names(),
            )
        if endpoint.in_browser:
            raise EndpointNotFoundError(
                f"{_title(key)} runs only in the browser. It has no function on the server, so "
                f"it cannot be called. {self._choices()}",
                endpoint=key,
                candidates=self._names(),
            )
        return endpoint

    def _near(self, key: str) -> tuple[str, ...]:
        """Return names that the user may have meant; slow, so called only for an error."""
        import difflib

        names = self._names()
        last = _bare(key).rstrip("/").rpartition("/")[2]  # of a URL or a route
        if f"/{last}" in names:
            return (f"/{last}",)
        if last == "predict":  # Gradio's own name for a function; it is not misspelt
            return ()
        folded = {name[1:].casefold(): name for name in reversed(names)}
        near = difflib.get_close_matches(last.casefold(), folded, n=3, cutoff=0.7)
        return tuple(folded[name] for name in near)

    def _only_one(self) -> Endpoint:
        named = [e for e in self.documented if e.api_name is not None]
        choices = named or self.documented
        if len(choices) == 1:
            return choices[0]
        if not choices:
            raise EndpointNotFoundError("The app offers no endpoint to API users.")
        raise EndpointNotFoundError(
            f"The app has {len(choices)} endpoints; name the one to call. {self._choices()}",
            candidates=self._names(),
        )

    def _names(self) -> tuple[str, ...]:
        return tuple(f"/{e.api_name}" for e in self.documented if e.api_name is not None)

    def _choices(self) -> str:
        names = self._names()
        unnamed = [str(e.fn_index) for e in self.documented if e.api_name is None]
        parts = []
        if names:
            verb = "endpoint is" if len(names) == 1 else "endpoints are"
            parts = [f"Its {verb} {', '.join(names)}"]
        if unnamed:
            one, many = (
                ("another has only a number", "others have only a number")
                if parts
                else (
                    "Its endpoint has no name. Call it by number",
                    "Its endpoints have no names. Call them by number",
                )
            )
            parts.append(f"{one if len(unnamed) == 1 else many}: {', '.join(unnamed)}")
        return "; ".join(parts) + "." if parts else "It offers no endpoint to API users."


def _title(key: str | int) -> str:
    return called(key) if isinstance(key, int) else f"Endpoint {key!r}"


def _invalid_key(value: object) -> str:
    is_short = isinstance(value, (bool, int, float, list, tuple, dict, bytes, PurePath, type(None)))
    shown = reprlib.repr(value) if is_short else a(type(value).__name__)
    return f"An endpoint is a name such as '/predict' or an fn_index, not {shown}."


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
        return declared  # type: ignore[no-any-return]  # compared on the line before
    return "undocumented" if dependency.get("show_api") is False else "public"


def _is_queued(dependency: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Return whether calls go through the queue.

    Behaviour: ``skip_queue`` of @gradio/client; its default is the app's ``enable_queue``.
    """
    queue = dependency.get("queue")
    return bool(config.get("enable_queue") if queue is None else queue)


def _is_generator(dependency: Mapping[str, Any]) -> bool | None:
    types = dependency.get("types")
    if not isinstance(types, dict):
        return None  # before 3.20
    return bool(types.get("generator") or types.get("continuous"))


def _slots(
    ids: Any, by_id: Mapping[Any, Mapping[str, Any]], with_props: list[Any] | None = None
) -> tuple[Slot, ...]:
    slots = []
    for position, number in enumerate(_list(ids)):
        component_id = number if isinstance(number, int) else 0
        component = by_id.get(component_id, {}) if component_id is number else {}
        kind = str(component.get("type", "unknown"))
        hidden = bool(component.get("skip_api", kind in _HIDDEN_3X)) or kind == "state"
        has_props = with_props is not None and position in with_props and kind != "state"
        slots.append(Slot(component_id, kind, hidden, component, has_props))
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
