"""Names for the shapes of public data: configs, API info, payloads.

Servers add keys from release to release, so the wire's dictionaries are open
(`total=False`); what this package promises to return is in `events`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Union

Protocol = Literal["ws", "sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3"]
Stage = Literal["pending", "generating", "streaming", "complete", "error"]
EventName = Literal["data", "status", "log", "render", "upload"]
LogLevel = Literal["info", "warning", "success", "error"]

#: What `submit` and `predict` accept: values by position, by name, or nothing.
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
    """What kind of function a dependency runs."""

    generator: bool
    cancel: bool
    continuous: bool


class DependencyConfig(TypedDict, total=False):
    """One entry of ``config["dependencies"]``: an event with a function behind it."""

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
    """What ``GET /config`` answers, as far as a client reads it."""

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
    """A type as a Python user would write it."""

    type: str
    description: str


class ValueInfo(TypedDict, total=False):
    """One parameter or return value of an endpoint, as `Client.view_api` gives it.

    Attributes:
        hidden: The app's own description leaves this parameter out. Hidden ones only.
        position: Place among all inputs without session state, from 0. Hidden ones only.
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
    """One endpoint of `Client.view_api`.

    Attributes:
        hidden_parameters: Inputs that the app's own description leaves out, such as a
            button whose text is an input. The key is there if there are any.
    """

    parameters: list[ValueInfo]
    hidden_parameters: list[ValueInfo]
    returns: list[ValueInfo]
    type: DependencyTypes
    description: str
