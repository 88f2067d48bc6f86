"""The body of a call's request, and the files that are uploaded before it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._basics.secret import Secret
from .._protocol.api.payload import encode
from .._protocol.values.attachments import collect, fill
from .._protocol.values.shapes import shape
from .._transport.deadlines import NEVER
from ..errors import PayloadError

if TYPE_CHECKING:
    from .._files.upload import OnProgress, UploadTask
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.values.attachments import Attach, Attached
    from .._transport.deadlines import Deadline
    from .app_files import AppFiles


class RequestBody:
    """The body of the request that starts one call.

    Args:
        endpoint: The endpoint.
        body: The body. If there are files, its ``data`` has them in place of values.
        encoded: The body as JSON; empty if there are files.
        files: The files in the body.
        app_files: The files of the app.

    Attributes:
        body: The body as a dict. If there are files, it is complete after `load`.
        encoded: The body as JSON. If there are files, it is complete after `load`. It is hidden if
            it has a token.
        files: The files to upload before the request.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        body: dict[str, Any],
        encoded: bytes | Secret[bytes],
        files: Sequence[Attached],
        app_files: AppFiles,
    ) -> None:
        self._endpoint = endpoint
        self.body = body
        self.encoded = encoded
        self.files = files
        self._data = body["data"]  # keeps the files, because a retry may upload them again
        self._app_files = app_files

    def upload_task(self, on_progress: OnProgress, deadline: Deadline = NEVER) -> UploadTask:
        """Return the task that uploads the files. Pass the result of its `run` to `load`."""
        # `prepare_body` has imported the module. This may be a worker, which must not import.
        from .._files.upload import UploadTask

        return UploadTask(self._app_files.uploads, self.files, on_progress, deadline)

    def load(self, forms: dict[int, Any]) -> None:
        """Replace each file in the body with its form for the server.

        Args:
            forms: The form of each file, by the ``id()`` of the file.
        """
        self.body["data"] = fill(self._data, forms)
        self.encoded = encoded_body(self._endpoint, self.body)

    @property
    def values(self) -> list[Any]:
        """One value for each input of the function. Files are still files here."""
        return list(self._data)

    def move(self, endpoint: Endpoint, values: list[Any], *, by_name: bool) -> None:
        """Change the body for an app that has changed, where the function has another number.

        Args:
            endpoint: The present endpoint.
            values: One value for each of its inputs.
            by_name: Whether the route names the endpoint, so that no ``fn_index`` is sent.
        """
        self._endpoint = endpoint
        self._data = self.body["data"] = values
        self.body.pop("fn_index", None)
        if not by_name:
            self.body["fn_index"] = endpoint.fn_index
        if not self.files:  # with files, `load` encodes the body
            self.encoded = encoded_body(endpoint, self.body)


def prepare_body(endpoint: Endpoint, body: dict[str, Any], app_files: AppFiles) -> RequestBody:
    """Make the body of a call, and find the files in its values.

    Later changes of the values by the caller have no effect.

    Args:
        endpoint: The endpoint.
        body: The body with the user's values in ``data``.
        app_files: The files of the app.

    Raises:
        PayloadError: The values cannot be sent.
        FileError: A file cannot be read, or is too large for the app.
    """
    dialect = app_files.dialect
    if endpoint.is_shaped:
        values, _ = collect(endpoint.name, endpoint.inputs, body["data"], _attach())
        slots = endpoint.inputs
        body["data"] = [shape(slot, value, dialect) for slot, value in zip(slots, values)]
    try:
        encoded = encode(endpoint, body)
    except PayloadError:
        # Values are searched for files only if JSON cannot encode them.
        body["data"], files = collect(endpoint.name, endpoint.inputs, body["data"], _attach())
        if not files:
            raise
        # Only calls with files import it. It is imported here because workers must not import.
        from .._files import upload  # noqa: F401

        app_files.uploads.check(files)
        blank = dict.fromkeys(id(attached.file) for attached in files)
        encode(endpoint, {**body, "data": fill(body["data"], blank)})  # check the other values
        return RequestBody(endpoint, body, b"", files, app_files)
    if dialect.join != "post":
        body = json.loads(encoded)
    return RequestBody(endpoint, body, encoded, (), app_files)


def encoded_body(endpoint: Endpoint, body: dict[str, Any]) -> bytes | Secret[bytes]:
    """Return a body as JSON. Hide it if it has the user's token."""
    encoded = encode(endpoint, body)
    return Secret(encoded) if "oauth_token" in body else encoded


def _attach() -> Attach:
    """Return the function that finds the files in values."""
    from ..files import attach

    return attach
