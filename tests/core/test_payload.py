"""`_protocol.api.payload`: from the values that users pass to the list on the wire."""

from __future__ import annotations

import dataclasses
import decimal
import enum
import inspect
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._basics.secret import Secret
from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync._protocol.api.payload import bind, encode, encode_json, written
from gradio_client_sync._protocol.values.attachments import Attachment
from gradio_client_sync.errors import PayloadError
from gradio_client_sync.types import ValueInfo
from tests.support.transcripts import dialect_for

REQUIRED = object()


def endpoint_of(*kinds: str) -> Endpoint:
    """Return an endpoint ``/f`` with one input of each kind, labelled by its position."""
    config = {
        "components": [
            {"id": i, "type": kind, "props": {"label": f"In {i}"}} for i, kind in enumerate(kinds)
        ],
        "dependencies": [{"id": 0, "api_name": "f", "inputs": list(range(len(kinds)))}],
    }
    return EndpointTable(config, dialect_for("6.31.0")).resolve("f")


def parameter(name: str, default: Any = REQUIRED) -> ValueInfo:
    if default is REQUIRED:
        return {"parameter_name": name, "parameter_has_default": False}
    return {"parameter_name": name, "parameter_has_default": True, "parameter_default": default}


def no_request() -> Sequence[ValueInfo]:
    raise AssertionError("the parameters were requested without need")


def _file(name: str) -> Attachment:
    file = Attachment()
    file.orig_name = name
    return file


_CIRCLE: list[Any] = []
_CIRCLE += [_CIRCLE, _CIRCLE]

AB = endpoint_of("textbox", "number")
AB_PARAMETERS = (parameter("a"), parameter("b", 2))


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        (["x", 5], ["x", 5]),
        (("x", 5), ["x", 5]),
        (["x"], ["x", 2]),
        ({"a": "x"}, ["x", 2]),
        ({"b": 5, "a": "x"}, ["x", 5]),
        ({"a": None, "b": None}, [None, None]),
        (MappingProxyType({"a": "x"}), ["x", 2]),
        (range(2), [0, 1]),
    ],
)
def test_bind_lays_values_out(payload: Any, data: list[Any]) -> None:
    """Values are given by position or name, and missing ones get their default."""
    assert bind(AB, payload, lambda: AB_PARAMETERS) == data


def test_bind_of_a_full_list_needs_no_parameters() -> None:
    """A list with all values is bound without a request for the API description."""
    assert bind(AB, ["x", 5], no_request) == ["x", 5]
    assert bind(endpoint_of(), None, no_request) == []
    assert bind(endpoint_of("state"), [], no_request) == [None]


def test_bind_does_not_change_the_payload() -> None:
    """The user's list is not changed."""
    payload = ["x"]
    bind(AB, payload, lambda: AB_PARAMETERS)
    assert payload == ["x"]


def test_state_slots_are_filled_with_null() -> None:
    """Hidden inputs are ``null`` at their position, and get no value of the payload."""
    endpoint = endpoint_of("state", "textbox", "state", "number", "state")
    assert bind(endpoint, ["x", 5], no_request) == [None, "x", None, 5, None]
    assert bind(endpoint, {"a": "x"}, lambda: AB_PARAMETERS) == [None, "x", None, 2, None]
    with pytest.raises(PayloadError, match="state out") as caught:
        bind(endpoint, [None, "x", None, 5, None], lambda: AB_PARAMETERS)
    assert "takes 2 values and got 5: (a, b=2)." in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "parameters", "payload", "message"),
    [
        (AB, AB_PARAMETERS, [1, 2, 3], "takes 2 values and got 3: (a, b=2)."),
        (endpoint_of("number"), [parameter("a")], [1, 2], "takes 1 value and got 2: (a)."),
        (endpoint_of(), [], [1], "takes no values and got 1: ()."),
    ],
)
def test_bind_refuses_too_many(
    endpoint: Endpoint, parameters: Sequence[ValueInfo], payload: list[Any], message: str
) -> None:
    """A list that is too long is refused, and the error shows the parameters."""
    with pytest.raises(PayloadError) as caught:
        bind(endpoint, payload, lambda: parameters)
    assert str(caught.value) == f"'/f' {message}"
    assert caught.value.endpoint == "/f"


