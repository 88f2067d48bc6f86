"""The code in the pages runs unchanged, and their links lead to something.

The blocks of a page run from top to bottom in one namespace, as a reader would type them. At the
start of each block, ``app`` is connected to `tests/support/servers/pages.py`. Blocks that do not
run are listed here with the reason. Any other block fails
`test_every_block_is_run_or_has_a_reason`.
"""

from __future__ import annotations

import doctest
import importlib
import json
import logging
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

import gradio_client_sync
from benchmarks import windows_picture
from docs.pictures import draw_job
from gradio_client_sync import Client, Pool
from tests.conftest import SERVERS
from tests.interfaces.typed.test_codegen import ROOT
from tests.support.hub.hub import Account, LocalHub
from tests.support.listeners import BOUND
from tests.support.media import png
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

NEWEST = "6.31.0"
PAGES = ROOT / "tests" / "support" / "servers" / "pages.py"
ADDRESS = "http://127.0.0.1:7860"
BELOW_A_PATH = "https://example.org/tools/app"
BLOCK = re.compile(r"^```(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

#: Python blocks that another test runs, because it has what they need.
PYTHON_ELSEWHERE = {
    "docs/files.md": "test_examples.py",
    "docs/gateways.md": "test_gateway_logins.py",
    "docs/processes.md": "test_clusters.py",
    "docs/recipes.md": "test_recipes.py",
    "docs/replicas.md": "test_pool_real.py",
    "docs/spaces.md": "test_spaces_docs.py",
    "docs/testing.md": "kit/test_testing_page.py",
    "docs/typed-modules.md": "test_typed_module_runs, after the command before it",
}
#: Parts of pages that another test runs, by their heading.
PARTS_ELSEWHERE = {("README.md", "Spaces"): "test_spaces_docs.py"}

#: Shell lines that are not run here, with the reason.
SHELL_NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install -e '.[demo]' && "
    ".venv/bin/gradio-client-sync demo": "test_demo.py runs the demo; installing takes minutes",
    "python3 -m venv .venv && .venv/bin/pip install -e '.[tests]' && "
    ".venv/bin/python -m pytest -n 4": "it runs this test; the CI takes it from the README",
    "python3 -m pip install .": "test_installed.py and the CI install the package",
    "pip install 'gradio-client-sync[cli]'": "the CI installs the package that it has built",
    "python3 -m venv .venv": "the test runs in such an environment",
    ".venv/bin/pip install -e '.[dev]'": "the test runs in such an environment",
    ".venv/bin/python -m pytest -n 4": "it runs this test",
    "bash .ci/run": "it runs this test",
    "GRADIO_URL=http://127.0.0.1:7860 flask --app flask_stream run": "test_recipes.py runs it",
    "GRADIO_URL=http://127.0.0.1:7860 uvicorn fastapi_stream:web": "test_recipes.py runs it",
    "GRADIO_URL=http://127.0.0.1:7860 python django_stream.py runserver": (
        "test_recipes.py runs it"
    ),
    "celery --app celery_tasks worker": "test_recipes.py runs it",
    "GRADIO_URL=http://127.0.0.1:7860 streamlit run streamlit_chat.py": "test_recipes.py runs it",
    "pip install --target folder gradio-client-sync": "test_recipes.py runs it",
    "cp packed.py folder/__main__.py": "test_recipes.py runs it",
    "python -m zipapp folder --output packed.pyz": "test_recipes.py runs it",
    "python packed.pyz http://127.0.0.1:7860 2 3": "test_recipes.py runs it",
    "pip install pyinstaller": "test_recipes.py runs it",
    "pyinstaller --onefile packed.py": "test_recipes.py runs it",
    "dist/packed http://127.0.0.1:7860 2 3": "test_recipes.py runs it",
    "python -m benchmarks            # everything, about an hour": "takes too long",
    "python -m benchmarks --short    # two minutes; too few figures to compare with the limits": (
        "a step of the CI"
    ),
    'python -m benchmarks --only "one call" --output found.json': "takes too long",
}
#: Kinds of blocks that are not code, and what reads them.
NOT_CODE = {
    "text": "what is printed",
    "pycon": "test_mistakes.py runs it",
    "html": "test_recipes.py opens it",
    "{toctree}": "Sphinx reads it",
    "{eval-rst}": "Sphinx reads it",
}


