"""`EndpointTable`: the functions of an app, and which one a user means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync.errors import ConfigError, EndpointNotFoundError
from tests.core.test_wire import JSON
from tests.support.transcripts import dialect_for, lines_of, versions_of

TEXT, STATE, NUMBER, BUTTON = 1, 2, 3, 4
COMPONENTS = [
    {"id": TEXT, "type": "textbox", "props": {"label": "Text"}},
    {"id": STATE, "type": "state"},
    {"id": NUMBER, "type": "number", "props": None},
    {"id": BUTTON, "type": "button", "skip_api": True},
]


def table_of(*dependencies: Any, version: str = "6.31.0", **config: Any) -> EndpointTable:
    config = {"components": COMPONENTS, "dependencies": list(dependencies), **config}
    return EndpointTable(config, dialect_for(version))


def only(**dependency: Any) -> Endpoint:
    return next(iter(table_of(dependency)))


def test_endpoint_knows_whether_its_values_have_forms_of_their_own() -> None:
    """An endpoint is marked if one of its inputs has a form that depends on the server."""
    picture = {"id": 9, "type": "image"}
    table = table_of(
        {"api_name": "plain", "inputs": [TEXT, NUMBER]},
        {"api_name": "picture", "inputs": [TEXT, 9]},
        components=[*COMPONENTS, picture],
    )
    assert [endpoint.is_shaped for endpoint in table] == [False, True]


# -- find an endpoint


@pytest.mark.parametrize("key", ["/predict", "predict", " /predict ", 7])
def test_endpoint_is_found_by_name_and_number(key: str | int) -> None:
    """An endpoint is found by its name, with or without slash, and by its ``fn_index``."""
    table = table_of({"id": 3, "api_name": "other"}, {"id": 7, "api_name": "predict"})
    endpoint = table.resolve(key)
    assert (endpoint.fn_index, endpoint.api_name) == (7, "predict")
    assert endpoint.name == "/predict"


def test_ids_are_not_positions() -> None:
    """From 4.32 the number of a function is the config's id, and not its position."""
    table = table_of({"id": 5, "api_name": "a"}, {"id": 0, "api_name": "b"})
    assert table.resolve(0).api_name == "b"
    assert table.resolve(5).api_name == "a"
    with pytest.raises(EndpointNotFoundError):
        table.resolve(1)


def test_endpoint_without_id_is_numbered_by_position() -> None:
    """Before 4.32 the number is the position, also after an invalid entry."""
    table = table_of({"api_name": "a"}, "garbage", {"id": None, "api_name": "c"}, version="4.12.0")
    assert [(e.fn_index, e.api_name) for e in table] == [(0, "a"), (2, "c")]


def test_endpoint_without_name_is_called_by_number() -> None:
    """An unnamed event of 3.x is called by its number."""
    endpoint = table_of({"api_name": None}, version="3.50.2").resolve(0)
    assert endpoint.api_name is None
    assert endpoint.name == 0


def test_endpoint_name_that_is_taken_twice_is_the_first() -> None:
    """If two functions have the same name, the first one keeps it."""
    table = table_of({"id": 1, "api_name": "a"}, {"id": 2, "api_name": "a"})
    assert table.resolve("a").fn_index == 1
    assert table.resolve(2).api_name == "a"


def test_endpoint_near_misses_are_suggested() -> None:
    """The error for a misspelt name suggests similar names."""
    table = table_of({"id": 0, "api_name": "predict"}, {"id": 1, "api_name": "translate"})
    with pytest.raises(EndpointNotFoundError, match="Did you mean '/predict'") as caught:
        table.resolve("/perdict")
    assert caught.value.candidates == ("/predict",)
    assert caught.value.endpoint == "/perdict"


@pytest.mark.parametrize("key", ["zzz", 12, -1])
def test_endpoint_that_is_unknown_lists_the_choices(key: str | int) -> None:
    """The error for another name lists all names, and the numbers of unnamed functions."""
    table = table_of({"api_name": "a"}, {"api_name": "b"}, {"api_name": None}, {"api_name": None})
    with pytest.raises(EndpointNotFoundError) as caught:
        table.resolve(key)
    assert "Its endpoints are /a, /b; others have only a number: 2, 3." in str(caught.value)
    assert caught.value.candidates == ("/a", "/b")
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize(
    ("names", "choices"),
    [
        (["a"], "Its endpoint is /a."),
        (["a", None], "Its endpoint is /a; another has only a number: 1."),
        ([None], "Its endpoint has no name. Call it by number: 0."),
        ([None, None], "Its endpoints have no names. Call them by number: 0, 1."),
    ],
)
def test_endpoint_choices_are_in_the_singular_if_there_is_one(
    names: list[str | None], choices: str
) -> None:
    """The sentence about the choices fits their number."""
    table = table_of(*({"api_name": name} for name in names))
    with pytest.raises(EndpointNotFoundError) as caught:
        table.resolve("zzz")
    assert choices in str(caught.value)


