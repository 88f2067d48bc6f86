"""Write the source of a Python module that calls an app's endpoints.

This module converts data to source. It sends no request and writes no file. The source is in the
format of ``ruff format``, and passes ``mypy --strict``.

Texts of the app are not trusted. They occur in the source only in four forms, and no form can
contain code: names are identifiers (`python_names`), choices and defaults are literals (`quoted`),
descriptions are docstrings in which no quote or backslash can end the text (`_docstring`), and the
fingerprint has literals in ASCII (`Text`). Types use a fixed set of words (`Hint`), and the names
of the classes for results (`Classes`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count

from .._protocol.api.accepted import INPUT_TYPES
from .._protocol.api.annotation import Choice, Hint, literal, union
from .._protocol.api.fingerprint import fingerprint_of
from .._protocol.api.signature import Parameter, Signature, is_name
from .classes import Classes
from .docstring import SUBMIT_DOCSTRING, function_docstring
from .layout import LINE, Brackets, Entry, Node, Remarked, Text, flat, laid_out, width

LONGEST_TYPE = 50  # columns of a type without choices; a longer one becomes Any
ALIAS_LENGTH = 30  # characters

#: Names that no function or alias may have: names that the module uses, and ``l``, which looks like
#: the digit 1.
_USED = (
    "Any Literal TypedDict NotRequired Client RemoteFile TypedJob Api Default DEFAULT SOURCE "
    "annotations str int float bool list dict tuple l"
).split() + sorted(INPUT_TYPES)


def module_source(source: str, signatures: Sequence[Signature]) -> str:
    """Write a module with two functions for each endpoint: one waits, the other returns a job.

    Args:
        source: The app's URL or Space name, without secrets.
        signatures: The endpoints of the app, which have unique names.

    Returns:
        The source of the module. It is always the same for the same app.
    """
    module = _Module(signatures)
    body = [line for signature in signatures for line in module.functions(signature)]
    head = [
        '"""Typed functions for the Gradio app at `SOURCE`.',
        "",
        "Written by `gradio-client-sync types`, which overwrites it. The first argument of each",
        "function is a client: `from gradio_client_sync import Client`, then",
        "`with Client(SOURCE) as app:`.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *_imports(module.used),
        "",
        *laid_out("SOURCE = ", Text(source)),
        "",
        "# For each endpoint: name, type and whether it is required of each parameter; then the",
        "# types of the return values.",
        *laid_out("_API = ", Brackets("Api(", [_fingerprints(signatures)], ")")),
        *module.aliases,
        *module.classes.lines,
    ]
    return "\n".join([*head, *body, ""])


#: The modules that a generated module imports from, and the names that it may need of them.
_IMPORTS = {
    "typing": ("Any", "Literal", "TypedDict"),
    "gradio_client_sync": ("Client", "RemoteFile"),
    "gradio_client_sync.typed": ("DEFAULT", "Api", "Default", "TypedJob"),
    "gradio_client_sync.types": tuple(sorted(INPUT_TYPES)),
    "typing_extensions": ("NotRequired",),
}


def _imports(used: set[str]) -> Iterator[str]:
    """Return the lines of the imports, with those of the standard library on their own."""
    for name, words in _IMPORTS.items():
        needed = [word for word in words if word in used]
        if needed:
            yield from laid_out(f"from {name} import ", Brackets("(", needed, ")", bare=True))
            if name == "typing":
                yield ""


