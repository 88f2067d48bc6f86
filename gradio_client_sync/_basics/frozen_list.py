"""`FrozenList`: a list that cannot be changed, and that has no arithmetic.

A result is a list, so `json`, pandas and web frameworks handle it as one. Methods that change a
list would only change this copy of the outputs. Arithmetic with it is a mistake: the caller has the
list of outputs, and wants one of them.
"""

from __future__ import annotations

from typing import Any, Callable, NoReturn

_CHANGES = (
    "append clear extend insert pop remove reverse sort __setitem__ __delitem__ __iadd__ __imul__"
).split()

#: The methods of operators and conversions, each before the text that a user types for it.
_ALONE = (
    "lt < le <= gt > ge >= neg - pos + abs abs() round round() int int() float float() "
    "complex complex()"
).split()
_WITH_OTHER = (
    "sub - mul * truediv / floordiv // mod % pow ** matmul @ divmod divmod() and & or | xor ^"
).split()


class FrozenList(list[Any]):
    """A list that cannot be changed, and that has no arithmetic.

    ``+`` joins it with a list to a plain list. A subclass makes the errors.
    """

    def _no_change(self, name: str) -> TypeError:
        """Return the error for a method that would change the list."""
        raise NotImplementedError

    def _no_operation(self, sign: str) -> TypeError:
        """Return the error for an operation."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, list):
            raise self._no_operation("+")
        return [*self, *other]

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, list):
            raise self._no_operation("+")
        return [*other, *self]

    def __format__(self, form: str) -> str:
        if form:
            raise self._no_operation(f"the format {form}")
        return super().__format__(form)


def _changing(name: str) -> Callable[..., NoReturn]:
    def method(self: FrozenList, *args: Any, **named: Any) -> NoReturn:
        """Raise a `TypeError`: this list does not change."""
        raise self._no_change(name)

    return method


def _calculating(sign: str) -> Callable[..., NoReturn]:
    def method(self: FrozenList, *args: Any) -> NoReturn:
        """Raise a `TypeError`: arithmetic is for an output, not for the list of them."""
        raise self._no_operation(sign)

    return method


def _define() -> None:
    for name in _CHANGES:
        setattr(FrozenList, name, _changing(name))
    for prefix, words in (("", _ALONE), ("", _WITH_OTHER), ("r", _WITH_OTHER)):
        for name, sign in zip(words[::2], words[1::2]):
            setattr(FrozenList, f"__{prefix}{name}__", _calculating(sign))


_define()
