"""Results as JSON: with `plain`, and by the libraries that users pass results to."""

from __future__ import annotations

import dataclasses
import json
import pickle
import pprint
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, Data
from gradio_client_sync.files import RemoteFile
from tests.support.file_app import FileApp, filedata
from tests.support.media import png
from tests.support.servers.server import Server

INLINE = "data:text/plain;base64,aGk="


@pytest.fixture
def result(tmp_path: Path) -> Iterator[Data]:
    """Yield a result with a file, a list of files, and a file whose content came with it."""
    with FileApp() as server, Client(server.url) as app:
        server.output = [filedata("/out/a.txt", size=5, orig_name="a.txt")]
        [file] = app.predict("/direct", ["x"])
        server.output = [filedata(None, url=INLINE, orig_name="b.txt")]
        [inline] = app.predict("/direct", ["x"])
        yield Data([{"deep": [file]}, inline, 5], "/f", 1, app.predict("/direct", ["x"]).time)


def facts(file: RemoteFile) -> dict[str, Any]:
    return {
        "url": file.url,
        "path": file.path,
        "orig_name": file.orig_name,
        "size": file.size,
        "mime_type": file.mime_type,
    }


def expected(result: Data, inline: str | None) -> list[Any]:
    return [{"deep": [facts(result[0]["deep"][0])]}, {**facts(result[1]), "url": inline}, 5]


def test_plain_has_files_as_dicts(result: Data) -> None:
    """`plain` makes dicts of files at any depth, and leaves the result as it is."""
    plain = result.plain()
    assert plain == expected(result, INLINE)
    assert json.loads(json.dumps(plain)) == plain
    assert plain[0]["deep"][0]["url"].endswith("/file=/out/a.txt")
    assert isinstance(result[0]["deep"][0], RemoteFile)
    assert pickle.loads(pickle.dumps(result)).plain() == plain


def test_asdict_has_files_as_dicts(result: Data) -> None:
    """`dataclasses.asdict` makes dicts of files, too, also of those in the user's own classes."""

    @dataclasses.dataclass
    class Own:
        file: Any
        result: Any

    whole: Any = dataclasses.asdict(result)  # type: ignore[call-overload]
    assert whole["data"] == expected(result, None)
    own = dataclasses.asdict(Own(result[1], result))
    assert own == {"file": facts(result[1]), "result": whole}
    assert "RemoteFile" in pprint.pformat(result[1]) and "Data(" in pprint.pformat(result)


@pytest.mark.parametrize(
    "dump",
    [
        lambda result: json.dumps(result),
        lambda result: json.dumps({"result": result}, indent=1),
        lambda result: json.dumps([result[1]]),
        lambda result: json.dumps(dataclasses.replace(result, data=[result[1]])),
        lambda result: json.JSONEncoder(sort_keys=True).encode(result),
    ],
)
def test_json_says_to_use_plain(result: Data, dump: Any) -> None:
    """`json` alone does not know files, and its error says what to use."""
    with pytest.raises(TypeError, match=r"'[ab]\.txt'.*result\.plain\(\)"):
        dump(result)


@pytest.mark.parametrize("indent", [None, 1])
def test_json_with_a_function_for_other_values(result: Data, indent: int | None) -> None:
    """A function for other values, as `json` and its encoders take it, gets the files."""
    assert json.dumps(result[1], default=repr, indent=indent) == json.dumps(repr(result[1]))

    class Encoder(json.JSONEncoder):
        def default(self, value: Any) -> Any:
            return value.orig_name if isinstance(value, RemoteFile) else super().default(value)

    assert json.loads(json.dumps(result, cls=Encoder, indent=indent)) == [
        {"deep": ["a.txt"]},
        "b.txt",
        5,
    ]


def test_flask_takes_results(result: Data) -> None:
    """A view may return a result, a dict with it, or what ``jsonify`` makes of it."""
    flask = pytest.importorskip("flask")
    app = flask.Flask("test")
    app.add_url_rule("/list", "list", lambda: result)
    app.add_url_rule("/dict", "dict", lambda: {"result": result})
    app.add_url_rule("/jsonify", "jsonify", lambda: flask.jsonify(result))
    app.add_url_rule("/named", "named", lambda: flask.jsonify(result=result, file=result[1]))
    get = app.test_client().get
    files = expected(result, None)
    assert get("/list").json == get("/jsonify").json == files
    assert get("/dict").json == {"result": files}
    assert get("/named").json == {"result": files, "file": files[1]}


def test_celery_takes_results(result: Data) -> None:
    """Kombu, which encodes the messages of Celery, makes dicts of files."""
    kombu_json = pytest.importorskip("kombu.utils.json")
    assert kombu_json.loads(kombu_json.dumps(result)) == result.plain()
    assert kombu_json.loads(kombu_json.dumps({"r": [result]})) == {"r": [result.plain()]}


def test_fastapi_takes_results(result: Data) -> None:
    """The encoder of FastAPI makes dicts of results and files."""
    encoders = pytest.importorskip("fastapi.encoders")
    encoded = encoders.jsonable_encoder({"file": result[1], "list": list(result)})
    assert encoded == {"file": facts(result[1]), "list": expected(result, None)}


@pytest.mark.gradio
def test_plain_on_real_servers(server: Server) -> None:
    """Results of every release are JSON; the URL of a file in it leads to its content."""
    with Client(server.url) as app:
        pair = app.predict("/pair", ["ab"])
        assert pair.plain() == json.loads(json.dumps(pair)) == ["AB", 2] == pair
        assert (pair["out"], pair["size"]) == ("AB", 2)
        made = app.predict("/make_file", [100])
        [plain] = made.plain()
        assert list(plain) == ["url", "path", "orig_name", "size", "mime_type"]
        assert plain == facts(made[0]) and plain["url"].startswith(server.url)
        with pytest.raises(TypeError, match=r"result\.plain\(\)"):
            json.dumps(made)
        [several] = app.predict("/files", [[png(0, 0, 0), png(9, 9, 9)]]).plain()
        assert [file["mime_type"] for file in several] == ["image/png"] * 2
        assert json.loads(json.dumps(several)) == several
