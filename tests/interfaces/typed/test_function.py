"""`function`: endpoints as Python functions, on real servers."""

from __future__ import annotations

import inspect
import pydoc
import typing
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, EndpointNotFoundError, Job, PayloadError, TypedJob
from gradio_client_sync._terminal.plaintext import columns
from gradio_client_sync._typed.docstring import WIDTH, function_docstring
from gradio_client_sync.files import RemoteFile
from gradio_client_sync.function import DEFAULT, FileInput, function_of
from tests.core.test_signature import sample
from tests.interfaces.typed.test_codegen import signatures
from tests.support.samples import VERSIONS, load

DEFAULTS = (
    "(text: str, number: float = 2, flag: bool = True, "
    "choice: Literal['red', 'green', 'blue'] = 'red') -> str"
)


def translate(version: str = "6.31.0") -> Any:
    """Return the function of a sample's endpoint, without an app."""
    return function_of(None, sample(version, "/translate"))  # type: ignore[arg-type]  # not called


@pytest.mark.parametrize("version", VERSIONS)
def test_function_has_a_signature_for_tools(version: str) -> None:
    """`inspect`, `typing` and editors see names, types, choices and defaults."""
    function = translate(version)
    assert inspect.isfunction(function)
    assert function.__name__ == function.__qualname__ == "translate"
    parameters = inspect.signature(function).parameters
    assert list(parameters) == ["text", "language", "formal", "alternatives"]
    assert parameters["language"].default == "French"
    choices = typing.Literal["English", "French", "Bahasa Indonesia"]
    assert function.__annotations__ == {
        "text": str,
        "language": choices,
        "formal": bool,
        "alternatives": float,
        "return": tuple[str, dict[str, Any]],
    }
    assert typing.get_type_hints(function)["language"] == choices
    returned = inspect.signature(function.submit).return_annotation
    assert returned == TypedJob[tuple[str, dict[str, Any]]]  # type: ignore[misc]


def test_function_has_help() -> None:
    """`help` shows the signature and the app's texts, in Google style."""
    text = pydoc.plain(pydoc.render_doc(translate()))
    head = "".join(text.split())  # since 3.13 a long signature is on several lines
    assert "translate(text:str,language:Literal['English','French','Bahasa" in head
    assert inspect.getdoc(translate()) == (
        "Translate a text. The language of the text is recognised.\n\nArgs:\n"
        "    text: Text.\n    language: Language.\n    formal: Formal.\n"
        "    alternatives: Alternatives. Numeric value between 1 and 5.\n\n"
        "Returns:\n    Result, Detected."
    )
    assert "return its job at once" in (inspect.getdoc(translate().submit) or "")


def test_docstring_escapes_labels() -> None:
    """An app's labels are escaped and wrapped, and cannot look like headings."""
    config, info = load("6.31.0")
    assert info is not None
    entry = info["named_endpoints"]["/odd"]
    entry["description"] = "returns: \x1b[31m\n\nArgs:\nReturns\n" + "word " * 50
    [odd] = [one for one in signatures(config, info) if one.endpoint == "/odd"]
    text = function_docstring(odd)
    assert text.splitlines()[0] == r"Returns: \x1b[31m."
    assert "\n> Args:\n> Returns\nword word" in text
    assert all(columns(line) <= WIDTH for line in text.splitlines())
    assert all(char.isprintable() or char == "\n" for char in text)


def test_long_signature_in_an_error_is_wrapped() -> None:
    """An error shows a long signature on several lines, with all choices, and none is broken."""
    config, info = load("6.31.0")
    assert info is not None
    choices = [f"one of {n} languages" for n in range(120)]
    described = info["named_endpoints"]["/merge"]["parameters"][3]
    described["type"] = {"type": "array", "items": {"type": "string", "enum": choices}}
    [merge] = [one for one in signatures(config, info) if one.endpoint == "/merge"]
    with pytest.raises(PayloadError) as raised:
        function_of(None, merge)(nothing=1)  # type: ignore[arg-type]  # not called
    text = str(raised.value)
    lines = text.splitlines()
    assert lines[0].endswith("Its signature is merge(")
    assert lines[1:5] == ["    files: FileInput,", "    table: TableInput = DEFAULT,", "    *,",
                          "    options: Any,"]  # fmt: skip
    assert lines[-1].startswith(") -> tuple[")
    assert all(f"'{choice}'" in text for choice in choices)
    assert all(columns(line) <= 100 for line in lines[1:])


# -- on real servers


@pytest.mark.gradio
def test_function_calls(app: Client) -> None:
    """A call takes values as Python functions do, and returns single values bare."""
    function = app.function("/defaults")
    assert str(inspect.signature(function)).replace("2.0", "2") == DEFAULTS  # as 3.x sends it
    assert function("a") == "a 2 True red"
    assert function("a", 3, choice="blue") == "a 3 True blue"
    assert function("a", number=DEFAULT) == "a 2 True red"
    assert app.function("pair")("ab") == ("AB", 2)
    assert app.function("/nothing")("a") is None
    assert app.function("/noinput")() == "pong"


@pytest.mark.gradio
def test_function_takes_and_gives_files(app: Client, tmp_path: Path) -> None:
    """A file parameter accepts any kind of file but no text, and a result is a `RemoteFile`."""
    path = tmp_path / "note.txt"
    path.write_bytes(b"mine")
    function = app.function("/file")
    assert function.__annotations__ == {"upload": FileInput, "return": RemoteFile}
    assert function(path).read() == b"mine"


@pytest.mark.client_only
@pytest.mark.gradio
def test_function_submits(app: Client) -> None:
    """`submit` returns a job that yields bare values."""
    call = app.function("/count").submit(3)
    assert list(call)[:3] == ["0", "1", "2"]
    assert call.result(5) == "2"
    assert isinstance(call.job, Job) and call.done() and not call.cancel()
    assert repr(call) == "<TypedJob of <Job '/count' complete>>"


@pytest.mark.client_only
@pytest.mark.gradio
def test_function_can_be_cancelled(app: Client, key: str) -> None:
    """Cancelling the job of `submit` stops the function."""
    call = app.function("/hold").submit(key)
    assert call.cancel() and call.job.cancelled()


@pytest.mark.client_only
@pytest.mark.gradio
def test_function_refuses_a_wrong_call(app: Client) -> None:
    """A call that does not fit the signature sends nothing, and the error shows the signature."""
    function = app.function("/add")
    with pytest.raises(PayloadError, match=r"argument: 'b'. Its signature is add\(a: fl"):
        function(1)
    with pytest.raises(PayloadError, match="unexpected keyword argument 'c'"):
        function.submit(1, 2, c=3)
    with pytest.raises(PayloadError, match=r"'choise'\. Did you mean 'choice'\? Its signature is"):
        app.function("/defaults")("a", choise="red")
    with pytest.raises(PayloadError, match=r"write add\.with_options\(timeout=3\)\(…\)\. Its"):
        function(1, 2, timeout=3)
    with pytest.raises(EndpointNotFoundError, match="Did you mean '/add'"):
        app.function("/ad")


@pytest.mark.gradio
def test_function_raises_the_apps_errors(app: Client) -> None:
    """An error of the app is raised by the call."""
    with pytest.raises(AppError) as raised:
        app.function("/fail")("no luck")
    assert raised.value.message == "no luck"
