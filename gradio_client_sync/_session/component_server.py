"""Server functions of components, such as the one that lists the files of a file explorer.

They are not endpoints. A call is one request and its response, without the queue and without a job.
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
    from .._transport.http import Http
    from .session import Session


def call(
    session: Session,
    http: Http,
    url: str,
    headers: Mapping[str, str],
    component_id: int,
    fn_name: str,
    data: object,
) -> Any:
    """Call a server function, and return its value.

    Args:
        session: The session of the call.
        http: Sends the request.
        url: The URL of the server's route.
        headers: Headers for the request.
        component_id, fn_name, data: As `Client.component_server` takes them.

    Raises:
        GradioClientError: As `Client.component_server`.
        Aborted: The client was closed.
    """
    component = session.table.component(component_id)
    body, content_type = request(component_id, component, fn_name, data, session.session_hash)
    session.keep_heartbeat()
    response = http.post(
        url,
        body,
        content_type=content_type,
        headers=headers,
        read_timeout=None,
        policy=http.rate_limited,
    )
    return result(component_id, fn_name, response)


def request(
    component_id: int,
    component: Mapping[str, Any] | None,
    fn_name: str,
    data: object,
    session_hash: str,
) -> tuple[bytes, str]:
    """Make the request of a call.

    Args:
        component_id: The number of the component.
        component: The component's config; ``None`` if the app has no such component.
        fn_name: The name of the function.
        data: The value for the function, as `Client.component_server` takes it.
        session_hash: The session of the call.

    Returns:
        The body of the request, and its content type.

    Raises:
        EndpointNotFoundError: The app has no such component or function.
        PayloadError: The values cannot be sent.
        FileError: A file cannot be read.
    """
    _check(component_id, component, fn_name)
    target = {"component_id": component_id, "fn_name": fn_name, "session_hash": session_hash}
    what = f"The data for {fn_name!r} of component {component_id}"
    if not (isinstance(data, Mapping) and "binary" in data):
        return encode_json({"data": data, **target}, what), "application/json"
    fields = data.get("data")
    if not isinstance(fields, Mapping):
        raise PayloadError(
            f"{what} has 'binary', so it is sent as a form, but the form's fields are missing. "
            "Pass {'binary': True, 'data': {name: value, …}}."
        )
    # The target comes last: if two fields have the same name, servers use the last one.
    values = {name: value for name, value in fields.items() if name != "binary"}
    form = [_field(str(name), value, what) for name, value in {**values, **target}.items()]
    boundary = secrets.token_hex(16)
    return encode_form(form, boundary), f"multipart/form-data; boundary={boundary}"


def _check(component_id: int, component: Mapping[str, Any] | None, fn_name: str) -> None:
    """Check that the config has the function.

    Some servers do not check this: they fail, or call methods that are not server functions.

    Raises:
        EndpointNotFoundError: The app has no such component or function.
    """
    if component is None:
        raise EndpointNotFoundError(
            f"The app has no component {component_id!r}. app.config['components'] lists its "
            "components.",
            endpoint=component_id,
        )
    props = component.get("props")
    declared = props.get("server_fns") if isinstance(props, Mapping) else None
    names = tuple(map(str, declared)) if isinstance(declared, list) else ()
    if fn_name in names:
        return
    described = f"Component {component_id} ({component.get('type')})"
    if names:
        message = f"{described} has no server function {fn_name!r}; it has {', '.join(names)}."
    else:
        message = (
            f"{described} has no server functions. Few types of components have any, and none "
            "before Gradio 3.47."
        )
    raise EndpointNotFoundError(message, endpoint=fn_name, candidates=names)


def _field(name: str, value: object, what: str) -> Field:
    """Make one field of the form. Bytes, paths and binary files become files."""
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
            raise PayloadError(
                f"{what} cannot be sent: the file {name!r} is not open in binary mode. Open it "
                "with mode 'rb'."
            )
        return name, FilePart(os.path.basename(str(getattr(value, "name", "blob"))), bytes(content))
    return name, encode_json(value, what).decode()


def result(component_id: int, fn_name: str, response: Answer) -> Any:
    """Return the value that the function returned.

    Args:
        component_id: The number of the component.
        fn_name: The name of the function.
        response: The response of the server.

    Raises:
        EndpointNotFoundError: The server does not have the function, or no longer has it.
        HTTPStatusError: The function failed, or the server refused the request.
        ProtocolError: The response is not JSON.
    """
    if response.status == 200:
        return response.json()
    error = refusal(response, doing=f"Calling {fn_name!r} of component {component_id}")
    if response.status == 404:
        raise EndpointNotFoundError(str(error), endpoint=fn_name) from error
    raise error
