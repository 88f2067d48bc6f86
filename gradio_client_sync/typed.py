"""The runtime of modules that ``gradio-client-sync types`` writes.

Such a module has an `Api` with a fingerprint of each endpoint, taken when the module was written.
Before the first call of an endpoint through a client, the `Api` compares the fingerprint with the
app as it is now. If the app has changed, the call raises an `ApiChangedError` that names the
changes. Otherwise the change would show later, as a wrong value.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar
from weakref import WeakKeyDictionary

from typing_extensions import ParamSpec, Protocol

from ._protocol.api.fingerprint import Fingerprint, Fingerprints, changes_of, fingerprint_of
from ._tracebacks import short_traceback, short_tracebacks
from ._transport.signal_safe import new_lock
from .errors import ApiChangedError, EndpointNotFoundError
from .function import (
    DEFAULT,
    MAP_DOCSTRING,
    Default,
    FileInput,
    TypedJob,
    bare,
    map_method,
    options_method,
    submitted,
)

if TYPE_CHECKING:
    from ._client import Client
    from .many import Map

__all__ = ["DEFAULT", "Api", "Default", "FileInput", "TypedFunction", "TypedJob"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")

#: The options of the call that this thread is about to make.
_OPTIONS: ContextVar[Mapping[str, Any]] = ContextVar("gradio_client_sync_options")


#: Set by `map`: what gets the endpoint, the payload and the number of outputs, instead of a call.
_FOUND: ContextVar[Callable[[tuple[str | int, Mapping[str, Any], int]], None] | None] = ContextVar(
    "gradio_client_sync_found", default=None
)


class TypedFunction(Protocol[P, T_co]):
    """A function of a generated module."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Call the endpoint."""

    def map(self, app: Client, *iterables: Any, **options: Any) -> Map[T_co]:
        """Call the endpoint for each value of the iterables, several at a time."""

    def with_options(
        self,
        *,
        timeout: float | None = None,
        isolated: bool | None = None,
        idempotent: bool | None = None,
        headers: Mapping[str, str] | None = None,
        progress: bool | None = None,
    ) -> TypedFunction[P, T_co]:
        """Return the same function with options for each call."""


