"""Import Gradio once, then fork a process for each app that a test needs.

`fork_server.ForkServer` runs this file with the interpreter that has Gradio. So it can import only
Gradio and Gradio's dependencies. The argument is the number of a socket. A message on it requests
one of two things: run an app in a new process, or return the exit code of one that has ended.

A forked app begins like one in a new interpreter: with its own arguments, environment, folder and
standard streams. Only what `app` imports is there already.
"""

import array
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

STREAMS = 3  # the standard streams of a process, which come with a request
LONGEST = 1 << 20  # bytes of a message; the environment is most of it


def serve(connection: socket.socket) -> dict[str, Any]:
    """Fork a process for each request; return in that process, with what it has to run."""
    while True:
        message, streams = receive(connection)
        if not message:
            os._exit(0)  # the tests have ended
        request = json.loads(message)
        if "wait" in request:
            status = os.waitpid(request["wait"], 0)[1]
            connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            continue
        child = os.fork()
        if child == 0:
            connection.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if child == 0:
            return request
        connection.sendall(b"%d" % child)


def receive(connection: socket.socket) -> "tuple[bytes, list[int]]":
    """Return a message and the files that come with it."""
    numbers = array.array("i")
    message, ancillary, _, _ = connection.recvmsg(
        LONGEST, socket.CMSG_LEN(STREAMS * numbers.itemsize)
    )
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(data)
    return message, list(numbers)


def begin(folder: str, environment: "dict[str, str]", arguments: "list[str]") -> None:
    """Give this process its folder, environment and arguments."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it depends on the environment
    for name, module in list(sys.modules.items()):
        if name.startswith("gradio.") and hasattr(module, "DEFAULT_TEMP_DIR"):
            module.DEFAULT_TEMP_DIR = environment["GRADIO_TEMP_DIR"]  # which Gradio read on import
    sys.argv = arguments


def main() -> None:
    """Import, fork, and run an app in the forked process."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    path = list(sys.path)
    import app  # noqa: F401  # what the apps import

    del sys.modules["app"]  # each app has its own
    gc.collect()
    gc.freeze()
    connection.sendall(b"ready")
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with the tests
    request = serve(connection)

    signal.signal(signal.SIGINT, interrupt)
    sys.path[:] = path[1:]
    sys.stdout = sys.__stdout__  # the import of `app` has changed it
    begin(**request)
    script = types.ModuleType("__main__")
    script.__file__ = sys.argv[0]
    sys.modules["__main__"] = script
    exec(compile(Path(sys.argv[0]).read_bytes(), sys.argv[0], "exec"), vars(script))


if __name__ == "__main__":
    main()
