"""Mistakes that a person makes, each as the code of a script or a notebook cell.

`run_scripts` and `run_cells` run all of them in a fresh process of Python or IPython, and return
what each one prints. The code finds the names of `Situation` as global names.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

BOUND = 120.0  # s; a bound for failures, never a delay


class Situation(NamedTuple):
    """What the code of the mistakes finds.

    Attributes:
        url: The URL of a real server.
        tls_url: The https URL of another one, or of the same through a proxy.
        cut_url: The URL of a relay that closes each connection.
        folder: An empty folder.
    """

    url: str
    tls_url: str
    cut_url: str
    folder: str


#: By name: the code before the mistake, and the mistake, whose last line raises.
MISTAKES = {
    "closed port": ("", 'Client("http://127.0.0.1:1")'),
    "unknown host": ("", 'Client("http://nowhere.invalid")'),
    "https at an http port": ("", 'Client(url.replace("http:", "https:"))'),
    "http at a TLS port": ("", 'Client(tls_url.replace("https:", "http:"), retries=0)'),
    "untrusted certificate": ("", "Client(tls_url)"),
    "connection cut": ("", "Client(cut_url, retries=0)"),
    "no scheme": ("", 'Client("127.0.0.1:7860")'),
    "another path": ("", 'Client(url + "/nowhere")'),
    "no Hub": ("", 'Client("user/space")'),
    "wrong option": ("", 'Client(url, timeout="x")'),
    "unknown option": ("", "Client(url, color=1)"),
    "number as source": ("", "Client(5)"),
    "number to duplicate": ("", "Client.duplicate(5)"),
    "no token to duplicate": ("", 'Client.duplicate("user/space")'),
    "option of duplicate": ("", 'Client.duplicate("user/space", color=1)'),
    "unknown endpoint": ("", 'app.predict("/ad", [2, 3])'),
    "unknown endpoint of a job": ("", 'app.submit("/ad", [2, 3])'),
    "unknown endpoint of a function": ("", 'app.function("/ad")'),
    "missing value": ("", 'result = app.predict("/echo", [])'),
    "too many values": ("", 'app.predict("/add", [1, 2, 3])'),
    "unknown name": ("", 'app.predict("/add", {"z": 1})'),
    "bare value": ("", 'app.predict("/echo", 5)'),
    "unknown argument": ("", 'app.predict("/add", [1, 2], color=1)'),
    "not JSON": ("", 'app.predict("/echo", [object()])'),
    "wrong timeout": ("", 'app.predict("/add", [1, 2], timeout="x")'),
    "no file": ("", 'app.predict("/file", [pathlib.Path("nothing.png")])'),
    "no file to handle": ("", 'handle_file("nothing.png")'),
    "number as a file": ("", "handle_file(5)"),
    "app error": ("", 'app.predict("/fail", ["x"])'),
    "app error in a job": ("job = app.submit('/fail', ['x'])", "job.result()"),
    "app error in a loop": ("", 'for data in app.submit("/fail_midway", [2]): pass'),
    "app error without a queue": ("", 'app.predict("/direct_fail", ["x"])'),
    "timeout of a call": ("", 'app.predict("/hold", ["m1"], timeout=0.3)'),
    "timeout of a result": ("job = app.submit('/hold', ['m2'])", "job.result(timeout=0.2)"),
    "timeout of an exception": ("", "job.exception(timeout=0)"),
    "cancelled job": ("job.cancel()", "job.result()"),
    "cancelled loop": ("", "for data in job: pass"),
    "unknown event": ("", 'job.on("values", print)'),
    "no listener": ("", 'job.on("data", None)'),
    "no stream": ("", 'job.send_chunk(["x"])'),
    "end of no stream": ("", "job.close_stream()"),
    "missing argument of a function": ("echo = app.function('/echo')", "echo()"),
    "too many arguments": ("", "echo(1, 2, 3)"),
    "missing argument of a submit": ("", "echo.submit()"),
    "app error of a function": ("fail = app.function('/fail')", 'fail("x")'),
    "app error of a typed job": ("typed_job = fail.submit('x')", "typed_job.result()"),
    "app error of a typed loop": ("", "for value in typed_job: pass"),
    "changed app": (
        "api = Api({'/add': ((('c', 'float', True),), ('float',))})",
        'api.call(app, "/add", [2])',
    ),
    "changed app of a job": ("", 'api.submit(app, "/add", [2])'),
    "file as a folder": (
        "file = app.predict('/make_file', [1])[0]\npathlib.Path(folder, 'taken').touch()",
        'file.download(pathlib.Path(folder, "taken"))',
    ),
    "number as a folder": ("", "file.download(5)"),
    "wrong timeout of a download": ("", 'file.read(timeout="x")'),
    "wrong number of an output": ("sum = app.predict('/add', [1, 2])", "sum[9]"),
    "wrong label of an output": ("", 'sum["x"]'),
    "arithmetic with a result": ("", "sum + 1"),
    "change of a result": ("", "sum.append(1)"),
    "attribute of a result": ("", "sum.upper()"),
    "no text": ("", "list(app.submit('/add', [1, 2]).text())"),
    "unknown kind of event": ("", 'job.events("done")'),
    "attribute of a client": ("", "app.add(1, 2)"),
    "no component": ("", 'app.component_server(999, "ls")'),
    "closed client": ("app.close()", 'app.predict("/add", [2, 3])'),
    "closed view": ("", "app.view_api()"),
    "closed function": ("", 'app.function("/add")'),
    "closed reset": ("", "app.reset_session()"),
    "closed component": ("", 'app.component_server(1, "ls")'),
    "closed file": ("", "file.read()"),
    "closed path": ("import os", "os.fspath(file)"),
    "closed typed module": ("", 'api.call(app, "/add", [2])'),
    "unpickled client": (
        "secret = pickle.loads(pickle.dumps(Client(url, headers={'x-a': 'b'})))",
        "secret.url",
    ),
}

_HEAD = """
import json, os, pathlib, pickle, sys
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:1"
os.environ["HF_TOKEN"] = ""
from gradio_client_sync import Client, handle_file
from gradio_client_sync.typed import Api
folder, given, mistakes = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
names = {**globals(), **given, "folder": folder, "app": Client(given["url"])}
printed = {}
"""

_SCRIPTS = """
import contextlib, io
for name, (before, code) in mistakes.items():
    file = pathlib.Path(folder, "script.py")
    file.write_text(f"# {name}\\n{code}\\n")
    exec(before, names)
    import linecache
    linecache.clearcache()
    text = io.StringIO()
    try:
        exec(compile(file.read_text(), str(file), "exec"), names)
    except BaseException as exc:
        user = exc.__traceback__.tb_next
        with contextlib.redirect_stderr(text):
            sys.__excepthook__(type(exc), exc.with_traceback(user), user)
    printed[name] = text.getvalue()
