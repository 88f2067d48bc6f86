"""Inputs that an app's own description leaves out: buttons, and the rows of a dataset.

The tests compare the values that are sent by default with those that the app's own page sends.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from docs.notebooks import render
from gradio_client_sync import Client, PayloadError
from gradio_client_sync._typed.codegen import module_source
from gradio_client_sync.typed import Api
from tests.conftest import GENERATIONS, SERVERS
from tests.support.browser import Browser
from tests.support.generations import servers_with
from tests.support.oracle.oracle import Oracle
from tests.support.page_buttons import AppPage
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import HIDDEN, Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]

NO_BROWSER = pytest.mark.skipif(render.chromium() is None, reason="there is no Chromium")
NO_ORACLE = pytest.mark.skipif(Oracle.available() is not None, reason=str(Oracle.available()))

#: Without a click there is no row, so the server fails, also for a page.
NEEDS_A_ROW = ("labelled", "row_values")


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return each real server in turn, with functions that have hidden inputs."""
    return server_pool.get(request.param, app=(HIDDEN,))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield one browser for the pages of all servers."""
    with Browser() as browser:
        yield browser


def got(app: Client, endpoint: str, payload: Any = None) -> list[Any]:
    """Call an endpoint, and return what its function received."""
    values: list[Any] = json.loads(app.predict(endpoint, payload)[0])
    return values


def functions(app: Client) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return the number and the config of each function by its name."""
    return {
        dependency["api_name"]: (dependency.get("id", position), dependency)
        for position, dependency in enumerate(app.config["dependencies"])
        if isinstance(dependency.get("api_name"), str)
    }


def types_of(app: Client, inputs: list[int]) -> list[str]:
    types = {component["id"]: component["type"] for component in app.config["components"]}
    return [types[number] for number in inputs]


# -- defaults of hidden inputs


@NO_BROWSER
@pytest.mark.parametrize("server", GENERATIONS, indirect=True)
def test_defaults_are_those_of_the_page(app: Client, browser: Browser) -> None:
    """A call without values sends the same as a press in a fresh page, and the app accepts it."""
    described = app.view_api()["named_endpoints"]
    called = {
        name: function
        for name, function in functions(app).items()
        if name not in NEEDS_A_ROW
        and f"go_{name}" in [c["props"].get("elem_id") for c in app.config["components"]]
    }
    assert len(called) >= 16
    presses = [(number, f"#go_{name}", None) for name, (number, _) in called.items()]
    posted = AppPage(browser, app.url).press(presses)
    for (name, (_, dependency)), sent in zip(called.items(), posted):
        required = [
            value["parameter_name"]
            for value in described[f"/{name}"]["parameters"]
            if not value["parameter_has_default"]
        ]
        if required and "hidden_parameters" not in described[f"/{name}"]:
            continue  # its value is required, so there is nothing to compare
        payload = dict.fromkeys(required)
        known = app._connection
        ours = known.app.bind(known.table.resolve(name), payload)
        kinds = types_of(app, dependency["inputs"])
        pairs = [pair for *pair, kind in zip(sent, ours, kinds) if kind != "state"]
        assert [page for page, _ in pairs] == [value for _, value in pairs], name
        assert len(got(app, f"/{name}", payload)) == len(kinds)


@NO_BROWSER
def test_a_clicked_row_is_sent_like_by_the_page(app: Client, browser: Browser) -> None:
    """The row of a dataset is sent as its number, on every server."""
    number, _ = functions(app)["clicked"]
    page = AppPage(browser, app.url)
    [sent] = page.press([(number, "#pick button, #pick td, #pick tr", "pear")])
    assert sent == [1]
    assert got(app, "/clicked", [1]) == [1]


@servers_with("hidden buttons")
def test_a_button_that_is_not_given_sends_its_text(app: Client) -> None:
    """A button without a value sends its text, by which a function tells its buttons apart."""
    assert got(app, "/button") == ["cat"]
    assert got(app, "/first", ["x"]) == ["cat", "x"]
    assert got(app, "/twins", ["x"]) == ["cat", "x", "dog"]
    assert got(app, "/counted") == ["1"]


