"""Generated modules: their source is safe and right, whatever an app sends."""

from __future__ import annotations

import ast
import keyword
import re
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradio_client_sync
from gradio_client_sync._protocol.api.accepted import INPUT_TYPES
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.fingerprint import fingerprint_of
from gradio_client_sync._protocol.api.signature import Signature, signatures_of
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._typed.codegen import module_source
from gradio_client_sync._typed.layout import LINE
from tests.core.test_schema import json_values
from tests.support.samples import VERSIONS, load

ROOT = Path(gradio_client_sync.__file__).parents[1]
SOURCE = "http://127.0.0.1:7860"


def signatures(config: dict[str, Any], info: dict[str, Any] | None) -> list[Signature]:
    return signatures_of(EndpointTable(config, dialect_of(config)), info)


def load_module(source: str) -> ModuleType:
    module = ModuleType("generated")
    exec(compile(source, "generated.py", "exec"), vars(module))
    return module


# -- the allowed shape of a module


def check_tree(source: str, offered: list[Signature], where: str = SOURCE) -> ast.Module:
    """Fail if the module has any node that its shape does not need."""
    tree = ast.parse(source)
    docstring, *statements = tree.body
    assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    names: list[str] = []
    fingerprints: Any = None
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            assert (statement.module, statement.level) in {
                ("__future__", 0),
                ("typing", 0),
                ("gradio_client_sync", 0),
                ("gradio_client_sync.typed", 0),
                ("gradio_client_sync.types", 0),
                ("typing_extensions", 0),
            }
            assert all(alias.asname is None for alias in statement.names)
        elif isinstance(statement, ast.Assign):
            [target] = statement.targets
            assert isinstance(target, ast.Name)
            if target.id == "SOURCE":
                assert ast.literal_eval(statement.value) == where
            elif target.id == "_API":
                assert isinstance(statement.value, ast.Call)
                assert ast.unparse(statement.value.func) == "Api" and not statement.value.keywords
                [kept] = statement.value.args
                fingerprints = ast.literal_eval(kept)
            else:
                check_type(statement.value)
        elif isinstance(statement, ast.ClassDef):
            check_class(statement)
        else:
            assert isinstance(statement, ast.FunctionDef)
            names.append(statement.name)
            check_function(statement)
    assert fingerprints == {one.endpoint: fingerprint_of(one) for one in offered}
    assert len(set(names)) == len(names) == 2 * len(offered)
    return tree


def check_class(made: ast.ClassDef) -> None:
    """Check that a class is a ``TypedDict`` with annotations only."""
    assert [ast.unparse(base) for base in made.bases] == ["TypedDict"]
    assert not made.keywords and not made.decorator_list and made.name.isidentifier()
    about, *keys = made.body
    assert isinstance(about, ast.Expr) and isinstance(about.value, ast.Constant) and keys
    for key in keys:
        assert isinstance(key, ast.AnnAssign) and key.value is None
        assert isinstance(key.target, ast.Name) and not keyword.iskeyword(key.target.id)
        check_type(key.annotation)


def check_function(function: ast.FunctionDef) -> None:
    assert [ast.unparse(one) for one in function.decorator_list] == ["_API.function"]
    assert function.returns is not None
    about, call = function.body
    assert isinstance(about, ast.Expr) and isinstance(about.value, ast.Constant)
    text = about.value.value
    assert isinstance(text, str)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert isinstance(call, (ast.Expr, ast.Return)) and isinstance(call.value, ast.Call)
    assert ast.unparse(call.value.func) in ("_API.call", "_API.submit")
    app, endpoint, values = call.value.args
    assert isinstance(app, ast.Name) and isinstance(endpoint, ast.Constant)
    assert isinstance(values, ast.List)
    given = function.args
    [first] = given.posonlyargs
    assert first.arg == app.id
    assert isinstance(first.annotation, ast.Name) and first.annotation.id == "Client"
    taken = [arg.arg for arg in (*given.args, *given.kwonlyargs)]
    assert [ast.unparse(value) for value in values.elts] == taken
    assert given.vararg is None and given.kwarg is None
    for name in (function.name, app.id, *taken):
        assert name.isidentifier() and not keyword.iskeyword(name)
    for arg in (*given.args, *given.kwonlyargs):
        assert arg.annotation is not None
        check_type(arg.annotation)
    check_type(function.returns)
    for default in (*given.defaults, *given.kw_defaults):
        if default is not None and not (isinstance(default, ast.Name) and default.id == "DEFAULT"):
            ast.literal_eval(default)