class Block(NamedTuple):
    """A block of code of a page, and its heading."""

    page: str
    line: int
    heading: str
    kind: str
    text: str


def pages() -> list[str]:
    """Return every page for readers, by its path in the repository."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def blocks(page: str, kind: str = "") -> list[Block]:
    text = (ROOT / page).read_text("utf-8")
    found = []
    for block in BLOCK.finditer(text):
        before = text[: block.start()]
        headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", before), re.MULTILINE)
        heading = headings[-1] if headings else ""
        found.append(Block(page, before.count("\n") + 1, heading, block[1], block[2]))
    return [block for block in found if kind in ("", block.kind)]


def is_elsewhere(block: Block) -> bool:
    return block.page in PYTHON_ELSEWHERE or (block.page, block.heading) in PARTS_ELSEWHERE


PYTHON_PAGES = [
    page for page in pages() if any(not is_elsewhere(block) for block in blocks(page, "python"))
]
SHELL_PAGES = [page for page in pages() if blocks(page, "sh")]
#: Another test writes this page again and compares; its commands fail on purpose.
MISTAKES_PAGE = "docs/mistakes.md"
CONSOLE_PAGES = [page for page in pages() if blocks(page, "console") and page != MISTAKES_PAGE]


def test_every_block_is_run_or_has_a_reason() -> None:
    """Each block has a known kind, and each listed exception exists."""
    kinds = {block.kind for page in pages() for block in blocks(page)}
    assert kinds <= {"python", "sh", "console", *NOT_CODE}
    lines = {line for page in SHELL_PAGES for block in blocks(page, "sh")
             for line in block.text.splitlines()}  # fmt: skip
    assert lines >= SHELL_NOT_RUN.keys()
    assert PYTHON_ELSEWHERE.keys() <= set(pages())
    headings = {(b.page, b.heading) for page in pages() for b in blocks(page, "python")}
    assert headings >= PARTS_ELSEWHERE.keys()


def test_a_clone_is_a_clone_of_something() -> None:
    """Where a page says that something needs a clone, it says of what."""
    texts = {page: (ROOT / page).read_text("utf-8") for page in pages()}
    assert [page for page, text in texts.items() if re.search(r"\bclone\b(?! of\b)", text)] == []


def test_every_fence_is_a_block() -> None:
    """Each fence is read as a block: one with a space or without a word would not run."""
    for page in pages():
        fences = re.findall(r"^\s*(?:```|~~~)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks(page)), page


# -- Python


@pytest.fixture
def newest(server_pool: ServerPool) -> Server:
    """Return a server with the app of the pages."""
    if NEWEST not in SERVERS:
        pytest.skip("the pages are about the newest server")
    return server_pool.get(NEWEST, app=(PAGES,))


@pytest.fixture
def logger() -> Iterator[None]:
    """Restore the level of the package's log after a page has changed it."""
    level = logging.getLogger("gradio_client_sync").level
    yield
    logging.getLogger("gradio_client_sync").setLevel(level)


def given() -> dict[str, Any]:
    """Return the names that the pages use without defining them: listeners, and recorded text."""
    names: dict[str, Any] = {"first_second": "hello", "next_second": " there"}
    names.update(recording=[" there", " and", " here"])
    names.update(dict.fromkeys(("show", "watch", "note", "rebuild", "count"), print))
    return names


