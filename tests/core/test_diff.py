"""Edit lists, tested with writers that make them as the servers do."""

from __future__ import annotations

import copy
import json
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue import diff
from gradio_client_sync._protocol.queue.diff import DiffAccumulator, apply_edits
from gradio_client_sync.errors import ProtocolError

Edits = list[list[Any]]


def edits_of(old: Any, new: Any, *, shifted: bool, cut: bool = False) -> Edits:
    """Return the edits from one value to another, as servers write them.

    Args:
        shifted: As from 5.29.1 on, where every list subtracts from the index of each
            deletion in it and below it the number of earlier deletions. Earlier
            servers keep the indices of the old list.
        cut: As from 5.29.1 to 5.35, where this also loses the rest of the path.

    Behaviour: ``diff`` of ``gradio.utils``, of 4.17 to 5.29.0 and of 5.29.1 to 6.31.
    """
    return _compared(old, new, [], shifted, cut)


def _compared(old: Any, new: Any, path: list[Any], shifted: bool, cut: bool) -> Edits:
    if old == new:
        return []
    if type(old) is not type(new):
        return [["replace", path, new]]
    if isinstance(old, str) and new.startswith(old):
        return [["append", path, new[len(old) :]]]
    edits: Edits = []
    if isinstance(old, list):
        common = min(len(old), len(new))
        for i in range(common):
            edits += _compared(old[i], new[i], [*path, i], shifted, cut)
        edits += [["delete", [*path, i], None] for i in range(common, len(old))]
        edits += [["add", [*path, i], new[i]] for i in range(common, len(new))]
        if shifted:
            seen = 0
            for edit in edits:
                operation, place, _ = edit
                if operation == "delete" and isinstance(place[-1], int):
                    kept = [] if cut else place[:-1]
                    edit[1] = [*kept, place[-1] - seen]
                    seen += 1
        return edits
    if isinstance(old, dict):
        for key in old:
            if key in new:
                edits += _compared(old[key], new[key], [*path, key], shifted, cut)
            else:
                edits.append(["delete", [*path, key], None])
        edits += [["add", [*path, key], new[key]] for key in new if key not in old]
        return edits
    return [["replace", path, new]]


def as_sent(value: Any) -> Any:
    return json.loads(json.dumps(value))


def json_values(keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-9, 9)
        | st.sampled_from([0.5, 1.0])
        | st.text("ab", max_size=4)
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


VALUES = json_values(st.text("abc", max_size=2))
APP_VALUES = json_values(st.text("abc", max_size=2) | st.integers(10, 13))

both_generations = pytest.mark.parametrize("shifted", [False, True], ids=["to-5.29.0", "5.29.1"])


@both_generations
@given(old=VALUES, new=VALUES)
def test_diff_leads_from_the_old_value_to_the_new(shifted: bool, old: Any, new: Any) -> None:
    """Edits of every generation give the new value, and do not change the old one."""
    before = copy.deepcopy(old)
    edits = as_sent(edits_of(old, new, shifted=shifted))
    sent = copy.deepcopy(edits)
    assert apply_edits(old, edits) == new
    assert old == before
    assert edits == sent


@given(old=APP_VALUES, new=APP_VALUES)
def test_diff_reads_keys_that_are_numbers_in_the_app(old: Any, new: Any) -> None:
    """A path may have a number as a key where the JSON value has a string."""
    edits = as_sent(edits_of(old, new, shifted=False))
    assert apply_edits(as_sent(old), edits) == as_sent(new)


@both_generations
@given(values=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5))
def test_diff_accumulates_a_whole_job(shifted: bool, values: list[tuple[Any, Any]]) -> None:
    """The values of a job equal those that the app yielded, and earlier ones do not change."""
    accumulator, given_out, kept = DiffAccumulator(), [], []
    last: tuple[Any, Any] | None = None
    for outputs in values:
        data = list(outputs)
        if last is not None:
            data = [edits_of(old, new, shifted=shifted) for old, new in zip(last, outputs)]
        last = outputs
        value = accumulator.receive(as_sent(data))
        assert value == list(outputs)
        given_out.append(value)
        kept.append(copy.deepcopy(value))
    assert given_out == kept