@pytest.mark.parametrize(
    ("payload", "given"),
    [(None, "no values"), ([], "no values"), ({}, "no values"), ({"b": 1}, "1 value")],
)
def test_bind_refuses_a_missing_value(payload: Any, given: str) -> None:
    """A missing value without default is refused, and the error names the parameter."""
    with pytest.raises(PayloadError) as caught:
        bind(AB, payload, lambda: AB_PARAMETERS)
    assert caught.value.parameter == "a"
    assert f"'a', which has no default, but got {given}. It takes (a, b=2)." in str(caught.value)


@pytest.mark.parametrize(
    ("key", "hint", "named"),
    [("bb", "Did you mean 'b'?", "bb"), ("zzz", "", "zzz"), (5, "", None), (None, "", None)],
)
def test_bind_refuses_an_unknown_name(key: Any, hint: str, named: str | None) -> None:
    """An unknown name is refused, and the error suggests a similar one."""
    with pytest.raises(PayloadError) as caught:
        bind(AB, {"a": "x", key: 1}, lambda: AB_PARAMETERS)
    assert f"no parameter {key!r}.{' ' if hint else ''}{hint}" in str(caught.value)
    assert caught.value.parameter == named


@pytest.mark.parametrize("payload", ["text", b"bytes", bytearray(b"x"), memoryview(b"x"), 5, 0.5])
def test_bind_refuses_a_bare_value(payload: Any) -> None:
    """A single value is refused, and the error says to put it into a list."""
    with pytest.raises(PayloadError, match="Wrap it in a list") as caught:
        bind(AB, payload, no_request)
    assert type(payload).__name__ in str(caught.value)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (2, "[2]"),
        ("a text", '["a text"]'),
        (None.__class__, "[value]"),
        (Path("cat.png"), '[pathlib.Path("cat.png")]'),
        ({1, 2}, "list(values)"),
        (frozenset("ab"), "list(values)"),
        ({1: 2}.keys(), "list(values)"),
        (iter([1]), "list(values)"),
        ((i for i in "ab"), "list(values)"),
        (object(), "[value]"),
        ("x" * 500, "[value]"),
        (type("ndarray", (), {})(), "[array]"),
        (type("Shown", (), {"__module__": "PIL.Image"})(), "[image]"),
        (_file("a.txt"), '[handle_file("a.txt")]'),
        (io.BytesIO(), "[file]"),
        (type("DataFrame", (), {})(), "[table]"),
    ],
)
def test_bind_shows_the_line_for_a_bare_value(payload: Any, line: str) -> None:
    """The error for a single value of any type shows the call with a list."""
    with pytest.raises(PayloadError) as caught:
        bind(AB, payload, no_request)
    assert str(caught.value).endswith(f'Wrap it in a list: predict("/f", {line}).')
    assert len(str(caught.value)) < 260


@pytest.mark.parametrize(
    ("method", "line"), [("submit", 'submit("/f", [3])'), ("send_chunk", "send_chunk([3])")]
)
def test_bind_shows_the_line_of_the_method(method: str, line: str) -> None:
    """The line to write calls the method that the user has called."""
    with pytest.raises(PayloadError) as caught:
        bind(endpoint_of("textbox"), 3, list, method)  # type: ignore[arg-type]
    assert str(caught.value).endswith(f"Wrap it in a list: {line}.")


def test_bind_shows_a_bare_text_as_a_file_where_the_app_takes_one() -> None:
    """A text for an app that takes a file is shown as a path or link, in the list."""
    for text, line in (
        ("cat.png", 'pathlib.Path("cat.png")'),
        ("https://x.org/cat.png", 'handle_file("https://x.org/cat.png")'),
    ):
        with pytest.raises(PayloadError) as caught:
            bind(endpoint_of("image"), text, no_request)
        assert str(caught.value).endswith(f'predict("/f", [{line}]).')


def test_bind_shows_a_call_without_values_if_there_are_no_parameters() -> None:
    with pytest.raises(PayloadError) as caught:
        bind(endpoint_of(), 5, no_request)
    assert str(caught.value) == (
        "'/f' takes its values as a list or dict, and got one value of type int. It takes no "
        'values. Write predict("/f").'
    )