@servers_with("hidden buttons")
def test_a_hidden_input_keeps_its_position(app: Client) -> None:
    """Values of the description go to their own inputs, wherever the hidden input is."""
    assert got(app, "/last", ["x"]) == ["x", "cat"]
    assert got(app, "/between", ["x", 5]) == ["x", "cat", 5]
    assert got(app, "/between", ["x"]) == ["x", "cat", 2]
    number = app.view_api()["named_endpoints"]["/between"]["parameters"][1]["parameter_name"]
    assert got(app, "/between", {number: 6}) == ["a text", "cat", 6]
    assert got(app, "/between") == ["a text", "cat", 2]


# -- values for hidden inputs


@servers_with("hidden buttons")
def test_a_hidden_input_is_given_by_position_among_all_inputs(app: Client) -> None:
    """A list with a value for every input except state is read by position."""
    assert got(app, "/button", ["dog"]) == ["dog"]
    assert got(app, "/first", ["dog", "x"]) == ["dog", "x"]
    assert got(app, "/last", ["x", "dog"]) == ["x", "dog"]
    assert got(app, "/between", ["x", "dog", 5]) == ["x", "dog", 5]
    assert got(app, "/twins", ["a", "x", "b"]) == ["a", "x", "b"]
    assert got(app, "/all", ["dog", "x", 1, 5]) == [7, "dog", "x", 1, 5]
    assert app.predict("/plus", ["41"]).updates == app.predict("/plus", {"button": "41"}).updates


@servers_with("hidden buttons")
def test_a_hidden_input_is_given_by_its_name_in_view_api(app: Client) -> None:
    """view_api() gives the name, the default and the position of each hidden input."""
    described = app.view_api()["named_endpoints"]["/twins"]
    assert [value["parameter_name"] for value in described["parameters"]] != []
    shown = [
        (value["parameter_name"], value["parameter_default"], value["position"], value["hidden"])
        for value in described["hidden_parameters"]
    ]
    assert shown == [("button", "cat", 0, True), ("button_2", "dog", 2, True)]
    text = described["parameters"][0]["parameter_name"]
    assert got(app, "/twins", {"button_2": "cow"}) == ["cat", "a text", "cow"]
    assert got(app, "/twins", {text: "x", "button": "hen"}) == ["hen", "x", "dog"]


@servers_with("hidden buttons")
def test_a_hidden_input_has_a_unique_name(app: Client) -> None:
    """A hidden input with the same name as a described parameter gets a number in its name."""
    described = app.view_api()["named_endpoints"]["/clash"]
    [own] = [value["parameter_name"] for value in described["parameters"]]
    [hidden] = [value["parameter_name"] for value in described["hidden_parameters"]]
    assert hidden == ("button_2" if own == "button" else "button")
    assert got(app, "/clash", {own: "x"}) == ["x", "cat"]
    assert got(app, "/clash", {hidden: "x"}) == ["mine", "x"]
    assert got(app, "/clash", ["x"]) == ["x", "cat"]


@servers_with("hidden rows")
def test_a_hidden_row_is_given_by_position_and_by_name(app: Client) -> None:
    """The row that a page sends after a click can be given by position and by name."""
    assert got(app, "/rows", [1]) == [1]
    assert got(app, "/rows", {"dataset": 0}) == [0]
    assert got(app, "/rows") == [None]
    assert got(app, "/picked", ["x", 1]) == ["x", 1]
    assert got(app, "/picked", ["x"]) == ["x", None]
    assert got(app, "/labelled", {"pick_one": 1}) == [["y", 2]]
    assert got(app, "/row_values", [1, "x"]) == [["second"], "x"]
    assert 'app.predict("/rows", {"dataset": 1})' in str(app.view_api())


@servers_with("hidden buttons")
def test_a_list_of_another_length_is_refused(app: Client) -> None:
    """A list of another length is refused, and the error shows both possible lists with names."""
    for values in ([1, "x", 2, 3, 4, 5], [None, "x", "y", 1, 2]):
        with pytest.raises(PayloadError) as caught:
            app.predict("/all", values)
        assert "button='cat'" in str(caught.value)
    with pytest.raises(PayloadError) as caught:
        app.predict("/twins", ["a", "b"])
    message = str(caught.value)
    assert "takes 1 value and got 2: (" in message
    assert "takes 3 values: (button='cat', " in message
    assert "button_2='dog')" in message
    assert "session state" not in message
    with pytest.raises(PayloadError, match="button='cat'"):
        app.predict("/between", {"buton": "x"})


