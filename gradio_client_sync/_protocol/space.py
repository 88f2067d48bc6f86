"""Hugging Face Spaces without network access: their names, and the meaning of their stages.

A Space has a record on the Hub, which gives its stage, and an app with a URL of its own. A user may
give ``user/space``, the URL of the Space's page on the Hub, or the URL of the app. One table says
what each stage means for a client that waits for the Space.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import math
import re
from urllib.parse import urlsplit

from .._basics.record import FrozenRecord
from .._options import HUB
from ..events import SpaceStatus
from .routes import origin_of, root_of

_SPACE_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*\Z", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_APP_DOMAIN = ".hf.space"
_HUB_HOSTS = frozenset(("huggingface.co", "www.huggingface.co", "hf.co"))


class SpaceName(FrozenRecord):
    """A Space as the user named it: by its id, or by the URL of its app."""

    space_id: str | None = None
    subdomain: str | None = None
    root: str | None = None

    @property
    def record(self) -> str:
        """The path of the Space's record, below the Hub's API."""
        if self.space_id is not None:
            return f"spaces/{self.space_id}"
        return f"spaces/by-subdomain/{self.subdomain}"

    def __str__(self) -> str:
        return self.space_id or str(self.root)


def space_name(source: str, hub: str = HUB) -> SpaceName | None:
    """Return the Space that a text names; ``None`` if it is the URL of another app.

    Args:
        source: The text that the user gave.
        hub: The Hub's URL, if it is not Hugging Face's own Hub.

    Behaviour: names and app URLs as ``process_endpoint`` of @gradio/client. Ours: the URL of a
    Space's page on the Hub is accepted too, and the URL of an app names a Space only over https.
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
    """Return whether a URL is safe for secrets: https, or a server on this machine."""
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

#: The Hub does not know the Space, or does not give its stage.
NOT_FOUND = SpaceStatus("error", "NOT_FOUND", "error", "Could not get space status. ")

#: The Hub says that the Space runs, but the response of its app is not a Gradio app's.
NOT_LOADED = SpaceStatus("error", "NOT_FOUND", "error", "Could not load this space.")


def status_of(stage: str, discussions_enabled: bool | None = None) -> SpaceStatus:
    """Return the status for a stage of the Hub.

    Args:
        stage: The stage, as the Hub names it.
        discussions_enabled: Whether users can write to the Space's author. Given only for
            stages that nobody but the author can end (see `asks_for_author`).

    Behaviour: statuses and messages as in ``check_space_status`` of @gradio/client, which also
    reports a stage that it does not know as ``space_error``. Ours: ``RUNNING_APP_STARTING``, a
    running Space whose next version starts, counts as running.
    """
    status, load_status, message = _STAGES.get(stage, _BROKEN)
    return SpaceStatus(status, stage, load_status, message, discussions_enabled)


def asks_for_author(status: SpaceStatus) -> bool:
    """Return whether only the Space's author can end this state."""
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
    """Return why a Space cannot start, and what the user can do about it."""
    text = _REMEDIES.get(status.detail, f"Its stage on the Hub is {status.detail!r}.")
    if status.discussions_enabled and status.detail != "DELETING":
        text += " To contact its author, use the discussions on the Space's page."
    return text


# -- signatures -----------------------------------------------------------------------


_URL_SAFE = str.maketrans("-_", "+/")


def expiry_of(jwt: str) -> float:
    """Return when a signature expires, in seconds since 1970; infinite if it does not say."""
    body = jwt.split(".")[1:2]
    try:
        # Not `urlsafe_b64decode`: on Python 3.15 it warns of characters that do not belong there.
        claims = json.loads(base64.b64decode(f"{body[0]}==".translate(_URL_SAFE)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return math.inf
