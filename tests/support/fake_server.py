"""The functions of ``servers/app.py`` that a `FakeApp` can have, too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from gradio_client_sync.testing import FakeApp, State
from tests.support.generations import app_constant

STRUCTURES = app_constant("STRUCTURES")
TABLES = app_constant("TABLES")
Color = Literal["red", "green", "blue"]


def fill(fake: FakeApp) -> None:
    """Give a fake app the functions of the tests' server, in its order."""
    release = tuple(int(part) for part in fake._app.generation.version.split("."))

    @fake.endpoint
    def echo(text: str) -> str:
        return text

    @fake.endpoint
    def add(a: float, b: float) -> float:
        return a + b

    @fake.endpoint
    def defaults(text: str, number: float = 2, flag: bool = True, choice: Color = "red") -> str:
        return f"{text} {number:g} {flag} {choice}"

    @fake.endpoint
    def pair(text: str) -> tuple[str, int]:
        return text.upper(), len(text)

    @fake.endpoint
    def nothing(text: str) -> None:
        return None

    @fake.endpoint
    def noinput() -> str:
        return "pong"

    @fake.endpoint("/unnamed_event" if release >= (4,) else None)
    def unnamed_event(text: str) -> str:
        return f"unnamed {text}"

    @fake.endpoint("/unlisted_event", visibility="private")
    def unlisted_event(text: str) -> str:
        return f"unlisted {text}"

    @fake.endpoint("/hidden", visibility="undocumented")
    def hidden(text: str) -> str:
        return text

    @fake.endpoint("/private", visibility="private")
    def private(text: str) -> str:
        return text

    @fake.endpoint("/batch", batch=True)
    def batch(texts: list[str]) -> list[str]:
        return [text.upper() for text in texts]

    @fake.endpoint
    def count(n: float) -> Iterator[str]:
        for index in range(int(n)):
            yield str(index)

    @fake.endpoint
    def tokens(n: float) -> Iterator[str]:
        for index in range(1, int(n) + 1):
            yield " ".join(f"tok{number}" for number in range(index))

    @fake.endpoint
    def structure(n: float) -> Iterator[tuple[Any, str]]:
        for index in range(int(n)):
            yield STRUCTURES[index % len(STRUCTURES)], "same"

    @fake.endpoint
    def table(n: float) -> Iterator[dict[str, Any]]:
        for index in range(int(n)):
            rows = TABLES[index % len(TABLES)]
            yield {"headers": [f"c{column}" for column in range(len(rows[0]))], "data": rows}

    @fake.endpoint
    def chat(n: float) -> Iterator[list[dict[str, str]]]:
        messages: list[dict[str, str]] = []
        for index in range(int(n)):
            messages = [*messages, {"role": ("user", "assistant")[index % 2], "content": ""}]
            for word in ("hello", "there", str(index)):
                last = {**messages[-1], "content": f"{messages[-1]['content']} {word}".strip()}
                messages = [*messages[:-1], last]
                yield messages

    @fake.endpoint
    def empty() -> Iterator[str]:
        yield from ()

    def fail(text: str) -> str:
        fake.error(text, title="Oops", duration=7)

    fake.endpoint("/fail")(fail)
    fake.endpoint("/direct_fail", queue=False)(fail)

    @fake.endpoint
    def crash(text: str) -> str:
        raise ValueError(text)

    @fake.endpoint
    def fail_midway(n: float) -> Iterator[str]:
        for index in range(int(n)):
            yield str(index)
        fake.error("midway")

    @fake.endpoint
    def logs(text: str) -> str:
        fake.log(text)
        fake.log(text, "warning")
        return text

    @fake.endpoint
    def counter(value: State[int] = 0) -> tuple[int, State[int]]:
        return value + 1, value + 1

    @fake.endpoint
    def counter_middle(
        text: str, value: State[int] = 0, number: float = 2
    ) -> tuple[State[int], str]:
        return value + 1, f"{text} {value + 1} {number:g}"

    @fake.endpoint
    def progress(n: float) -> str:
        for index in range(int(n)):
            fake.progress((index, int(n)), f"step {index}")
        return "done"

    @fake.endpoint("/direct", queue=False)
    def direct(text: str) -> str:
        return text[::-1]

    @fake.endpoint
    def file(upload: Path) -> Path:
        return upload

    @fake.endpoint
    def digest(upload: Path) -> str:
        content = upload.read_bytes()
        sha = hashlib.sha256(content).hexdigest()
        return json.dumps({"name": upload.name, "size": len(content), "sha256": sha})

    @fake.endpoint
    def endless(key: str) -> Iterator[str]:
        index = 0
        while True:
            yield str(index)
            index += 1
