"""The package as users install it: the contents of the archives, and its use without extras."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

import gradio_client_sync
from tests.conftest import SERVERS
from tests.interfaces.typed.test_codegen import ROOT
from tests.support.hub.hub import LocalHub
from tests.support.servers.environments import uv_command
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

EXTRAS = {"progress", "images", "pandas", "notebook", "cli", "demo", "test", "docs"}
#: Files of the repository that are not in the source archive.
NOT_SHIPPED = {".gitignore", "docs/_build"}

#: A script of what works without extras.
ALONE = """\
import sys
from pathlib import Path

import gradio_client_sync as g

url, file = sys.argv[1:]
assert "site-packages" in g.__file__, g.__file__
with g.Client(url) as app:
    print(app.predict("/add", [2, 3])[0])
    print(*(data[0] for data in app.submit("/count", [3])))
    print(app.predict("/digest", [Path(file)])[0])
    print(len(app.predict("/make_file", [1000])[0].read()))
    print(app.function("/echo")("a function"))
with g.Client("user/space") as app:
    print(app.predict("/add", [2, 3])[0])
"""


#: A script of what needs an extra; nothing is called for these errors.
WITHOUT = """\
import sys

import gradio_client_sync as g

with g.Client(sys.argv[1]) as app:
    try:
        app.predict("/add", [2, 3], progress=True)
    except g.MissingDependencyError as error:
        print(error.extra, error)
    print(app.predict("/add", [2, 3])[0])
"""


def done(*command: str | Path, **options: Any) -> str:
    """Run a command, and check that it ends with success."""
    words = list(map(str, command))
    run = subprocess.run(words, capture_output=True, encoding="utf-8", **options)
    assert run.returncode == 0, run.stdout + run.stderr
    return str(run.stdout)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the source archive, and the wheel made of it; CI has built both already."""
    folder = Path(os.environ.get("GRADIO_CLIENT_SYNC_DIST") or tmp_path_factory.mktemp("dist"))
    if not any(folder.iterdir()):
        done(*uv_command(), "build", "--quiet", "--out-dir", folder, ROOT)
    [source], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


def environment(folder: Path, *packages: str | Path) -> Path:
    """Make an environment with some packages; return the folder of its programs."""
    done(*uv_command(), "venv", "--quiet", "--python", sys.executable, folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    done(*uv_command(), "pip", "install", "--quiet", "--python", scripts / "python", *packages)
    return scripts


@pytest.fixture(scope="module")
def empty(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with only the wheel and its dependencies."""
    return environment(tmp_path_factory.mktemp("empty") / "env", archives[1])


@pytest.fixture(scope="module")
def bare(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment without the Hub's library, since that needs click and tqdm."""
    needed = ("requests", "websocket-client", "typing-extensions")
    scripts = environment(tmp_path_factory.mktemp("bare") / "env", *needed)
    options = ("--quiet", "--no-deps", "--python", scripts / "python")
    done(*uv_command(), "pip", "install", *options, archives[1])
    return scripts


def outside() -> dict[str, str]:
    """Return the environment variables without those that could make this repository importable."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_source_archive_is_the_whole_project(archives: tuple[Path, Path]) -> None:
    """The source archive has all of the repository: tests, docs, license and changelog too."""
    with tarfile.open(archives[0]) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert names >= {"LICENSE", "CHANGELOG.md", "README.md", "CONTRIBUTING.md", "SECURITY.md"}
    assert names >= {"docs/index.md", "docs/pictures/house.svg", "tests/docs/test_installed.py"}
    assert names >= {"tests/support/servers/requirements/gradio-6.31.0.txt", "examples/studio.py"}
    if (ROOT / ".git").exists():
        kept = done("git", "ls-files", cwd=ROOT).splitlines()
        assert set(kept) - names <= NOT_SHIPPED
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]


def test_editable_install_is_seen_by_editors(tmp_path: Path) -> None:
    """An editable install adds a path, which type checkers read, and no hook, which they do not."""
    clone, there = tmp_path / "clone", tmp_path / "site-packages"
    shutil.copytree(ROOT / "gradio_client_sync", clone / "gradio_client_sync")
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    options = ("--quiet", "--no-deps", "--target", there, "--editable", clone)
    done(*uv_command(), "pip", "install", *options)
    paths = [line for file in there.glob("*.pth") for line in file.read_text().splitlines()]
    assert [Path(path) for path in paths] == [clone]


def test_wheel_is_the_package_and_nothing_else(archives: tuple[Path, Path]) -> None:
    """The wheel has the modules, the typing marker, the demo's app and the metadata, only."""
    with zipfile.ZipFile(archives[1]) as archive:
        names = set(archive.namelist())
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "gradio_client_sync").rglob("*")
        if path.suffix in (".py", ".txt", ".typed") or path.name == "py.typed"
    }
    assert "gradio_client_sync/py.typed" in package
    metadata = {name for name in names if ".dist-info/" in name}
    assert names - metadata == package
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


