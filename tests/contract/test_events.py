"""The events as plain values."""

from __future__ import annotations

import copy
import json
import math
import operator
import pickle
import sys
import typing
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, fields, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from gradio_client_sync import events
from gradio_client_sync._basics.outputs import Outputs
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


class Described:
    """An endpoint whose outputs have names."""

    described = Outputs(
        shown=(("textbox", "Answer"), ("number", "Max tokens"), ("textbox", "")),
        hidden=(("state", ""),),
        ids=(5, 6, 7),
    )


def named(*values: Any, endpoint: str | int = "/f", origin: Any = Described) -> Data:
    """Return a result whose outputs have names."""
    return Data._make(
        data=list(values), endpoint=endpoint, fn_index=3, time=NOW, updates={}, _origin=origin
    )


@pytest.mark.parametrize("other", [["a", 2, None], ("a", 2, None), Data(["a", 2, None], 1, 1, NOW)])
def test_data_equals_the_same_outputs(other: Any) -> None:
    """A result is equal to a list, a tuple and a result with the same outputs, on either side."""
    longer = type(other)([*other, 5]) if isinstance(other, tuple) else [*other, 5]
    for first, second in ((DATA, other), (other, DATA)):
        assert operator.eq(first, second) and not operator.ne(first, second)
    for first, second in ((DATA, longer), (longer, DATA)):
        assert operator.ne(first, second) and not operator.eq(first, second)


@pytest.mark.parametrize("other", ["a", 2, None, {"a": 1}, {"a"}, object()])
def test_data_equals_nothing_else(other: Any) -> None:
    """A result is not equal to a value of another kind, such as its only output."""
    for first, second in ((DATA, other), (other, DATA)):
        assert operator.ne(first, second) and not operator.eq(first, second)


def test_data_hash_fits_its_equality() -> None:
    """A result is found in a set by its outputs; the error for one that cannot be says why."""
    assert {DATA, Data(["a", 2, None], "/g", 1, NOW)} == {("a", 2, None)}
    with pytest.raises(TypeError, match=r"'/f' cannot be in a set .* unhashable type: 'dict'"):
        hash(Data([{}], "/f", 3, NOW))


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Answer", "a"),
        ("answer", "a"),
        ("Max tokens", 2),
        ("max_tokens", 2),
        ("value_7", "c"),
    ],
)
def test_data_finds_outputs_by_label(label: str, value: Any) -> None:
    """An output has its label, the Python name of the label, or the name that view_api shows."""
    assert named("a", 2, "c")[label] == value
    assert pickle.loads(pickle.dumps(named("a", 2, "c")))[label] == value


@pytest.mark.parametrize(
    ("values", "key", "kind", "message"),
    [
        ("abc", "text", KeyError, r"'/f' has no output 'text'\. Its outputs are \[0\] 'Answer', "),
        ("abc", "", KeyError, r"'/f' has no output ''\."),
        ("abc", 3, IndexError, r"'/f' has no output 3\. .*\[1\] 'Max tokens', \[2\] textbox\."),
        ("abc", -4, IndexError, r"'/f' has no output -4\."),
        ("abc", 1.0, TypeError, r"number or label, not by a float\. Its outputs"),
        ("abc", None, TypeError, r"not by a NoneType\."),
        ("ab", "Answer", KeyError, r"no output 'Answer'\. Its outputs are \[0\] str, \[1\] str\."),
        ("", 0, IndexError, r"'/f' has no output 0\. .*no outputs to clients; .* hidden: state\."),
    ],
)
def test_data_names_its_outputs_in_errors(
    values: str, key: Any, kind: type[LookupError], message: str
) -> None:
    """The error for a wrong index or label names the endpoint and its outputs."""
    with pytest.raises(kind, match=message):
        named(*values)[key]


