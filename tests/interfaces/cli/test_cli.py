"""The command line in its own process, on pipes; `test_cli_terminal` tests terminals."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradio_client_sync
from gradio_client_sync import Client, cli, errors
from gradio_client_sync._cli.exits import EXIT_CODES, exit_code_of
from gradio_client_sync.cli import HELP
from gradio_client_sync.testing import FakeApp
from tests.support.hub.hub import LocalHub
from tests.support.hub.plugin import OWNER
from tests.support.servers.server import Server

ENDS = 60.0  # s; a bound for a process that hangs


def run(
    *arguments: str,
    python: tuple[str, ...] = ("-m", "gradio_client_sync"),
    given: bytes | None = None,
    **variables: str,
) -> tuple[int, str, str]:
    """Run the command; return its exit code, its output and its errors."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", *python, *arguments],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=ENDS,
        env={**os.environ, **variables},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run_here(*arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    """Run the command in this process, and return the same as `run`.

    It takes a tenth of the time. Use it if `run` is tested with the same command and options.
    """
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        code = cli.main(arguments)
        texts = []
        for stream in (output, errors):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return code, texts[0], texts[1]


def test_version_is_the_package_version() -> None:
    """``--version`` prints the command's name and the version of the package."""
    version = f"gradio-client-sync {gradio_client_sync.__version__}\n"
    assert run("--version") == (0, version, "")


COMMANDS = (
    "view-api predict submit stream map types status duplicate doctor migrate completion demo"
).split()


def test_help_names_every_command() -> None:
    """``--help`` lists the commands on standard output."""
    code, output, errors = run("--help")
    assert (code, errors) == (0, "")
    listed = [
        line.split()[0] for line in output.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    ]
    assert listed == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_examples(command: str) -> None:
    """The help of each command describes it, and has an example."""
    code, output, errors = run(command, "-h")
    assert (code, errors) == (0, "")
    assert f"gradio-client-sync {command} " in output or "gradio-client-sync[demo]" in output


def test_help_of_the_demo_says_what_it_needs() -> None:
    """The help of the demo names the extra that it needs."""
    code, output, _ = run("demo", "--help")
    assert code == 0
    assert "gradio-client-sync[demo]" in output and "--no-color" in output


def test_unknown_command_is_a_usage_error() -> None:
    """An unknown command ends with 2, and the error says how to get help."""
    for word, more in (
        ("dance", "Commands: view-api, predict"),
        ("predct", "Did you mean 'predict'?"),
        ("View_API", "Did you mean 'view-api'?"),
    ):
        code, output, errors = run(word)
        assert (code, output) == (2, "")
        assert f"No such command '{word}'. {more}" in errors and "--help" in errors


def test_no_command_is_a_usage_error() -> None:
    """Without a command, the usage is printed and no traceback."""
    code, output, errors = run()
    assert (code, output) == (2, "")
    assert errors.startswith("Usage: gradio-client-sync") and "Traceback" not in errors


def test_error_is_one_line_on_stderr() -> None:
    """An error is one line on standard error, and its class decides the exit code."""
    with socket.socket() as taken:  # the port is bound, but nothing listens
        taken.bind(("127.0.0.1", 0))
        code, output, errors = run("view-api", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (code, output) == (5, "")
    assert errors.startswith("gradio-client-sync: http://127.0.0.1:")
    assert errors.count("\n") == 1


def test_invalid_option_is_a_usage_error() -> None:
    """An invalid option is a usage error, which does not show a secret."""
    code, _, stderr = run("view-api", "http://127.0.0.1:1", "--token", "se cret")
    assert code == 2 and "hf_token" in stderr and "cret" not in stderr
    code, _, stderr = run("view-api", "http://127.0.0.1:1", "--header", "no colon")
    assert code == 2 and "Name: value" in stderr


def test_exit_code_of_every_error_is_documented() -> None:
    """The exit code of each error is that of the closest class in the table, and documented."""
    assert exit_code_of(errors.DuplicationError("x")) == 11
    assert exit_code_of(errors.UnsupportedAppError("x")) == 6
    assert exit_code_of(errors.HTTPStatusError("x")) == 5
    assert exit_code_of(errors.RateLimitError("x")) == 8
    assert exit_code_of(errors.ClientClosedError("x")) == 1
    page = Path(__file__).parents[3].joinpath("docs", "command-line.md").read_text("utf-8")
    for kind, code in EXIT_CODES:
        [row] = [line for line in page.splitlines() if line.startswith(f"| {code} |")]
        assert f"`{kind.__name__}`" in row


# -- without click


def without_click(*arguments: str) -> tuple[int, str, str]:
    program = (
        "import sys; sys.modules['click'] = None; "
        "import importlib.util; real = importlib.util.find_spec; "
        "from gradio_client_sync import cli; "
        "cli.find_spec = lambda name: None if name == 'click' else real(name); "
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    return run(*arguments, python=("-c", program))


def test_without_click_help_and_version_work() -> None:
    """Without click, ``--help`` and ``--version`` still work."""
    assert without_click("--help") == (0, HELP, "")
    assert without_click("--version")[:2] == run("--version")[:2]
    for command in COMMANDS:
        assert command in HELP


def test_without_click_other_commands_name_the_extra() -> None:
    """Without click, any other command names the extra to install."""
    code, output, stderr = without_click("view-api", "http://127.0.0.1:1")
    assert (code, output) == (12, "")
    assert "pip install 'gradio-client-sync[cli]'" in stderr and stderr.count("\n") == 1


# -- the demo


def test_demo_without_gradio_names_the_extra() -> None:
    """Without Gradio, the demo names the extra to install."""
    code, output, errors = run(python=("-c", demo_where("sys.modules['gradio'] = None")))
    assert (code, output) == (12, "")
    assert "pip install 'gradio-client-sync[demo]'" in errors and errors.count("\n") == 1


def test_demo_on_an_old_python_asks_for_a_newer_one() -> None:
    """On Python 3.9, the demo first says that it needs a newer Python."""
    old = "sys.modules['gradio'] = None; sys.version_info = (3, 9, 18)"
    code, _, errors = run(python=("-c", demo_where(old)))
    assert code == 12
    assert "needs Python 3.10 or later, and this is 3.9" in errors
    assert "pip install 'gradio-client-sync[demo]'" in errors


def test_demo_with_a_python_that_does_not_exist() -> None:
    """If the given Python does not exist, the error is one line that names it."""
    code, _, errors = run("demo", "--python", "no-such-python")
    assert code == 5
    assert "there is no Python 'no-such-python'" in errors and errors.count("\n") == 1


def demo_where(condition: str) -> str:
    """Return Python code that runs the demo after `condition`."""
    return (
        "import sys; from gradio_client_sync import cli, demo; from gradio_client_sync._cli import "
        f"root; {condition}; sys.exit(cli.main(['demo']))"
    )


# -- on real servers


@pytest.mark.client_only
@pytest.mark.gradio
def test_predict_prints_a_result(server: Server) -> None:
    """Values by position, by name and by default give a result, as text or as a JSON list."""
    assert run("predict", server.url, "/add", "2", "3.5") == (0, "5.5\n", "")
    assert run("predict", server.url, "add", "b=3.5", "a=2", "--json") == (0, "[5.5]\n", "")
    code, output, _ = run("predict", server.url, "/pair", "ab")
    assert (code, output.replace("2.0", "2")) == (0, "AB\n2\n")  # 3.x sends floats
    assert run("predict", server.url, "/defaults", "a", "choice=blue", "flag=false") == (
        0,
        "a 2 False blue\n",
        "",
    )


@pytest.mark.client_only
@pytest.mark.gradio
def test_predict_reads_standard_input(server: Server) -> None:
    """A single dash stands for all of standard input, unchanged."""
    code, output, _ = run("predict", server.url, "/echo", "-", "--json", given=b"[1]\nline two\n")
    assert (code, json.loads(output)) == (0, ["[1]\nline two\n"])


@pytest.mark.gradio
def test_files_are_uploaded_and_saved(server: Server, tmp_path: Path) -> None:
    """``@file`` and standard input are uploaded; results are saved, or shown as URLs."""
    sent, folder = tmp_path / "note.txt", tmp_path / "saved" / "here"
    sent.write_bytes(b"a file of mine")
    command = ("predict", server.url, "/file")
    code, output, stderr = run(*command, f"@{sent}", "--output", str(folder))
    assert (code, stderr) == (0, "")
    saved = Path(output.rstrip("\n"))
    assert saved.parent == folder and saved.read_bytes() == b"a file of mine"
    code, output, _ = run(*command, f"upload=@{sent}", "--json")
    assert code == 0 and json.loads(output)[0].startswith(f"{server.url}/")
    code, output, _ = run(*command, "-", "--output", str(folder), given=b"\x00\xff")
    assert code == 0 and Path(output.rstrip("\n")).read_bytes() == b"\x00\xff"


@pytest.mark.client_only
@pytest.mark.gradio
def test_missing_file(server: Server) -> None:
    """A missing file has the exit code of files, and nothing is called."""
    code, output, stderr = run("predict", server.url, "/file", "@no/such/file")
    assert (code, output) == (10, "") and "no/such/file" in stderr


@pytest.mark.client_only
@pytest.mark.gradio
def test_submit_prints_every_value(server: Server) -> None:
    """Each value is one line, or one JSON line with ``--json``."""
    code, output, _ = run("submit", server.url, "/count", "3", "--json")
    values = [json.loads(line)[0] for line in output.splitlines()]
    assert (code, values[:3]) == (0, ["0", "1", "2"])


@pytest.mark.client_only
@pytest.mark.gradio
def test_stream_prints_only_what_is_new(server: Server) -> None:
    """A growing text is printed once, with a line end, also in a chat's last message."""
    assert run("stream", server.url, "/tokens", "5") == (0, "tok0 tok1 tok2 tok3 tok4\n", "")
    assert run("stream", server.url, "/chat", "2") == (0, "hello there 0\nhello there 1\n", "")
    code, output, _ = run("stream", server.url, "/count", "3")
    assert (code, output) == (0, "0\n1\n2\n")


@pytest.mark.gradio
def test_errors_end_with_their_codes(server: Server) -> None:
    """Each error is one line with its own exit code."""
    for code, *words in (
        (7, "/fail", "no luck"),
        (3, "/ad", "1"),
        (3, "/add", "1", "2", "3"),
        (3, "/add", "1", "c=2"),
        (3, "/add", "1", "a=2"),
        (3, "/add", "1"),
        (3, "ad", "1"),
        (3, "999"),
        (3, "/add", "one", "2"),
    ):
        ended, output, stderr = run_here("predict", server.url, *words)
        assert (ended, output) == (code, "")
        assert stderr.startswith("gradio-client-sync: ") and stderr.count("\n") == 1


@pytest.mark.client_only
@pytest.mark.gradio
def test_negative_numbers_are_values(server: Server) -> None:
    """A word with a minus and a digit is a value and not an option, in any position."""
    for words in (
        ("-1", "-0.5"),
        ("-1", "b=-0.5", "--quiet"),
        ("--limit", "60", "-1", "--", "-0.5"),
    ):
        code, output, stderr = run_here("predict", server.url, "/add", *words)
        assert (code, output.strip(), stderr) == (0, "-1.5", "")
    stderr = run_here("predict", server.url, "/add", "--jsn", "-1")[2]
    assert "No such option" in stderr and "--jsn" in stderr


@pytest.mark.client_only
@pytest.mark.gradio
def test_endpoint_by_number(server: Server) -> None:
    """If there are several endpoints, the first word is the endpoint's name or number."""
    with Client(server.url) as app:
        number = app.submit("/echo", ["x"]).fn_index
    assert run_here("predict", server.url, str(number), "hello")[:2] == (0, "hello\n")
    assert run_here("predict", server.url, "echo", "hello")[:2] == (0, "hello\n")


@pytest.mark.client_only
@pytest.mark.gradio
def test_file_name_without_at_sign(server: Server) -> None:
    """A file's name without ``@`` gives an error that says how to write it."""
    code, output, stderr = run("predict", server.url, "/file", "cat.png")
    assert (code, output) == (3, "")
    assert "takes a file for 'upload', not the text 'cat.png'" in stderr.replace("several", "")
    assert "write @cat.png" in stderr


def test_password_needs_a_terminal() -> None:
    """Without a terminal, ``--auth`` without a password is an error, and asks nothing."""
    code, output, stderr = run("view-api", "http://127.0.0.1:1", "--auth", "ada")
    assert (code, output) == (2, "")
    assert "GRADIO_CLIENT_SYNC_AUTH" in stderr and "GetPassWarning" not in stderr


@pytest.mark.client_only
@pytest.mark.gradio
def test_types_says_why_a_file_cannot_be_written(server: Server, tmp_path: Path) -> None:
    """If the module cannot be written, the exit code is that of files."""
    wanted = tmp_path / "not there" / "my_app.py"
    code, output, stderr = run("types", server.url, "-o", str(wanted))
    assert (code, output) == (10, "")
    assert f"{wanted} cannot be written: No such file or directory." in stderr


@pytest.mark.client_only
@pytest.mark.gradio
@pytest.mark.parametrize("command", ["predict", "submit", "stream"])
def test_limit_cancels_on_the_server(server: Server, key: str, command: str) -> None:
    """A call that takes longer than ``--limit`` is cancelled on the server."""
    code, _, stderr = run(command, server.url, "/endless", key, "--limit", "1.5")
    assert code == 9 and "was cancelled" in stderr
    assert server.control.await_stopped(key)


@pytest.mark.gradio
def test_view_api_prints_a_table_or_json(server: Server) -> None:
    """The API is printed as a table, or as JSON like `Client.view_api`."""
    code, output, _ = run_here("view-api", server.url)
    assert code == 0 and "── /add ─" in output and 'app.predict("/add", [' in output
    code, output, _ = run_here("view-api", server.url, "--json")
    assert code == 0 and "/add" in json.loads(output)["named_endpoints"]
    code, output, _ = run_here("view-api", server.url, "add", "--json")
    assert code == 0 and list(json.loads(output)["named_endpoints"]) == ["/add"]
    code, output, stderr = run_here("view-api", server.url, "/ad")
    assert (code, output) == (3, "") and "/add" in stderr


@pytest.mark.gradio
def test_types_writes_a_module_that_works(server: Server, tmp_path: Path) -> None:
    """The generated module works, and ``--check`` finds it unchanged."""
    module = tmp_path / "my_app.py"
    assert run("types", server.url, "-o", str(module)) == (0, "", "")
    assert run("types", server.url) == (0, module.read_text("utf-8"), "")
    assert run("types", server.url, "--check", str(module)) == (0, "", "")
    program = (
        "import my_app; from gradio_client_sync import Client\n"
        "with Client(my_app.SOURCE) as app: print(my_app.add(app, 2, b=3.5))"
    )
    assert run(python=("-c", program), PYTHONPATH=str(tmp_path)) == (0, "5.5\n", "")


@pytest.mark.client_only
@pytest.mark.gradio
def test_status_of_an_app_at_a_url(server: Server) -> None:
    """The status of an app at a URL is "running" if it responds."""
    code, output, _ = run("status", server.url)
    assert code == 0 and output.startswith(
        f"running  Gradio {server.version.strip()} at {server.url}"
    )


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """Yield a server with a login."""
    with Server("6.31.0", auth="ada:secret:word") as server:
        yield server


@pytest.mark.gradio
def test_login(guarded: Server) -> None:
    """``--auth`` accepts a password with colons; a missing or wrong one has its own exit code."""
    add = ("predict", guarded.url, "/add", "2", "3")
    assert run(*add, "--auth", "ada:secret:word") == (0, "5\n", "")
    assert run(*add, GRADIO_CLIENT_SYNC_AUTH="ada:secret:word")[0] == 0
    for more in ((), ("--auth", "ada:wrong")):
        code, _, stderr = run(*add, *more)
        assert code == 4 and "wrong" not in stderr
        assert "auth is --auth user:password" in stderr


# -- fake apps


def test_hostile_text_is_data_on_a_pipe_and_harmless_json() -> None:
    """On a pipe the app's text is unchanged, and JSON has control characters as escapes."""
    with FakeApp() as app:

        @app.endpoint
        def f() -> str:
            return "\x1b[31mred\x9b\u202e"

        assert run("predict", app.url)[:2] == (0, "\x1b[31mred\x9b\u202e\n")
        code, output, _ = run("predict", app.url, "--json")
    assert code == 0 and output == '["\\u001b[31mred\\u009b\\u202e"]\n'


def test_endpoint_may_be_left_out_where_there_is_one() -> None:
    """If there is one endpoint, every word is a value, even if it looks like a name."""
    with FakeApp() as app:
        app.endpoint(f)
        for word in ("f", "0", "@@at", '"a=b"'):
            assert run_here("predict", app.url, word)[0] == 0
    assert [call.data for call in app.calls] == [["f"], ["0"], ["@at"], ["a=b"]]


def f(text: str) -> str:
    """Return the text."""
    return text


def empty() -> str:
    """Return no text."""
    return ""


def test_types_leaves_other_files_alone(tmp_path: Path) -> None:
    """A file that this command did not write is neither overwritten nor read as a module."""
    other = tmp_path / "mine.py"
    other.write_text("precious = 1\n", "utf-8")
    with FakeApp() as app:
        for option in ("-o", "--check"):
            code, _, stderr = run("types", app.url, option, str(other))
            assert code == 2 and "not written by this command" in stderr
    assert other.read_text("utf-8") == "precious = 1\n"


def test_types_check_names_what_changed(tmp_path: Path) -> None:
    """``--check`` compares the whole app, and does not run the file."""
    module = tmp_path / "my_app.py"
    with FakeApp() as app:
        app.endpoint("/f")(f)
        app.endpoint("/g")(f)
        run("types", app.url, "-o", str(module))
    module.write_text(module.read_text("utf-8") + "\nraise SystemExit('was run')\n", "utf-8")
    with FakeApp() as app:
        app.endpoint("/f")(empty)
        app.endpoint("/h")(f)
        code, output, stderr = run("types", app.url, "--check", str(module))
    assert (code, output) == (3, "")
    assert "'/f': parameter 'text' no longer exists; '/g' no longer exists; '/h' takes" in stderr
    assert "'/h' is new" in stderr


def test_closed_pipe_is_no_error() -> None:
    """If the reader closes the pipe early, there is no message and no traceback."""
    with FakeApp() as app:
        app.endpoint("/f")(lambda text: text * 1_000_000)
        process = subprocess.Popen(
            [sys.executable, "-m", "gradio_client_sync", "predict", app.url, "x"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(ENDS) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_full_disk_behind_standard_output_is_named() -> None:
    """There is one line on standard error, also when Python flushes the output at its exit."""
    with FakeApp() as fake, open("/dev/full", "wb") as full:

        @fake.endpoint("/echo")
        def echo(text: str) -> str:
            return text

        done = subprocess.run(
            [sys.executable, "-m", "gradio_client_sync", "predict", fake.url, "x"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=ENDS,
        )
    assert done.returncode == 10
    assert done.stderr.decode() == (
        "gradio-client-sync: Standard output cannot be written: No space left on device.\n"
    )


# -- Spaces, on a Hub of this machine


@pytest.mark.gradio
def test_status_follows_a_space_until_it_runs(hub: LocalHub, newest: Server) -> None:
    """Each stage of a Space is a line, and the last one has the app's URL."""
    hub.add("alice/open", "SLEEPING", "BUILDING", "RUNNING", app=newest.url)
    code, output, stderr = run("status", "alice/open", HF_ENDPOINT=hub.url)
    assert (code, stderr) == (0, "")
    states = [line.split("  ")[0] for line in output.splitlines()]
    assert states[0] == "sleeping" and states[-1] == "running"
    assert f"Gradio {newest.version.strip()} at " in output


@pytest.mark.gradio
def test_status_of_an_unknown_space(hub: LocalHub) -> None:
    """An unknown Space has the exit code of Spaces, and the doctor's cause is "Space"."""
    code, _, stderr = run("status", "alice/nothing", HF_ENDPOINT=hub.url)
    assert code == 11 and "alice/nothing" in stderr
    code, output, _ = run("doctor", "alice/nothing", HF_ENDPOINT=hub.url)
    assert code == 11 and output.endswith("Cause: Space\n")


@pytest.mark.gradio
def test_duplicate_prints_where_the_copy_is(hub: LocalHub, newest: Server) -> None:
    """The command waits until the copy runs, and refuses unknown hardware."""
    hub.add("erin/paint", app=newest.url)
    command = ("duplicate", "erin/paint", "--token", OWNER)
    code, output, stderr = run(*command, "--hardware", "abacus", HF_ENDPOINT=hub.url)
    assert (code, output) == (11, "") and "abacus" in stderr
    code, output, stderr = run(*command, "--private", "--sleep-after", "10", HF_ENDPOINT=hub.url)
    assert code == 0 and output.startswith("http")
    assert stderr == (  # free hardware has its own rule
        "gradio-client-sync: timeout=10 has no effect on 'cpu-basic': the Hub sets the sleep "
        "time of free hardware.\n"
    )
