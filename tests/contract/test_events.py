"""The events as plain values."""

from __future__ import annotations

import pickle
import typing
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, fields
from datetime import datetime, timezone
from typing import Any

import pytest

from gradio_client_sync import events
from gradio_client_sync.events import Data, Log, Progress, Render, SpaceStatus, Status
from gradio_client_sync.types import EventName

NOW = datetime(2024, 5, 1, tzinfo=timezone.utc)
DATA = Data(["a", 2, None], "/f", 3, NOW)

EXAMPLES: list[Any] = [
    DATA,
    Status("pending", True, "/f", 3, NOW),
    Log("hi", "info", "/f", 3, NOW),
    Render({"layout": {}}, "/f", 3, NOW),
    Progress(0.5, None, None, "steps", None),
    SpaceStatus("running", "RUNNING", "complete", "fine"),
]


def test_data_is_a_sequence_of_its_outputs() -> None:
    """Index, slice, unpack, loop, search and length work as on the list of outputs."""
    assert isinstance(DATA, Sequence)
    assert (DATA[0], DATA[-1], DATA[1:]) == ("a", None, [2, None])
    first, second, third = DATA
    assert [first, second, third] == list(DATA) == DATA.data
    assert len(DATA) == 3
    assert 2 in DATA
    assert DATA.index(2) == 1
    assert list(reversed(DATA)) == [None, 2, "a"]
    with pytest.raises(IndexError):
        DATA[3]


def test_data_of_no_outputs_is_empty() -> None:
    """The data of a function without outputs is false, like an empty list."""
    assert not Data([], "/f", 3, NOW)
    assert DATA


def test_data_is_compared_by_identity() -> None:
    """Data events are equal only if they are the same object, because outputs may be anything."""
    assert Data(["a"], "/f", 3, NOW) != Data(["a"], "/f", 3, NOW)
    assert DATA == DATA
    assert len({DATA, DATA}) == 1


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_events_are_frozen(event: Any) -> None:
    """An event cannot be changed."""
    for field in fields(event):
        with pytest.raises(FrozenInstanceError):
            setattr(event, field.name, None)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_events_pickle(event: Any) -> None:
    """Events can be pickled."""
    again = pickle.loads(pickle.dumps(event))
    assert type(again) is type(event)
    assert vars(again) == vars(event)


def test_events_have_the_names_of_listeners() -> None:
    """The type of each event is a name that `on` accepts."""
    kinds = typing.get_args(events.Event)
    assert [kind.type for kind in kinds] == list(typing.get_args(EventName))
    assert all("type" not in {field.name for field in fields(kind)} for kind in kinds)


def test_status_fields_absent_on_the_wire_are_none() -> None:
    """Only the fields that each status has are required; the others are None."""
    status = Status("pending", True, "/f", 3, NOW)
    required = {"stage", "queue", "endpoint", "fn_index", "time"}
    assert {f.name for f in fields(status) if getattr(status, f.name) is not None} == required
