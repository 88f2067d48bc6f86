"""The address of the Hugging Face Hub.

Every client needs it, to tell a Space's page from an app; few need the rest of what is known of the
Hub, so that is not imported for it.
"""

from __future__ import annotations

import os
import sys

from .._protocol.space import HUB


def hub_endpoint() -> str:
    """Return the Hub's URL: the one of ``HF_ENDPOINT``, or of the Hub's library if it is loaded."""
    constants = sys.modules.get("huggingface_hub.constants")
    named = os.environ.get("HF_ENDPOINT") or getattr(constants, "ENDPOINT", None) or HUB
    return str(named).rstrip("/")