def test_bind_names_a_bare_file_without_its_private_type() -> None:
    with pytest.raises(PayloadError, match=r"and got one file\. Wrap it in a list"):
        bind(AB, _file("a.txt"), no_request)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", [1, None]], '["a", [1, None]]'),
        (("a",), '("a",)'),
        (("a", 2), '("a", 2)'),
        ({"a": [Path("b")]}, '{"a": [pathlib.Path("b")]}'),
        ([object()], "[value]"),
        (["x" * 40, "y" * 40], "value"),
        (list(range(10_000)), "value"),
        ({n: n for n in range(10_000)}, "value"),
    ],
)
def test_written_shows_the_parts_of_a_value(value: Any, text: str) -> None:
    """Each part of a list or dict is shown as source text, if all of them are short."""
    assert written(value) == text


def test_written_shows_texts_in_a_list_as_files_where_the_app_takes_files() -> None:
    slot = endpoint_of("gallery").parameters[0]
    assert written(["a.png", "b.png"], slot) == '[pathlib.Path("a.png"), pathlib.Path("b.png")]'


FILE = endpoint_of("textbox", "image")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("cat.png", 'Write pathlib.Path("cat.png") or handle_file("cat.png") instead.'),
        ("~/a b/ü.png", 'Write pathlib.Path("~/a b/ü.png") or handle_file("~/a b/ü.png") instead.'),
        ("https://x.org/a?b=c", 'Write handle_file("https://x.org/a?b=c") instead.'),
        ("", "To send no file, pass None."),
        ("a\nb", 'pass handle_file(b.encode(), orig_name="b.txt").'),
        ("word " * 100, 'pass handle_file(b.encode(), orig_name="b.txt").'),
    ],
)
@pytest.mark.parametrize("payload", ["list", "dict"])
def test_bind_refuses_a_text_for_a_file(text: str, advice: str, payload: str) -> None:
    """A text where the app takes a file is refused, and the error shows what to write."""
    values = ["x", text] if payload == "list" else {"b": text, "a": "x"}
    with pytest.raises(PayloadError) as caught:
        bind(FILE, values, lambda: AB_PARAMETERS)
    assert str(caught.value).startswith("'/f' takes a file for 'b', not the text ")
    assert str(caught.value).endswith(advice)
    assert caught.value.parameter == "b"
    assert len(str(caught.value)) < 260


def test_bind_advises_the_content_of_a_data_url() -> None:
    """Servers since 4.0 take no data URLs, so the error shows how to get the content."""
    config = {
        "components": [{"id": 0, "type": "image", "skip_api": False, "props": {}}],
        "dependencies": [{"id": 0, "api_name": "f", "inputs": [0]}],
    }
    endpoint = EndpointTable(config, dialect_for("6.31.0")).resolve("f")
    with pytest.raises(PayloadError, match=r"urllib.request.urlopen\(.*\).read\(\)"):
        bind(endpoint, ["data:image/png;base64,iVBORw0KGgo="], lambda: [parameter("a")])


def test_bind_searches_hidden_inputs_for_texts_too() -> None:
    """A text for a file is refused in a list of all inputs, and named as that input."""
    config = {
        "components": [
            {"id": 0, "type": "file", "skip_api": True, "props": {"label": "Hidden one"}},
            {"id": 1, "type": "image", "skip_api": False, "props": {"label": "Shown"}},
        ],
        "dependencies": [{"id": 0, "api_name": "f", "inputs": [0, 1]}],
    }
    endpoint = EndpointTable(config, dialect_for("6.31.0")).resolve("f")
    for payload, name in (
        (["a.txt", None], "hidden_one"),
        ([None, "b.png"], "shown"),
        (["b.png"], "shown"),
        ({"hidden_one": "a.txt"}, "hidden_one"),
    ):
        with pytest.raises(PayloadError) as caught:
            bind(endpoint, payload, lambda: [parameter("shown")])
        assert caught.value.parameter == name


def test_bind_takes_files_by_name() -> None:
    """A value that is no text is bound by name as by position."""
    assert bind(FILE, {"a": "x", "b": None}, lambda: AB_PARAMETERS) == ["x", None]
    assert bind(FILE, {"a": "x", "b": {"path": "a"}}, lambda: AB_PARAMETERS) == ["x", {"path": "a"}]


