"""`KnownApps`: the apps of a recording, known by their configs."""

from __future__ import annotations

from typing import Any


class KnownApps:
    """The apps of a recording, with their routes and the names of their functions.

    Args:
        configs: The config of each app, by its URL.

    Attributes:
        configs: The config of each app so far, by its URL.
    """

    def __init__(self, configs: dict[str, Any] | None = None) -> None:
        self.configs = configs or {}

    def route(self, url: str) -> tuple[str | None, str]:
        """Return the app that a URL belongs to, and the route below its API prefix."""
        for root in sorted(self.configs, key=len, reverse=True):
            if url.startswith(f"{root}/"):
                prefix = self.configs[root].get("api_prefix") or ""
                return root, url[len(root) :].removeprefix(prefix)
        return None, ""

    def number(self, root: str, name: str) -> Any:
        """Return the number of the function with a name; ``None`` if there is none."""
        for index, dependency in enumerate(self.configs[root].get("dependencies", ())):
            if dependency.get("api_name") == name:
                return dependency.get("id", index)
        return None

    def name(self, root: str, fn_index: Any) -> str | int | None:
        """Return the name of a function with a slash, or its number if it has no name."""
        for index, dependency in enumerate(self.configs[root].get("dependencies", ())):
            name = dependency.get("api_name")
            if dependency.get("id", index) == fn_index and isinstance(name, str):
                return f"/{name}"
        return fn_index if isinstance(fn_index, int) else None
