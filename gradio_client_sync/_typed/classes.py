"""Classes for the results of a generated module: a ``TypedDict`` for each object with known keys.

Equal objects share a class. Names come from the schema, or from the endpoint and the label. An
object whose keys cannot be written in the body of a class stays ``dict[str, Any]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Callable

from .._protocol.api.annotation import Hint
from .._protocol.api.api_info import identifier
from .layout import LINE, width

_ANY = Hint("Any")
_DICT = Hint("dict", (_ANY,))

#: Names that have a meaning in the body of a class. A key of this name would replace it.
_WORDS = frozenset("Any Literal NotRequired RemoteFile bool dict float int list str".split())


class Classes:
    """The classes of one module.

    Args:
        new_name: Returns a free name for a class, and takes it.
    """

    def __init__(self, new_name: Callable[[str], str]) -> None:
        self._new_name = new_name
        self._names: dict[Hint, str] = {}
        self._bodies: dict[str, list[str]] = {}
        self.used: set[str] = set()  # the names that the module has to import

    @property
    def state(self) -> tuple[dict[Hint, str], dict[str, list[str]], set[str]]:
        """The classes so far. To drop later ones, set an earlier state."""
        return dict(self._names), dict(self._bodies), set(self.used)

    @state.setter
    def state(self, state: tuple[dict[Hint, str], dict[str, list[str]], set[str]]) -> None:
        self._names, self._bodies, self.used = state

    @property
    def lines(self) -> list[str]:
        """The source of all classes."""
        return [line for body in self._bodies.values() for line in body]

    def named(self, hint: Hint, wish: str) -> Hint:
        """Return a type in which each object is the name of its class.

        Args:
            hint: The type.
            wish: A name for an object that has none in its schema.
        """
        if hint.kind != "object":
            return hint.with_parts([self.named(part, wish) for part in hint.parts])
        if hint in self._names:
            return Hint(self._names[hint])
        keys = [key for key, _ in hint.keys]
        parts = [self.named(part, f"{wish}_{key}") for key, part in zip(keys, hint.parts)]
        kinds = set[str]().union(*(part.kinds() for part in parts))
        if not _WORDS.union(kinds).isdisjoint(keys):
            return _DICT
        name = self._new_name(_words(hint.title) or _words(wish))
        self._names[hint] = name
        self._bodies[name] = list(self._body(name, hint, parts))
        return Hint(name)

    def _body(self, name: str, hint: Hint, parts: list[Hint]) -> Iterator[str]:
        self.used.add("TypedDict")
        yield from ("", "", f"class {name}(TypedDict):", '    """A part of a result."""', "")
        for (key, is_sure), part in zip(hint.keys, parts):
            line = f"    {key}: {_type(part, is_sure)}"
            if width(line) > LINE:
                part = _ANY
                line = f"    {key}: {_type(part, is_sure)}"
            self.used |= part.kinds() & _WORDS | (set() if is_sure else {"NotRequired"})
            yield f"{line}  # noqa: E741" if key in ("l", "I", "O") else line


def _type(part: Hint, is_sure: bool) -> str:
    return part.text() if is_sure else f"NotRequired[{part.text()}]"


def _words(text: str) -> str:
    """Return the words of a text as a name in lower case, with the words of `CamelCase` split."""
    return identifier(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text))
