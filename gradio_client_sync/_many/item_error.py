"""`with_item`: add the index and the payload of an item to its error."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .items import Item


def with_item(error: BaseException, item: Item) -> BaseException:
    """Return an item's error with the attributes `index` and `payload`, and a note with the index.

    Several items may have the same error object, such as those of one lost connection. Then each
    one gets a copy.

    Args:
        error: The error.
        item: The item.
    """
    if getattr(error, "index", None) is not None:
        other = copy.copy(error)
        other.__cause__, other.__context__ = error.__cause__, error.__context__
        other.__suppress_context__ = error.__suppress_context__
        error = other
    shown: Any = error
    shown.index, shown.payload = item.index, item.payload
    # Python shows notes from 3.11 on.
    note = f"It is item {item.index} of the map, counted from 0; see .payload."
    shown.__notes__ = [*getattr(error, "__notes__", ()), note]
    return error