def test_cut_paths_in_a_value_nested_without_end() -> None:
    """A value of any depth can be searched for the list of a cut path."""
    deep: Any = {}
    for _ in range(2 * sys.getrecursionlimit()):
        deep = {"a": deep}
    assert apply_edits([deep, 1], [["delete", [0], None]], cut_paths=True) == [deep]
    with pytest.raises(ProtocolError):
        apply_edits([{"a": {"b": [1]}}, 1], [["delete", [0], None]], cut_paths=True)


@given(values=st.lists(VALUES, min_size=1, max_size=6))
def test_cut_paths_give_no_wrong_value(values: list[Any]) -> None:
    """If a deletion does not name its list, the value is right or left out, but never wrong."""
    accumulator, last = DiffAccumulator(cut_paths=True), None
    for n, value in enumerate(values):
        sent = value if n == 0 else edits_of(last, value, shifted=True, cut=True)
        last = value
        assert accumulator.receive(as_sent([sent])) in (None, [value])


@given(old=st.lists(st.text("ab", max_size=3)), new=st.lists(st.text("ab", max_size=3)))
def test_cut_paths_of_plain_lists_are_whole(old: list[str], new: list[str]) -> None:
    """For lists without inner lists, all servers give right values."""
    accumulator = DiffAccumulator(cut_paths=True).copy()
    accumulator.receive([old])
    assert accumulator.receive([edits_of(old, new, shifted=True, cut=True)]) == [new]


def test_a_cut_path_may_mean_another_list() -> None:
    """A deletion of 5.29.1 in a table's columns does not remove a row."""
    for table in ([[1, 2], [3, 4]], {"data": [[1, 2], [3, 4]]}, [{"a": {"b": [1, 2]}}], "text"):
        with pytest.raises(ProtocolError, match="does not fit"):
            apply_edits(table, [["delete", [1], None]], cut_paths=True)
    rows = [{"a": "x"}, {"a": []}]
    assert apply_edits(rows, [["delete", [1], None]], cut_paths=True) == rows[:1]
    assert apply_edits({"a": 1}, [["delete", ["a"], None]], cut_paths=True) == {}
    nested = [{"a": 1, "b": [2]}]
    assert apply_edits(nested, [["delete", [0, "a"], None]], cut_paths=True) == [{"b": [2]}]


@pytest.mark.parametrize(
    ("old", "edits", "new"),
    [
        ("tok0 ", [["append", [], "tok1 "]], "tok0 tok1 "),
        ("1", [["replace", [], "2"]], "2"),
        ("1", [], "1"),
        (
            {"a": [1, 0], "s": "xy"},
            [["add", ["a", 2], 1], ["append", ["s"], "y"], ["add", ["new"], True]],
            {"a": [1, 0, 1], "s": "xyy", "new": True},
        ),
        ([1, [2]], [["replace", [1, 0], 3]], [1, [3]]),
        (["a", "b"], [["append", [1], "c"]], ["a", "bc"]),
        ({"a": 1}, [["delete", ["a"], None]], {}),
        ([1], [["add", [7], 2]], [1, 2]),
        (None, [["replace", [], {"a": 1}], ["add", ["b"], 2]], {"a": 1, "b": 2}),
        ({"1": "a"}, [["append", [1], "b"]], {"1": "ab"}),
        ({"k": {}}, [["add", ["k", 5], 1]], {"k": {"5": 1}}),
        ({"7": 1}, [["delete", [7], None]], {}),
    ],
)
def test_diff_applies_edits(old: Any, edits: Edits, new: Any) -> None:
    """Each operation changes the value as servers mean it."""
    before = copy.deepcopy(old)
    assert apply_edits(old, edits) == new
    assert old == before


@pytest.mark.parametrize(
    "edits",
    [
        [["delete", [1], None], ["delete", [2], None]],
        [["delete", [1], None], ["delete", [1], None]],
        [["delete", [-1], None], ["delete", [-2], None]],
        [["delete", [99], None], ["delete", ["x"], None]],
    ],
)
def test_delete_drops_the_tail(edits: Edits) -> None:
    """A deletion in a list removes its last element, whatever index the server sends."""
    assert apply_edits(["a", "b", "c"], edits) == ["a"]