def test_bind_does_not_search_defaults_for_texts() -> None:
    """A default that is a text goes back to the app as it came."""
    described = [parameter("a"), parameter("b", "cat.png")]
    assert bind(FILE, ["x"], lambda: described) == ["x", "cat.png"]
    assert bind(FILE, {"a": "x"}, lambda: described) == ["x", "cat.png"]


NAMES = ["alpha", "beta", "gamma", "delta"]


@given(st.data(), st.lists(st.booleans(), max_size=4))
def test_bind_agrees_with_python(data: st.DataObject, optional: list[bool]) -> None:
    """A payload is accepted if a Python function with these parameters would accept it."""
    parameters = [
        parameter(name, f"default of {name}" if has_default else REQUIRED)
        for name, has_default in zip(NAMES, optional)
    ]
    # In Python, unlike in an app, positional parameters with defaults must come last.
    by_position = sorted(optional) == optional
    kind = (
        inspect.Parameter.POSITIONAL_OR_KEYWORD if by_position else inspect.Parameter.KEYWORD_ONLY
    )
    signature = inspect.Signature(
        [
            inspect.Parameter(
                p["parameter_name"],
                kind,
                default=p.get("parameter_default", inspect.Parameter.empty),
            )
            for p in parameters
        ]
    )
    by_name = st.dictionaries(st.sampled_from([*NAMES, "other"]), st.integers())
    in_order = st.lists(st.integers(), max_size=6)
    payload: Any = data.draw(by_name | in_order if by_position else by_name)
    endpoint = endpoint_of(*["textbox"] * len(optional))
    try:
        bound = signature.bind(**payload) if isinstance(payload, dict) else signature.bind(*payload)
    except TypeError:
        with pytest.raises(PayloadError):
            bind(endpoint, payload, lambda: parameters)
    else:
        bound.apply_defaults()
        assert bind(endpoint, payload, lambda: parameters) == list(bound.arguments.values())


# -- JSON


def encoded(*data: Any) -> Any:
    endpoint = endpoint_of(*["textbox"] * len(data))
    return json.loads(encode(endpoint, {"data": list(data), "fn_index": 0}))["data"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"a": [1, None, True]}, {"a": [1, None, True]}),
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ("ü – 😀", "ü – 😀"),
        ("\ud83d", "\ud83d"),
    ],
)
def test_encode_writes_values(value: Any, sent: Any) -> None:
    """Values are sent as JSON."""
    assert encoded(value) == [sent]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (math.nan, "is nan"),
        (-math.inf, "is -inf"),
        ([math.inf, {"x": (-math.inf, 0.5)}], "contains inf"),
        ([MappingProxyType({"a": math.nan})], "contains nan"),
        ([math.nan, object()], "contains nan"),
        ({math.nan: _CIRCLE}, "contains nan"),
    ],
)
def test_encode_refuses_numbers_that_json_lacks(value: Any, problem: str) -> None:
    """NaN and infinities raise, and the error says what the app would get."""
    with pytest.raises(PayloadError) as caught:
        encoded("fine", value)
    assert str(caught.value) == (
        f"The value for 'In 1' of '/f' {problem}, which JSON does not have, so the app would get "
        "None instead. Send another number, or None if you mean it."
    )
    assert caught.value.parameter == "In 1"


def test_encode_is_compact_utf_8() -> None:
    """Bodies have no spaces, and text is UTF-8."""
    assert encode(endpoint_of("textbox"), {"data": ["ü"], "fn_index": 3}) == (
        '{"data":["ü"],"fn_index":3}'.encode()
    )


def _numpy_like(name: str, value: Any) -> Any:
    """Return an object that looks like a NumPy value to code that does not import NumPy."""
    kind = type(name, (), {"__module__": "numpy", "tolist": lambda self: value})
    return kind()


