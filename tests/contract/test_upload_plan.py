"""`upload_plan`: which files of a call share a request."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from gradio_client_sync._files.upload_plan import (
    FILES_AT_ONCE,
    SMALL,
    TOGETHER,
    UploadItem,
    UploadPlan,
    is_repeatable,
    names_of,
)


def item(size: int | None, name: str = "a.bin") -> UploadItem:
    file = cast("Any", SimpleNamespace(orig_name=name))
    return UploadItem(file, size, None if size is None else (size, name))


def sizes(plan: UploadPlan) -> list[list[int | None]]:
    return [[item.size for item in batch] for batch in plan.batches]


def test_plan_puts_large_files_first_and_apart() -> None:
    """Large files get their own requests and come first; small files share a request after them."""
    plan = UploadPlan.of([item(1), item(SMALL + 1), item(2), item(None), item(SMALL)])
    assert sizes(plan) == [[SMALL + 1], [None], [1, 2, SMALL]]


def test_plan_limits_shared_requests() -> None:
    """A shared request has a maximum number of files and of bytes."""
    many = UploadPlan.of([item(0)] * (FILES_AT_ONCE + 1))
    assert list(map(len, many.batches)) == [FILES_AT_ONCE, 1]
    full = UploadPlan.of([item(SMALL)] * (TOGETHER // SMALL + 2))
    assert list(map(len, full.batches)) == [TOGETHER // SMALL, 2]


def test_plan_knows_the_total_if_each_size_is_known() -> None:
    """The total is known only if each size is known, which for a stream is after it was sent."""
    assert UploadPlan.of([]) == ([], 0)
    assert UploadPlan.of([item(0), item(3), item(4)]).total == 7
    assert UploadPlan.of([item(3), item(None), item(4)]).total is None


def test_plan_knows_which_batches_can_be_sent_again() -> None:
    """A batch can be sent again unless it has a stream."""
    assert is_repeatable([item(1), item(2)])
    assert not is_repeatable([item(1), item(None)])
    assert names_of([item(1, "a.png"), item(2, "b c.png")]) == "'a.png', 'b c.png'"
