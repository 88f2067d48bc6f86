"""The text of an error on the command line, with options instead of Python arguments."""

from __future__ import annotations

import os
import re
import shlex

from .._terminal.plaintext import plain
from ..errors import AppError
from .exits import PROGRAM

#: Names in error messages, and their forms on the command line.
_OPTIONS = {
    r"hf_token=|\btoken=": "hf_token is --token hf_...",
    r"(?<!http_)\bauth=": "auth is --auth user:password",
    r"http_auth=[(,]": "http_auth is --http-auth user:password",
    r"cert=": "cert is --cert client.pem --cert-key client.key",
    r"headers=": "headers is --header 'Name: value'",
    r"verify=(?!False)": "verify is --ca ca.pem",
    r"verify=False": "verify=False is --insecure",
    r"(?<!wake_)\btimeout=(?!\()": "timeout is --limit SECONDS",
    r"(?<!wake_)\btimeout=\(": "timeout is --timeout SECONDS",
    r"oauth_token=": "oauth_token cannot be given",
}
_FILE = re.compile(r"""(?:handle_file|pathlib\.Path|\bPath)\((['"])(.+?)\1\)""")


def quoted(word: str) -> str:
    """Return a word as you type it, with the quotes of this system's shells if they are needed."""
    if os.name == "nt":
        import subprocess  # imported only for an error message

        return subprocess.list2cmdline([word])
    return shlex.quote(word)


def error_line(error: object) -> str:
    """Return the line that is printed for an error."""
    return f"{PROGRAM}: {_shown(error)}"


def _shown(error: object) -> str:
    """Return the text of an error, with the command-line forms of the arguments that it names."""
    text = plain(error)
    if isinstance(error, AppError):
        title = plain(error.title or "")
        own_title = title.lower() not in ("", "error") and title not in text
        return f"{title}: {text}" if own_title else text  # servers send "Error" without a title
    forms = [form for pattern, form in _OPTIONS.items() if re.search(rf"(?<!\w){pattern}", text)]
    file = _FILE.search(text)
    if file is not None and f"@{file[2]}" not in text:
        forms.append(f"a file is @{file[2]}")
    return f"{text} (On the command line, {', '.join(forms)}.)" if forms else text
