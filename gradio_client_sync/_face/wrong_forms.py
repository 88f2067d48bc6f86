"""Errors for arguments in the form of another client, with the line to write instead.

Each function returns the error for one call that Python refused because the arguments do not fit
the signature. It is called only then. No message shows a value that may be secret.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Protocol

from .._basics.secret import revealed, shown_source
from .._basics.words import called
from .._protocol.api.example import quoted
from .._protocol.api.forgotten_name import by_number, if_value
from .._protocol.api.payload import written
from ..errors import EndpointNotFoundError, GradioClientError, PayloadError

if TYPE_CHECKING:
    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.api.signature import Signature
    from .._protocol.values.slot import Slot


class DescribedClient(Protocol):
    """The part of `Client` that describes its endpoints."""

    def _signature(self, endpoint: str | int | None) -> Signature:
        """Return the signature of an endpoint."""

    def _endpoint(self, endpoint: str | int | None) -> Endpoint:
        """Return an endpoint."""

    def _table(self) -> EndpointTable:
        """Return the functions of the app."""


_LONGEST = 200  # characters of a line in a message

#: What to write for an option of another client, or for one that is often guessed.
_OPTIONS = {
    **dict.fromkeys(
        ("src", "url", "space", "space_id", "app_reference", "address", "base_url"),
        "Pass the URL or the name of the Space as the first argument, without a name.",
    ),
    **dict.fromkeys(("api_key", "access_token", "api_token"), "Write hf_token=…"),
    **dict.fromkeys(
        ("ssl_verify", "verify_ssl", "tls_verify"), "Write verify={value}, as in requests."
    ),
    "verbose": "This client prints nothing, so leave it out. To see a Space start, write "
    'status_callback="auto".',
    "space_status": "Write status_callback={value}",
    **dict.fromkeys(("status", "on_status", "callback"), "Write status_callback=…"),
    **dict.fromkeys(("output_dir", "download_folder", "cache_dir"), "Write download_dir={value}"),
    "download_files": "Files of results are downloaded when they are used, so leave it out. For "
    "a folder, write download_dir=…",
    "upload_files": "Files are uploaded when a payload has them, so leave it out.",
    **dict.fromkeys(
        ("serialize", "skip_components", "_skip_components", "normalise_files", "normalize_files"),
        "This client has no such choice, so leave it out.",
    ),
    "analytics_enabled": "This client sends no analytics, so leave it out.",
    "httpx_kwargs": "This client uses requests: write timeout=, verify=, proxies=, headers= or "
    "cookies=.",
    "x_ip_token": 'Write headers={"x-ip-token": …}',
    "events": 'Listeners belong to a job: app.submit(…).on("status", print).',
    "query_params": 'Put them into the URL: Client("https://…/?key=value").',
    "with_null_state": "Session state is never returned, so leave it out.",
    "credentials": "Write auth=(user, password), cookies=… or headers=…",
    **dict.fromkeys(
        ("username", "user", "password", "login"), "Write auth=(user, password) for both."
    ),
    **dict.fromkeys(("proxy", "http_proxy", "https_proxy"), 'Write proxies={"https": …}'),
    **dict.fromkeys(("max_retries", "retry"), "Write retries={value}"),
    **dict.fromkeys(("cookie",), "Write cookies={name: value}"),
    **dict.fromkeys(("concurrency", "workers", "threads"), "Write max_workers={value}"),
}

#: Names under which other clients take the list of values.
_LISTS = ("data", "inputs", "values", "args", "arguments", "params")

#: What to write for an option of another client's call.
_CALL_OPTIONS = {
    **dict.fromkeys(
        ("result_callbacks", "on_data", "callback"), 'Write submit(…).on("data", function).'
    ),
    "on_status": 'Write submit(…).on("status", function).',
    **dict.fromkeys(
        ("all_events", "events"), 'A job passes every event: submit(…).on("status", function).'
    ),
    "additional_headers": "Write headers=…",
    "job_timeout": "Write timeout={value}",
    "progress": "Write submit(…).show_progress().",  # `predict` has this option
}

#: Components that take no list as their value. A dropdown may take several choices.
_NO_LISTS = frozenset(
    "textbox number slider checkbox radio colorpicker code markdown html image datetime".split()
)


def call(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> TypeError:
    """Return the error for arguments that do not fit `Client.predict` or `Client.submit`.

    Raises:
        EndpointNotFoundError: The app does not have the endpoint.
    """
    app: DescribedClient = args[0]
    form = inspect.signature(function)
    known = [name for name in form.parameters if name not in ("self", "endpoint", "payload")]
    unknown = {name: kwargs[name] for name in kwargs if name not in form.parameters}
    values = list(args[1:])
    endpoint = _endpoint(values, unknown, kwargs)
    is_first = len(args) > 1 and endpoint is args[1] and not unknown
    try:
        names, slots = _parameters(app, endpoint)
    except EndpointNotFoundError as error:
        advice = if_value(app._table(), endpoint, values, function.__name__) if is_first else ""
        raise EndpointNotFoundError(
            f"{error} {advice}".rstrip(), endpoint=error.endpoint, candidates=error.candidates
        ) from None
    given = [name for name in _LISTS if name in unknown and name not in (names or ())]
    for name, value in [("payload", kwargs.get("payload")), *((n, unknown.pop(n)) for n in given)]:
        if name in kwargs and value is not None:
            values += value if isinstance(value, (list, tuple)) else [value]
    wrong = _wrong_option(type(app), unknown, known, names)
    if wrong is not None:
        return TypeError(f"{function.__name__}() has no option {wrong}")
    for name in unknown:
        if names is not None and name not in names:
            return _no_parameter(function.__name__, endpoint, name, names)
    where = quoted(endpoint) if isinstance(endpoint, str) else repr(endpoint)
    options = {name: kwargs[name] for name in known if name in kwargs}
    event = None if unknown else _event(values, names, slots)
    if event is not None:
        values, options = values[:1], {**event, **options}
    payload = [] if not values and not unknown else [_payload(values, unknown, names, slots)]
    line = _line(function.__name__, where, payload, options)
    shown = f"The values of a call are one list or dict. Write {line}"
    if event is not None:
        shown = f"Only the endpoint and the values are passed by position. Write {line}"
    elif endpoint is None:
        shown = f"The endpoint comes first, and the values are one list or dict. Write {line}"
    elif is_first and type(endpoint) is int and names is not None and not options:
        table = app._table()
        shown = by_number(table, endpoint, values, function.__name__, payload[0]) or shown
    return PayloadError(shown, endpoint=endpoint if isinstance(endpoint, (str, int)) else None)


def _endpoint(values: list[Any], unknown: dict[str, Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the endpoint of a call, and take it from the other arguments."""
    numbered, named = unknown.pop("fn_index", None), unknown.pop("api_name", None)
    endpoint = numbered if named is None else named
    if endpoint is None and "endpoint" in kwargs:
        return kwargs["endpoint"]
    if endpoint is None:
        return values.pop(0) if values else None
    if values and isinstance(values[0], str) and values[0].strip("/") == str(endpoint).strip("/"):
        del values[0]  # it is passed in both forms
    return endpoint


