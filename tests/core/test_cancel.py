"""The ledger: who may go to the server, and when the server may be told to cancel."""

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
    """Jobs that would share an iterator go to the server one by one, oldest first."""
    for job in (A, B, C):
        ledger.request(F, job)
    assert [ledger.can_admit(F, job, alone=True) for job in (A, B, C)] == [True, False, False]
    ledger.admit(F, A)
    assert [ledger.can_admit(F, job, alone=True) for job in (B, C)] == [False, False]
    assert ledger.release(F, A) == []
    assert [ledger.can_admit(F, job, alone=True) for job in (B, C)] == [True, False]
    ledger.withdraw(F, B)
    assert ledger.can_admit(F, C, alone=True)


def test_other_functions_are_not_held_up(ledger: CancelLedger) -> None:
    """The order is one of jobs of the same function only."""
    enter(ledger, A)
    ledger.request(G, B)
    assert ledger.can_admit(G, B, alone=True)


def test_ledger_admits_several_jobs_at_once(ledger: CancelLedger) -> None:
    """Where jobs share nothing, they enter at once and in any order."""
    for job in (A, B, C):
        ledger.request(F, job)
    for job in (C, A, B):
        assert ledger.can_admit(F, job, alone=False)
        ledger.admit(F, job)


def test_ledger_cancels_an_only_job_at_once(ledger: CancelLedger) -> None:
    """A job that is let go while no other runs is cancelled on the server now."""
    enter(ledger, A)
    assert ledger.release(F, A, "event a") == ["event a"]


def test_ledger_does_not_cancel_a_job_that_ended(ledger: CancelLedger) -> None:
    """A job that is over by itself needs no cancelling."""
    enter(ledger, A)
    assert ledger.release(F, A) == []


def test_a_sibling_is_not_killed(ledger: CancelLedger) -> None:
    """While another job of the function is under way, the server is told of no cancellation."""
    enter(ledger, A, B, C)
    enter(ledger, "other", fn_index=G)
    assert ledger.release(F, A, "event a") == []
    assert ledger.release(F, B, "event b") == []
    assert ledger.release(F, C) == ["event a", "event b"]
    ledger.acknowledge(F)
    enter(ledger, D)
    assert ledger.release(F, D) == []


def test_nobody_enters_while_the_server_is_told(ledger: CancelLedger) -> None:
    """A job that comes meanwhile would be hit, so it waits until the server knows."""
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
    """What is let go while the server is being told is told after that, in one go."""
    enter(ledger, A)
    assert ledger.release(F, A, "event a") == ["event a"]
    assert ledger.release(F, B, "event b") == []
    assert ledger.release(F, C, "event c") == []
    assert ledger.force_due(F) == []
    assert ledger.acknowledge(F) == ["event b", "event c"]
    assert ledger.acknowledge(F) == []


def test_jobs_in_the_queue_are_no_reason_to_wait(ledger: CancelLedger) -> None:
    """Siblings that have not begun by and by are in the server's queue, and unharmed."""
    enter(ledger, A, B)
    ledger.mark_started(F, A)
    assert not ledger.has_postponed(F)
    assert ledger.release(F, A, "event a") == []
    assert ledger.has_postponed(F)
    assert ledger.force_due(F) == ["event a"]
    assert not ledger.has_postponed(F)
    assert ledger.force_due(F) == []
    assert ledger.release(F, B) == []


def test_a_sibling_that_begins_is_not_killed(ledger: CancelLedger) -> None:
    """If one begins meanwhile, the cancellation waits for its end."""
    enter(ledger, A, B, C)
    assert ledger.release(F, A, "event a") == []
    assert ledger.has_postponed(F)
    ledger.mark_started(F, B)
    assert not ledger.has_postponed(F)
    assert ledger.force_due(F) == []
    assert ledger.release(F, B) == []
    assert ledger.force_due(F) == ["event a"]
    assert ledger.acknowledge(F) == []


def test_ledger_drops_the_state_of_a_job_that_left(ledger: CancelLedger) -> None:
    """News of a job that is over holds nobody up."""
    enter(ledger, A, B)
    assert ledger.release(F, A, "event a") == []
    ledger.mark_started(F, A)
    assert ledger.force_due(F) == ["event a"]


@given(st.data(), st.booleans())
def test_no_history_cancels_a_running_job(data: st.DataObject, alone: bool) -> None:
    """In any order of coming and going, the server is told when none runs, and of all."""
    ledger = CancelLedger()
    waiting: list[str] = []
    live: set[str] = set()
    begun: set[str] = set()
    let_go: set[str] = set()
    telling = False
    fresh = iter(range(1000))
    steps = st.sampled_from("want enter begin give-up end let-go overdue told".split())

    def told_now(due: list[str], *, in_the_way: set[str]) -> None:
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
            ledger.mark_started(F, job)
            begun.add(job)
        elif step in ("end", "let-go") and live:
            job = data.draw(st.sampled_from(sorted(live)))
            live.remove(job)
            begun.discard(job)
            if step == "let-go":
                let_go.add(job)
            due = ledger.release(F, job, job if step == "let-go" else None)
            told_now(due, in_the_way=live)
        elif step == "overdue":
            told_now(ledger.force_due(F), in_the_way=begun)
        elif step == "told" and telling:
            telling = False
            told_now(ledger.acknowledge(F), in_the_way=live)