@short_tracebacks()
class Api:
    """The endpoints of the app for which a module was written.

    Args:
        endpoints: The fingerprint of each endpoint, by its name or ``fn_index``. It has the
            name, the type and the "required" flag of each parameter, and the types of the return
            values.
    """

    def __init__(self, endpoints: Mapping[str | int, Fingerprint]) -> None:
        self._endpoints = endpoints
        self._lock = new_lock()
        self._checked: WeakKeyDictionary[Client, set[str | int]] = WeakKeyDictionary()

    def function(self, function: Callable[P, T]) -> TypedFunction[P, T]:
        """Add `with_options` to a function of the module. Use it as a decorator."""
        return _with_options(function, {})

    def call(self, app: Client, endpoint: str | int, values: Sequence[object]) -> T:  # type: ignore[type-var]  # the calling module declares the type
        """Call an endpoint and wait for its final value.

        Args:
            app: The client that makes the call.
            endpoint: The name of the endpoint, or its ``fn_index``.
            values: One value for each parameter. `DEFAULT` means the app's default.

        Returns:
            The output itself if the endpoint has one output, a tuple if it has several, ``None``
            if it has none.

        Raises:
            ApiChangedError: The endpoint has changed since the module was written. Nothing was
                sent.
            GradioClientError: The call failed. The subclass shows the kind of failure.
        """
        options, payload = _options_of_call(), self._payload(app, endpoint, values)
        if (found := _FOUND.get(None)) is not None:
            found((endpoint, payload, self._outputs(endpoint)))
            return None  # type: ignore[return-value]  # `map` needs only the payload
        data = app.predict(endpoint, payload, **options)
        value: T = bare(data, self._outputs(endpoint))
        return value

    def submit(self, app: Client, endpoint: str | int, values: Sequence[object]) -> TypedJob[T]:
        """Start a call and return at once.

        Args:
            app: The client that makes the call.
            endpoint: The name of the endpoint, or its ``fn_index``.
            values: One value for each parameter. `DEFAULT` means the app's default.

        Returns:
            The running job. Later errors are raised by its ``result``.

        Raises:
            ApiChangedError: The endpoint has changed since the module was written. Nothing was
                sent.
            GradioClientError: The call could not be started. The subclass shows the reason.
        """
        options = _options_of_call()
        payload = self._payload(app, endpoint, values)
        if (found := _FOUND.get(None)) is not None:
            found((endpoint, payload, self._outputs(endpoint)))
            return None  # type: ignore[return-value]  # `map` needs only the payload
        return submitted(app, endpoint, payload, options, self._outputs(endpoint))

    def _outputs(self, endpoint: str | int) -> int:
        return len(self._endpoints[endpoint][1])

    def _payload(
        self, app: Client, endpoint: str | int, values: Sequence[object]
    ) -> dict[str, Any]:
        """Return the values by parameter name, so that they fit if the app reorders parameters."""
        self._check(app, endpoint)
        names = (name for name, _, _ in self._endpoints[endpoint][0])
        return {name: value for name, value in zip(names, values) if value is not DEFAULT}

    def _check(self, app: Client, endpoint: str | int) -> None:
        """Compare an endpoint with its fingerprint, once for each client."""
        with self._lock:
            if endpoint in self._checked.get(app, ()):
                return
        present = _present(app, endpoint, self._endpoints)
        changes = changes_of(endpoint, self._endpoints[endpoint], present)
        if changes:
            raise ApiChangedError(
                f"The app at {app.url} is not the one that this module was written for: "
                f"{'; '.join(changes)}. Write the module again with `gradio-client-sync types`.",
                endpoint=endpoint,
                changes=tuple(changes),
            )
        with self._lock:
            self._checked.setdefault(app, set()).add(endpoint)


def _with_options(function: Callable[P, T], options: Mapping[str, Any]) -> TypedFunction[P, T]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        token = _OPTIONS.set(options)
        try:
            return function(*args, **kwargs)
        finally:
            _OPTIONS.reset(token)

    def with_new(new: Mapping[str, Any]) -> TypedFunction[P, T]:
        return _with_options(function, {**options, **new})

    def map_calls(app: Client, *iterables: Any, **named: Any) -> Map[Any]:
        return map_method(function.__name__, app._map, partial(each, app), options)(
            *iterables, **named
        )

    def each(app: Client, *args: Any, **kwargs: Any) -> tuple[str | int, Mapping[str, Any], int]:
        found: list[tuple[str | int, Mapping[str, Any], int]] = []
        token = _FOUND.set(found.append)
        try:
            function(app, *args, **kwargs)  # type: ignore[arg-type]  # of a module
        finally:
            _FOUND.reset(token)
        return found[0]

    map_calls.__name__, map_calls.__qualname__ = "map", f"{function.__name__}.map"
    map_calls.__doc__ = MAP_DOCSTRING
    typed: Any = call
    typed.map = short_traceback(map_calls)
    typed.with_options = options_method(function.__name__, with_new)
    return typed  # type: ignore[no-any-return]  # a function with an attribute


def _options_of_call() -> Mapping[str, Any]:
    """Return the options of the present call. Calls that it makes itself do not get them."""
    options = _OPTIONS.get({})
    _OPTIONS.set({})
    return options


def _present(app: Client, endpoint: str | int, kept: Fingerprints) -> Fingerprints:
    """Return the present fingerprint of an endpoint; of all endpoints if it does not exist."""
    try:
        return {endpoint: fingerprint_of(app._signature(endpoint), kept[endpoint])}
    except EndpointNotFoundError:
        return {one.endpoint: fingerprint_of(one, kept[endpoint]) for one in app._signatures()}
