"""What a job tells (`Data`, `Status`, `Log`, `Render`, `Upload`) and a Space (`SpaceStatus`).

Plain frozen values. Names and meanings follow the event objects of the
JavaScript client; fields that the server's generation does not send are ``None``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    Literal,
    Protocol,
    Union,
    overload,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from typing_extensions import Self

    from .types import Stage


@dataclass(frozen=True, eq=False)
class Data(Sequence[Any]):
    """One answer of a function: a final one, or an intermediate one of a generator.

    A sequence over its outputs: ``result[0]``, ``a, b = result``, ``len(result)``.
    Values of one job may share parts with each other (a list that grew holds the
    same first elements as before), so copy a value before changing it in place.

    Attributes:
        data: One value per output, without session state.
        endpoint: The endpoint as it was asked for.
        fn_index: The number of the function behind it.
        time: When it arrived (aware, UTC).
        updates: By output, the ``gr.update`` that the app answered with instead of a bare
            value, as a dict: what it changes besides the value, such as ``choices``. An
            update that leaves the value alone gives ``None`` in `data`.
    """

    type: ClassVar[str] = "data"
    data: list[Any]
    endpoint: str | int
    fn_index: int
    time: datetime
    updates: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    # For notebooks: what each output is (component and label), and what shows them.
    _outputs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _look: Callable[[Data], dict[str, Any]] | None = field(default=None, repr=False)

    @classmethod
    def _told(cls, **told: Any) -> Data:
        """One with all of these fields; see `Status._told`."""
        data = cls.__new__(cls)
        data.__dict__.update(told)
        return data

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self)} if self._look is None else self._look(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")


@dataclass(frozen=True)
class Progress:
    """One bar of the app's ``gr.Progress``: counted (`index` of `length`) or a fraction."""

    progress: float | None
    index: int | None
    length: int | None
    unit: str | None
    desc: str | None


@dataclass(frozen=True)
class Status:
    """Where a job stands.

    Attributes:
        stage: ``"pending"``, ``"generating"``, ``"streaming"``, ``"complete"`` or ``"error"``.
        queue: Whether the job goes through the app's queue.
        position: Jobs ahead of this one in its queue; 0 is next, and also what a job that
            has started reports (then `size` is ``None``).
        size: Jobs in that queue.
        eta: Expected seconds until it is done, by the server's own average.
        message: The reason of an error.
        progress_data: The app's progress bars, outermost first.
        code: ``"validation_error"`` for values that a validator refused.
        title, duration, visible: How the app wants an error shown (seconds, yes or no).
        broken: Whether the connection, rather than the app, failed.
        changed_state_ids: Components whose session state the call changed (4.32 and later).
        time_limit: Seconds left for a streaming input (5.0 and later).
        used_cache, cache_duration, avg_time: The server's cache report (6.12 and later).
    """

    type: ClassVar[str] = "status"
    stage: Stage
    queue: bool
    endpoint: str | int
    fn_index: int
    time: datetime
    success: bool | None = None
    code: str | None = None
    size: int | None = None
    position: int | None = None
    eta: float | None = None
    message: str | None = None
    progress_data: list[Progress] | None = None
    title: str | None = None
    duration: float | None = None
    visible: bool | None = None
    broken: bool | None = None
    changed_state_ids: list[int] | None = None
    time_limit: float | None = None
    session_not_found: bool | None = None
    used_cache: str | None = None
    cache_duration: float | None = None
    avg_time: float | None = None

    @classmethod
    def _told(cls, **told: Any) -> Status:
        """One with these fields; made at once, and not by a call for each as a frozen class is."""
        status = cls.__new__(cls)
        status.__dict__.update(_UNTOLD, **told)
        return status


_UNTOLD = {f.name: f.default for f in fields(Status) if f.default is not MISSING}


@dataclass(frozen=True)
class Log:
    """A ``gr.Info``, ``gr.Warning`` or ``gr.Success`` of the app. `duration` is in seconds."""

    type: ClassVar[str] = "log"
    log: str
    level: str
    endpoint: str | int
    fn_index: int
    time: datetime
    title: str | None = None
    duration: float | None = None
    visible: bool | None = None


@dataclass(frozen=True)
class Render:
    """The app made new components and functions for this session (``gr.render``).

    `data` is the server's ``render_config``; the functions in it can be called by
    their ``fn_index`` on the same client.
    """

    type: ClassVar[str] = "render"
    data: dict[str, Any]
    endpoint: str | int
    fn_index: int
    time: datetime


@dataclass(frozen=True)
class Upload:
    """How far the files of a payload are on their way to the server.

    Attributes:
        done_bytes: Sent so far, of all files of the call.
        total_bytes: To send; ``None`` if a stream's length is not known.
        time: When (aware, UTC).
    """

    type: ClassVar[str] = "upload"
    done_bytes: int
    total_bytes: int | None
    endpoint: str | int
    fn_index: int
    time: datetime


@dataclass(frozen=True)
class Timings:
    """What happened to a job when, in seconds since `submit`; ``None`` what has not yet.

    Attributes:
        queued: The app's queue had it; ``None`` for a function that skips the queue.
        started: The app told that its function runs; one that skips the queue was sent.
        first_data: The first value came, which is the only one of most functions.
        done: It was over: with a result, an error, or cancelled.
        bytes: What the server has sent of it; files not counted.
    """

    queued: float | None = None
    started: float | None = None
    first_data: float | None = None
    done: float | None = None
    bytes: int = 0


@dataclass(frozen=True)
class SpaceStatus:
    """Where a Hugging Face Space stands, as told to ``status_callback``.

    Attributes:
        status: ``"running"``, ``"sleeping"``, ``"building"``, ``"starting"``, ``"paused"``,
            ``"space_error"``, or ``"error"`` for a Space that is not found or not a Gradio app.
        detail: The Hub's own word for its stage, such as ``"RUNTIME_ERROR"``; ``"NOT_FOUND"``.
        load_status: ``"complete"``, ``"pending"`` (it is waited for) or ``"error"``.
        message: The same for people.
        discussions_enabled: For ``"paused"`` and ``"space_error"``: whether the Space's page
            takes messages to its author.
    """

    status: str
    detail: str
    load_status: str
    message: str
    discussions_enabled: bool | None = None


Event = Union[Data, Status, Log, Render, Upload]

#: What `Job.on` takes for each kind.
DataListener = Callable[[Data], object]
StatusListener = Callable[[Status], object]
LogListener = Callable[[Log], object]
RenderListener = Callable[[Render], object]
UploadListener = Callable[[Upload], object]


class ObservedJob(Protocol):
    """The part of `Job` that those who show one to people use: bars, and lines in notebooks."""

    @property
    def endpoint(self) -> str | int:
        """The endpoint that was called."""

    @property
    def status(self) -> Status:
        """The last status."""

    @overload
    def on(self, event: Literal["status"], callback: StatusListener) -> Self: ...
    @overload
    def on(self, event: Literal["upload"], callback: UploadListener) -> Self: ...

    def done(self) -> bool:
        """Return whether the job has ended, in whatever way."""

    def cancelled(self) -> bool:
        """Return whether the job was cancelled."""

    def exception(self) -> BaseException | None:
        """Return the error of a job that has ended; ``None`` if it succeeded."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call a function when the job has ended."""
