"""Contract tests that need only an app, run on a `FakeApp`.

They are the functions that ``tests/contract`` runs on real servers, not copies. Tests are left out
if they need more than a fake has (control of a running function, components that change values), or
if they only test the client and would not notice a wrong fake.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Callable

import pytest

from gradio_client_sync import Client
from gradio_client_sync.testing import FakeApp
from tests.contract import (
    test_calls,
    test_cancelling,
    test_connect,
    test_files,
    test_job_events,
    test_jobs,
    test_protocol_quirks,
    test_sessions,
    test_timings,
    test_unqueued,
    test_uploads,
    test_wrong_forms,
)
from tests.support.fake_server import fill

pytestmark = pytest.mark.once

#: A release of each protocol.
VERSIONS = ("3.50.2", "4.0.2", "4.12.0", "4.19.2", "4.21.0", "6.31.0")

CONTRACT: tuple[Callable[..., Any], ...] = (
    test_calls.test_calls_return_all_outputs,
    test_calls.test_defaults_fill_missing_arguments,
    test_calls.test_endpoint_by_number,
    test_calls.test_unlisted_endpoint_is_refused,
    test_calls.test_endpoint_must_be_named_where_there_are_several,
    test_calls.test_near_miss_is_suggested,
    test_calls.test_invalid_endpoint_is_refused,
    test_calls.test_wrong_payload_is_refused,
    test_calls.test_text_arrives_as_it_was,
    test_calls.test_large_value,
    test_calls.test_nan_and_infinity_are_refused,
    test_calls.test_nan_and_infinity_in_a_result_are_none,
    test_calls.test_loop_sees_every_value_and_the_final_one,
    test_calls.test_late_and_simultaneous_loops_see_the_same,
    test_calls.test_structures_survive_their_edits,
    test_calls.test_tables_survive_their_edits,
    test_calls.test_chat_survives_its_edits,
    test_calls.test_values_handed_out_do_not_change,
    test_calls.test_empty_generator,
    test_calls.test_state_stays_on_the_server,
    test_calls.test_state_in_the_middle,
    test_calls.test_clients_do_not_share_state,
    test_calls.test_isolated_call_has_fresh_state,
    test_calls.test_batch_function_takes_one_sample,
    test_calls.test_jobs_of_one_batch_get_their_own_results,
    test_calls.test_direct_function_skips_the_queue,
    test_calls.test_progress,
    test_calls.test_crash,
    test_calls.test_failure_midway_keeps_the_values,
    test_calls.test_headers_of_a_call_are_checked,
    test_cancelling.test_cancel_after_the_end,
    test_connect.test_config_from_the_page,
    test_connect.test_login_where_none_is_needed,
    test_connect.test_many_threads_share_a_client,
    test_connect.test_pickled_client_opens_its_own_connection,
    test_connect.test_session_can_be_taken_up_again,
    test_connect.test_view_api,
    test_files.test_files_links_to_this_machine_are_uploaded,
    test_files.test_files_of_every_kind_arrive,
    test_job_events.test_events_of_several_kinds,
    test_job_events.test_events_raise_what_the_job_raises,
    test_jobs.test_asyncio_awaits_a_job,
    test_jobs.test_jobs_from_many_threads,
    test_jobs.test_late_listener_gets_past_events,
    test_protocol_quirks.test_concurrent_generators_get_their_own_values,
    test_protocol_quirks.test_errors_have_no_quotes,
    test_protocol_quirks.test_only_unqueued_functions_are_called_directly,
    test_protocol_quirks.test_state_slots_are_hidden,
    test_protocol_quirks.test_values_have_the_form_of_their_generation,
    test_sessions.test_reset_is_about_one_client,
    test_sessions.test_state_survives_until_the_reset,
    test_timings.test_timings_of_jobs_that_succeed,
    test_timings.test_timings_of_functions_that_skip_the_queue,
    test_unqueued.test_direct_call_that_fails_by_a_bug,
    test_uploads.test_upload_is_not_repeated_on_real_servers,
    test_wrong_forms.test_values_of_a_wrong_call_are_short,
    test_wrong_forms.test_errors_inside_a_call_stay_as_they_are,
)


@pytest.fixture(params=[f"fake {version}" for version in VERSIONS])
def server(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """A fake app, with the attributes of a real server that the tests use."""
    version = request.param.partition(" ")[2]
    with FakeApp(version=version) as fake:
        fill(fake)
        yield SimpleNamespace(url=fake.url, version=version)


@pytest.fixture
def app(server: SimpleNamespace) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.mark.parametrize("contract", CONTRACT, ids=lambda test: test.__name__[5:])
@pytest.mark.usefixtures("server")
def test_contract_holds_on_a_fake(
    request: pytest.FixtureRequest, contract: Callable[..., Any]
) -> None:
    """A test that passes on a real server of a release passes on a fake of it."""
    names = inspect.signature(contract).parameters
    contract(**{name: request.getfixturevalue(name) for name in names})
