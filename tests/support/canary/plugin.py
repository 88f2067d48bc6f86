"""Fail the run if one of its secrets leaks.

One secret is the saved token (``HF_TOKEN``). It belongs to Spaces of a Hub that no test uses, so no
server may get it. The others are a token, a cookie and a header, which `Canary.options` gives to
the clients of one server. If one of them appears elsewhere (in a log, an error or its cause, a
repr, a pickle, a warning, the output, or a request to another server), the report at the end names
the place and the test.

In a run with several processes (``-n 2``), each process has its own secrets and looks for them. It
sends the leaks to the process that writes the report.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.canary.watch import PACKAGE, Watch

#: The loggers of the libraries that a client uses, and the client's own.
LOGGERS = (
    PACKAGE,
    "urllib3",
    "websocket",
    "huggingface_hub",
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
)

SWEPT_TOGETHER = 40  # at least this many tests between two searches of all objects

#: With several processes, each one reports its leaks under this name.
FOUND = "secrets that got out"


class Canary(logging.Handler):
    """The secrets of one run, and the pytest hooks that look for leaks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.watch = Watch()
        self._unswept = 0  # tests since the last search of all objects
        self.saved, self._token = (f"hf_canary{secrets.token_hex(8)}" for _ in range(2))
        self._cookie, self._header = (f"canary-{secrets.token_hex(8)}" for _ in range(2))
        for secret in (self.saved, self._token, self._cookie, self._header):
            self.watch.add(secret)

    def options(self, url: str) -> dict[str, Any]:
        """Return options with secrets, for a client of one server."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        for secret in (self._token, self._cookie, self._header):
            self.watch.allow(secret, (parts.hostname, parts.port))
        return {
            "hf_token": self._token,
            "cookies": {"canary": self._cookie},
            "headers": {"X-Canary": self._header},
        }

    def emit(self, record: logging.LogRecord) -> None:
        self.watch.check(self.format(record), f"a log of {record.name}")

    def pytest_sessionstart(self) -> None:
        with contextlib.ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setenv("HF_TOKEN", self.saved)
            stack.enter_context(self.watch.listening())
            logging.getLogger().addHandler(self)
            stack.callback(logging.getLogger().removeHandler, self)
            for logger in map(logging.getLogger, LOGGERS):
                stack.callback(logger.setLevel, logger.level)
                logger.setLevel(logging.DEBUG)
            self._end = stack.pop_all()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.watch.where = nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        # At the end of a module, and not of each one. To search all objects takes a while, and the
        # tests of one module run in several groups, one for each server.
        self._unswept += 1
        ends = nextitem is None or nextitem.path != item.path
        if nextitem is None or (ends and self._unswept >= SWEPT_TOGETHER):
            self._unswept = 0
            self.watch.sweep()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for title, text in report.sections:
            self.watch.check(text, f"the {title}")
        self.watch.check(report.longreprtext, "the report of a failure")

    def pytest_warning_recorded(self, warning_message: Any) -> None:
        self.watch.check(str(warning_message.message), "a warning")

    @pytest.hookimpl(optionalhook=True)  # a hook of pytest-xdist
    def pytest_testnodedown(self, node: Any) -> None:
        # A process that crashed has not reported its leaks; the run has failed anyway.
        self.watch.found.update(dict.fromkeys(getattr(node, "workeroutput", {}).get(FOUND, ())))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._end.close()
        if hasattr(session.config, "workeroutput"):  # one of several processes
            session.config.workeroutput[FOUND] = list(self.watch.found)
        if self.watch.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.watch.found:
            terminalreporter.section(FOUND, red=True)
            for place in self.watch.found:
                terminalreporter.line(place)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Canary(), "canary")


@pytest.fixture(scope="session")
def canary(pytestconfig: pytest.Config) -> Canary:
    """Return the secrets of this run."""
    plugin: Canary = pytestconfig.pluginmanager.get_plugin("canary")
    return plugin
