"""The package as a whole: what an import loads, and which names it has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import gradio_client_sync
from gradio_client_sync import _client, errors, events

DEPENDENCIES = ("requests", "urllib3", "websocket", "huggingface_hub", "certifi")


def python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return run.stdout


@pytest.mark.parametrize(
    "statement",
    [
        "import gradio_client_sync",
        "from gradio_client_sync import AppError, Data, Status",
        "import gradio_client_sync.errors, gradio_client_sync.types",
    ],
)
def test_package_import_loads_no_dependency(statement: str) -> None:
    """Importing the package, its errors and events loads only the standard library."""
    loaded = python(f"{statement}; import sys; print(*sys.modules)").split()
    assert not {name.partition(".")[0] for name in loaded} & set(DEPENDENCIES)


def test_package_names_are_complete() -> None:
    """Every public class is in the package's names, and every name exists."""
    offered = set(gradio_client_sync.__all__)
    assert offered >= set(errors.__all__)
    assert offered >= {"Client", "client", "Job", "Data", "Status", "Progress", "Log", "Render"}
    assert set(dir(gradio_client_sync)) == offered
    for name in offered:
        assert getattr(gradio_client_sync, name) is not None


def test_package_client_is_another_name_for_Client() -> None:  # noqa: N802 - the class
    """JavaScript's name for the class works, also after the module was imported."""
    from gradio_client_sync import Client, client

    assert client is Client is _client.Client


def test_package_unknown_name_is_an_attribute_error() -> None:
    """An unknown name raises `AttributeError` with the name."""
    with pytest.raises(AttributeError, match="Clyent"):
        gradio_client_sync.Clyent  # noqa: B018 - the access itself is the test


def test_package_star_import_works() -> None:
    """`from gradio_client_sync import *` imports the public names."""
    assert python("from gradio_client_sync import *; print(Client.__name__, client is Client)") == (
        "Client True\n"
    )


def test_package_has_one_version() -> None:
    """The version is a release number, and the events module has no other."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", gradio_client_sync.__version__)
    assert not hasattr(events, "__version__")


def test_package_is_typed() -> None:
    """Type checkers of users read the package's annotations."""
    assert (Path(gradio_client_sync.__file__).parent / "py.typed").exists()
