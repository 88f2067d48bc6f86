"""`MapBar`: the progress bar of a map, as a line in a terminal or a widget in a notebook."""

from __future__ import annotations

import sys

from .._basics.words import called
from .progress import shown, tqdm_class


class MapBar:
    """The progress bar of a map. Every method may be called from any thread.

    Args:
        endpoint: The name of the endpoint, or its number.
        total: How many items there are; ``None`` if that is not known.

    Raises:
        MissingDependencyError: tqdm is not installed.
    """

    def __init__(self, endpoint: str | int, total: int | None) -> None:
        tqdm = tqdm_class()
        self._lock = tqdm.get_lock()
        self._failed = self._replayed = 0
        self._bar = tqdm(
            desc=shown(endpoint if isinstance(endpoint, str) else called(endpoint)),
            total=total,
            unit=" items",
            file=sys.stderr,
            miniters=0,  # redraw by time, not by the number of items
            dynamic_ncols=True,
        )

    def add(self, *, failed: bool, replayed: bool) -> None:
        """Count an item that has ended.

        Args:
            failed: Whether it has failed.
            replayed: Whether it comes from the journal. Then it does not count for the rate.
        """
        with self._lock:
            self._failed += failed
            self._replayed += replayed
            self._bar.initial += replayed
            if failed or replayed:
                self._bar.set_postfix_str(self._text(), refresh=False)
            self._bar.update()

    def _text(self) -> str:
        parts = (
            (f"{self._failed} failed", self._failed),
            (
                f"{self._replayed} from the journal",
                self._replayed,
            ),
        )
        return ", ".join(text for text, count in parts if count)

    def close(self) -> None:
        """Leave the bar as it is. A second call does nothing."""
        with self._lock:
            self._bar.close()
