"""Endpoints as Python functions, for `Client.function` and for typed modules.

Each one is a real function, so `inspect.signature`, `help` and editors show the parameters of the
endpoint: names, types with their choices, defaults. It returns the output itself if the endpoint
has one output, a tuple if it has several, and ``None`` if it has none.
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Literal, Protocol, TypeVar

from . import _options, types
from ._basics.printing import printable
from ._basics.words import called
from ._face.explained import explained
from ._face.typed_job import TypedJob, bare
from ._protocol.api.accepted import INPUT_TYPES
from ._protocol.api.signature import Parameter, Signature
from ._terminal.plaintext import wrap_quoted
from ._tracebacks import short_traceback
from ._typed.docstring import SUBMIT_DOCSTRING, function_docstring
from .errors import PayloadError
from .files import RemoteFile
from .types import FileInput

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from .events import Data
    from .job import Job
    from .many import Map
    from .types import Payload

__all__ = ["DEFAULT", "Default", "FileInput", "Function", "TypedJob", "bare", "function_of"]

T = TypeVar("T")

LINE = 100  # columns of a signature in an error
_NAMES = {name: getattr(types, name) for name in INPUT_TYPES}


class Default:
    """The type of `DEFAULT`, which means: use the app's default for this parameter."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = Default()


class Function(Protocol):
    """An endpoint as a function: call it to wait for the value, or `submit` it to get a job."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the endpoint and wait for its final value. Ctrl-C cancels it on the server."""

    def submit(self, *args: Any, **kwargs: Any) -> TypedJob[Any]:
        """Start a call and return at once."""

    def map(
        self,
        *iterables: Any,
        in_flight: int | None = None,
        on_error: Literal["raise", "return"] = "raise",
        progress: bool | None = None,
        journal: str | os.PathLike[str] | None = None,
        retry_failed: bool = False,
        download: str | os.PathLike[str] | None = None,
        executor: Any = None,
        **named: Any,
    ) -> Map[Any]:
        """Call the endpoint for each value of the iterables, several at a time."""

    def with_options(
        self,
        *,
        timeout: float | None = None,
        isolated: bool | None = None,
        idempotent: bool | None = None,
        headers: Mapping[str, str] | None = None,
        progress: bool | None = None,
    ) -> Function:
        """Return the same function with options for each call."""


class FunctionCaller(Protocol):
    """The part of `Client` that these functions use."""

    def predict(self, *args: Any, **options: Any) -> Data:
        """Call an endpoint with a payload and options, and return its final value."""

    def submit(self, *args: Any, **options: Any) -> Job:
        """Start a call with a payload and options, and return its job."""

    def _map(self, *args: Any, **options: Any) -> Map[Any]:
        """Make a map of payloads with options."""


def options_method(name: str, make: Callable[[dict[str, Any]], T]) -> Callable[..., T]:
    """Return the method `with_options` of a function.

    Args:
        name: The name of the function.
        make: Returns the same function with further options for each call. It gets those that
            were given, after a check.
    """

    @short_traceback
    @explained("options")
    def with_options(
        *,
        timeout: float | None = None,
        isolated: bool | None = None,
        idempotent: bool | None = None,
        headers: Mapping[str, str] | None = None,
        progress: bool | None = None,
    ) -> T:
        flags = {"isolated": isolated, "idempotent": idempotent, "progress": progress}
        given = {name: _options.flag(name, on) for name, on in flags.items() if on is not None}
        limit = {} if timeout is None else {"timeout": _options.seconds("timeout", timeout)}
        sent_headers = (
            {} if headers is None else {"headers": _options.hidden_texts("headers", headers)}
        )
        return make({**given, **limit, **sent_headers})

    with_options.__qualname__ = printable(f"{name}.with_options")
    with_options.__doc__ = OPTIONS_DOCSTRING
    return with_options


def submitted(
    app: FunctionCaller,
    endpoint: str | int,
    payload: Payload,
    options: Mapping[str, Any],
    outputs: int,
) -> TypedJob[Any]:
    """Start a call with options, and return its job.

    Args:
        app: The client that makes the call.
        endpoint: The name of the endpoint, or its ``fn_index``.
        payload: The values by parameter name.
        options: The options of the call.
        outputs: The number of outputs.
    """
    job = app.submit(
        endpoint, payload, **{name: one for name, one in options.items() if name != "progress"}
    )
    return TypedJob(job.show_progress() if options.get("progress") else job, outputs)


def map_method(
    name: str,
    start: Callable[..., Map[Any]],
    each: Callable[..., tuple[str | int, Mapping[str, Any], int]],
    options: Mapping[str, Any],
) -> Callable[..., Map[Any]]:
    """Return the method `map` of a function.

    Args:
        name: The name of the function.
        start: Makes a map; see `MapsCalls._map`.
        each: Returns the endpoint, the payload and the number of outputs for the arguments, each
            of which is an `Each`.
        options: The options of each call.
    """

    @short_traceback
    def map_calls(
        *iterables: Any,
        in_flight: int | None = None,
        on_error: Literal["raise", "return"] = "raise",
        progress: bool | None = None,
        journal: str | os.PathLike[str] | None = None,
        retry_failed: bool = False,
        download: str | os.PathLike[str] | None = None,
        executor: Any = None,
        **named: Any,
    ) -> Map[Any]:
        from ._many.columns import Columns, Each

        endpoint, payload, outputs = each(
            *map(Each, iterables), **{name: Each(values) for name, values in named.items()}
        )
        return start(
            endpoint,
            Columns(payload, endpoint),
            **{**options, **({} if progress is None else {"progress": progress})},
            in_flight=in_flight,
            on_error=on_error,
            journal=journal,
            retry_failed=retry_failed,
            download=download,
            executor=executor,
            shape=partial(bare, outputs=outputs),
        )

    map_calls.__name__, map_calls.__qualname__ = "map", f"{name}.map"
    map_calls.__doc__ = MAP_DOCSTRING
    return map_calls