@pytest.mark.parametrize("key", [True, 1.0, b"predict", ["predict"], ("predict",)])
def test_endpoint_is_a_name_or_a_number(key: Any) -> None:
    """Any other type is refused, also a bool, which Python counts as a number."""
    with pytest.raises(EndpointNotFoundError, match="not"):
        table_of({"id": 1, "api_name": "predict"}).resolve(key)


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("/ADD", "/add"),
        ("add/", "/add"),
        ("/gradio_api/call/add", "/add"),
        ("http://127.0.0.1:7860/add", "/add"),
        ("/trnslate", "/Translate"),
    ],
)
def test_endpoint_in_another_form_is_suggested(key: str, near: str) -> None:
    """Case, slashes, and the URL or route of an endpoint do not hide which one is meant."""
    with pytest.raises(EndpointNotFoundError, match=f"Did you mean '{near}'?") as caught:
        table_of({"api_name": "add"}, {"api_name": "Translate"}).resolve(key)
    assert caught.value.candidates == (near,)


def test_endpoint_predict_is_not_taken_for_a_misspelt_name() -> None:
    """``/predict`` is the usual name, and a similar one is not meant."""
    with pytest.raises(EndpointNotFoundError) as caught:
        table_of({"api_name": "edit"}).resolve("/predict")
    assert "Did you mean" not in str(caught.value)


def test_endpoint_of_another_type_is_shown_by_its_type() -> None:
    """An object whose text may be long is not shown in the error."""
    with pytest.raises(EndpointNotFoundError, match="or an fn_index, not an object"):
        table_of({"api_name": "edit"}).resolve(object())  # type: ignore[arg-type]


@pytest.mark.parametrize("dependency", [{"api_name": False}, {"api_visibility": "private"}])
def test_endpoint_that_is_private_is_refused(dependency: dict[str, Any]) -> None:
    """A private endpoint cannot be called, even by its number."""
    with pytest.raises(EndpointNotFoundError, match="private"):
        table_of({"api_name": "p", **dependency}).resolve(0)


def test_endpoint_in_the_browser_is_refused() -> None:
    """A function without a backend cannot be called."""
    with pytest.raises(EndpointNotFoundError, match="browser"):
        table_of({"api_name": "js", "backend_fn": False}).resolve("/js")


@pytest.mark.parametrize(
    ("dependency", "visibility"),
    [
        ({}, "public"),
        ({"show_api": True}, "public"),
        ({"show_api": False}, "undocumented"),
        ({"api_visibility": "public"}, "public"),
        ({"api_visibility": "undocumented"}, "undocumented"),
        ({"api_visibility": "undocumented", "show_api": True}, "undocumented"),
        ({"api_visibility": "else", "show_api": False}, "undocumented"),
        ({"api_visibility": ["public"]}, "public"),
        ({"api_name": False, "api_visibility": "public"}, "private"),
    ],
)
def test_endpoint_visibility(dependency: dict[str, Any], visibility: str) -> None:
    """The visibility is read from ``api_visibility`` (6.0), ``show_api`` or ``api_name=False``."""
    assert only(**dependency).visibility == visibility


def test_endpoint_undocumented_is_callable_but_not_listed() -> None:
    """A hidden endpoint can be called by its name, but is in no list."""
    table = table_of({"api_name": "shown"}, {"api_name": "hidden", "show_api": False})
    assert table.resolve("hidden").fn_index == 1
    assert [e.api_name for e in table.documented] == ["shown"]
    with pytest.raises(EndpointNotFoundError) as caught:
        table.resolve("hiddem")
    assert "hidden" not in str(caught.value)


# -- the only endpoint


def test_endpoint_is_inferred_if_there_is_one() -> None:
    """``None`` means the only public endpoint, without counting unnamed ones."""
    table = table_of({"api_name": None}, {"api_name": "go"}, {"api_name": "no", "show_api": False})
    assert table.resolve(None).api_name == "go"
    assert table_of({"api_name": None}).resolve(None).fn_index == 0


