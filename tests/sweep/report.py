"""Report the findings of a sweep, as JSON and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.sweep.app_sweep import Swept

SHOWN = 12  # findings of a kind that the text lists; the JSON has all


def as_json(server: str, swept: Sequence[Swept]) -> dict[str, Any]:
    """Return all findings, with the counts first."""
    return {"server": server, **counts(swept), "by_app": [one.as_dict() for one in swept]}


def counts(swept: Sequence[Swept]) -> dict[str, Any]:
    """Return the counts of all apps together."""
    started = [one for one in swept if not one.not_started]
    calls: dict[str, Counter[str]] = {}
    for one in started:
        for form, results in one.calls.items():
            calls.setdefault(form, Counter()).update(results)
    return {
        "apps": len(swept),
        "started": len(started),
        "endpoints": sum(one.endpoints for one in started),
        "calls": {form: dict(results.most_common()) for form, results in calls.items()},
        "all_calls": sum(sum(results.values()) for results in calls.values()),
        "values": sum(one.values for one in started),
        "findings": dict(Counter(found.kind for one in swept for found in one.findings)),
        "not_started": {one.app: one.not_started for one in swept if one.not_started},
    }


def as_text(server: str, swept: Sequence[Swept]) -> str:
    """Return the counts, and some findings of each kind."""
    return "\n".join(_lines(server, swept))


def _lines(server: str, swept: Sequence[Swept]) -> Iterator[str]:
    found = counts(swept)
    yield (
        f"Gradio {server}: {found['started']} of {found['apps']} apps started, "
        f"{found['endpoints']} endpoints, {found['all_calls']} calls, {found['values']} values"
    )
    for form, results in found["calls"].items():
        yield f"  {form}: {', '.join(f'{count} {kind}' for kind, count in results.items())}"
    yield f"  not started: {_reasons(found['not_started'].values())}"
    for kind, count in sorted(found["findings"].items()):
        yield f"{kind}: {count}"
        every = [(one.app, item) for one in swept for item in one.findings if item.kind == kind]
        for app, item in every[:SHOWN]:
            yield f"  {app} {item.endpoint}: {item.detail[:300]}"


def _reasons(texts: Any) -> str:
    reasons = Counter(text.partition(":")[0].partition(",")[0][:60] for text in texts)
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()) or "none"
