"""`Options`: the arguments of `Client` except the source, checked before anything is sent.

Each check names the wrong option. Without the check, a wrong value would cause an unclear error
of the network, or an error of another library with a secret in its text.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Literal, NamedTuple, Union, cast

from ._basics.secret import Secret, hidden, revealed, shown
from ._live_headers import LiveHeaders

if TYPE_CHECKING:
    import ssl

    import requests

    from ._basics.secret import Texts
    from .events import SpaceStatus

    #: How certificates are verified: whether at all, by a CA bundle, or by a context.
    Verify = Union[bool, str, ssl.SSLContext]

    StatusCallback = Union[Callable[[SpaceStatus], object], Literal["auto"], None]

#: Seconds to wait for a connection, and seconds without any data. ``None`` means no limit.
Timeout = tuple[Union[float, None], Union[float, None]]

#: What `requests` takes as ``auth=``: a function that gets a request and returns it with a login.
Authenticate = Callable[[Any], Any]

#: A client certificate: the path of one file, or the paths of certificate and key.
Cert = Union[str, tuple[str, str]]

HUB = "https://huggingface.co"

_TOKEN = re.compile(r"[\x00-\x20\x7f]")
_FRAMING = frozenset(("content-length", "transfer-encoding"))
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def hub_endpoint() -> str:
    """Return the Hub's URL: that of ``HF_ENDPOINT``, or of the Hub's library if it is imported."""
    constants = sys.modules.get("huggingface_hub.constants")
    named = os.environ.get("HF_ENDPOINT") or getattr(constants, "ENDPOINT", None) or HUB
    return str(named).rstrip("/")


def _type_of(value: object) -> str:
    from ._basics.words import a  # only for an error message

    return a(type(value).__name__)


def token(name: str, value: object) -> str | None:
    """Check a token, and return it without white space around it, such as a line end of a file.

    Raises:
        TypeError: The value is not a string.
        ValueError: The token is empty, or has characters that tokens do not have. The message
            does not show the token.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string or None, not {_type_of(value)}.")
    stripped = value.strip()
    if not stripped or _TOKEN.search(stripped) or not stripped.isascii():
        raise ValueError(
            f"{name} is empty or has a space or another character that tokens do not have."
        )
    return stripped


def hidden_token(name: str, value: object) -> Secret[str] | None:
    """Check a token as `token` does, and hide it."""
    checked = token(name, value)
    return None if checked is None else Secret(checked)


def one_token(hf_token: object, other: object) -> object:
    """Return the Hugging Face token that was given under one of its two names.

    Args:
        hf_token: The option `hf_token`, which is checked later. It may be hidden.
        other: The option `token`, in the same form.

    Raises:
        TypeError: Two different tokens were given, or `token` is not a string.
        ValueError: `token` has characters that tokens do not have.
    """
    if other is None:
        return hf_token
    checked = token("token", revealed(other))
    if hf_token is not None and token("hf_token", revealed(hf_token)) != checked:
        raise TypeError("token is another name of hf_token, and both are given. Pass one of them.")
    return other


def texts(name: str, value: object, *, headers: bool = True) -> dict[str, str]:
    """Check a mapping of names to strings.

    Args:
        name: The name of the option, for messages.
        value: The mapping; ``None`` for an empty one. It and its strings may be hidden.
        headers: Whether the names and strings must be valid in headers.

    Returns:
        A copy of the mapping.

    Raises:
        TypeError: The value is not a mapping of strings to strings.
        ValueError: A name or string cannot be sent. The message does not show the string, because
            it may be secret.
    """
    given = revealed(value)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict of names and strings, not {_type_of(given)}.")
    found = shown(given)
    pairs: Iterable[tuple[object, object]] = found.items()
    for key, text in pairs:
        if not isinstance(key, str) or not isinstance(text, str):
            raise TypeError(f"{name} must map strings to strings. The entry {key!r} does not.")
        if not headers:
            continue
        if not _HEADER_NAME.match(key):
            raise ValueError(f"{name} has the name {key!r}, which is not valid in a request.")
        if any(ord(c) < 32 and c != "\t" for c in text) or not _latin(text):
            raise ValueError(
                f"The value for {key!r} in {name} has a line end or another character that "
                "is not valid in a header."
            )
        if name == "headers" and key.lower() in _FRAMING:
            raise ValueError(
                f"{name} has {key!r}, which the client sets for each request. Leave it out."
            )
        if name == "cookies" and ";" in text:
            raise ValueError(f"The cookie {key!r} has a semicolon, which would end its value.")
    return found


def hidden_texts(name: str, value: object) -> Texts:
    """Check headers or cookies as `texts` does, and hide the strings."""
    return hidden(texts(name, value)) if value is not None else {}


def headers(name: str, value: object) -> Texts:
    """Check headers as `hidden_texts` does. They may be a function that returns them."""
    given = revealed(value)
    if not callable(given):
        return hidden_texts(name, value)
    hidden_texts(name, given())  # an error of its first result is one of the option
    return LiveHeaders(given, partial(hidden_texts, name))


