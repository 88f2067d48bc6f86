"""From the signatures of an app's endpoints to the source of a Python module that calls them.

Source from data, with nothing fetched and nothing written. What comes out is as ``ruff format``
would leave it, and passes ``mypy --strict``.

An app's words get into it in four ways only, and each is closed: names are identifiers
(`python_names`), choices and defaults are literals (`quoted`), descriptions are docstrings in
which no quote or backslash can end the text (`_docstring`), and the fingerprint is made of
literals in ASCII (`Text`). Types come from a fixed set of words (`Hint`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count

from .._protocol.api.annotation import Choice, Hint, is_plain, literal, union
from .._protocol.api.fingerprint import fingerprint_of
from .._protocol.api.signature import Parameter, Signature, is_name
from .docstring import PLAIN_DEFAULT, SUBMIT_DOCSTRING, function_docstring
from .layout import LINE, Brackets, Entry, Node, Remarked, Text, flat, laid_out, width

LONGEST_TYPE = 50  # columns of one that has no choices
ALIAS_LENGTH = 30  # characters

#: What the module uses, so that no function or alias can be called so; and what looks like a 1.
_USED = (
    "Any Literal Client RemoteFile FileInput TypedJob Api Default DEFAULT SOURCE annotations "
    "str int float bool list dict tuple l"
).split()


def module_source(source: str, signatures: Sequence[Signature]) -> str:
    """Write a module with two functions for each endpoint: one waits, one does not.

    Args:
        source: The app's address or Space name, without secrets.
        signatures: Its endpoints, each with a name of its own.

    Returns:
        The module's source, the same for the same app.
    """
    module = _Module(signatures)
    body = [line for signature in signatures for line in module.functions(signature)]
    typing = [word for word in ("Any", "Literal") if word in module.used]
    own = [word for word in ("Client", "RemoteFile") if word in module.used]
    words = ("DEFAULT", "Api", "Default", "FileInput", "TypedJob")
    support = [word for word in words if word in module.used]
    head = [
        '"""Typed functions for a Gradio app; `SOURCE` says where it was.',
        "",
        "Written by `gradio-client-sync types`, which overwrites it. Each function takes a client",
        "first: `from gradio_client_sync import Client`, then `with Client(SOURCE) as app:`.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *([f"from typing import {', '.join(typing)}", ""] if typing else []),
        *([f"from gradio_client_sync import {', '.join(own)}"] if own else []),
        f"from gradio_client_sync.typed import {', '.join(support)}",
        "",
        *laid_out("SOURCE = ", Text(source)),
        "",
        "# What the app was. Of each parameter: name, type, whether it is required. What returns.",
        *laid_out("_API = ", Brackets("Api(", [_fingerprints(signatures)], ")")),
        *module.aliases,
    ]
    return "\n".join([*head, *body, ""])


