"""The number of items in flight is found, on simulated apps of many kinds."""

from __future__ import annotations

import random
from typing import Callable

import pytest

from gradio_client_sync._many.window import EARLY, FIRST, MOST, AdaptiveWindow, FixedWindow
from tests.support.simulated_app import App, Simulation

pytestmark = pytest.mark.once

ITEMS = 1500


def steady(seconds: float) -> Callable[[random.Random], float]:
    """Return calls that all take the same time."""
    return lambda _: seconds


def mixed(seconds: float) -> Callable[[random.Random], float]:
    """Return calls of very different lengths."""
    return lambda source: source.expovariate(1 / seconds)


APPS = {
    "one worker": App(1, steady(0.05)),
    "one worker, mixed": App(1, mixed(0.05)),
    "one worker, no queue": App(1, mixed(0.05), reports=False),
    "4 workers": App(4, steady(0.05)),
    "4 workers, mixed": App(4, mixed(0.05)),
    "4 workers, no queue": App(4, steady(0.05), reports=False),
    "4 workers, seconds": App(4, steady(2.0)),
    "16 workers": App(16, steady(0.05)),
    "16 workers, mixed": App(16, mixed(0.05)),
    "16 workers, no queue": App(16, steady(0.05), reports=False),
    "16 workers, seconds": App(16, steady(2.0)),
    "full queue": App(4, steady(0.05), max_size=4),
    "full queue, mixed": App(4, mixed(0.05), max_size=4),
    "batches": App(1, steady(0.1), batch=8),
}


@pytest.mark.parametrize("name", APPS)
def test_window_keeps_the_app_as_busy_as_the_best_number(name: str) -> None:
    """A map takes at most 6 % longer than with the best fixed number, and few items are refused."""
    app = APPS[name]
    best = min(
        Simulation(app, FixedWindow(number), ITEMS).seconds for number in (2, 4, 8, 16, 20, 24, 32)
    )
    found = Simulation(app, AdaptiveWindow(1024, app.batch), ITEMS)
    assert found.seconds < 1.06 * best
    assert found.refused < ITEMS * 0.03


@pytest.mark.parametrize("name", [name for name, app in APPS.items() if app.batch == 1])
def test_window_leaves_the_queue_to_others(name: str) -> None:
    """Few items wait at the app, so that the call of another user gets its turn."""
    app = APPS[name]
    found = Simulation(app, AdaptiveWindow(1024), ITEMS)
    assert found.waited < (
        max(4.0, 1.75 * app.workers) if app.reports else max(8.0, 2.5 * app.workers)
    )


@pytest.mark.parametrize(
    ("app", "best", "items"),
    [
        # All items wait for the next look, also if there is room. This is no reason to shrink.
        pytest.param(App(16, steady(0.05), looks=0.05), 20, 4000, id="looks into its queue"),
        pytest.param(App(10_000, steady(0.02), cores=2), 2, 4000, id="slower with more at once"),
        pytest.param(App(10_000, steady(0.5)), 32, 30, id="few items"),
    ],
)
def test_window_follows_the_rate(app: App, best: int, items: int) -> None:
    """What the queue says, or the number at the start, does not keep it from the best number."""
    fixed = Simulation(app, FixedWindow(best), items).seconds
    assert Simulation(app, AdaptiveWindow(1024), items).seconds < 1.2 * fixed


@pytest.mark.parametrize("workers", [1, 4])
def test_window_does_not_push_others_aside(workers: int) -> None:
    """More calls in flight would give it a larger share of a busy app. It does not take it."""
    window = AdaptiveWindow(1024)
    Simulation(App(workers, steady(0.05), users=8), window, ITEMS)
    assert window.limit <= 2 * workers + 2


def test_window_grows_before_the_first_item_has_ended() -> None:
    """As long as the app runs all items at once, there is no need to wait for their ends."""
    window = AdaptiveWindow(1024)
    assert window.limit == FIRST
    window.started(0.0, FIRST, 1)
    assert window.limit == FIRST
    while window.limit < EARLY:
        window.started(0.0, window.limit, 0)
    window.started(0.0, window.limit, 0)
    assert window.limit == EARLY


def test_window_has_limits() -> None:
    """The number never exceeds what the client can do, nor what was ever useful."""
    assert AdaptiveWindow(2).limit == 2
    window = AdaptiveWindow(10_000)
    Simulation(App(10_000, steady(0.01)), window, 20_000)
    assert window.limit == MOST


def test_window_halves_once_for_items_that_were_refused_together() -> None:
    """Several refusals of one burst count as one."""
    window = AdaptiveWindow(1024, batch=16)
    assert window.limit == 32
    for in_flight in (32, 31, 30):
        window.refused(1.0, 0.5, in_flight)
    assert window.limit == 16
    window.refused(3.0, 2.0, 16)
    assert window.limit == 8


def test_chosen_number_is_lowered_by_refusals_only() -> None:
    """A queue that is too small for it does not refuse items again and again."""
    window = FixedWindow(40)
    found = Simulation(App(2, mixed(0.05), max_size=8), window, 3000)
    assert found.refused < 150
    assert found.seconds < 1.05 * 3000 * 0.05 / 2
    window = FixedWindow(40)
    Simulation(App(2, mixed(0.05)), window, 500)
    assert window.limit == 40


def test_window_measures_nothing_while_payloads_are_slow() -> None:
    """If the payloads come more slowly than the app works, the number does not change."""
    window = AdaptiveWindow(1024)
    for index in range(100):
        window.ended(float(index), 0.1, 0.0, 1)
    assert window.limit == FIRST


@pytest.mark.parametrize("workers", [1, 4])
def test_window_keeps_an_item_waiting_at_each_server(workers: int) -> None:
    """With several servers, each has items that wait, so that none is idle between two."""
    window = AdaptiveWindow(1024, servers=3)
    assert window.limit == 3 * FIRST
    window.started(0.0, window.limit, 0)
    assert window.limit == 6 * FIRST
    Simulation(App(3 * workers, steady(0.05)), window, ITEMS)
    assert window.limit >= 3 * (workers + 1)
    Simulation(App(10_000, steady(0.01)), most := AdaptiveWindow(10_000, servers=3), 20_000)
    assert most.limit == 3 * MOST
