"""Find the packages that apps import and that their environment lacks, without starting them."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

_ASK = """
import importlib.util, json, sys
sys.path += sys.argv[1:]
names = json.load(sys.stdin)
print(json.dumps([name for name in names if importlib.util.find_spec(name) is None]))
"""


def imports_of(script: Path) -> list[str]:
    """Return the packages that a script imports when it starts, except those beside it."""
    try:
        tree = ast.parse(script.read_text("utf-8"))
    except SyntaxError:
        return []
    names = []
    for node in tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    tops = dict.fromkeys(name.partition(".")[0] for name in names)
    folder = script.parent
    return [top for top in tops if not ((folder / top).exists() or (folder / f"{top}.py").exists())]


def missing(python: Path, packages: Sequence[Path], names: Iterable[str]) -> set[str]:
    """Return which packages an interpreter cannot import."""
    asked = subprocess.run(
        [str(python), "-I", "-c", _ASK, *map(str, packages)],
        input=json.dumps(sorted(set(names))),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(asked.stdout))
