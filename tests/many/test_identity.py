"""`Identity`: payloads that are equal for an app have equal keys."""

from __future__ import annotations

import io
import json
import os
from collections import OrderedDict, deque
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from gradio_client_sync import handle_file
from gradio_client_sync._many.identity import LARGE, Identity
from tests.support.media import png


def text_of(payload: Any) -> str:
    return Identity().key(0, payload).text


def test_identity_is_that_of_the_values() -> None:
    """Order of names and kind of sequence do not matter; values and types do."""
    assert text_of([1, "a"]) == text_of((1, "a")) == text_of(deque([1, "a"]))
    assert text_of({"a": 1, "b": [2]}) == text_of(OrderedDict(b=(2,), a=1))
    assert text_of(MappingProxyType({"a": 1})) == text_of({"a": 1})
    different = [
        [1],
        [1.0],
        [True],
        ["1"],
        [[1]],
        [None],
        None,
        [],
        {},
        {"a": 1},
        {"b": 1},
        [{"a": 1}],
        ["\ud800"],
        [{1: 2, "a": 3}],
        [date(2026, 1, 2)],
    ]
    assert len({text_of(payload) for payload in different}) == len(different)


def test_identity_counts_equal_payloads() -> None:
    """Equal payloads of one run have different keys, and the same ones in the next run."""
    runs = []
    for _ in range(2):
        identity = Identity()
        runs.append([identity.key(i, [i % 2, "x"]).text for i in range(6)])
    assert runs[0] == runs[1] and len(set(runs[0])) == 6


def test_identity_of_a_file_is_its_content(tmp_path: Path) -> None:
    """A path, an open file and bytes of the same content are equal. Other content is not."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"content")
    (tmp_path / "other.txt").write_bytes(b"content")
    with path.open("rb") as file:
        payloads = [
            path,
            tmp_path / "other.txt",
            b"content",
            bytearray(b"content"),
            memoryview(b"xcontent")[1:],
            io.BytesIO(b"content"),
            file,
            handle_file(path),
            handle_file(b"content", orig_name="b.txt"),
        ]
        assert len({text_of({"file": [payload]}) for payload in payloads}) == 1
        assert file.read() == b"content"  # the app gets it from the same position
    before = text_of([path])
    path.write_bytes(b"Content")
    assert text_of([path]) != before
    assert text_of([str(path)]) != text_of([path])
    assert text_of([handle_file("https://a/b.png")]) != text_of([handle_file("https://a/c.png")])


def test_identity_knows_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file has a key, and another one when it exists. A stream is never recognised."""
    path = tmp_path / "a.bin"
    missing = text_of([path])
    assert missing == text_of([path]) != text_of([tmp_path / "b.bin"])
    path.write_bytes(b"x")
    assert text_of([path]) != missing
    assert text_of([tmp_path]) == text_of([tmp_path])

    class Stream:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("read before it was sent")

    stream = Stream()
    assert text_of([stream]) != text_of([stream])
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert text_of([tmp_path / "pipe"]) != text_of([tmp_path / "pipe"])


def test_identity_of_what_cannot_be_sent() -> None:
    """A payload that no call accepts has a key, too, and always the same one."""
    circle: list[Any] = []
    circle.append(circle)
    payloads: list[Any] = [circle, [object()], [{(1, 2): 3}], [{1, 2}]]
    for payload in payloads:
        assert text_of(payload) == text_of(payload)
    assert Identity().key(0, circle).payload is None


def test_identity_of_arrays_tables_and_pictures() -> None:
    """Arrays, tables and pictures are recognised by content, type and shape."""
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    image = pytest.importorskip("PIL.Image")
    assert text_of([numpy.int64(2), numpy.float32(0.5)]) == text_of([2, 0.5])
    big = numpy.arange(10_000)
    changed = big.copy()
    changed[5_000] = 7
    payloads: list[Any] = [
        big,
        changed,
        big.reshape(100, 100),
        big.astype("int32"),
        (16_000, big),
        numpy.array([1, None]),
        pandas.DataFrame({"a": [1, 2]}),
        pandas.DataFrame({"b": [1, 2]}),
        pandas.DataFrame({"a": [1, 3]}),
        pandas.DataFrame({"a": pandas.to_datetime(["2026-01-02", None])}),
        image.new("RGB", (3, 2)),
        image.new("RGB", (2, 3)),
        image.new("RGB", (3, 2), "red"),
        image.new("P", (3, 2)),
    ]
    assert len({text_of([payload]) for payload in payloads}) == len(payloads)
    assert text_of([big]) == text_of([big.copy()])
    with image.open(io.BytesIO(png(1, 2, 3))) as one, image.open(io.BytesIO(png(1, 2, 3))) as other:
        assert text_of([one]) == text_of([other])


def test_identity_reads_a_large_file_once(tmp_path: Path) -> None:
    """A run reads a file once, and a later run does not read a large one while it stays as is."""
    path = tmp_path / "large.bin"
    path.write_bytes(b"a" * LARGE)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    identity = Identity()
    first = identity.key(0, [path])
    assert first.text == text_of([b"a" * LARGE])
    [(place, size, changed, digest)] = first.hashed
    assert (place, size, changed) == (str(path), LARGE, times[1])
    path.write_bytes(b"b" * LARGE)
    os.utime(path, ns=times)  # only its content shows the change, so it must have been read
    assert identity.key(1, ["x", path]).hashed == first.hashed
    known = {(place, size, changed): digest}
    assert Identity(known.get).key(0, [path]) == first
    os.utime(path, ns=(0, 0))
    assert Identity(known.get).key(0, [path]).text == text_of([b"b" * LARGE])


def test_identity_keeps_few_hashes_in_memory(tmp_path: Path) -> None:
    """The memory for files is bounded."""
    identity = Identity()
    path = tmp_path / "a"
    path.write_bytes(b"")
    for number in range(1_100):
        os.utime(path, ns=(number, number))
        identity.key(number, [path])
    assert len(identity._hashes) == 1_000


def test_identity_shows_payloads_to_readers(tmp_path: Path) -> None:
    """The payload has names in the places of files. A long one is left out."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    numpy = pytest.importorskip("numpy")
    with path.open("rb") as file:
        payload = {
            "b": [path, file, handle_file(path), handle_file(b"x", orig_name="n.txt"), b"x"],
            "a": [handle_file("https://a/b.png"), date(2026, 1, 2), numpy.int8(5), "é"],
            "c": MappingProxyType({"d": numpy.zeros(3)}),
        }
        shown = Identity().key(0, payload).payload
    assert shown is not None
    assert json.loads(shown) == {
        "b": [str(path), str(path), str(path), "n.txt", "<bytes>"],
        "a": ["https://a/b.png", "2026-01-02", 5, "é"],
        "c": {"d": "<ndarray>"},
    }
    assert Identity().key(0, ["x" * 4_090]).payload is not None
    assert Identity().key(0, ["x" * 4_100]).payload is None
