"""The fixtures of tests that need a Hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.canary.plugin import Canary
from tests.support.hub.hub import Account, LocalHub

#: Tokens of the accounts that every Hub has.
OWNER, READER, STRANGER, PAYER = "hf_owner", "hf_reader", "hf_stranger", "hf_payer"
SCOPED = "hf_scoped"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, canary: Canary) -> Iterator[LocalHub]:
    """Yield an empty Hub that this process uses, without a login. Leaked tokens fail the run."""
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
        for token in hub.accounts:
            canary.watch.add(token, goes_out=True)
        yield hub
