"""`Watch`: when the client checks whether the app has changed, and which calls a check confirms."""

from __future__ import annotations

import threading

from gradio_client_sync import Client
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.meaning import Callee, RequestMeaning
from gradio_client_sync._session import watch as _watch
from gradio_client_sync._session.watch import SentCall, Watch
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.deadlines import NEVER
from tests.support.scripted import WAIT, config_of, dependency, scripted
from tests.support.transcripts import dialect_for

SENT = RequestMeaning(
    Callee(EndpointTable(config_of(), dialect_for("6.31.0")).resolve("echo")), by_number=True
)


def sent_call() -> SentCall:
    return SentCall(SENT, lambda: None)


def check_unchanged(watch: Watch) -> None:
    """Run a check that starts now and finds the app unchanged."""
    watch.found_same(watch.begin())


def test_watch_confirms_calls_that_ended_before_a_check() -> None:
    """A check confirms calls that ended before it began, and not those that ended later."""
    watch = Watch()
    covered, after, ended = sent_call(), sent_call(), sent_call()
    assert watch.send(covered, 0)
    watch.settle(covered)
    check_unchanged(watch)
    for one in (after, ended):
        assert watch.send(one, 0)
        watch.settle(one)
    watch.end(ended, ran=True)
    under_way, over = watch.found_another(watch.begin())
    assert under_way == [after]
    assert over == [(SENT, 1)]
    watch.end(after, ran=True)  # it was already in the first list
    assert watch.found_another(watch.begin()) == ([], [])


def test_watch_does_not_confirm_unsettled_calls() -> None:
    """A check does not confirm a call that is not settled: it may still run in a new app."""
    watch = Watch()
    early = sent_call()
    assert watch.send(early, 0)
    check_unchanged(watch)
    assert watch.found_another(watch.begin())[0] == [early]


def test_watch_confirms_a_call_settled_during_a_check_only_later() -> None:
    """A call that is settled during a check is confirmed only by the next one."""
    watch = Watch()
    overtaken = sent_call()
    assert watch.send(overtaken, 0)
    check_unchanged(watch)
    watch.settle(overtaken)
    watch.end(overtaken, ran=True)
    look = watch.begin()
    watch.found_nothing(look)  # it had no response, and confirms nothing
    assert watch.found_another(watch.begin())[1] == [(SENT, 1)]


def test_watch_forgets_confirmed_calls_and_those_that_did_not_run() -> None:
    """An ended call is counted only if it may have run, until a check confirms it."""
    watch = Watch()
    for ran in (True, True, False):
        one = sent_call()
        assert watch.send(one, 0)
        watch.settle(one)
        watch.end(one, ran=ran)
    assert watch.found_another(watch.begin())[1] == [(SENT, 2)]
    one = sent_call()
    assert watch.send(one, 1)
    watch.settle(one)
    watch.end(one, ran=True)
    check_unchanged(watch)
    assert watch.found_another(watch.begin()) == ([], [])


def test_watch_refuses_calls_prepared_for_another_app() -> None:
    """A call that was prepared for the old app is not sent, so that it is prepared again."""
    watch = Watch()
    watch.found_another(watch.begin())
    assert not watch.send(sent_call(), 0)
    assert watch.send(sent_call(), 1)


def test_watch_allows_one_check_at_a_time() -> None:
    """At most one check runs at a time, and the next one is due after an interval."""
    watch = Watch()
    assert not watch.take_turn()  # the config was read just now
    watch._due -= _watch.EVERY
    assert watch.take_turn()
    watch._due -= _watch.EVERY
    assert not watch.take_turn()
    watch.end_turn()
    assert watch.take_turn()
    assert not watch.is_late  # because a check is running
    watch._seen -= 2 * _watch.LATE
    assert not watch.is_late
    watch.end_turn()
    assert watch.is_late
    watch.found_nothing(watch.begin())
    assert not watch.is_late
    assert not watch.take_turn()


def test_watch_guards_running_calls_only() -> None:
    """A check becomes due for a call that runs for long, without any further call."""
    watch = Watch()
    one = sent_call()
    assert watch.send(one, 0)
    watch.settle(one)
    assert watch.take_guard()
    assert not watch.take_guard()
    assert watch.wait_for_turn()
    check_unchanged(watch)
    watch.end_turn()
    assert not watch.wait_for_turn()  # the check has confirmed it
    assert watch.take_guard()


def test_watch_that_is_closed_waits_for_nothing() -> None:
    """close() ends the guard thread's wait, also while a check is running."""
    watch = Watch()
    assert watch.send(sent_call(), 0)
    watch._due = 0.0
    assert watch.take_turn()
    watch._due = 0.0
    ended = threading.Thread(target=watch.wait_for_turn)
    ended.start()
    watch.close()
    ended.join(WAIT)
    assert not ended.is_alive()


def test_watch_shares_a_check_among_calls() -> None:
    """Calls that start during a check wait for it instead of making their own."""
    watch = Watch()
    assert watch.claim_shared_check() is None
    others = watch.claim_shared_check()
    assert others is not None
    assert not others.is_set()
    watch.end_shared_check()
    assert others.is_set()
    assert watch.claim_shared_check() is None


def test_watch_does_not_grow_while_checks_fail() -> None:
    """The record of ended calls stays small while each check fails, and its counts stay exact."""
    watch = Watch()
    many = 5_000
    for _ in range(many):
        one = sent_call()
        assert watch.send(one, 0)
        watch.settle(one)
        watch.end(one, ran=True)
        watch.found_nothing(watch.begin())
        assert len(watch._ended) <= 1_001
    assert sum(count for _, count in watch.found_another(watch.begin())[1]) == many


def test_watch_check_after_a_change_found_by_another() -> None:
    """If a check has already updated the client, a second one at the same time finds no change.

    The second check does not confirm calls that were sent before the client knew of the change.
    """
    runs = iter(["two", "two", "two"])
    changed = config_of(dependency(0, "wipe"), dependency(1, "echo"), app_id="two")
    with scripted(config_of(app_id="one")) as server, Client(server.url) as app:
        known = app._connection.app
        server.scripts["GET /config"] = lambda x: x.answer(changed)
        server.scripts["GET /app_id"] = lambda x: x.answer({"app_id": next(runs)})
        sent = sent_call()
        assert known.watch.send(sent, 0)
        known.watch.settle(sent)
        renew = known.on_change

        def on_change() -> None:
            renew()
            assert known.check(RequestHandle(), NEVER) is None

        known.on_change = on_change
        change = known.check(RequestHandle(), NEVER)
        assert change is not None
        assert change.under_way == [sent]
        later = sent_call()
        assert known.watch.send(later, 1)
        known.watch.settle(later)
        known.watch.end(later, ran=True)
        assert known.check(RequestHandle(), NEVER) is None
        assert known.watch.found_another(known.watch.begin()) == ([], [])
