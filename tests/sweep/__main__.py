"""``python -m tests.sweep FOLDER [--server VERSION] [--output FILE]``; see the package."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.servers.environments import VERSIONS, prepare
from tests.sweep.app_sweep import Settings, Swept, sweep
from tests.sweep.needed import imports_of, missing
from tests.sweep.process import App, apps_in
from tests.sweep.report import as_json, as_text
from tests.sweep.typed_modules import mypy_errors


def main(arguments: Sequence[str] | None = None) -> int:
    """Sweep the apps, print the report, and return how many findings there are, at most 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of apps: NAME/run.py or NAME.py")
    parser.add_argument("apps", nargs="*", help="names of apps; default: all")
    parser.add_argument("--server", metavar="VERSION", default=VERSIONS[-1])
    parser.add_argument("--python", type=Path, help="another interpreter that has Gradio")
    more = {"type": Path, "action": "append", "default": [], "metavar": "FOLDER"}
    parser.add_argument("--packages", **more, help="a folder of packages for the apps")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON, written after each app")
    parser.add_argument("--jobs", type=int, default=1, help="apps at a time")
    parser.add_argument("--start-timeout", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--deadline", type=float, default=20, metavar="SECONDS", help="of a call")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the generated modules")
    chosen = parser.parse_args(arguments)
    apps = [app for app in apps_in(chosen.folder) if not chosen.apps or app.name in chosen.apps]
    if not apps:
        parser.error(f"{chosen.folder} has no such apps")
    with tempfile.TemporaryDirectory() as folder:
        modules = chosen.keep or Path(folder)
        modules.mkdir(parents=True, exist_ok=True)
        python = chosen.python or prepare(chosen.server)
        packages = [one.resolve() for one in chosen.packages]
        imported = [name for app in apps for name in imports_of(app.script)]
        settings = Settings(
            python,
            packages,
            modules,
            chosen.start_timeout,
            chosen.deadline,
            missing(python, packages, imported),
        )

        def save(swept: Sequence[Swept]) -> None:
            if chosen.output:
                text = json.dumps(as_json(chosen.server, swept), indent=1, ensure_ascii=False)
                chosen.output.write_text(f"{text}\n", encoding="utf-8")

        swept = sweep_all(apps, settings, chosen.jobs, save)
    print(as_text(chosen.server, swept))
    return int(any(one.findings for one in swept))


def sweep_all(
    apps: Sequence[App], settings: Settings, jobs: int, save: Callable[[Sequence[Swept]], None]
) -> list[Swept]:
    """Sweep apps, a few at a time, and check their modules at the end.

    Args:
        apps: The apps.
        settings: How to run them.
        jobs: How many at a time.
        save: Called after each app with all that have been swept, since a sweep takes hours and
            may be interrupted.
    """

    def one(app: App) -> Swept:
        swept = sweep(app, settings)
        state = swept.not_started or f"{swept.endpoints} endpoints, {len(swept.findings)} findings"
        print(f"{app.name}: {state[:120]}", file=sys.stderr, flush=True)
        return swept

    swept: list[Swept] = []
    with ThreadPoolExecutor(jobs) as pool:
        for done in pool.map(one, apps):
            swept.append(done)
            save(swept)
    by_module = {f"app_{''.join(c if c.isalnum() else '_' for c in one.app)}": one for one in swept}
    for module, errors in mypy_errors(settings.modules).items():
        for error in errors:
            by_module[module].find("module: mypy", "", error)
    save(swept)
    return swept


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a call that hangs must not hold up the end
