"""One script for either package: ``gradio_client``, or ``gradio_client_sync.compat``.

The official client runs it in the environment of a server: ``python script.py URL FOLDER CASES``
prints a JSON line with the outcome of each case. Tests call `run` for this package. Besides the
package, only the standard library is used.

A case is a function ``case_…`` of a client and the package. Its outcome is the value that it
returns, or the exception that it raises, in a form that JSON has (`shown`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import importlib
import json
import os
import sys
import threading
import time
import warnings
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

#: Directory of the files that cases send.
FILES = ("a b.txt", "note.txt")
BOUND = 15.0  # s; a bound for failures
CASE_BOUND = 20.0  # s; a bound for one case


def shown(value: Any, folder: Path) -> Any:
    """Return a value in a form that JSON has, with the name and the content of files."""
    if isinstance(value, str) and value.startswith(str(folder)) and Path(value).is_file():
        return ["file", Path(value).name, hashlib.sha256(Path(value).read_bytes()).hexdigest()]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return [type(value).__name__, shown({**fields, "time": None, "eta": None}, folder)]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(shown(part, folder) for part in value)]
    if isinstance(value, dict):
        return ["dict", {str(key): shown(value[key], folder) for key in sorted(value, key=str)}]
    return ["object", str(value)]


def outcome(function: Callable[[], Any], folder: Path) -> dict[str, Any]:
    """Return the value of a function, or its exception; a case without an end has its own."""
    found: list[dict[str, Any]] = []

    def call() -> None:
        try:
            found.append({"value": shown(function(), folder)})
        except (Exception, CancelledError) as exc:  # noqa: BLE001 - it is the outcome
            classes = [cls.__name__ for cls in type(exc).__mro__ if cls is not object]
            found.append({"error": classes, "text": str(exc)})

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(CASE_BOUND)  # the official client waits for some jobs without an end
    return found[0] if found else {"error": ["no end"], "text": ""}


class Package:
    """The package, its version, and how it marks files."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.module = importlib.import_module(name)
        self.utils = importlib.import_module(f"{name}.utils")
        self.url, self.folder = url, folder
        self.clients: list[Any] = []
        self.is_old = str(self.module.__version__).startswith("0.") and name == "gradio_client"

    def client(self, **options: Any) -> Any:
        """Return a new client."""
        given: dict[str, Any] = {"verbose": False, **options}
        if not self.is_old:  # the official client would read all certificates for each request
            given.setdefault("ssl_verify", False)
        given.setdefault(
            "output_dir" if self.is_old else "download_files", str(self.folder / "out")
        )
        return self.keep(self.module.Client(self.url, **given))

    def keep(self, client: Any) -> Any:
        """Close a client at the end of the run."""
        self.clients.append(client)
        return client

    def send(self, name: str) -> Any:
        """Return a file as an argument."""
        path = str(self.folder / name)
        return path if self.is_old else self.module.handle_file(path)


# -- calls


