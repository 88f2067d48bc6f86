"""`_cli.assign`: several words for one parameter, and ``@`` inside JSON."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync._cli.values import fits, payload_of
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.signature import Signature, signature_of
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._protocol.values.slot import Slot
from gradio_client_sync.errors import FileError, PayloadError
from tests.interfaces.cli.test_cli import run_here
from tests.support.generations import has
from tests.support.servers.server import Server

FILE = {"type": "object", "properties": {key: {} for key in ("path", "url", "orig_name")}}
FILES = {"type": "array", "items": FILE}
TEXT, NUMBER = {"type": "string"}, {"type": "number"}
COLORS = {"type": "array", "items": {"enum": ["red", "green", "42"]}}

#: Component and schema of each parameter.
Parameters = dict[str, tuple[str, dict[str, Any], dict[str, Any]]]
ENDPOINTS: dict[str, Parameters] = {
    "/merge": {"files": ("file", FILES, {"file_count": "multiple"}), "note": ("textbox", TEXT, {})},
    "/cover": {"pages": ("file", FILES, {}), "cover": ("image", FILE, {})},
    "/upload": {"files": ("uploadbutton", FILE, {"file_count": "multiple"})},
    "/chat": {
        "message": ("multimodaltextbox", {"type": "object"}, {}),
        "tokens": ("slider", NUMBER, {}),
    },
    "/paint": {"colors": ("checkboxgroup", COLORS, {}), "n": ("number", NUMBER, {})},
    "/data": {"value": ("json", {}, {})},
    "/flag": {"on": ("checkbox", {"type": "boolean"}, {})},
    "/show": {"image": ("image", FILE, {})},
    "/frame": {"frame": ("dataframe", {"type": "object"}, {})},
}


def endpoint_of(name: str) -> tuple[Signature, dict[str, Slot]]:
    """Return an endpoint as the client reads it from an app's config and description."""
    parameters = ENDPOINTS[name]
    components = [
        {"id": number, "type": kind, "props": {"label": label, **props}, "skip_api": False}
        for number, (label, (kind, _, props)) in enumerate(parameters.items())
    ]
    config = {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "components": components,
        "dependencies": [
            {"id": 0, "inputs": [*range(len(parameters))], "outputs": [], "api_name": name[1:]}
        ],
    }
    described = [
        {"label": label, "parameter_name": label, "parameter_has_default": False, "type": schema}
        for label, (_, schema, _) in parameters.items()
    ]
    info = {"named_endpoints": {name: {"parameters": described, "returns": []}}}
    [endpoint] = EndpointTable(config, dialect_of(config))
    signature = signature_of(endpoint, info)
    return signature, dict(zip(parameters, endpoint.parameters))


def sent(line: str) -> Any:
    """Return the payload for a line as a shell reads it; ``<name>`` stands for a file."""
    name, *words = shlex.split(line)
    return shown(payload_of(words, *endpoint_of(name)))


def shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shown(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one) for one in value]
    return f"<{value.orig_name}>" if hasattr(value, "orig_name") else value


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has four files, and is the user's home."""
    for name in "abcd":
        tmp_path.joinpath(f"{name}.png").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


A, B, C = "<a.png>", "<b.png>", "<c.png>"


