"""The tree of errors."""

from __future__ import annotations

import concurrent.futures
import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from gradio_client_sync import errors
from gradio_client_sync.errors import GradioClientError
from gradio_client_sync.events import SpaceStatus

CLASSES: list[type[GradioClientError]] = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, GradioClientError)
]

VALUES: dict[str, Any] = {
    "endpoint": "/predict",
    "event_id": "e1",
    "index": 3,
    "payload": [2, "x"],
    "url": "http://h",
    "sent": True,
    "accepted": False,
    "last_stage": "pending",
    "status_code": 418,
    "body": "teapot",
    "retry_after": 2.5,
    "raw": {"msg": [1, b"x"]},
    "version": "2.9",
    "candidates": ("/a", "/b"),
    "changes": ("'/f' is gone",),
    "parameter": "x",
    "parameters": {None: "all wrong", "x": "too short"},
    "message": "boom",
    "title": "Oops",
    "duration": 5,
    "visible": False,
    "path": "/x",
    "size_bytes": 10,
    "limit_bytes": 5,
    "space_id": "u/n",
    "stage": "PAUSED",
    "status": SpaceStatus("paused", "PAUSED", "error", "It is paused.", True),
    "timeout": 1.5,
    "extra": "images",
}


def facts_of(cls: type[GradioClientError]) -> dict[str, Any]:
    """Return a value for every attribute that a class or its bases declare."""
    names = [
        name
        for base in cls.__mro__
        if issubclass(base, GradioClientError)
        for name, value in vars(base).items()
        if not name.startswith("_") and not callable(value)
    ]
    return {name: VALUES[name] for name in names}


def drawn_tree() -> dict[str, tuple[str, list[str]]]:
    """Return each class in the docstring's drawing, with its parent and its built-in bases."""
    tree: dict[str, tuple[str, list[str]]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r" {4}((?:[│ ] {2})*)(?:[├└]─ )?(\w+Error)(?:\(([\w, ]+)\))?", line)
        if drawn is None:
            continue
        level = (drawn.start(2) - 4) // 3
        del above[level:]
        parent = above[-1] if above else ""
        above.append(drawn[2])
        tree[drawn[2]] = (parent, drawn[3].split(", ") if drawn[3] else [])
    return tree


def test_errors_are_all_public() -> None:
    """Every class of the module is public, and the list is in alphabetical order."""
    assert errors.__all__ == sorted(cls.__name__ for cls in CLASSES)


def test_picture_of_the_errors_is_up_to_date() -> None:
    """The drawing in the docstring is the tree of the classes."""
    tree = drawn_tree()
    assert sorted(tree) == errors.__all__
    for cls in CLASSES:
        parent, mixed_in = tree[cls.__name__]
        own, *others = cls.__bases__
        assert own.__name__ == (parent or "Exception")
        public = [base.__mro__[base.__name__.startswith("_")].__name__ for base in others]
        assert public == (mixed_in if parent else [])


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_are_documented(cls: type[GradioClientError]) -> None:
    """Each docstring says when its error is raised."""
    assert inspect.getdoc(cls)
    assert cls is GradioClientError or inspect.getdoc(cls) != inspect.getdoc(cls.__base__)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", CLASSES)
def test_errors_can_be_pickled(cls: type[GradioClientError], protocol: int) -> None:
    """Class, message and all attributes stay the same in a pickle."""
    facts = facts_of(cls)
    assert {"endpoint", "event_id"} <= set(facts)
    error = cls("what happened", **facts)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is cls
    assert str(again) == str(error) == "what happened"
    assert again.args == ("what happened",)
    assert vars(again) == vars(error)
    assert {name: getattr(again, name) for name in facts} == facts


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_copy_without_sharing(cls: type[GradioClientError]) -> None:
    """A copy has its own attributes, including those that were set later."""
    error = cls("what happened")
    error.endpoint = "/late"
    twin = copy.copy(error)
    twin.endpoint = "/other"
    assert error.endpoint == "/late"
    assert copy.deepcopy(error).endpoint == "/late"


@pytest.mark.parametrize("cls", CLASSES)
def test_error_attributes_have_defaults(cls: type[GradioClientError]) -> None:
    """Each declared attribute exists and has a default."""
    error = cls("what happened")
    assert vars(error) == {}
    for name in facts_of(cls):
        assert getattr(error, name) in (None, False, (), {})


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_refuse_undeclared_attributes(cls: type[GradioClientError]) -> None:
    """An attribute that is not declared is refused."""
    with pytest.raises(TypeError, match=f"{cls.__name__} has no attribute 'endpiont'"):
        cls("what happened", endpiont="/x")


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        ("ConnectFailedError", ConnectionError),
        ("BrokenStreamError", ConnectionError),
        ("EndpointNotFoundError", LookupError),
        ("EndpointNotFoundError", ValueError),
        ("PayloadError", TypeError),
        ("ValidationError", ValueError),
        ("AppError", ValueError),
        ("UploadError", OSError),
        ("JobTimeoutError", TimeoutError),
        ("JobTimeoutError", concurrent.futures.TimeoutError),
        ("ClientClosedError", RuntimeError),
        ("MissingDependencyError", ImportError),
    ],
)
def test_errors_are_caught_as_builtins(cls: str, builtin: type[Exception]) -> None:
    """Code that catches built-in errors of sockets and futures catches these too."""
    with pytest.raises(builtin, match="what happened"):
        raise getattr(errors, cls)("what happened")


def test_errors_with_oserror_have_no_errno() -> None:
    """Errors with OSError as a base have no errno and no file name."""
    error = errors.FileTooLargeError("what happened", path="/x", limit_bytes=5)
    assert (error.errno, error.strerror, error.filename) == (None, None, None)
    assert str(error) == "what happened"
