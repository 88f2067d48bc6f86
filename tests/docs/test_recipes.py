"""The page of recipes: it shows the programs in ``examples/recipes``, which run here for real."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest
import requests

from tests.docs.test_installed import archives
from tests.docs.test_installed import done as completed
from tests.docs.test_installed import environment as make_environment
from tests.support.listeners import BOUND
from tests.support.servers.environments import uv_command
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import RECIPES, Server

__all__ = ["archives"]  # a fixture

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "recipes"
PAGE = ROOT / "docs" / "recipes.md"


def test_page_shows_the_programs() -> None:
    """Each program of the folder is in the page as it is, without the text at its top."""
    shown = re.findall(r"^```(?:python|html)\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    programs = [path for path in FOLDER.iterdir() if path.suffix in (".py", ".html")]
    texts = [path.read_text("utf-8") for path in programs]
    written = [re.sub(r'\A""".*?"""\n+', "", text, flags=re.S) for text in texts]
    assert sorted(shown) == sorted(written)


@pytest.fixture(params=["6.31.0"])
def served(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return a server with the app of the recipes."""
    return server_pool.get(request.param, app=(RECIPES,))


@pytest.fixture
def new_key(served: Server) -> Iterator[Callable[[], str]]:
    """Yield a function that makes names for this test's calls, which end with the test."""
    names: list[str] = []

    def make() -> str:
        names.append(uuid.uuid4().hex)
        return names[-1]

    yield make
    for name in names:
        served.control.release(name)


@pytest.fixture
def key(new_key: Callable[[], str]) -> str:
    """Return a name for this test's calls on the server, which end with the test."""
    return new_key()


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **variables}


def run(name: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    command = [sys.executable, str(FOLDER / name), *arguments]
    options = {"env": environment(), "timeout": 60, **options}
    return subprocess.run(command, capture_output=True, text=True, **options)


@contextmanager
def running(*command: str, until: str, **variables: str) -> Iterator[re.Match[str]]:
    """Run a program until the block ends; it has started when it writes what ``until`` finds."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=FOLDER,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            found = re.search(until, said)
            if found is not None:
                yield found
                break
        else:
            raise AssertionError(f"{command} ended:\n{said}")
    finally:
        process.terminate()
        process.communicate(timeout=60)


def needs(*modules: str) -> None:
    """Skip the test if a module of the extra ``examples`` is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module} (extra examples)")


# -- web pages


@contextmanager
def page_of(kind: str, url: str) -> Iterator[str]:
    """Run a web server, and yield its address."""
    commands = {
        "flask": ("-m", "flask", "--app", "flask_stream", "run", "--port", "0"),
        "django": ("django_stream.py", "runserver", "--noreload", "127.0.0.1:0"),
        "fastapi": ("-m", "uvicorn", "fastapi_stream:web", "--port", "0"),
    }
    with running(*commands[kind], until=r"(http://127\.0\.0\.1:[1-9]\d+)", GRADIO_URL=url) as at:
        yield at[1]


def ask(text: str) -> str:
    """Return a script that asks for a text, and waits until some of the reply is shown."""
    return f"""new Promise(shown => {{
        const answer = document.querySelector("pre")
        new MutationObserver(() => answer.textContent && shown()).observe(
            answer, {{childList: true}})
        document.querySelector("input").value = {json.dumps(text)}
        document.querySelector("button").click()
    }})"""


LOADED = "new Promise(done => document.readyState === 'complete' ? done() : onload = done)"
ENDED = """new Promise(done => {
    const answer = document.querySelector("pre")
    const check = () => answer.textContent.includes(%s) && done(answer.textContent)
    new MutationObserver(check).observe(answer, {childList: true})
    check()
})"""

WEB = ["flask", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("django", "fastapi"))]


@pytest.mark.gradio
@pytest.mark.parametrize("kind", WEB)
def test_page_shows_replies_until_it_is_left(kind: str, served: Server, key: str) -> None:
    """A browser shows a reply, an error, and a reply that grows; leaving the page cancels it."""
    browser_module = pytest.importorskip("tests.support.browser")
    if browser_module.render.chromium() is None:
        pytest.skip("Chromium is not installed")
    needs(kind)
    with page_of(kind, served.url) as address, browser_module.Browser() as browser:
        browser.open(address)
        browser.run(LOADED)
        browser.run(ask("Hello"))
        assert browser.run(ENDED % '"time"') == "Hello: once upon a time"
        browser.run(ask("fail"))
        assert "no luck" in browser.run(ENDED % '"luck"')
        browser.run(ask(f"endless:{key}"))
        assert browser.run(ENDED % '"and and"')
        browser.open("about:blank")
        assert served.control.await_stopped(key)


