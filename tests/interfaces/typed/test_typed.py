"""`typed`: generated modules, with real servers and with apps that change."""

from __future__ import annotations

import contextlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    ApiChangedError,
    AppError,
    Client,
    GradioClientError,
    JobTimeoutError,
)
from gradio_client_sync._typed.codegen import module_source
from gradio_client_sync.function import DEFAULT
from tests.interfaces.typed.test_codegen import ROOT, check_tree, load_module
from tests.support.component_values import ROWS
from tests.support.scripted import ScriptedApp, component, config_of, dependency
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, Server


def write(app: Client) -> Any:
    """Generate the module of an app, and import it."""
    return load_module(module_source(app.url, app._signatures()))


@pytest.mark.gradio
def test_module_of_a_real_app_works(app: Client) -> None:
    """Both forms of a module's functions call the app."""
    module = write(app)
    assert app.url == module.SOURCE
    assert module.add(app, 2, b=3) == 5
    assert module.defaults(app, "a", choice="green") == "a 2 True green"
    assert module.defaults(app, "a", DEFAULT) == "a 2 True red"
    assert module.pair(app, "ab") == ("AB", 2)
    assert module.nothing(app, "a") is None
    assert list(module.submit_count(app, 3))[:3] == ["0", "1", "2"]
    assert list(module.add.map(app, [1, 2], b=[3, 4])) == [4, 6]
    assert list(module.submit_defaults.map(app, ["a", "b"])) == ["a 2 True red", "b 2 True red"]
    check_tree(module_source(app.url, app._signatures()), app._signatures(), app.url)


CALLS = """
from typing import Literal, get_type_hints
from gradio_client_sync import Client
import my_app

def use(app: Client) -> None:
    number: float = my_app.add(app, 2, b=3)
    pair: tuple[str, float] = my_app.pair(app, "a")
    for text in my_app.submit_count(app, 3):
        text.upper()
    my_app.defaults(app, "a", choice="red")
    my_app.defaults(app, "a", choice="pink")
    my_app.add(app, "2", 3)
    number.upper()
    my_app.submit_pair(app, "a").result()[0].bit_length()
    my_app.file(app, b"content").download()
    my_app.file(app, "text")
    patient = my_app.add.with_options(timeout=60, headers={"X-Run": "1"})
    total: float = patient(app, 2, b=3)
    patient(app, "2", b=3)
    patient.with_options(timeout="60")
    my_app.submit_count.with_options(isolated=True)(app, 3).result().upper()
    my_app.submit_count.with_options(idempotent=True)(app, n=None)
    listened = my_app.submit_count(app, 3).on("status", lambda status: print(status.stage))
    listened.show_progress().result().upper()
"""


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the cache of mypy, which all tests share."""
    return tmp_path_factory.mktemp("mypy")


def errors_of(folder: Path, cache: Path) -> tuple[list[tuple[str, int]], str]:
    """Return file and line of each error that mypy finds in a folder, and all that it prints."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--cache-dir", str(cache), *map(str, folder.glob("*.py"))],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(folder)},
        capture_output=True,
        encoding="utf-8",
    )
    errors = [line.split(":")[:2] for line in done.stdout.splitlines() if "error:" in line]
    return [(Path(name).name, int(line)) for name, line in errors], done.stdout


@pytest.mark.gradio
def test_module_of_a_real_app_is_typed(app: Client, tmp_path: Path, mypy_cache: Path) -> None:
    """A type checker sees choices, parameters, options and results of both forms."""
    (tmp_path / "my_app.py").write_text(module_source(app.url, app._signatures()), "utf-8")
    (tmp_path / "use.py").write_text(CALLS, "utf-8")
    found, printed = errors_of(tmp_path, mypy_cache)
    lines = (12, 13, 14, 15, 17, 20, 21, 23)
    assert found == [("use.py", line) for line in lines], printed


