"""`FrozenRecord`: what ``@dataclass(frozen=True)`` gives, in classes that are cheap to load.

`dataclasses` imports `inspect`, and it compiles six methods for each class. For the classes of one
call that was 14 ms of CPU, a seventh of ``import requests``, in each script, cron job and command.
The methods here are written once, for all classes. What a call does not need is a dataclass.
"""

from __future__ import annotations

from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from .printing import printable

if TYPE_CHECKING:
    from dataclasses import Field
    from inspect import Signature

    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_options):
        """Return a decorator that changes nothing: only type checkers need it."""
        return lambda cls: cls


class _DataclassFields:
    """Gives a record's class what dataclasses have, when its fields are first needed.

    `dataclasses.fields`, `asdict`, `replace` and `is_dataclass` read ``__dataclass_fields__``.
    """

    def __get__(self, record: object, owner: type[FrozenRecord]) -> dict[str, Field[Any]]:
        from dataclasses import MISSING, dataclass, field

        cls: Any = next(base for base in owner.__mro__ if FrozenRecord in base.__bases__)
        names = {"__module__": cls.__module__, "__annotations__": cls._kinds, **cls._defaults}
        for name in set(cls._field_names) - set(cls._compared):
            default = cls._defaults.get(name, MISSING)
            names[name] = field(default=default, repr=False, compare=False)
        # Of a twin: `dataclass` fails if two threads call it with one class.
        twin = type(cls.__name__, (), names)
        model: Any = dataclass(frozen=True, eq="__eq__" not in vars(cls))(twin)
        fields: dict[str, Field[Any]] = model.__dataclass_fields__
        type.__setattr__(cls, "__dataclass_params__", model.__dataclass_params__)
        type.__setattr__(cls, "__dataclass_fields__", fields)
        return fields


class _RecordSignature:
    """Makes the signature of a record's class when it is first needed, such as by `help`."""

    def __get__(self, record: object, owner: type[FrozenRecord]) -> Signature:
        if record is not None or owner.__init__ is not FrozenRecord.__init__:
            raise AttributeError("__signature__")  # then `inspect` reads it from ``__init__``
        from inspect import Parameter, Signature

        kinds, defaults = owner._kinds, owner._defaults
        return Signature(
            [
                Parameter(
                    name,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=defaults.get(name, Parameter.empty),
                    annotation=kinds[name],
                )
                for name in owner._field_names
            ],
            return_annotation=None,
        )


@dataclass_transform(frozen_default=True)
class FrozenRecord:
    """An object with named values that do not change.

    A subclass declares its fields as a dataclass does: names with types, and defaults. Two records
    are equal if they have the same class and equal fields. A subclass of a subclass has the same
    fields, unless ``@dataclass(frozen=True)`` adds some, as for a subclass of a dataclass.

    Args:
        hidden: Fields of the subclass that ``repr`` does not show and ``==`` does not compare.
    """

    # Not `_fields`: to `help`, that is a named tuple, whose private methods it lists.
    _field_names: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[frozenset[str]] = frozenset()
    _compared: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}
    _kinds: ClassVar[dict[str, Any]] = {}
    if not TYPE_CHECKING:  # type checkers know them of any dataclass
        __match_args__ = ()
        __signature__ = _RecordSignature()

    def __init_subclass__(cls, hidden: tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        if FrozenRecord not in cls.__bases__:
            return  # a class of a user, whose annotations are not fields
        cls._kinds = kinds = cls.__annotations__
        cls._field_names = tuple([name for name in kinds if "ClassVar" not in kinds[name]])
        cls._names = frozenset(cls._field_names)
        cls._compared = tuple([name for name in cls._field_names if name not in hidden])
        cls._defaults = {name: vars(cls)[name] for name in cls._field_names if name in vars(cls)}
        type.__setattr__(cls, "__match_args__", cls._field_names)
        # In each class, since some libraries search only the class itself for it.
        type.__setattr__(cls, "__dataclass_fields__", _DataclassFields())

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = vars(self)
        fields.update(self._defaults)
        fields.update(zip(self._field_names, values))
        fields.update(named)
        twice = named.keys() & self._field_names[: len(values)]
        if twice or len(values) > len(self._field_names) or fields.keys() != self._names:
            self._refuse(values, named)

    @classmethod
    def _make(cls, **named: Any) -> Self:
        """Return a record without checking the names of its fields, in a third of the time."""
        record = cls.__new__(cls)
        record.__dict__.update(cls._defaults, **named)
        return record

    def _refuse(self, values: tuple[Any, ...], named: dict[str, Any]) -> NoReturn:
        names = ", ".join(self._field_names)
        raise TypeError(
            f"{type(self).__name__} takes each of these once: {names}. It was given {len(values)} "
            f"by position and {', '.join(named) or 'none'} by name."
        )

    def _replace(self, **values: Any) -> Self:
        """Return a copy with other values for some fields."""
        fields = vars(self)
        return type(self)(**{**{name: fields[name] for name in self._field_names}, **values})

    __replace__ = _replace  # for `copy.replace`, from Python 3.13 on

    def _is_frozen(self, name: str) -> bool:
        return name in self._names or FrozenRecord in type(self).__bases__

    def __setattr__(self, name: str, value: object) -> None:
        if not self._is_frozen(name):
            super().__setattr__(name, value)
            return
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        if not self._is_frozen(name):
            super().__delattr__(name)
            return
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    @recursive_repr()
    def __repr__(self) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in self._compared])
        return printable(f"{type(self).__qualname__}({shown})")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrozenRecord) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def _values(self) -> tuple[Any, ...]:
        fields = vars(self)
        return tuple([fields[name] for name in self._compared])