MAP_DOCSTRING = """Call the endpoint for each value of the iterables, several at a time.

As in the built-in `map`, there is one iterable for each argument, and the shortest one decides how
many calls there are. Iterables may be passed by parameter name. For the same value in each call,
use ``itertools.repeat(value)``.

Args:
    iterables: The values of the arguments. They are read while the map runs.
    in_flight, on_error, progress, journal, retry_failed, download, executor: As for `Client.map`.
        The function's `with_options` sets its other options.

Returns:
    A `Map`, which yields the values in the order of the arguments.

Raises:
    PayloadError: The arguments do not fit the endpoint, or one of them is not iterable."""


OPTIONS_DOCSTRING = """Return the same function with options for each call.

An option that is not given stays as it is.

Args:
    timeout: Seconds that a call may take in total. After that, the job is cancelled on the server.
    isolated: Run each call in its own session.
    idempotent: Declare that the function may run twice without harm, so that a call is sent again
        if the connection is lost.
    headers: Headers for each call, which are added to the client's headers.
    progress: Show the progress of each call.

Raises:
    TypeError, ValueError: An option has a wrong type or value. The message names it."""


def function_of(
    app: FunctionCaller, signature: Signature, options: Mapping[str, Any] | None = None
) -> Function:
    """Make the Python function for an endpoint.

    Args:
        app: The client that makes the calls.
        signature: The endpoint's name, parameters and return values.
        options: The options of each call.
    """
    form, chosen = python_signature(signature), dict(options or {})

    @short_traceback
    def call(*args: Any, **kwargs: Any) -> Any:
        values = payload(args, kwargs)
        data = app.predict(signature.endpoint, values, **chosen)
        return bare(data, len(signature.returns))

    @short_traceback
    def submit(*args: Any, **kwargs: Any) -> TypedJob[Any]:
        values = payload(args, kwargs)
        return submitted(app, signature.endpoint, values, chosen, len(signature.returns))

    def with_new(options: Mapping[str, Any]) -> Function:
        return function_of(app, signature, {**chosen, **options})

    def payload(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            given = form.bind(*args, **kwargs).arguments
        except TypeError as exc:
            from ._face import wrong_forms

            reason = wrong_forms.argument(signature.name, list(form.parameters), kwargs)
            raise PayloadError(
                f"The arguments do not fit {called(signature.endpoint)}: {reason or f'{exc}.'} Its "
                f"signature is {_shown(signature.name, form)}.",
                endpoint=signature.endpoint,
            ) from exc
        return sent(signature.parameters, given)

    def each(*args: Any, **kwargs: Any) -> tuple[str | int, dict[str, Any], int]:
        return signature.endpoint, payload(args, kwargs), len(signature.returns)

    def start_map(*args: Any, **options: Any) -> Map[Any]:
        return app._map(*args, **options)

    function: Any = call
    _document(function, signature, form)
    started: Any = TypedJob.__class_getitem__(form.return_annotation)
    _document(submit, signature, form.replace(return_annotation=started))
    submit.__name__, submit.__qualname__ = "submit", printable(f"{signature.name}.submit")
    submit.__doc__ = SUBMIT_DOCSTRING
    function.submit = submit
    function.map = map_method(signature.name, start_map, each, chosen)
    function.with_options = options_method(signature.name, with_new)
    return function  # type: ignore[no-any-return]  # a function with attributes


def sent(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload by the app's parameter names, without the values that are `DEFAULT`."""
    return {
        parameter.sent_as: given[parameter.name]
        for parameter in parameters
        if parameter.name in given and given[parameter.name] is not DEFAULT
    }


def python_signature(signature: Signature) -> inspect.Signature:
    """Convert the endpoint's signature to an `inspect.Signature`."""
    parameters = [
        inspect.Parameter(
            parameter.name,
            inspect.Parameter.KEYWORD_ONLY
            if parameter.keyword_only
            else inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=_default(parameter),
            annotation=parameter.annotation.annotation(FileInput, _NAMES),
        )
        for parameter in signature.parameters
    ]
    returns = [hint.annotation(RemoteFile) for hint, _ in signature.returns]
    if len(returns) == 1:
        return inspect.Signature(parameters, return_annotation=returns[0])
    whole = tuple[tuple(returns)] if returns else None  # type: ignore[misc]  # made at run time
    return inspect.Signature(parameters, return_annotation=whole)


def _shown(name: str, form: inspect.Signature) -> str:
    """Return a signature as text, on several lines if it is long. Choices are never left out."""
    line = f"{name}{form}"
    if len(line) <= LINE:
        return line
    returns = form.return_annotation
    parts: list[str] = []
    for parameter in form.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(str(parameter))
    indented = "\n".join(
        "\n        ".join(["    " + first, *more]) + ","
        for first, *more in (wrap_quoted(part, LINE - 8) for part in parts)
    )
    return f"{name}(\n{indented}\n) -> {inspect.formatannotation(returns)}"


def _default(parameter: Parameter) -> Any:
    if parameter.required:
        return inspect.Parameter.empty
    return parameter.default if parameter.shows_default else DEFAULT


def _document(function: Any, signature: Signature, form: inspect.Signature) -> None:
    """Set the attributes that `help`, `inspect` and editors read."""
    function.__name__ = signature.name
    function.__qualname__ = printable(signature.name)  # its `repr` shows it
    function.__doc__ = function_docstring(signature)
    function.__signature__ = form
    function.__annotations__ = {
        **{name: parameter.annotation for name, parameter in form.parameters.items()},
        "return": form.return_annotation,
    }
