"""The house's rule about who may know whom, read off every import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradio_client_sync

pytestmark = pytest.mark.once

PACKAGE = Path(gradio_client_sync.__file__).parent

#: Modules by rank: each may import from lower ranks, and from the named ones of its own.
RANKS: tuple[tuple[str, ...], ...] = (
    ("_version", "types", "events", "errors"),
    ("_protocol.*",),
    ("_transport.*",),
    (
        "_answers",
        "_discover",
        "_downloads",
        "_folder",
        "_hub",
        "_info",
        "_kept",
        "_listeners",
        "_live_line",
        "_local_files",
        "_media",
        "_notebook.*",
        "_once",
        "_options",
        "_parcels",
        "_pickling",
        "_progress",
        "_replicas",
        "_recordings",
        "_shipment",
        "_signing",
        "_spaces",
        "_tokens",
        "_uploads",
        "_visitor",
        "_watch",
        "_workers",
        "_exit",
        "display",
        "docstring",
        "files",
        "plaintext",
    ),
    ("job", "_app", "_chunks", "_direct", "_orders", "_session", "_server_functions", "_pump"),
    ("_connection", "_connecting", "_duplicate", "_client", "function"),
    ("_codegen", "_layout", "_cli.*", "cli", "demo", "demo_stage", "typed", "__main__"),
)

#: What the core must not touch, so that it is what it says: pure.
IMPURE = {"socket", "threading", "time", "queue", "requests", "urllib3", "websocket", "ssl"}

#: Each dependency has one owner.
OWNERS = {
    "requests": {f"_transport/{name}.py" for name in ("carrier", "connections")},
    "urllib3": {
        f"_transport/{name}.py" for name in ("carrier", "connections", "failures", "response")
    },
    "websocket": {"_transport/ws.py"},
    "huggingface_hub": {"_spaces/hub.py"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def rank_of(module: str) -> int:
    for rank, names in enumerate(RANKS):
        for name in names:
            if module == name or (name.endswith(".*") and f"{module}.".startswith(name[:-1])):
                return rank
    raise AssertionError(f"{module} has no rank; give it one in RANKS")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each imported module, absolute, and whether it is one of the package's own."""
    package = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.module or "", False
                continue
            base = package[: len(package) - node.level + 1][1:]
            targets = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ((".".join((*base, target)), True) for target in targets)
        pending.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_imports_go_down_only(path: Path) -> None:
    """No module imports one of a higher rank."""
    if path.name == "__init__.py":
        return  # re-exports, lazily
    here = name_of(path)
    for target, own in imports(path):
        if own:
            assert rank_of(target) <= rank_of(here), f"{here} imports {target}, which is above it"


def test_layering_has_no_circles() -> None:
    """Modules of one rank do not import each other in a circle."""
    graph = {
        name_of(path): {target for target, own in imports(path) if own}
        for path in modules()
        if path.name != "__init__.py"
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"imports in a circle: {' → '.join((*trail, module))}"
        if module not in done:
            for target in graph.get(module, ()):
                visit(target, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_dependencies_have_one_owner(path: Path) -> None:
    """A dependency is imported by the module that owns it, Gradio by none."""
    here = path.relative_to(PACKAGE).as_posix()
    for target, own in imports(path):
        top = target.partition(".")[0]
        if not own:
            assert top not in ("gradio", "gradio_client")
            assert here in OWNERS.get(top, {here}), f"{here} imports {top}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "_protocol").glob("*.py")), ids=name_of)
def test_layering_keeps_the_core_pure(path: Path) -> None:
    """The protocol's modules know no sockets, threads or clocks."""
    assert not {target.partition(".")[0] for target, own in imports(path) if not own} & IMPURE


#: What of `threading` a signal breaks, as `waiting` tells; and where workers only come to it.
BREAKABLE = re.compile(r"\b(Event|Condition|Barrier|Timer|Semaphore|BoundedSemaphore)\b")
OF_WORKERS = {
    ("_connection/connection.py", "BoundedSemaphore"),
    ("_session/session.py", "BoundedSemaphore"),
}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_waits_for_nothing_that_a_signal_breaks(path: Path) -> None:
    """`threading` has more to wait by than locks; here it is not used."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Attribute, ast.ImportFrom)):
            text = ast.unparse(node)
            if text.startswith(("threading.", "from threading ")):
                for name in BREAKABLE.findall(text):
                    assert (path.name, name) in OF_WORKERS, f"{name}, see _transport/signal_safe.py"


def test_layering_picture_shows_every_module() -> None:
    """The house that docs draw is the one that stands."""
    house = PACKAGE.parent / "docs" / "pictures" / "house.svg"
    shown = set(re.findall(r">(\w+)</text>", house.read_text(encoding="utf-8")))
    missing = {name_of(path).rpartition(".")[2] for path in modules()} - {""} - shown
    assert missing <= {"_cli", "_notebook", "_protocol", "_transport"}, (
        f"{missing} not in the picture; run python -m docs.pictures.draw_house"
    )
