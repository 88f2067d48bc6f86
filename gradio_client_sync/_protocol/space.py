"""Hugging Face Spaces, without asking anyone: how they are named, and what their stages mean.

A Space has a record on the Hub, which tells its stage, and an app at an address of its own. A
user may name either: ``user/space``, the Space's page on the Hub, or the app's address. What a
stage means for somebody who waits is one table.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import math
import re
from urllib.parse import urlsplit

from .._options import HUB
from .._record import FrozenRecord
from ..events import SpaceStatus
from .routes import origin_of, root_of

_SPACE_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*\Z", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_APP_DOMAIN = ".hf.space"
_HUB_HOSTS = frozenset(("huggingface.co", "www.huggingface.co", "hf.co"))


class SpaceName(FrozenRecord):
    """How a Space was named: by its id, or by the address of its app."""

    space_id: str | None = None
    subdomain: str | None = None
    root: str | None = None

    @property
    def record(self) -> str:
        """Where the Hub keeps the Space's record, below its API."""
        if self.space_id is not None:
            return f"spaces/{self.space_id}"
        return f"spaces/by-subdomain/{self.subdomain}"

    def __str__(self) -> str:
        return self.space_id or str(self.root)


def space_name(source: str, hub: str = HUB) -> SpaceName | None:
    """Read how a user named a Space; ``None`` for the address of any other app.

    Args:
        hub: The Hub's address, where it is not Hugging Face's own.

    Behaviour: names and app addresses as ``process_endpoint`` of @gradio/client. Ours: a
    Space's page on the Hub names it too, and an app's address is one only over https.
    """
    text = source.strip().rstrip("/")
    if _SPACE_ID.match(text):
        return SpaceName(space_id=text)
    _, host, port = origin_of(text)
    page = None
    if host in _HUB_HOSTS:
        page = urlsplit(text).path
    elif f"{text}/".startswith(f"{hub.rstrip('/')}/"):
        page = urlsplit(text[len(hub.rstrip("/")) :]).path
    if page is not None:
        parts = page.split("/")
        space_id = "/".join(parts[2:4])
        return (
            SpaceName(space_id) if parts[1:2] == ["spaces"] and _SPACE_ID.match(space_id) else None
        )
    if host.endswith(_APP_DOMAIN) and (text[:8].lower(), port) == ("https://", 443):
        subdomain = host[: -len(_APP_DOMAIN)]
        if _SUBDOMAIN.match(subdomain):
            return SpaceName(subdomain=subdomain, root=root_of(text))
    return None


def keeps_secrets(root: str) -> bool:
    """Whether nobody on the way to an address can read what is sent: https, or this machine."""
    scheme, host, _ = origin_of(root)
    if scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# -- stages ---------------------------------------------------------------------------

_PAUSED = (
    "This space has been paused by the author. If you would like to try this demo, consider "
    "duplicating the space."
)
_RUNNING = ("running", "complete", "Space is running.")
_ASLEEP = ("sleeping", "pending", "Space is asleep. Waking it up...")
_STAGES = {
    "RUNNING": _RUNNING,
    "RUNNING_BUILDING": _RUNNING,
    "RUNNING_APP_STARTING": _RUNNING,
    "SLEEPING": _ASLEEP,
    "STOPPED": _ASLEEP,
    "BUILDING": ("building", "pending", "Space is building..."),
    "APP_STARTING": ("starting", "pending", "Space is starting..."),
    "PAUSED": ("paused", "error", _PAUSED),
}
_BROKEN = ("space_error", "error", "This space is experiencing an issue.")

#: The Hub does not know the Space, or does not tell.
NOT_FOUND = SpaceStatus("error", "NOT_FOUND", "error", "Could not get space status. ")

#: The Hub says that the Space runs, but its app does not answer as one.
NOT_LOADED = SpaceStatus("error", "NOT_FOUND", "error", "Could not load this space.")


def status_of(stage: str, discussions_enabled: bool | None = None) -> SpaceStatus:
    """What a stage of the Hub means.

    Args:
        discussions_enabled: Whether the Space's author can be written to; told only with
            stages that nothing but the author can end (see `asks_for_author`).

    Behaviour: statuses and messages are those of ``check_space_status`` of @gradio/client, and so
    is a ``space_error`` for stages that it has no row for. Ours: ``RUNNING_APP_STARTING``, a
    running Space whose next version starts, is running.
    """
    status, load_status, message = _STAGES.get(stage, _BROKEN)
    return SpaceStatus(status, stage, load_status, message, discussions_enabled)


def asks_for_author(status: SpaceStatus) -> bool:
    """Whether only the Space's author can get it out of this state."""
    return status.status in ("paused", "space_error")


#: What to do about a Space that cannot start, by stage.
_REMEDIES = {
    "PAUSED": "Only its owner can restart it; duplicate() makes a copy that is yours.",
    "NO_APP_FILE": "It has no app file yet.",
    "CONFIG_ERROR": "Its README has settings that the Hub does not accept.",
    "BUILD_ERROR": "Its build failed; its build log on the Hub says why.",
    "RUNTIME_ERROR": "Its app failed to start; its log on the Hub says why.",
    "DELETING": "It is being deleted.",
}


def remedy(status: SpaceStatus) -> str:
    """Why a Space cannot start, and what can be done about it."""
    text = _REMEDIES.get(status.detail, f"The Hub calls its stage {status.detail!r}.")
    if status.discussions_enabled and status.detail != "DELETING":
        text += " Its author can be told in the discussions of the Space's page."
    return text


# -- signatures -----------------------------------------------------------------------


def expiry_of(jwt: str) -> float:
    """When a signature stops being accepted (seconds since 1970); never, if it does not say."""
    body = jwt.split(".")[1:2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(f"{body[0]}=="))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return math.inf
