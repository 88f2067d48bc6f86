"""`Secret`: a value that programs which dump variables do not show.

Such programs show the variables of frames that run: error reports with the stack of each thread,
profilers, debuggers. They print the `repr` of a value, and read the content of texts, lists and
dicts, also of their subclasses. Some show attributes, too. None of them shows the closure of a
function, so a `Secret` keeps its value there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar, Union, overload

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


class SentSecret(Secret[T]):
    """A secret that its pickle shows, because a worker of the user needs it in another process."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return type(self), (self.reveal(),)


class HiddenAttribute(Generic[T]):
    """A public attribute whose value is kept as a `Secret`: only access by its name shows it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._kept = f"_{name}"

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> HiddenAttribute[T]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object, owner: type) -> Any:
        return self if instance is None else getattr(instance, self._kept).reveal()

    def __set__(self, instance: object, value: T | Secret[T]) -> None:
        setattr(instance, self._kept, hide(value))


#: Names to texts, which may be secret.
if TYPE_CHECKING:
    Texts = Mapping[str, Union[str, Secret[str]]]


def revealed(value: Any) -> Any:
    """Return what a `Secret` holds, or any other value unchanged."""
    return value.reveal() if isinstance(value, Secret) else value


def hide(value: Any) -> Secret[Any]:
    """Return a value as a `Secret`, which it may be already."""
    return value if isinstance(value, Secret) else Secret(value)


def hidden_source(source: Any) -> Any:
    """Return what a user typed, as a `Secret` if it is a URL with a query, a name or a password."""
    if isinstance(source, (str, bytes)):
        text = source if isinstance(source, str) else source.decode("latin-1")
        return hide(source) if "?" in text or "@" in text else source
    return source


def shown_source(source: str) -> str:
    """Return a URL that a user typed as errors show it: no value of its query, and no password.

    Example:
        >>> shown_source("https://me:pass@host/app?token=abc&view=1#top")
        'https://…@host/app?token=…&view=…'
    """
    url, _, query = re.sub(r"//[^/@]*@", "//…@", source).partition("#")[0].partition("?")
    parts = [f"{part.partition('=')[0]}=…" if "=" in part else "…" for part in query.split("&")]
    return f"{url}?{'&'.join(parts)}" if query else url


def joined(*parts: str | Secret[str]) -> Secret[str]:
    """Return texts as one secret. No variable has the plain text on the way."""
    return Secret("".join([f"{part}" for part in parts]))


def hidden(texts: Mapping[str, Any]) -> dict[str, Secret[Any]]:
    """Return a mapping with each value as a `Secret`."""
    return {name: hide(text) for name, text in texts.items()}


def shown(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping without secrets, which `hidden` may have made."""
    return {name: revealed(text) for name, text in texts.items()}
