"""Load the notebook display when something is shown, not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import Data


def bundle_of_data(data: Data) -> dict[str, Any]:
    """Return what a notebook may show for a result, by MIME type."""
    from .cards import data_bundle

    return data_bundle(data)