def check_type(node: ast.expr) -> None:
    """Check that a type has only known words, brackets, bars, and literals in ``Literal``."""
    if isinstance(node, ast.BinOp):
        assert isinstance(node.op, ast.BitOr)
        check_type(node.left)
        check_type(node.right)
    elif isinstance(node, ast.Subscript):
        assert isinstance(node.value, ast.Name)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "Literal":
            assert all(isinstance(ast.literal_eval(one), (str, int, type(None))) for one in inner)
            return
        assert node.value.id in ("list", "dict", "tuple", "TypedJob", "NotRequired")
        for one in inner:
            check_type(one)
    elif isinstance(node, ast.Constant):
        assert node.value is None
    else:
        assert isinstance(node, ast.Name)
        words = {"Any", "str", "int", "float", "bool", "Default", "RemoteFile", *INPUT_TYPES}
        assert node.id in words or node.id[0].isupper() or not node.id.isascii()


@pytest.mark.parametrize("version", VERSIONS)
def test_module_of_every_sample_has_its_shape(version: str) -> None:
    """The module of each sample has two functions per endpoint, and can be imported."""
    offered = signatures(*load(version))
    source = module_source(SOURCE, offered)
    check_tree(source, offered)
    module = load_module(source)
    if sys.version_info >= (3, 10):  # earlier, `X | Y` has no meaning at run time
        hints = typing.get_type_hints(module.translate)
        assert hints["language"] == typing.Literal["English", "French", "Bahasa Indonesia"]


# -- hostile apps

PHRASES = [
    '"""\nimport os\n"""',
    "'''",
    '\\"""',
    'x"""',
    '"; import os; "',
    "a\\",
    'a\\"',
    "\x1b]0;x\x07",
    "\u202etxt",
    "\ud800",
    "\r\nimport os",
    "\x00",
    "{os.system('x')}",
    "class",
    "__debug__",
    "_API",
    "DEFAULT",
    "app",
    "str",
    "list",
    "Literal",
    "l",
    "O",
    "Upper",
    "ﬁ",
    "Returns:",
    "Returns",
    "Args:\n    a: b",
    "a" * 300,
    "a b " * 60,
    "文" * 100,
    "None",
    "print",
    "submit_f",
    "# noqa",
    "# type: ignore",
    "add(a, b) adds",
]
hostile = st.text(max_size=120) | st.sampled_from(PHRASES)
# Python's tables for characters without width lack some that ruff calls letters.
for_tools = st.text(st.characters(exclude_categories=("Cs", "Mn")), max_size=120) | st.sampled_from(
    PHRASES
)


