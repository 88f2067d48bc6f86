"""How several replicas of one app show, where a gateway spreads one client's requests over them.

Each run of a server has an ``app_id`` of its own (3.50 and later). A restart changes it once; so
only an id that comes back after another one shows that two servers answer by turns.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

#: How often to ask at most. Of two replicas that a gateway chooses between at random, one in
#: 2,000 such series is missed.
MOST = 12

#: How many equal ids in a row are enough to take it for one server.
ENOUGH = 6

CAUSE = (
    "The app seems to run as several replicas behind a gateway without sticky sessions: requests "
    "of this client reached different ones. Have the gateway send all requests of a client to one "
    "replica, by a cookie that it sets (session affinity; this client sends it back). That goes "
    "for /config, /login, /upload, /queue/join, /queue/data, /heartbeat, /cancel, /reset, /run, "
    "/file and /stream, below /gradio_api since 5.0."
)


def take_turns(ids: Sequence[Hashable]) -> bool:
    """Whether an id came back after another one.

    Example:
        >>> take_turns([1, 2, 1]), take_turns([1, 1, 2, 2])
        (True, False)
    """
    runs = [one for one, before in zip(ids, (None, *ids)) if one != before]
    return len(set(runs)) < len(runs)


def is_clear(ids: Sequence[Hashable]) -> bool:
    """Whether no more ids are needed to decide."""
    return take_turns(ids) or len(ids) >= MOST or (len(set(ids)) == 1 and len(ids) >= ENOUGH)
