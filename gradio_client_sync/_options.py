"""`Options`: what `Client` takes besides the address, checked before anything is sent.

A mistake in an option is named here as one. Otherwise it would surface as an odd failure
of the network, or of a library underneath, with a secret in its text.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Literal, Union

if TYPE_CHECKING:
    from .events import SpaceStatus

    StatusCallback = Union[Callable[[SpaceStatus], object], Literal["auto"], None]

#: Seconds to connect, and seconds of silence; ``None`` is no limit.
Timeout = tuple[Union[float, None], Union[float, None]]

HUB = "https://huggingface.co"

_TOKEN = re.compile(r"[\x00-\x20\x7f]")
_FRAMING = frozenset(("content-length", "transfer-encoding"))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def hub_endpoint() -> str:
    """Return the Hub's URL: the one of ``HF_ENDPOINT``, or of the Hub's library if it is loaded."""
    constants = sys.modules.get("huggingface_hub.constants")
    named = os.environ.get("HF_ENDPOINT") or getattr(constants, "ENDPOINT", None) or HUB
    return str(named).rstrip("/")


def token(name: str, value: object) -> str | None:
    """A token; white space around it, as files end with, does not belong to it.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty, or holds what no token does. The text is not shown.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text or None, not a {type(value).__name__}.")
    stripped = value.strip()
    if not stripped or _TOKEN.search(stripped) or not stripped.isascii():
        raise ValueError(f"{name} is empty, or holds characters that no token has.")
    return stripped


def texts(name: str, value: object, *, headers: bool = True) -> dict[str, str]:
    """A mapping of names to texts.

    Args:
        headers: They have to be such as can stand in a header.

    Raises:
        TypeError: It is no mapping of texts.
        ValueError: A name or value cannot be sent. Values are not shown: they may be secret.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} is a dict from names to texts, not a {type(value).__name__}.")
    for key, text in value.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(f"{name} maps texts to texts; {key!r} does not.")
        if not headers:
            continue
        if not _HEADER_NAME.match(key):
            raise ValueError(f"{name} holds the name {key!r}, which cannot be sent.")
        if any(ord(c) < 32 and c != "\t" for c in text) or not _latin(text):
            raise ValueError(
                f"The value for {key!r} in {name} has a line end or another character that "
                "cannot be sent."
            )
        if name == "headers" and key.lower() in _FRAMING:
            raise ValueError(
                f"{name} holds {key!r}, which says how one request is framed; leave it out."
            )
        if name == "cookies" and ";" in text:
            raise ValueError(f"The cookie {key!r} has a semicolon, where it would end.")
    return dict(value)


def _latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def proxies(name: str, value: object) -> dict[str, str]:
    """A mapping of schemes to proxy addresses, as `requests` takes it."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise TypeError(f"{name} is a dict such as {{'http': 'http://proxy:3128'}}.")
    return dict(value)


def pair(name: str, value: object) -> tuple[str, str] | None:
    """A user name and password."""
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == 2:
        user, password = value
        if isinstance(user, str) and isinstance(password, str):
            return user, password
    raise TypeError(f"{name}= is a pair of user name and password: ('user', 'password').")


def seconds(name: str, value: object) -> float | None:
    """A positive number of seconds; ``None`` and infinity stand for no limit.

    Raises:
        TypeError: It is no number.
        ValueError: It is not positive.
    """
    number = _positive(name, value, "seconds")
    # Longer waits than the system can count are as good as endless.
    return None if number is None or number > 1e8 else number


def minutes(name: str, value: object) -> float | None:
    """A positive number of minutes; infinity stays what it is.

    Raises:
        TypeError: It is no number.
        ValueError: It is not positive.
    """
    return _positive(name, value, "minutes")


