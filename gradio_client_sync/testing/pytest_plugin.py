"""The pytest plugin: fixtures for fake apps and recordings, and a switch against networks.

Every run of pytest imports this module, so it imports nothing else until a test needs it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .blocks import Recording
    from .fake_app import FakeApp
    from .scrubber import Scrub

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
    """Add the fixture to tests with the marker, before all others."""
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
        is_recording: Whether the test is recorded now, and not replayed.
    """

    def __init__(self, path: Path, mode: str, scrub: Scrub | None) -> None:
        self.path = path
        self.is_recording = mode == "all" or (mode in ("once", "new") and not path.exists())
        self._scrub = scrub
        self._block: AbstractContextManager[Recording] | None = None
        self._recording: Recording | None = None

    @property
    def missed(self) -> Sequence[str]:
        """The messages of the errors for calls that are not in the recording."""
        return self._recording.missed if self._recording is not None else ()

    def start(self) -> None:
        """Begin to record or to replay."""
        from .blocks import record, replay

        block = record if self.is_recording else replay
        self._block = block(self.path, scrub=self._scrub)
        self._recording = self._block.__enter__()

    def stop(self) -> None:
        """End it."""
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(None, None, None)

    def discard(self) -> None:
        """Discard the current recording. An earlier one stays."""
        recorder: Any = self._recording
        recorder.file.discard()

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
def gradio_scrub() -> Scrub | None:
    """The function that `gradio_cassette` scrubs texts with: none. Override it to have one."""
    return None


@pytest.fixture
def gradio_cassette(
    request: pytest.FixtureRequest, gradio_scrub: Scrub | None
) -> Iterator[CassetteInUse]:
    """Replay to the test's clients a recording that is named after the test.

    It is ``cassettes/MODULE/TEST.jsonl`` beside the test's file. ``--gradio-record`` makes it.
    """
    marker = request.node.get_closest_marker("gradio_cassette")
    folder = Path(request.path).parent / "cassettes"
    name = None
    if marker is not None:
        name = marker.args[0] if marker.args else marker.kwargs.get("name")
    if name is None:
        classes = [_file_name(request.cls.__qualname__)] if request.cls else []
        name = "/".join([Path(request.path).stem, *classes, _file_name(request.node.name)])
    mode = request.config.getoption("--gradio-record")
    cassette = CassetteInUse(folder / f"{name}.jsonl", mode, gradio_scrub)
    if cassette.is_recording:
        other = _recorded.setdefault(cassette.path, request.node.nodeid)
        if other != request.node.nodeid:
            pytest.fail(
                f"{str(cassette.path)!r} was recorded by {other} in this run, and would be "
                "replaced. Give each test its own recording.",
                pytrace=False,
            )
    cassette.start()
    try:
        yield cassette
    finally:
        cassette.stop()


#: The id of the test for each recording that was made in this process.
_recorded: dict[Path, str] = {}


def _file_name(test: str) -> str:
    """Return a name for the file of a test, and a different one for each test.

    The name only has characters that all file systems have. It gets a number if the name of another
    test may differ only by case, because such names are equal on Windows and macOS.
    """
    name = re.sub(r"[^\w.-]+", "-", test, flags=re.ASCII)
    if len(name) <= 100 and re.fullmatch(r"[\w.-]*(\[[a-z0-9_.-]*\])?", test, re.ASCII):
        return name
    return f"{name[:100]}-{zlib.crc32(test.encode()):08x}"


# Of both kinds of wrappers of hooks, this is the one that all releases of pytest know.
@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """Record a test again if its calls have changed, with ``--gradio-record=new``.

    A test that fails is not recorded, because with that recording it would always fail.
    """
    outcome = yield
    cassette = pyfuncitem.funcargs.get("gradio_cassette")
    if outcome.excinfo is None or cassette is None:
        return
    if cassette.is_recording:
        cassette.discard()
        text = f"The test failed, so its recording {str(cassette.path)!r} was not written."
        pyfuncitem.add_report_section("call", "gradio_cassette", text)
        return
    if not cassette.missed:
        return
    if pyfuncitem.config.getoption("--gradio-record") != "new":
        # The test may have failed for another reason, because its code has caught the error.
        pyfuncitem.add_report_section("call", "gradio_cassette", "\n".join(cassette.missed))
        return
    cassette.record_again()
    names = pyfuncitem._fixtureinfo.argnames
    try:
        pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    except BaseException as exc:
        cassette.discard()
        if not hasattr(outcome, "force_exception"):  # pluggy before 1.1
            raise
        outcome.force_exception(exc)
    else:
        outcome.force_result(True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, None]:
    """Block the network, also for fixtures of modules and sessions."""
    config: Any = item.config
    if not (config.getoption("--gradio-no-network") or config.getini("gradio_no_network")):
        yield
        return
    from .offline import no_network

    with no_network() as asked:
        _asked[item.nodeid] = asked
        yield
    del _asked[item.nodeid]


#: The hosts that running tests asked for, by the tests' ids.
_asked: dict[str, list[str]] = {}


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail a test that tried to reach a network, even if its code has caught the error."""
    asked = _asked.get(item.nodeid)
    if asked:
        hosts = ", ".join(dict.fromkeys(asked))
        pytest.fail(f"The test tried to reach a network: {hosts}.", pytrace=False)