class _Module:
    """A module on its way to source.

    Attributes:
        used: The words it has to import.
        aliases: Names for choices that have no room in a signature, as lines.
    """

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self.used = {"Api"}
        self.aliases: list[str] = []
        self._taken = set(_USED)
        self._names: dict[str | int, str] = {}
        for signature in signatures:
            name = self._free(signature.name, "submit_")
            self._taken |= {name, f"submit_{name}"}
            self._names[signature.endpoint] = name

    def _free(self, wish: str, *prefixes: str) -> str:
        """A name that is not given yet, neither by itself nor with a prefix."""
        name, number = wish, 1
        while not self._taken.isdisjoint((name, *(f"{prefix}{name}" for prefix in prefixes))):
            number += 1
            name = f"{wish.rstrip('_')}_{number}"
        return name

    def functions(self, signature: Signature) -> Iterator[str]:
        """Both forms of an endpoint, as lines."""
        signature = replace(signature, name=self._names[signature.endpoint])
        app = _client_name(signature)
        returned = self._returned(signature)
        started = Brackets("TypedJob[", [returned], "]", comma=False)
        parameters = [f"{app}: Client", "/", *self._parameters(signature)]
        values = Brackets("[", [parameter.name for parameter in signature.parameters], "]")
        arguments = [app, _key(signature.endpoint), values]
        self.used |= {"Client", "TypedJob"}
        yield from ("", "")
        yield from _header(signature.name, parameters, returned)
        yield from _docstring(function_docstring(signature, app=app))
        verb = "" if returned == "None" else "return "
        yield from laid_out(verb, Brackets("_API.call(", arguments, ")"), indent=4)
        yield from ("", "")
        yield from _header(f"submit_{signature.name}", parameters, started)
        yield from _docstring(SUBMIT_DOCSTRING)
        yield from laid_out("return ", Brackets("_API.submit(", arguments, ")"), indent=4)

    def _returned(self, signature: Signature) -> Node:
        hints = [hint.named("file", "RemoteFile") for hint, _ in signature.returns]
        hints = [hint if width(hint.text()) <= LONGEST_TYPE else _ANY for hint in hints]
        self._used_in(hints)
        if len(hints) == 1:
            return hints[0].text()
        return Brackets("tuple[", [hint.text() for hint in hints], "]") if hints else "None"

    def _parameters(self, signature: Signature) -> Iterator[Node]:
        starred = False
        for parameter in signature.parameters:
            if parameter.keyword_only and not starred:
                starred = True
                yield "*"
            line = self._parameter(signature.name, parameter)
            codes = ["E741"] if parameter.name in ("l", "I", "O") else []
            codes += ["N803"] if not _is_lower(parameter.name) else []
            yield Remarked(line, f"noqa: {', '.join(codes)}") if codes else line

    def _parameter(self, function: str, parameter: Parameter) -> str:
        """Name, type and default on one line; what has no room is named elsewhere or left out."""
        hint, default = parameter.hint.named("file", "FileInput"), ""
        if not parameter.required:
            # A mutable or long default, or one that is not of the type, stays with the app.
            own = is_plain(parameter.default, PLAIN_DEFAULT) and parameter.hint.takes(
                parameter.default
            )
            default = f" = {literal(parameter.default)}" if own else _APP_DEFAULT
        choices = next(_choices(hint), ())
        if not choices and width(hint.text()) > LONGEST_TYPE:
            hint = _ANY
        alias = self._alias(f"{function}_{parameter.name}")
        named = hint.named("Literal", alias) if len(choices) > 1 else hint.widened()
        lesser = _APP_DEFAULT if default else ""
        forms = [
            (union([kind, Hint("Default")]) if shown == _APP_DEFAULT else kind, shown)
            for kind, shown in [(hint, default), (named, default), (named, lesser), (_ANY, lesser)]
        ]
        lines = [f"{parameter.name}: {kind.text()}{shown}" for kind, shown in forms]
        fitting = (n for n, line in enumerate(lines) if 5 + width(line) <= LINE)
        chosen = next(fitting, len(lines) - 1)
        kind, default = forms[chosen]
        if alias in kind.kinds():
            self._taken.add(alias)
            self._used_in([Hint("Literal")])
            values = Brackets("Literal[", list(map(literal, choices)), "]")
            self.aliases += ["", *laid_out(f"{alias} = ", values)]
        self.used |= {"DEFAULT"} if default == _APP_DEFAULT else set()
        self._used_in([kind])
        return lines[chosen]

    def _alias(self, wish: str) -> str:
        """A name for choices, of the function's and the parameter's."""
        words = "".join(word.capitalize() for word in wish.split("_"))[:ALIAS_LENGTH]
        return self._free(words if is_name(words) else "Choice")

    def _used_in(self, hints: Sequence[Hint]) -> None:
        words = {"Any", "Default", "Literal", "FileInput", "RemoteFile"}
        self.used |= words & set[str]().union(*(hint.kinds() for hint in hints))


_ANY = Hint("Any")
_APP_DEFAULT = " = DEFAULT"


def _choices(hint: Hint) -> Iterator[tuple[Choice, ...]]:
    """The choices in a hint."""
    if hint.kind == "Literal":
        yield hint.choices
    for part in hint.parts:
        yield from _choices(part)


def _client_name(signature: Signature) -> str:
    """A name for the first parameter that no other has."""
    given = {parameter.name for parameter in signature.parameters}
    names = chain(("app", "client"), (f"app_{number}" for number in count(2)))
    return next(name for name in names if name not in given)


def _header(name: str, parameters: Sequence[Node], returned: Node) -> Iterator[str]:
    remark = "" if _is_lower(name) else "  # noqa: N802"
    line = f"def {name}({', '.join(map(flat, parameters))}) -> {flat(returned)}:"
    if width(line) <= LINE and not any(isinstance(one, Remarked) for one in parameters):
        yield f"{line}{remark}"
        return
    yield f"def {name}({remark}"
    for parameter in parameters:
        yield from laid_out("", parameter, ",", 4)
    yield from laid_out(") -> ", returned, ":")


def _is_lower(name: str) -> bool:
    """Whether ruff takes a name for lower case: letters of scripts that have no case are not.

    Nor are their vowel signs, which Python does not call letters; of a name whose only such
    signs do not take up room, ruff may think otherwise, which costs a remark too few.
    """
    return all(
        char.islower()
        for char in name
        if unicodedata.category(char)[0] == "L" or unicodedata.category(char) == "Mc"
    )


def _docstring(text: str) -> Iterator[str]:
    """A docstring in source.

    Backslashes stand for themselves in it, and three double quotes in a row, which would end it,
    become single ones. A last quote has a line end or a stop behind it.
    """
    raw = "r" if "\\" in text else ""
    first, *more = text.replace('"""', "'''").split("\n")
    if not more:
        yield f'    {raw}"""{first}"""'
        return
    yield f'    {raw}"""{first}'
    yield from (f"    {line}" if line else "" for line in more)
    yield '    """'


def _fingerprints(signatures: Sequence[Signature]) -> Node:
    return Brackets("{", [_fingerprint(signature) for signature in signatures], "}")


def _fingerprint(signature: Signature) -> Node:
    parameters, returns = fingerprint_of(signature)
    taken = [_tuple([Text(name), Text(kind), str(needed)]) for name, kind, needed in parameters]
    return Entry(_key(signature.endpoint), _tuple([_tuple(taken), _tuple([*map(Text, returns)])]))


def _tuple(items: Sequence[Node]) -> Node:
    return Brackets("(", items, ")", lone_comma=True)


def _key(endpoint: str | int) -> Node:
    return Text(endpoint) if isinstance(endpoint, str) else str(endpoint)
