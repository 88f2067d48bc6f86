"""Contract tests that need only an app, run on a `FakeApp`.

They are the functions that ``tests/contract`` runs on real servers, not copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import pytest

from gradio_client_sync import Client
from gradio_client_sync.testing import FakeApp
from tests.contract import test_calls, test_cancelling, test_timings, test_wrong_forms
from tests.support.fake_server import fill

pytestmark = pytest.mark.once

VERSIONS = ("3.50.2", "4.0.2", "4.12.0", "4.19.2", "6.31.0")

CONTRACT: tuple[Callable[[Client], Any], ...] = (
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
    test_calls.test_loop_sees_every_value_and_the_final_one,
    test_calls.test_late_and_simultaneous_loops_see_the_same,
    test_calls.test_structures_survive_their_edits,
    test_calls.test_tables_survive_their_edits,
    test_calls.test_chat_survives_its_edits,
    test_calls.test_values_handed_out_do_not_change,
    test_calls.test_empty_generator,
    test_calls.test_state_in_the_middle,
    test_calls.test_isolated_call_has_fresh_state,
    test_calls.test_batch_function_takes_one_sample,
    test_calls.test_jobs_of_one_batch_get_their_own_results,
    test_calls.test_direct_function_skips_the_queue,
    test_calls.test_progress,
    test_calls.test_crash,
    test_calls.test_failure_midway_keeps_the_values,
    test_calls.test_headers_of_a_call_are_checked,
    test_cancelling.test_cancel_after_the_end,
    test_timings.test_timings_of_jobs_that_succeed,
    test_timings.test_timings_of_functions_that_skip_the_queue,
    test_wrong_forms.test_values_of_a_wrong_call_are_short,
    test_wrong_forms.test_errors_inside_a_call_stay_as_they_are,
)


@pytest.fixture(params=[f"fake {version}" for version in VERSIONS])
def app(request: pytest.FixtureRequest) -> Iterator[Client]:
    with FakeApp(version=request.param.partition(" ")[2]) as fake:
        fill(fake)
        with Client(fake.url) as client:
            yield client


@pytest.mark.parametrize("contract", CONTRACT, ids=lambda test: test.__name__[5:])
def test_contract_holds_on_a_fake(app: Client, contract: Callable[[Client], Any]) -> None:
    """A test that passes on a real server of a release passes on a fake of it."""
    contract(app)