def _latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def proxies(name: str, value: object) -> Texts:
    """Check a mapping of URL schemes to proxy URLs, in the form of `requests`.

    URLs with a login are hidden.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise TypeError(f"{name} must be a dict such as {{'http': 'http://proxy:3128'}}.")
    return {scheme: Secret(url) if "@" in url else url for scheme, url in value.items()}


def pair(name: str, value: object) -> tuple[str, str] | None:
    """Check a pair of user name and password."""
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == 2:
        user, password = value
        if isinstance(user, str) and isinstance(password, str):
            return user, password
    raise TypeError(f"{name}= must be a pair of user name and password: ('user', 'password').")


def login(name: str, value: object) -> Secret[tuple[str, str]] | None:
    """Check a pair of user name and password as `pair` does, and hide it."""
    checked = pair(name, value)
    return None if checked is None else Secret(checked)


def seconds(name: str, value: object) -> float | None:
    """Check a positive number of seconds. Return ``None`` for no limit, also for infinity.

    Raises:
        TypeError: The value is not a number.
        ValueError: The number is not positive.
    """
    number = _positive(name, value, "seconds")
    # The system cannot wait for much longer times, and three years are as good as no limit.
    return None if number is None or number > 1e8 else number


def minutes(name: str, value: object) -> float | None:
    """Check a positive number of minutes. Infinity is returned as it is.

    Raises:
        TypeError: The value is not a number.
        ValueError: The number is not positive.
    """
    return _positive(name, value, "minutes")


def _positive(name: str, value: object, unit: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of {unit} or None, not {value!r}.")
    if math.isnan(value) or value <= 0:
        raise ValueError(f"{name} must be a positive number of {unit}, not {value!r}.")
    return value


def timeouts(name: str, value: object) -> Timeout:
    """Check the two limits of `Timeout`: a pair, or one number for both."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise TypeError(f"{name} must be a number of seconds, or a pair (connect, read).")
        return seconds(f"{name} (connect)", value[0]), seconds(f"{name} (read)", value[1])
    both = seconds(name, value)
    return both, both


def count(name: str, value: object, *, least: int = 1) -> int:
    """Check an integer that must be at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {value!r}.")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}.")
    return value


def http_auth(name: str, value: object) -> Secret[tuple[str, str]] | Authenticate | None:
    """Check what authenticates requests at a gateway: a pair for Basic, or a function.

    Raises:
        TypeError: The value is neither a pair of strings nor callable. No message shows a value.
        ValueError: The user name has a colon, which would end it.
    """
    if value is None or (callable(value) and not isinstance(value, type)):
        return value
    if isinstance(value, type):
        raise TypeError(f"{name} is the class {value.__name__}. Make an object of it.")
    if not isinstance(value, (tuple, list)):
        raise TypeError(
            f"{name} must be a pair ('user', 'password') or an object that requests takes as "
            f"auth=, not {_type_of(value)}."
        )
    checked = login(name, value)
    if checked is not None and ":" in checked.reveal()[0]:
        raise ValueError(f"The user name in {name} has a colon, which Basic does not allow.")
    return checked


def cert(name: str, value: object) -> Cert | None:
    """Check a client certificate: the path of one file, or a pair of certificate and key."""
    if value is None:
        return None
    if isinstance(value, (str, os.PathLike)):
        return _path(name, value)
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return _path(name, value[0]), _path(name, value[1])
    raise TypeError(
        f"{name} must be the path of a file with certificate and key, or a pair of paths "
        f"('client.pem', 'client.key'), not {_type_of(value)}."
    )


def _path(name: str, value: object) -> str:
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        raise TypeError(f"{name} must have paths of files, not {value!r}.")
    return os.path.expanduser(path)


def session(name: str, value: object) -> requests.Session | None:
    """Check a session of `requests`, or an object of another library with the same members."""
    members = ("headers", "cookies", "auth", "proxies", "verify", "cert", "trust_env", "adapters")
    if value is None or all(hasattr(value, member) for member in members):
        return cast("requests.Session", value)
    raise TypeError(f"{name} must be a requests.Session, not {_type_of(value)}.")


def verify(name: str, value: object) -> Verify:
    """Check how certificates are verified: not at all, by a CA bundle, or by an SSL context."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, os.PathLike)):
        return os.path.expanduser(os.fspath(value))
    # Not `isinstance`: that would import `ssl`, and some libraries have contexts of their own.
    if callable(getattr(value, "wrap_socket", None)):
        return cast("ssl.SSLContext", value)
    raise TypeError(f"{name} must be True, False, a path or an ssl.SSLContext, not {value!r}.")


