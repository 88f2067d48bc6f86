"""Which test module tests which module: the one of its name, or those in `TESTED_BY`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.layers import PACKAGE, modules, name_of

pytestmark = pytest.mark.once

TESTS = Path(__file__).parents[1]

#: Modules without a test module of their name, and the tests that fail if they break.
TESTED_BY = {
    "gradio_client_sync._cli.migrate": ["compat/test_migration"],
    "gradio_client_sync.compat.__main__": ["compat/test_migration"],
    "gradio_client_sync.compat._api_text": ["compat/test_compat_utils"],
    "gradio_client_sync.compat._described": ["compat/test_compat_client", "compat/test_beside"],
    "gradio_client_sync.compat._at_exit": ["compat/test_compat_client"],
    "gradio_client_sync.compat._communicator": ["compat/test_compat_client"],
    "gradio_client_sync.compat._copies": ["spaces/test_compat_spaces"],
    "gradio_client_sync.compat._feed": ["compat/test_compat_client"],
    "gradio_client_sync.compat._handled": ["compat/test_compat_utils"],
    "gradio_client_sync.compat._headers": ["compat/test_compat_client"],
    "gradio_client_sync.compat._httpx_options": ["compat/test_compat_utils"],
    "gradio_client_sync.compat._results": ["compat/test_compat_client", "compat/test_beside"],
    "gradio_client_sync.compat._warned": ["compat/test_compat_client"],
    "gradio_client_sync.compat._schema_text": ["compat/test_compat_utils"],
    "gradio_client_sync.compat._translated": ["compat/test_compat_utils"],
    "gradio_client_sync.compat.data_classes": ["compat/test_compat_utils"],
    "gradio_client_sync.compat._endpoints": ["compat/test_compat_utils"],
    "gradio_client_sync.compat.exceptions": ["compat/test_compat_utils"],
    "gradio_client_sync.compat.job": ["compat/test_compat_client"],
    "gradio_client_sync.compat.migrate": ["compat/test_migration"],
    "gradio_client_sync.compat._updates": ["compat/test_compat_utils"],
    "gradio_client_sync.__main__": ["interfaces/cli/test_cli"],
    "gradio_client_sync._calls.attempt": ["contract/test_jobs", "contract/test_protocol_quirks"],
    "gradio_client_sync._calls.call": ["contract/test_calls"],
    "gradio_client_sync._calls.host": ["contract/test_jobs"],
    "gradio_client_sync._calls.runner": ["contract/test_jobs", "faults/test_faults"],
    "gradio_client_sync._calls.upload_report": ["contract/test_uploads"],
    "gradio_client_sync._cli.advice": ["interfaces/cli/test_cli_mistakes"],
    "gradio_client_sync._cli.call": ["interfaces/cli/test_cli"],
    "gradio_client_sync._cli.cells": ["interfaces/cli/test_cli_inputs"],
    "gradio_client_sync._cli.completing": ["interfaces/cli/test_cli_completion"],
    "gradio_client_sync._cli.diagnosis": ["interfaces/cli/test_cli_doctor"],
    "gradio_client_sync._cli.exits": ["interfaces/cli/test_cli"],
    "gradio_client_sync._calls.app_files": ["contract/test_files", "contract/test_recordings"],
    "gradio_client_sync._calls.request_body": ["contract/test_uploads"],
    "gradio_client_sync._cli.inspect": ["interfaces/cli/test_cli"],
    "gradio_client_sync._cli.live": ["interfaces/cli/test_cli_terminal"],
    "gradio_client_sync._cli.map_command": ["interfaces/cli/test_cli_map"],
    "gradio_client_sync._cli.map_line": ["interfaces/cli/test_cli_map"],
    "gradio_client_sync._cli.map_results": ["interfaces/cli/test_cli_map"],
    "gradio_client_sync._cli.output": ["interfaces/cli/test_cli_values"],
    "gradio_client_sync._cli.root": ["interfaces/cli/test_cli"],
    "gradio_client_sync._cli.shells": ["interfaces/cli/test_cli_completion"],
    "gradio_client_sync._cli.spaces": ["interfaces/cli/test_cli"],
    "gradio_client_sync._client": ["contract/test_calls", "contract/test_connect"],
    "gradio_client_sync._connection.address": ["contract/test_connect", "transport/test_http"],
    "gradio_client_sync._connection.at_exit": ["faults/test_process_end"],
    "gradio_client_sync._connection.bodies": ["contract/test_calls", "contract/test_input_streams"],
    "gradio_client_sync._connection.call_factory": ["contract/test_calls", "pool/test_pool"],
    "gradio_client_sync._connection.connection": ["contract/test_jobs", "contract/test_sessions"],
    "gradio_client_sync._connection.lifecycle": ["contract/test_connect", "contract/test_pickling"],
    "gradio_client_sync._connection.opening": ["contract/test_connect", "spaces/test_waking"],
    "gradio_client_sync._connection.preparing": ["contract/test_calls", "contract/test_options"],
    "gradio_client_sync._connection.router": ["contract/test_unqueued", "faults/test_reload"],
    "gradio_client_sync._connection.scheme_check": ["faults/test_tls"],
    "gradio_client_sync._connection.space_connector": ["spaces/test_waking"],
    "gradio_client_sync._demo.stage": ["interfaces/cli/test_demo"],
    "gradio_client_sync._face.attributes": ["contract/test_wrong_forms"],
    "gradio_client_sync._face.explained": ["contract/test_wrong_forms"],
    "gradio_client_sync._face.waiting": ["contract/test_cancelling", "faults/test_signals"],
    "gradio_client_sync._files.download": ["contract/test_downloads", "faults/test_downloads"],
    "gradio_client_sync._files.folder": ["contract/test_downloads"],
    "gradio_client_sync._files.media": ["contract/test_files"],
    "gradio_client_sync._files.sources": ["contract/test_files"],
    "gradio_client_sync._files.upload": ["contract/test_uploads"],
    "gradio_client_sync._files.upload_cache": ["contract/test_uploads"],
    "gradio_client_sync._job.input_stream": ["contract/test_input_streams"],
    "gradio_client_sync._many.saved_files": ["many/test_journal"],
    "gradio_client_sync._face.maps_calls": ["many/test_map"],
    "gradio_client_sync._many.client_caller": ["many/test_map"],
    "gradio_client_sync._many.items": ["many/test_scheduler"],
    "gradio_client_sync._many.map_options": ["many/test_scheduler"],
    "gradio_client_sync._many.item_error": ["many/test_scheduler"],
    "gradio_client_sync._many.remote": ["many/test_executors"],
    "gradio_client_sync._terminal.map_bar": ["many/test_map"],
    "gradio_client_sync.many": ["many/test_map", "many/test_scheduler"],
    "gradio_client_sync._notebook.axis": ["interfaces/notebook/test_plots"],
    "gradio_client_sync._notebook.cards": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.chart": ["interfaces/notebook/test_plots"],
    "gradio_client_sync._notebook.chat": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.css": ["interfaces/notebook/test_page"],
    "gradio_client_sync._notebook.encoding": ["interfaces/notebook/test_plots"],
    "gradio_client_sync._notebook.inline_svg": ["interfaces/notebook/test_page"],
    "gradio_client_sync._notebook.live": ["interfaces/notebook/test_live"],
    "gradio_client_sync._notebook.markup": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.players": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.native_plots": ["interfaces/notebook/test_plots"],
    "gradio_client_sync._notebook.shown": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.structures": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.values": ["interfaces/notebook/test_notebook"],
    "gradio_client_sync._notebook.vega": ["interfaces/notebook/test_plots"],
    "gradio_client_sync._pool.dispatch": ["pool/test_pool", "pool/test_pool_real"],
    "gradio_client_sync._pool.pool_caller": ["pool/test_pool_map"],
    "gradio_client_sync._pool.replica": ["pool/test_pool", "pool/test_pool_real"],
    "gradio_client_sync._pool.replica_set": ["pool/test_pool", "pool/test_pool_real"],
    "gradio_client_sync._protocol.replicas": ["core/test_replicas"],
    "gradio_client_sync._protocol.values.chat": ["core/test_shapes"],
    "gradio_client_sync._protocol.values.slot": ["core/test_endpoint"],
    "gradio_client_sync._session.app": ["contract/test_connect", "contract/test_sessions"],
    "gradio_client_sync._session.app_watcher": ["faults/test_reload", "faults/test_restart"],
    "gradio_client_sync._session.discovery": ["contract/test_connect"],
    "gradio_client_sync._session.replicas": ["core/test_replicas", "faults/test_replicas"],
    "gradio_client_sync._session.session": ["contract/test_sessions"],
    "gradio_client_sync._session.session_jobs": ["contract/test_cancelling"],
    "gradio_client_sync._spaces.hub": ["spaces/test_waking", "spaces/test_duplication"],
    "gradio_client_sync._spaces.signing": ["spaces/test_spaces_real"],
    "gradio_client_sync._spaces.tokens": ["spaces/test_waking", "spaces/test_duplication"],
    "gradio_client_sync._terminal.columns": ["interfaces/terminal/test_live_line"],
    "gradio_client_sync._terminal.plaintext": ["interfaces/notebook/test_display"],
    "gradio_client_sync._transport.base": ["transport/test_shared_stream"],
    "gradio_client_sync._transport.body": ["contract/test_large_files", "contract/test_uploads"],
    "gradio_client_sync._connection.from_session": ["contract/test_session_option"],
    "gradio_client_sync._transport.user_adapter": ["contract/test_session_option"],
    "gradio_client_sync._transport.certificates": ["faults/test_gateway_logins"],
    "gradio_client_sync._transport.given_response": ["faults/test_gateway_logins"],
    "gradio_client_sync._transport.prepared": ["faults/test_gateway_logins"],
    "gradio_client_sync._transport.ws_prepared": ["faults/test_gateway_logins"],
    "gradio_client_sync._transport.connections": ["transport/test_http", "transport/test_response"],
    "gradio_client_sync._transport.http_options": ["contract/test_options", "transport/test_http"],
    "gradio_client_sync._transport.request_context": ["transport/test_http"],
    "gradio_client_sync._transport.retries": ["transport/test_http", "spaces/test_rate_limits"],
    "gradio_client_sync._transport.seam": ["kit/test_recording"],
    "gradio_client_sync._transport.sse": ["contract/test_protocol_quirks", "faults/test_faults"],
    "gradio_client_sync._typed.classes": ["interfaces/typed/test_codegen"],
    "gradio_client_sync._typed.docstring": ["interfaces/typed/test_function"],
    "gradio_client_sync._typed.layout": ["interfaces/typed/test_codegen"],
    "gradio_client_sync._version": ["docs/test_package"],
    "gradio_client_sync.job": ["contract/test_jobs"],
    "gradio_client_sync.testing.describing": ["kit/test_fake_app", "kit/test_other_clients"],
    "gradio_client_sync.testing.edits": ["kit/test_fake_app"],
    "gradio_client_sync.testing.endpoints": ["kit/test_fake_app", "kit/test_mistakes_in_tests"],
    "gradio_client_sync.testing.generation": ["kit/test_fake_app", "kit/test_other_clients"],
    "gradio_client_sync.testing.backend": ["kit/test_fake_app"],
    "gradio_client_sync.testing.channels": ["kit/test_fake_app", "kit/test_plans"],
    "gradio_client_sync.testing.blocks": ["kit/test_recording"],
    "gradio_client_sync.testing.checked": ["kit/test_recording"],
    "gradio_client_sync.testing.concealing": ["kit/test_recording"],
    "gradio_client_sync.testing.recorded_app": ["kit/test_recording"],
    "gradio_client_sync.testing.recording_file": ["kit/test_recording", "kit/test_pytest_plugin"],
    "gradio_client_sync.testing.known_apps": ["kit/test_recording"],
    "gradio_client_sync.testing.player": ["kit/test_recording"],
    "gradio_client_sync.testing.recorder": ["kit/test_recording"],
    "gradio_client_sync.testing.replay_error": ["kit/test_recording"],
    "gradio_client_sync.testing.logins": ["kit/test_fake_app"],
    "gradio_client_sync.testing.slots": ["kit/test_fake_app", "kit/test_mistakes_in_tests"],
    "gradio_client_sync.testing.running": ["kit/test_fake_app", "kit/test_plans"],
    "gradio_client_sync.testing.serving": ["kit/test_fake_app", "kit/test_other_clients"],
    "gradio_client_sync.testing.streams": ["kit/test_fake_app", "kit/test_plans"],
    "gradio_client_sync.testing.http_server": ["kit/test_fake_app"],
    "gradio_client_sync.testing.values": ["kit/test_fake_app"],
    "gradio_client_sync.testing.watched": ["kit/test_recording"],
    "gradio_client_sync.types": ["interfaces/typed/test_typed"],
}

MODULES = [path for path in modules() if path.name != "__init__.py"]

#: How many modules have each name; a test module of a name that several have counts for none.
SHARED = Counter(path.stem.lstrip("_") for path in MODULES)


def full_name(path: Path) -> str:
    return f"{PACKAGE.name}.{name_of(path)}"


def mirrors(path: Path) -> set[str]:
    """Return the names of test modules for a module: by its name, or with its package's."""
    name, package = path.stem.lstrip("_"), path.parent.name.lstrip("_")
    return {f"test_{package}_{name}"} | ({f"test_{name}"} if SHARED[name] == 1 else set())


