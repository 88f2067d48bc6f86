"""Change the imports of a script from ``gradio_client`` to this package. Pure: text in, text out.

Only the names of modules in import statements change. Everything else stays byte for byte. Code
that may not work as before is listed. An import of a name that this package does not have stays
unchanged.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable
from typing import NamedTuple

OLD, NEW = "gradio_client", "gradio_client_sync.compat"

#: Public attributes of the classes of `gradio_client` that this package does not have.
_INNER = frozenset(
    "add_zero_gpu_headers api_prefix api_url cancel_fn executor heartbeat_url helper_executor "
    "input_component_types insert_empty_state make_cancel make_end_to_end_fn make_predict "
    "new_helper output_component_types pending_event_ids pending_messages_per_event "
    "process_input_files process_predictions reduce_singleton_output remove_skipped_components "
    "root_url send_data sse_data_url sse_url src_prefixed stream_messages stream_open "
    "streaming_future upload_url ws_url".split()
)
#: Private ones that scripts use. `_owned` finds other names with an underscore.
_PRIVATE = frozenset(
    "_download_file _get_api_info _get_config _get_space_state _infer_fn_index _login "
    "_render_endpoints_info _skip_components _space_name_to_src _upload_file".split()
)


_IMPORT_IN_TEXT = re.compile(rf"\b(?:from|import) +{OLD}\b")


class Note(NamedTuple):
    """A place in a script that may not work as before.

    Attributes:
        line: The number of the line.
        text: The problem, and what to do.
    """

    line: int
    text: str


class Migrated(NamedTuple):
    """A script after the change of its imports.

    Attributes:
        text: The new text.
        changes: How many imports were changed.
        notes: The places to check, by line.
    """

    text: str
    changes: int
    notes: list[Note]


class _Edit(NamedTuple):
    """A change of one import.

    Attributes:
        start: Where the old text begins: line and column.
        end: Where it ends.
        text: The new text.
        modules: The local names of modules that the import makes.
    """

    start: tuple[int, int]
    end: tuple[int, int]
    text: str
    modules: frozenset[str]


def migrated(text: str, has: Callable[[str, str], bool]) -> Migrated:
    """Return a script with the imports changed.

    Args:
        text: The source, with its own line ends.
        has: Returns whether a module of this package exists and has a name. The arguments are the
            module below the package, such as ``"utils"`` or ``""``, and the name; an empty name is
            for the module itself.

    Raises:
        SyntaxError: The source is not Python.
    """
    tree = ast.parse(text)
    lines = list(io.StringIO(text, newline=""))
    tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    script = _Script(lines, tokens, has)
    script.visit(tree)
    edits = [edit for edit in script.edits if not edit.modules & script.kept]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        begin, end = (starts[row - 1] + column for row, column in (edit.start, edit.end))
        text = text[:begin] + edit.text + text[end:]
    return Migrated(text, len(edits), sorted(set(script.notes)))


class _Script(ast.NodeVisitor):
    """Finds the imports of a script, and the places that may not work as before.

    Args:
        lines: The lines of the source.
        tokens: Its tokens.
        has: The argument of `migrated`.

    Attributes:
        edits: The changes of the imports.
        kept: The local names of modules whose imports stay, because the script uses or replaces a
            name in them that this package does not have. Such a script may patch `gradio_client`
            for a Gradio server.
        notes: What may not work as before.
    """

    def __init__(
        self,
        lines: list[str],
        tokens: list[tokenize.TokenInfo],
        has: Callable[[str, str], bool],
    ) -> None:
        self.edits: list[_Edit] = []
        self.kept: set[str] = set()
        self.notes: list[Note] = []
        self._lines = lines
        self._tokens = [one for one in tokens if one.type not in _WITHOUT_MEANING]
        self._places = {one.start: index for index, one in enumerate(self._tokens)}
        self._has = has
        self._modules: dict[
            str, str
        ] = {}  # local names of modules, by the module below the package
        self._owned: set[str] = set()  # local names of clients, jobs and endpoints
        self._httpx: set[str] = set()  # local names that were imported from httpx

    # -- imports

    def visit_Import(self, node: ast.Import) -> None:
        names = self._dotted_names(node)
        for alias, (start, end) in zip(node.names, names):
            if alias.name.partition(".")[0] == "httpx":
                self._httpx.add(alias.asname or "httpx")
            below = _below(alias.name)
            if below is None:
                continue
            if not self._has(below, ""):
                self._note(node, _missing(alias.name))
                self.kept.add(alias.asname or OLD)
            elif alias.asname is None:
                self._modules[OLD] = ""
                self.edits.append(_Edit(start, end, f"{NEW} as {OLD}", frozenset([OLD])))
            else:
                self._modules[alias.asname] = below
                new = f"{NEW}.{below}" if below else NEW
                self.edits.append(_Edit(start, end, new, frozenset([alias.asname])))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level == 0 and module.partition(".")[0] == "httpx":
            self._httpx.update(alias.asname or alias.name for alias in node.names)
        below = _below(module) if node.level == 0 else None
        if below is None:
            return
        if not self._has(below, ""):
            self._note(node, _missing(module))
            return
        unknown = [a.name for a in node.names if a.name != "*" and not self._has(below, a.name)]
        if unknown:
            for name in unknown:
                self._note(node, _missing(f"{module}.{name}"))
            return
        modules = {}
        for alias in node.names:
            inside = f"{below}.{alias.name}" if below else alias.name
            if self._has(inside, ""):
                modules[alias.asname or alias.name] = inside
        self._modules.update(modules)
        ((start, end),) = self._dotted_names(node)
        new = f"{NEW}.{below}" if below else NEW
        self.edits.append(_Edit(start, end, new, frozenset(modules)))

    def _dotted_names(
        self, node: ast.Import | ast.ImportFrom
    ) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Return where each module name of an import begins and ends."""
        line = self._lines[node.lineno - 1]
        column = len(line.encode()[: node.col_offset].decode())
        found: list[tuple[tuple[int, int], tuple[int, int]]] = []
        is_inside = is_behind = False  # a name, or the part after it
        for token in self._tokens[self._places[node.lineno, column] + 1 :]:
            if token.string in ("import", ";") or token.type in _ENDS:
                break
            if token.string == ",":
                is_inside = is_behind = False
            elif token.string == "as":
                is_behind = True
            elif is_inside and not is_behind:
                found[-1] = (found[-1][0], token.end)
            elif not is_inside:
                found.append((token.start, token.end))
                is_inside = True
        return found

    # -- what may not work as before

    def visit_Assign(self, node: ast.Assign) -> None:
        if _is_of_client(node.value):
            self._owned.update(t.id for t in node.targets if isinstance(t, ast.Name))
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if _is_of_client(item.context_expr) and isinstance(item.optional_vars, ast.Name):
                self._owned.add(item.optional_vars.id)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = _path(node)
        module = self._modules.get(path[0]) if path else None
        is_private = node.attr.startswith("_") and not node.attr.endswith("__")
        owner = node.value
        is_owned = isinstance(owner, ast.Name) and owner.id in self._owned
        if path and module is not None:
            self._check_path(node, path[0], module, path[1:])
            return
        if node.attr in _INNER | _PRIVATE or (is_private and is_owned):
            kind = "private" if is_private else "internal"
            self._note(node, f"the {kind} attribute {node.attr!r} of gradio_client")
        self.generic_visit(node)

    def _check_path(self, node: ast.Attribute, local: str, module: str, names: list[str]) -> None:
        is_changed = not isinstance(node.ctx, ast.Load)
        for index, name in enumerate(names):
            inside = f"{module}.{name}" if module else name
            if self._has(inside, ""):
                module = inside
                continue
            whole = f"{OLD}.{inside}"
            if not self._has(module, name):
                self._note(node, _missing(whole))
                self.kept.add(local)
            elif is_changed and index == len(names) - 1:
                self._note(node, f"changes {whole}, so its import is not changed")
                self.kept.add(local)
            return

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else filter(None, [node.type])
        for one in caught:
            path = _path(one)
            if path and path[0] in self._httpx:
                self._note(
                    one,
                    f"catches {'.'.join(path)}: errors of the connection are of the classes "
                    "ConnectError, ConnectTimeout, ReadError, RemoteProtocolError, ReadTimeout and "
                    "HTTPStatusError of httpx, if the script has imported httpx",
                )
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and (
            node.value == OLD or (node.value.startswith(f"{OLD}.") and " " not in node.value)
        ):
            self._note(node, f"the text {node.value!r} names a module of gradio_client")
        elif isinstance(node.value, str):
            for found in _IMPORT_IN_TEXT.finditer(node.value):
                line = node.lineno
                if node.end_lineno != line:
                    line += node.value.count("\n", 0, found.start())
                self.notes.append(Note(line, "a text imports gradio_client, and is not changed"))

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg == "_skip_components":
            self._note(node.value, "the option _skip_components is not supported")
        self.generic_visit(node)

    def _note(self, node: ast.AST, text: str) -> None:
        self.notes.append(Note(getattr(node, "lineno", 1), text))


_WITHOUT_MEANING = (tokenize.COMMENT, tokenize.NL)
_ENDS = (tokenize.NEWLINE, tokenize.ENDMARKER)


def _below(module: str) -> str | None:
    """Return the part of a module's name after `gradio_client`; ``None`` for another module."""
    if module == OLD:
        return ""
    return module[len(OLD) + 1 :] if module.startswith(f"{OLD}.") else None


def _missing(name: str) -> str:
    return f"{name} does not exist in {NEW}, so its import is not changed"


def _path(node: ast.AST) -> list[str]:
    """Return the names of a dotted expression; empty for any other expression."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def _is_of_client(node: ast.AST) -> bool:
    """Return whether an expression makes a client or a job."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("Client", "submit", "duplicate")