def one_identity(verify: object, cert: object) -> None:
    """Refuse a certificate beside an SSL context, which has its own.

    Raises:
        TypeError: Both are given.
    """
    if cert is not None and not isinstance(verify, (bool, str)):
        raise TypeError(
            "cert= does not go together with an ssl.SSLContext as verify=. Load the certificate "
            "into the context: context.load_cert_chain('client.pem', 'client.key')."
        )


def folder(name: str, value: object) -> str | None:
    """Check the path of a folder, which does not have to exist yet."""
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be the path of a folder or None, not {value!r}.")
    path = os.fspath(value)
    if not isinstance(path, str) or not path:
        raise TypeError(f"{name} must be the path of a folder or None, not {path!r}.")
    path = os.path.expanduser(path)
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(f"{name} is {path!r}, which is a file and not a folder.")
    return path


def flag(name: str, value: object) -> bool:
    """Check a boolean. A string such as ``"false"`` is refused, because it would count as true."""
    if isinstance(value, bool):
        return value
    raise TypeError(f"{name} must be True or False, not {value!r}.")


class Trigger(NamedTuple):
    """The event of the app's page that a call stands for.

    Attributes:
        event_data: What the function finds in its ``gr.EventData``.
        trigger_id: The number of the component.
    """

    event_data: object
    trigger_id: int | None


def trigger(event_data: object, trigger_id: int | None) -> Trigger | None:
    """Check the event of a call; ``None`` for a call without one.

    Raises:
        TypeError: `trigger_id` is not an integer.
    """
    if event_data is None and trigger_id is None:
        return None
    if trigger_id is not None and (isinstance(trigger_id, bool) or not isinstance(trigger_id, int)):
        raise TypeError(f"trigger_id must be the id of a component or None, not {trigger_id!r}.")
    return Trigger(event_data, trigger_id)


def status_callback(name: str, value: object) -> object:
    """Check a callback for the state of a Space: a function, ``"auto"`` or ``None``."""
    if value is None or value == "auto" or callable(value):
        return value
    raise TypeError(f"{name} must be a function, 'auto' or None, not {value!r}.")


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "hf_token": hidden_token,
    "status_callback": status_callback,
    "wake_timeout": seconds,
    "allow_insecure_token": flag,
    "auth": login,
    "http_auth": http_auth,
    "cert": cert,
    "session": session,
    "headers": headers,
    "cookies": hidden_texts,
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
    "oauth_token": hidden_token,
}


class Options:
    """The arguments of `Client` except the source. They cannot be changed.

    Those that are secret are hidden, each in a `Secret`. It is not a dataclass, because making a
    dataclass with this many fields took 1.7 ms of every first call.

    Args:
        values: A value for each field, in its checked form.
    """

    hf_token: Secret[str] | None
    status_callback: StatusCallback
    wake_timeout: float | None
    allow_insecure_token: bool
    auth: Secret[tuple[str, str]] | None
    http_auth: Secret[tuple[str, str]] | Authenticate | None
    cert: Cert | None
    session: requests.Session | None
    headers: Texts
    cookies: Texts
    verify: Verify
    proxies: Texts
    timeout: Timeout
    deadline: float | None
    retries: int
    max_message_bytes: int
    session_hash: str | None
    max_workers: int
    history: int
    history_bytes: int
    download_dir: str | None
    oauth_token: Secret[str] | None

    def __init__(self, **values: Any) -> None:
        wrong = sorted(values.keys() ^ _CHECKS.keys())
        if wrong:
            raise TypeError(f"These options are missing or unknown: {', '.join(wrong)}.")
        vars(self).update(values)

    @classmethod
    def checked(cls, **given: object) -> Options:
        """Check the options of a user, and return them.

        Args:
            given: A value for each field, in the form that `Client` accepts.

        Raises:
            TypeError, ValueError: A value has a wrong type or value. The message names it.
        """
        values = check(given)
        one_identity(values["verify"], values["cert"])
        return cls(**values)

    def replace(self, **values: Any) -> Options:
        """Return a copy with other values for some fields, in their checked form."""
        return Options(**{**vars(self), **values})

    def __reduce__(self) -> Any:
        """Refuse, because the pickle would have secrets. The pickle of a `Client` has none."""
        raise TypeError("Options cannot be pickled; pickle the Client.")

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse. `replace` makes a changed copy."""
        raise AttributeError(f"{name!r} of Options cannot be changed. Use replace().")

    def __delattr__(self, name: str) -> None:
        """Refuse."""
        raise AttributeError(f"{name!r} of Options cannot be removed.")


def check(given: Mapping[str, object]) -> dict[str, Any]:
    """Check options, and return them by name in the form that `Options` keeps.

    Args:
        given: Some options of `Client`. Names that `Client` does not have are options of a
            subclass, which are returned unchanged.

    Raises:
        TypeError, ValueError: A value has a wrong type or value. The message names it.
    """
    return {
        name: _CHECKS[name](name, revealed(value)) if name in _CHECKS else value
        for name, value in given.items()
    }
