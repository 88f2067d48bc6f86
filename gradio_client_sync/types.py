"""Types of public data: configs, API info, payloads.

Servers add keys from release to release, so every key of these dictionaries is optional
(`total=False`). The types that this package itself defines are in `events`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union

Protocol = Literal["ws", "sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3"]
Stage = Literal["pending", "generating", "streaming", "complete", "error"]
EventName = Literal["data", "status", "log", "render", "upload"]
LogLevel = Literal["info", "warning", "success", "error"]

#: The input values of `submit` and `predict`: by position, by parameter name, or none.
Payload = Union[Sequence[Any], Mapping[str, Any], None]


class ComponentConfig(TypedDict, total=False):
    """One entry of ``config["components"]``."""

    id: int
    type: str
    props: dict[str, Any]
    skip_api: bool
    api_info: dict[str, Any]
    api_info_as_input: dict[str, Any]
    api_info_as_output: dict[str, Any]


class DependencyTypes(TypedDict, total=False):
    """The kind of function that a dependency runs."""

    generator: bool
    cancel: bool
    continuous: bool


class DependencyConfig(TypedDict, total=False):
    """One entry of ``config["dependencies"]``: an event listener of the app and its function."""

    id: int
    api_name: str | Literal[False] | None
    inputs: list[int]
    outputs: list[int]
    queue: bool | None
    backend_fn: bool
    types: DependencyTypes
    cancels: list[int]
    batch: bool
    show_api: bool
    api_visibility: Literal["public", "undocumented", "private"]
    api_description: str | Literal[False] | None
    connection: Literal["sse", "stream"]
    rendered_in: int | None


class Config(TypedDict, total=False):
    """The response to ``GET /config``: the keys that this client reads."""

    version: str
    protocol: str
    api_prefix: str
    root: str
    enable_queue: bool | None
    components: list[ComponentConfig]
    dependencies: list[DependencyConfig]
    app_id: int
    space_id: str | None
    connect_heartbeat: bool
    max_file_size: int | None
    auth_required: bool
    auth_message: str | None


class PythonType(TypedDict, total=False):
    """A type in Python notation, with a description."""

    type: str
    description: str


class ValueInfo(TypedDict, total=False):
    """One parameter or return value of an endpoint in the result of `Client.view_api`.

    Attributes:
        hidden: The app's own description leaves this parameter out. Only hidden parameters have
            this key.
        position: The index among all inputs without session state, from 0. Only hidden
            parameters have this key.
    """

    label: str
    parameter_name: str
    component: str
    type: dict[str, Any]
    python_type: PythonType
    parameter_has_default: bool
    parameter_default: Any
    example_input: Any
    hidden: bool
    position: int


class EndpointInfo(TypedDict, total=False):
    """One endpoint in the result of `Client.view_api`.

    Attributes:
        hidden_parameters: Inputs that the app's own description leaves out, such as a button
            whose text is an input. The key is missing if there are none.
        oauth_token: Whether the function needs, or may use, the Hugging Face token of its user,
            which is `oauth_token` of `Client`. The key is missing if it requests none.
    """

    parameters: list[ValueInfo]
    hidden_parameters: list[ValueInfo]
    returns: list[ValueInfo]
    type: DependencyTypes
    description: str
    oauth_token: Literal["required", "optional"]