@pytest.mark.parametrize(
    ("line", "payload"),
    [
        # several files by name and by position
        ("/merge files=@a.png files=@b.png", {"files": [A, B]}),
        ("/merge @a.png @b.png @c.png", {"files": [A, B, C]}),
        ("/merge @a.png @b.png hello", {"files": [A, B], "note": "hello"}),
        ("/merge note=hello @a.png", {"files": [A], "note": "hello"}),
        ("/merge @a.png files=@b.png", {"files": [B, A]}),
        ('/merge \'["@a.png", "@b.png"]\'', {"files": [A, B]}),
        ("/merge '[]'", {"files": []}),
        ("/upload @a.png @b.png", {"files": [A, B]}),
        ("/upload @a.png", {"files": [A]}),
        ("/cover @a.png @b.png @c.png", {"pages": [A, B], "cover": C}),
        ("/cover @a.png @b.png", {"pages": [A], "cover": B}),
        ("/cover @a.png", {"pages": [A]}),
        ("/cover cover=@c.png @a.png", {"pages": [A], "cover": C}),
        # lists of other values
        ("/paint colors=red colors=green", {"colors": ["red", "green"]}),
        ("/paint colors=42 n=1", {"colors": ["42"], "n": 1}),
        ("/paint red 2", {"colors": ["red"], "n": 2}),
        ('/paint \'["red", "green"]\' 2', {"colors": ["red", "green"], "n": 2}),
        # messages with files
        ("/chat 'what is this' @a.png", {"message": {"text": "what is this", "files": [A]}}),
        ("/chat hi @a.png @b.png 5", {"message": {"text": "hi", "files": [A, B]}, "tokens": 5}),
        ("/chat @a.png", {"message": {"text": "", "files": [A]}}),
        ("/chat message=hi message=@a.png", {"message": {"text": "hi", "files": [A]}}),
        ("/chat hi", {"message": "hi"}),
        # inside JSON
        (
            '/chat \'{"text": "hi", "files": ["@a.png"]}\'',
            {"message": {"text": "hi", "files": [A]}},
        ),
        ('/data \'{"a": [{"b": "@a.png"}], "c": "@@x"}\'', {"value": {"a": [{"b": A}], "c": "@x"}}),
        ("/data '\"@a.png\"'", {"value": "@a.png"}),
        ("/data @@a.png", {"value": "@a.png"}),
        ("/merge note='[\"@x\"]'", {"note": '["@x"]'}),
        ("/merge note=@@x", {"note": "@x"}),
        # paths
        ("/show @~/a.png", {"image": A}),
        ("/show image=@./a.png", {"image": A}),
        ("/show @https://example.com/a.png", {"image": A}),
    ],
)
def test_payload(line: str, payload: dict[str, Any]) -> None:
    """A parameter that takes a list or a message takes several words, files first of all."""
    assert sent(line) == payload


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/show image=@a.png image=@b.png", "got two values for 'image'; give one"),
        ("/chat message=a message=b", "got two values for 'message'"),
        ("/show @a.png @b.png", "'@b.png' is too much"),
        ("/merge a.txt b.txt c.txt", "is too much. To send several .* before each: @c.txt"),
        ("/show cat.png", "takes a file for 'image', not the text 'cat.png'; .* write @cat.png"),
        ("/merge cat.png", "takes a file for 'files', not the text 'cat.png'; .* write @cat.png"),
        ("/merge '[\"x.png\"]'", "a file for 'files', not the text 'x.png'; .* write @x.png"),
        ("/merge note=@a.png", "no file for 'note', not '@a.png'; .* write note=- < a.png; for "),
        ("/paint n=@a.png", "no file for 'n', not '@a.png'; for the text '@a.png', write @@a"),
        ("/paint '[\"@red\"]'", "no file for 'colors', not '@red'"),
        ("/show @", "not '@' alone; write the name of the file after the @"),
        ("/paint n='[1, 2]'", "a number for 'n', not '\\[1, 2\\]'; write each value as a word"),
        ("/flag yes", "true or false for 'on', not the text 'yes'; write true"),
        ("/flag True", "not the text 'True'; write true"),
        ("/flag maybe", "true or false for 'on', not the text 'maybe'\\."),
        ("/frame \"{'a': [1]}\"", """not valid JSON; write '{"a": \\[1\\]}'"""),
        ("/frame {a: [1]}", "not valid JSON; put single quotes around it|'\\[1\\]}' is too much"),
        ("/merge nots=x", "has no parameter 'nots'; .* Did you mean note=x"),
        ("/flag true or", "'or' is too much. A value with spaces needs quotes"),
        ("/chat \"{'text': 'hi'}\"", """not valid JSON; write '{"text": "hi"}'"""),
    ],
)  # fmt: skip
def test_mistakes_are_answered_with_what_to_type(line: str, message: str) -> None:
    """A value that cannot be right raises before anything is sent, and says what to type."""
    with pytest.raises(PayloadError, match=message):
        sent(line)


