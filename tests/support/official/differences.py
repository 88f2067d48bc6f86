"""Where `gradio_client_sync.compat` differs on purpose from the official client, and why.

An entry names a case of `script`, or an endpoint of `components` with its arguments (``*`` for
any). An entry that changes nothing fails (`test_beside`).
"""

# ruff: noqa: E501 - an entry is a line

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple

OLD = ("3.50.2",)  # there, the official client is 0.6.1
MODERN = ("4.44.1", "5.50.0", "6.31.0")
NEWEST = ("6.31.0",)
ALL = (*OLD, *MODERN)

FORMS = (
    "a form that the app's page would convert is converted; the official client sends it as it is"
)
FACTS = "the size and the type of a file are sent, too"
RECORDING = "the sound of a generator is the whole recording, and not its playlist or first part"
QUOTES = "the text of the app's error has no quotes, which servers before 5.2 add"
OLD_JSON = "0.6.1 passes values that are no texts as JSON files, and galleries as folders"
OLD_NAMES = "0.6.1 invents a name for an image that is part of the value"
OLD_VIDEO = "0.6.1 drops the subtitles; 2.7.2 gives all parts of a value"
OLD_FAULT = "0.6.1 cannot read what the server sends"
OLD_STATUS = "0.6.1 has no statuses for log messages"


class Difference(NamedTuple):
    """An intended difference.

    Attributes:
        cases: A pattern for the names of cases.
        servers: The servers on which they differ.
        reason: Why.
    """

    cases: str
    servers: tuple[str, ...]
    reason: str


# fmt: off
DIFFERENCES = (
    Difference("failing_loop", MODERN, "a loop raises the job's error, and does not just end"),
    Difference("fail", ("4.44.1",), QUOTES),
    Difference("failed_update", ("4.44.1",), QUOTES),
    Difference("error_attributes", ("4.44.1",), QUOTES),
    Difference("structures", MODERN, "the official client reads some edits of lists wrongly"),
    Difference("final_status", OLD, OLD_STATUS),
    Difference("status_codes", OLD, OLD_STATUS),
    Difference('take_json({"a": [1, None]},)', OLD, OLD_JSON),
    Difference("take_json_list(*", OLD, OLD_JSON),
    Difference("give_json(*", OLD, OLD_JSON),
    Difference("give_label(*", OLD, OLD_JSON),
    Difference("give_label_plain(*", OLD, OLD_JSON),
    Difference('take_highlighted([{"token": "Ada", "class_or_confidence": "name"}],)', OLD, OLD_JSON),
    Difference("give_highlighted(*", OLD, OLD_JSON),
    Difference('take_dataframe({"headers": ["x", "y"], "data": [[1, 2]]},)', OLD, OLD_JSON),
    Difference("give_dataframe(*", OLD, OLD_JSON),
    Difference('take_file_explorer([["docs", "a.txt"]],)', OLD, OLD_JSON),
    Difference("give_file_explorer(*", OLD, OLD_JSON),
    Difference('take_image_mask({"background": handle_file("cat.png"), "layers": [handle_file("dog.png")]},)', OLD, OLD_JSON),
    Difference("give_gallery(*", OLD, OLD_JSON),
    Difference("give_gallery_mixed(*", OLD, OLD_JSON),
    Difference("give_annotated_image(*", OLD, OLD_JSON),
    Difference("give_chat_tuples(*", OLD, OLD_JSON),
    Difference("give_plot_matplotlib(*", OLD, OLD_JSON),
    Difference("give_plot_plotly(*", OLD, OLD_JSON),
    Difference("give_plot_altair(*", OLD, OLD_JSON),
    Difference("give_lineplot(*", OLD, OLD_JSON),
    Difference("give_barplot(*", OLD, OLD_JSON),
    Difference("give_scatterplot(*", OLD, OLD_JSON),
    Difference("give_time_series(*", OLD, OLD_JSON),
    Difference('take_json({"document": handle_file("note.txt")},)', ALL, FACTS),
    Difference("take_label(*", ALL, FORMS),
    Difference('take_highlighted([("Ada", "name"), (" wrote", None)],)', ALL, FORMS),
    Difference("take_dataframe([[1, 2], [3, 4]],)", ALL, FORMS),
    Difference("take_dataframe_array(*", ALL, FORMS),
    Difference('take_file(b"some bytes",)', ALL, FORMS),
    Difference('take_files(handle_file("note.txt"),)', ALL, FORMS),
    Difference('take_directory(handle_file("note.txt"),)', ALL, FORMS),
    Difference('take_upload_several(handle_file("note.txt"),)', ALL, FORMS),
    Difference('take_upload_directory(handle_file("note.txt"),)', ALL, FORMS),
    Difference('take_file_explorer("docs/a.txt",)', ALL, FORMS),
    Difference("take_file_explorer_one(*", ALL, FORMS),
    Difference('take_image({"background": handle_file("cat.png"), "layers": [], "composite": handle_file("dog.png")},)', ALL, FORMS),
    Difference('take_image_mask({"image": handle_file("cat.png"), "mask": handle_file("dog.png")},)', ALL, FORMS),
    Difference("take_gallery(*", ALL, FORMS),
    Difference('take_video((handle_file("clip.mp4"), handle_file("said.vtt")),)', ALL, FORMS),
    Difference('take_file([handle_file("note.txt")],)', MODERN, FORMS),
    Difference('take_image_editor(handle_file("cat.png"),)', MODERN, FORMS),
    Difference("take_image_sketchpad(*", MODERN, FORMS),
    Difference("take_image_paint(*", MODERN, FORMS),
    Difference('take_multimodal("look",)', MODERN, FORMS),
    Difference('take_multimodal(handle_file("cat.png"),)', MODERN, FORMS),
    Difference('take_chat_messages([{"role": "user", "content": ["Look", handle_file("cat.png")]}],)', MODERN, FORMS),
    Difference('take_chat_messages([("Hello", "Hi"), (handle_file("note.txt"), None)],)', MODERN, FORMS),
    Difference("give_upload_button(*", OLD, OLD_FAULT),
    Difference("update_image(*", OLD, OLD_FAULT),
    Difference("give_image(*", OLD, OLD_NAMES),
    Difference("give_image_pil(*", OLD, OLD_NAMES),
    Difference("give_image_numpy(*", OLD, OLD_NAMES),
    Difference("give_image_sketchpad(*", OLD, OLD_NAMES),
    Difference("give_image_paint(*", OLD, OLD_NAMES),
    Difference("give_image_mask(*", OLD, OLD_NAMES),
    Difference("all(*", OLD, OLD_NAMES),
    Difference("frames(*", OLD, OLD_NAMES),
    Difference('take_video({"video": handle_file("clip.mp4"), "subtitles": None},)', ('3.50.2', '6.31.0'), FORMS),
    Difference('take_video(handle_file("clip.mp4"),)', ('4.44.1', '5.50.0'), FORMS),
    Difference("give_video(*", OLD, OLD_VIDEO),
    Difference("give_video_subtitles(*", OLD, OLD_VIDEO),
    Difference("take_chat_tuples(*", ('3.50.2', '4.44.1', '5.50.0'), FORMS),
    Difference("sounds(*", ALL, RECORDING),
    Difference('take_chat_messages([{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}],)', NEWEST, FORMS),
)
# fmt: on


def intended(case: str, server: str) -> Difference | None:
    """Return the entry for a case on a server; ``None`` if none is intended."""
    for entry in DIFFERENCES:
        if server in entry.servers and (case == entry.cases or fnmatchcase(case, entry.cases)):
            return entry
    return None
