"""Natural mistakes at the command line, and the next line that their errors show."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gradio_client_sync._cli.advice import error_line, quoted
from gradio_client_sync._cli.exits import PROGRAM
from gradio_client_sync.errors import AppError, AuthenticationError, GradioClientError, PayloadError
from tests.interfaces.cli.test_cli import run

URL = "http://127.0.0.1:1"
LINE = "gradio-client-sync"

#: Words, and what the error says; nothing listens at the URL.
WRONG_USE = (
    # the order of the words
    (f"{URL} predict /add 2 3", f"The command comes first: {LINE} predict {URL} /add 2 3"),
    (f"{URL} /add 2 3", f"The command comes first: {LINE} predict {URL} /add 2 3"),
    ("localhost:7860 view-api", f"The command comes first: {LINE} view-api localhost:7860"),
    ("user/space /add 2", f"The command comes first: {LINE} predict user/space /add 2"),
    ("/add 2 3", f"The command comes first: {LINE} predict SOURCE /add 2 3"),
    (f"/add {URL} 2", f"The command comes first: {LINE} predict {URL} /add 2"),
    (f"predict /add {URL} 2", f"The app comes before the endpoint: {LINE} predict {URL} /add 2"),
    ("stream add localhost:1 2", f"before the endpoint: {LINE} stream localhost:1 add 2"),
    (f"--json predict {URL} 2", f"comes after it: {LINE} predict {URL} 2 --json"),
    (f"--auth ada:hunter2 predict {URL}", f"comes after it: {LINE} predict {URL} --auth ..."),
    (f"--token=hunter2 view-api {URL}", f"comes after it: {LINE} view-api {URL} --token=..."),
    ("predict", "Missing argument 'SOURCE': the URL of the app"),
    # help
    ("help", f"Write: {LINE} --help"),
    ("help predict", f"Write: {LINE} predict --help"),
    ("version", f"Write: {LINE} --version"),
    # other names of commands and options
    ("run x", "No such command 'run'. Did you mean 'predict'?"),
    ("endpoints x", "Did you mean 'view-api'?"),
    (f"view-api /add {URL}", f"The app comes before the endpoint: {LINE} view-api {URL} /add"),
    ("strem x", "Did you mean 'stream'?"),
    (f"predict {URL} --jsn", "No such option: --jsn. Did you mean --json?"),
    (f"predict {URL} /add --a 2", "A parameter is written a=VALUE."),
    (f"predict {URL} /add --max-tokens=9", "A parameter is written max_tokens=VALUE."),
    (f"predict {URL} --user ada:hunter2", "Did you mean --auth?"),
    (f"submit {URL} --out there", "Did you mean --output?"),
    (f"{URL}?token=hunter2 /add", f"first: {LINE} predict '{URL}?token=…' /add"),
    (f"view-api {URL} --hf-token hunter2", "No such option: --hf-token. Did you mean --token?"),
    (f"view-api {URL} --hf_token hunter2", "Did you mean --token?"),
    (f"status {URL} -k", "No such option: -k. Did you mean --insecure?"),
    (f"predict {URL} /echo -hello", "No such option: -hello. If it is a value, write -- before"),
)


@pytest.mark.parametrize(("line", "message"), WRONG_USE)
def test_wrong_use(line: str, message: str) -> None:
    """The error shows the line or the word to type, and no secret; the exit code is 2."""
    code, output, stderr = run(*line.split(), COLUMNS="500")
    assert (code, output) == (2, "")
    assert message in stderr and "hunter2" not in stderr and "--help" in stderr


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("localhost:7860", "http://localhost:7860"),
        ("192.168.0.7:7860/app", "http://192.168.0.7:7860/app"),
        ("localhost/app", "http://localhost/app"),
        ("127.0.0.1/app", "http://127.0.0.1/app"),
        ("7861", "http://127.0.0.1:7861"),
        (":7861/app", "http://127.0.0.1:7861/app"),
    ],
)
def test_source_without_scheme(source: str, meant: str) -> None:
    """A source without ``http://`` has the exit code of "not an app", and the URL is shown."""
    code, output, stderr = run("predict", source, "/add", "2")
    assert (code, output) == (6, "")
    assert f"Give a full URL such as {meant!r}" in stderr or f"Give a full URL: {meant!r}" in stderr


@pytest.mark.parametrize("command", ["predict", "submit", "stream"])
def test_help_is_shown_behind_any_words(command: str) -> None:
    """``--help`` shows the help of a command wherever it stands behind it."""
    for words in (("--help",), (URL, "--help"), (URL, "/add", "-1", "-h"), ("--json", "--help")):
        code, output, stderr = run(command, *words)
        assert (code, stderr) == (0, "") and output.startswith(f"Usage: {LINE} {command}")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            AuthenticationError("refused. If the app has a login, pass auth=('user', 'password')."),
            "auth is --auth user:password",
        ),
        (GradioClientError("Pass hf_token= of an account."), "hf_token is --token hf_..."),
        (GradioClientError("timeout=(connect, read) allows more."), "timeout is --timeout SECONDS"),
        (GradioClientError("Call it with a larger timeout=."), "timeout is --limit SECONDS"),
        (PayloadError("Write handle_file('my cat.png')."), "a file is @my cat.png"),
    ],
)
def test_arguments_in_errors_are_named_as_options(error: GradioClientError, text: str) -> None:
    """An error that names an argument in Python names the option of the command line, too."""
    assert f"(On the command line, {text}.)" in error_line(error)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Out of paint", "Out of paint: '/draw' of the app raised: no red, set timeout=9"),
        ("Error", "'/draw' of the app raised: no red, set timeout=9"),
        (None, "'/draw' of the app raised: no red, set timeout=9"),
        ("no red", "'/draw' of the app raised: no red, set timeout=9"),
    ],
)
def test_title_of_an_error_is_shown(title: str | None, text: str) -> None:
    """The title that the app gives its error stands first; the title of every error does not."""
    error = AppError("'/draw' of the app raised: no red, set timeout=9", title=title)
    assert error_line(error) == f"{PROGRAM}: {text}"


def test_shown_words_have_the_quotes_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to type works in the shells of Windows, too, which have no single quotes."""
    assert quoted('["a b"]') == """'["a b"]'"""
    monkeypatch.setattr("gradio_client_sync._cli.advice.os", SimpleNamespace(name="nt"))
    assert (quoted("Good morning"), quoted("x")) == ('"Good morning"', "x")
    assert quoted('["a b"]') == r'"[\"a b\"]"'
