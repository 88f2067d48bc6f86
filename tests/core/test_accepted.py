"""`_protocol.api.accepted`: annotations for all values that components accept."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from gradio_client_sync import types
from gradio_client_sync._protocol.api.accepted import INPUT_TYPES, accepted
from gradio_client_sync._protocol.api.annotation import Hint, hint_of, or_none
from gradio_client_sync._protocol.values.slot import Slot
from tests.core.test_schema import FILE_DATA


def slot(kind: str) -> Slot:
    return Slot(1, kind, False, {})


@pytest.mark.parametrize(
    ("kind", "schema", "text"),
    [
        ("video", {"type": "object", "properties": {"video": FILE_DATA}}, "VideoInput"),
        ("textbox", {"type": "string"}, "str"),
        ("json", {"type": "object"}, "Any"),
        ("mine", FILE_DATA, "FileInput"),
        ("mine", {"type": "array", "items": FILE_DATA}, "list[FileInput]"),
        ("mine", {"type": "object", "properties": {"a": {}}}, "dict[str, Any]"),
    ],
)
def test_annotation_is_that_of_the_component(kind: str, schema: Any, text: str) -> None:
    """A component with several forms has a name for them; others have what the schema says."""
    assert accepted(slot(kind), hint_of(schema)).text() == text


def test_annotation_keeps_none() -> None:
    """A parameter whose default is ``None`` allows it."""
    assert accepted(slot("image"), or_none(Hint("file"))).text() == "ImageInput | None"
    assert accepted(slot("image"), hint_of({"type": ["string", "integer"]})).text() == "ImageInput"


def test_names_are_public_types() -> None:
    """Each name is a type of `gradio_client_sync.types`, and signatures show no part of it."""
    for name in INPUT_TYPES:
        assert repr(getattr(types, name)) == name
        optional = repr(Optional[getattr(types, name)])
        # Python 3.15 writes the module of a name in a union.
        shown = optional.replace(f"{types.__name__}.", "")
        assert shown in (f"typing.Optional[{name}]", f"{name} | None"), optional