def test_data_errors_fit_other_results() -> None:
    """Two outputs of one label, an endpoint without a name, and a key of an output are named."""
    twice = Outputs(shown=(("number", "n"), ("number", "n")), ids=(1, 2))
    with pytest.raises(KeyError, match=r"2 outputs named 'n'\. Write result\[0\] or result\[1\]\."):
        named(1, 2, origin=twice)["n"]
    with pytest.raises(IndexError, match=r"^fn_index 3 has no output 0\. It returns no outputs\.$"):
        named(endpoint=3, origin=Outputs())[0]
    with pytest.raises(KeyError, match=r"only output is \[0\] dict\. Write result\[0\]\['k'\]\."):
        named({"k": 1}, origin=Outputs())["k"]
    many = Outputs(shown=(("number", "x" * 99),) * 20, ids=tuple(range(20)))
    with pytest.raises(IndexError) as raised:
        named(*range(20), origin=many)[20]
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    "wrong",
    [
        lambda data: data + 1,
        lambda data: 1 + data,
        lambda data: "a" + data,
        lambda data: operator.add(data, ("a",)),
        lambda data: data * 2,
        lambda data: 2 * data,
        lambda data: 1 - data,
        lambda data: data / 2,
        lambda data: data % 2,
        lambda data: data**2,
        lambda data: divmod(data, 2),
        lambda data: data < 3,
        lambda data: max(data, data),
        lambda data: sorted([data, data]),
        lambda data: -data,
        lambda data: round(data, 1),
        lambda data: float(data),
        lambda data: int(data),
        lambda data: sum([data, data]),
        lambda data: f"{data:.2f}",
        lambda data: math.sqrt(data),
        lambda data: {"a": 1} | data,
    ],
)
def test_data_does_not_calculate(wrong: Any) -> None:
    """Arithmetic with a result names the endpoint, its output, and what to type."""
    data = Data._make(
        data=[3.0], endpoint="/add", fn_index=1, time=NOW, updates={},
        _origin=Outputs(shown=(("number", "sum"),), ids=(1,)),
    )  # fmt: skip
    says = (
        r"'/add' is the list of its outputs.*Its only output is \[0\] 'sum'\. Write result\[0\]\."
    )
    with pytest.raises(TypeError, match=says):
        wrong(data)


def test_data_joins_with_lists() -> None:
    """``+`` with a list gives a plain list."""
    after, before = operator.add(DATA, ["b"]), operator.add(["b"], DATA)
    assert after == ["a", 2, None, "b"] and before == ["b", "a", 2, None]
    assert type(after) is type(before) is type(DATA + DATA) is list
    assert sum([DATA, DATA], []) == [*DATA, *DATA]  # noqa: RUF017  # as users write it
    assert type(DATA.copy()) is type(DATA[:]) is type(list(DATA)) is list


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.append(1),
        lambda data: data.extend([1]),
        lambda data: data.insert(0, 1),
        lambda data: data.pop(),
        lambda data: data.remove("a"),
        lambda data: data.clear(),
        lambda data: data.sort(),
        lambda data: data.reverse(),
        lambda data: data.__setitem__(0, 1),
        lambda data: data.__delitem__(slice(None)),
        lambda data: data.__iadd__([1]),
        lambda data: data.__imul__(2),
    ],
)
def test_data_does_not_change(change: Any) -> None:
    """No method of lists changes a result, and the error says how to copy it."""
    data = Data(["a", 2], "/f", 3, NOW)
    with pytest.raises(TypeError, match=r"'/f' does not change.*list\(result\)"):
        change(data)
    assert data == data.data == ["a", 2]


def test_data_has_no_attributes_of_its_outputs() -> None:
    """A method of an output is not one of the result; the error shows the output that has it."""
    data: Any = named("a", 2, b"c")
    with pytest.raises(AttributeError, match=r"no attribute 'upper'.*Write result\[0\]\.upper$"):
        data.upper()
    with pytest.raises(AttributeError, match=r"Write result\[2\]\.hex$"):
        data.hex()
    with pytest.raises(AttributeError, match=r"'/f'.*no attribute 'nothing'\. Its outputs are"):
        print(data.nothing)
    assert not hasattr(data, "__array__") and not hasattr(Data.__new__(Data), "endpoint")


