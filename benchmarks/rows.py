"""The rows of the benchmark: tasks, servers, contestants, and limits."""

from __future__ import annotations

from typing import NamedTuple

NEWEST = "6.31.0"
PEERS = ("raw", "ours", "javascript", "official")
OLD_PEERS = ("raw", "ours", "javascript-0", "official-0")


class Limit(NamedTuple):
    """A limit for a figure of this package, relative to another contestant or absolute.

    Attributes:
        figure: ``"seconds"``, ``"cpu"``, ``"rss"`` or ``"rate"`` (calls per second).
        bound: The limit.
        against: The contestant whose figure `bound` multiplies; ``None`` if it is absolute.
        least: The figure must be at least the limit, instead of at most.
        of: The contestant whose figure is limited.
    """

    figure: str
    bound: float
    against: str | None = None
    least: bool = False
    of: str = "ours"


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        task: A task of `contestants`.
        count: Its argument, in the full and the short mode; 0 skips the row.
        rounds: How many turns each contestant takes, in the full and the short mode.
        fresh: Each round uses a new process, so that memory starts from the same value.
        peers_every: All contestants run in one of this many rounds. In the other rounds, only the
            raw wire and this client run. It is for rows where the server's own time varies most,
            and the other clients are far slower. It is an odd number, so that the order changes.
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
    new_servers: bool = False


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
    Row(
        "one call after another, in the form of gradio_client",
        "predict",
        (20, 10),
        (26, 4),
        (Limit("seconds", 1.1, "ours", of="compat"),),
        ("ours", "compat", "official"),
    ),
    Row(
        "one call after another, not queued, in the form of gradio_client",
        "direct",
        (20, 10),
        (26, 4),
        (Limit("seconds", 1.1, "ours", of="compat"),),
        ("ours", "compat", "official"),
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
        "map, 16 in flight",
        "many",
        (1250, 100),
        (8, 1),
        (
            Limit("rate", 0.95, "raw", least=True),
            Limit("right", 1.0, "raw", least=True),
            Limit("rate", 4.0, "official", least=True),
        ),
        ("raw", "ours", "official"),
        peers_every=9,
        new_servers=True,
    ),
    Row(
        "map, which finds the number in flight, and 16",
        "many",
        (500, 100),
        (8, 1),
        (Limit("rate", 0.95, "ours", least=True, of="found"),),
        ("ours", "found"),
    ),
    Row(
        "map with a journal, and without",
        "many",
        (500, 100),
        (8, 1),
        (Limit("rate", 0.95, "ours", least=True, of="journal"),),
        ("ours", "journal"),
    ),
    Row(
        "growing text, 5,000 updates, each value read",
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
        "growing text, 5,000 updates, only the last read",
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
        "a chat of 1,000 messages, each value read",
        "chat",
        (1000, 100),
        (18, 1),
        (Limit("seconds", 1.05, "raw"),),
        fresh=True,
        peers_every=3,
    ),
)

#: How cost grows: the task, its counts in the full mode, and the largest count per contestant.
GROWTH = {
    "jobs at once": ("burst", (10, 100, 1000, 10_000), {"ours": 10_000, "official": 1000}),
    "updates": ("final", (100, 1000, 10_000, 100_000), {"ours": 100_000, "official": 100_000}),
    "kB of a value": (
        "blob",
        (1, 10, 100, 1000, 10_000, 100_000),
        {"ours": 100_000, "official": 100_000, "raw": 100_000},
    ),
}
