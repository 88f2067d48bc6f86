"""Wait for the result of a job on behalf of a caller that does not have the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._connection.at_exit import EXIT_GRACE
from ..errors import JobTimeoutError
from ..job import control_of

if TYPE_CHECKING:
    from .._terminal.progress import ProgressBars
    from ..events import Data
    from ..job import Job

TIMEOUT_GRACE = 0.4  # s for the cancel request after a timeout: the caller has waited long enough


def wait_for_result(job: Job, bars: ProgressBars | None = None) -> Data:
    """Return the result of a job. If the wait ends early, cancel the job on the server.

    Args:
        job: The job.
        bars: Progress bars that show the job during the wait.

    Raises:
        GradioClientError: The job failed.
        BaseException: The exception that ended the wait, such as `KeyboardInterrupt`.
    """
    try:
        if bars is not None:
            bars.watch(job)  # Ctrl-C may interrupt this, too: the first widget takes some time
        return job.result()
    except JobTimeoutError:
        control_of(job).wait_released(TIMEOUT_GRACE)
        raise
    except BaseException:
        if job.cancel():
            control_of(job).wait_released(EXIT_GRACE, hurry=True)
        raise
    finally:
        if bars is not None:
            bars.close()