@pytest.mark.gradio
@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python_blocks_run(
    page: str,
    newest: Server,
    server_pool: ServerPool,
    hub: LocalHub,
    logger: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every block of a page runs without an error."""
    (tmp_path / "cat.png").write_bytes(png(0, 128, 0))
    monkeypatch.chdir(tmp_path)
    hub.accounts["hf_xxx"] = Account("user")
    hub.add("user/space-name", app=newest.url)
    code = [block for block in blocks(page, "python") if not is_elsewhere(block)]
    addresses = {ADDRESS: newest.url}
    if any(BELOW_A_PATH in block.text for block in code):
        addresses[BELOW_A_PATH] = server_pool.get(NEWEST, mount="/app").url
    names = given()
    for block in code:
        text = block.text
        for address, there in addresses.items():
            text = text.replace(address, there)
        with Client(newest.url) as app:
            names["app"] = app
            exec(compile(text, f"{page}, line {block.line}", "exec"), names)
            if names["app"] is not app:
                names["app"].close()


@pytest.mark.gradio
def test_picture_of_a_jobs_life_is_up_to_date(newest: Server) -> None:
    """The picture has the events of a real job with two values, in order, and is up to date."""
    received: list[str] = []
    with Client(newest.url) as app:
        job = app.submit("/count", [2])
        job.on("status", lambda status: received.append(f"status {status.stage}"))
        job.on("data", lambda data: received.append("data"))
        job.result(BOUND)
    assert received == [step.heard for step in draw_job.STEPS if step.heard]
    picture = Path(draw_job.__file__).with_name("job.svg").read_text("utf-8")
    assert picture == draw_job.drawing(), "run python -m docs.pictures.draw_job"


def test_picture_of_numbers_in_flight_is_up_to_date() -> None:
    """The picture shows the figures that are kept beside it."""
    kept, drawn = (windows_picture.PICTURES / f"in_flight.{kind}" for kind in ("json", "svg"))
    picture = windows_picture.picture(json.loads(kept.read_text("utf-8")))
    assert drawn.read_text("utf-8") == picture, "run python -m benchmarks.windows_picture"


@pytest.mark.gradio
def test_typed_module_runs(server_pool: ServerPool, tmp_path: Path) -> None:
    """The code of the page runs unchanged after the command before it."""
    if NEWEST not in SERVERS:
        pytest.skip("the page is about the newest server")
    url = server_pool.get(NEWEST).url
    page = "docs/typed-modules.md"
    [(command, _)] = commands(page)
    run(command, url, tmp_path)
    outputs = []
    for block in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-c", block.text.replace(ADDRESS, url)],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
        )
        assert (done.returncode, done.stderr) == (0, "")
        outputs.append(done.stdout)
    assert outputs[0].splitlines() == ["5", "a 2 True blue", "0", "1", "2", "2"]
    assert outputs[1].splitlines()[1:] == ["a 3 True red", "['0', '1', '2', '2'] 2"]
    assert outputs[2].splitlines() == ["5"]


@pytest.mark.gradio
def test_docstrings_run(newest: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples in docstrings give the output that they show."""
    (tmp_path / "cat.png").write_bytes(png(0, 128, 0))
    monkeypatch.chdir(tmp_path)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    failures: list[str] = []
    count = 0
    for module in modules():
        for test in finder.find(module, globs=dict(vars(module))):
            if not test.examples:
                continue
            count += 1
            with Client(newest.url) as app, Pool([newest.url]) as pool:
                test.globs.update(given(), Client=Client, app=app, pool=pool)
                for example in test.examples:
                    example.source = example.source.replace(ADDRESS, newest.url)
                runner.run(test, out=failures.append, clear_globs=False)
                if test.globs["app"] is not app:
                    test.globs["app"].close()
    assert not failures, "".join(failures)
    assert count >= 15


def modules() -> Iterator[Any]:
    """Yield the package and each of its modules."""
    yield gradio_client_sync
    for found in pkgutil.walk_packages(gradio_client_sync.__path__, "gradio_client_sync."):
        if found.name != "gradio_client_sync.__main__":
            yield importlib.import_module(found.name)


# -- a shell


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Yield each command of the console blocks, with the output that is shown."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def run(command: str, url: str, folder: Path) -> str:
    """Run a command line of this package as a shell would, and return its output."""
    line, _, filtered = command.replace(ADDRESS, url).partition(" | ")
    program, *arguments = shlex.split(line)
    assert program == "gradio-client-sync"
    done = subprocess.run(
        [sys.executable, "-m", "gradio_client_sync", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    if not filtered:
        return done.stdout
    assert filtered == "tail -n 1"
    return done.stdout.splitlines(keepends=True)[-1]


@pytest.mark.gradio
@pytest.mark.parametrize("page", CONSOLE_PAGES)
def test_console_blocks_show_what_is_printed(
    page: str, server_pool: ServerPool, tmp_path: Path
) -> None:
    """Every command prints what the page shows."""
    if NEWEST not in SERVERS:
        pytest.skip("the pages are about the newest server")
    url = server_pool.get(NEWEST).url
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n3,4\n")
    shown = list(commands(page))
    assert shown
    for command, output in shown:
        assert run(command, url, tmp_path) == output, command


@pytest.mark.gradio
@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages write for a shell")
@pytest.mark.parametrize("page", SHELL_PAGES)
def test_shell_blocks_run(page: str, newest: Server, hub: LocalHub, tmp_path: Path) -> None:
    """Every shell line ends with success, except those that are listed with a reason."""
    hub.add("user/space", app=newest.url)
    program = tmp_path / "bin" / "gradio-client-sync"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gradio_client_sync "$@"\n'
    )
    program.chmod(0o755)
    for block in blocks(page, "sh"):
        for line in block.text.splitlines():
            if line in SHELL_NOT_RUN or not line:
                continue
            done = subprocess.run(
                ["bash", "-euc", line.replace(ADDRESS, newest.url)],
                cwd=tmp_path,
                env={
                    **os.environ,
                    "HOME": str(tmp_path),
                    "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
            )
            assert (done.returncode, done.stderr) == (0, ""), line


# -- links


class Anchors(HTMLParser):
    """The names in a page that a URL's fragment can use."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.update(value for name, value in attrs if name in ("id", "name") and value)


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page: its headings as GitHub and MyST name them."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    found = Anchors(text).names
    for heading in re.findall(r"^#+ +(.+)$", text, re.MULTILINE):
        words = re.sub(r"[^\w\s-]", "", re.sub(r"\[(.+?)\]\(.+?\)", r"\1", heading).lower())
        found.add(re.sub(r"\s", "-", words.strip()))
    return found


def links(page: Path) -> Iterator[str]:
    """Yield the links of a page, also of pictures and downloads."""
    text = re.sub(r"`[^`\n]+`", "", BLOCK.sub("", page.read_text("utf-8")))
    yield from re.findall(r"\]\(\s*<?([^)\s>]+)", text)
    yield from re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.MULTILINE)
    yield from re.findall(r"\b(?:src|href)=\"([^\"]+)\"", text)
    yield from re.findall(r"\{download\}`[^`]*<([^>`]+)>`", page.read_text("utf-8"))


@pytest.mark.parametrize(
    "page", [*pages(), "tests/README.md", "tests/support/transcripts/README.md"]
)
def test_links_have_targets(page: str) -> None:
    """A link within the repository names a file that exists, and a heading in it."""
    path = ROOT / page
    for link in links(path):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https" and parts.netloc, link
            continue
        there = path if not parts.path else path.parent / unquote(parts.path)
        assert there.exists(), f"{page} leads to {link}"
        if parts.fragment:
            assert parts.fragment in anchors(there), f"{page} leads to {link}"


def test_every_page_can_be_found() -> None:
    """Each page is in the table of contents, and the README links to it."""
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    listed = set(re.findall(r"^[\w-]+$", index, re.MULTILINE))
    own = {Path(page).stem for page in pages() if page.startswith("docs/")} - {"index"}
    assert own <= listed
    readme = set(links(ROOT / "README.md"))
    assert {f"docs/{name}.md" for name in own - {"api"}} <= readme