def _positive(name: str, value: object, unit: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number of {unit} or None, not {value!r}.")
    if math.isnan(value) or value <= 0:
        raise ValueError(f"{name} is a positive number of {unit}, not {value!r}.")
    return value


def timeouts(name: str, value: object) -> Timeout:
    """Seconds to connect and of silence, from a pair or one number for both."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise TypeError(f"{name} is a number of seconds, or a pair (connect, read).")
        return seconds(f"{name} (connect)", value[0]), seconds(f"{name} (read)", value[1])
    both = seconds(name, value)
    return both, both


def count(name: str, value: object, *, least: int = 1) -> int:
    """Return an integer, which is at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, not {value!r}.")
    if value < least:
        raise ValueError(f"{name} is at least {least}, not {value}.")
    return value


def verify(name: str, value: object) -> bool | str:
    """Whether to check certificates, or the path of the authorities to trust."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise TypeError(f"{name} is True, False or a path, not {value!r}.")


def folder(name: str, value: object) -> str | None:
    """The path of a folder, which need not exist yet."""
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} is the path of a folder or None, not {value!r}.")
    path = os.fspath(value)
    if not isinstance(path, str) or not path:
        raise TypeError(f"{name} is the path of a folder or None, not {path!r}.")
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"{name} is {path!r}, which is no folder.")
    return os.path.expanduser(path)


def flag(name: str, value: object) -> bool:
    """True or false; a text such as ``"false"`` would count as true."""
    if isinstance(value, bool):
        return value
    raise TypeError(f"{name} is True or False, not {value!r}.")


def status_callback(name: str, value: object) -> object:
    """What is told of a Space's state: a function, ``"auto"``, or nothing."""
    if value is None or value == "auto" or callable(value):
        return value
    raise TypeError(f"{name} is a function, 'auto' or None, not {value!r}.")


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "hf_token": token,
    "status_callback": status_callback,
    "wake_timeout": seconds,
    "allow_insecure_token": flag,
    "auth": pair,
    "headers": texts,
    "cookies": texts,
    "verify": verify,
    "proxies": proxies,
    "timeout": timeouts,
    "deadline": seconds,
    "retries": partial(count, least=0),
    "max_message_bytes": count,
    "session_hash": token,
    "max_workers": count,
    "history": count,
    "history_bytes": count,
    "download_dir": folder,
    "oauth_token": token,
}


class Options:
    """What `Client` takes besides the address. Nothing in it changes.

    It has no `repr` that shows values, since several are secret. It is no dataclass: to make one of
    this many fields took 1.7 ms of every first call.

    Args:
        values: A value for each field, in its checked form.
    """

    hf_token: str | None
    status_callback: StatusCallback
    wake_timeout: float | None
    allow_insecure_token: bool
    auth: tuple[str, str] | None
    headers: dict[str, str]
    cookies: dict[str, str]
    verify: bool | str
    proxies: dict[str, str]
    timeout: Timeout
    deadline: float | None
    retries: int
    max_message_bytes: int
    session_hash: str | None
    max_workers: int
    history: int
    history_bytes: int
    download_dir: str | None
    oauth_token: str | None

    def __init__(self, **values: Any) -> None:
        wrong = sorted(values.keys() ^ _CHECKS.keys())
        if wrong:
            raise TypeError(f"These options are missing or unknown: {', '.join(wrong)}.")
        vars(self).update(values)

    @classmethod
    def checked(cls, **given: object) -> Options:
        """Return the options that a user gave.

        Args:
            given: A value for each field, as `Client` takes it.

        Raises:
            TypeError, ValueError: A value is not what it should be; the message names it.
        """
        return cls(**check(given))

    def replace(self, **values: Any) -> Options:
        """Return a copy with other values for some fields, in their checked form."""
        return Options(**{**vars(self), **values})

    def __reduce__(self) -> Any:
        """Refuse: a pickle of them would hold secrets; that of a `Client` leaves them out."""
        raise TypeError("Options cannot be pickled; pickle the Client.")

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse, as `replace` is the way to other options."""
        raise AttributeError(f"{name!r} of Options cannot be changed.")

    def __delattr__(self, name: str) -> None:
        """Refuse."""
        raise AttributeError(f"{name!r} of Options cannot be removed.")


def check(given: Mapping[str, object]) -> dict[str, Any]:
    """Return options by name, in the form that `Options` keeps.

    Args:
        given: Some options of `Client`, and options that a subclass of it has of its own. The
            latter are returned as they are.

    Raises:
        TypeError, ValueError: A value is not what it should be; the message names it.
    """
    return {
        name: _CHECKS[name](name, value) if name in _CHECKS else value
        for name, value in given.items()
    }
