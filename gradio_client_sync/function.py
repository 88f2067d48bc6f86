"""Endpoints as Python functions: `Client.function` makes them, and typed modules are made of them.

A function is a real one, so that `inspect.signature`, `help` and an editor's completion say what
the app takes: names, types with their choices, defaults. It gives bare values: that of an
endpoint with one output, a tuple for several, ``None`` for none.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Protocol, TypeVar, Union

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

#: What stands for a file to send. A text does not, but in `handle_file`.
FileInput = Union[os.PathLike[str], bytes, bytearray, memoryview, BinaryIO, Attachment]


class Default:
    """The type of `DEFAULT`, which stands for what the app has as a parameter's default."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = Default()


class TypedJob(Generic[T_co]):
    """A job under way whose values come bare, as its function gives them.

    Attributes:
        job: The `Job` itself: to listen to, to wait for together with others, to look at.

    Example:
        >>> call = app.function("/count").submit(3)
        >>> list(call)
        ['0', '1', '2', '2']
    """

    def __init__(self, job: Job, outputs: int) -> None:
        self.job = job
        self._outputs = outputs

    def result(self, timeout: float | None = None) -> T_co:
        """Wait for the final value; see `Job.result`."""
        return bare(self.job.result(timeout), self._outputs)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[T_co]:
        """Each value as it comes, all earlier ones first; the last is the result."""
        for data in self.job:
            yield bare(data, self._outputs)

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.job.done()

    def cancel(self) -> bool:
        """Stop it, here and on the server; see `Job.cancel`."""
        return self.job.cancel()

    def __repr__(self) -> str:
        return f"<TypedJob of {self.job!r}>"


class Function(Protocol):
    """An endpoint as a function: call it and wait, or `submit` it and look in on it."""

    __name__: str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the endpoint and wait for its final value; Ctrl-C cancels it on the server."""

    def submit(self, *args: Any, **kwargs: Any) -> TypedJob[Any]:
        """Start a call and return at once."""


class Caller(Protocol):
    """The part of `Client` that functions use."""

    def predict(self, endpoint: str | int | None, payload: Payload) -> Data:
        """Call an endpoint and wait for its result."""

    def submit(self, endpoint: str | int | None, payload: Payload) -> Job:
        """Start a call and return its job at once."""


def function_of(app: Caller, signature: Signature) -> Function:
    """Make the function of an endpoint."""
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
                f"{signature.endpoint!r} cannot be called so: {exc}. It is {signature.name}{form}.",
                endpoint=signature.endpoint,
            ) from exc
        return sent(signature.parameters, given)

    _dress(call, signature, form)
    started: Any = TypedJob.__class_getitem__(form.return_annotation)  # type: ignore[attr-defined]
    _dress(submit, signature, form.replace(return_annotation=started))
    submit.__name__, submit.__qualname__ = "submit", f"{signature.name}.submit"
    submit.__doc__ = SUBMIT_DOCSTRING
    call.submit = submit  # type: ignore[attr-defined]  # functions take attributes
    return call  # type: ignore[return-value]  # it has one now


def sent(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the app's names for them; what is left to the app's default is left out."""
    return {
        parameter.sent_as: given[parameter.name]
        for parameter in parameters
        if parameter.name in given and given[parameter.name] is not DEFAULT
    }


def bare(data: Data, outputs: int) -> Any:
    """The values of an answer as a function gives them."""
    if outputs == 0:
        return None
    return data[0] if outputs == 1 and len(data) == 1 else tuple(data)


def python_signature(signature: Signature) -> inspect.Signature:
    """The signature as `inspect` has it."""
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


def _dress(function: Any, signature: Signature, form: inspect.Signature) -> None:
    function.__name__ = function.__qualname__ = signature.name
    function.__doc__ = function_docstring(signature)
    function.__signature__ = form
    function.__annotations__ = {
        **{name: parameter.annotation for name, parameter in form.parameters.items()},
        "return": form.return_annotation,
    }
