"""`Kept` and `Keeper`: where content is kept on this machine, and for how long."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from gradio_client_sync._files.folder import private_folder
from gradio_client_sync._files.kept import MEMORY_BYTES, SMALL_BYTES, Keeper, Kept
from tests.support.processes import run_python

LARGE = bytes(range(256)) * (SMALL_BYTES // 256 + 1)


def on_disk() -> set[Path]:
    """Return the files of the contents that this process keeps on disk."""
    return set(Path(private_folder()).glob("kept-*"))


def kept_by(how: str, content: bytes) -> Kept:
    """Keep a content, either at once or in pieces."""
    if how == "at once":
        return Kept.of(content)
    with Keeper() as keeper:
        for start in range(0, len(content), 1_000_000):
            keeper.write(content[start : start + 1_000_000])
        assert keeper.size == len(content)
        return keeper.finish()


@pytest.mark.parametrize("how", ["at once", "in pieces"])
def test_kept_in_memory_or_on_disk(how: str) -> None:
    """A large content is kept on disk until its object is deleted."""
    before = on_disk()
    small = kept_by(how, b"small")
    assert on_disk() == before
    large = kept_by(how, LARGE)
    [path] = on_disk() - before
    for kept, content in ((small, b"small"), (large, LARGE)):
        assert kept.is_there() and kept.read_bytes() == content
        with kept.open() as opened:
            assert opened.read(3) == content[:3]
    path.unlink()
    assert not large.is_there() and small.is_there()
    large = kept_by(how, LARGE)
    assert len(on_disk() - before) == 1
    del large
    assert on_disk() == before


def test_kept_in_memory_up_to_a_limit() -> None:
    """Many small contents are kept in memory up to a limit, and further ones on disk."""
    before = on_disk()
    count = MEMORY_BYTES // SMALL_BYTES
    held = [Kept.of(bytes(SMALL_BYTES)) for _ in range(count + 2)]
    assert len(on_disk() - before) >= 2
    held.clear()
    assert on_disk() == before
    again = Kept.of(bytes(SMALL_BYTES))
    assert on_disk() == before and again.is_there()


def test_kept_in_a_pickle() -> None:
    """A pickle includes a small content; for a large one it has the path of the file."""
    small, large = Kept.of(b"small"), Kept.of(LARGE)
    frozen = pickle.dumps((small, large))
    assert len(frozen) < 1_000
    thawed = pickle.loads(frozen)
    assert [kept.read_bytes() for kept in thawed] == [b"small", LARGE]
    del thawed
    assert large.is_there(), "the copy removed what it does not own"
    frozen = pickle.dumps(large.in_memory())
    del large
    assert pickle.loads(frozen).read_bytes() == LARGE and small.in_memory() is small


def test_keeper_that_is_not_finished() -> None:
    """An unfinished keeper removes its file; the head of a content can be read and replaced."""
    before = on_disk()
    with Keeper() as keeper:
        keeper.write(LARGE)
        assert on_disk() != before and keeper.head(3) == LARGE[:3]
        keeper.replace_head(b"abc")
        keeper.write(b"end")
        kept = keeper.finish()
    assert kept.read_bytes() == b"abc" + LARGE[3:] + b"end"
    with Keeper() as keeper:
        keeper.write(LARGE)
    del kept
    assert on_disk() == before


FULL = """
import resource
from pathlib import Path
from gradio_client_sync._files.folder import private_folder
from gradio_client_sync._files.kept import Keeper, Kept
limit = 6_000_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
content = bytes(range(256)) * 40_000  # more than the disk takes
assert Kept.of(content).read_bytes() == content
with Keeper() as keeper:
    for start in range(0, len(content), 500_000):
        keeper.write(content[start : start + 500_000])
    assert keeper.finish().read_bytes() == content
limit = 1_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with Keeper() as keeper:
    keeper.write(content[:10])
    keeper.write(content[10:])
    assert keeper.finish().read_bytes() == content
assert list(Path(private_folder()).glob("kept-*")) == []
"""


def test_kept_on_a_full_disk() -> None:
    """If the disk is full, the content is kept in memory, and no part of a file stays on disk."""
    run_python(FULL)