def test_encode_takes_tables_and_dates() -> None:
    """A DataFrame is sent as headers and rows, missing cells as ``null``, dates as ISO texts."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"name": ["a", None], 2: [0.5, math.nan]})
    assert encoded(frame) == [{"headers": ["name", "2"], "data": [["a", 0.5], [None, None]]}]
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert encoded(moment, moment.date()) == ["2026-01-02T03:04:05+00:00", "2026-01-02"]
    assert encoded(pandas.DataFrame({"at": [moment]})) == [
        {"headers": ["at"], "data": [["2026-01-02T03:04:05+00:00"]]}
    ]
    with pytest.raises(PayloadError, match="contains -inf"):
        encoded(pandas.DataFrame({"x": [math.nan, -math.inf]}))


def test_encode_takes_parts_of_tables() -> None:
    """A column or row is sent as a list, and a missing cell as ``null``, as in a table."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"n": [1.5, None], "at": pandas.to_datetime(["2026-01-02", None])})
    assert encoded(frame["n"], frame["at"]) == [[1.5, None], ["2026-01-02T00:00:00", None]]
    assert encoded(frame.columns, pandas.Series([math.nan])) == [["n", "at"], [None]]
    last = next(frame.tail(1).itertuples())
    assert encoded(last.at, pandas.NA) == [None, None]
    with pytest.raises(PayloadError, match="is nan"):
        encoded(last.n)
    for other in (pandas.MultiIndex.from_tuples([(1, 2)]), pandas.Categorical(["a"])):
        with pytest.raises(PayloadError, match="cannot be written as JSON"):
            encoded(other)


def test_encode_takes_numpy_values() -> None:
    """NumPy scalars and arrays are sent as numbers and lists."""
    assert encoded(_numpy_like("int64", 5), _numpy_like("ndarray", [[1, 2]])) == [5, [[1, 2]]]
    for array in (_numpy_like("ndarray", [1.0, math.nan]), [_numpy_like("float32", math.nan)]):
        with pytest.raises(PayloadError, match="contains nan"):
            encoded(array)
    module = type("Module", (), {"__module__": "numpy"})()
    with pytest.raises(PayloadError, match="a Module cannot be written"):
        encoded(module, math.nan)
    with pytest.raises(PayloadError, match="contains nan"):
        encoded([math.nan, module])


def _circle() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


def _nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        b"bytes",
        {"deep": [{"x": {1}}]},
        {(1, 2): 3},
        _circle(),
        _nested(100_000),
    ],
    ids=lambda value: type(value).__name__,
)
def test_encode_refuses_what_json_lacks(value: Any) -> None:
    """The error names the parameter with the value that JSON lacks."""
    with pytest.raises(PayloadError, match="'In 1' of '/f' cannot be sent") as caught:
        encoded("fine", value, "fine")
    assert caught.value.parameter == "In 1"
    assert caught.value.endpoint == "/f"


@dataclasses.dataclass
class _Point:
    x: int = 1


class _Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (decimal.Decimal("2.5"), "Pass float(value)."),
        (_Colour.RED, "Pass value.value."),
        (_Point(), "Pass dataclasses.asdict(value)."),
        (_Point, "or files."),
        (timedelta(1), "Pass value.total_seconds()."),
        ({"deep": [{1, 2}]}, "Pass list(value)."),
        ((one for one in "ab"), "Pass list(value)."),
        (len, "or files."),
        (lambda: 1, "Call the function, and pass what it returns."),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_encode_says_what_to_pass_instead(value: Any, advice: str) -> None:
    """A value of a known kind is answered with its conversion, and no label hides its place."""
    with pytest.raises(PayloadError) as caught:
        encoded("fine", value)
    assert str(caught.value).endswith(advice)
    assert caught.value._place == 1


def test_encode_calls_a_parameter_without_label_by_its_type() -> None:
    """A component without a label is named by its type."""
    config: Mapping[str, Any] = {
        "components": [{"id": 0, "type": "gallery"}],
        "dependencies": [{"api_name": "f", "inputs": [0]}],
    }
    endpoint = EndpointTable(config, dialect_for("6.31.0")).resolve("f")
    with pytest.raises(PayloadError, match="'gallery'"):
        encode(endpoint, {"data": [object()]})


@pytest.mark.parametrize("body", [{"extra": object()}, {"data": [1], "extra": {1}}, {"data": 5j}])
def test_encode_refuses_a_body_that_no_parameter_spoils(body: dict[str, Any]) -> None:
    """A body that fails for another reason raises `PayloadError` without a parameter."""
    with pytest.raises(PayloadError, match="payload for '/f' cannot be sent") as caught:
        encode(endpoint_of("textbox"), body)
    assert caught.value.parameter is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), ({"é": [1, "x"]}, '{"é":[1,"x"]}')],
)
def test_encode_json_writes_any_value(value: Any, text: str) -> None:
    """A single value is written as in a payload."""
    assert encode_json(value, "The value") == text.encode()


