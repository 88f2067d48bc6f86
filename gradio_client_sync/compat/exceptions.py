"""The exceptions of `gradio_client`. Each one is also an exception of this package.

So ``except AppError`` in an old script works, and ``except GradioClientError`` catches all.
"""

from __future__ import annotations

from typing import Any

from .. import errors

__all__ = [
    "AppError",
    "AuthenticationError",
    "InvalidAPIEndpointError",
    "QueueError",
    "SerializationSetupError",
    "SpaceDuplicationError",
    "TooManyRequestsError",
    "ValidationError",
]


class _Plain:
    """Makes the text of an error optional, as it is for the classes of `gradio_client`."""

    def __init__(self, message: object = "", /, **facts: Any) -> None:
        super().__init__(str(message), **facts)  # type: ignore[call-arg]  # of the error


class AppError(errors.AppError):
    """The app's function raised an exception.

    Args:
        message: The text of the app's error.
        duration: Seconds for which the app wants the error to be shown.
        visible: Whether the app wants the error to be shown.
        title: The title under which the app wants the error to be shown.
        print_exception: Whether the app prints the error in its own log.
    """

    print_exception: bool = True

    def __init__(
        self,
        message: Any = "Error raised.",
        duration: float | None = 10,
        visible: bool = True,
        title: str = "Error",
        print_exception: bool = True,
    ) -> None:
        super().__init__(
            str(message),
            message=message,
            duration=duration,
            visible=visible,
            title=title,
            print_exception=print_exception,
        )


class AuthenticationError(_Plain, errors.AuthenticationError, ValueError):
    """A login, a cookie or a token is missing or was not accepted."""


class ValidationError(_Plain, errors.ValidationError):
    """The app's validators refused the values."""


class QueueError(_Plain, errors.QueueFullError):
    """The app's queue is full."""


class TooManyRequestsError(_Plain, errors.RateLimitError):
    """The server limits the rate of requests (429)."""


class InvalidAPIEndpointError(_Plain, errors.EndpointNotFoundError):
    """The app has no such endpoint."""


class SpaceDuplicationError(_Plain, errors.DuplicationError):
    """A Space could not be duplicated."""


class SerializationSetupError(ValueError):
    """Kept for scripts that name it. Nothing raises it."""


# -- classes without a name in `gradio_client`, which raises a built-in class


class SpaceMissingError(_Plain, errors.SpaceNotFoundError, ValueError):
    """The Space does not exist, or the token has no access to it."""


class SpaceStateError(_Plain, errors.SpaceNotReadyError, ValueError):
    """The Space cannot start."""


class TooLargeError(_Plain, errors.FileTooLargeError, ValueError):
    """The file is larger than the app accepts."""


class MissingFileError(_Plain, errors.FileError, FileNotFoundError):
    """The file does not exist."""


class MissingHandledFileError(_Plain, errors.FileError, ValueError):
    """The file that `handle_file` was called with does not exist."""


class UnknownEndpointError(_Plain, errors.EndpointNotFoundError):
    """The app has no such endpoint, or has several and the call names none."""


class ArgumentError(_Plain, errors.PayloadError):
    """The arguments do not fit the endpoint."""


class RefusedValueError(_Plain, errors.PayloadError, ValueError):
    """A value cannot be sent, such as a text where the app takes a file."""
