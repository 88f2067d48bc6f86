"""Endpoints as Python functions, for `Client.function` and for typed modules.

Each one is a real function, so `inspect.signature`, `help` and editors show the parameters of the
endpoint: names, types with their choices, defaults. It returns the output itself if the endpoint
has one output, a tuple if it has several, and ``None`` if it has none.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Protocol, TypeVar, Union

from ._naming import called
from ._protocol.api.signature import Parameter, Signature
from ._protocol.values.attachments import Attachment
from ._typed.docstring import SUBMIT_DOCSTRING, function_docstring
from .errors import PayloadError
from .files import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .events import Data
    from .job import Job
    from .types import Payload

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: The types of values that are uploaded as files. A string is a file only inside `handle_file`.
FileInput = Union[os.PathLike[str], bytes, bytearray, memoryview, BinaryIO, Attachment]


class Default:
    """The type of `DEFAULT`, which means: use the app's default for this parameter."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = Default()


class TypedJob(Generic[T_co]):
    """A running job that returns plain outputs instead of `Data`.

    A value is the output itself if the endpoint has one output, a tuple if it has several, and
    ``None`` if it has none.

    Attributes:
        job: The `Job` itself, which has the listeners, the status and all other methods.

    Example:
        >>> call = app.function("/count").submit(3)
        >>> list(call)
        ['0', '1', '2', '2']
    """

    def __init__(self, job: Job, outputs: int) -> None:
        self.job = job
        self._outputs = outputs

    def result(self, timeout: float | None = None) -> T_co:
        """Wait for the job to end, and return its final value.

        Args:
            timeout: Seconds to wait. ``None`` waits without a limit. The job continues after
                a timeout.

        Raises:
            GradioClientError: The job failed.
            concurrent.futures.TimeoutError: The job did not end within `timeout` seconds.
            concurrent.futures.CancelledError: The job was cancelled.
        """
        return bare(self.job.result(timeout), self._outputs)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[T_co]:
        """Iterate over the values as they arrive, from the first to the result."""
        for data in self.job:
            yield bare(data, self._outputs)

    def done(self) -> bool:
        """Return whether the job has ended: with a result, with an error, or cancelled."""
        return self.job.done()

    def cancel(self) -> bool:
        """Cancel the job, here and, if the server supports it, on the server.

        Returns:
            ``True`` if the job is now cancelled; ``False`` if it had already ended.
        """
        return self.job.cancel()

    def __repr__(self) -> str:
        return f"<TypedJob of {self.job!r}>"


class Function(Protocol):
    """An endpoint as a function: call it to wait for the value, or `submit` it to get a job."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the endpoint and wait for its final value. Ctrl-C cancels it on the server."""

    def submit(self, *args: Any, **kwargs: Any) -> TypedJob[Any]:
        """Start a call and return at once."""


class Caller(Protocol):
    """The part of `Client` that these functions use."""

    def predict(self, endpoint: str | int | None, payload: Payload) -> Data:
        """Call an endpoint and return its final value."""

    def submit(self, endpoint: str | int | None, payload: Payload) -> Job:
        """Start a call and return its job."""


def function_of(app: Caller, signature: Signature) -> Function:
    """Make the Python function for an endpoint.

    Args:
        app: The client that makes the calls.
        signature: The endpoint's name, parameters and return values.
    """
    form = python_signature(signature)

    def call(*args: Any, **kwargs: Any) -> Any:
        data = app.predict(signature.endpoint, payload(args, kwargs))
        return bare(data, len(signature.returns))

    def submit(*args: Any, **kwargs: Any) -> TypedJob[Any]:
        job = app.submit(signature.endpoint, payload(args, kwargs))
        return TypedJob(job, len(signature.returns))

    def payload(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            given = form.bind(*args, **kwargs).arguments
        except TypeError as exc:
            raise PayloadError(
                f"The arguments do not fit {called(signature.endpoint)}: {exc}. Its signature is "
                f"{signature.name}{form}.",
                endpoint=signature.endpoint,
            ) from exc
        return sent(signature.parameters, given)

    _document(call, signature, form)
    started: Any = TypedJob.__class_getitem__(form.return_annotation)  # type: ignore[attr-defined]
    _document(submit, signature, form.replace(return_annotation=started))
    submit.__name__, submit.__qualname__ = "submit", f"{signature.name}.submit"
    submit.__doc__ = SUBMIT_DOCSTRING
    call.submit = submit  # type: ignore[attr-defined]  # mypy allows no attributes of functions
    return call  # type: ignore[return-value]  # it now has the attribute `submit`


def sent(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload by the app's parameter names, without the values that are `DEFAULT`."""
    return {
        parameter.sent_as: given[parameter.name]
        for parameter in parameters
        if parameter.name in given and given[parameter.name] is not DEFAULT
    }


def bare(data: Data, outputs: int) -> Any:
    """Return the plain outputs: the only one, a tuple of several, or ``None``."""
    if outputs == 0:
        return None
    return data[0] if outputs == 1 and len(data) == 1 else tuple(data)


def python_signature(signature: Signature) -> inspect.Signature:
    """Convert the endpoint's signature to an `inspect.Signature`."""
    parameters = [
        inspect.Parameter(
            parameter.name,
            inspect.Parameter.KEYWORD_ONLY
            if parameter.keyword_only
            else inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if parameter.required else parameter.default,
            annotation=parameter.hint.annotation(FileInput),
        )
        for parameter in signature.parameters
    ]
    returns = [hint.annotation(RemoteFile) for hint, _ in signature.returns]
    if len(returns) == 1:
        return inspect.Signature(parameters, return_annotation=returns[0])
    whole = tuple[tuple(returns)] if returns else None  # type: ignore[misc]  # made at run time
    return inspect.Signature(parameters, return_annotation=whole)


def _document(function: Any, signature: Signature, form: inspect.Signature) -> None:
    """Set the attributes that `help`, `inspect` and editors read."""
    function.__name__ = function.__qualname__ = signature.name
    function.__doc__ = function_docstring(signature)
    function.__signature__ = form
    function.__annotations__ = {
        **{name: parameter.annotation for name, parameter in form.parameters.items()},
        "return": form.return_annotation,
    }
