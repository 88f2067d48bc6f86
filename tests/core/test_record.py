"""`FrozenRecord`, compared with a frozen dataclass of the same fields."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar

import pytest

from gradio_client_sync._basics.record import FrozenRecord


class Point(FrozenRecord, hidden=("note",)):
    """A record with a default, a hidden field, and a class variable."""

    kind: ClassVar[str] = "point"
    x: int
    y: list[int] | int = 0
    note: str = ""

    @property
    def total(self) -> int:
        """A property is not a field."""
        assert isinstance(self.y, int)
        return self.x + self.y


@dataclass(frozen=True)
class Model:
    """The dataclass that a record is compared with."""

    kind: ClassVar[str] = "point"
    x: int
    y: list[int] | int = 0
    note: str = dataclasses.field(default="", repr=False, compare=False)


@pytest.mark.parametrize(
    ("values", "named"),
    [((1,), {}), ((1, 2), {}), ((1, 2, "n"), {}), ((), {"x": 1}), ((1,), {"note": "n"})],
)
def test_record_holds_what_a_dataclass_holds(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """Values are given by position or by name, and defaults fill in the others."""
    record, model = Point(*values, **named), Model(*values, **named)
    assert vars(record) == vars(model)
    assert repr(record) == repr(model).replace("Model", "Point")


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, "", 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"z": 1})],
)
def test_record_refuses_what_a_dataclass_refuses(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """A field that is missing, unknown or given twice is a TypeError that names the fields."""
    with pytest.raises(TypeError):
        Model(*values, **named)
    with pytest.raises(TypeError, match="Point takes each of these once: x, y, note"):
        Point(*values, **named)


def test_record_is_equal_by_the_fields_that_are_not_hidden() -> None:
    """Records of one class with the same values are equal, and have the same hash."""
    assert Point(1, 2, "a") == Point(1, 2, "b")
    assert hash(Point(1, 2, "a")) == hash(Point(1, 2, "b"))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != Model(1, 2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(1, [2]))


def test_record_is_frozen() -> None:
    """No field can be set or deleted."""
    point: Any = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert point == Point(1)


def test_record_is_replaced_by_a_copy() -> None:
    """`_replace` changes some fields, and checks their names."""
    point = Point(1, 2, "n")
    assert vars(point._replace(y=3)) == {"x": 1, "y": 3, "note": "n"}
    with pytest.raises(TypeError, match="z"):
        point._replace(z=1)


def test_record_survives_pickle_and_copy() -> None:
    """A pickle, a copy and a deep copy have the same fields."""
    point = Point(1, [2], "n")
    for other in (pickle.loads(pickle.dumps(point)), copy.copy(point), copy.deepcopy(point)):
        assert vars(other) == vars(point)


def test_record_that_holds_itself_has_a_repr() -> None:
    """The repr of a record inside itself is three dots."""
    values: list[Any] = []
    point = Point(1, values)
    values.append(point)
    assert repr(point) == "Point(x=1, y=[...])"


def test_record_matches_by_position() -> None:
    """Patterns of ``match`` find the fields in order."""
    assert Point.__match_args__ == ("x", "y", "note")


def test_record_works_with_the_functions_of_dataclasses() -> None:
    """The functions of `dataclasses` do what they do for a dataclass."""
    point: Any = Point(1, [2], "n")
    assert dataclasses.is_dataclass(Point)
    assert dataclasses.is_dataclass(point)
    assert [(f.name, f.default) for f in dataclasses.fields(point)] == [
        (f.name, f.default) for f in dataclasses.fields(Model)
    ]
    assert dataclasses.asdict(point) == {"x": 1, "y": [2], "note": "n"}
    assert dataclasses.astuple(point) == (1, [2], "n")
    assert dataclasses.replace(point, x=5) == Point(5, [2])
    assert not dataclasses.is_dataclass(FrozenRecord)
    # The record works as before, now that `dataclasses` has used it as a dataclass.
    assert repr(Point(1)) == "Point(x=1, y=0)"
    assert Point(1, 2, "a") == Point(1, 2, "b")
    with pytest.raises(FrozenInstanceError):
        point.x = 2


def test_record_is_a_base_class_as_a_dataclass_is() -> None:
    """A subclass has the same fields; its annotations are fields only with ``@dataclass``."""

    class Plain(Point):
        extra: int = 7

    class PlainModel(Model):
        extra: int = 7

    @dataclass(frozen=True)
    class Extended(Point):
        extra: int = 7

    @dataclass(frozen=True)
    class ExtendedModel(Model):
        extra: int = 7

    for record, model in ((Plain, PlainModel), (Extended, ExtendedModel)):
        names = [field.name for field in dataclasses.fields(model)]
        assert [field.name for field in dataclasses.fields(record)] == names
        assert inspect.signature(record) == inspect.signature(model)
        made: Any = record(1, 2)
        assert vars(made) == vars(model(1, 2))
        assert repr(made) == repr(model(1, 2)).replace("Model", "")
        assert dataclasses.replace(made, x=3) == record(3, 2) != made
        assert made != Point(1, 2)
        with pytest.raises(FrozenInstanceError):
            made.x = 2
    plain: Any = Plain(1)
    plain.other = 2
    assert plain.other == 2
    del plain.other
    assert not hasattr(plain, "other")


def test_record_is_a_base_class_without_the_future_import() -> None:
    """The annotations of a subclass need not be texts."""
    names: dict[str, Any] = {"Point": Point, "dataclass": dataclass}
    exec(  # a module without the import, unlike this one
        compile(
            "class Plain(Point):\n extra: int = 7\n"
            "@dataclass(frozen=True)\nclass Extended(Point):\n extra: int = 7\n",
            "user",
            "exec",
            dont_inherit=True,
        ),
        names,
    )
    assert vars(names["Plain"](1)) == vars(Point(1))
    assert repr(names["Extended"](1, extra=2)) == "Extended(x=1, y=0, extra=2)"


def test_record_has_the_signature_of_a_dataclass() -> None:
    """`help` and editors show the fields and their defaults."""
    assert str(inspect.signature(Point)) == str(inspect.signature(Model))
    assert not hasattr(Point(1), "__signature__")


def test_record_is_a_dataclass_for_libraries_that_search_its_class() -> None:
    """The class itself has the attribute by which some libraries recognize dataclasses."""

    class Fresh(FrozenRecord):
        x: int

    assert "__dataclass_fields__" in vars(Fresh)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_record_works_with_copy_replace() -> None:
    """`copy.replace` works before a function of `dataclasses` was called, too."""

    class Fresh(FrozenRecord):
        x: int
        y: int = 2

    changed = copy.replace(Fresh(1), x=3)  # type: ignore[attr-defined,unused-ignore]
    assert vars(changed) == {"x": 3, "y": 2}


def test_record_may_first_be_used_as_a_dataclass_by_two_threads() -> None:
    """The fields of a class are made without a change of its methods, so any thread may do it."""

    class Fresh(FrozenRecord):
        x: int

    descriptor = vars(Fresh)["__dataclass_fields__"]
    before = dict(vars(Fresh))
    first = dataclasses.fields(Fresh)
    second = descriptor.__get__(None, Fresh)  # of a thread that has begun before the first ended
    assert [field.name for field in first] == list(second) == ["x"]
    added = {name for name, value in vars(Fresh).items() if before.get(name) is not value}
    assert added == {"__dataclass_fields__", "__dataclass_params__"}


def test_record_loads_neither_dataclasses_nor_inspect() -> None:
    """The package's records do not load `dataclasses`, nor `inspect`, which it imports."""
    code = (
        "import sys, gradio_client_sync.events; "
        "print({'dataclasses', 'inspect'} & set(sys.modules) or 'neither')"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "neither", ran.stderr


def test_record_has_the_docstring_of_its_class() -> None:
    """`help` shows the docstring, and the record's own properties."""
    assert inspect.getdoc(Point) == "A record with a default, a hidden field, and a class variable."
    assert Point(1, 2).total == 3
