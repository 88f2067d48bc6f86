"""A table of what every component accepts and returns, on every generation of servers.

The tests pass these values to real servers and compare the results. ``python -m
tests.support.component_values`` writes `docs/values.md` from the table. Values are Python source.
``<cat.png>`` is a file with the content of the file of that name; ``<image.png, new>`` is a file
that the server made from it.
"""

# ruff: noqa: E501 - a row of the table is a line

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple, Union

from gradio_client_sync import RemoteFile
from tests.support.media import NAMES

#: In place of a value: the server fails because of its own bug.
FAILS = "the app fails"

#: One text for all servers, or texts by the first release that has them, with ``None`` where the
#: component is not available.
By = Union[str, "dict[str, str | None]"]


class Take(NamedTuple):
    """An input: its endpoint ``/take_…``, the value passed, and the value that the function gets."""

    endpoint: str
    passed: str
    got: By


class Give(NamedTuple):
    """An output: its endpoint, and the value that it returns."""

    endpoint: str
    back: By


class Row(NamedTuple):
    component: str
    takes: tuple[Take, ...]
    gives: tuple[Give, ...]


def on(version: str, by: By) -> str | None:
    """Return the text for one server; ``None`` if the component is not available there."""
    if isinstance(by, str):
        return by
    known = [key for key in by if _release(key) <= _release(version)]
    return by[max(known, key=_release)] if known else None


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def shown_got(value: Any) -> str:
    """Return the text for a value that the app's function got, from the description that it sends."""
    if isinstance(value, dict) and "sha256" in value:
        name, same = _unrandom(value.get("file") or "bytes"), NAMES.get(value["sha256"])
        return f"<{name}>" if same == name else f"<{name} = {same}>" if same else f"<{name}, new>"
    if isinstance(value, dict):
        return _dict_shown(
            {key: "…" if key == "url" and part else shown_got(part) for key, part in value.items()}
        )
    return f"[{', '.join(map(shown_got, value))}]" if isinstance(value, list) else repr(value)


def shown_back(value: Any) -> str:
    """Return the text for a value that an endpoint returned."""
    if isinstance(value, RemoteFile):
        return f"<{_unrandom(value.orig_name)}>"
    if isinstance(value, dict):
        return _dict_shown({key: shown_back(part) for key, part in value.items()})
    if isinstance(value, list):
        return f"[{', '.join(map(shown_back, value))}]"
    return f"{value[:24]!r}…" if isinstance(value, str) and len(value) > 60 else repr(value)


def _dict_shown(parts: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key!r}: {parts[key]}" for key in sorted(parts)) + "}"


def _unrandom(name: str) -> str:
    return re.sub(r"^tmp\w{8}", "tmp", name)  # how 3.23 names the files that it makes