#: Calls of `components` that no server takes. A text goes nowhere that takes a file.
REFUSED = (
    "take_file", "take_files", "take_image", "take_image_pil", "take_audio", "take_video",
    "take_gallery", "take_model3d", "take_dataframe", "take_highlighted", "take_chat_tuples",
)  # fmt: skip
START = """
from datetime import date, datetime
from pathlib import Path
import numpy as np
import pandas as pd
import PIL.Image
from gradio_client_sync import Client, handle_file
import my_app

def use(app: Client) -> None:
"""


@pytest.mark.gradio
def test_annotations_accept_what_components_accept(
    server: Server, server_pool: ServerPool, tmp_path: Path, mypy_cache: Path
) -> None:
    """A type checker accepts all values of the table in docs/values.md, and no text for a file."""
    url = server_pool.get(server.version, app=(COMPONENTS,)).url
    with Client(url) as app:
        signatures = app._signatures()
        source = module_source(url, signatures)
    offered = {signature.name for signature in signatures}
    calls = [
        f"my_app.take_{take.endpoint}(app, {take.passed})"
        for row in ROWS
        for take in row.takes
        if f"take_{take.endpoint}" in offered
        and not row.component.startswith(("Button", "Dataset"))
    ]
    assert len(calls) > 40
    wrong = [f'my_app.{name}(app, "a text")' for name in REFUSED if name in offered]
    (tmp_path / "my_app.py").write_text(source, "utf-8")
    (tmp_path / "use.py").write_text(START + "\n".join(f"    {one}" for one in calls), "utf-8")
    (tmp_path / "wrong.py").write_text(START + "\n".join(f"    {one}" for one in wrong), "utf-8")
    found, printed = errors_of(tmp_path, mypy_cache)
    first = START.count("\n") + 1
    assert found == [("wrong.py", first + n) for n in range(len(wrong))], printed


SHAPES = """
from gradio_client_sync import Client, RemoteFile
import my_app

def use(app: Client) -> None:
    label = my_app.give_label(app)
    label["label"]
    label["labels"]
    table = my_app.give_dataframe(app)
    table["headers"][0]
    table["rows"]
"""


@pytest.mark.gradio
def test_results_with_known_keys_are_typed(
    server: Server, server_pool: ServerPool, tmp_path: Path, mypy_cache: Path
) -> None:
    """A type checker knows the keys of results, and a result has the keys that are always there."""
    url = server_pool.get(server.version, app=(COMPONENTS,)).url
    with Client(url) as app:
        module = write(app)
        (tmp_path / "my_app.py").write_text(module_source(url, app._signatures()), "utf-8")
        (tmp_path / "use.py").write_text(SHAPES, "utf-8")
        found, printed = errors_of(tmp_path, mypy_cache)
        assert found == [("use.py", 8), ("use.py", 11)], printed
        for name in [name for name in vars(module) if name.startswith("give_")]:
            give = getattr(module, name)
            with contextlib.suppress(AppError):  # 3.23.0 cannot return subtitles
                has_its_keys(module, give.__annotations__["return"], give(app))


def has_its_keys(module: Any, kind: str, value: Any) -> None:
    """Check that a result, or each part of a list, has the keys that are always there."""
    kind = kind.removeprefix("list[").removesuffix("]")
    made = vars(module).get(kind)
    if not hasattr(made, "__required_keys__"):
        return
    for one in value if isinstance(value, list) else [value]:
        sure = {key for key, text in made.__annotations__.items() if "NotRequired" not in str(text)}
        assert sure <= one.keys(), (kind, one)