def objects(hostile: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return schemas of objects with hostile keys and names, one inside another."""
    names = ["a", "b", "c", "label", "str", "list", "__x__", "I", "maxLength", "Any", "__x", "a b"]
    names += ["_maxLength", "max_Length", "ßA", "Aß"]
    keys = st.sampled_from(names) | st.sampled_from(names) | hostile
    leaves: st.SearchStrategy[Any] = st.sampled_from(
        [{"type": "string"}, {"type": "null"}, {"const": "a", "default": "a"}, {"enum": ["a", "b"]}]
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.fixed_dictionaries(
                {
                    "type": st.just("object"),
                    "properties": st.dictionaries(keys, inner, min_size=1, max_size=4),
                },
                optional={
                    "title": hostile | st.sampled_from(["Any", "TypedDict", "LabelData", "str"]),
                    "required": st.lists(keys, max_size=3),
                },
            )
            | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
            | st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)})
        ),
        max_leaves=8,
    )


@st.composite
def apps(draw: st.DrawFn, hostile: st.SearchStrategy[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a config and an info with random texts, names, types and defaults."""
    plain_values = st.none() | st.booleans() | st.integers() | st.floats() | hostile
    schemas = (
        st.fixed_dictionaries({"type": st.just("string"), "enum": st.lists(hostile, max_size=8)})
        | st.fixed_dictionaries({"enum": st.lists(plain_values, max_size=4)})
        | st.fixed_dictionaries(
            {
                "type": st.just("array"),
                "items": st.fixed_dictionaries({"enum": st.lists(hostile, max_size=3)}),
            }
        )
        | st.sampled_from(
            [{"type": kind} for kind in "string number integer boolean array object".split()]
            + [
                {"anyOf": [{"type": "string"}, {"type": "null"}]},
                {"type": "object", "properties": {key: {} for key in ("path", "url", "orig_name")}},
            ]
        )
        | objects(hostile)
        | json_values
    )
    components: list[dict[str, Any]] = []
    dependencies: list[dict[str, Any]] = []
    info: dict[str, Any] = {"named_endpoints": {}, "unnamed_endpoints": {}}
    for number in range(draw(st.integers(1, 3))):
        name = draw(hostile | st.none())
        parameters: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(0, 4))):
            has_default = draw(st.booleans())
            parameters.append(
                {
                    "label": draw(hostile),
                    "parameter_name": draw(hostile | st.none()),
                    "type": draw(schemas),
                    "python_type": {"type": "x", "description": draw(hostile)},
                    "parameter_has_default": has_default,
                    "parameter_default": draw(plain_values | json_values) if has_default else None,
                }
            )
        outputs = st.fixed_dictionaries({"label": hostile, "type": schemas | objects(hostile)})
        returns = draw(st.lists(outputs, max_size=3))
        first = len(components)
        for _ in (*parameters, *returns):
            props = {"allow_custom_value": draw(st.booleans())}
            components.append(
                {"id": len(components), "type": "box", "skip_api": False, "props": props}
            )
        middle = first + len(parameters)
        dependencies.append(
            {
                "id": number,
                "api_name": name,
                "inputs": list(range(first, middle)),
                "outputs": list(range(middle, len(components))),
                "types": {"generator": draw(st.booleans())},
            }
        )
        kind = "unnamed_endpoints" if name is None else "named_endpoints"
        info[kind][str(number) if name is None else f"/{name}"] = {
            "parameters": parameters,
            "returns": returns,
            "description": draw(hostile | st.lists(hostile).map("\n".join)),
        }
    config = {"version": "6.31.0", "components": components, "dependencies": dependencies}
    return config, info


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(app=apps(hostile), source=hostile)
def test_module_of_a_hostile_app_is_safe(app: Any, source: str) -> None:
    """Whatever the app sends, the source parses, compiles, runs, and contains nothing else."""
    offered = signatures(*app)
    text = module_source(source, offered)
    text.encode()
    check_tree(text, offered, source)
    load_module(text)
    assert all(len(line) <= LINE or "noqa" in line for line in text.splitlines())


def ruff(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    options = ("--no-cache", "--config", str(ROOT / "pyproject.toml"), ".")
    return subprocess.run(
        [sys.executable, "-m", "ruff", *command, *options],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def tools() -> None:
    """Return the commands of ruff and mypy; they are in the extra ``dev``, and not in ``tests``."""
    pytest.importorskip("ruff")
    pytest.importorskip("mypy")


def check_with_tools(folder: Path) -> None:
    formatted = ruff(folder, "format", "--diff")
    assert formatted.returncode == 0, formatted.stdout
    checked = ruff(folder, "check")
    assert checked.returncode == 0, checked.stdout
    options = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(folder / "_"))
    typed = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *map(str, folder.glob("*.py"))],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    )
    assert typed.returncode == 0, typed.stdout


@pytest.mark.usefixtures("tools")
def test_modules_of_samples_pass_the_tools(tmp_path: Path) -> None:
    """Ruff and ``mypy --strict`` find nothing in the modules of the samples."""
    for version in VERSIONS:
        source = module_source(SOURCE, signatures(*load(version)))
        (tmp_path / f"studio_{version.replace('.', '_')}.py").write_text(source, "utf-8")
    check_with_tools(tmp_path)


@pytest.mark.usefixtures("tools")
def test_modules_of_hostile_apps_pass_the_tools(tmp_path: Path) -> None:
    """Ruff and ``mypy --strict`` find nothing in the modules of hostile apps."""
    written = 0

    @settings(max_examples=250, database=None, derandomize=True)
    @given(app=apps(for_tools), source=for_tools)
    def write(app: Any, source: str) -> None:
        nonlocal written
        written += 1
        (tmp_path / f"m{written}.py").write_text(module_source(source, signatures(*app)), "utf-8")

    write()
    check_with_tools(tmp_path)