def test_metadata_is_complete(archives: tuple[Path, Path]) -> None:
    """The metadata has all fields that users of an index and installers need."""
    with zipfile.ZipFile(archives[1]) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata: Message = Parser().parsestr(archive.read(name).decode())
    assert metadata["Version"] == gradio_client_sync.__version__
    assert set(metadata.get_all("Provides-Extra") or ()) >= EXTRAS
    assert metadata["Requires-Python"] == ">=3.9" and metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown" and "# gradio_client" in str(
        metadata
    )
    assert all(metadata[field] for field in ("Summary", "Keywords", "Author", "Project-URL"))
    assert "Typing :: Typed" in (metadata.get_all("Classifier") or ())
    always = [one for one in metadata.get_all("Requires-Dist") or () if "extra ==" not in one]
    assert {one.partition(">")[0] for one in always} == {
        *("requests", "urllib3", "websocket-client", "huggingface_hub", "typing-extensions")
    }


@pytest.mark.gradio
def test_package_works_without_extras(
    empty: Path, server_pool: ServerPool, hub: LocalHub, tmp_path: Path
) -> None:
    """Predict, submit, files and Spaces work without any extra."""
    server = newest(server_pool)
    hub.add("user/space", app=server.url)
    script, file = tmp_path / "script.py", tmp_path / "note.txt"
    script.write_text(ALONE, encoding="utf-8")
    file.write_text("a note", encoding="utf-8")
    command = (empty / "python", "-W", "error", script, server.url, file)
    printed = done(*command, env=outside(), cwd=tmp_path).splitlines()
    assert printed[:2] == ["5", "0 1 2 2"]
    assert json.loads(printed[2])["name"] == "note.txt"
    assert printed[3:] == ["1000", "a function", "5"]


@pytest.mark.gradio
def test_missing_extra_is_named(bare: Path, server_pool: ServerPool, tmp_path: Path) -> None:
    """Without tqdm, the error for bars names the extra, and other calls work."""
    script = tmp_path / "script.py"
    script.write_text(WITHOUT, encoding="utf-8")
    command = (bare / "python", "-W", "error", script, newest(server_pool).url)
    printed = done(*command, env=outside(), cwd=tmp_path).splitlines()
    assert printed[0].startswith("progress ") and "gradio-client-sync[progress]" in printed[0]
    assert printed[1:] == ["5"]


def newest(server_pool: ServerPool) -> Server:
    if "6.31.0" not in SERVERS:
        pytest.skip("needs the newest server")
    return server_pool.get("6.31.0")


def test_command_without_click_names_the_extra(bare: Path) -> None:
    """Without click, the command still responds, and names the extra."""
    program = bare / "gradio-client-sync"
    assert "gradio-client-sync[cli]" in done(program, "--help", env=outside())
    assert gradio_client_sync.__version__ in done(program, "--version", env=outside())
    for arguments in (["predict", "http://127.0.0.1:1"], ["demo"], []):
        run = subprocess.run(
            [program, *arguments], capture_output=True, encoding="utf-8", env=outside()
        )
        assert (run.returncode, run.stdout) == (12, "")
        assert "pip install 'gradio-client-sync[cli]'" in run.stderr
        assert run.stderr.count("\n") == 1