def test_delete_drops_the_tail_of_nested_lists() -> None:
    """Negative indices, which 5.50 and 6.31 send for a shrinking table, work."""
    old = {"headers": ["a", "b", "c"], "data": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}
    edits: Edits = [
        ["delete", ["data", 0, 1], None],
        ["delete", ["data", 0, 0], None],
        ["delete", ["data", 1, -1], None],
        ["delete", ["data", 1, -2], None],
        ["delete", ["data", -2], None],
    ]
    assert apply_edits(old, edits) == {"headers": ["a", "b", "c"], "data": [[1], [4]]}


def test_diff_writer_goes_negative_as_servers_do() -> None:
    """The writer of these tests makes the same indices as 5.50 and 6.31."""
    edits = edits_of([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1], [4]], shifted=True)
    assert [place for _, place, _ in edits] == [[0, 1], [0, 0], [1, -1], [1, -2], [-2]]


def test_diff_shares_what_did_not_change() -> None:
    """An edit copies only the containers on its path."""
    old = {"big": [1, 2], "log": [{"x": "a"}, {"x": "b"}]}
    new = apply_edits(old, [["append", ["log", 1, "x"], "c"], ["append", ["log", 1, "x"], "d"]])
    assert new == {"big": [1, 2], "log": [{"x": "a"}, {"x": "bcd"}]}
    assert new["big"] is old["big"]
    assert new["log"][0] is old["log"][0]
    assert new["log"] is not old["log"]


@pytest.mark.parametrize(
    "edits",
    [
        None,
        "append",
        {"append": []},
        [None],
        [5],
        ["abc"],
        [{"a": 1, "b": 2, "c": 3}],
        [["append", []]],
        [["append", [], "x", "y"]],
        [["append", "s", "x"]],
        [["append", [], 5]],
        [["append", ["n"], "x"]],
        [["append", ["list"], "x"]],
        [["add", [], 1]],
        [["delete", [], None]],
        [["explode", [], None]],
        [["explode", ["s"], None]],
        [[[], ["s"], None]],
        [["replace", ["nowhere"], 1]],
        [["replace", ["s", 0], 1]],
        [["replace", ["n", "x"], 1]],
        [["replace", ["list", 2], 1]],
        [["replace", ["list", -1], 1]],
        [["replace", ["list", "0"], 1]],
        [["replace", ["list", True], 1]],
        [["replace", ["list", 0.0], 1]],
        [["replace", [["s"]], 1]],
        [["replace", [{}], 1]],
        [["replace", [None], 1]],
        [["replace", ["list", 10**30], 1]],
        [["add", [["s"]], 1]],
        [["add", [None], 1]],
        [["delete", ["nowhere"], None]],
        [["delete", ["list", 0], None]] * 3,
        [["add", ["s", "x"], 1]],
    ],
)
def test_diff_that_does_not_fit_is_a_protocol_error(edits: Any) -> None:
    """An invalid edit, or one whose path does not exist, raises and changes nothing."""
    value = {"s": "text", "n": 1, "list": [1, 2]}
    before = copy.deepcopy(value)
    with pytest.raises(ProtocolError):
        apply_edits(value, edits)
    assert value == before


STEPS = st.one_of(
    st.sampled_from(["a", "b", 0, 1, -1, True, None, 0.5, [], {}, "", 10**25]), st.integers()
)
GARBAGE = st.one_of(
    VALUES,
    st.lists(
        st.one_of(
            VALUES,
            st.tuples(
                st.sampled_from(["append", "add", "delete", "replace", "", None, [], {}]),
                st.lists(STEPS, max_size=3) | VALUES,
                VALUES,
            ).map(list),
        ),
        max_size=4,
    ),
)


@given(value=VALUES, edits=GARBAGE)
def test_diff_survives_garbage(value: Any, edits: Any) -> None:
    """Random edits are applied, or raise `ProtocolError`, and never change the old value."""
    before = copy.deepcopy(value)
    try:
        result = apply_edits(value, edits)
    except ProtocolError:
        pass
    else:
        json.dumps(result)
    assert value == before