def all_tests() -> set[str]:
    return {path.relative_to(TESTS).as_posix()[:-3] for path in TESTS.rglob("test_*.py")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_is_tested_by_its_name_or_by_the_table(path: Path) -> None:
    """Each module has a test module of its name or a line in `TESTED_BY`, and not both."""
    own = mirrors(path) & {name.rpartition("/")[2] for name in all_tests()}
    named = full_name(path) in TESTED_BY
    assert own or named, f"{full_name(path)} needs one of {mirrors(path)}, or a line in TESTED_BY"
    assert not (own and named), f"{own} exists: take {full_name(path)} out of TESTED_BY"


def test_table_names_what_exists() -> None:
    """Each line of `TESTED_BY` names a module and tests that exist."""
    assert TESTED_BY.keys() <= {full_name(path) for path in MODULES}
    assert {name for names in TESTED_BY.values() for name in names} <= all_tests()


def test_tests_are_in_folders_by_subject() -> None:
    """No test module is in the root of the tests, and each folder is in the README."""
    assert {name for name in all_tests() if "/" not in name} == set()
    readme = (TESTS / "README.md").read_text(encoding="utf-8")
    folders = {name.rpartition("/")[0] for name in all_tests()}
    assert not {folder for folder in folders if f"`{folder}`" not in readme}
