"""The URL of the Hugging Face Hub.

Every client needs it, to distinguish the page of a Space from an app. Few clients need the rest of
`hub`, so it is in a module of its own.
"""

from __future__ import annotations

import os
import sys

from .._protocol.space import HUB


def hub_endpoint() -> str:
    """Return the Hub's URL: that of ``HF_ENDPOINT``, or of the Hub's library if it is imported."""
    constants = sys.modules.get("huggingface_hub.constants")
    named = os.environ.get("HF_ENDPOINT") or getattr(constants, "ENDPOINT", None) or HUB
    return str(named).rstrip("/")
