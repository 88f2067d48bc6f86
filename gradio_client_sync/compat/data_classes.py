"""The dictionaries of `gradio_client.data_classes`, for annotations."""

from __future__ import annotations

from typing import Any, TypedDict

from typing_extensions import NotRequired

__all__ = ["FileData", "ParameterInfo"]


class FileData(TypedDict):
    """A file in the form of Gradio 3."""

    name: str | None
    data: str | None
    size: NotRequired[int | None]
    is_file: NotRequired[bool]
    orig_name: NotRequired[str]
    mime_type: NotRequired[str]
    is_stream: NotRequired[bool]


class ParameterInfo(TypedDict):
    """One parameter in the result of ``view_api(return_format="dict")``."""

    label: str
    parameter_name: str
    parameter_has_default: NotRequired[bool]
    parameter_default: NotRequired[Any]
    type: dict[str, Any]
    python_type: dict[str, Any]
    component: str
    example_input: Any
