"""Calls as other clients spell them, and values in no list: the error shows what to write.

`wrong_forms` and `explained` are tested together, because users meet them together.
"""

from __future__ import annotations

import inspect
import io
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from gradio_client_sync import Client, EndpointNotFoundError, PayloadError, duplicate, handle_file
from tests.conftest import GENERATIONS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import MISTAKES, Server

pytestmark = pytest.mark.gradio

SECRET = "hf_secretsecret"


@pytest.fixture(params=GENERATIONS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    return server_pool.get(request.param, app=(MISTAKES,))


def caught(call: Callable[[], Any]) -> TypeError:
    """Return the `TypeError` that a call raises; it has no cause and no context."""
    with pytest.raises(TypeError) as raised:
        call()
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return raised.value


def refused(call: Callable[[], Any]) -> str:
    """Return the text of the `TypeError` that a call raises."""
    return str(caught(call))


# -- calls


#: Arguments as users of other clients type them, and what to write instead.
CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any], str], ...] = (
    (("/add", 2, 3), {}, '("/add", [2, 3])'),
    ((2, 3), {"api_name": "/add"}, '("/add", [2, 3])'),
    (("/add",), {"a": 2, "b": 3}, '("/add", {"a": 2, "b": 3})'),
    (("/add", 2), {"b": 3}, '("/add", {"a": 2, "b": 3})'),
    (("/add", [2]), {"b": 3}, '("/add", {"a": 2, "b": 3})'),
    (("/add", {"a": 2}), {"b": 3}, '("/add", {"a": 2, "b": 3})'),
    ((), {"a": 2, "b": 3, "api_name": "/add"}, '("/add", {"a": 2, "b": 3})'),
    (("/add", 2, 3), {"timeout": 5}, '("/add", [2, 3], timeout=5)'),
    ((2, 3), {"fn_index": 0}, "(0, [2, 3])"),
    (("/add", np.zeros(3), "x"), {}, '("/add", [array, "x"])'),
    (("/add",), {"data": [2, 3]}, '("/add", [2, 3])'),
    (([2, 3],), {"api_name": "/add"}, '("/add", [2, 3])'),
    (("/add",), {"inputs": 2}, '("/add", [2])'),
    (("/add", [2, 3]), {"api_name": "/add"}, '("/add", [2, 3])'),
    (([2],), {"api_name": "/fail_number"}, '("/fail_number", [2])'),
    ((["red"],), {"api_name": "/fail_checkbox_group"}, '("/fail_checkbox_group", [["red"]])'),
    ((["cat.png"],), {"api_name": "/fail_image"}, '("/fail_image", [pathlib.Path("cat.png")])'),
    (
        (["a.csv"],),
        {"api_name": "/fail_files"},
        '("/fail_files", [[pathlib.Path("a.csv")]])',
    ),
    (("cat.png",), {"api_name": "/fail_image"}, '("/fail_image", [pathlib.Path("cat.png")])'),
    (
        ("/fail_image",),
        {"value": "https://x.org/a.png"},
        '("/fail_image", {"value": handle_file("https://x.org/a.png")})',
    ),
    (
        ("/fail_textbox", ["x"], {"index": 1}, 7),
        {},
        '("/fail_textbox", ["x"], event_data={"index": 1}, trigger_id=7)',
    ),
    (("/add", [2, 3], {"index": 1}), {}, '("/add", [2, 3], event_data={"index": 1})'),
    (("/add", [2, 3], None), {}, '("/add", [2, 3])'),
    (("/selected", None, {"index": 1}), {}, '("/selected", [], event_data={"index": 1})'),
    (("/add", 2, 3), {"headers": {"Authorization": SECRET}}, '("/add", [2, 3], headers=…)'),
    ((), {"api_name": "/add"}, '("/add")'),
)


@pytest.mark.parametrize(("args", "kwargs", "line"), CALLS)
def test_calls_of_other_clients_get_the_line(
    app: Client, args: tuple[Any, ...], kwargs: dict[str, Any], line: str
) -> None:
    """Values outside of one list or dict are answered with the same call in the right form."""
    for method in (app.predict, app.submit):
        call: Any = method
        error = caught(lambda call=call: call(*args, **kwargs))
        assert isinstance(error, PayloadError)
        assert str(error).endswith(f" Write {call.__name__}{line}.")
        assert str(error).startswith(("The values of a call are one", "Only the endpoint and the"))
        assert str(error.endpoint) in line


def test_values_of_a_wrong_call_are_short(app: Client) -> None:
    """The line has names in place of long values, and has a limit itself."""
    call: Any = app.predict
    assert refused(lambda: call("/add", "x" * 500, 3)).endswith('("/add", [value, 3]).')
    assert len(refused(lambda: call("/add", *range(500)))) < 400


