"""The rules for imports between modules, checked on every import."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs.pictures.draw_house import picture
from tests.support.layers import LAYERS, PACKAGE, imports, is_folder, modules, name_of, order

#: Modules that the pure core must not import.
IMPURE = {"socket", "threading", "time", "queue", "requests", "urllib3", "websocket", "ssl"}

#: The modules that may import each dependency.
_REQUESTS = (
    *("certificates", "given_response", "http_options", "prepared", "request_context"),
    *("user_adapter", "ws", "ws_prepared"),
)
OWNERS = {
    "requests": {f"_transport/{name}.py" for name in _REQUESTS}
    | {"_client.py", "_options.py", "_connection/from_session.py"},  # the first two for types
    "urllib3": {
        f"_transport/{name}.py"
        for name in (
            "connections",
            "failures",
            "prepared",
            "request_context",
            "response",
            "user_adapter",
        )
    },
    "websocket": {"_transport/ws.py"},
    "huggingface_hub": {"_spaces/hub.py"},
}


def test_layers_name_each_module_once() -> None:
    """Each module has one position in the order, and each position has a module."""
    listed = [name for folder, names in LAYERS for name in names.split()]
    assert len(order()) == len(listed), "a module is listed twice"
    assert {name_of(path) for path in modules() if not is_folder(path)} == order().keys()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_imports_go_down_only(path: Path) -> None:
    """A module imports only modules that stand before it in the order, for types too."""
    here = name_of(path)
    own = [target for target, is_own in imports(path) if is_own]
    if is_folder(path):
        assert not own, f"{here}/__init__.py imports {own}; it holds a docstring only"
        return
    for target in own:
        assert order()[target] < order()[here], f"{here} imports {target}, which is not below it"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_dependencies_have_one_owner(path: Path) -> None:
    """A dependency is imported only by the modules that own it, and Gradio by none."""
    here = path.relative_to(PACKAGE).as_posix()
    for target, own in imports(path):
        top = target.partition(".")[0]
        if not own:
            assert top not in ("gradio", "gradio_client")
            assert here in OWNERS.get(top, {here}), f"{here} imports {top}"


#: Classes of `compat` that have a name of `gradio_client`, which this package uses elsewhere too.
SHARED_NAMES = {
    *("AppError", "AuthenticationError", "Client", "Endpoint", "Job", "Status", "ValidationError"),
}


def test_layering_gives_each_class_its_own_name() -> None:
    """A class name means one thing. Only `compat` repeats names, those of `gradio_client`."""
    found: dict[str, list[str]] = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(name_of(path))
    shared = {name: places for name, places in found.items() if len(places) > 1}
    assert shared.keys() == SHARED_NAMES, shared
    for name, places in shared.items():
        ours = [place for place in places if not place.startswith("compat.")]
        assert len(ours) == 1 and len(places) == 2, f"{name} is a class of {places}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "_protocol").rglob("*.py")), ids=name_of)
def test_layering_keeps_the_core_pure(path: Path) -> None:
    """The modules of the protocol use no sockets, threads or clocks."""
    assert not {target.partition(".")[0] for target, own in imports(path) if not own} & IMPURE


#: Parts of `threading` that a signal can break (see `signal_safe`), and where only workers wait.
BREAKABLE = re.compile(r"\b(Event|Condition|Barrier|Timer|Semaphore|BoundedSemaphore)\b")
OF_WORKERS = {
    ("_connection.sessions", "BoundedSemaphore"),
    ("_session.session", "BoundedSemaphore"),
}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_waits_are_signal_safe(path: Path) -> None:
    """Code waits with `signal_safe`, and not with the parts of `threading` that a signal breaks."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Attribute, ast.ImportFrom)):
            text = ast.unparse(node)
            if text.startswith(("threading.", "from threading ")):
                for name in BREAKABLE.findall(text):
                    assert (name_of(path), name) in OF_WORKERS, (
                        f"{name}, see _transport/signal_safe.py"
                    )


#: The modules that make a lock without `new_lock`: only such ones that no `with` holds.
OWN_LOCKS = {"_transport.signal_safe", "_calls.runner"}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_locks_are_signal_safe(path: Path) -> None:
    """Locks are made by `new_lock`, since a signal can leave others locked on Python 3.14."""
    source = path.read_text(encoding="utf-8")
    assert name_of(path) in OWN_LOCKS or not re.search(r"\bthreading\.R?Lock\(", source)


#: What `compat` imports below the public modules, from the lowest layer: its own public methods
#: hide secrets and shorten tracebacks, too.
BASICS_OF_COMPAT = {"_basics.printing", "_basics.secret", "_tracebacks"}

COMPAT = [path for path in modules() if path.parent.name == "compat"]


def test_layering_compat_uses_the_public_api() -> None:
    """`compat` imports public modules, and of the others only the listed basics."""
    used = {name for path in COMPAT for name, is_own in imports(path) if is_own}
    private = {name for name in used - {"__init__"} if re.match(r"_|(?!compat\b).*\._", name)}
    assert private == BASICS_OF_COMPAT
    lowest = [name for _, row in LAYERS[:2] for name in row.split()]
    assert {name.rpartition(".")[2] for name in private} <= set(lowest)


@pytest.mark.parametrize("path", COMPAT, ids=name_of)
def test_layering_compat_reads_no_private_attribute(path: Path) -> None:
    """Modules of `compat` read private attributes of their own objects only."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr):
            owner = ast.unparse(node.value)
            assert owner in ("self", "cls") or ast.unparse(node) == "sys._getframe", owner


#: The largest sizes in lines, without docstrings. A larger module or class has a second subject.
MODULE_LINES, CLASS_LINES = 400, 300

Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstring_lines(tree: ast.AST) -> set[int]:
    """Return the numbers of the lines of all docstrings in a module."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            found.update(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    return found


def too_long(source: str) -> list[str]:
    """Return each module or class that has too many lines, with its size."""
    tree = ast.parse(source)
    docstrings = docstring_lines(tree)
    sizes = [("the module", len(source.splitlines()) - len(docstrings), MODULE_LINES)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = set(range(first, (node.end_lineno or 0) + 1))
            sizes.append((f"class {node.name}", len(lines - docstrings), CLASS_LINES))
    return [f"{name} has {size} lines" for name, size, most in sizes if size > most]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_layering_modules_and_classes_are_short(path: Path) -> None:
    """No module and no class has more lines than one subject needs; docstrings do not count."""
    assert not too_long(path.read_text(encoding="utf-8"))


def test_layering_counts_lines_without_docstrings() -> None:
    """Blank lines and comments count; docstrings of modules, classes and functions do not."""
    head = '"""A module.\n\nIts text.\n"""\n\nclass A:\n    """A class.\n\n    Its text.\n    """\n'
    method = '\n    # Why.\n    def f():\n        """A method."""\n        return 1\n'  # four lines
    assert too_long(head + method * 74 + "    x = 1\n" * 3) == []
    assert too_long(head + method * 75) == ["class A has 301 lines"]
    assert too_long("\n# Why.\n" * 200) == []
    assert too_long("\n# Why.\n" * 200 + "\n") == ["the module has 401 lines"]


def test_layering_picture_is_up_to_date() -> None:
    """The picture in the docs matches the imports."""
    drawn = PACKAGE.parent / "docs" / "pictures" / "house.svg"
    assert drawn.read_text(encoding="utf-8") == picture(), (
        "house.svg is out of date; run python -m docs.pictures.draw_house"
    )
