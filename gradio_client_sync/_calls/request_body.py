"""What a request carries: its body, and the files that have to be on the server before it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

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
    """One call's body.

    Attributes:
        body: What the app is to get; complete once `load` was called, if there are files.
        encoded: The same as JSON.
        files: What has to be sent before.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        body: dict[str, Any],
        encoded: bytes,
        files: Sequence[Attached],
        app_files: AppFiles,
    ) -> None:
        self._endpoint = endpoint
        self.body = body
        self.encoded = encoded
        self.files = files
        self._data = body["data"]  # with the files in it, which may have to be sent again
        self._app_files = app_files

    def upload_task(self, on_progress: OnProgress, deadline: Deadline = NEVER) -> UploadTask:
        """Return what brings the files to the server; `load` takes what its `run` returns."""
        from .._files.upload import UploadTask  # loaded by `prepare_body`: this may be a worker

        return UploadTask(self._app_files.uploads, self.files, on_progress, deadline)

    def load(self, forms: dict[int, Any]) -> None:
        """Put what stands for the files on the server into their places."""
        self.body["data"] = fill(self._data, forms)
        self.encoded = encode(self._endpoint, self.body)

    @property
    def values(self) -> list[Any]:
        """One for each input of the function, with the files in them."""
        return list(self._data)

    def move(self, endpoint: Endpoint, values: list[Any], *, by_name: bool) -> None:
        """The app has become another one: the function may have another number by now.

        Args:
            endpoint: The function as it is now.
            values: One for each of its inputs.
            by_name: The route names it, so no number is sent.
        """
        self._endpoint = endpoint
        self._data = self.body["data"] = values
        self.body.pop("fn_index", None)
        if not by_name:
            self.body["fn_index"] = endpoint.fn_index
        if not self.files:  # otherwise `load` does it
            self.encoded = encode(endpoint, self.body)


def prepare_body(endpoint: Endpoint, body: dict[str, Any], app_files: AppFiles) -> RequestBody:
    """Look a call's values over, and keep them as they are now.

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
        # No values are looked through for files unless there is something besides JSON.
        body["data"], files = collect(endpoint.name, endpoint.inputs, body["data"], _attach())
        if not files:
            raise
        # Calls without files do not load it. It is loaded here since workers load nothing.
        from .._files import upload  # noqa: F401

        app_files.uploads.check(files)
        blank = dict.fromkeys(id(attached.file) for attached in files)
        encode(endpoint, {**body, "data": fill(body["data"], blank)})  # the rest is JSON
        return RequestBody(endpoint, body, b"", files, app_files)
    if dialect.join != "post":
        body = json.loads(encoded)
    return RequestBody(endpoint, body, encoded, (), app_files)


def _attach() -> Attach:
    """Return the function that finds the files in values."""
    from ..files import attach

    return attach