@pytest.mark.parametrize("value", [object(), {1, 2}, {"a": b"x"}])
def test_encode_json_names_what_cannot_be_sent(value: Any) -> None:
    """A value without a JSON form is refused, and the error has the given description."""
    with pytest.raises(PayloadError, match="The data for 'ls' cannot be sent"):
        encode_json(value, "The data for 'ls'")


# -- inputs that the description leaves out


def hiding(*inputs: tuple[str, Any]) -> Endpoint:
    """Return an endpoint ``/f`` whose inputs have these types and values."""
    components = [
        {"id": i, "type": kind, "skip_api": kind in ("button", "state"), "props": {"value": value}}
        for i, (kind, value) in enumerate(inputs)
    ]
    dependency = {"id": 0, "api_name": "f", "inputs": list(range(len(inputs)))}
    config = {"components": components, "dependencies": [dependency]}
    return EndpointTable(config, dialect_for("6.31.0")).resolve("f")


MIXED = hiding(("state", 7), ("button", "cat"), ("textbox", None), ("button", "dog"), ("number", 2))


@pytest.mark.parametrize(
    ("payload", "data"),
    [
        (["x", 5], [None, "cat", "x", "dog", 5]),
        (["x"], [None, "cat", "x", "dog", 2]),
        (["hen", "x", "cow", 5], [None, "hen", "x", "cow", 5]),
        ({"a": "x"}, [None, "cat", "x", "dog", 2]),
        ({"a": "x", "button_2": "cow"}, [None, "cat", "x", "cow", 2]),
        ({"button": None, "a": "x", "b": 5}, [None, None, "x", "dog", 5]),
    ],
)
def test_bind_fills_hidden_inputs_with_what_they_hold(payload: Any, data: list[Any]) -> None:
    """A list has the described values or all values, and a dict may name any input."""
    assert bind(MIXED, payload, lambda: AB_PARAMETERS) == data


def test_bind_of_hidden_inputs_needs_no_parameters_for_a_full_list() -> None:
    """A complete list of either form needs no request for the API description."""
    assert bind(MIXED, ["x", 5], no_request) == [None, "cat", "x", "dog", 5]
    assert bind(MIXED, ["hen", "x", "cow", 5], no_request) == [None, "hen", "x", "cow", 5]
    lone = hiding(("button", "cat"))
    assert bind(lone, None, no_request) == ["cat"]
    assert bind(lone, ["dog"], no_request) == ["dog"]


@pytest.mark.parametrize("values", [["x", 1, 2], list("abcde"), list("abcdef")])
def test_bind_refuses_a_list_between_the_two_lengths(values: list[Any]) -> None:
    """A list of a length in between is refused, and the error shows both forms."""
    with pytest.raises(PayloadError) as caught:
        bind(MIXED, values, lambda: AB_PARAMETERS)
    message = str(caught.value)
    assert message.startswith(f"'/f' takes 2 values and got {len(values)}: (a, b=2).")
    assert "takes 4 values: (button='cat', a, button_2='dog', b=2)" in message
    assert ("session state" in message) is (len(values) == 5)


@pytest.mark.parametrize("payload", [{"buton": 1, "a": 1}, {"b": 1}, []])
def test_bind_names_hidden_inputs_in_its_errors(payload: Any) -> None:
    """The error for an unknown or missing name also lists the hidden inputs."""
    with pytest.raises(PayloadError) as caught:
        bind(MIXED, payload, lambda: AB_PARAMETERS)
    assert str(caught.value).endswith(
        "A dict can also name the inputs that the app does not list: "
        "(button='cat', button_2='dog')."
    )


def test_encode_writes_what_is_hidden() -> None:
    """The token of the user is hidden in the body, and written into the request."""
    assert encode(MIXED, {"data": [], "oauth_token": Secret("sesame")}) == (
        b'{"data":[],"oauth_token":"sesame"}'
    )