class _Module:
    """The parts of a module while it is written.

    Args:
        signatures: The endpoints of the app.

    Attributes:
        used: The names that the module has to import.
        aliases: The lines that define names for long lists of choices.
        classes: The classes for results with known keys.
    """

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self.used = {"Api"}
        self.aliases: list[str] = []
        self._reserved = set(_USED)
        self.classes = Classes(self._class_name)
        self._names: dict[str | int, str] = {}
        for signature in signatures:
            name = self._free(signature.name, "submit_")
            self._reserved |= {name, f"submit_{name}"}
            self._names[signature.endpoint] = name

    def _free(self, wish: str, *prefixes: str) -> str:
        """Return a name that is free, both by itself and with each prefix."""
        name, number = wish, 1
        while not self._reserved.isdisjoint((name, *(f"{prefix}{name}" for prefix in prefixes))):
            number += 1
            name = f"{wish.rstrip('_')}_{number}"
        return name

    def functions(self, signature: Signature) -> Iterator[str]:
        """Return the lines of both functions of an endpoint."""
        signature = replace(signature, name=self._names[signature.endpoint])
        app = _client_name(signature)
        returned = self._returned(signature)
        started = Brackets("TypedJob[", [returned], "]", comma=False)
        parameters = [f"{app}: Client", "/", *self._parameters(signature)]
        values = Brackets("[", [parameter.name for parameter in signature.parameters], "]")
        arguments = [app, _key(signature.endpoint), values]
        self.used |= {"Client", "TypedJob"}
        yield from ("", "", "@_API.function")
        yield from _header(signature.name, parameters, returned)
        yield from _docstring(function_docstring(signature, app=app))
        verb = "" if returned == "None" else "return "
        yield from laid_out(verb, Brackets("_API.call(", arguments, ")"), indent=4)
        yield from ("", "", "@_API.function")
        yield from _header(f"submit_{signature.name}", parameters, started)
        yield from _docstring(SUBMIT_DOCSTRING)
        yield from laid_out("return ", Brackets("_API.submit(", arguments, ")"), indent=4)

    def _returned(self, signature: Signature) -> Node:
        hints = [
            self._with_classes(hint.named("file", "RemoteFile"), f"{signature.name}_{label}")
            for hint, label in signature.returns
        ]
        self._used_in(hints)
        if len(hints) == 1:
            return hints[0].text()
        return Brackets("tuple[", [hint.text() for hint in hints], "]") if hints else "None"

    def _with_classes(self, hint: Hint, wish: str) -> Hint:
        """Return a type with a class for each object in it; ``Any`` if it is too long."""
        before, reserved = self.classes.state, set(self._reserved)
        written = self.classes.named(hint, wish)
        if width(written.text()) <= LONGEST_TYPE:
            self.used |= self.classes.used
            return written
        self.classes.state, self._reserved = before, reserved
        return hint.without_keys() if width(hint.text()) <= LONGEST_TYPE else _ANY

    def _class_name(self, wish: str) -> str:
        name = self._alias(wish)
        self._reserved.add(name)
        return name

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
        """Return the name, type and default of a parameter on one line.

        If the line is too long, the choices get an alias. If it is still too long, the default and
        then the type are replaced by shorter ones.
        """
        hint, default = parameter.annotation, ""
        if not parameter.required:
            # DEFAULT stands for a default that is mutable, long, not of the declared type, or that
            # depends on the language of the user who calls.
            own = parameter.shows_default and not parameter.translated
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
            self._reserved.add(alias)
            self._used_in([Hint("Literal")])
            values = Brackets("Literal[", list(map(literal, choices)), "]")
            self.aliases += ["", *laid_out(f"{alias} = ", values)]
        self.used |= {"DEFAULT"} if default == _APP_DEFAULT else set()
        self._used_in([kind])
        return lines[chosen]

    def _alias(self, wish: str) -> str:
        """Return a free alias for choices, made from the names of function and parameter."""
        words = "".join(word.capitalize() for word in wish.split("_"))[:ALIAS_LENGTH]
        return self._free(words if is_name(words) else "Choice")

    def _used_in(self, hints: Sequence[Hint]) -> None:
        words = {"Any", "Default", "Literal", "RemoteFile", *INPUT_TYPES}
        self.used |= words & set[str]().union(*(hint.kinds() for hint in hints))


_ANY = Hint("Any")
_APP_DEFAULT = " = DEFAULT"


def _choices(hint: Hint) -> Iterator[tuple[Choice, ...]]:
    """Return the choices of each literal type in a hint."""
    if hint.kind == "Literal":
        yield hint.choices
    for part in hint.parts:
        yield from _choices(part)


def _client_name(signature: Signature) -> str:
    """Return a name for the first parameter that no other parameter has."""
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
    """Return whether ruff treats a name as lower case.

    For ruff, letters of scripts without case are not lower case, and neither are their vowel
    signs, which Python does not count as letters. For a name whose only such signs are
    non-spacing, ruff may differ from this function. Then the source lacks one ``noqa`` comment.
    """
    return all(
        char.islower()
        for char in name
        if unicodedata.category(char)[0] == "L" or unicodedata.category(char) == "Mc"
    )


def _docstring(text: str) -> Iterator[str]:
    """Return the lines of a docstring with a text.

    A text with backslashes becomes a raw string. Three double quotes in a row, which would end the
    docstring, become single quotes. A quote at the end of the text is safe, because a line end or
    a full stop follows it.
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
    inputs = [_tuple([Text(name), Text(kind), str(needed)]) for name, kind, needed in parameters]
    return Entry(_key(signature.endpoint), _tuple([_tuple(inputs), _tuple([*map(Text, returns)])]))


def _tuple(items: Sequence[Node]) -> Node:
    return Brackets("(", items, ")", lone_comma=True)


def _key(endpoint: str | int) -> Node:
    return Text(endpoint) if isinstance(endpoint, str) else str(endpoint)
