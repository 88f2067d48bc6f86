"""Say who raised an error: the app's own check, the app's code, or Gradio before or after it.

Gradio prints the traceback of each failed call to the server's log. An error that the app raises on
purpose may have none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

#: ``"check"``: the app raised it on purpose. ``"event"``: the function needs the data of an event,
#: such as a click on an image. ``"app"``: the app's code failed. ``"offline"``: it
#: needed the network, a model or a package. ``"input"``: Gradio refused the values.
#: ``"output"``: Gradio could not read what the function returned. ``"gradio"``: anything else in
#: Gradio. ``"unknown"``: the log says nothing.
Culprit = Literal["check", "event", "app", "offline", "input", "output", "gradio", "unknown"]

_FRAME = re.compile(
    r'^ *File "(?P<file>.+?)", line \d+, in (?P<function>.+)\n(?P<line> +.+\n)?', re.M
)
_EVENT = "gradio/events.py"
_OFFLINE = re.compile(
    r"ConnectionError|ProxyError|MaxRetryError|LocalEntryNotFound|OfflineMode|URLError|NetworkError"
    r"|ConnectError|ModuleNotFoundError|ImportError|No such file or directory: 'ff"
    r"|api_key|API key|Invalid model|Could not find model"
)


def culprit_of(log: str, folder: Path, message: str | None) -> tuple[Culprit, str]:
    """Return who raised an error, and the last line of its traceback.

    Args:
        log: What the server printed during the call.
        folder: The folder of the app's files.
        message: The text of the error, if the app sent one.
    """
    start = log.rfind("Traceback (most recent call last)")
    if start < 0:
        return ("unknown" if message is None else "check"), message or ""
    frames = list(_FRAME.finditer(log))
    lines = [line for line in log[start:].splitlines() if line and not line.startswith((" ", "|"))]
    last = lines[1] if len(lines) > 1 else lines[-1]
    if _OFFLINE.search(log):
        return "offline", last
    if frames and frames[-1]["function"] == "__getattr__" and _EVENT in frames[-1]["file"]:
        return "event", last  # the function reads the event's data
    own = [frame for frame in frames if frame["file"].startswith(str(folder))]
    functions = {frame["function"] for frame in frames}
    if own:
        raised = (own[-1]["line"] or "").strip().startswith(("raise ", "assert "))
        is_last = own[-1] is frames[-1]
        return ("check" if raised and is_last else "app"), last
    if "postprocess" in functions or "postprocess_data" in functions:
        return "output", last
    if "special_args" in functions:
        return "event", last
    if functions & {"preprocess", "preprocess_data", "validate_inputs"}:
        return "input", last
    if re.search(r"\n *raise Error|gradio\.exceptions\.Error", log[start:]) and message:
        return "check", last
    return "gradio", last