def test_misspelt_options_get_the_name(app: Client) -> None:
    """A keyword that is nearly an option is named, and so are options of the other clients."""
    call: Any = app.predict
    assert refused(lambda: call("/add", [2, 3], timeut=3)) == (
        "predict() has no option timeut=. Did you mean timeout=?"
    )
    assert "Did you mean isolated=?" in refused(lambda: call("/add", [2, 3], isolate=True))
    assert "Did you mean payload=?" in refused(lambda: call("/add", payloads=[2, 3]))
    assert '.on("data", function)' in refused(
        lambda: call("/add", [2, 3], result_callbacks=[print])
    )
    # The name of a parameter is no option, though it is like one.
    assert '{"text": "x", "a": 3}' in refused(lambda: call("/fail_two", text="x", a=3))


def test_keywords_that_are_neither_option_nor_parameter_are_named(app: Client) -> None:
    """No line is shown that would fail, and no secret."""
    call: Any = app.predict
    text = refused(lambda: call("/add", [2, 3], hf_token=SECRET))
    assert text == (
        "predict() has no option hf_token=. It is an option of the client: Client(url, hf_token=…)."
    )
    assert refused(lambda: call("/add", a=2, c=3)) == (
        "'/add' has no parameter 'c', and predict() has no such option. It takes (a, b)."
    )
    text = refused(lambda: call("/fail_two", texts="x"))
    assert "Did you mean 'text'? It takes (text, a)." in text
    text = refused(lambda: app.submit("/add", [2, 3], progress=True))  # type: ignore[call-arg]
    assert text == "submit() has no option progress=. Write submit(…).show_progress()."
    with pytest.raises(EndpointNotFoundError, match="Did you mean '/add'"):
        call("/ad", 2, 3)


BARE: tuple[tuple[Any, str], ...] = (
    (2, "[2]"),
    (2.5, "[2.5]"),
    ("a text", '["a text"]'),
    (b"ab", "[b'ab']"),
    (True, "[True]"),
    (np.zeros(3), "[array]"),
    (Path("cat.png"), '[pathlib.Path("cat.png")]'),
    ({1, 2}, "list(values)"),
    ((n for n in "ab"), "list(values)"),
    (io.BytesIO(), "[file]"),
)


def test_bare_values_get_the_line(app: Client) -> None:
    """A value of any kind without a list is answered with the list."""
    values = [*BARE, (handle_file(b"x", orig_name="a.txt"), '[handle_file("a.txt")]')]
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    values.append((pandas.DataFrame({"x": [1]}), "[table]"))
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    values.append((image.new("RGB", (2, 2)), "[image]"))
    for value, line in values:
        for call in (app.predict, app.submit):
            text = refused(lambda call=call, value=value: call("/fail_two", value))  # type: ignore[misc]
            method = call.__name__
            assert text.endswith(f'Wrap it in a list: {method}("/fail_two", {line}).')


def test_values_without_an_endpoint_get_the_line(app: Client) -> None:
    """If the first argument is a value, the error shows it behind an endpoint that takes it."""
    for name, call in (("predict", app.predict), ("submit", app.submit)):
        wrong: Any = call
        line = f'Write {name}("/add", [2, 3]'
        text = refused(lambda wrong=wrong: wrong(2, 3))  # type: ignore[misc]
        assert line in text and "Here 2 is the number of " in text
        with pytest.raises(EndpointNotFoundError) as raised:
            wrong(2.5, 3)
        assert str(raised.value).endswith(f'If 2.5 is a value, write {name}("/add", [2.5, 3]).')
        with pytest.raises(EndpointNotFoundError, match='If "no name" is a value, write '):
            wrong("no name")
        with pytest.raises(EndpointNotFoundError, match="The endpoint comes before the values: "):
            wrong([2, 3])


def test_errors_inside_a_call_stay_as_they_are(app: Client) -> None:
    """A `TypeError` that is not about the form of the call is raised as it is."""
    with pytest.raises(TypeError, match="timeout must be a number"):
        app.predict("/add", [2, 3], timeout="5")  # type: ignore[arg-type]
    with pytest.raises(PayloadError, match="takes 2 values and got 3"):
        app.predict("/add", [2, 3, 4])


def test_wrong_calls_of_a_closed_client_get_the_line(server: Server) -> None:
    """Without a connection, the line has no names of parameters, and the error is the same."""
    app = Client(server.url)
    app.close()
    call: Any = app.predict
    assert refused(lambda: call("/add", 2, b=3)).endswith('{"name_1": 2, "b": 3}).')
    assert SECRET not in refused(lambda: call("/add", 2, api_key=SECRET))


# -- clients


