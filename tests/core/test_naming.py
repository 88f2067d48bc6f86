"""`_naming`: how messages name an endpoint."""

from __future__ import annotations

import re

import pytest

from gradio_client_sync._naming import called
from tests.support.layers import modules, name_of


def test_called_gives_the_name_or_says_what_the_number_is() -> None:
    """A name is in quotes, and a number alone would say nothing."""
    assert called("/add") == "'/add'"
    assert called(3) == "fn_index 3"
    assert called(None) == "the endpoint"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_messages_name_endpoints_by_it(path: object) -> None:
    """No message shows a bare number in place of an endpoint."""
    bare = re.findall(r"\{[\w.]*endpoint(?:\.name)?!r\}", path.read_text("utf-8"))  # type: ignore[attr-defined]
    assert bare == []
