"""Style sheets of an app, limited to the element in which its HTML is shown.

Kept are rules that only change how an element looks. Nothing of what is kept can load a file, leave
the element, or apply outside of it: classes and ids get a prefix, and each selector begins with the
element. What this module does not know is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PREFIX = "gcs-"  # of classes and ids, so that they are not those of the page around

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.DOTALL)
_NAME = re.compile(r"[\w-]{1,100}")
_PROPERTY = re.compile(r"-{0,2}[a-zA-Z][a-zA-Z0-9_-]{0,60}")
_UNSAFE = re.compile(
    r"[<>\\{}@]|(?:url|src|image|image-set|cross-fade|element|paint|expression|attr|env)\s*\(",
    re.IGNORECASE,
)
_UNUSED = re.compile(r"behavior|-moz-binding|src|contain|container|content-visibility|will-change")
_OF_WINDOW = re.compile(r"\d[dsl]?v(?:h|min|max|b)\b")
_OF_WINDOW = re.compile(r"\d[dsl]?v(?:h|min|max|b)\b")
_MOVING = re.compile(r"(?:-webkit-)?(?:animation|transition)")
_HIDING = ("opacity", "visibility", "transform")  # an animation may have to show the element
_SELECTOR = re.compile(r"""[\w\s.#>+~*:()\[\]="'^$|,-]{1,500}""")
_MEDIA = re.compile(r"[\w\s():.,%/-]{0,200}")
_ROOT = re.compile(r"(?:html|body|:root|:host)(?:\s*>?\s*body)?(?![\w-])", re.IGNORECASE)
_TOKEN = re.compile(r"(\[[^\]]*\]|::?[\w-]+)|([.#])([\w-]+)|([a-zA-Z][\w-]*)|(.)", re.DOTALL)

MOST_RULES = 2_000

#: Attributes that only say how an element looks; the base styles would remove their effect.
_LOOKS = {
    "width": "width",
    "height": "height",
    "align": "text-align",
    "valign": "vertical-align",
    "bgcolor": "background-color",
    "color": "color",
}
_LENGTH = re.compile(r"\s*(\d{1,5}(?:\.\d{1,3})?)(%|px)?\s*")


def scoped(css: str, scope: str, replaced: frozenset[str] = frozenset()) -> str:
    """Return the rules of a style sheet for the inside of one element.

    Args:
        css: The style sheet of an app.
        scope: The selector of the element.
        replaced: The tags that have become other elements, with ``tag-NAME`` as their class.
    """
    rules = _rules(_COMMENT.sub(" ", css), scope, replaced, 0)
    return "\n".join(rule for rule, _ in zip(rules, range(MOST_RULES)))


def declarations(style: str) -> str:
    """Return the declarations of a ``style`` attribute that can be kept."""
    kept, moves = {}, False
    for part in _split(_COMMENT.sub(" ", style), ";"):
        name, colon, value = part.partition(":")
        name, value = name.strip(), value.strip()
        if not name.startswith("--"):
            name = name.lower()
        if not colon or not _PROPERTY.fullmatch(name) or not _is_safe(value):
            continue
        if _MOVING.match(name):
            moves = moves or "animation" in name
        elif value and not _UNUSED.fullmatch(name) and not _leaves(name, value.lower()):
            kept[name] = value
    if moves:
        kept = {name: value for name, value in kept.items() if name not in _HIDING}
    return ";".join(f"{name}:{value}" for name, value in kept.items())


def _is_safe(value: str) -> bool:
    """Return whether a value loads nothing, and ends where it seems to end."""
    if _UNSAFE.search(value):
        return False
    quote, opened = "", []
    for char in value:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([":
            opened.append(")" if char == "(" else "]")
        elif char in ")]" and (not opened or opened.pop() != char):
            return False
    return not quote and not opened


def _leaves(name: str, value: str) -> bool:
    """Return whether a declaration takes an element out of its place, or the height of the page."""
    if name == "position":
        return "fixed" in value or "sticky" in value or "var(" in value
    return name in ("height", "min-height") and bool(_OF_WINDOW.search(value))


def prefixed(names: str) -> str:
    """Return the classes or ids of an attribute with the prefix."""
    return " ".join(f"{PREFIX}{name}" for name in names.split() if _NAME.fullmatch(name))


def _rules(css: str, scope: str, replaced: frozenset[str], depth: int) -> Iterator[str]:
    for prelude, block in _blocks(css):
        if prelude.startswith("@"):
            name, _, condition = prelude[1:].partition(" ")
            name, condition = name.lower(), condition.strip()
            if name not in ("media", "supports") or depth > 4 or not _MEDIA.fullmatch(condition):
                continue
            if "prefers-color-scheme" in condition:  # the page is shown on white
                continue
            inside = "\n".join(_rules(block, scope, replaced, depth + 1))
            if inside:
                yield f"@{name} {condition}{{{inside}}}"
            continue
        kept = declarations(block)
        selectors = [_selector(part.strip(), scope, replaced) for part in _split(prelude, ",")]
        named = ",".join(selector for selector in selectors if selector)
        if kept and named:
            yield f"{named}{{{kept}}}"


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and inside of each block; statements without one are left out."""
    at = 0
    while at < len(css):
        end = _find(css, at, "{;")
        if end == len(css):
            return
        if css[end] == ";":
            at = end + 1
            continue
        close = _closing(css, end)
        yield css[at:end].strip(), css[end + 1 : close]
        at = close + 1


def _closing(css: str, opening: int) -> int:
    """Return the position of the brace that closes a block."""
    depth, at = 1, opening + 1
    while at < len(css):
        at = _find(css, at, "{}")
        if at == len(css):
            break
        depth += 1 if css[at] == "{" else -1
        if depth == 0:
            break
        at += 1
    return at


def _find(css: str, start: int, wanted: str) -> int:
    """Return the position of the first wanted character outside of texts and parentheses."""
    quote, depth = "", 0
    for at in range(start, len(css)):
        char = css[at]
        if quote:
            if char == quote or char == "\n":
                quote = ""
        elif char in "\"'":
            quote = char
        elif char in wanted and (depth == 0 or char in "{}"):
            return at
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth = max(depth - 1, 0)
    return len(css)


def _split(css: str, separator: str) -> Iterator[str]:
    at = 0
    while at <= len(css):
        end = _find(css, at, separator)
        yield css[at:end]
        at = end + 1


def _selector(selector: str, scope: str, replaced: frozenset[str]) -> str:
    """Return a selector for the inside of the element; empty if it could select others."""
    if not _SELECTOR.fullmatch(selector) or not _is_safe(selector.replace(">", " ")):
        return ""
    root = _ROOT.match(selector)
    rest = selector[root.end() :] if root else selector
    # A sibling of the element is outside of it.
    if rest.lstrip()[:1] in ("+", "~", ">") if not root else re.search("[+~]", rest):
        return ""
    written = []
    for kept, sign, name, tag, other in _TOKEN.findall(rest):
        if sign:
            written.append(f"{sign}{PREFIX}{name}")
        elif tag.lower() in replaced:
            written.append(f".{PREFIX}tag-{tag.lower()}")
        else:
            written.append(kept or tag or other)
    return scope + ("" if root else " ") + "".join(written)


def looks_of(tag: str, attrs: dict[str, str | None]) -> str:
    """Return the attributes that say how an element looks as declarations."""
    made = []
    for name, declared in _LOOKS.items():
        value = attrs.get(name)
        if value and (tag != "table" or name != "align"):
            length = _LENGTH.fullmatch(value)
            if name in ("width", "height"):
                value = f"{length[1]}{length[2] or 'px'}" if length else ""
            made.append(f"{declared}:{value}")
    if tag == "table" and (attrs.get("border") or "0") not in ("0", ""):
        made.append("border:1px outset gray")
    return ";".join(made)
