"""Types of public data: configs, API info, payloads, and what components accept.

Servers add keys from release to release, so every key of these dictionaries is optional
(`total=False`). The types that this package itself defines are in `events`.

The names that end in ``Input`` are the annotations of parameters: all values that a kind of
component accepts, on every server. The page "values" of the docs lists them. They are
`TypeAliasType`, because signatures and `help` show these by their names, and a `Union` by all its
parts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, BinaryIO, Literal, TypedDict, Union
from typing import Protocol as _Protocol

from typing_extensions import TypeAliasType

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
        example_event_data: An example for the *event_data* of a call. The key is missing unless the
            function is called by an event with data, such as ``select`` or ``like``.
    """

    parameters: list[ValueInfo]
    hidden_parameters: list[ValueInfo]
    returns: list[ValueInfo]
    type: DependencyTypes
    description: str
    oauth_token: Literal["required", "optional"]
    example_event_data: dict[str, Any]


# -- what components accept


class HandledFile(_Protocol):
    """A file of `handle_file`."""

    orig_name: str
    size_bytes: int | None
    mime_type: str | None


class PictureLike(_Protocol):
    """A picture of Pillow."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    def save(self, fp: Any, *args: Any, **kwargs: Any) -> Any:
        """Write the picture to a file."""


class ArrayLike(_Protocol):
    """An array of NumPy, or an object that NumPy can convert to one, such as a DataFrame."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the array."""


#: One file: a path object, bytes, an open binary file, a `RemoteFile`, or `handle_file(...)`. A
#: string is a file only inside `handle_file`.
OneFile = Union[os.PathLike[str], bytes, bytearray, memoryview, BinaryIO, HandledFile]
_Picture = Union[OneFile, PictureLike, ArrayLike]

#: A file, or a sequence of files.
FileInput = TypeAliasType("FileInput", Union[OneFile, Sequence[OneFile]])

#: An image: a file, a picture of Pillow, an array, or a dict with layers.
ImageInput = TypeAliasType("ImageInput", Union[_Picture, Mapping[str, Any]])

#: Two images.
SliderInput = TypeAliasType("SliderInput", Sequence[Union[_Picture, None]])

#: Images and videos, each with or without a caption: one alone, or a sequence.
GalleryInput = TypeAliasType(
    "GalleryInput",
    Union[_Picture, Sequence[Union[_Picture, tuple[Any, ...], list[Any], Mapping[str, Any]]]],
)

#: A sound: a file, or a pair of the sample rate and an array.
AudioInput = TypeAliasType("AudioInput", Union[OneFile, tuple[int, ArrayLike], Mapping[str, Any]])

#: A video: a file, a pair of the file and its subtitles, or a dict with both.
VideoInput = TypeAliasType(
    "VideoInput", Union[OneFile, Sequence[Union[OneFile, None]], Mapping[str, Any]]
)

#: A table: a DataFrame, an array, rows, or a dict with ``headers`` and ``data``.
TableInput = TypeAliasType(
    "TableInput", Union[ArrayLike, list[Any], tuple[Any, ...], Mapping[str, Any]]
)

#: A conversation: pairs, or messages.
ChatInput = TypeAliasType("ChatInput", Union[list[Any], tuple[Any, ...]])

#: A text, a file, or a dict with ``text`` and ``files``.
MultimodalInput = TypeAliasType("MultimodalInput", Union[str, FileInput, Mapping[str, Any]])

#: A label, or a dict from labels to confidences.
LabelInput = TypeAliasType("LabelInput", Union[str, float, Mapping[str, Any]])

#: Pairs of a text and its label, or dicts with ``token`` and ``class_or_confidence``.
HighlightInput = TypeAliasType("HighlightInput", Union[list[Any], tuple[Any, ...]])

#: A date or a time: an object of `datetime`, or a text as the app's page writes it.
DateInput = TypeAliasType("DateInput", Union[str, float, date])

#: Paths on the server, as texts or path objects, or as lists of their parts.
ExplorerInput = TypeAliasType(
    "ExplorerInput", Union[str, os.PathLike[str], Sequence[Union[str, os.PathLike[str], list[str]]]]
)
