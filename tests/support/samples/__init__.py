"""The ``/config`` and ``/info`` of one real app on six Gradio releases.

`record` made ``api-<version>.json`` by running `studio` in the environments of
`tests.support.servers`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VERSIONS = ("3.23.0", "3.50.2", "4.0.2", "4.44.1", "5.50.0", "6.31.0")


def load(version: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return new copies of the config and the info (``None`` before 3.26) of a release."""
    path = Path(__file__).with_name(f"api-{version}.json")
    sample = json.loads(path.read_text(encoding="utf-8"))
    return sample["config"], sample["info"]
