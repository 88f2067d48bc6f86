"""Detection of several replicas behind a gateway that spreads the requests of one client.

Each run of a server has its own ``app_id``, which configs contain since Gradio 3.42. A restart
changes it once. So two servers respond by turns only if an old id comes back after another one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

#: The largest number of requests. If a gateway chooses between two replicas at random, one in
#: 2,000 such series misses one of them.
MOST = 12

#: This many equal ids in a row mean one server.
ENOUGH = 6

CAUSE = (
    "The app seems to run as several replicas behind a gateway without sticky sessions: requests "
    "of this client reached different ones. Configure the gateway to send all requests of a "
    "client to one replica, by a cookie that the gateway sets (session affinity; this client sends "
    "the cookie back). This applies to /config, /login, /upload, /queue/join, /queue/data, "
    "/heartbeat, /cancel, /reset, /run, /file and /stream, below /gradio_api since 5.0."
)


def take_turns(ids: Sequence[Hashable]) -> bool:
    """Return whether an id came back after a different one, so several servers respond in turn.

    Example:
        >>> take_turns([1, 2, 1]), take_turns([1, 1, 2, 2])
        (True, False)
    """
    runs = [one for one, before in zip(ids, (None, *ids)) if one != before]
    return len(set(runs)) < len(runs)


def is_clear(ids: Sequence[Hashable]) -> bool:
    """Return whether the ids show one server or several, so that no more are needed."""
    return take_turns(ids) or len(ids) >= MOST or (len(set(ids)) == 1 and len(ids) >= ENOUGH)
