"""`Client.map` and `Function.map` on real servers: results, files, journal, and early ends."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, ClientClosedError, PayloadError, read_journal
from tests.support.servers.server import Server


@pytest.fixture
def newest_app(newest: Server) -> Any:
    with Client(newest.url) as client:
        yield client


def test_map_gives_results_in_order(app: Client) -> None:
    """Payloads may be lists and dicts, through the queue and without it, in every generation."""
    payloads = ([1, number] if number % 2 else {"a": 1, "b": number} for number in range(12))
    results = app.map("/add", payloads)
    assert [data[0] for data in results] == [1 + number for number in range(12)]
    assert (results.counts.done, results.counts.in_flight) == (12, 0)
    direct = app.map("/direct", [[str(number)] for number in range(6)], in_flight=3)
    assert sorted(outcome.index for outcome in direct.as_completed()) == list(range(6))


def test_map_raises_the_error_of_an_item(newest_app: Client) -> None:
    """The error has the index and the payload of the item."""
    payloads: list[Any] = [["a"], ["b"]]
    with pytest.raises(AppError) as failed:
        list(newest_app.map("/fail", payloads))
    assert (failed.value.index, failed.value.payload) == (0, ["a"])
    errors = list(newest_app.map("/fail", payloads, on_error="return"))
    assert [type(error) for error in errors] == [AppError, AppError]


def test_map_goes_on_with_its_journal(newest: Server, newest_app: Client, tmp_path: Path) -> None:
    """What has ended is not called again, and files of results are where they were saved."""
    journal, folder = tmp_path / "run.jsonl", tmp_path / "files"

    def make(sizes: list[int]) -> Any:
        payloads = [[size] for size in sizes]
        return newest_app.map("/make_file", payloads, journal=journal, download=folder)

    before = newest.control.executions().get("make_file", 0)
    first = [data[0] for data in make([10, 20, 10])]
    assert newest.control.executions().get("make_file", 0) == before + 3
    again = make([10, 20, 10, 30])
    results = [data[0] for data in again]
    assert newest.control.executions().get("make_file", 0) == before + 4
    assert (again.counts.replayed, again.counts.done) == (3, 4)
    assert [os.path.getsize(file) for file in results] == [10, 20, 10, 30]
    assert len(list(folder.iterdir())) == 3  # two have the same content
    assert [file.download(folder) for file in first] == [
        file.download(folder) for file in results[:3]
    ]
    outcomes = list(read_journal(journal))
    assert sorted(outcome.index for outcome in outcomes) == [0, 1, 2, 3]
    assert all(Path(outcome.data[0]["saved"]).is_file() for outcome in outcomes)


def test_failed_items_are_called_again_if_they_end_the_map(
    newest: Server, newest_app: Client, tmp_path: Path
) -> None:
    """Otherwise a run would end at the same error again. With "return", the error is replayed."""
    journal = tmp_path / "run.jsonl"

    def calls() -> int:
        return newest.control.executions().get("fail", 0)

    before = calls()
    for again in (1, 2):
        with pytest.raises(AppError):
            list(newest_app.map("/fail", [["a"]], journal=journal))
        assert calls() == before + again
    [error] = newest_app.map("/fail", [["a"]], journal=journal, on_error="return")
    assert isinstance(error, AppError)
    assert (error.index, error.payload) == (0, ["a"])
    assert calls() == before + 2


def test_ctrl_c_cancels_on_the_server_and_says_how_to_go_on(
    newest: Server, newest_app: Client, key: str, tmp_path: Path
) -> None:
    """The exception is that of Python, with a text."""
    results = newest_app.map("/hold", [[key]], journal=tmp_path / "run.jsonl")

    def interrupt() -> None:
        newest.control.await_started(key)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt, match=r"stopped after 0 items. To continue, .*run.jsonl"):
        next(results)
    thread.join()
    newest.control.release(key)
    assert newest.control.await_stopped(key)
    assert results.counts.in_flight == 0


def test_close_ends_the_map(newest: Server, key: str) -> None:
    """Also with ``on_error="return"``, since no later item can be called."""
    app = Client(newest.url)

    def close() -> None:
        newest.control.await_started(key)
        app.close()

    thread = threading.Thread(target=close)
    thread.start()
    with pytest.raises(ClientClosedError, match="closed during the map of '/hold'"):
        list(app.map("/hold", [[key]] * 9, on_error="return"))
    thread.join()
    newest.control.release(key)
    with pytest.raises(ClientClosedError):
        app.map("/hold", [[key]])


def test_map_of_a_function_has_bare_values(newest_app: Client) -> None:
    """As the built-in `map`: one iterable for each argument, by position or by name."""
    add = newest_app.function("/add")
    assert list(add.map([1, 2], [3, 4])) == [4, 6]
    assert list(add.with_options(timeout=30).map(a=(1, 2), b=range(9))) == [1, 3]
    assert [one.data for one in add.map([1], [2]).outcomes()] == [3]
    with pytest.raises(PayloadError, match="missing a required argument: 'b'"):
        add.map([1])
    with pytest.raises(PayloadError, match="'b' is an int"):
        add.map([1], 2)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, r"needs an endpoint and the payloads. Write map\(endpoint, \[\[first\]"),
        (("/add",), {}, "needs an endpoint and the payloads"),
        (("/add", [1, 2], [3, 4]), {}, "takes the payloads as one list"),
        (("/add", [[1, 2]]), {"max_workers": 4}, "Did you mean in_flight="),
        (("/add", [[1, 2]]), {"progres": True}, "Did you mean progress="),
        (("/add", [[1, 2]]), {"colour": 1}, "Its options are in_flight, on_error"),
        (("/add", [1, 2]), {}, r"Payload 0 for '/add' is 1, .*\[\[1\], …\]"),
        (("/add", [[1, 2]]), {"timeout": "5"}, "timeout must be a number"),
    ],
)
def test_wrong_calls_of_map_get_the_line(
    newest_app: Client, arguments: Any, options: dict[str, Any], message: str
) -> None:
    """Nothing is called."""
    with pytest.raises(TypeError, match=message):
        newest_app.map(*arguments, **options)


def test_map_shows_a_bar(newest_app: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts what has ended and what has failed."""
    pytest.importorskip("tqdm", reason="needs the extra progress")
    list(newest_app.map("/fail", [["x"]] * 2, on_error="return", progress=True))
    shown = capsys.readouterr().err
    assert "/fail: 100%" in shown
    assert "2/2" in shown
    assert "2 failed" in shown
