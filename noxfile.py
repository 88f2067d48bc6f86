"""Shortcuts for development; `.ci/run` is what decides."""

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "docs", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build")


@nox.session(python=["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"])
def tests(session: nox.Session) -> None:
    """Run the tests that need no server; pass others after ``--``, such as ``-m gradio``."""
    session.install("-e", ".[tests]")
    session.run("pytest", *(session.posargs or ["-m", "not gradio and not oracle and not network"]))
