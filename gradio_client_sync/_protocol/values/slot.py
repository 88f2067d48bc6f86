"""`Slot`: one input or output of a function, and the component that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._record import FrozenRecord

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slot(FrozenRecord, hidden=("config",)):
    """One input or output position of a function.

    Attributes:
        hidden: The API description leaves it out: session state, buttons, a few more. As
            an output, callers do not get it. As an input, callers need not give it.
    """

    component_id: int
    type: str
    hidden: bool
    config: Mapping[str, Any]

    @property
    def is_state(self) -> bool:
        """Whether it is session state: the server keeps it, and the wire carries ``null``."""
        return self.type == "state"

    @property
    def props(self) -> Mapping[str, Any]:
        props = self.config.get("props")
        return props if isinstance(props, dict) else {}

    @property
    def held(self) -> Any:
        """What the component holds at first, as a page sends it while nobody changes it."""
        return self.props.get("value")

    @property
    def label(self) -> str:
        """What a page calls it; empty if it has no name."""
        label = self.props.get("label")
        return label if isinstance(label, str) else ""
