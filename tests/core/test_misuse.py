"""`misuse`: a job that is used as its result, and a file that a user makes."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync import FileError, PayloadError, RemoteFile, handle_file
from gradio_client_sync._basics.misuse import ExplainsMisuse


class Running(ExplainsMisuse):
    """A job with the attributes that the texts read."""

    endpoint = "/add"
    status = None


class Typed(Running):
    """A job whose result is the output itself."""

    _result_has_outputs = False


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("data", "Write job.result().data, which waits for the job."),
        ("get", "Write job.result()."),
        ("results", "Write job.result()."),
        ("then", 'Write job.on("data", function).'),
        ("terminate", "Write job.cancel()."),
        ("statuss", "Did you mean job.status?"),
        ("total", "The outputs are in job.result()."),
    ],
)
def test_attribute_of_a_job_is_answered_with_what_to_write(name: str, advice: str) -> None:
    """An attribute of a result, or of another library's job, gets the line."""
    with pytest.raises(AttributeError) as caught:
        getattr(Running(), name)
    assert str(caught.value) == f"'Running' object has no attribute '{name}'. {advice}"


def test_private_attribute_of_a_job_has_no_advice() -> None:
    """Python asks for such names, and the plain result has no attributes of `Data`."""
    with pytest.raises(AttributeError, match=r"no attribute '_data'$"):
        _ = getattr(Running(), "_data")  # noqa: B009  # not known to the class
    with pytest.raises(AttributeError, match=r"The outputs are in job\.result\(\)\.$"):
        _ = getattr(Typed(), "data")  # noqa: B009  # not known to the class
    assert not hasattr(Running(), "__len__")


@pytest.mark.parametrize(
    ("job", "key", "line"),
    [
        (Running(), 0, "job.result()[0]"),
        (Running(), "total", "job.result()['total']"),
        (Running(), slice(1), "job.result()"),
        (Typed(), 0, "job.result()"),
    ],
)
def test_index_of_a_job_is_answered_with_its_result(job: Any, key: Any, line: str) -> None:
    """An output belongs to the result, and the error says how to wait for it."""
    with pytest.raises(TypeError) as caught:
        job[key]
    assert str(caught.value) == (
        f"The job of '/add' is not its result. Write {line}, which waits for it."
    )


@pytest.mark.parametrize(
    ("args", "named", "line"),
    [
        (("a.png",), {}, 'handle_file("a.png")'),
        ((), {"path": "a.png"}, 'handle_file("a.png")'),
        ((), {}, "handle_file(path)"),
        ((b"x",), {"orig_name": "a.png"}, "handle_file(path)"),
    ],
)
def test_file_that_a_user_makes_is_answered_with_handle_file(
    args: Any, named: Any, line: str
) -> None:
    """`RemoteFile` is for results, and the error shows no parameter of its own."""
    make: Any = RemoteFile
    with pytest.raises(TypeError) as caught:
        make(*args, **named)
    assert str(caught.value).endswith(f"To send a file, write {line}.")
    assert "facts" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "To send no file, pass None itself."),
        (["a.png"], "For several files, write [handle_file(path) for path in paths]."),
        (3, "Pass a path, a URL, bytes, or a file opened with mode 'rb'."),
    ],
)
def test_handle_file_says_what_it_takes(value: Any, advice: str) -> None:
    """Another value than a file is answered with what its kind needs."""
    with pytest.raises(PayloadError, match="cannot be sent as a file") as caught:
        handle_file(value)
    assert str(caught.value).endswith(advice)


def test_handle_file_of_an_empty_path_says_so() -> None:
    """An empty text is no folder."""
    with pytest.raises(FileError, match=r"path of the file is empty\. To send no file, pass None"):
        handle_file("")
