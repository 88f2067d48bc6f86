"""Spaces by `compat`: connecting, waiting, refusals and copies, on a Hub of this machine."""

from __future__ import annotations

import pytest

from gradio_client_sync import errors
from gradio_client_sync.compat import Client
from tests.support.hub.hub import LocalHub
from tests.support.hub.plugin import OWNER
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]


def test_space_is_named_and_waited_for(
    hub: LocalHub, newest: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Space is connected by its name, and the wait for its build is printed once."""
    hub.add("erin/paint", "BUILDING", "BUILDING", "RUNNING", app=newest.url)
    with Client("erin/paint", hf_token=OWNER) as client:
        assert (client.space_id, client.token) == ("erin/paint", OWNER)
        assert not client.src.endswith("/")  # only a URL that was given gets a slash
        assert client.predict(2, 3, api_name="/add") == 5
        assert client.submit("x", api_name="/echo").space_id == "erin/paint"
        loaded = f"Loaded as API: {client.src}\n"
    said = capsys.readouterr().out
    assert said.endswith(loaded) and said.count("still building") == 1


def test_space_that_cannot_be_used(hub: LocalHub, newest: Server) -> None:
    """An unknown Space and one that cannot start are `ValueError`s with the texts of scripts."""
    hub.add("erin/broken", "PAUSED", app=newest.url)
    with pytest.raises(ValueError, match="Could not find Space: erin/none") as missing:
        Client("erin/none", verbose=False)
    assert isinstance(missing.value, errors.SpaceNotFoundError)
    with pytest.raises(ValueError, match="invalid state PAUSED") as broken:
        Client("erin/broken", verbose=False)
    assert isinstance(broken.value, errors.SpaceNotReadyError)


def test_duplicate(hub: LocalHub, newest: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy is made once, and what happens is printed; secrets of an old copy are warned of."""
    hub.add("erin/paint", app=newest.url)
    for again in (False, True):
        with Client.duplicate("erin/paint", hf_token=OWNER, private=False) as client:
            assert client.space_id == "alice/paint" and client.predict("x", api_name="/echo") == "x"
        said = capsys.readouterr().out
        assert "Creating a duplicate of erin/paint" in said and "spaces/alice/paint" in said
        assert again or "private" not in said
    with pytest.warns(UserWarning, match="secrets"):
        Client.duplicate("erin/paint", token=OWNER, secrets={"A": "b"}, verbose=False).close()
    with pytest.raises(ValueError, match="Could not find Space"):
        Client.duplicate("erin/none", token=OWNER, verbose=False)
