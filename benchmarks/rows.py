"""What is measured, on which server, against whom, and what it must reach."""

from __future__ import annotations

from typing import NamedTuple

NEWEST = "6.31.0"
PEERS = ("raw", "ours", "javascript", "official")
OLD_PEERS = ("raw", "ours", "javascript-0", "official-0")


class Limit(NamedTuple):
    """A multiple of another contestant's figure, or an absolute one, that ours must keep to.

    Attributes:
        figure: ``"seconds"``, ``"cpu"``, ``"rss"`` or ``"rate"`` (calls per second).
        against: Whose figure is multiplied; ``None``: `bound` is absolute.
        least: Ours must reach the bound rather than stay below it.
    """

    figure: str
    bound: float
    against: str | None = None
    least: bool = False


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        task: Of `contestants`.
        count: Its argument, in the full and the short mode; 0 leaves the row out.
        rounds: How often each contestant takes its turn, in the full and the short mode.
        fresh: Each round has a new process, so that memory starts from the same place.
        peers_every: In one of so many rounds all take their turns, in others the raw wire and ours
            only: where the server's own time varies most, and peers are slow and far away. An odd
            number, so that peers change places, too.
    """

    name: str
    task: str
    count: tuple[int, int]
    rounds: tuple[int, int]
    limits: tuple[Limit, ...]
    contestants: tuple[str, ...] = PEERS
    server: str = NEWEST
    options: tuple[str, ...] = ()
    fresh: bool = False
    peers_every: int = 1


ROWS = (
    Row(
        "one call after another",
        "predict",
        (20, 10),
        (26, 4),
        (
            Limit("seconds", 1.15, "raw"),
            Limit("seconds", 1.05, "javascript"),
            Limit("seconds", 0.12, "official"),
        ),
    ),
    Row(
        "one call after another, not queued",
        "direct",
        (20, 10),
        (40, 4),
        (Limit("seconds", 1.1, "raw"),),
    ),
    Row(
        "one call after another, 3.50.2",
        "predict",
        (20, 10),
        (26, 4),
        (Limit("seconds", 1.1, "raw"),),
        OLD_PEERS,
        "3.50.2",
    ),
    Row(
        "one call after another, 4.44.1",
        "predict",
        (20, 10),
        (26, 4),
        (Limit("seconds", 1.1, "raw"),),
        PEERS,
        "4.44.1",
    ),
    Row("connect", "connect", (10, 3), (40, 4), (Limit("seconds", 1.5, "raw"),)),
    Row(
        "connect, 200 components",
        "connect",
        (10, 3),
        (40, 4),
        (Limit("seconds", 1.5, "raw"),),
        options=("--components", "200"),
    ),
    Row(
        "500 calls at once",
        "burst",
        (500, 100),
        (18, 1),
        (Limit("rate", 0.9, "raw", least=True), Limit("right", 1.0, "raw", least=True)),
        fresh=True,
        peers_every=3,
    ),
    Row(
        "2,000 calls at once",
        "burst",
        (2000, 0),
        (4, 0),
        (Limit("rate", 0.9, "raw", least=True), Limit("right", 1.0, "raw", least=True)),
        ("raw", "ours"),
        fresh=True,
    ),
    Row(
        "growing text, 5,000 updates, each looked at",
        "iterate",
        (5000, 500),
        (60, 1),
        (
            Limit("seconds", 1.05, "raw"),
            Limit("cpu", 0.35, "official"),
            Limit("rss", 12_288),
        ),
        fresh=True,
        peers_every=5,
    ),
    Row(
        "growing text, 5,000 updates, the end looked at",
        "final",
        (5000, 500),
        (6, 1),
        (Limit("cpu", 0.15, "official"),),
        fresh=True,
    ),
    Row(
        "a value of 10 MB",
        "blob",
        (10_000, 1000),
        (30, 1),
        (Limit("seconds", 1.05, "raw"),),
        fresh=True,
        peers_every=3,
    ),
    Row(
        "a chat of 1,000 messages, each looked at",
        "chat",
        (1000, 100),
        (18, 1),
        (Limit("seconds", 1.05, "raw"),),
        fresh=True,
        peers_every=3,
    ),
)

#: How cost grows: the task, its counts in full mode, and to which count each contestant goes.
GROWTH = {
    "jobs at once": ("burst", (10, 100, 1000, 10_000), {"ours": 10_000, "official": 1000}),
    "updates": ("final", (100, 1000, 10_000, 100_000), {"ours": 100_000, "official": 100_000}),
    "kB of a value": (
        "blob",
        (1, 10, 100, 1000, 10_000, 100_000),
        {"ours": 100_000, "official": 100_000, "raw": 100_000},
    ),
}
