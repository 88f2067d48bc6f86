"""The order of the package's modules, and the imports between them as the code has them.

`LAYERS` is the only place that defines the order. `test_layering` checks every import against it,
and ``docs/pictures/draw_house.py`` draws it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import gradio_client_sync

PACKAGE = Path(gradio_client_sync.__file__).parent

#: From the bottom to the top: a folder and its modules in order, or one module at the root ("").
#: A module may import what stands before it, and nothing else.
LAYERS: tuple[tuple[str, str], ...] = (
    ("_basics", "words printing record secret frozen_list outputs misuse"),
    ("", "_version types events errors _live_headers _tracebacks _options"),
    ("_protocol", "chunked credentials dialect proxies replicas retry routes space"),
    ("_protocol.values", "slot attachments chat filename filedata multipart playlist shapes wav"),
    (
        "_protocol.api",
        "shortened schema example example_files example_event annotation accepted shown render",
    ),
    ("_protocol.api", "translation file_texts endpoint api_info signature fingerprint meaning"),
    ("_protocol.api", "odd_values payload forgotten_name"),
    ("_protocol.queue", "cancel eventstream diff nesting wire fields event_factory"),
    ("_protocol.queue", "statuses standing decode exchange pace"),
    ("_transport", "base seam request response signal_safe connections gateway_refusals"),
    ("_transport", "failures body deadlines once"),
    ("_transport", "certificates http_options request_context given_response user_adapter"),
    ("_transport", "prepared retries attempts http"),
    ("_transport", "heartbeat mailbox port_probe routing_table shared_stream sse ws ws_prepared"),
    ("_terminal", "columns escapes live_line plaintext progress map_bar"),
    ("", "display"),
    ("_notebook", "markup shown players structures axis chart encoding vega native_plots plots"),
    ("_notebook", "css inline_svg page chat values cards live live_map"),
    ("_typed", "docstring layout classes codegen"),
    ("_files", "as_json folder download kept turn recordings sources"),
    ("_files", "upload_cache upload_plan upload media"),
    ("", "files"),
    ("_job", "records event_log input_stream control text"),
    ("", "job"),
    ("_spaces", "hub tokens waking duplication signing visitor"),
    ("_session", "replicas info language watch discovery app app_watcher"),
    ("_session", "cancelling session_jobs session component_server"),
    ("_calls", "app_files request_body call responses unqueued upload_report"),
    ("_calls", "host cancel_scope attempt runner threads"),
    ("_connection", "at_exit sessions admission bodies router call_factory connection"),
    ("_connection", "from_session address scheme_check space_connector opening pickling lifecycle"),
    ("_connection", "preparing"),
    ("_many", "journal_format number_table saved_files identity journal_file journal"),
    ("_many", "map_options items source columns window pauses order backlog repeats item_error"),
    ("_many", "client_caller recorder scheduler tally remote executors"),
    ("", "many"),
    ("_face", "waiting typed_job wrong_forms attributes explained maps_calls"),
    ("", "function _client typed"),
    ("_pool", "health choice differences replica replica_set dispatch pool_caller"),
    ("", "pool __init__"),
    (
        "compat",
        "_warned exceptions _translated data_classes _schema_text _handled _results",
    ),
    ("compat", "_updates _communicator _at_exit _feed job _endpoints _httpx_auth"),
    ("compat", "_httpx_options _headers _api_text _described _copies utils client"),
    ("compat", "__init__"),
    ("compat", "_migration migrate __main__"),
    ("_demo", "stage"),
    ("", "demo"),
    ("_cli", "exits advice mistakes screen live place output assign values naming shells"),
    ("_cli", "cells piped inputs map_line map_results root completing call map_command"),
    ("_cli", "diagnosis doctor inspect migrate spaces"),
    ("", "cli __main__"),
    ("testing", "generation edits slots http_server logins channels streams backend serving"),
    ("testing", "values endpoints describing plans running like fake_app"),
    (
        "testing",
        "replay_error scrubber cassette recording_file concealing known_apps watched recorder",
    ),
    ("testing", "checked recorded_app player blocks"),
    ("testing", "offline pytest_plugin __init__"),
)

#: Folders that users import from. The module in their ``__init__.py`` has the public names.
PUBLIC_FOLDERS = frozenset(("compat", "testing"))

#: What stands in each folder, in a line, for the picture.
SUBJECTS = {
    "_protocol": "what a server's generation means",
    "_protocol.values": "values of components",
    "_protocol.api": "endpoints and their parameters",
    "_protocol.queue": "a job's messages",
    "_transport": "sockets, streams, retries, timers",
    "_terminal": "text for people",
    "_notebook": "HTML for notebooks",
    "_basics": "words, records and lists of all modules",
    "_face": "errors of wrong calls, typed jobs, waiting",
    "_typed": "endpoints as source code",
    "_files": "uploads and downloads",
    "_job": "events of one job",
    "_spaces": "Hugging Face Spaces",
    "_session": "one app, one session on it",
    "_calls": "running one call",
    "_connection": "everything that one client has open",
    "_pool": "replicas: which one gets a call",
    "_many": "many calls, and their journal",
    "_demo": "the demo's screen and app",
    "_cli": "the commands",
    "testing": "apps for tests",
    "compat": "scripts of gradio_client",
}


def modules() -> list[Path]:
    """Return the file of each module."""
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's name below the package; the name of the package itself is ``__init__``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if len(parts) > 1 and parts[0] in PUBLIC_FOLDERS:
        return ".".join(parts)
    return ".".join(part for part in parts if part != "__init__") or "__init__"


def is_folder(path: Path) -> bool:
    """Return whether a file is the ``__init__`` of a folder, which holds a docstring only."""
    is_public = path.parent == PACKAGE or path.parent.name in PUBLIC_FOLDERS
    return path.name == "__init__.py" and not is_public


@cache
def order() -> dict[str, int]:
    """Return the position of each module of `LAYERS`, counted from the bottom."""
    names = [
        f"{folder}.{name}" if folder else name
        for folder, listed in LAYERS
        for name in listed.split()
    ]
    return {name: place for place, name in enumerate(names)}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each imported module, and whether it belongs to the package.

    This includes type-only imports and imports inside functions.
    """
    package = path.relative_to(PACKAGE).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                yield from _own(base, node)
            elif (node.module or "").partition(".")[0] == PACKAGE.name:
                yield from _own((), node)
            else:
                yield node.module or "", False


def _own(base: tuple[str, ...], node: ast.ImportFrom) -> Iterator[tuple[str, bool]]:
    module = (node.module or "").removeprefix(PACKAGE.name).strip(".")
    where = ".".join((*base, *filter(None, (module,))))
    for alias in node.names:
        inside = f"{where}.{alias.name}" if where else alias.name
        yield (inside if inside in order() else where or "__init__"), True
