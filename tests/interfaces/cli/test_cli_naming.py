"""`_cli.naming`: the first word names the endpoint, and what happens if it was forgotten."""

from __future__ import annotations

import pytest

from gradio_client_sync import Client
from gradio_client_sync.testing import FakeApp
from tests.interfaces.cli.test_cli import run_here
from tests.support.servers.server import Server


@pytest.fixture
def numbers(spoken: Server) -> dict[str, int]:
    """Return the number of each endpoint by its name."""
    with Client(spoken.url) as app:
        return {one.api_name: one.fn_index for one in app._connection.table if one.api_name}


@pytest.mark.gradio
def test_forgotten_name_is_asked_for(spoken: Server, numbers: dict[str, int]) -> None:
    """If all words are values of an endpoint, the first one is not taken as a number."""
    line = f"gradio-client-sync predict {spoken.url}"
    for number in numbers.values():
        code, output, stderr = run_here("predict", spoken.url, str(number), "3")
        assert (code, output, stderr.count("\n")) == (3, "", 1)
        if number != numbers["sum"]:
            assert f"Name the endpoint: {line} /sum {number} 3; for the" in stderr
    for words, shown in (
        (("2.5", "3"), f"{line} /sum 2.5 3"),
        (("first=2", "second=3"), f"{line} /sum first=2 second=3"),
        (("good day",), f"{line} /titled 'good day'; or {line} /untitled 'good day'"),
        (
            ("@a.txt", "@b.txt", "@c.txt"),
            f"{line} /several @a.txt @b.txt @c.txt; or {line} /upload",
        ),
    ):
        code, output, stderr = run_here("predict", spoken.url, *words)
        assert (code, output) == (3, "") and "no endpoint" in stderr
        assert f"name the endpoint: {shown}" in stderr
    code, _, stderr = run_here("predict", spoken.url)
    assert code == 3 and "/sum" in stderr and f"Write: {line} ENDPOINT [VALUES]..." in stderr


@pytest.mark.gradio
def test_endpoint_by_number_still_works(spoken: Server, numbers: dict[str, int]) -> None:
    """A number that is meant as one is taken as one, and ``fn_index=`` leaves no doubt."""
    assert run_here("predict", spoken.url, str(numbers["shout"]), "hello") == (0, "HELLO\n", "")
    assert run_here("predict", spoken.url, str(numbers["sum"]), "2", "3") == (0, "5\n", "")
    assert run_here("predict", spoken.url, f"fn_index={numbers['shout']}", "3") == (0, "3\n", "")
    code, _, stderr = run_here("predict", spoken.url, str(numbers["sum"]), "two", "3")
    assert code == 3 and f"('{numbers['sum']}' was read as the number of the endpoint.)" in stderr
    code, _, stderr = run_here("predict", spoken.url, "999", "x")
    assert code == 3 and "no fn_index 999" in stderr


def test_name_without_slash_of_the_only_endpoint() -> None:
    """If there is one endpoint, its name without a slash is a value; an error says what to type."""
    with FakeApp() as app:

        @app.endpoint
        def square(n: float) -> float:
            return n**2

        assert run_here("predict", app.url, "7")[0] == 0
        code, _, stderr = run_here("predict", app.url, "square", "7")
        assert code == 3 and stderr.endswith("If 'square' is the endpoint, write /square.\n")


def test_numbers_are_asked_for_nothing_if_no_endpoint_has_a_name() -> None:
    """If endpoints have only numbers, the first word is a number."""
    with FakeApp() as app:
        app.endpoint()(lambda one, two: 0)
        app.endpoint()(lambda one: 1)
        assert run_here("predict", app.url, "1", "5")[:2] == (0, "1\n")