def test_endpoint_is_not_guessed() -> None:
    """If there are several endpoints, ``None`` is refused, and the error lists them."""
    with pytest.raises(EndpointNotFoundError, match=r"2 endpoints.*/a, /b") as caught:
        table_of({"api_name": "a"}, {"api_name": "b"}).resolve(None)
    assert caught.value.candidates == ("/a", "/b")
    with pytest.raises(EndpointNotFoundError, match="Call them by number: 0, 1"):
        table_of({}, {}).resolve(None)


def test_endpoint_may_be_missing_altogether() -> None:
    """An app without endpoints gives an error that says so."""
    with pytest.raises(EndpointNotFoundError, match="offers no endpoint"):
        table_of().resolve(None)
    with pytest.raises(EndpointNotFoundError, match="offers no endpoint"):
        table_of({"api_name": False}).resolve("x")


@pytest.mark.parametrize("mode", ["interface", "tabbed_interface"])
def test_endpoint_buttons_of_an_interface_are_not_listed(mode: str) -> None:
    """Unnamed events of a ``gr.Interface`` of 3.x are its own buttons."""
    dependencies = [{"api_name": "predict"}, {"api_name": None}]
    assert len(table_of(*dependencies, mode=mode).documented) == 1
    assert len(table_of(*dependencies, mode="blocks").documented) == 2
    assert table_of(*dependencies, mode=mode).resolve(1).fn_index == 1


# -- properties of an endpoint


def test_state_is_never_passed_nor_returned() -> None:
    """Hidden slots are in the data on the wire, but not in parameters and results."""
    endpoint = only(inputs=[STATE, TEXT, NUMBER], outputs=[TEXT, STATE, BUTTON])
    assert [slot.type for slot in endpoint.inputs] == ["state", "textbox", "number"]
    assert [slot.type for slot in endpoint.parameters] == ["textbox", "number"]
    assert [slot.type for slot in endpoint.returns] == ["textbox"]
    assert endpoint.visible(["out", None, "pressed"]) == ["out"]


def test_endpoint_hands_through_a_list_of_unexpected_length() -> None:
    """If the server's list does not fit the outputs, no value is removed from it."""
    endpoint = only(outputs=[TEXT, STATE])
    assert endpoint.visible(["a"]) == ["a"]
    assert endpoint.visible(["a", "b", "c"]) == ["a", "b", "c"]
    plain = only(outputs=[TEXT, NUMBER])
    data = ["a", 1]
    assert plain.visible(data) is data


@pytest.mark.parametrize(
    ("component", "hidden"),
    [
        ({"type": "textbox"}, False),
        ({"type": "state"}, True),
        ({"type": "state", "skip_api": False}, True),
        ({"type": "textbox", "skip_api": True}, True),
        ({"type": "dataset"}, True),
        ({"type": "dataset", "skip_api": False}, False),
        ({"type": 5}, False),
        ({}, False),
    ],
)
def test_slot_is_hidden_if_it_has_no_value(component: dict[str, Any], hidden: bool) -> None:
    """A slot is hidden if the server says so, or, on 3.x, by its type."""
    table = table_of({"inputs": [9]}, components=[{"id": 9, **component}])
    (slot,) = next(iter(table)).inputs
    assert slot.hidden is hidden
    assert slot.component_id == 9
    assert slot.props == {}


@pytest.mark.parametrize("positions", [[1, 2], [1, 2, 9, "x"]])
def test_slot_of_a_component_parameter_takes_properties(positions: list[Any]) -> None:
    """A config of Gradio 6 says which inputs are components; session state has no properties."""
    endpoint = only(inputs=[TEXT, NUMBER, STATE], component_prop_inputs=positions)
    assert [slot.with_props for slot in endpoint.inputs] == [False, True, False]
    assert not any(slot.with_props for slot in only(inputs=[TEXT]).inputs)


def test_slot_without_component_is_there_all_the_same() -> None:
    """Every input has a slot, even if the config lacks its component."""
    endpoint = only(inputs=[TEXT, 77, "x", None, [1]], outputs="none")
    assert [slot.type for slot in endpoint.inputs] == ["textbox"] + ["unknown"] * 4
    assert [slot.component_id for slot in endpoint.inputs] == [TEXT, 77, 0, 0, 0]
    assert endpoint.inputs[0].props == {"label": "Text"}
    assert endpoint.outputs == ()


