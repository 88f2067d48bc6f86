"""Count what a sweep found, as JSON, as text, and as the table of docs/reliability.md.

``python -m tests.sweep.report FILE...`` prints the table of JSON files that sweeps have written. An
app of a later file replaces the same app of an earlier one, for the same server. So a part can be
swept again after a change.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.sweep.app_sweep import Finding, Swept

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


#: The rows of the table: how a printed call ended, as people read it.
ENDS = {
    "value": "printed calls that gave a value",
    "event": "the function needs the data of an event, such as a click",
    "check": "the app's own check or validator refused the values",
    "app": "the app's function failed in another way",
    "output": "the server could not pass on what the function returned",
    "offline": "the function needs the network or a package",
    "deadline": "still running after 8 s",
    "input": "Gradio refused the values",
}


def merged(reports: Sequence[Mapping[str, Any]]) -> dict[str, list[Swept]]:
    """Return the apps of several reports by server; of an app that is in two, the later one."""
    found: dict[str, dict[str, Swept]] = {}
    for report in reports:
        apps = found.setdefault(report["server"], {})
        for entry in report["by_app"]:
            findings = [Finding(**one) for one in entry["findings"]]
            apps[entry["app"]] = Swept(**{**entry, "findings": findings})
    return {server: list(apps.values()) for server, apps in found.items()}


def as_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of docs/reliability.md, with a column for each server."""
    columns = {server: counts(swept) for server, swept in merged(reports).items()}
    rows = {
        "demos swept": [one["apps"] for one in columns.values()],
        "of these, started": [one["started"] for one in columns.values()],
        "endpoints": [one["endpoints"] for one in columns.values()],
        "calls, in all": [one["all_calls"] for one in columns.values()],
    }
    printed = [Counter(one["calls"].get("printed", {})) for one in columns.values()]
    for end, row in ENDS.items():
        rows[row] = [one[end] for one in printed]
    others = [sum(one.values()) - sum(one[end] for end in ENDS) for one in printed]
    rows["anything else"] = others
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for row, numbers in rows.items():
        if row != "anything else" or any(numbers):
            lines.append(f"| {row} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_table([json.loads(Path(one).read_text("utf-8")) for one in sys.argv[1:]]))
