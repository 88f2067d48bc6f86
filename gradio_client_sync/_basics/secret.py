"""`Secret`: a value that programs which dump variables do not show.

Such programs show the variables of frames that run: error reports with the stack of each thread,
profilers, debuggers. They print the `repr` of a value, and read the content of texts, lists and
dicts, also of their subclasses. Some show attributes, too. None of them shows the closure of a
function, so a `Secret` keeps its value there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class Secret(Generic[T]):
    """A value that is shown only on purpose, by `reveal` or in an f-string.

    So the values of a dict of headers can be secrets: the f-string that writes a header shows it.

    Args:
        value: The value.
    """

    __slots__ = ("reveal",)

    #: Returns the value.
    reveal: Callable[[], T]

    def __init__(self, value: T) -> None:
        self.reveal = lambda: value

    def __format__(self, form: str) -> str:
        """Return the value as text."""
        return format(self.reveal(), form)

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        """Refuse, because the pickle would show the value."""
        raise TypeError("A secret cannot be pickled.")


#: Names to texts, which may be secret.
if TYPE_CHECKING:
    Texts = Mapping[str, Union[str, Secret[str]]]


def revealed(value: Any) -> Any:
    """Return what a `Secret` holds, or any other value unchanged."""
    return value.reveal() if isinstance(value, Secret) else value


def hide(value: Any) -> Secret[Any]:
    """Return a value as a `Secret`, which it may be already."""
    return value if isinstance(value, Secret) else Secret(value)


def hidden(texts: Mapping[str, Any]) -> dict[str, Secret[Any]]:
    """Return a mapping with each value as a `Secret`."""
    return {name: hide(text) for name, text in texts.items()}


def shown(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping without secrets, which `hidden` may have made."""
    return {name: revealed(text) for name, text in texts.items()}