@pytest.mark.parametrize(
    ("queue", "enable_queue", "queued"),
    [
        (True, None, True),
        (False, True, False),
        (None, True, True),
        (None, False, False),
        (None, None, False),
        (True, False, True),
    ],
)
def test_endpoint_queues_as_the_app_says(
    queue: bool | None, enable_queue: bool | None, queued: bool
) -> None:
    """The function's own ``queue`` decides first, then the app's ``enable_queue``."""
    table = table_of({"queue": queue}, enable_queue=enable_queue)
    assert next(iter(table)).queued is queued


@pytest.mark.parametrize(
    ("types", "generator"),
    [
        (None, None),
        ("generator", None),
        ({}, False),
        ({"generator": False}, False),
        ({"generator": True}, True),
        ({"generator": False, "continuous": True}, True),
        ({"generator": False, "cancel": True}, False),
    ],
)
def test_endpoint_knows_generators(types: Any, generator: bool | None) -> None:
    """``types`` says since 3.20 whether a function is a generator; before it is unknown."""
    assert only(types=types).generator is generator


def test_endpoint_flags() -> None:
    """Batching, streaming input and functions in the browser are read from the config."""
    endpoint = only(batch=True, connection="stream", backend_fn=False)
    assert (endpoint.batch, endpoint.streaming, endpoint.in_browser) == (True, True, True)
    endpoint = only(connection="sse", backend_fn=True)
    assert (endpoint.batch, endpoint.streaming, endpoint.in_browser) == (False, False, False)


def test_endpoint_knows_what_cancels_it() -> None:
    """Events that cancel others on the server (before 4.35) are found from their ``cancels``."""
    table = table_of(
        {"id": 4},
        {"id": 8, "cancels": [4, 4.5, "4", None]},
        {"id": 9, "cancels": [4], "backend_fn": False},
        {"id": 2, "cancels": [4]},
        {"id": 3, "cancels": 4},
        "garbage",
    )
    assert table.resolve(4).cancelled_by == (8, 2)
    assert table.resolve(8).cancelled_by == ()


# -- reading a config


@pytest.mark.parametrize(
    "config",
    [{}, {"components": []}, {"dependencies": []}, {"components": {}, "dependencies": []}],
)
def test_table_of_something_else_is_a_config_error(config: dict[str, Any]) -> None:
    """A config without components and dependencies raises `ConfigError`."""
    with pytest.raises(ConfigError):
        EndpointTable(config, dialect_for("6.31.0"))


HOSTILE = st.dictionaries(
    st.sampled_from(
        "id type props skip_api api_name inputs outputs queue types cancels batch backend_fn "
        "show_api api_visibility connection rendered_in".split()
    ),
    JSON | st.integers(0, 3) | st.lists(st.integers(0, 3)),
)


@given(
    st.lists(HOSTILE | JSON, max_size=4),
    st.lists(HOSTILE | JSON, max_size=4),
    JSON,
    st.none() | st.integers() | st.text(),
)
def test_table_of_garbage_is_a_table(
    components: list[Any], dependencies: list[Any], mode: Any, key: Any
) -> None:
    """A field of any type affects only its own endpoint."""
    table = table_of(*dependencies, components=components, mode=mode, enable_queue=mode)
    table = table.rendered({"components": dependencies, "dependencies": components})
    try:
        endpoint = table.resolve(key)
    except EndpointNotFoundError:
        pass
    else:
        assert len(endpoint.visible([None] * len(endpoint.outputs))) == len(endpoint.returns)


# -- rendered functions


def test_table_after_a_render_has_the_new_functions() -> None:
    """A render adds its functions, and removes those of its last run."""
    table = table_of({"id": 0, "api_name": "make", "rendered_in": None})
    first = table.rendered(
        {
            "render_id": 0,
            "components": [{"id": 50, "type": "textbox", "rendered_in": 0}],
            "dependencies": [{"id": 10, "api_name": "new", "inputs": [50, TEXT], "rendered_in": 0}],
        }
    )
    assert [slot.type for slot in first.resolve("new").inputs] == ["textbox", "textbox"]
    second = first.rendered(
        {
            "render_id": 0,
            "components": [{"id": 51, "type": "number", "rendered_in": 0}],
            "dependencies": [{"id": 11, "api_name": "new", "inputs": [51], "rendered_in": 0}],
        }
    )
    assert second.resolve("new").fn_index == 11
    with pytest.raises(EndpointNotFoundError):
        second.resolve(10)
    assert first.resolve(10).api_name == "new"
    assert [e.fn_index for e in table] == [0]
    assert second.resolve("make").fn_index == 0


