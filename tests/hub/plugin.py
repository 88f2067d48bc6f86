"""The fixtures of tests that need a Hub."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.hub import Account, LocalHub

#: Tokens of the accounts that every Hub has.
OWNER, READER, STRANGER, PAYER = "hf_owner", "hf_reader", "hf_stranger", "hf_payer"
SCOPED = "hf_scoped"


class Listening(logging.Handler):
    """Keeps what anybody logs, with its tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def no_token_logged() -> Iterator[list[str]]:
    """None of the tokens put into the list is in any log of the test, ours or a library's."""
    tokens: list[str] = []
    listening, root = Listening(), logging.getLogger()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    yield tokens
    root.setLevel(level)
    root.removeHandler(listening)
    told = [line for line in listening.lines for token in tokens if token in line]
    assert not told, f"tokens were logged: {told[:3]}"


@pytest.fixture
def hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_token_logged: list[str]
) -> Iterator[LocalHub]:
    """An empty Hub that this process uses; nobody is logged in."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "hf-home"
    monkeypatch.setenv("HF_HOME", str(home))
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.accounts.update(
            {
                OWNER: Account("alice"),
                READER: Account("bob", role="read"),
                STRANGER: Account("mallory"),
                PAYER: Account("carol", pays=True),
                SCOPED: Account("alice", role="fineGrained", scoped={"alice/open": ["repo.read"]}),
            }
        )
        yield hub
        no_token_logged.extend(hub.accounts)
