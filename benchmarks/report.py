"""Summaries of the results, and their output."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from statistics import median, quantiles
from typing import Any

from benchmarks.peers import NAMES, Result
from benchmarks.rows import Limit, Row


def load() -> list[float]:
    """Return the load of the machine: processes that can run, over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def machine() -> dict[str, Any]:
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load before": load(),
    }


def figure(result: Result, name: str, count: int) -> float:
    """Return one figure of one round."""
    if name == "seconds":
        return median(result.seconds)
    if name == "rate":
        return count / result.seconds[0]
    return float(getattr(result, name))


def summarise(row: Row, results: dict[str, dict[int, Result]], short: bool) -> dict[str, Any]:
    """Return one row: the medians of all contestants, and the result for each limit."""
    count = row.count[short]
    figures = ("seconds", "cpu", "rss", "right", "threads")
    contestants = {
        name: {
            wanted: median(figure(result, wanted, count) for result in rounds.values())
            for wanted in figures
        }
        for name, rounds in results.items()
    }
    limits = [
        verdict(limit, results, count)
        for limit in row.limits
        if limit.against is None or limit.against in results
    ]
    return {
        "name": row.name,
        "server": row.server,
        "count": count,
        "rounds": row.rounds[short],
        "contestants": contestants,
        "limits": limits,
    }


def verdict(limit: Limit, results: dict[str, dict[int, Result]], count: int) -> dict[str, Any]:
    """Return the value for a limit, with the quartiles of the rounds, and whether it is met."""
    ours = {turn: figure(found, limit.figure, count) for turn, found in results[limit.of].items()}
    each = list(ours.values())
    if limit.against is not None:
        # The ratio is computed per round, because the speed of the machine changes between rounds.
        theirs = results[limit.against].items()
        each = [ours[turn] / figure(found, limit.figure, count) for turn, found in theirs]
    return reach(limit, median(each), each)


def reach(limit: Limit, reached: float, each: list[float]) -> dict[str, Any]:
    low, _, high = quantiles(each, n=4) if len(each) > 1 else (each[0], 0, each[0])
    return {
        **limit._asdict(),
        "reached": reached,
        "quartiles": [low, high],
        "kept": reached >= limit.bound if limit.least else reached <= limit.bound,
    }


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    print(f"\n{row['name']} (Gradio {row['server']}; {row['rounds']} × {row['count']})")
    for name, found in row["contestants"].items():
        parts = [f"  {NAMES.get(name, name):<22} {found['seconds'] * 1000:9.2f} ms"]
        if "cpu" in found:
            parts.append(f"CPU {found['cpu'] * 1000:8.1f} ms  +{found['rss']:.0f} kB")
        print("   ".join(parts))
    for limit in row["limits"]:
        than = f" × {NAMES.get(limit['against'], limit['against'])}" if limit["against"] else ""
        sign = "≥" if limit["least"] else "≤"
        low, high = limit["quartiles"]
        print(
            f"  {'kept  ' if limit['kept'] else 'MISSED'} {limit['figure']} "
            f"{limit['reached']:.3g}{than} ({low:.3g} to {high:.3g}; limit {sign} "
            f"{limit['bound']:g})",
            flush=True,
        )
