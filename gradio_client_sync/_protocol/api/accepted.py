"""The annotation of a parameter: all values that its component accepts, on any server.

A server describes one form of a value, the one on the wire. This client converts other forms to
it (`shapes`), so an annotation by the server's description would refuse values that work. The names
here are those of the public types in `gradio_client_sync.types`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .annotation import Hint, union

if TYPE_CHECKING:
    from ..values.slot import Slot

_ACCEPTED = {
    "annotatedimage": "ImageInput",
    "audio": "AudioInput",
    "chatbot": "ChatInput",
    "dataframe": "TableInput",
    "datetime": "DateInput",
    "downloadbutton": "FileInput",
    "file": "FileInput",
    "fileexplorer": "ExplorerInput",
    "gallery": "GalleryInput",
    "highlightedtext": "HighlightInput",
    "image": "ImageInput",
    "imageeditor": "ImageInput",
    "imagemask": "ImageInput",
    "imageslider": "SliderInput",
    "label": "LabelInput",
    "microphone": "AudioInput",
    "model3d": "FileInput",
    "multimodaltextbox": "MultimodalInput",
    "paint": "ImageInput",
    "sketchpad": "ImageInput",
    "timeseries": "TableInput",
    "uploadbutton": "FileInput",
    "video": "VideoInput",
}

#: Components of structures that servers describe in part or wrongly.
_ANYTHING = frozenset(("barplot", "browserstate", "json", "lineplot", "plot", "scatterplot"))

#: The names of the types. `gradio_client_sync.types` defines each of them.
INPUT_TYPES = frozenset((*_ACCEPTED.values(), "FileInput"))


def accepted(slot: Slot, hint: Hint) -> Hint:
    """Return the type of the values that a caller may pass.

    Args:
        slot: The input.
        hint: The type that the server's description of the input gives.
    """
    if slot.type in _ANYTHING:
        return Hint("Any")
    name = _ACCEPTED.get(slot.type)
    if name is None:
        return hint.without_keys().named("file", "FileInput")
    allows_none = hint.kind == "union" and hint.parts[-1].kind == "None"
    return union([Hint(name), hint.parts[-1]]) if allows_none else Hint(name)