def test_diff_describes_a_monstrous_edit_briefly() -> None:
    """The error for a huge or deeply nested edit is short."""
    deep: Any = "end"
    for _ in range(5000):
        deep = [deep]
    for edit in (["append", [], deep], ["append", [], ["x" * 10_000] * 10_000]):
        with pytest.raises(ProtocolError) as caught:
            apply_edits("text", [edit])
        assert len(str(caught.value)) < 300
        assert caught.value.raw is edit


def test_diff_loses_a_value_until_it_is_replaced() -> None:
    """After an edit that cannot be applied, values are left out until a complete one arrives."""
    accumulator = DiffAccumulator()
    assert accumulator.receive(["a", "x"]) == ["a", "x"]
    assert accumulator.receive([[["append", ["nowhere"], "b"]], []]) is None
    assert accumulator.receive([[], [["append", [], "y"]]]) is None
    assert accumulator.receive([[["append", [], "c"]], []]) is None
    assert accumulator.receive([[["replace", ["k"], "c"]], []]) is None
    assert accumulator.receive([[["replace", [], "z"]], []]) == ["z", "xy"]
    assert accumulator.receive([[["append", [], "!"]], []]) == ["z!", "xy"]


@pytest.mark.parametrize("edits", [None, 5, "replace", [], [[]], [5], ["replace"], {"replace": []}])
def test_diff_does_not_take_garbage_for_a_replacement(edits: Any) -> None:
    """Only an edit that replaces the complete value makes it known again."""
    accumulator = DiffAccumulator()
    accumulator.receive(["a"])
    assert accumulator.receive([[["delete", [], None]]]) is None
    assert accumulator.receive([edits]) is None
    assert accumulator.receive([[["replace", [], "b"], ["delete", [], None]]]) is None
    assert accumulator.receive([[["replace", [], "b"]]]) == ["b"]


def test_diff_knows_nothing_after_a_message_that_was_lost() -> None:
    """After a lost message, a value is unknown until each output has been replaced."""
    accumulator = DiffAccumulator()
    accumulator.receive(["a", 1])
    accumulator.defer([[["append", [], "b"]], []])
    accumulator.invalidate()
    assert accumulator.receive([[["append", [], "d"]], []]) is None
    assert accumulator.receive([[["replace", [], "abcde"]], []]) is None
    assert accumulator.receive([[], [["replace", [], 2]]]) == ["abcde", 2]


def test_diff_knows_nothing_after_a_first_message_that_was_lost() -> None:
    """After a lost first message, the next values are edits and not first values."""
    accumulator = DiffAccumulator()
    accumulator.invalidate()
    accumulator = accumulator.copy()
    assert accumulator.receive([[["append", [], "b"]], []]) is None
    assert accumulator.receive([[["replace", [], "abc"]], []]) is None
    assert accumulator.receive([[], [["replace", [], 2]]]) == ["abc", 2]


def test_diff_takes_outputs_that_join_later() -> None:
    """An output that the first message lacks starts as null."""
    accumulator = DiffAccumulator()
    accumulator.receive(["a"])
    assert accumulator.receive([[], [["replace", [], "b"]], []]) == ["a", "b", None]
    assert accumulator.receive([[["append", [], "!"]]]) == ["a!", "b", None]


def test_diff_copies_are_independent() -> None:
    """A copy continues from the same state, independently of the original."""
    empty = DiffAccumulator()
    assert empty.copy().receive(["new"]) == ["new"]
    first = DiffAccumulator()
    first.receive([{"s": "a"}, "x"])
    first.receive([[], None])
    second = first.copy()
    assert second.receive([[["append", ["s"], "b"]], [["replace", [], "y"]]]) == [{"s": "ab"}, "y"]
    assert first.receive([[], []]) is None
    assert first.receive([[], [["replace", [], "z"]]]) == [{"s": "a"}, "z"]
    assert second.receive([[], []]) == [{"s": "ab"}, "y"]


PATHS = st.lists(st.sampled_from([0, 1, True, "a", "1"]), max_size=2)
ODD_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "append", "replace", "replace", "add", "delete"]),
        PATHS,
        st.sampled_from(["x", "yz", 5, {"a": "t", "1": [""]}]),
    ).map(list)
    | st.sampled_from([["append", []], ["append", "a", "x"], "append", None]),
    max_size=4,
)


