"""Functions that a component has on the server, such as a file explorer's listing.

They are no endpoints: no queue, no job, one request and one answer.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._protocol.api.payload import encode_json
from .._protocol.values.multipart import FilePart, encode_form
from .._transport.failures import refusal
from ..errors import EndpointNotFoundError, FileError, PayloadError

if TYPE_CHECKING:
    from .._protocol.values.multipart import Field
    from .._transport.failures import Answer


def request(
    component_id: int,
    component: Mapping[str, Any] | None,
    fn_name: str,
    data: object,
    session_hash: str,
) -> tuple[bytes, str]:
    """Write the request: its body, and the body's type.

    Args:
        component: The component's config; ``None`` if there is no such component.

    Raises:
        EndpointNotFoundError: The app has no such component or function.
        PayloadError: The values cannot be sent.
        FileError: A file cannot be read.
    """
    _check(component_id, component, fn_name)
    address = {"component_id": component_id, "fn_name": fn_name, "session_hash": session_hash}
    what = f"The data for {fn_name!r} of component {component_id}"
    if not (isinstance(data, Mapping) and "binary" in data):
        return encode_json({"data": data, **address}, what), "application/json"
    fields = data.get("data")
    if not isinstance(fields, Mapping):
        raise PayloadError(
            f"{what} is to be sent as a form ('binary' is in it), whose fields are missing. "
            "Pass {'binary': True, 'data': {name: value, …}}."
        )
    # The address comes last: of two equal names servers take the last one.
    values = {name: value for name, value in fields.items() if name != "binary"}
    form = [_field(str(name), value, what) for name, value in {**values, **address}.items()]
    boundary = secrets.token_hex(16)
    return encode_form(form, boundary), f"multipart/form-data; boundary={boundary}"


def _check(component_id: int, component: Mapping[str, Any] | None, fn_name: str) -> None:
    """Look into the config: some servers fail, or call what is not meant to be called."""
    if component is None:
        raise EndpointNotFoundError(
            f"The app has no component {component_id!r}. app.config['components'] lists them.",
            endpoint=component_id,
        )
    props = component.get("props")
    declared = props.get("server_fns") if isinstance(props, Mapping) else None
    names = tuple(map(str, declared)) if isinstance(declared, list) else ()
    if fn_name in names:
        return
    described = f"Component {component_id} ({component.get('type')})"
    if names:
        told = f"{described} has no server function {fn_name!r}; it has {', '.join(names)}."
    else:
        told = (
            f"{described} has no server functions. Few components have any, and none before "
            "Gradio 3.47."
        )
    raise EndpointNotFoundError(told, endpoint=fn_name, candidates=names)


def _field(name: str, value: object, what: str) -> Field:
    if isinstance(value, str):
        return name, value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return name, FilePart("blob", bytes(value))
    if isinstance(value, os.PathLike):
        path = Path(value)
        try:
            return name, FilePart(path.name, path.read_bytes())
        except OSError as exc:
            raise FileError(f"{what} cannot be sent: {path} cannot be read: {exc}.") from exc
    if hasattr(value, "read"):
        content = value.read()
        if not isinstance(content, (bytes, bytearray)):
            raise PayloadError(f"{what} cannot be sent: {name!r} is not open in binary mode.")
        return name, FilePart(os.path.basename(str(getattr(value, "name", "blob"))), bytes(content))
    return name, encode_json(value, what).decode()


def answer(component_id: int, fn_name: str, answer: Answer) -> Any:
    """Read what the function returned.

    Raises:
        EndpointNotFoundError: The server does not have the function (any more).
        HTTPStatusError: It failed, or refused.
        ProtocolError: The answer is not JSON.
    """
    if answer.status == 200:
        return answer.json()
    error = refusal(answer, doing=f"Calling {fn_name!r} of component {component_id}")
    if answer.status == 404:
        raise EndpointNotFoundError(str(error), endpoint=fn_name) from error
    raise error