@pytest.mark.gradio
@pytest.mark.parametrize("kind", WEB)
def test_leaving_cancels_a_silent_job(kind: str, served: Server, key: str) -> None:
    """The job is cancelled when its reader leaves, also if the app has said nothing yet."""
    needs(kind)
    with page_of(kind, served.url) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), BOUND) as reader:
            reader.sendall(f"GET /chat?text=silent:{key} HTTP/1.0\r\n\r\n".encode())
            assert served.control.await_started(key)
        assert served.control.await_stopped(key)


@pytest.mark.gradio
@pytest.mark.long
def test_fastapi_returns_a_result(served: Server) -> None:
    """A function that is not a coroutine may call the app and wait."""
    needs("fastapi", "uvicorn")
    with page_of("fastapi", served.url) as address:
        assert requests.get(f"{address}/add?a=2&b=3", timeout=BOUND).json() == 5


CHANGES = """new Promise(done => {
    const isSo = () => { %s }
    const check = () => isSo() && (observer.disconnect(), done())
    const observer = new MutationObserver(check)
    observer.observe(document, {childList: true, subtree: true, characterData: true})
    check()
})"""
BUTTON = "[...document.querySelectorAll('button')].find(one => one.textContent.includes('Ask'))"


def ask_streamlit(browser: Any, text: str, shown: str) -> None:
    """Ask for a text, and wait until the page shows what is expected."""
    browser.run(CHANGES % f"return {BUTTON} && document.querySelector('input')")
    browser.run("document.querySelector('input').focus(); document.activeElement.select()")
    browser.command("Input.insertText", text=text)
    browser.run(f"{BUTTON}.focus(); {BUTTON}.click()")
    browser.run(CHANGES % f"return document.body.innerText.includes({json.dumps(shown)})")


@pytest.mark.gradio
@pytest.mark.long
def test_streamlit_shows_replies_until_it_is_left(
    served: Server, new_key: Callable[[], str]
) -> None:
    """The page shows a reply that grows. Another question, or leaving, cancels the job."""
    browser_module = pytest.importorskip("tests.support.browser")
    if browser_module.render.chromium() is None:
        pytest.skip("Chromium is not installed")
    needs("streamlit")
    options = ("--server.headless=true", "--server.port=0", "--server.address=127.0.0.1")
    command = ("-m", "streamlit", "run", "streamlit_chat.py", *options)
    silent, left = new_key(), new_key()
    with running(*command, until=r"(http://127\.0\.0\.1:\d+)", GRADIO_URL=served.url) as at:
        with browser_module.Browser() as browser:
            browser.open(at[1])
            browser.run(LOADED)
            ask_streamlit(browser, f"silent:{silent}", "Ask")
            assert served.control.await_started(silent)
            ask_streamlit(browser, "Hello", "Hello: once upon a time")
            assert served.control.await_stopped(silent)
            ask_streamlit(browser, f"endless:{left}", "and and and")
        assert served.control.await_stopped(left)


# -- scripts


@pytest.mark.gradio
def test_asyncio_calls(served: Server) -> None:
    """Coroutines get results and values, and a timeout stops the job."""
    done = run("asyncio_calls.py", served.url)
    assert done.returncode == 0 and not done.stderr, done.stderr
    first, *texts, last = done.stdout.splitlines()
    assert (first, last) == ("55", "stopped")
    assert texts[0] == "Hello:" and texts[-1] == "Hello: once upon a time"
    assert served.control.await_stopped("recipes")


@pytest.mark.gradio
def test_thread_pool(served: Server) -> None:
    """Threads share a client."""
    assert run("thread_pool.py", served.url).stdout == "5050\n"


@pytest.mark.gradio
def test_cron_report(served: Server, tmp_path: Path) -> None:
    """The script runs without HOME, in a folder that it may not write to, for a user without one.

    It prints nothing. If it fails, it prints one line and its exit status says so.
    """
    tmp_path.chmod(0o755)
    target = tmp_path / "data"
    target.mkdir()
    options: dict[str, Any] = {"cwd": "/", "env": {"PYTHONPATH": str(ROOT)}}
    if sys.platform != "win32" and os.getuid() == 0 and _others_may_read(tmp_path):
        target.chmod(0o777)
        options.update(user=65534, group=65534, extra_groups=[])
    report = target / "report.txt"
    done = run("cron_report.py", served.url, str(report), **options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert report.read_text("utf-8") == "all is well\n"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    done = run("cron_report.py", nowhere, str(report), **options)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and nowhere in done.stderr


def _others_may_read(*paths: Path) -> bool:
    """Return whether any user can read these folders, this project and this Python."""
    wanted = [*paths, FOLDER, Path(sys.executable).resolve(), Path(json.__file__)]
    return all(
        (folder.stat().st_mode & 0o5) == 0o5
        for path in wanted
        for folder in (path, *path.parents)
        if folder.is_dir()
    )


@pytest.mark.gradio
def test_json_log(served: Server) -> None:
    """Each line of the log is a JSON object, those of errors too."""
    done = run("json_log.py", served.url)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["level"] for line in lines} == {"DEBUG", "INFO", "ERROR"}
    added, failed = [line for line in lines if line["level"] == "INFO"]
    assert added["message"] == "/add: complete" and added["bytes"] > 100
    assert failed["message"] == "/chat: error"
    assert lines[-1]["error"].endswith("no luck")
    assert done.stdout == "5\n"


