"""`CancelLedger`: which jobs may join, and when a cancel may be sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue.cancel import CancelLedger

F, G = 3, 4

A, B, C, D = "job a", "job b", "job c", "job d"


@pytest.fixture
def ledger() -> Iterator[CancelLedger]:
    return CancelLedger()


def enter(ledger: CancelLedger, *jobs: str, fn_index: int = F) -> None:
    for job in jobs:
        ledger.request(fn_index, job)
        assert ledger.can_admit(fn_index, job, alone=False)
        ledger.admit(fn_index, job)
        ledger.mark_queued(fn_index, job)


def test_generators_of_3x_enter_one_after_another(ledger: CancelLedger) -> None:
    """Jobs that would share an iterator join one after another, the oldest first."""
    for job in (A, B, C):
        ledger.request(F, job)
    assert [ledger.can_admit(F, job, alone=True) for job in (A, B, C)] == [True, False, False]
    ledger.admit(F, A)
    assert [ledger.can_admit(F, job, alone=True) for job in (B, C)] == [False, False]
    assert ledger.release(F, A) == []
    assert [ledger.can_admit(F, job, alone=True) for job in (B, C)] == [True, False]
    ledger.withdraw(F, B)
    assert ledger.can_admit(F, C, alone=True)


def test_other_functions_do_not_wait(ledger: CancelLedger) -> None:
    """Only jobs of the same function wait for each other."""
    enter(ledger, A)
    ledger.request(G, B)
    assert ledger.can_admit(G, B, alone=True)


def test_ledger_admits_several_jobs_at_once(ledger: CancelLedger) -> None:
    """Jobs that share nothing join at the same time and in any order."""
    for job in (A, B, C):
        ledger.request(F, job)
    for job in (C, A, B):
        assert ledger.can_admit(F, job, alone=False)
        ledger.admit(F, job)


def test_ledger_cancels_an_only_job_at_once(ledger: CancelLedger) -> None:
    """If no other job of the function runs, a cancel is sent at once."""
    enter(ledger, A)
    assert ledger.release(F, A, "event a") == ["event a"]


def test_ledger_does_not_cancel_a_job_that_ended(ledger: CancelLedger) -> None:
    """A job that ended by itself needs no cancel."""
    enter(ledger, A)
    assert ledger.release(F, A) == []


def test_running_sibling_is_not_cancelled(ledger: CancelLedger) -> None:
    """No cancel is sent while another job of the function runs."""
    enter(ledger, A, B, C)
    enter(ledger, "other", fn_index=G)
    assert ledger.release(F, A, "event a") == []
    assert ledger.release(F, B, "event b") == []
    assert ledger.release(F, C) == ["event a", "event b"]
    ledger.acknowledge(F)
    enter(ledger, D)
    assert ledger.release(F, D) == []


def test_no_job_joins_during_a_cancel_request(ledger: CancelLedger) -> None:
    """A job that comes during a cancel request waits until its response."""
    enter(ledger, A)
    assert ledger.release(F, A, "event a") == ["event a"]
    ledger.request(F, B)
    ledger.request(G, C)
    assert not ledger.can_admit(F, B, alone=False)
    assert not ledger.can_admit(F, B, alone=True)
    assert ledger.can_admit(G, C, alone=False)
    ledger.acknowledge(F)
    assert ledger.can_admit(F, B, alone=False)


def test_ledger_cancels_a_job_once(ledger: CancelLedger) -> None:
    """Jobs that are cancelled during a cancel request are all cancelled after it."""
    enter(ledger, A)
    assert ledger.release(F, A, "event a") == ["event a"]
    assert ledger.release(F, B, "event b") == []
    assert ledger.release(F, C, "event c") == []
    assert ledger.force_due(F) == []
    assert ledger.acknowledge(F) == ["event b", "event c"]
    assert ledger.acknowledge(F) == []


def test_queued_siblings_do_not_delay_a_cancel(ledger: CancelLedger) -> None:
    """Jobs that have not begun after a while are in the queue, where a cancel is harmless."""
    enter(ledger, A, B)
    ledger.mark_begun(F, A)
    assert not ledger.has_postponed(F)
    assert ledger.release(F, A, "event a") == []
    assert ledger.has_postponed(F)
    assert ledger.force_due(F) == ["event a"]
    assert not ledger.has_postponed(F)
    assert ledger.force_due(F) == []
    assert ledger.release(F, B) == []


def test_sibling_that_begins_is_not_cancelled(ledger: CancelLedger) -> None:
    """If another job begins in the meantime, the cancel waits for its end."""
    enter(ledger, A, B, C)
    assert ledger.release(F, A, "event a") == []
    assert ledger.has_postponed(F)
    ledger.mark_begun(F, B)
    assert not ledger.has_postponed(F)
    assert ledger.force_due(F) == []
    assert ledger.release(F, B) == []
    assert ledger.force_due(F) == ["event a"]
    assert ledger.acknowledge(F) == []


def test_ledger_drops_the_state_of_a_job_that_left(ledger: CancelLedger) -> None:
    """News of a job that has ended delays nothing."""
    enter(ledger, A, B)
    assert ledger.release(F, A, "event a") == []
    ledger.mark_begun(F, A)
    assert ledger.force_due(F) == ["event a"]


@given(st.data(), st.booleans())
def test_no_order_of_steps_cancels_a_running_job(data: st.DataObject, alone: bool) -> None:
    """In any order of steps, cancels are sent only when no job runs, and for all cancelled jobs."""
    ledger = CancelLedger()
    waiting: list[str] = []
    live: set[str] = set()
    begun: set[str] = set()
    let_go: set[str] = set()
    telling = False
    fresh = iter(range(1000))
    steps = st.sampled_from("want enter begin give-up end let-go overdue told".split())

    def check_due(due: list[str], *, in_the_way: set[str]) -> None:
        nonlocal telling
        if telling or in_the_way:
            assert due == []
            return
        assert sorted(due) == sorted(let_go)
        telling = bool(due)
        let_go.clear()

    for _ in range(data.draw(st.integers(0, 40))):
        may = [job for job in waiting if ledger.can_admit(F, job, alone=alone)]
        if telling or (alone and live):
            assert may == []
        else:
            assert may == (waiting[:1] if alone else waiting)
        assert ledger.has_postponed(F) is bool(let_go and live and not begun)
        step = data.draw(steps)
        if step == "want":
            waiting.append(f"job {next(fresh)}")
            ledger.request(F, waiting[-1])
        elif step == "enter" and may:
            job = data.draw(st.sampled_from(may))
            ledger.admit(F, job)
            ledger.mark_queued(F, job)
            waiting.remove(job)
            live.add(job)
        elif step == "give-up" and waiting:
            job = data.draw(st.sampled_from(waiting))
            ledger.withdraw(F, job)
            waiting.remove(job)
        elif step == "begin" and live:
            job = data.draw(st.sampled_from(sorted(live)))
            ledger.mark_begun(F, job)
            begun.add(job)
        elif step in ("end", "let-go") and live:
            job = data.draw(st.sampled_from(sorted(live)))
            live.remove(job)
            begun.discard(job)
            if step == "let-go":
                let_go.add(job)
            due = ledger.release(F, job, job if step == "let-go" else None)
            check_due(due, in_the_way=live)
        elif step == "overdue":
            check_due(ledger.force_due(F), in_the_way=begun)
        elif step == "told" and telling:
            telling = False
            check_due(ledger.acknowledge(F), in_the_way=live)
