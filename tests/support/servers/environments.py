"""One virtual environment per Gradio version, outside the clone and shared by all runs.

The name of an environment contains its version, its interpreter and the hash of its lock. So a
changed lock gives a new environment, and an unchanged one is ready in milliseconds. An environment
is built under a temporary name and renamed when it is complete, so every environment with a final
name can be used. Run ``python -m tests.support.servers.environments [versions…]`` to build them
before the tests.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, Sequence

try:
    import fcntl
# Windows: without the lock two runs may both build, and the rename decides which one is used
except ImportError:
    fcntl = None  # type: ignore[assignment]  # a missing module stands for "no lock"

VERSIONS = (
    "3.23.0",
    "3.50.2",
    "4.0.2",
    "4.12.0",
    "4.19.2",
    "4.21.0",
    "4.44.1",
    "5.50.0",
    "6.31.0",
)

SERVER_PYTHON = "3.11"  # the only minor version with wheels for all releases from 3.23 to 6.31
REQUIREMENTS = Path(__file__).with_name("requirements")


HOME = Path.home()  # read once, because some tests have a home folder of their own


class ServerEnvironmentError(RuntimeError):
    """A server environment cannot be built; the message says what to do."""


def cache_folder() -> Path:
    """Return the folder of all environments."""
    chosen = os.environ.get("GRADIO_CLIENT_SYNC_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "servers"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or HOME / ".cache")
    return cache.expanduser() / "gradio-client-sync" / "servers"


def lock_path(version: str) -> Path:
    """Return the committed lock of ``version``."""
    return REQUIREMENTS / f"gradio-{version}.txt"


def uv_command() -> list[str]:
    """Return the command that runs ``uv``: the running interpreter's, else the one on PATH."""
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    if found is None:
        raise ServerEnvironmentError(
            "uv is needed to install the Gradio servers: install the test extra of this project, "
            "or put uv on PATH."
        )
    return [found]


def find_interpreter() -> str:
    """Return an installed Python of the servers' version, without downloading one."""
    found = _run(
        "python", "find", SERVER_PYTHON, "--system", "--no-project", "--no-python-downloads"
    )
    if found.returncode == 0:
        return found.stdout.strip()
    pyenv = Path(
        os.environ.get("PYENV_ROOT") or HOME / ".pyenv"
    ).expanduser()  # uv searches PATH only
    kept = sorted(pyenv.glob(f"versions/{SERVER_PYTHON}.*/bin/python"))
    if not kept:
        raise ServerEnvironmentError(
            f"The Gradio servers run on Python {SERVER_PYTHON}, and uv found none here. Install "
            f"one (python{SERVER_PYTHON} on PATH is enough, whatever Python runs the tests), or "
            f"leave the tests out with -m 'not gradio'.\n{found.stderr.strip()}"
        )
    return str(kept[-1])


def environment_path(version: str) -> Path:
    """Return the path of the environment of ``version``, built or not."""
    lock = lock_path(version)
    if not lock.exists():
        raise ServerEnvironmentError(
            f"There is no lock for Gradio {version}; there are {', '.join(VERSIONS)}."
        )
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    return cache_folder() / f"gradio-{version}-py{SERVER_PYTHON}-{digest}"


def python_path(environment: Path) -> Path:
    """Return the interpreter of an environment."""
    if os.name == "nt":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def prepare(version: str) -> Path:
    """Return the Python that has Gradio ``version``; install it if this lock is new.

    Safe to call from several processes at once: one builds, the others wait.

    Raises:
        ServerEnvironmentError: There is no uv, no interpreter, or no network for the first build.
    """
    environment = environment_path(version)
    python = python_path(environment)
    if python.exists():
        return python
    environment.parent.mkdir(parents=True, exist_ok=True)
    with _locked(environment.with_name(f"{environment.name}.lock")):
        if not python.exists():
            _build(version, environment)
    return python


def _build(version: str, environment: Path) -> None:
    """Install into a new folder, and rename it to its final name."""
    interpreter = find_interpreter()
    # its interpreter is gone, and a dead link is left
    shutil.rmtree(environment, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=f"{environment.name}-", dir=environment.parent))
    try:
        _check(version, "venv", "--relocatable", "--allow-existing", "--no-project",
               "--python", interpreter, str(building))  # fmt: skip
        _check(version, "pip", "sync", "--compile-bytecode",
               "--python", str(python_path(building)), str(lock_path(version)))  # fmt: skip
        try:
            building.rename(environment)
        except OSError:
            if not python_path(environment).exists():  # another run was faster: use its build
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _check(version: str, *arguments: str) -> None:
    """Run one step of a build."""
    done = _run(*arguments)
    if done.returncode != 0:
        raise ServerEnvironmentError(
            f"Installing Gradio {version} failed at `uv {arguments[0]}`; a first build needs the "
            f"package index.\n{done.stderr.strip()}"
        )


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run uv outside the clone, so that neither the clone nor an active environment affects it."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
    }
    return subprocess.run(
        [*uv_command(), *arguments],
        cwd=tempfile.gettempdir(),
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; the system releases it if the process dies."""
    if fcntl is None:
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the named environments, or all of them, and print one line for each."""
    parser = argparse.ArgumentParser(description="Install the Gradio servers of the tests.")
    parser.add_argument("versions", nargs="*", help="default: all")
    for version in parser.parse_args(arguments).versions or VERSIONS:
        start = time.monotonic()
        python = prepare(version)
        print(f"{version}  {time.monotonic() - start:6.1f} s  {python}", flush=True)


if __name__ == "__main__":
    main()