@given(
    first=st.lists(
        st.sampled_from(["", {"a": "t", "1": "v"}, [{"a": "", "1": ""}, "u"], None]), max_size=2
    ),
    late=st.lists(st.lists(ODD_EDITS | st.none(), max_size=3), max_size=6),
)
@example(first=["a"], late=[[None], [[["append", [True], "x"], ["append", [], 5]]]])
@example(
    first=[{"1": "v"}],
    late=[
        [[["append", ["1"], "x"], ["append", [1], "y"], ["append", ["1"], "z"]]],
        [[["replace", ["1"], "new"], ["append", ["1"], "er"]]],
    ],
)
def test_diff_that_is_put_off_is_the_same(first: list[Any], late: list[list[Any]]) -> None:
    """Deferred edits give the same values as edits that are applied at once."""
    at_once, put_off = DiffAccumulator(), DiffAccumulator()
    for data in [first, *late]:
        at_once.receive(data, 10)
        put_off.defer(data, 10)
    assert put_off.copy().receive([]) == put_off.receive([]) == at_once.receive([])


def test_diff_that_is_put_off_grows_no_further_than_others() -> None:
    """Deferred values are dropped at the same length as others."""
    outputs = DiffAccumulator(limit=1_000)
    outputs.defer(["", ""])
    for _ in range(50):
        outputs.defer([[["append", [], "x" * 100], ["append", "odd", "x"]], []], 200)
    assert outputs.receive([[], []]) is None
    for _ in range(50):
        outputs.defer([[["replace", [], "x" * 100]], [["append", [], "y"]]], 200)
    assert outputs.copy().receive([[], []]) == ["x" * 100, "y" * 50]
    for _ in range(50):
        outputs.defer([[["append", [], "x" * 100]], []], 200)
    assert outputs.copy()._values == [None, None]


def test_diff_that_is_put_off_makes_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deferred text is joined once at the end, and not copied for each edit."""
    made: list[int] = []
    appended = diff._appended
    monkeypatch.setattr(
        diff, "_appended", lambda text, more: made.append(len(more)) or appended(text, more)
    )
    outputs = DiffAccumulator()
    outputs.defer([{"a": "", "b": "", "n": 0}])
    for n in range(500):
        edits = [["append", ["a"], "x"], ["replace", ["n"], n], ["append", ["b"], "y"]]
        outputs.defer([edits])
    assert outputs.receive([[]]) == [{"a": "x" * 500, "b": "y" * 500, "n": 499}]
    assert made == [500, 500]


@pytest.mark.parametrize(("count", "size"), [(10_000, 1), (100, 2**20)])
def test_diff_puts_off_so_much_and_no_more(count: int, size: int) -> None:
    """Deferred edits are limited in number and length."""
    accumulator = DiffAccumulator()
    accumulator.defer([""])
    for _ in range(count):
        accumulator.defer([[["append", [], "x"]]], size)
        assert len(accumulator._deferred) <= 1_000 and accumulator._deferred_bytes <= 2**20
    assert accumulator.receive([[]]) == ["x" * count]


def test_diff_hands_out_lists_of_its_own() -> None:
    """A change of a returned list does not change the next one."""
    accumulator = DiffAccumulator()
    for data in (["a", "b"], [[], []], [[], []]):
        value = accumulator.receive(data)
        assert value == ["a", "b"]
        value.clear()


def test_values_that_grow_without_end_are_dropped() -> None:
    """Values above the limit are unknown until replaced; edits that replace are not counted."""
    outputs = DiffAccumulator(limit=1_000)
    assert outputs.receive(["", {"a": [""]}]) == ["", {"a": [""]}]
    for _ in range(50):
        value = "x" * 100
        known = outputs.receive([[["replace", [], value]], [["replace", ["a", 0], value]]], 300)
        assert known == [value, {"a": [value]}]
    copy = outputs.copy()
    for _ in range(20):
        known = outputs.receive([[["append", [], "x" * 100]], [["append", ["a", 0], "y"]]], 200)
    assert known is None and outputs._values == [None, None]
    assert copy.receive([[], []]) == ["x" * 100, {"a": ["x" * 100]}]
    again = [[["replace", [], "new"]], [["replace", [], 5]]]
    assert outputs.receive(again, 100) == ["new", 5]