TYPING = """
import sys

from gradio_client_sync import Client
from tkinter_chat import Window

url, key = sys.argv[1:]


def ask(text, shown, then):
    window.field.delete(0, "end")
    window.field.insert(0, text)
    window.button.invoke()
    wait(shown, then)


def wait(shown, then):
    if shown in window.reply["text"]:
        print(window.reply["text"])
        then()
    else:
        window.after(20, wait, shown, then)


def leave():
    job = window.job
    window.destroy()
    print(job.cancelled())


with Client(url) as app:
    window = Window(app)
    last = lambda: ask(f"endless:{key}", "and and", leave)
    window.after(0, ask, "Hello", "a time", last)
    window.mainloop()
"""


@pytest.mark.gradio
@pytest.mark.skipif(
    shutil.which("xvfb-run") is None or shutil.which("xauth") is None,
    reason="xvfb-run or xauth is not installed",
)
def test_tkinter_window(served: Server, key: str) -> None:
    """The window shows a reply, and one that grows; closing it cancels the job."""
    pytest.importorskip("tkinter")
    done = subprocess.run(
        ["xvfb-run", "--auto-servernum", sys.executable, "-c", TYPING, served.url, key],
        cwd=FOLDER,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    reply, growing, cancelled = done.stdout.splitlines()
    assert reply == "Hello: once upon a time" and growing.startswith("and and")
    assert cancelled == "True"
    assert served.control.await_stopped(key)


#: A broker and results that need no server: folders.
FOLDERS = """
import sys

import celery_tasks as tasks

queue, control, *worker = sys.argv[1:]
tasks.app.conf.broker_transport_options = {
    "data_folder_in": queue, "data_folder_out": queue, "control_folder": control,
}
"""
WORK = f"{FOLDERS}tasks.app.worker_main(worker)"
ORDER = f"""{FOLDERS}
import threading

cooking, seen, pace = tasks.cook.delay(3), [], threading.Event()
while not cooking.ready():
    seen.append((cooking.state, str(cooking.info)))
    pace.wait(0.02)
print(cooking.get(), *dict.fromkeys(seen), sep="\\n")
"""


@pytest.mark.gradio
@pytest.mark.long
def test_celery_tasks(served: Server, tmp_path: Path) -> None:
    """A worker that forks calls the app with the client of the module, and publishes progress."""
    needs("celery")
    queue, control, results = (tmp_path / name for name in ("queue", "control", "results"))
    for folder in (queue, control, results):
        folder.mkdir()
    variables = {
        "BROKER_URL": "filesystem://",
        "RESULT_URL": results.as_uri(),
        "GRADIO_URL": served.url,
    }
    options = ("worker", "--concurrency=1", "--loglevel=INFO", "--without-mingle")
    worker = ("-c", WORK, str(queue), str(control), *options)
    with running(*worker, until=r"celery@\S+ ready", **variables):
        done = subprocess.run(
            [sys.executable, "-c", ORDER, str(queue), str(control)],
            cwd=FOLDER,
            env=environment(**variables),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    result, *states = done.stdout.splitlines()
    assert result == "['done']"
    assert "PROGRESS" in states[-1] and "'of': 3" in states[-1]


# -- programs in one file


@pytest.mark.gradio
@pytest.mark.long
def test_packed_in_a_zip_file(served: Server, archives: tuple[Path, Path], tmp_path: Path) -> None:
    """A zip file with the package and its dependencies runs with a bare Python."""
    folder, packed = tmp_path / "folder", tmp_path / "packed.pyz"
    python = ("--python", sys.executable)
    completed(*uv_command(), "pip", "install", "--quiet", *python, "--target", folder, archives[1])
    shutil.copy(FOLDER / "packed.py", folder / "__main__.py")
    completed(sys.executable, "-m", "zipapp", folder, "--output", packed)
    # -I -S: without the packages of this environment
    assert completed(sys.executable, "-I", "-S", packed, served.url, "2", "3", cwd="/") == "5.0\n"


@pytest.mark.gradio
@pytest.mark.long
@pytest.mark.timeout(900)  # PyInstaller reads a thousand modules
def test_packed_by_pyinstaller(served: Server, archives: tuple[Path, Path], tmp_path: Path) -> None:
    """PyInstaller finds all modules that the program needs."""
    programs = make_environment(tmp_path / "env", archives[1], "pyinstaller==6.22.3")
    completed(programs / "pyinstaller", "--onefile", FOLDER / "packed.py", cwd=tmp_path)
    packed = tmp_path / "dist" / "packed"
    assert completed(packed, served.url, "2", "3", cwd="/", env={}) == "5.0\n"
