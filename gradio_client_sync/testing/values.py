"""The files of a fake app, and the conversion of its values."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from .._protocol.values.filedata import META, decode_data_url, encode_data_url, is_link
from .._protocol.values.filename import ending_of, safe_name, type_of
from .._transport.signal_safe import new_lock
from .generation import Generation
from .serving import file_url
from .slots import FILES, FakeSlot

_NAMES = {"image": "image.png", "audio": "audio.wav", "video": "video.mp4"}


class ServedFiles:
    """The files that a fake app has, by their paths on the server.

    A path contains a hash of the content, as on real servers, so equal files have the same path.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._files: dict[str, Path] = {}
        self._lock = new_lock()

    def keep(self, name: str, content: bytes) -> str:
        """Keep a file, and return its path on the server."""
        digest = hashlib.sha256(content).hexdigest()
        name = safe_name(name)
        path = f"/tmp/gradio/{digest}/{name}"
        with self._lock:
            if path not in self._files:
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(prefix="fake-gradio-"))
                folder = self._folder / digest
                folder.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
                self._files[path] = folder / name
        return path

    def get(self, path: object) -> Path | None:
        """Return the file at a path on the server; ``None`` if there is none."""
        with self._lock:
            return self._files.get(path) if isinstance(path, str) else None

    def path(self, path: str) -> Path:
        """Return the path on this machine of a file on the server. It must exist."""
        with self._lock:
            return self._files[path]

    def close(self) -> None:
        """Remove all files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class Values:
    """Converts between the values of Python functions and those on the wire.

    Args:
        generation: The release, which determines the forms of values.
        store: The files.

    Attributes:
        url: The URL of the app.
    """

    def __init__(self, generation: Generation, store: ServedFiles) -> None:
        self._generation = generation
        self._store = store
        self._is_3x = generation.dialect.files != "filedata"
        self.url = ""

    # -- what a function gets

    def read(self, slot: FakeSlot, value: Any) -> Any:
        """Convert a value on the wire to that for a function.

        Raises:
            ValueError: The value does not fit the component.
        """
        if value is None:
            return None
        if slot.component in FILES:
            found = self._files(value)
            if slot.props.get("type") == "binary" and isinstance(found, Path):
                return found.read_bytes()
            return found
        if slot.component == "textbox":
            return value if isinstance(value, str) else str(value)
        if slot.component in ("number", "slider"):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{slot.name!r} takes a number, not {value!r}.")
            is_whole = slot.json_schema.get("type") == "integer" and value == int(value)
            return int(value) if is_whole else value
        if slot.component == "checkbox" and not isinstance(value, bool):
            raise ValueError(f"{slot.name!r} takes True or False, not {value!r}.")
        self._check_choice(slot, value)
        return value

    def _check_choice(self, slot: FakeSlot, value: Any) -> None:
        choices = slot.props.get("choices")
        if slot.component not in ("dropdown", "radio", "checkboxgroup") or not choices:
            return
        if slot.props.get("allow_custom_value"):
            return
        known = [choice[-1] if isinstance(choice, (list, tuple)) else choice for choice in choices]
        for item in value if isinstance(value, list) else [value]:
            if item not in known:
                raise ValueError(f"Value: {item} is not in the list of choices: {known}")

    def _files(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._files(item) for item in value]
        if isinstance(value, str):
            return self._inline(value, None)
        if not isinstance(value, dict):
            raise ValueError(f"A file is an object with a path, not {value!r}.")
        if isinstance(value.get("video"), dict):
            return self._files(value["video"])
        if value.get("data") and self._is_3x:
            return self._inline(value["data"], value.get("orig_name") or value.get("name"))
        path = value.get("name" if self._is_3x else "path")
        if is_link(path):
            return path
        found = self._store.get(path)
        if found is None:
            raise ValueError(f"Cannot move {path} because it was not uploaded by a user.")
        return found

    def _inline(self, text: str, name: str | None) -> Path:
        content = decode_data_url(text)
        kind = text[5:].partition(";")[0]
        return self._store.path(self._store.keep(name or f"file{ending_of(kind)}", content))

    # -- what a function returns

    def write(self, slot: FakeSlot, value: Any, source: str) -> Any:
        """Convert a value of a function to the form on the wire.

        Args:
            slot: The output, or the input with this default.
            value: The value.
            source: Where it comes from, for errors: the begin of a sentence.

        Raises:
            TypeError: The value has no form in JSON.
        """
        if value is None or slot.is_state:
            return None
        if slot.component in FILES:
            return self._written_file(slot, value, source)
        return self._written(slot, value, source)

    def _written(self, slot: FakeSlot, value: Any, source: str) -> Any:
        """Convert a value to JSON types. Gradio converts the same types."""
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, dict):
            return {str(key): self._written(slot, item, source) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._written(slot, item, source) for item in value]
        if isinstance(value, os.PathLike):
            return self.form(Path(value).name, Path(value).read_bytes())
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._written(slot, dataclasses.asdict(value), source)
        for convert in ("isoformat", "tolist"):  # of dates and times, and of NumPy
            if hasattr(value, convert):
                return self._written(slot, getattr(value, convert)(), source)
        raise TypeError(
            f"{source} {type(value).__name__} for {slot.name!r}, which has no form in "
            "JSON. Use text, numbers, lists, dicts or paths."
        )

    def _written_file(self, slot: FakeSlot, value: Any, source: str) -> Any:
        if isinstance(value, list):
            return [self._written_file(slot, item, source) for item in value]
        if isinstance(value, dict):
            return self._written(slot, value, source)  # the form on the wire
        if isinstance(value, str) and is_link(value):
            return {"path": value, "url": value, "orig_name": None, "meta": META}
        if isinstance(value, bytes):
            name, content = _NAMES.get(slot.component, "file.bin"), value
        elif isinstance(value, (str, os.PathLike)):
            name, content = Path(value).name, Path(value).read_bytes()
        else:
            raise TypeError(
                f"{source} {type(value).__name__} for {slot.name!r}, which is a "
                f"{slot.component}. Use a path or bytes."
            )
        if self._is_3x and slot.component == "image":
            return encode_data_url(content, type_of(name, content[:32]))
        form = self.form(name, content)
        if slot.component == "video" and self._is_3x:
            return [form, None] if self._generation.since(3, 27) else form
        if slot.component == "video" and not self._generation.since(6):
            return {"video": form, "subtitles": None}
        return form

    def form(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a file, and return it in the form that servers of the release send."""
        path = self._store.keep(name, content)
        since = self._generation.since
        if self._is_3x:
            return {
                "name": path,
                "data": None,
                "is_file": True,
                "orig_name": name,
                "size": len(content),
            }
        form: dict[str, Any] = {
            "path": path,
            "url": file_url(self.url, self._generation.prefix, path) if since(4, 18) else None,
            "size": len(content),
            "orig_name": name,
            "mime_type": type_of(name, content[:32]),
        }
        if since(4, 18):
            form["is_stream"] = False
        if since(4, 21):
            form["meta"] = dict(META)
        return form
