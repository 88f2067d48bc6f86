"""`Slot`: one input or output position of a function, with its component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._basics.record import FrozenRecord

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slot(FrozenRecord, hidden=("config",)):
    """One input or output position of a function.

    Attributes:
        component_id: The number of the component.
        type: The type of the component.
        hidden: The API description does not list it: session state, buttons, and a few others.
            A hidden output is not part of the result. A hidden input does not have to be given.
        config: The component's config.
        with_props: The function takes the component's properties together with the value, because
            its parameter has the component's class as annotation (Gradio 6).
    """

    component_id: int
    type: str
    hidden: bool
    config: Mapping[str, Any]
    with_props: bool = False

    @property
    def is_state(self) -> bool:
        """Whether the component is session state; the server keeps it and ``null`` is sent."""
        return self.type == "state"

    @property
    def props(self) -> Mapping[str, Any]:
        """The component's properties in the config."""
        props = self.config.get("props")
        return props if isinstance(props, dict) else {}

    @property
    def held(self) -> Any:
        """The initial value of the component; a page sends it until the user changes it."""
        return self.props.get("value")

    @property
    def label(self) -> str:
        """The component's label on the page; empty if it has none."""
        label = self.props.get("label")
        return label if isinstance(label, str) else ""


def draws_mask(props: Mapping[str, Any]) -> bool:
    """Return whether an ``Image`` takes a picture and the mask that a user paints on it.

    Only images of Gradio 3 have a tool. On a blank canvas, the same tool draws the picture itself.
    """
    return props.get("tool") == "sketch" and props.get("source") != "canvas"