def test_data_shows_its_outputs_and_its_endpoint() -> None:
    """The repr is short, and that of a result which contains itself ends."""
    assert repr(Data([3], "/add", 1, NOW)) == str(Data([3], "/add", 1, NOW)) == "Data([3], '/add')"
    assert f"{Data([3], 7, 7, NOW)}" == "Data([3], fn_index 7)"
    values: list[Any] = []
    data = Data([values], "/f", 3, NOW)
    values.append(data)
    assert repr(data) == "Data([[Data([...], '/f')]], '/f')"


def test_data_is_json() -> None:
    """A result is JSON as a list, in any place of a value."""
    assert json.dumps(DATA) == '["a", 2, null]'
    assert json.loads(json.dumps({"result": [DATA]}, indent=1)) == {"result": [["a", 2, None]]}
    assert DATA.plain() == ["a", 2, None] and type(DATA.plain()) is list
    nested = Data([{"a": (1, [DATA])}], "/f", 3, NOW).plain()
    assert nested == [{"a": [1, [["a", 2, None]]]}] and type(nested[0]["a"][1][0]) is list


def test_data_is_a_dataclass() -> None:
    """`dataclasses` and ``match`` find the fields; copies keep the labels of the outputs."""
    assert [field.name for field in fields(DATA)] == [  # type: ignore[arg-type]
        *("data", "endpoint", "fn_index", "time", "updates")
    ]
    whole: Any = asdict(DATA)  # type: ignore[call-overload]
    assert whole == {
        "data": ["a", 2, None], "endpoint": "/f", "fn_index": 3, "time": NOW, "updates": {},
    }  # fmt: skip
    assert astuple(DATA)[:2] == (["a", 2, None], "/f")  # type: ignore[call-overload]
    assert Data.__match_args__ == ("data", "endpoint", "fn_index", "time", "updates")
    other = replace(DATA, data=[1])  # type: ignore[type-var]
    assert other == [1] == other.data and other.endpoint == "/f"
    renamed = named("a", 2, "c")._replace(data=["x", "y", "z"])
    assert renamed == ["x", "y", "z"] and renamed["answer"] == "x"

    @dataclass(frozen=True, eq=False)
    class Own(Data):
        note: str = ""

    assert Own(["a"], "/f", 3, NOW, {}, note="n") == ["a"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_data_is_copied(copied: Any) -> None:
    """A copy has the same outputs and fields; a deep copy has outputs of its own."""
    data = Data([["a"], 2], "/f", 3, NOW)
    other = copied(data)
    assert type(other) is Data and other == data and vars(other) == vars(data)
    assert (other[0] is data[0]) is (copied is copy.copy)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match is new in Python 3.10")
def test_data_matches_patterns() -> None:
    """A pattern finds the outputs as those of a list, or the fields."""
    names: dict[str, Any] = {"data": DATA, "Data": Data}
    exec(
        "match data:\n    case [first, *_]:\n        pass\n"
        "match data:\n    case Data([_, second, _], '/f'):\n        pass\n",
        names,
    )
    assert (names["first"], names["second"]) == ("a", 2)


def test_data_is_a_cell_of_a_table() -> None:
    """A result is for pandas the list in a cell, or as a column."""
    pandas = pytest.importorskip("pandas")
    data = Data(["a", 2], "/f", 3, NOW)
    frame = pandas.DataFrame({"result": [data, data]})
    assert type(frame.loc[0, "result"]) is Data and "[a, 2]" in frame.to_string()
    frame.at[1, "result"] = Data([5], "/f", 3, NOW)
    assert frame["result"].map(lambda result: result[0]).tolist() == ["a", 5]
    assert frame.explode("result")["result"].tolist() == ["a", 2, 5]
    assert pandas.Series(data).tolist() == ["a", 2]
    assert frame.to_json() == '{"result":{"0":["a",2],"1":[5]}}'
    assert pandas.DataFrame({"n": [1, 2]})["n"].map(lambda n: data).tolist() == [data, data]


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
