"""`typed`: generated modules, with real servers and with apps that change."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import ApiChangedError, Client, GradioClientError
from gradio_client_sync._typed.codegen import module_source
from gradio_client_sync.function import DEFAULT
from tests.interfaces.typed.test_codegen import ROOT, check_tree, load_module
from tests.support.scripted import ScriptedApp, component, config_of, dependency


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
"""


@pytest.mark.gradio
def test_module_of_a_real_app_is_typed(app: Client, tmp_path: Path) -> None:
    """A type checker sees choices, parameters and results of both forms."""
    pytest.importorskip("mypy")
    (tmp_path / "my_app.py").write_text(module_source(app.url, app._signatures()), "utf-8")
    (tmp_path / "use.py").write_text(CALLS, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), *map(str, tmp_path.glob("*.py"))],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
    )
    errors = [line.split(":")[:2] for line in done.stdout.splitlines() if "error:" in line]
    found = [(Path(name).name, int(line)) for name, line in errors]
    assert found == [("use.py", line) for line in (12, 13, 14, 15, 17)], done.stdout


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