URL = "http://127.0.0.1:9/?key=secret"


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"ssl_verify": False}, "Write verify=False, as in requests."),
        ({"verbose": True}, "leave it out"),
        ({"space_status": print}, "Write status_callback=…"),
        ({"output_dir": "/tmp"}, "Write download_dir=…"),
        ({"download_files": False}, "leave it out"),
        ({"httpx_kwargs": {}}, "write timeout=, verify=, proxies="),
        ({"analytics_enabled": False}, "leave it out"),
        ({"x_ip_token": "x"}, 'Write headers={"x-ip-token": …}'),
        ({"events": ["data"]}, '.on("status", print)'),
        ({"query_params": {"a": 1}}, "Put them into the URL"),
        ({"with_null_state": True}, "leave it out"),
        ({"credentials": "include"}, "Write auth=(user, password)"),
        ({"password": SECRET}, "Write auth=(user, password) for both."),
        ({"api_key": SECRET}, "Write hf_token=…"),
        ({"tokn": SECRET}, "Did you mean token=?"),
        ({"header": {"a": SECRET}}, "Did you mean headers=?"),
        ({"ssl_verfy": False}, "Did you mean ssl_verify=? Write verify=False"),
        ({"xyzzy": SECRET}, "Its options are allow_insecure_token, auth, "),
    ],
)
def test_options_of_other_clients_get_the_name(options: dict[str, Any], advice: str) -> None:
    """An option of another client is answered with what to write here, and no secret is shown."""
    (name,) = options
    make: Any = Client
    for call in (lambda: make(URL, **options), lambda: duplicate("user/space", **options)):
        text = refused(call)
        assert text.startswith(f"Client has no option {name}=. ")
        assert advice in text
        assert "secret" not in text


@pytest.mark.once
def test_options_by_position_get_the_names() -> None:
    """A dict of options, as for the JavaScript client, is answered with its names."""
    make: Any = Client
    text = refused(lambda: make(URL, {"hf_token": SECRET, "events": ["data"]}))
    assert 'Write Client("http://127.0.0.1:9/", hf_token=…).' in text
    assert "It has no option events=." in text
    assert "secret" not in text
    text = refused(lambda: make(URL, SECRET))
    assert text == (
        "The options of Client are passed by name. Write "
        'Client("http://127.0.0.1:9/", token=…, headers=…).'
    )
    assert "Client needs the URL of an app" in refused(make)
    assert "as the first argument" in refused(lambda: make(src="user/space"))
    assert refused(lambda: make(None, {"token": SECRET})).endswith("Write Client(url, token=…).")


def test_wrong_arguments_of_view_api_get_the_line(server: Server) -> None:
    """Options of another client's `view_api` are named, with what to write instead."""
    with Client(server.url) as app:
        view: Any = app.view_api
        for wrong in (lambda: view(return_format="dict"), lambda: view(print_info=False)):
            with pytest.raises(TypeError, match=r"has no option \w+=. .*print\(app.view_api"):
                wrong()
        with pytest.raises(TypeError, match="one endpoint at most"):
            view("/add", "dict")


@pytest.mark.once
def test_signatures_stay_readable() -> None:
    """The errors cost no precision: signatures, help and types are those of the functions."""
    for function in (Client, Client.predict, Client.submit):
        kinds = {one.kind for one in inspect.signature(function).parameters.values()}
        assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    assert Client.predict.__name__ == "predict"
    assert (Client.predict.__doc__ or "").startswith("Call an endpoint")


def test_token_is_another_name_of_hf_token(server: Server) -> None:
    """``token=`` is ``hf_token=``; both may be given if they are equal."""
    for options in (
        {"token": SECRET},
        {"token": SECRET, "hf_token": None},
        {"token": SECRET, "hf_token": f" {SECRET}\n"},
    ):
        with Client(server.url, **options) as app:  # type: ignore[arg-type]
            kept = app._lifecycle.options.hf_token
            assert kept is not None
            assert kept.reveal() == SECRET
    for call in (
        lambda: Client(server.url, token=SECRET, hf_token="hf_other"),
        lambda: duplicate("user/space", token=SECRET, hf_token="hf_other"),
    ):
        text = refused(call)
        assert text == "token is another name of hf_token, and both are given. Pass one of them."
    assert "token must be a string" in refused(lambda: Client(server.url, token=5))  # type: ignore[arg-type]


def test_attribute_that_a_client_does_not_have(server: Server) -> None:
    with Client(server.url) as app:
        with pytest.raises(AttributeError, match=r'write predict\("/add", \[values\]\)\.$'):
            app.add  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(AttributeError, match=r"Client\(url\)\.$"):
            app.connect  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(AttributeError, match=r"no attribute 'nothing_like_it'\.$"):
            app.nothing_like_it  # type: ignore[attr-defined]  # noqa: B018
        assert not hasattr(app, "_private")