def client(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> TypeError:
    """Return the error for arguments that do not fit `Client` or `Client.duplicate`."""
    known = [name for name in inspect.signature(function).parameters if name not in _NOT_OPTIONS]
    source = args[1] if len(args) > 1 else kwargs.get("source")
    text = revealed(source)
    url = quoted(shown_source(text).partition("?")[0]) if isinstance(text, str) else "url"
    unknown = [name for name in kwargs if name not in known and name != "source"]
    if len(args) > 2:
        options = args[2] if isinstance(args[2], Mapping) else {}
        named = [name for name in options if name in known]
        shown = ", ".join(f"{name}=…" for name in named or ("token", "headers"))
        others = [_option(name, options[name], known) for name in options if name not in known]
        return TypeError(
            " ".join(
                [
                    f"The options of Client are passed by name. Write Client({url}, {shown}).",
                    *(f"It has no option {one}" for one in others),
                ]
            )
        )
    if unknown:
        return TypeError(f"Client has no option {_option(unknown[0], kwargs[unknown[0]], known)}")
    return TypeError(
        'Client needs the URL of an app or the name of a Space: Client("http://127.0.0.1:7860") or '
        'Client("user/space").'
    )


def description(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> TypeError:
    """Return the error for arguments that do not fit `Client.view_api`."""
    unknown = next((name for name in kwargs if name != "endpoint"), None)
    what = "takes one endpoint at most" if unknown is None else f"has no option {unknown}="
    return TypeError(
        f"view_api() {what}. It returns a dict, and print(app.view_api()) shows it as a table. "
        'view_api("/predict") describes one endpoint.'
    )


def pool(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> TypeError:
    """Return the error for arguments that do not fit `Pool`."""
    given = [revealed(one) for one in args[1:]]
    if len(given) > 1 and all(isinstance(one, str) for one in given):
        shown = ", ".join(quoted(shown_source(one).partition("?")[0]) for one in given)
        return TypeError(f"The addresses of a Pool are one list. Write Pool([{shown}]).")
    if len(given) > 1:
        return TypeError(
            "The options of Pool are passed by name, as those of Client. Write "
            "Pool(addresses, headers=…)."
        )
    return TypeError(
        'Pool needs a list of addresses: Pool(["http://gpu-1:7860", "http://gpu-2:7860"]).'
    )


def options(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> TypeError:
    """Return the error for arguments that do not fit `with_options` of a function."""
    known = list(inspect.signature(function).parameters)
    unknown = next((name for name in kwargs if name not in known), None)
    if args or unknown is None:
        return TypeError("The options are passed by name, as in with_options(timeout=10).")
    near = difflib.get_close_matches(unknown, known, n=1, cutoff=0.7)
    advice = f"Did you mean {near[0]}=?" if near else f"Its options are {', '.join(known)}."
    return TypeError(f"with_options() has no option {unknown}=. {advice}")


def many(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> TypeError:
    """Return the error for arguments that do not fit `Client.map`."""
    known = [name for name in inspect.signature(function).parameters if name != "self"]
    form = "Write map(endpoint, [[first], [second]]), with one payload for each call."
    unknown = next((name for name in kwargs if name not in known), None)
    if unknown is None:
        if len(args) > 3:
            return TypeError(f"map() takes the payloads as one list, not as several. {form}")
        return TypeError(f"map() needs an endpoint and the payloads. {form}")
    names = {
        **dict.fromkeys(
            ("concurrency", "max_workers", "workers", "threads", "n_jobs", "batch_size"),
            "in_flight",
        ),
        **dict.fromkeys(("return_exceptions", "raise_on_error", "errors"), "on_error"),
        **dict.fromkeys(("verbose", "tqdm", "bar"), "progress"),
        **dict.fromkeys(("api_name", "fn_index"), "endpoint"),
        **dict.fromkeys(("inputs", "data", "values", "items"), "payloads"),
        **dict.fromkeys(("checkpoint", "cache", "resume"), "journal"),
        **dict.fromkeys(("retry", "retry_errors", "rerun_failed"), "retry_failed"),
    }
    near = difflib.get_close_matches(unknown, known, n=1, cutoff=0.7)
    meant = names.get(unknown) or (near[0] if near else None)
    advice = f"Did you mean {meant}=?" if meant else f"Its options are {', '.join(known[2:])}."
    return TypeError(f"map() has no option {unknown}=. {advice}")


def argument(function: str, names: Sequence[str], kwargs: Mapping[str, Any]) -> str:
    """Return what is wrong with a keyword that a function does not have, and what to write.

    Args:
        function: The name of the function.
        names: The names of its parameters.
        kwargs: The keywords of the call. If the function has all of them, the result is ``""``.
    """
    unknown = next((name for name in kwargs if name not in names), None)
    if unknown is None:
        return ""
    wrong = f"got an unexpected keyword argument {unknown!r}"
    if unknown in _FUNCTION_OPTIONS:
        value = written(kwargs[unknown])
        return f"{wrong}. For an option, write {function}.with_options({unknown}={value})(…)."
    near = difflib.get_close_matches(unknown, names, n=1)
    return f"{wrong}. Did you mean {near[0]!r}?" if near else f"{wrong}."


#: The options of `with_options`.
_FUNCTION_OPTIONS = ("timeout", "isolated", "idempotent", "headers", "progress")


_NOT_OPTIONS = ("self", "cls", "source", "client_options")


def _option(name: object, value: object, known: Sequence[str]) -> str:
    """Return a name and what to write instead; the value is shown if it cannot be a secret."""
    advice = _OPTIONS.get(str(name))
    if advice is None:
        near = difflib.get_close_matches(str(name), [*known, *_OPTIONS], n=1, cutoff=0.7)
        if near and near[0] in known:
            advice = f"Did you mean {near[0]}=?"
        elif near:
            advice = f"Did you mean {near[0]}=? {_OPTIONS[near[0]]}"
        else:
            advice = f"Its options are {', '.join(sorted(known))}."
    plain = value is None or isinstance(value, (bool, int, float))
    return f"{name}=. {advice.replace('{value}', repr(value) if plain else '…')}"


def _wrong_option(
    client: type[Any],
    unknown: Mapping[str, Any],
    known: Sequence[str],
    names: Sequence[str] | None,
) -> str | None:
    """Return the first keyword that can only be an option, with what to write instead.

    Any keyword that is a parameter of the endpoint is a value.
    """
    for name, value in unknown.items():
        if names is not None and name in names:
            continue
        advice = _CALL_OPTIONS.get(name)
        if advice is not None:
            return f"{name}=. {advice.replace('{value}', written(value))}"
        if name in inspect.signature(client).parameters:
            return f"{name}=. It is an option of the client: Client(url, {name}=…)."
        candidates = [*known, "payload", "endpoint", *(names or ())]
        near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.75)
        if near and near[0] not in (names or ()):
            return f"{name}=. Did you mean {near[0]}=?"
    return None


def _no_parameter(method: str, endpoint: object, name: str, names: Sequence[str]) -> PayloadError:
    near = difflib.get_close_matches(name, names, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    where = endpoint if isinstance(endpoint, (str, int)) else None
    takes = f"({', '.join(names)})" if names else "no values"
    return PayloadError(
        f"{called(where)} has no parameter {name!r}, and {method}() has no such option.{meant} "
        f"It takes {takes}.",
        endpoint=where,
        parameter=name,
    )


def _parameters(app: DescribedClient, endpoint: object) -> tuple[list[str] | None, list[Slot]]:
    """Return names and slots of an endpoint's parameters; ``None`` if they are not known."""
    if endpoint is not None and not isinstance(endpoint, (str, int)):
        return None, []
    try:
        signature = app._signature(endpoint)
        slots = app._endpoint(endpoint).parameters
    except EndpointNotFoundError:
        raise
    except GradioClientError:  # the client is closed, or the app does not respond
        return None, []
    return [one.sent_as for one in signature.parameters], list(slots)


def _event(
    values: Sequence[Any], names: Sequence[str] | None, slots: Sequence[Slot]
) -> dict[str, Any] | None:
    """Return the third and fourth argument of the JavaScript client as options, if any."""
    if len(values) not in (2, 3):
        return None
    first, event, *number = values
    if not isinstance(first, (list, tuple, dict, type(None))):
        return None
    if not isinstance(event, (dict, type(None))):
        return None
    if not all(one is None or type(one) is int for one in number):
        return None
    if len(slots) == len(values) and not _is_payload(first, {}, names, slots):
        return None
    given = zip(("event_data", "trigger_id"), values[1:])
    return {name: value for name, value in given if value is not None}


def _is_payload(
    value: object,
    others: Mapping[str, Any],
    names: Sequence[str] | None,
    slots: Sequence[Slot],
) -> bool:
    """Return whether one value is the list or dict of the values, and not the first of them.

    Args:
        value: The value, which is alone by position.
        others: The values that are passed by name.
        names: The names of the endpoint's parameters.
        slots: The inputs that belong to them.
    """
    if isinstance(value, Mapping):
        by_name = value and set(value) <= set(names or ())
        return bool(by_name) or (not others and len(slots) != 1)
    if not isinstance(value, (list, tuple)):
        return value is None and not slots
    if not slots or (not others and len(slots) != 1 and len(value) <= len(slots)):
        return True
    one_choice = slots[0].type == "dropdown" and not slots[0].props.get("multiselect")
    takes_no_list = one_choice or slots[0].type in _NO_LISTS
    return takes_no_list and (not others or len(value) + len(others) <= len(slots))


def _payload(
    values: Sequence[Any],
    unknown: Mapping[str, Any],
    names: Sequence[str] | None,
    slots: Sequence[Slot],
) -> str:
    """Return the values as one list or dict, in source text."""
    slot_of = dict(zip(names or (), slots))
    by_name = {}
    if len(values) == 1 and _is_payload(values[0], unknown, names, slots):
        [given] = values
        if given is None:
            return "[]"
        if isinstance(given, Mapping):
            by_name = {key: written(one, slot_of.get(key)) for key, one in given.items()}
            values = []
        else:
            values = given
    places = [*slots, *[None] * len(values)]
    shown = [written(value, slot) for value, slot in zip(values, places)]
    if not unknown and not by_name:
        return f"[{', '.join(shown)}]"
    by_name.update(zip(names or [f"name_{n}" for n, _ in enumerate(values, 1)], shown))
    for name, value in unknown.items():
        is_option = names is None and name in _OPTIONS  # its value may be secret
        by_name[name] = "…" if is_option else written(value, slot_of.get(name))
    return f"{{{', '.join(f'{quoted(str(name))}: {one}' for name, one in by_name.items())}}}"


def _line(method: str, endpoint: str, payload: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return the call. The values of headers may be secret."""
    extra = [
        f"{name}={'…' if name == 'headers' else written(value)}" for name, value in options.items()
    ]
    line = f"{method}({', '.join([endpoint, *payload, *extra])})."
    return line if len(line) <= _LONGEST else f"{method}({endpoint}, [first, second])."