def case_echo(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/echo")


def case_positional(c: Any, p: Package) -> Any:
    return c.predict(2, 3, api_name="/add")


def case_several(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/pair")


def case_no_output(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/nothing")


def case_no_input(c: Any, p: Package) -> Any:
    return c.predict(api_name="/noinput")


def case_undocumented(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/hidden")


def case_by_number(c: Any, p: Package) -> Any:
    number = next(e.fn_index for e in endpoints(c) if named(e) == "add")
    return c.predict(2, 3, fn_index=number)


def case_name_beats_number(c: Any, p: Package) -> Any:
    number = next(e.fn_index for e in endpoints(c) if named(e) == "add")
    return c.predict("hi", api_name="/echo", fn_index=number)


def case_keywords(c: Any, p: Package) -> Any:
    return c.predict(b=3, a=2, api_name="/add")


def case_mixed(c: Any, p: Package) -> Any:
    return c.predict(2, b=3, api_name="/add")


def case_defaults(c: Any, p: Package) -> Any:
    return [c.predict("x", api_name="/defaults"), c.predict("x", flag=False, api_name="/defaults")]


def case_state(c: Any, p: Package) -> Any:
    client = p.client()
    before = [client.predict(api_name="/counter") for _ in range(3)]
    client.reset_session()
    return [before, client.predict(api_name="/counter")]


def case_state_in_the_middle(c: Any, p: Package) -> Any:
    return p.client().predict("x", 2, api_name="/counter_middle")


def case_named_session(c: Any, p: Package) -> Any:
    one, other = p.client(), p.client()
    one.predict(api_name="/counter")
    other.session_hash = one.session_hash
    return other.predict(api_name="/counter")


def case_own_submit(c: Any, p: Package) -> Any:
    class Loud(p.module.Client):  # type: ignore[misc,name-defined]
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            return super().submit(*(f"{arg}!" for arg in args), **kwargs)

    return p.keep(Loud(p.url, verbose=False)).predict("hi", api_name="/echo")


def case_direct(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/direct")


def case_batch(c: Any, p: Package) -> Any:
    return c.predict("hi", api_name="/batch")


def case_values_are_copies(c: Any, p: Package) -> Any:
    job = c.submit(3, api_name="/structure")
    first = job.outputs() or [next(job)]
    return len(first) > 0


# -- what is wrong


def case_unknown_name(c: Any, p: Package) -> Any:
    return c.submit("hi", api_name="/no_such")


def case_no_slash(c: Any, p: Package) -> Any:
    return c.submit("hi", api_name="echo")


def case_unknown_number(c: Any, p: Package) -> Any:
    return c.submit("hi", fn_index=999)


def case_no_name(c: Any, p: Package) -> Any:
    return c.submit("hi")


def case_private(c: Any, p: Package) -> Any:
    return c.submit("hi", api_name="/private")


def case_twice(c: Any, p: Package) -> Any:
    return c.submit(2, 3, a=5, api_name="/add")


def case_unknown_keyword(c: Any, p: Package) -> Any:
    return c.submit(2, c=3, api_name="/add")


def case_missing(c: Any, p: Package) -> Any:
    return c.submit(2, api_name="/add")


def case_surplus(c: Any, p: Package) -> Any:
    return c.predict("hi", None, api_name="/echo")


def case_fail(c: Any, p: Package) -> Any:
    return c.predict("boo", api_name="/fail")


def case_error_attributes(c: Any, p: Package) -> Any:
    try:
        c.predict("boo", api_name="/fail")
    except ValueError as exc:
        names = ("message", "title", "duration", "visible", "print_exception")
        return {name: getattr(exc, name) for name in names}


def case_crash(c: Any, p: Package) -> Any:
    return c.predict("boo", api_name="/crash")


def case_validated(c: Any, p: Package) -> Any:
    return c.predict("a", api_name="/validated")


def case_no_json(c: Any, p: Package) -> Any:
    job = c.submit(object(), api_name="/echo")
    return job.result(BOUND)


def case_no_server(c: Any, p: Package) -> Any:
    import httpx

    try:
        return p.module.Client("http://127.0.0.1:9", verbose=False)
    except httpx.ConnectError:
        return "httpx.ConnectError"


def case_no_app(c: Any, p: Package) -> Any:
    return p.module.Client(f"{p.url}/no/app/here/at/all", verbose=False)


def case_folder_is_a_file(c: Any, p: Package) -> Any:
    return p.client(download_files=str(p.folder / "note.txt"))


# -- files


def case_file(c: Any, p: Package) -> Any:
    return c.predict(p.send("a b.txt"), api_name="/file")


def case_files(c: Any, p: Package) -> Any:
    return c.predict([p.send("a b.txt"), p.send("note.txt")], api_name="/files")


def case_content(c: Any, p: Package) -> Any:
    return json.loads(c.predict(p.send("a b.txt"), api_name="/digest"))["sha256"]


def case_made_file(c: Any, p: Package) -> Any:
    return c.predict(3, api_name="/make_file")


def case_plain_dict(c: Any, p: Package) -> Any:
    form = {"path": str(p.folder / "note.txt"), "meta": {"_type": "gradio.FileData"}}
    return json.loads(c.predict(form, api_name="/digest"))["sha256"]


def case_result_as_argument(c: Any, p: Package) -> Any:
    made = c.predict(3, api_name="/make_file")
    return json.loads(c.predict(p.module.handle_file(made), api_name="/digest"))["sha256"]


def case_left_on_the_server(c: Any, p: Package) -> Any:
    client = p.client(download_files=False)
    made = client.predict(3, api_name="/make_file")
    return {key: made[key] for key in made if key not in ("path", "url")}


def case_path_of_the_server(c: Any, p: Package) -> Any:
    client = p.client(download_files=False)
    made = client.predict(3, api_name="/make_file")
    return json.loads(client.predict(made, api_name="/digest"))["sha256"]


def case_handle_file(c: Any, p: Package) -> Any:
    made = p.module.handle_file(str(p.folder / "a b.txt"))
    linked = p.module.handle_file("https://example.com/a/b.png?x=1")
    return [
        {**made, "path": Path(made["path"]).name},
        linked,
        isinstance(made, dict),
        json.loads(json.dumps(linked)),
    ]


def case_no_file(c: Any, p: Package) -> Any:
    return p.module.handle_file(str(p.folder / "missing.txt"))


def case_file_was_removed(c: Any, p: Package) -> Any:
    gone = p.folder / "gone.txt"
    gone.write_text("gone", encoding="utf-8")
    form = p.module.handle_file(str(gone))
    gone.unlink()
    job = c.submit(form, api_name="/file")
    return job.result(BOUND)


# -- jobs


def case_loop(c: Any, p: Package) -> Any:
    return list(c.submit(4, api_name="/count"))


def case_loop_of_a_plain_function(c: Any, p: Package) -> Any:
    return list(c.submit("hi", api_name="/pair"))


def case_loop_of_an_empty_generator(c: Any, p: Package) -> Any:
    return list(c.submit(api_name="/empty"))


def case_equal_values(c: Any, p: Package) -> Any:
    return [value[1] for value in c.submit(3, api_name="/structure")]


def case_structures(c: Any, p: Package) -> Any:
    return list(c.submit(6, api_name="/structure"))


def case_two_loops(c: Any, p: Package) -> Any:
    job = c.submit(4, api_name="/count")
    first = [next(job), next(job)]
    return [first, list(job), list(job), iter(job) is job]


def case_result_of_a_generator(c: Any, p: Package) -> Any:
    job = c.submit(4, api_name="/count")
    return [job.result(BOUND), job.outputs(), job.done(), job.cancelled(), job.exception()]


def case_outputs(c: Any, p: Package) -> Any:
    job = c.submit("hi", api_name="/echo")
    job.result(BOUND)
    return job.outputs()


def case_outputs_while_it_runs(c: Any, p: Package) -> Any:
    key = f"outputs-{id(p)}-{time.time()}"
    job = c.submit(key, api_name="/endless")
    seen = []
    end = time.monotonic() + BOUND
    while len(seen) < 3 and time.monotonic() < end:
        seen = job.outputs()
        threading.Event().wait(0.05)
    c.predict(key, api_name="/release")
    return seen[:3]


def case_failing_loop(c: Any, p: Package) -> Any:
    seen = []
    try:
        seen.extend(c.submit(2, api_name="/fail_midway"))
    except ValueError as exc:
        return [seen, str(exc)]
    return [seen, "ended"]


def case_callbacks(c: Any, p: Package) -> Any:
    seen: list[Any] = []
    done = threading.Event()

    def second(*outputs: Any) -> None:
        seen.append(["second", *outputs])
        done.set()

    job = c.submit(
        "hi", api_name="/pair", result_callbacks=[lambda *got: seen.append(list(got)), second]
    )
    job.result(BOUND)
    done.wait(BOUND)
    return seen


def case_one_callback(c: Any, p: Package) -> Any:
    seen: list[Any] = []
    done = threading.Event()
    job = c.submit(
        "hi", api_name="/echo", result_callbacks=lambda got: (seen.append(got), done.set())
    )
    job.result(BOUND)
    done.wait(BOUND)
    return seen


def case_callback_of_predict(c: Any, p: Package) -> Any:
    seen: list[Any] = []
    done = threading.Event()

    def call(*got: Any) -> None:
        seen.append(list(got))
        done.set()

    value = c.predict("hi", api_name="/pair", result_callbacks=[call])
    done.wait(BOUND)
    return [value, seen]


def case_final_status(c: Any, p: Package) -> Any:
    job = c.submit("hi", api_name="/echo")
    job.result(BOUND)
    return job.status()


def case_final_status_of_a_failure(c: Any, p: Package) -> Any:
    job = c.submit("boo", api_name="/fail")
    job.exception(BOUND)
    return job.status()


def case_status_codes(c: Any, p: Package) -> Any:
    codes = [code.name for code in p.utils.Status]
    return [codes, p.utils.Status.STARTING < p.utils.Status.IN_QUEUE]


def case_status_while_it_runs(c: Any, p: Package) -> Any:
    key = f"status-{id(p)}-{time.time()}"
    job = c.submit(key, api_name="/endless")
    end = time.monotonic() + BOUND
    while job.status().code.name != "ITERATING" and time.monotonic() < end:
        threading.Event().wait(0.02)
    seen = job.status()
    c.predict(key, api_name="/release")
    return seen


def case_status_of_a_held_job(c: Any, p: Package) -> Any:
    key = f"hold-{id(p)}-{time.time()}"
    job = c.submit(key, api_name="/hold")
    c.predict(key, "started", 1, api_name="/await_count")
    end = time.monotonic() + BOUND
    while job.status().code.name != "PROCESSING" and time.monotonic() < end:
        threading.Event().wait(0.02)
    seen = job.status()
    c.predict(key, api_name="/release")
    return [seen, job.result(BOUND) == key]


def case_progress(c: Any, p: Package) -> Any:
    async def read() -> list[Any]:
        job = c.submit(3, api_name="/progress")
        return [update async for update in job if update.type == "status"]

    units = [unit for update in asyncio.run(read()) for unit in update.progress_data or ()]
    return [type(unit).__name__ for unit in units][:1] + [unit.unit for unit in units][:1]


def case_updates(c: Any, p: Package) -> Any:
    async def read() -> list[Any]:
        return [update async for update in c.submit("hi", api_name="/logs")]

    updates = asyncio.run(read())
    return [[u.code.name, u.log] for u in updates if u.type == "status" and u.log]


def case_order_of_updates(c: Any, p: Package) -> Any:
    async def read() -> list[Any]:
        return [update async for update in c.submit(3, api_name="/count")]

    return [u.code.name if u.type == "status" else u.final for u in asyncio.run(read())][-6:]


def case_failed_update(c: Any, p: Package) -> Any:
    seen: list[Any] = []

    async def read() -> None:
        async for update in c.submit("boo", api_name="/fail"):
            seen.append(update)

    try:
        asyncio.run(read())
    except ValueError:
        seen = seen[-1:]
    return [seen[-1].outputs["error"], seen[-1].success, seen[-1].final]


def case_value_updates(c: Any, p: Package) -> Any:
    async def read() -> list[Any]:
        return [update async for update in c.submit(3, api_name="/count")]

    updates = [update for update in asyncio.run(read()) if update.type == "output"]
    return [[u.outputs["data"] if u.final else u.outputs, u.success, u.final] for u in updates]


def case_cancel(c: Any, p: Package) -> Any:
    client = p.client()
    key = f"cancel-{id(p)}-{time.time()}"
    job = client.submit(key, api_name="/endless")
    next(job)
    said = job.cancel()
    return [said, job.status().code.name, outcome(lambda: job.result(BOUND), p.folder)]


def case_timeout(c: Any, p: Package) -> Any:
    key = f"timeout-{id(p)}-{time.time()}"
    job = c.submit(key, api_name="/hold")
    try:
        return outcome(lambda: job.result(timeout=0.2), p.folder)["error"][-3:]
    finally:
        c.predict(key, api_name="/release")


def case_many(c: Any, p: Package) -> Any:
    client = p.client(max_workers=3)
    jobs = [client.submit(str(n), api_name="/echo") for n in range(12)]
    return [job.result(BOUND) for job in jobs]


def case_threads(c: Any, p: Package) -> Any:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda n: c.predict(str(n), api_name="/echo"), range(8)))


# -- the client


def case_headers(c: Any, p: Package) -> Any:
    client = p.client(headers={"X-One": "1", "X-Two": "2"})
    given = {"X-Two": "3", "X-Gradio-User": "me"}
    client.headers["X-Later"] = "4"
    seen = json.loads(client.predict(api_name="/whoami", headers=given))["headers"]
    return {key: seen.get(key) for key in ("x-one", "x-later")}


def case_call_headers(c: Any, p: Package) -> Any:
    given = {"X-Two": "3", "x-gradio-user": "me"}
    seen = json.loads(c.predict(api_name="/whoami", headers=given))["headers"]
    return [seen.get("x-two"), seen.get("x-gradio-user")]


def case_attributes(c: Any, p: Package) -> Any:
    client = p.client()
    return [
        client.src == f"{p.url.rstrip('/')}/",
        client.space_id,
        client.token,
        client.verbose,
        client.protocol,
        str(client.app_version),
        client.config["title"],
        client.ssl_verify,
        Path(client.output_dir).name,
        client.cookies,
        len(client.endpoints),
    ]


def case_endpoints(c: Any, p: Package) -> Any:
    return [
        [number, e.fn_index, e.api_name, e.is_valid, e.dependency.get("inputs")]
        for number, e in c.endpoints.items()
    ]


def case_visibilities(c: Any, p: Package) -> Any:
    return [e.api_visibility for e in endpoints(c)]


def case_parameters_info(c: Any, p: Package) -> Any:
    return [[named(e), e.parameters_info] for e in endpoints(c)]


def case_api_dict(c: Any, p: Package) -> Any:
    return c.view_api(print_info=False, return_format="dict")


def case_api_text(c: Any, p: Package) -> Any:
    text = c.view_api(print_info=False, return_format="str")
    return [line for line in text.splitlines() if "oauth_token" not in line]  # in other words


def case_api_is_the_text(c: Any, p: Package) -> Any:
    text = c.view_api(print_info=False, return_format="str")
    return [text == str(c), text == repr(c), c.view_api(print_info=False)]


def case_verbose(c: Any, p: Package) -> Any:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        p.client(verbose=True)
    return out.getvalue().startswith("Loaded as API: http://127.0.0.1")


def case_signature(c: Any, p: Package) -> Any:
    import inspect

    return list(inspect.signature(p.module.Client).parameters)[:6]


def endpoints(c: Any) -> list[Any]:
    found = c.endpoints
    return list(found.values()) if isinstance(found, dict) else list(found)


def named(endpoint: Any) -> str:
    return str(endpoint.api_name).strip("/")


CASES = {name[5:]: made for name, made in list(globals().items()) if name.startswith("case_")}


def run(name: str, url: str, folder: Path, wanted: list[Any]) -> dict[str, Any]:
    """Run cases with one package, and return their outcomes.

    Args:
        name: The package.
        url: The app.
        folder: An empty folder for the files of both sides.
        wanted: The names of cases; and pairs of an endpoint and the source of its arguments.
    """
    folder = folder.resolve()
    warnings.simplefilter("ignore")
    package = Package(name, url, folder)
    client = package.client()
    names = {"handle_file": getattr(package.module, "handle_file", str)}
    outcomes = {}
    for case in wanted:
        if isinstance(case, str):
            function = CASES[case]
            outcomes[case] = outcome(lambda f=function: f(client, package), folder)  # type: ignore[misc]
        else:
            endpoint, source = case
            outcomes[f"{endpoint}({source})"] = outcome(
                lambda e=endpoint, s=source: client.predict(  # type: ignore[misc]
                    *eval(f"({s})", dict(names)), api_name=f"/{e}"
                ),
                folder,
            )
    if name != "gradio_client":  # it ends with its process
        for one in package.clients:
            one.close()
    return outcomes


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    found = run("gradio_client", sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
    print(json.dumps(found), flush=True)
    os._exit(0)  # without waiting for jobs that never end