def test_missing_file_says_how_to_write_a_text() -> None:
    """If an ``@`` was meant as text, the error of the missing file says how to write it."""
    for line in ("/show @ada.png", '/chat \'{"text": "@ada.png"}\''):
        with pytest.raises(FileError, match=r"ada.png.* for the text '@ada.png', write @@ada.png"):
            sent(line)


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("/cover @a.png @missing.png", True),
        ("/cover @a.png", False),
        ("/cover a.png b.png", False),
        ("/paint red 2", True),
        ("/paint blue 2", False),
        ("/paint red two", False),
        ("/merge - hello", True),
        ("/merge @a.png @b.png x y", False),
        ("/merge @a.png @b.png", False),
        ("/flag @a.png", False),
        ("/chat hi 3", True),
    ],
)
def test_fits(line: str, does: bool) -> None:
    """Words fit an endpoint if it can be called with them; no file is opened to find out."""
    name, *words = shlex.split(line)
    assert fits(words, *endpoint_of(name)) is does


# -- on real servers


@pytest.mark.gradio
def test_several_files_reach_the_function(spoken: Server, folder: Path) -> None:
    """Files by name, by position and inside JSON arrive, with every component that takes them."""
    files = [f"@{folder}/{name}.png" for name in "abc"]
    in_json = json.dumps(files[:2])
    for words, names in (
        (("/several", f"files={files[0]}", f"files={files[1]}"), [["a.png", "b.png"]]),
        (("/several", *files), [["a.png", "b.png", "c.png"]]),
        (("/several", files[0]), [["a.png"]]),
        (("/several", in_json), [["a.png", "b.png"]]),
        (("/upload", *files[:2]), [["a.png", "b.png"]]),
        (("/upload", files[2]), [["c.png"]]),
        (("/book", *files), [["a.png", "b.png"], "c.png"]),
        (("/book", f"cover={files[2]}", files[0]), [["a.png"], "c.png"]),
    ):
        code, output, stderr = run_here("predict", spoken.url, *words)
        assert (code, stderr) == (0, ""), words
        assert json.loads(output) == names


@pytest.mark.gradio
def test_message_with_files_reaches_the_function(spoken: Server, folder: Path) -> None:
    """A text and files, or JSON with files, are one message."""
    if spoken.version < "4":
        pytest.skip("3.x has no gr.MultimodalTextbox")
    file = f"@{folder}/a.png"
    for words in (
        ("hi", file),
        ("message=hi", f"message={file}"),
        (json.dumps({"text": "hi", "files": [file]}),),
    ):
        code, output, stderr = run_here("predict", spoken.url, "/message", *words)
        assert (code, stderr) == (0, ""), words
        assert json.loads(output) == {"text": "hi", "files": ["a.png"]}
    code, output, _ = run_here("predict", spoken.url, "/message", "@@ada")
    assert (code, json.loads(output)) == (0, {"text": "@ada", "files": []})


@pytest.mark.gradio
def test_nothing_is_sent_if_a_value_cannot_be_right(spoken: Server, folder: Path) -> None:
    """Text where a file goes, and a file where text goes, are refused with what to type."""
    for words, message in (
        (("/several", "a.png"), "takes a file for 'files', not the text 'a.png'"),
        (("/upload", "a.png"), "write @a.png"),
        (("/book", f"@{folder}/a.png", "cover=b.png"), "write @b.png"),
        (("/shout", f"@{folder}/a.png"), f"write text=- < {folder}/a.png"),
        (("/sum", "[2, 3]"), "write each value as a word of its own"),
    ):
        code, output, stderr = run_here("predict", spoken.url, *words)
        assert (code, output) == (3, "") and message in stderr, words


@pytest.mark.gradio
def test_title_of_an_error_is_shown(spoken: Server) -> None:
    """The title of ``gr.Error`` stands before its text, if the app gives it one."""
    title = "Out of ink: " if has(spoken.version, "titles") else ""
    code, _, stderr = run_here("predict", spoken.url, "/titled", "no blue left")
    assert code == 7 and stderr.startswith(
        f"gradio-client-sync: {title}'/titled' of the app raised"
    )
    assert "no blue left" in stderr
    code, _, stderr = run_here("predict", spoken.url, "/untitled", "no blue left")
    assert code == 7 and stderr.startswith("gradio-client-sync: '/untitled' of the app raised")