@pytest.mark.parametrize("render_config", [{}, {"components": None, "dependencies": {}}])
def test_table_after_an_unnamed_render_loses_nothing(render_config: dict[str, Any]) -> None:
    """A render config without an id replaces nothing."""
    table = table_of({"id": 0, "api_name": "make", "inputs": [TEXT]}, "garbage")
    table = table.rendered(render_config)
    assert table.resolve("make").inputs[0].type == "textbox"


@pytest.mark.parametrize("version", versions_of("render"))
def test_table_takes_recorded_renders(version: str) -> None:
    """The recorded render configs add a function that can be called by its number."""
    (config,) = (
        line["data"]["output"]["render_config"]
        for line in lines_of(version, "render")
        if line["kind"] == "sse" and line["data"]["msg"] == "process_completed"
    )
    table = table_of({"id": 0, "api_name": "make"}, version=version)
    for _ in range(2):
        table = table.rendered(config)
    endpoint = table.resolve("rendered")
    assert endpoint.fn_index == config["dependencies"][0]["id"]
    assert [slot.type for slot in endpoint.parameters] == ["textbox"]
    assert len(list(table)) == 2


@pytest.mark.parametrize(
    ("config", "wants"),
    [
        ({"components": [{"id": 1, "type": "textbox"}]}, False),
        ({"components": [{"id": 1, "type": "state"}]}, True),
        ({"dependencies": [{"id": 1, "targets": [[3, "click"], [None, "unload"]]}]}, True),
        ({"dependencies": [{"id": 1, "targets": [[3, "click"], "unload", {}]}]}, False),
        ({"dependencies": [{"id": 1, "targets": "unload"}]}, False),
        ({}, False),
    ],
)
def test_table_knows_whether_its_app_cleans_up(config: dict[str, Any], wants: bool) -> None:
    """State and ``unload`` events need a heartbeat."""
    config = {"components": [], "dependencies": [], **config}
    assert EndpointTable(config, dialect_for("6.31.0")).wants_heartbeat is wants


def test_table_has_its_own_endpoints_only() -> None:
    """An endpoint is found in a new table of the same app, but not where it was not rendered."""
    table = table_of({"id": 0, "api_name": "make"})
    new = {"dependencies": [{"id": 5, "api_name": "made", "rendered_in": 0}]}
    after = table.rendered({"render_id": 0, **new})
    again = after.rendered({"render_id": 1})
    assert table.resolve("make") in after
    assert after.resolve("made") in again
    assert after.resolve("made") not in table
    assert after.resolve("made") not in after.rendered({"render_id": 0})


def test_table_knows_components() -> None:
    """A component's config is found by its id, also if it was rendered."""
    table = table_of(components=[{"id": 7, "type": "fileexplorer"}])
    assert table.component(7) == {"id": 7, "type": "fileexplorer"}
    assert table.component(8) is None
    assert table.rendered({"components": [{"id": 8}]}).component(8) == {"id": 8}


def test_givable_inputs_are_all_but_session_state() -> None:
    """Hidden inputs can be given a value, and session state cannot."""
    components = [
        {"id": 0, "type": "state", "skip_api": True, "props": {"value": 7}},
        {"id": 1, "type": "button", "skip_api": True, "props": {"value": "cat"}},
        {"id": 2, "type": "textbox", "skip_api": False},
    ]
    endpoint = next(iter(table_of({"inputs": [0, 1, 2]}, components=components)))
    assert [slot.type for slot in endpoint.givable] == ["button", "textbox"]
    assert [slot.type for slot in endpoint.parameters] == ["textbox"]
    assert [slot.held for slot in endpoint.inputs] == [7, "cat", None]
    assert [slot.is_state for slot in endpoint.inputs] == [True, False, False]


# -- calls by name


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"api_name": "plain"}, True),
        ({"api_name": "with/slash"}, False),
        ({"api_name": ".."}, False),
        ({"api_name": ""}, False),
        ({}, False),
        ({"api_name": "plain", "rendered_in": 3}, False),
    ],
)
def test_endpoint_goes_by_name_where_a_route_leads_to_it(
    entries: dict[str, Any], expected: bool
) -> None:
    """A function is called by its name if the name is a route, and not if a render shares it."""
    table = table_of(entries)
    assert table.goes_by_name(next(iter(table))) is expected


def test_endpoint_goes_by_name_only_if_it_is_the_first_of_that_name() -> None:
    """A name is used only for the first function that has it, as on servers."""
    table = table_of({"api_name": "twice"}, {"api_name": "twice"})
    assert [table.goes_by_name(endpoint) for endpoint in table] == [True, False]
    assert table.named("twice") is table.numbered(0)
    assert table.named("never") is table.numbered(9) is None
