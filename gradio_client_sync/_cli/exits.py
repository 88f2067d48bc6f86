"""The exit codes of the command, one for each kind of error."""

from __future__ import annotations

from .. import errors
from ..errors import GradioClientError

PROGRAM = "gradio-client-sync"
COMPLETION = "_GRADIO_CLIENT_SYNC_COMPLETE"  # shells set this variable to request completions

OK, FAILED, WRONG_USE = 0, 1, 2
INTERRUPTED, CUT_OFF = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells count

#: The first class that matches an error decides. The documentation shows this table.
EXIT_CODES: tuple[tuple[type[GradioClientError], int], ...] = (
    (errors.EndpointNotFoundError, 3),
    (errors.PayloadError, 3),
    (errors.ApiChangedError, 3),
    (errors.AuthenticationError, 4),
    (errors.ConnectFailedError, 5),
    (errors.BrokenStreamError, 5),
    (errors.ConfigError, 6),
    (errors.ProtocolError, 6),
    (errors.AppError, 7),
    (errors.ValidationError, 7),
    (errors.QueueFullError, 8),
    (errors.RateLimitError, 8),
    (errors.JobTimeoutError, 9),
    (errors.FileError, 10),
    (errors.SpaceError, 11),
    (errors.MissingDependencyError, 12),
    (errors.HTTPStatusError, 5),
)


def exit_code_of(error: GradioClientError) -> int:
    """Return the exit code for an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)