@pytest.mark.client_only
@pytest.mark.gradio
def test_options_hold_for_each_call(app: Client, key: str) -> None:
    """`with_options` returns the same function with these options, in all forms."""
    module = write(app)
    for hold, submit in (
        (module.hold.with_options(timeout=0.2), module.submit_hold.with_options(timeout=0.2)),
        (
            lambda _, key: app.function("/hold").with_options(timeout=0.2)(key),
            lambda _, key: app.function("/hold").with_options(timeout=0.2).submit(key),
        ),
    ):
        with pytest.raises(JobTimeoutError):
            hold(app, key)
        with pytest.raises(JobTimeoutError):
            submit(app, key).result()
    add = module.add.with_options(idempotent=True)
    assert add.with_options(isolated=True)(app, 2, b=3) == 5 == app.function("/add")(2, 3)
    assert inspect.signature(add) == inspect.signature(module.add)
    assert add.__doc__ == module.add.__doc__ and add.__name__ == "add"
    for function in (module.add, app.function("/add")):
        with pytest.raises(TypeError, match="timeout must be a number of seconds"):
            function.with_options(timeout="2")
        with pytest.raises(TypeError, match="isolated must be True or False"):
            function.with_options(isolated=1)
        for wrong, text in (
            ({"timout": 2}, r"with_options\(\) has no option timout=\. Did you mean timeout=\?"),
            ({"colour": 2}, "Its options are timeout, isolated, idempotent, headers, progress"),
        ):
            with pytest.raises(TypeError, match=text):
                function.with_options(**wrong)
        with pytest.raises(TypeError, match="The options are passed by name"):
            function.with_options(2)


# -- apps that change


def config(*parameters: tuple[str, str], name: str = "f", kind: str = "textbox") -> dict[str, Any]:
    """Return the config of an app with one endpoint: its parameters, and the type of its result."""
    components = [component(n, kind, label=label) for n, (label, kind) in enumerate(parameters)]
    inputs = [one["id"] for one in components]
    components.append(component(99, kind))
    return config_of(
        dependency(0, name, inputs=inputs, outputs=[99], queue=False), components=components
    )


OLD = config(("a", "textbox"), ("b", "number"))


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        (config(("a", "textbox"), ("b", "number"), ("c", "checkbox")),
         ["'/f': parameter 'c' was added (bool, required)"]),
        (config(("a", "textbox")), ["'/f': parameter 'b' no longer exists"]),
        (config(("a", "textbox"), ("beta", "number")),
         ["'/f': parameter 'b' is now called 'beta'"]),
        (config(("a", "number"), ("b", "number")),
         ["'/f': parameter 'a' now takes float, not str"]),
        (config(("a", "textbox"), ("b", "number"), kind="number"),
         ["'/f': it now returns float, not str"]),
        (config(("a", "textbox"), ("b", "number"), name="g"),
         ["'/f' no longer exists; '/g' takes and returns the same"]),
    ],
)  # fmt: skip
def test_call_against_a_changed_app_says_what_changed(
    new: dict[str, Any], changes: list[str]
) -> None:
    """If the app has changed, both forms raise before the call is sent, and name the change."""
    with ScriptedApp(OLD) as old, Client(old.url) as app:
        module = write(app)
    with ScriptedApp(new) as changed, Client(changed.url) as app:
        for form in (module.f, module.submit_f):
            with pytest.raises(ApiChangedError) as raised:
                form(app, "a", 1)
            assert list(raised.value.changes) == changes
            assert changes[0] in str(raised.value) and "gradio-client-sync types" in str(
                raised.value
            )
            assert raised.value.endpoint == "/f"
        assert not any(request.startswith("POST") for request in changed.requests)


def test_call_is_by_name_so_order_does_not_matter() -> None:
    """If the app has moved a parameter, the values still go to the right ones."""
    with ScriptedApp(OLD) as old, Client(old.url) as app:
        module = write(app)
    sent: list[Any] = []
    with ScriptedApp(config(("b", "number"), ("a", "textbox"))) as moved:
        moved.scripts["POST /run/f"] = lambda x: (
            sent.append(x.json["data"]),  # type: ignore[func-returns-value]
            x.answer({"data": ["ok"]}),
        )
        with Client(moved.url) as app:
            assert module.f(app, "text", 1) == "ok"
            assert module.f(app, "text", 2) == "ok"
        assert sent == [[1, "text"], [2, "text"]]
        assert moved.count("GET /info") == 1


def test_error_of_a_changed_app_is_one_of_the_package() -> None:
    """The error of a changed app is a `GradioClientError`."""
    assert issubclass(ApiChangedError, GradioClientError)
