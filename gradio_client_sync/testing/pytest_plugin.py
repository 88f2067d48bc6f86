"""The pytest plugin: fixtures for fake apps and recordings, and a switch against networks.

Every run of pytest imports this module, so it imports nothing else until a test needs it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .fake_app import FakeApp

MODES = ("none", "once", "new", "all")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("gradio", "calls of Gradio apps")
    group.addoption(
        "--gradio-record",
        choices=MODES,
        default="none",
        help="what gradio_cassette records: none (default: replay only), once (what is missing), "
        "new (also tests whose calls have changed), all (everything again)",
    )
    group.addoption(
        "--gradio-no-network",
        action="store_true",
        default=False,
        help="fail every test that would reach a network",
    )
    parser.addini("gradio_no_network", "fail every test that would reach a network", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker."""
    config.addinivalue_line(
        "markers",
        "gradio_cassette(name): replay the recording cassettes/NAME.jsonl beside the test's file",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the marker ask for the fixture, before all others."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("gradio_cassette") is not None:
            if "gradio_cassette" in names:
                names.remove("gradio_cassette")
            names.insert(0, "gradio_cassette")


class CassetteInUse:
    """The recording of one test.

    Attributes:
        path: The file.
        is_recording: Whether it is being made, and not replayed.
    """

    def __init__(self, path: Path, mode: str) -> None:
        self.path = path
        self.is_recording = mode == "all" or (mode in ("once", "new") and not path.exists())
        self._block: AbstractContextManager[None] | None = None

    def start(self) -> None:
        """Begin to record or to replay."""
        from .blocks import record, replay

        self._block = record(self.path) if self.is_recording else replay(self.path)
        self._block.__enter__()

    def stop(self) -> None:
        """End it."""
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(None, None, None)

    def record_again(self) -> None:
        """Replace the recording, because the test makes other calls."""
        self.stop()
        self.is_recording = True
        self.start()


@pytest.fixture
def fake_gradio() -> Iterator[FakeApp]:
    """A Gradio app without Gradio; see `gradio_client_sync.testing.FakeApp`."""
    from .fake_app import FakeApp

    with FakeApp() as fake:
        yield fake


@pytest.fixture
def gradio_cassette(request: pytest.FixtureRequest) -> Iterator[CassetteInUse]:
    """Answer the test's clients from a recording that is named after the test.

    It is ``cassettes/MODULE/TEST.jsonl`` beside the test's file. ``--gradio-record`` makes it.
    """
    marker = request.node.get_closest_marker("gradio_cassette")
    folder = Path(request.path).parent / "cassettes"
    name = marker.args[0] if marker is not None and marker.args else None
    if name is None:
        test = re.sub(r"[^\w.-]+", "-", request.node.name)
        name = f"{Path(request.path).stem}/{test}"
    cassette = CassetteInUse(folder / f"{name}.jsonl", request.config.getoption("--gradio-record"))
    cassette.start()
    try:
        yield cassette
    finally:
        cassette.stop()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """With ``--gradio-record=new``, run a test again and record it, if its calls have changed."""
    try:
        return (yield)
    except Exception as exc:
        cassette = pyfuncitem.funcargs.get("gradio_cassette")
        new = pyfuncitem.config.getoption("--gradio-record") == "new"
        if cassette is None or not new or cassette.is_recording or not _is_unrecorded(exc):
            raise
        cassette.record_again()
    names = pyfuncitem._fixtureinfo.argnames
    pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    return True


def _is_unrecorded(exc: BaseException) -> bool:
    from .replay_error import ReplayError

    return isinstance(exc, ReplayError)


@pytest.fixture(autouse=True)
def _gradio_no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    config = request.config
    if not (config.getoption("--gradio-no-network") or config.getini("gradio_no_network")):
        yield
        return
    from .offline import no_network

    with no_network() as asked:
        yield
    if asked:
        pytest.fail(f"The test tried to reach a network: {', '.join(dict.fromkeys(asked))}.")
