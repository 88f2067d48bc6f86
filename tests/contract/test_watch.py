"""When an app is looked at, and which calls a look covers."""

from __future__ import annotations

import threading

from gradio_client_sync import Client
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.meaning import Aim, Sent
from gradio_client_sync._session import watch as _watch
from gradio_client_sync._session.watch import Passage, Watch
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.deadlines import NEVER
from tests.support.scripted import WAIT, config_of, dependency, scripted
from tests.support.transcripts import dialect_for

SENT = Sent(Aim(EndpointTable(config_of(), dialect_for("6.31.0")).resolve("echo")), by_number=True)


def passage() -> Passage:
    return Passage(SENT, lambda: None)


def looked(watch: Watch) -> None:
    """A look that begins now, and finds the app unchanged."""
    watch.found_same(watch.begin())


def test_watch_covers_what_ended_before_a_good_look_began() -> None:
    """Such calls ran what they were meant for; later ones may not have."""
    watch = Watch()
    covered, after, ended = passage(), passage(), passage()
    assert watch.send(covered, 0)
    watch.settle(covered)
    looked(watch)
    for one in (after, ended):
        assert watch.send(one, 0)
        watch.settle(one)
    watch.end(ended, ran=True)
    under_way, over = watch.found_another(watch.begin())
    assert under_way == [after]
    assert over == [(SENT, 1)]
    watch.end(after, ran=True)  # it was told already
    assert watch.found_another(watch.begin()) == ([], [])


def test_watch_does_not_cover_what_the_app_had_not_decided_on() -> None:
    """A call that was sent before the look may have come to the app after it."""
    watch = Watch()
    early = passage()
    assert watch.send(early, 0)
    looked(watch)
    assert watch.found_another(watch.begin())[0] == [early]


def test_watch_counts_from_where_a_call_was_settled() -> None:
    """A call that a look overtakes is covered by the next one only."""
    watch = Watch()
    overtaken = passage()
    assert watch.send(overtaken, 0)
    looked(watch)
    watch.settle(overtaken)
    watch.end(overtaken, ran=True)
    look = watch.begin()
    watch.found_nothing(look)  # it was not answered, and covers nothing
    assert watch.found_another(watch.begin())[1] == [(SENT, 1)]


def test_watch_forgets_what_is_covered_and_what_did_not_run() -> None:
    """What has ended is counted only until a look covers it, and only if it may have run."""
    watch = Watch()
    for ran in (True, True, False):
        one = passage()
        assert watch.send(one, 0)
        watch.settle(one)
        watch.end(one, ran=ran)
    assert watch.found_another(watch.begin())[1] == [(SENT, 2)]
    one = passage()
    assert watch.send(one, 1)
    watch.settle(one)
    watch.end(one, ran=True)
    looked(watch)
    assert watch.found_another(watch.begin()) == ([], [])


def test_watch_lets_nothing_go_that_was_made_ready_for_another_app() -> None:
    """What is not sent yet when the app changes is made ready again."""
    watch = Watch()
    watch.found_another(watch.begin())
    assert not watch.send(passage(), 0)
    assert watch.send(passage(), 1)


def test_watch_gives_a_turn_to_one_at_a_time() -> None:
    """One look is under way at most, and the next is due a while after it."""
    watch = Watch()
    assert not watch.take_turn()  # the config was read just now
    watch._due -= _watch.EVERY
    assert watch.take_turn()
    watch._due -= _watch.EVERY
    assert not watch.take_turn()
    watch.end_turn()
    assert watch.take_turn()
    assert not watch.is_late  # since a look is under way
    watch._seen -= 2 * _watch.LATE
    assert not watch.is_late
    watch.end_turn()
    assert watch.is_late
    watch.found_nothing(watch.begin())
    assert not watch.is_late
    assert not watch.take_turn()


def test_watch_guards_what_is_under_way_and_nothing_else() -> None:
    """A look is due for a call that takes long, although no further call asks for one."""
    watch = Watch()
    one = passage()
    assert watch.send(one, 0)
    watch.settle(one)
    assert watch.take_guard()
    assert not watch.take_guard()
    assert watch.wait_for_turn()
    looked(watch)
    watch.end_turn()
    assert not watch.wait_for_turn()  # it is covered
    assert watch.take_guard()


def test_watch_that_is_closed_waits_for_nothing() -> None:
    """The end of the client ends its guard, also while a look is under way."""
    watch = Watch()
    assert watch.send(passage(), 0)
    watch._due = 0.0
    assert watch.take_turn()
    watch._due = 0.0
    ended = threading.Thread(target=watch.wait_for_turn)
    ended.start()
    watch.close()
    ended.join(WAIT)
    assert not ended.is_alive()


def test_watch_shares_a_look_among_calls() -> None:
    """Calls that come while one looks wait for it, instead of looking themselves."""
    watch = Watch()
    assert watch.claim_shared_check() is None
    others = watch.claim_shared_check()
    assert others is not None
    assert not others.is_set()
    watch.end_shared_check()
    assert others.is_set()
    assert watch.claim_shared_check() is None


def test_watch_does_not_grow_while_no_look_finds_anything_out() -> None:
    """The app may answer every look with an error, for days; what ended is counted all the same."""
    watch = Watch()
    many = 5_000
    for _ in range(many):
        one = passage()
        assert watch.send(one, 0)
        watch.settle(one)
        watch.end(one, ran=True)
        watch.found_nothing(watch.begin())
        assert len(watch._ended) <= 1_001
    assert sum(count for _, count in watch.found_another(watch.begin())[1]) == many


def test_watch_hears_of_a_change_before_a_look_that_finds_it_made() -> None:
    """Of two looks at once, the second finds the app as the first has learned it to be.

    That is no good look: it does not cover what was sent before the client knew of the change.
    """
    runs = iter(["two", "two", "two"])
    changed = config_of(dependency(0, "wipe"), dependency(1, "echo"), app_id="two")
    with scripted(config_of(app_id="one")) as server, Client(server.url) as app:
        known = app._connection.app
        server.scripts["GET /config"] = lambda x: x.answer(changed)
        server.scripts["GET /app_id"] = lambda x: x.answer({"app_id": next(runs)})
        sent = passage()
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
        later = passage()
        assert known.watch.send(later, 1)
        known.watch.settle(later)
        known.watch.end(later, ran=True)
        assert known.check(RequestHandle(), NEVER) is None
        assert known.watch.found_another(known.watch.begin()) == ([], [])
