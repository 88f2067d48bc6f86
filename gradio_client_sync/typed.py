"""What modules written by ``gradio-client-sync types`` stand on.

Such a module holds an `Api`: the fingerprint of each endpoint as it was when the module was
written. Before the first call of an endpoint through a client it is compared with what the app
is now, so that a changed app is an `ApiChangedError` that says what changed, and not a wrong
value somewhere later.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from ._protocol.api.fingerprint import Fingerprint, Fingerprints, changes_of, fingerprint_of
from .errors import ApiChangedError, EndpointNotFoundError
from .function import DEFAULT, Default, FileInput, TypedJob, bare

if TYPE_CHECKING:
    from ._client import Client

__all__ = ["DEFAULT", "Api", "Default", "FileInput", "TypedJob"]

T = TypeVar("T")


class Api:
    """The endpoints that a module was written for.

    Args:
        endpoints: By name or number: name, type and whether it is required of each
            parameter, and the types of what comes back.
    """

    def __init__(self, endpoints: Mapping[str | int, Fingerprint]) -> None:
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._checked: WeakKeyDictionary[Client, set[str | int]] = WeakKeyDictionary()

    def call(self, app: Client, endpoint: str | int, values: Sequence[object]) -> T:  # type: ignore[type-var]  # the module that calls says what comes
        """Call an endpoint and wait for its bare value; see `Client.predict`.

        Args:
            app: The client to call through.
            endpoint: Which one.
            values: One for each parameter, `DEFAULT` for what the app has as default.

        Raises:
            ApiChangedError: The endpoint is not what it was.
            GradioClientError: As for `Client.predict`.
        """
        data = app.predict(endpoint, self._payload(app, endpoint, values))
        value: T = bare(data, self._outputs(endpoint))
        return value

    def submit(self, app: Client, endpoint: str | int, values: Sequence[object]) -> TypedJob[T]:
        """Start a call and return at once; as `call` otherwise."""
        job = app.submit(endpoint, self._payload(app, endpoint, values))
        return TypedJob(job, self._outputs(endpoint))

    def _outputs(self, endpoint: str | int) -> int:
        return len(self._endpoints[endpoint][1])

    def _payload(
        self, app: Client, endpoint: str | int, values: Sequence[object]
    ) -> dict[str, Any]:
        """The values by name: where the app has moved a parameter, they still fit."""
        self._check(app, endpoint)
        names = (name for name, _, _ in self._endpoints[endpoint][0])
        return {name: value for name, value in zip(names, values) if value is not DEFAULT}

    def _check(self, app: Client, endpoint: str | int) -> None:
        with self._lock:
            if endpoint in self._checked.get(app, ()):
                return
        changes = changes_of(
            endpoint, self._endpoints[endpoint], _present(app, endpoint, self._endpoints)
        )
        if changes:
            raise ApiChangedError(
                f"The app at {app.url} is not the one that this module was written for: "
                f"{'; '.join(changes)}. Write the module anew with `gradio-client-sync types`.",
                endpoint=endpoint,
                changes=tuple(changes),
            )
        with self._lock:
            self._checked.setdefault(app, set()).add(endpoint)


def _present(app: Client, endpoint: str | int, kept: Fingerprints) -> Fingerprints:
    """The endpoint as it is; if there is none of that name, all that there are."""
    try:
        return {endpoint: fingerprint_of(app._signature(endpoint), kept[endpoint])}
    except EndpointNotFoundError:
        return {one.endpoint: fingerprint_of(one, kept[endpoint]) for one in app._signatures()}