@servers_with("hidden buttons")
def test_state_is_still_left_out(app: Client) -> None:
    """A list with a value for session state is too long, and the error says why."""
    with pytest.raises(PayloadError, match="Leave session state out"):
        app.predict("/all", [None, "dog", "x", 1, 5])


# -- functions, typed modules and display


@servers_with("hidden buttons")
def test_functions_take_hidden_inputs_by_keyword(app: Client) -> None:
    """As function parameters, hidden inputs are optional and come last."""
    between = app.function("/between")
    parameters = inspect.signature(between).parameters
    assert list(parameters)[-1] == "button"
    assert parameters["button"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["button"].default == "cat"
    assert json.loads(between("x", 5)) == ["x", "cat", 5]
    assert json.loads(between("x", button="dog")) == ["x", "dog", 2]
    with pytest.raises(PayloadError):
        between("x", 5, "dog")


@servers_with("hidden buttons")
def test_typed_modules_take_hidden_inputs_by_keyword(app: Client) -> None:
    """A typed module has hidden inputs as parameters, and an older module still works."""
    names: dict[str, Any] = {}
    exec(compile(module_source(app.url, app._signatures()), "module", "exec"), names)
    assert json.loads(names["between"](app, "x", 5)) == ["x", "cat", 5]
    assert json.loads(names["between"](app, "x", button="dog")) == ["x", "dog", 2]
    assert json.loads(names["submit_between"](app, "x", button="hen").result()) == ["x", "hen", 2]
    *described, (hidden, _, required) = names["_API"]._endpoints["/between"][0]
    assert (hidden, required) == ("button", False)
    returns = names["_API"]._endpoints["/between"][1]
    before = Api({"/between": (tuple(described), returns)})
    result: str = before.call(app, "/between", ["x", 5])
    assert json.loads(result) == ["x", "cat", 5]


@servers_with("hidden buttons")
def test_the_printed_api_marks_hidden_inputs(app: Client) -> None:
    """The printed API shows name and default of a hidden input, and marks it as hidden."""
    printed = str(app.view_api())
    section = printed.split("── /between ")[1].split("── /")[0]
    assert "button  " in section
    assert '= "cat"' in section
    assert "own description" in " ".join(section.split())
    assert "own description" in app.view_api()._repr_html_()


@servers_with("render", "hidden buttons")
def test_rendered_hidden_inputs_send_their_rendered_value(app: Client) -> None:
    """A rendered component is sent with the value that the render gave it."""
    app.predict("/apply", ["name"])
    assert got(app, "/rendered", ["x"]) == ["rendered name", "x"]
    app.predict("/apply", ["other"])
    assert got(app, "/rendered", ["x"]) == ["rendered other", "x"]
    assert got(app, "/rendered", ["dog", "x"]) == ["dog", "x"]


# -- the JavaScript client


@NO_ORACLE
@servers_with("hidden buttons")
@pytest.mark.parametrize(
    ("endpoint", "payload"),
    [("/queued", ["x", "dog", 5]), ("/all_queued", ["dog", "x", 5])],
)
def test_the_javascript_client_sends_the_same_full_list(
    endpoint: str, payload: list[Any], app: Client, oracle: Oracle
) -> None:
    """A list with all inputs except state gives the same call in both clients."""
    events = oracle.events("2", app.url, endpoint, payload)
    [data] = [event["data"] for event in events if event["type"] == "data"]
    assert json.loads(data[0]) == got(app, endpoint, payload)


@NO_ORACLE
@servers_with("hidden buttons")
def test_the_javascript_client_shifts_a_list_without_the_hidden_input(
    app: Client, oracle: Oracle
) -> None:
    """Only our client sends the button its own text if the list has no value for it."""
    events = oracle.events("2", app.url, "/queued", ["x", 5])
    [data] = [event["data"] for event in events if event["type"] == "data"]
    assert json.loads(data[0]) == ["x", 5, None]
    assert got(app, "/queued", ["x", 5]) == ["x", "cat", 5]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    """Yield the JavaScript clients."""
    with Oracle() as oracle:
        yield oracle
