"""Sweep one app: start it, read its descriptions, and call everything."""

from __future__ import annotations

import inspect
import pydoc
import tempfile
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from gradio_client_sync import Client, PayloadError
from gradio_client_sync._typed.codegen import module_source
from tests.sweep.calls import Caller, Outcome, printed_calls
from tests.sweep.needed import imports_of
from tests.sweep.printed_types import fits, shape_of
from tests.sweep.process import App, AppProcess, NotStartedError
from tests.sweep.samples import Samples
from tests.sweep.texts import ENDPOINT, ERROR, HELP, LINE, findings_of, without_choices

_NO_LIMIT = 10**9


class Settings(NamedTuple):
    """The settings for all apps of a sweep.

    Attributes:
        python: The interpreter that has Gradio.
        packages: Folders with further packages for the apps.
        modules: The folder in which the generated modules are written.
        start_timeout: Seconds until an app has to be ready.
        deadline: Seconds that a call may take.
        missing: The packages that apps import and the interpreter lacks; see `needed`.
    """

    python: Path
    packages: Sequence[Path]
    modules: Path
    start_timeout: float
    deadline: float
    missing: AbstractSet[str] = frozenset()


@dataclass
class Finding:
    """A problem that a person has to look at."""

    kind: str
    endpoint: str
    detail: str


@dataclass
class Swept:
    """The findings of one app.

    Attributes:
        app: Its name.
        not_started: Why it did not start.
        endpoints: How many endpoints it offers.
        calls: How many calls ended in which way, as ``{"printed": {"value": 3}}``.
        values: How many outputs were compared with their types.
        findings: What to look at.
    """

    app: str
    not_started: str = ""
    endpoints: int = 0
    calls: dict[str, dict[str, int]] = field(default_factory=dict)
    values: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: str, endpoint: object, detail: object) -> None:
        self.findings.append(Finding(kind, str(endpoint), " ".join(str(detail).split())[:600]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sweep(app: App, settings: Settings) -> Swept:
    """Start one app, and return the findings."""
    swept = Swept(app.name)
    lacking = [name for name in imports_of(app.script) if name in settings.missing]
    if lacking:
        swept.not_started = f"lacks {', '.join(lacking)}"
        return swept
    try:
        started = AppProcess(app, settings.python, settings.packages, settings.start_timeout)
    except NotStartedError as error:
        swept.not_started = str(error)
        return swept
    with started as process, tempfile.TemporaryDirectory() as files:
        try:
            with Client(
                process.url, deadline=settings.deadline, download_dir=Path(files, "down")
            ) as client:
                _Sweep(swept, client, settings).run(process, Samples(Path(files)))
        except Exception as error:  # noqa: BLE001  # counted like every other finding
            swept.find("sweep stopped", "", f"{type(error).__name__}: {error}")
    return swept


class _Sweep:
    def __init__(self, swept: Swept, app: Client, settings: Settings) -> None:
        self._swept, self._app, self._settings = swept, app, settings

    def run(self, process: AppProcess, samples: Samples) -> None:
        described = self._app.view_api()
        text = str(described)
        self._read(described, text)
        self._write_module()
        caller = Caller(self._app, process, samples, self._settings.deadline)
        names: list[str | int] = [
            *described["named_endpoints"],
            *map(int, described["unnamed_endpoints"]),
        ]
        entries = [*described["named_endpoints"].values(), *described["unnamed_endpoints"].values()]
        self._swept.endpoints = len(names)
        calls = printed_calls(text)
        assert len(calls) == len(names), (
            f"{len(calls)} calls are printed for {len(names)} endpoints"
        )
        for name, entry, call in zip(names, entries, calls):
            self._read_endpoint(name, entry)
            for outcome in caller.outcomes(name, call):
                self._count(outcome, entry)

    def _read(self, described: Any, text: str) -> None:
        for kind, detail in findings_of(text, LINE, _NO_LIMIT):
            self._swept.find(f"view_api: {kind}", "", detail)
        for section in text.split("\n── ")[1:]:
            if len(without_choices(section)) > ENDPOINT:
                self._swept.find("view_api: long text", section.split()[0], len(section))
        for kind, detail in findings_of(described._repr_html_(), _NO_LIMIT, _NO_LIMIT):
            self._swept.find(f"HTML: {kind}", "", detail)

    def _read_endpoint(self, name: str | int, entry: Any) -> None:
        function = self._app.function(name)
        text = pydoc.plain(pydoc.render_doc(function))
        for kind, detail in findings_of(text, LINE, HELP):
            self._swept.find(f"help: {kind}", name, detail)
        for parameter in inspect.signature(function).parameters.values():
            if parameter.default is not parameter.empty and len(repr(parameter.default)) > LINE:
                self._swept.find("help: long default", name, parameter)
        for value in (*entry["parameters"], *entry["returns"]):
            if not str(value["label"]).strip():
                self._swept.find("label: empty", name, value)
            if value["python_type"]["type"] in ("None", ""):
                self._swept.find("type: None", name, value["label"])
        try:
            self._app.submit(name, {"no such parameter": 1})
        except PayloadError as error:
            for kind, detail in findings_of(str(error), _NO_LIMIT, ERROR):
                self._swept.find(f"error: {kind}", name, detail)
        else:
            self._swept.find("error: none", name, "a wrong name was accepted")

    def _write_module(self) -> None:
        source = module_source("http://127.0.0.1:7860", self._app._signatures())
        for kind, detail in findings_of(source, 100, _NO_LIMIT):
            self._swept.find(f"module: {kind}", "", detail)
        compile(source, "<module>", "exec")
        name = "".join(char if char.isalnum() else "_" for char in self._swept.app)
        (self._settings.modules / f"app_{name}.py").write_text(source, encoding="utf-8")

    def _count(self, outcome: Outcome, entry: Any) -> None:
        counts = self._swept.calls.setdefault(outcome.form, {})
        counts[outcome.result] = counts.get(outcome.result, 0) + 1
        if outcome.result not in ("value", "deadline"):
            self._swept.find(
                f"{outcome.form}: {outcome.result}",
                outcome.endpoint,
                f"{outcome.call} → {outcome.detail}",
            )
        returns = entry["returns"]
        if outcome.values is None:
            return
        if len(outcome.values) != len(returns):
            self._swept.find("outputs: count", outcome.endpoint, len(outcome.values))
        for position, (value, told) in enumerate(zip(outcome.values, returns)):
            if position in outcome.unchanged:
                continue
            self._swept.values += 1
            kind = told["python_type"]["type"]
            if not fits(kind, value):
                what = "empty" if value is None else "type"
                self._swept.find(
                    f"output: {what}",
                    outcome.endpoint,
                    f"{told['component']} says {kind}, gave {shape_of(value)}",
                )
            hint = self._app._signature(outcome.endpoint).returns[position][0].text()
            if value is not None and not fits(_as_printed(hint), value):
                self._swept.find(
                    "output: annotation",
                    outcome.endpoint,
                    f"{told['component']} says {hint}, gave {shape_of(value)}",
                )


def _as_printed(hint: str) -> str:
    return hint.replace("Any | None", "Any")
