"""`Outputs`: how labels find outputs, and the texts about a wrong use of a result."""

from __future__ import annotations

import pytest

from gradio_client_sync._basics.outputs import Outputs, listing, no_attribute, no_output, plain
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import DIALECTS
from tests.support.scripted import component, config_of, dependency


@pytest.mark.parametrize(
    ("labels", "key", "found"),
    [
        (["Sum", "Max new tokens"], "Sum", [0]),
        (["Sum", "Max new tokens"], "max_new_tokens", [1]),
        (["Sum", "Max new tokens"], "MAX NEW-TOKENS", [1]),
        (["class", "2nd try!"], "class_", [0]),
        (["class", "2nd try!"], "_2nd_try", [1]),
        (["sum", "Sum"], "Sum", [1]),
        (["sum", "Sum"], "SUM", [0, 1]),
        (["a", "a"], "a", [0, 1]),
        (["", "a"], "value_10", [0]),
        (["", "a"], "Textbox", [0]),
        (["", ""], "textbox", [0, 1]),
        (["", "textbox"], "textbox", [1]),
        (["", ""], "", []),
        (["!!", "??"], "--", []),
        (["größe", "日本"], "日本", [1]),
        (["größe", "日本"], "Größe", [0]),
    ],
)
def test_labels_find_outputs(labels: list[str], key: str, found: list[int]) -> None:
    """The exact label counts first, then the name of an unlabelled output, then the words."""
    shown = tuple(("textbox", label) for label in labels)
    assert Outputs(shown=shown, ids=tuple(range(10, 10 + len(labels)))).find(key) == found


def test_outputs_of_an_endpoint() -> None:
    """An endpoint describes the outputs that clients get, and those that they do not get."""
    config = config_of(
        dependency(0, "f", outputs=[1, 2, 3]),
        components=[
            component(1, "textbox", label="Answer"),
            component(2, "state", label="total"),
            component(3, "number", label=""),
        ],
    )
    endpoint = EndpointTable(config, DIALECTS["sse_v3"]).resolve("/f")
    outputs = endpoint.described
    assert outputs.shown == (("textbox", "Answer"), ("number", ""))
    assert outputs.hidden == (("state", "total"),)
    assert outputs.ids == (1, 3)
    assert outputs is endpoint.described


def test_texts_stay_short() -> None:
    """A long label, a long key and many outputs are shortened."""
    many = Outputs(shown=(("textbox", "x" * 1000),) * 50, hidden=(("state", "y" * 1000),) * 50)
    assert len(listing(["a"] * 50, many)) < 600
    assert len(listing([], many)) < 600
    assert len(no_output("/f", "k" * 9999, ["a"] * 50, many)) < 700


def test_plain_keeps_what_json_takes() -> None:
    """Texts, numbers and ``None`` stay; tuples become lists; the value itself is not changed."""
    value = {"a": [1, (2.5, None, True)], "b": "text"}
    assert plain(value) == {"a": [1, [2.5, None, True]], "b": "text"}
    assert isinstance(value["a"][1], tuple)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("animal", "Write result['animal']."),
        ("anmial", "Did you mean result['animal']?"),
        ("max_new_tokens", "Write result['max_new_tokens']."),
        ("max_new_token", "Did you mean result['Max new tokens']?"),
        ("upper", "Write result[1].upper"),
        ("confidences", "Write result[0]['confidences']."),
        ("json", "Write result.plain()."),
        ("zebra", "'Max new tokens'."),
    ],
)
def test_attribute_of_a_result_is_answered_with_the_output(name: str, advice: str) -> None:
    """An attribute may be a label, a method of an output, or a key in it."""
    labels = (("label", "animal"), ("textbox", "Max new tokens"))
    values = [{"label": "cat", "confidences": []}, "words"]
    assert no_attribute("/f", name, values, Outputs(shown=labels)).endswith(advice)


def test_label_that_is_misspelt_is_suggested() -> None:
    """A similar label is named if it belongs to one output, and the only output without one."""
    outputs = Outputs(shown=(("textbox", "Sum"), ("textbox", "Words")))
    assert no_output("/f", "sums", [1, 2], outputs).endswith("Did you mean result['Sum']?")
    twice = Outputs(shown=(("textbox", "sum"), ("textbox", "sum")))
    assert no_output("/f", "sums", [1, 2], twice).endswith("[1] 'sum'.")
    assert no_attribute("/f", "text", [1], Outputs()).endswith("Write result[0].")
