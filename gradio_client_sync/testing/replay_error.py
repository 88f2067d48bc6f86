"""`ReplayError`: a request is not in the recording."""

from __future__ import annotations

from ..errors import GradioClientError


class ReplayError(GradioClientError):
    """A request of the code under test is not in the recording. Nothing was sent.

    The message shows the nearest recorded call and how the two differ.
    """