# fmt: off
TABLE: dict[str, tuple[Row, ...]] = {
    "Text, numbers and choices": (
        Row("Textbox", (
            Take("textbox", '"hi"', "'hi'"),
        ), (
            Give("give_textbox", "'hello'"),
        )),
        Row("Number", (
            Take("number", '2.5', "2.5"),
        ), (
            Give("give_number", "1.5"),
        )),
        Row("Slider", (
            Take("slider", '4', "4"),
        ), (
            Give("give_slider", "3"),
        )),
        Row("Checkbox", (
            Take("checkbox", 'True', "True"),
        ), (
            Give("give_checkbox", "True"),
        )),
        Row("CheckboxGroup", (
            Take("checkbox_group", '["red"]', "['red']"),
        ), (
            Give("give_checkbox_group", "['red']"),
        )),
        Row("Radio", (
            Take("radio", '"red"', "'red'"),
        ), (
            Give("give_radio", "'red'"),
        )),
        Row("Dropdown", (
            Take("dropdown", '"red"', "'red'"),
        ), (
            Give("give_dropdown", "'red'"),
        )),
        Row("Dropdown, multiselect", (
            Take("dropdown_several", '["red"]', "['red']"),
        ), (
            Give("give_dropdown_several", "['red', 'blue']"),
        )),
        Row("Code", (
            Take("code", '"print(2)"', "'print(2)'"),
        ), (
            Give("give_code", "'print(1)'"),
        )),
        Row("HTML", (
            Take("html", '"<i>x</i>"', "'<i>x</i>'"),
        ), (
            Give("give_html", "'<b>bold</b>'"),
        )),
        Row("Markdown", (
            Take("markdown", '"*x*"', "'*x*'"),
        ), (
            Give("give_markdown", {"3.23.0": "'<p><strong>bold</strong></p>\\n'", "3.50.2": "'**bold**'"}),
        )),
        Row("ColorPicker", (
            Take("color_picker", '"#00ff00"', "'#00ff00'"),
        ), (
            Give("give_color_picker", "'#ff8800'"),
        )),
        Row("DateTime", (
            Take("date_time_text", 'datetime(2026, 1, 2, 3, 4, 5)', {"4.44.1": "'2026-01-02 03:04:05'"}),
            Take("date_time_text", '"2026-01-02 03:04:05"', {"4.44.1": "'2026-01-02 03:04:05'"}),
            Take("date", 'date(2026, 1, 2)', {"4.44.1": "'2026-01-02'"}),
        ), (
            Give("give_date_time", {"4.44.1": "'2026-01-02 03:04:05'"}),
        )),
        Row("Timer", (
            Take("timer", '2.0', {"4.44.1": "2.0"}),
        ), (
            Give("give_timer", {"4.44.1": "2"}),
        )),
        Row("BrowserState", (
            Take("browser_state", '{"seen": 2}', {"5.50.0": "{'seen': 2}"}),
        ), (
            Give("give_browser_state", {"5.50.0": "{'seen': 1}"}),
        )),
        Row("Button", (
            Take("button", '"cat"', "'cat'"),
        ), (
            Give("give_button", {"3.23.0": "'pressed'", "4.0.2": "[]"}),
        )),
        Row("Dataset, the number of a row", (
            Take("dataset", '1', "1"),
        ), ()),
        Row('Dataset, type="values"', (
            Take("dataset_values", '1', "['b']"),
        ), ()),
    ),
    "Structured values": (
        Row("JSON", (
            Take("json", '{"a": [1, None]}', "{'a': [1, None]}"),
            Take("json_list", '[1, 2]', "[1, 2]"),
            Take("json", '{"document": Path("note.txt")}', {"3.23.0": "{'document': {'data': None, 'is_file': True, 'mime_type': 'text/plain', 'name': <note.txt>, 'orig_name': 'note.txt'}}", "4.0.2": "{'document': {'mime_type': 'text/plain', 'orig_name': 'note.txt', 'path': <note.txt>, 'size': 22, 'url': None}}", "4.19.2": "{'document': {'is_stream': False, 'mime_type': 'text/plain', 'orig_name': 'note.txt', 'path': <note.txt>, 'size': 22, 'url': …}}", "4.21.0": "{'document': {'is_stream': False, 'meta': {'_type': 'gradio.FileData'}, 'mime_type': 'text/plain', 'orig_name': 'note.txt', 'path': <note.txt>, 'size': 22, 'url': …}}"}),
        ), (
            Give("give_json", "{'a': [1, None, {'b': 'c'}]}"),
        )),
        Row("Label", (
            Take("label", '"cat"', "'cat'"),
            Take("label", '{"cat": 0.75, "dog": 0.25}', "{'cat': 0.75, 'dog': 0.25}"),
        ), (
            Give("give_label", "{'confidences': [{'confidence': 0.75, 'label': 'cat'}, {'confidence': 0.25, 'label': 'dog'}], 'label': 'cat'}"),
            Give("give_label_plain", {"3.23.0": "{'label': 'cat'}", "4.0.2": "{'confidences': None, 'label': 'cat'}"}),
        )),
        Row("HighlightedText", (
            Take("highlighted", '[("Ada", "name"), (" wrote", None)]', {"3.23.0": "[['Ada', 'name'], [' wrote', None]]", "4.0.2": "[{'class_or_confidence': 'name', 'token': 'Ada'}, {'class_or_confidence': None, 'token': ' wrote'}]"}),
            Take("highlighted", '[{"token": "Ada", "class_or_confidence": "name"}]', {"3.23.0": "[['Ada', 'name']]", "4.0.2": "[{'class_or_confidence': 'name', 'token': 'Ada'}]"}),
        ), (
            Give("give_highlighted", {"3.23.0": "[['Ada', 'name'], [' wrote', None]]", "4.0.2": "[{'class_or_confidence': 'name', 'token': 'Ada'}, {'class_or_confidence': None, 'token': ' wrote'}]"}),
        )),
        Row("Dataframe", (
            Take("dataframe", 'pd.DataFrame({"x": [1, 2], "y": [3.5, None]})', "{'columns': ['x', 'y'], 'rows': [[1.0, 3.5], [2.0, nan]]}"),
            Take("dataframe", '[[1, 2], [3, 4]]', "{'columns': ['x', 'y'], 'rows': [[1, 2], [3, 4]]}"),
            Take("dataframe", 'np.array([[1, 2], [3, 4]])', "{'columns': ['x', 'y'], 'rows': [[1, 2], [3, 4]]}"),
            Take("dataframe", '{"headers": ["x", "y"], "data": [[1, 2]]}', "{'columns': ['x', 'y'], 'rows': [[1, 2]]}"),
            Take("dataframe_array", '[[1, 2], [3, 4]]', "[[1, 2], [3, 4]]"),
        ), (
            Give("give_dataframe", {"3.23.0": "{'data': [[1, 3.5], [2, 4.5]], 'headers': ['x', 'y']}", "3.50.2": "{'data': [[1, 3.5], [2, 4.5]], 'headers': ['x', 'y'], 'metadata': None}"}),
        )),
        Row("ParamViewer", (
            Take("param_viewer", '{"a": {"type": "int", "description": "first", "default": None}}', {"4.19.2": "{'a': {'default': None, 'description': 'first', 'type': 'int'}}"}),
        ), (
            Give("give_param_viewer", {"4.19.2": "{'a': {'description': 'first', 'type': 'int'}}"}),
        )),
        Row("a custom component", (
            Take("custom", '{"title": "mine", "document": Path("note.txt")}', {"5.50.0": "{'document': <note.txt>, 'title': 'mine'}"}),
        ), (
            Give("give_custom", {"5.50.0": "{'document': <note.txt>, 'title': 'made'}"}),
        )),
    ),
    "Files": (
        Row("File", (
            Take("file", 'Path("note.txt")', "<note.txt>"),
            Take("file", 'handle_file("note.txt", orig_name="letter.txt")', "<letter.txt = note.txt>"),
            Take("file", 'b"some bytes"', "<file, new>"),
            Take("file", 'open("note.txt", "rb")', "<note.txt>"),
            Take("file", '[Path("note.txt")]', "<note.txt>"),
            Take("file_bytes", 'Path("note.txt")', "<bytes = note.txt>"),
        ), (
            Give("give_file", "<note.txt>"),
        )),
        Row('File, file_count="multiple"', (
            Take("files", '[Path("note.txt"), handle_file("cat.png")]', "[<note.txt>, <cat.png>]"),
            Take("files", 'Path("note.txt")', "[<note.txt>]"),
        ), (
            Give("give_files", "[<note.txt>, <red.png>]"),
        )),
        Row('File, file_count="directory"', (
            Take("directory", 'Path("note.txt")', "[<note.txt>]"),
            Take("directory", '[Path("note.txt"), Path("cat.png")]', {"3.23.0": "[<note.txt>, <cat.png>]", "4.0.2": FAILS, "4.19.2": "[<note.txt>, <cat.png>]"}),
        ), (
            Give("give_directory", "[<note.txt>, <red.png>]"),
        )),
        Row("UploadButton", (
            Take("upload_button", 'Path("note.txt")', "<note.txt>"),
        ), (
            Give("give_upload_button", "<note.txt>"),
        )),
        Row('UploadButton, file_count="multiple"', (
            Take("upload_several", 'Path("note.txt")', "[<note.txt>]"),
            Take("upload_several", '[Path("note.txt"), Path("cat.png")]',
                 "[<note.txt>, <cat.png>]"),
            Take("upload_directory", 'Path("note.txt")', "[<note.txt>]"),
            Take("upload_directory", '[Path("note.txt")]', "[<note.txt>]"),
        ), ()),
        Row("DownloadButton", (
            Take("download_button", 'Path("note.txt")', {"4.21.0": "<note.txt>"}),
        ), (
            Give("give_download_button", {"4.21.0": "<note.txt>"}),
        )),
        Row("FileExplorer", (
            Take("file_explorer", '"docs/a.txt"', {"3.50.2": "[<a.txt, new>]", "4.0.2": FAILS, "4.12.0": "[<a.txt, new>]"}),
            Take("file_explorer", '["docs/a.txt", Path("b.txt")]', {"3.50.2": "[<a.txt, new>, <b.txt, new>]", "4.0.2": FAILS, "4.12.0": "[<a.txt, new>, <b.txt, new>]"}),
            Take("file_explorer", '[["docs", "a.txt"]]', {"3.50.2": "[<a.txt, new>]", "4.0.2": FAILS, "4.12.0": "[<a.txt, new>]"}),
            Take("file_explorer_one", '"docs/a.txt"', {"3.50.2": "<a.txt, new>", "4.0.2": FAILS, "4.12.0": "<a.txt, new>"}),
        ), (
            Give("give_file_explorer", {"3.50.2": "[['docs', 'a.txt']]"}),
        )),
        Row("Model3D", (
            Take("model3d", 'Path("mesh.glb")', "<mesh.glb>"),
        ), (
            Give("give_model3d", "<mesh.glb>"),
        )),
    ),
    "Images": (
        Row("Image", (
            Take("image", 'Path("cat.png")', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>", "4.12.0": "<cat.png, new>", "5.50.0": "<cat.png>"}),
            Take("image", 'PIL.Image.open("cat.png")', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>", "4.12.0": "<cat.png, new>"}),
            Take("image", 'np.zeros((3, 4, 3), "uint8")', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>"}),
            Take("image", '{"background": Path("cat.png"), "layers": [], "composite": Path("dog.png")}', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>", "4.12.0": "<dog.png, new>", "5.50.0": "<dog.png>"}),
            Take("image_pil", 'Path("cat.png")', "{'PIL': [4, 3], 'corner': [0, 128, 0], 'mode': 'RGB'}"),
            Take("image_numpy", 'Path("cat.png")', "{'array': [3, 4, 3], 'dtype': 'uint8'}"),
        ), (
            Give("give_image", {"3.23.0": "<file.png>", "4.0.2": "<red.png>"}),
            Give("give_image_pil", {"3.23.0": "<file.png>", "4.0.2": "<image.png>", "4.44.1": "<image.webp>"}),
            Give("give_image_numpy", {"3.23.0": "<file.png>", "4.0.2": "<image.png>", "4.44.1": "<image.webp>"}),
        )),
        Row("ImageSlider", (
            Take("image_slider", '(Path("cat.png"), Path("dog.png"))', {"5.50.0": "[<cat.png>, <dog.png>]"}),
        ), (
            Give("give_image_slider", {"5.50.0": "[<red.png>, <blue.png>]"}),
        )),
        Row("ImageEditor", (
            Take("image_editor", 'Path("cat.png")', {"4.12.0": "{'background': <cat.png, new>, 'composite': <cat.png, new>, 'layers': []}"}),
            Take("image_editor", '{"background": Path("cat.png"), "layers": [Path("dog.png")]}', {"4.12.0": "{'background': <cat.png, new>, 'composite': None, 'layers': [<dog.png, new>]}"}),
        ), (
            Give("give_image_editor", {"4.12.0": "{'background': <red.png>, 'composite': <red.png>, 'layers': [<blue.png>]}", "4.44.1": "{'background': <red.png>, 'composite': <red.png>, 'id': None, 'layers': [<blue.png>]}"}),
        )),
        Row("Sketchpad", (
            Take("image_sketchpad", 'Path("cat.png")', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>", "4.0.2": None, "4.12.0": "{'background': <cat.png, new>, 'composite': <cat.png, new>, 'layers': []}"}),
        ), (
            Give("give_image_sketchpad", {"3.23.0": "<file.png>", "4.0.2": None, "4.12.0": "{'background': <red.png>, 'composite': <red.png>, 'layers': [<blue.png>]}", "4.44.1": "{'background': <red.png>, 'composite': <red.png>, 'id': None, 'layers': [<blue.png>]}"}),
        )),
        Row("Paint", (
            Take("image_paint", 'Path("cat.png")', {"3.23.0": "<tmp.png, new>", "3.50.2": "<image.png, new>", "4.0.2": None, "4.12.0": "{'background': <cat.png, new>, 'composite': <cat.png, new>, 'layers': []}"}),
        ), (
            Give("give_image_paint", {"3.23.0": "<file.png>", "4.0.2": None, "4.12.0": "{'background': <red.png>, 'composite': <red.png>, 'layers': [<blue.png>]}", "4.44.1": "{'background': <red.png>, 'composite': <red.png>, 'id': None, 'layers': [<blue.png>]}"}),
        )),
        Row("ImageMask", (
            Take("image_mask", '{"background": Path("cat.png"), "layers": [Path("dog.png")]}', {"3.23.0": "{'image': <tmp.png, new>, 'mask': <tmp.png, new>}", "3.50.2": "{'image': <image.png, new>, 'mask': <image.png, new>}", "4.0.2": None, "4.12.0": "{'background': <cat.png, new>, 'composite': None, 'layers': [<dog.png, new>]}"}),
            Take("image_mask", '{"image": Path("cat.png"), "mask": Path("dog.png")}', {"3.23.0": "{'image': <tmp.png, new>, 'mask': <tmp.png, new>}", "3.50.2": "{'image': <image.png, new>, 'mask': <image.png, new>}", "4.0.2": None, "4.12.0": "{'background': <cat.png, new>, 'composite': None, 'layers': [<dog.png, new>]}"}),
        ), (
            Give("give_image_mask", {"3.23.0": "<file.png>", "4.0.2": None, "4.12.0": "{'background': <red.png>, 'composite': <red.png>, 'layers': [<blue.png>]}", "4.44.1": "{'background': <red.png>, 'composite': <red.png>, 'id': None, 'layers': [<blue.png>]}"}),
        )),
        Row("Gallery", (
            Take("gallery", '[Path("cat.png"), (Path("dog.png"), "a dog")]', {"3.23.0": "[[{'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <cat.png>, 'orig_name': 'cat.png'}, None], [{'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <dog.png>, 'orig_name': 'dog.png'}, 'a dog']]", "4.0.2": "[{'caption': None, 'image': {'mime_type': 'image/png', 'orig_name': 'cat.png', 'path': <cat.png>, 'size': 106, 'url': None}}, {'caption': 'a dog', 'image': {'mime_type': 'image/png', 'orig_name': 'dog.png', 'path': <dog.png>, 'size': 107, 'url': None}}]", "4.19.2": "[[<cat.png>, None], [<dog.png>, 'a dog']]"}),
            Take("gallery", 'Path("cat.png")', {"3.23.0": "[[{'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <cat.png>, 'orig_name': 'cat.png'}, None]]", "4.0.2": "[{'caption': None, 'image': {'mime_type': 'image/png', 'orig_name': 'cat.png', 'path': <cat.png>, 'size': 106, 'url': None}}]", "4.19.2": "[[<cat.png>, None]]"}),
            Take("gallery", '[{"image": Path("cat.png"), "caption": "a cat"}, Path("clip.mp4")]', {"3.23.0": "[[{'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <cat.png>, 'orig_name': 'cat.png'}, 'a cat'], [{'data': None, 'is_file': True, 'mime_type': 'video/mp4', 'name': <clip.mp4>, 'orig_name': 'clip.mp4'}, None]]", "4.0.2": "[{'caption': 'a cat', 'image': {'mime_type': 'image/png', 'orig_name': 'cat.png', 'path': <cat.png>, 'size': 106, 'url': None}}, {'caption': None, 'image': {'mime_type': 'video/mp4', 'orig_name': 'clip.mp4', 'path': <clip.mp4>, 'size': 1518, 'url': None}}]", "4.19.2": "[[<cat.png>, 'a cat'], [<clip.mp4>, None]]"}),
        ), (
            Give("give_gallery", {"3.23.0": "[[<red.png>, 'first'], <blue.png>]", "4.0.2": "[{'caption': 'first', 'image': <red.png>}, {'caption': None, 'image': <blue.png>}]"}),
            Give("give_gallery_mixed", {"3.23.0": "[<tmp.png>, [<shown.mp4>, 'moves']]", "3.50.2": "[<image.png>, [<shown.mp4>, 'moves']]", "4.0.2": "[{'caption': None, 'image': <image.png>}, {'caption': 'moves', 'image': <shown.mp4>}]", "4.44.1": "[{'caption': None, 'image': <image.webp>}, {'caption': 'moves', 'image': <shown.mp4>}]", "5.50.0": "[{'caption': None, 'image': <image.webp>}, {'caption': 'moves', 'video': <shown.mp4>}]"}),
        )),
        Row("AnnotatedImage", (), (
            Give("give_annotated_image", {"3.50.2": "[<red.png>, [[<image.png>, 'box'], [<image.png>, 'mask']]]", "4.0.2": "{'annotations': [{'image': <image.png>, 'label': 'box'}, {'image': <image.png>, 'label': 'mask'}], 'image': <red.png>}"}),
        )),
    ),
    "Sound and video": (
        Row("Audio", (
            Take("audio", 'Path("say.wav")', {"3.23.0": "<say-0-100.wav = say.wav>", "4.0.2": "<say.wav>"}),
            Take("audio", '(8000, np.zeros(80, "int16"))', {"3.23.0": "<audio-0-100.wav, new>", "4.0.2": "<audio.wav, new>"}),
            Take("audio_numpy", 'Path("say.wav")', "[8000, {'array': [80], 'dtype': 'int16'}]"),
        ), (
            Give("give_audio", "<sound.wav>"),
            Give("give_audio_numpy", {"3.23.0": "<tmp.wav>", "3.50.2": "<audio.wav>"}),
        )),
        Row("Video", (
            Take("video", 'Path("clip.mp4")', "<clip.mp4>"),
            Take("video", '(Path("clip.mp4"), Path("said.vtt"))', "<clip.mp4>"),
            Take("video", '{"video": Path("clip.mp4"), "subtitles": None}', "<clip.mp4>"),
        ), (
            Give("give_video", {"3.23.0": "<plain.mp4>", "3.50.2": "[<plain.mp4>, None]", "4.0.2": "{'subtitles': None, 'video': <plain.mp4>}", "6.31.0": "<plain.mp4>"}),
            Give("give_video_subtitles", {"3.23.0": FAILS, "3.50.2": "[<titled.mp4>, <file.vtt>]", "4.0.2": "{'subtitles': <said.vtt>, 'video': <titled.mp4>}", "6.31.0": "<titled.mp4>"}),
        )),
    ),
    "Chat": (
        Row("MultimodalTextbox", (
            Take("multimodal", '"look"', {"4.44.1": "{'files': [], 'text': 'look'}"}),
            Take("multimodal", '{"text": "look", "files": [Path("cat.png")]}', {"4.44.1": "{'files': [<cat.png>], 'text': 'look'}"}),
            Take("multimodal", 'Path("cat.png")', {"4.44.1": "{'files': [<cat.png>], 'text': ''}"}),
        ), (
            Give("give_multimodal", {"4.44.1": "{'files': [<red.png>], 'text': 'look'}"}),
        )),
        Row('Chatbot, type="tuples"', (
            Take("chat_tuples", '[("Hello", "Hi"), ((Path("cat.png"), "a cat"), None)]', {"3.23.0": "[['Hello', 'Hi'], [{'alt_text': 'a cat', 'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <cat.png>, 'orig_name': 'cat.png'}, None]]", "3.50.2": "[['Hello', 'Hi'], [[<cat.png>, 'a cat'], None]]", "6.31.0": None}),
            Take("chat_tuples", '[{"role": "user", "content": ["Look", Path("cat.png")]}, {"role": "assistant", "content": "Nice"}]', {"3.23.0": "[['Look', None], [{'alt_text': None, 'data': None, 'is_file': True, 'mime_type': 'image/png', 'name': <cat.png>, 'orig_name': 'cat.png'}, 'Nice']]", "3.50.2": "[['Look', None], [[<cat.png>], 'Nice']]", "6.31.0": None}),
        ), (
            Give("give_chat_tuples", {"3.23.0": "[['Hello', 'Hi'], [<note.txt>, None], [None, <red.png>]]", "4.0.2": "[['Hello', 'Hi'], [{'alt_text': None, 'file': <note.txt>}, None], [None, {'alt_text': 'a picture', 'file': <red.png>}]]", "6.31.0": None}),
        )),
        Row('Chatbot, type="messages"', (
            Take("chat_messages", '[{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]', {"4.44.1": "[{'content': 'Hello', 'metadata': {'title': None}, 'role': 'user'}, {'content': 'Hi', 'metadata': {'title': None}, 'role': 'assistant'}]", "5.50.0": "[{'content': 'Hello', 'metadata': None, 'options': None, 'role': 'user'}, {'content': 'Hi', 'metadata': None, 'options': None, 'role': 'assistant'}]", "6.31.0": "[{'content': [{'text': 'Hello', 'type': 'text'}], 'metadata': None, 'options': None, 'role': 'user'}, {'content': [{'text': 'Hi', 'type': 'text'}], 'metadata': None, 'options': None, 'role': 'assistant'}]"}),
            Take("chat_messages", '[{"role": "user", "content": ["Look", Path("cat.png")]}]', {"4.44.1": "[{'content': 'Look', 'metadata': {'title': None}, 'role': 'user'}, {'content': [<cat.png>], 'metadata': {'title': None}, 'role': 'user'}]", "5.50.0": "[{'content': 'Look', 'metadata': None, 'options': None, 'role': 'user'}, {'content': [<cat.png>], 'metadata': None, 'options': None, 'role': 'user'}]", "6.31.0": "[{'content': [{'text': 'Look', 'type': 'text'}, {'alt_text': None, 'file': {'is_stream': False, 'meta': {'_type': 'gradio.FileData'}, 'mime_type': 'image/png', 'orig_name': 'cat.png', 'path': <cat.png>, 'size': 106, 'url': …}, 'type': 'file'}], 'metadata': None, 'options': None, 'role': 'user'}]"}),
            Take("chat_messages", '[("Hello", "Hi"), (Path("note.txt"), None)]', {"4.44.1": "[{'content': 'Hello', 'metadata': {'title': None}, 'role': 'user'}, {'content': 'Hi', 'metadata': {'title': None}, 'role': 'assistant'}, {'content': [<note.txt>], 'metadata': {'title': None}, 'role': 'user'}]", "5.50.0": "[{'content': 'Hello', 'metadata': None, 'options': None, 'role': 'user'}, {'content': 'Hi', 'metadata': None, 'options': None, 'role': 'assistant'}, {'content': [<note.txt>], 'metadata': None, 'options': None, 'role': 'user'}]", "6.31.0": "[{'content': [{'text': 'Hello', 'type': 'text'}], 'metadata': None, 'options': None, 'role': 'user'}, {'content': [{'text': 'Hi', 'type': 'text'}], 'metadata': None, 'options': None, 'role': 'assistant'}, {'content': [{'alt_text': None, 'file': {'is_stream': False, 'meta': {'_type': 'gradio.FileData'}, 'mime_type': 'text/plain', 'orig_name': 'note.txt', 'path': <note.txt>, 'size': 22, 'url': …}, 'type': 'file'}], 'metadata': None, 'options': None, 'role': 'user'}]"}),
        ), (
            Give("give_chat_messages", {"4.44.1": "[{'content': 'Hello', 'metadata': {'title': None}, 'role': 'user'}, {'content': {'alt_text': None, 'file': <note.txt>}, 'metadata': {'title': None}, 'role': 'user'}, {'content': 'Hi', 'metadata': {'title': 'Thinking'}, 'role': 'assistant'}]", "5.50.0": "[{'content': 'Hello', 'metadata': None, 'options': None, 'role': 'user'}, {'content': {'alt_text': None, 'file': <note.txt>}, 'metadata': None, 'options': None, 'role': 'user'}, {'content': 'Hi', 'metadata': {'title': 'Thinking'}, 'options': None, 'role': 'assistant'}]", "6.31.0": "[{'content': [{'text': 'Hello', 'type': 'text'}], 'metadata': None, 'options': None, 'role': 'user'}, {'content': [{'alt_text': None, 'file': <note.txt>, 'type': 'file'}], 'metadata': None, 'options': None, 'role': 'user'}, {'content': [{'text': 'Hi', 'type': 'text'}], 'metadata': {'title': 'Thinking'}, 'options': None, 'role': 'assistant'}]"}),
        )),
    ),
    "Plots": (
        Row("Plot", (), (
            Give("give_plot_matplotlib", {"3.23.0": "{'plot': 'data:image/png;base64,iV'…, 'type': 'matplotlib'}", "4.44.1": "{'plot': 'data:image/webp;base64,U'…, 'type': 'matplotlib'}", "5.50.0": None}),
            Give("give_plot_plotly", '{\'plot\': \'{"data": [{"x": [1, 2], "y": [3, 4]}], "layout": {}}\', \'type\': \'plotly\'}'),
            Give("give_plot_altair", {"3.23.0": '{\'plot\': \'{\\n  "$schema": "https://\'…, \'type\': \'altair\'}', "4.44.1": None}),
        )),
        Row("LinePlot", (), (
            Give("give_lineplot", {"3.23.0": '{\'chart\': \'line\', \'plot\': \'{\\n  "$schema": "https://\'…, \'type\': \'altair\'}', "4.44.1": "{'columns': ['x', 'y'], 'data': [[1, 3.5], [2, 4.5]], 'datatypes': {'x': 'quantitative', 'y': 'quantitative'}, 'mark': 'line'}"}),
        )),
        Row("BarPlot", (), (
            Give("give_barplot", {"3.23.0": '{\'chart\': \'bar\', \'plot\': \'{\\n  "$schema": "https://\'…, \'type\': \'altair\'}', "4.44.1": "{'columns': ['x', 'y'], 'data': [[1, 3.5], [2, 4.5]], 'datatypes': {'x': 'quantitative', 'y': 'quantitative'}, 'mark': 'bar'}"}),
        )),
        Row("ScatterPlot", (), (
            Give("give_scatterplot", {"3.23.0": '{\'chart\': \'scatter\', \'plot\': \'{\\n  "$schema": "https://\'…, \'type\': \'altair\'}', "4.44.1": "{'columns': ['x', 'y'], 'data': [[1, 3.5], [2, 4.5]], 'datatypes': {'x': 'quantitative', 'y': 'quantitative'}, 'mark': 'point'}"}),
        )),
        Row("Timeseries", (), (
            Give("give_time_series", {"3.23.0": "{'data': [[1.0, 3.5], [2.0, 4.5]], 'headers': ['x', 'y']}", "4.0.2": None}),
        )),
    ),
    "Updates, partial outputs and generators": (
        Row("gr.update(value=\u2026)", (), (Give("update", "'new'"),)),
        Row("a component as an update", (), (Give("as_component", {"3.50.2": "'new'"}),)),
        Row("gr.update of an image", (), (Give("update_image", {"3.23.0": "<file.png>", "4.0.2": "<red.png>"}),)),
        Row("gr.update without a value", (), (Give("update_only", "None"),)),
        Row("gr.skip()", (), (Give("skip", "None"),)),
        Row("a dict with some of the outputs", (), (Give("some", {"3.23.0": "[None, 5.0]", "4.12.0": "[None, 5]"}),)),
        Row("a dict with all outputs", (), (Give("all", {"3.23.0": "['all', 5.0, <file.png>]", "4.0.2": "['all', 5.0, <blue.png>]", "4.12.0": "['all', 5, <blue.png>]"}),)),
        Row("a generator of images", (), (Give("frames", {"3.23.0": "<file.png>", "4.0.2": "<red.png>"}),)),
        Row("a generator of sounds, `streaming=True`", (), (Give("sounds", {"3.50.2": "<audio.wav>", "4.0.2": "<audio>", "4.12.0": "<audio.wav>"}),)),
    ),
}
# fmt: on

ROWS = [row for rows in TABLE.values() for row in rows]

PAGE = Path(__file__).parents[2] / "docs" / "values.md"
BEGINNING = (
    "<!-- python -m tests.support.component_values writes the rest; do not edit it here -->\n"
)


def page() -> str:
    """Return the page with a new table below its fixed text."""
    head, beginning, _ = PAGE.read_text(encoding="utf-8").partition(BEGINNING)
    lines = [head + beginning]
    for title, rows in TABLE.items():
        lines += [
            f"\n## {title}\n",
            "| component | what to pass | what it returns |",
            "|---|---|---|",
        ]
        for row in rows:
            passed = dict.fromkeys(f"`{take.passed}`" for take in row.takes if take.got != FAILS)
            back = [_by_shown(give.back) for give in row.gives]
            cells = (row.component, "<br>".join(passed) or "–", "<br>".join(back) or "–")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _by_shown(by: By) -> str:
    if isinstance(by, str):
        return f"`{by}`"
    return "<br>".join(
        f"{version}: "
        + ("not available" if text is None else text if text == FAILS else f"`{text}`")
        for version, text in by.items()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