"""

_CELLS = """
import contextlib, io
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.user_ns.update(names)
for name, (before, code) in mistakes.items():
    text = io.StringIO()
    shell.run_cell(before)
    with contextlib.redirect_stdout(text):
        shell.run_cell(f"# {name}\\n\\n{code}\\n")
    printed[name] = text.getvalue()
"""

_FOOT = """
print("---")
print(json.dumps(printed))
sys.stdout.flush()
os._exit(0)  # the held functions would delay the exit
"""


def run_scripts(situation: Situation) -> dict[str, str]:
    """Return what Python prints to standard error for each mistake."""
    return _run(_HEAD + _SCRIPTS + _FOOT, situation)


def run_cells(situation: Situation) -> dict[str, str]:
    """Return what IPython prints for each mistake."""
    return _run(_HEAD + _CELLS + _FOOT, situation)


def _run(program: str, situation: Situation) -> dict[str, str]:
    folder = Path(situation.folder)
    ran = subprocess.run(
        [
            *(sys.executable, "-c", program),
            *(str(folder), json.dumps(situation._asdict()), json.dumps(MISTAKES)),
        ],
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
        cwd=folder,
    )
    assert ran.returncode == 0, ran.stderr
    printed: dict[str, str] = json.loads(ran.stdout.rpartition("---\n")[2])
    return printed


#: Mistakes whose traceback has one line of the package on every Python: `Data` and attributes are
#: used too often to decorate them.
WITH_OWN_FRAME = frozenset(
    {
        "wrong number of an output",
        "wrong label of an output",
        "arithmetic with a result",
        "change of a result",
        "attribute of a result",
        "attribute of a client",
    }
)
