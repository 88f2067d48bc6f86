"""The description of an app in the form of `gradio_client`: the server's dict, and its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._handled import is_file_form

if TYPE_CHECKING:
    from ._endpoints import Endpoint

#: What the server adds for other readers.
_LEFT_OUT = ("code_snippets", "api_visibility", "show_api")
_KINDS = ("named_endpoints", "unnamed_endpoints")


def description(
    sent: Mapping[str, Any] | None,
    own: Mapping[str, Any],
    endpoints: Mapping[int, Endpoint],
) -> dict[str, Any]:
    """Return the endpoints that the app lists, as the server describes them.

    Args:
        sent: The server's description; ``None`` or empty if it has none.
        own: The description of the plain client, for servers without one.
        endpoints: The endpoints of the app by number. Only public ones are listed.
    """
    listed = {str(one.key) for one in endpoints.values() if one.api_visibility == "public"}
    source = sent if sent and _KINDS[0] in sent else own
    found: dict[str, Any] = {
        key: value for key, value in source.items() if key not in _KINDS and source is sent
    }
    for kind in _KINDS:
        found[kind] = {
            name: {key: value for key, value in entry.items() if key not in _LEFT_OUT}
            for name, entry in (source.get(kind) or {}).items()
            if name in listed
        }
    return found


def api_text(described: Mapping[str, Any], all_endpoints: bool | None) -> str:
    """Return a description as text.

    Args:
        described: The description of the endpoints.
        all_endpoints: Whether to list the endpoints without a name; ``None`` lists them if there
            are no others.
    """
    named, unnamed = (described[kind] for kind in _KINDS)
    title = "Client.predict() Usage Info"
    lines = [title, "-" * len(title), f"Named API endpoints: {len(named)}"]
    for name, entry in named.items():
        lines += ["", *_lines(f'api_name="{name}"', entry)]
    if all_endpoints or (all_endpoints is None and not named):
        lines += ["", f"Unnamed API endpoints: {len(unnamed)}"]
        for number, entry in unnamed.items():
            lines += ["", *_lines(f"fn_index={number}", entry)]
    elif unnamed:
        how = "to view, run Client.view_api(all_endpoints=True)"
        lines += ["", f"Unnamed API endpoints: {len(unnamed)}, {how}"]
    return "\n".join([*lines, ""])


def _lines(how: str, entry: Mapping[str, Any]) -> list[str]:
    parameters, returns = entry.get("parameters") or [], entry.get("returns") or []
    names = [_name(one, "parameter_name") for one in parameters]
    results = [_name(one) for one in returns]
    back = f"({', '.join(results)})" if len(results) > 1 else ", ".join(results)
    lines = [f" - predict({', '.join([*names, how])}) -> {back}"]
    token = entry.get("oauth_token")
    if token:
        lines.append(
            f"    Takes your Hugging Face token ({token}): pass it as Client(..., oauth_token=...)"
        )
    lines.append("    Parameters:")
    lines += [_parameter(one) for one in parameters] or ["     - None"]
    lines.append("    Returns:")
    lines += [_value(one, _type(one)) for one in returns] or ["     - None"]
    return lines


def _parameter(one: Mapping[str, Any]) -> str:
    kind, default = _type(one), one.get("parameter_default")
    if not one.get("parameter_has_default"):
        return _value(one, kind, "parameter_name", " (required) ")
    if default is None:
        kind += " | None"
    shown = f" (not required, defaults to:   {_with_files(default)}) "
    return _value(one, kind, "parameter_name", shown)


def _value(one: Mapping[str, Any], kind: str, key: str = "label", more: str = "") -> str:
    note = (one.get("python_type") or {}).get("description")
    notes = f" ({note})" if note else ""
    return f"     - [{one.get('component')}] {_name(one, key)}: {kind}{more}{notes} "


def _type(one: Mapping[str, Any]) -> str:
    return str((one.get("python_type") or {}).get("type", "Any"))


def _name(one: Mapping[str, Any], key: str = "label") -> str:
    text = str(one.get(key) or one.get("label") or "")
    return "".join(c for c in text if c.isalnum() or c in " _").replace(" ", "_").lower()


def _with_files(value: Any) -> Any:
    """Return a default in which files are the call that makes them."""
    if is_file_form(value):
        return f'handle_file("{value.get("url") or value["path"]}")'
    if isinstance(value, dict):
        return {key: _with_files(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_files(part) for part in value]
    return value
