"""`ReplayError`: a recording has no answer."""

from __future__ import annotations

from ..errors import GradioClientError


class ReplayError(GradioClientError):
    """A recording has no answer to what the code under test did. Nothing was sent.

    The message shows the nearest recorded call and how the two differ.
    """
