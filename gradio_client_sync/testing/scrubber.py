"""`Scrubber`: calls the scrub function of a test, and keeps its exception."""

from __future__ import annotations

from typing import Callable

from .replay_error import ReplayError

#: A function that scrubs one text of a payload or a message before it is written or compared.
Scrub = Callable[[str], str]


class Scrubber:
    """The scrub function of a test, whose exception is raised later.

    The function is called on threads of the client, where its exception would not reach the test.
    So a text for which it fails becomes ``***``, and `check` raises the exception later.

    Args:
        function: The function.
    """

    def __init__(self, function: Scrub) -> None:
        self._function = function
        self._error: Exception | None = None

    def __call__(self, text: str) -> str:
        """Return the text to write; ``***`` if the function fails."""
        try:
            scrubbed = self._function(text)
            if not isinstance(scrubbed, str):
                raise TypeError(f"it returned {scrubbed!r}, which is not a text")
        except Exception as exc:  # noqa: BLE001 - whatever the function raises is its failure
            self._error = self._error or exc
            return "***"
        return scrubbed

    def check(self) -> None:
        """Raise the first failure of the function.

        Raises:
            ReplayError: The function has failed.
        """
        if self._error is not None:
            raise ReplayError(
                f"The scrubber of the recording failed: {self._error!r}. It gets each text of "
                "payloads and messages, and has to return a text."
            ) from self._error
