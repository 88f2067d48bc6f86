"""Events of a job (`Data`, `Status`, `Log`, `Render`, `Upload`) and of a Space (`SpaceStatus`).

They are frozen: nothing in them changes. `dataclasses.fields`, `asdict` and `replace` work on them.
Names and meanings follow the event objects of the JavaScript client. A field that the server's
release does not send is ``None``.
"""

from __future__ import annotations

from collections.abc import Sequence
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

from ._record import FrozenRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from typing_extensions import Self

    from .types import Stage


class Data(FrozenRecord, Sequence[Any], hidden=("_outputs", "_look")):
    """The values that a function returned, or that a generator function yielded.

    `Data` is a sequence of its outputs: ``result[0]``, ``a, b = result``, ``len(result)``.
    Values of one job may share objects: a list that grows contains the same first elements in
    each event. Copy a value before you change it in place.

    Attributes:
        data: A list with one value for each output, without session state.
        endpoint: The endpoint of the call: its name, or its ``fn_index`` if it has no name.
        fn_index: The number of the function that the call ran.
        time: The time of arrival, with time zone (UTC).
        updates: The ``gr.update`` of each output for which the app sent one instead of a plain
            value: a dict of the properties that it changes, such as ``choices``, by the index of
            the output. If an update does not change the value, `data` has ``None`` there.
    """

    type: ClassVar[str] = "data"
    data: list[Any]
    endpoint: str | int
    fn_index: int
    time: datetime
    updates: Mapping[int, Mapping[str, Any]]
    # For notebooks: component type and label of each output, and the function that renders them.
    _outputs: tuple[tuple[str, str], ...]
    _look: Callable[[Data], dict[str, Any]] | None

    def __init__(
        self,
        data: list[Any],
        endpoint: str | int,
        fn_index: int,
        time: datetime,
        updates: Mapping[int, Mapping[str, Any]] | None = None,
        _outputs: tuple[tuple[str, str], ...] = (),
        _look: Callable[[Data], dict[str, Any]] | None = None,
    ) -> None:
        updates = {} if updates is None else updates
        super().__init__(data, endpoint, fn_index, time, updates, _outputs, _look)

    # The outputs may be of any kind, such as arrays: two events are equal only if they are one.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

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


class Progress(FrozenRecord):
    """One bar of the app's ``gr.Progress``.

    Attributes:
        progress: The finished fraction, from 0 to 1, if the app gave a fraction.
        index: The number of finished steps, if the app counts steps.
        length: The total number of steps; ``None`` if it is not known.
        unit: The name of a step, such as ``"steps"``.
        desc: The app's description of the work.
    """

    progress: float | None
    index: int | None
    length: int | None
    unit: str | None
    desc: str | None


class Status(FrozenRecord):
    """The state of a job.

    Attributes:
        stage: ``"pending"``, ``"generating"``, ``"streaming"``, ``"complete"`` or ``"error"``.
        queue: Whether the job goes through the app's queue.
        endpoint: The endpoint of the call: its name, or its ``fn_index`` if it has no name.
        fn_index: The number of the function that the call runs.
        time: The time of arrival, with time zone (UTC).
        success: Whether the last step succeeded; ``None`` if the server does not report it.
        code: ``"validation_error"`` if a validator of the app refused the values.
        size: The number of jobs in the job's queue.
        position: The number of jobs before this one in the queue. 0 means that it is next, or
            that it has started (then `size` is ``None``).
        eta: Expected seconds until the job ends, by the server's own average.
        message: The reason of an error.
        progress_data: The app's progress bars, outermost first.
        title, duration, visible: How the app wants an error to be shown: with this title, for
            this many seconds, or not at all.
        broken: Whether the connection failed, and not the app.
        changed_state_ids: Ids of the components whose session state the call changed (Gradio
            4.32 and later).
        time_limit: Seconds left for a function that receives a stream of inputs (5.0 and later).
        session_not_found: Whether the server no longer knows the session.
        used_cache, cache_duration, avg_time: The server's report on its cache (6.12 and later).
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


class Log(FrozenRecord):
    """A message of the app to its user: ``gr.Info``, ``gr.Warning`` or ``gr.Success``.

    Attributes:
        log: The text of the message.
        level: ``"info"``, ``"warning"`` or ``"success"``.
        endpoint: The endpoint of the call: its name, or its ``fn_index`` if it has no name.
        fn_index: The number of the function that the call runs.
        time: The time of arrival, with time zone (UTC).
        title: The title of the message.
        duration: Seconds for which the app wants the message to be shown.
        visible: Whether the app wants the message to be shown.
    """

    type: ClassVar[str] = "log"
    log: str
    level: str
    endpoint: str | int
    fn_index: int
    time: datetime
    title: str | None = None
    duration: float | None = None
    visible: bool | None = None


class Render(FrozenRecord):
    """New components and functions that the app created for this session (``gr.render``).

    Attributes:
        data: The server's ``render_config``. The same client can call the functions in it by
            their ``fn_index``.
        endpoint: The endpoint of the call: its name, or its ``fn_index`` if it has no name.
        fn_index: The number of the function that the call runs.
        time: The time of arrival, with time zone (UTC).
    """

    type: ClassVar[str] = "render"
    data: dict[str, Any]
    endpoint: str | int
    fn_index: int
    time: datetime


class Upload(FrozenRecord):
    """The progress of uploading the files of a payload.

    Attributes:
        done_bytes: Bytes sent so far, of all files of the call.
        total_bytes: Bytes to send in total; ``None`` if the length of a file object is not known.
        endpoint: The endpoint of the call: its name, or its ``fn_index`` if it has no name.
        fn_index: The number of the function that the call will run.
        time: The time of the event, with time zone (UTC).
    """

    type: ClassVar[str] = "upload"
    done_bytes: int
    total_bytes: int | None
    endpoint: str | int
    fn_index: int
    time: datetime


class Timings(FrozenRecord):
    """The times of a job's steps, in seconds since `Client.submit`.

    A step that has not happened yet is ``None``.

    Attributes:
        queued: The app's queue accepted the job. ``None`` if the function does not use the
            queue.
        started: The server reported that the function runs. If the function does not use the
            queue: the request was sent.
        first_data: The first value arrived. Most functions have only one.
        done: The job ended: with a result, with an error, or cancelled.
        bytes: The number of bytes that the server sent for the job, without files.
    """

    queued: float | None = None
    started: float | None = None
    first_data: float | None = None
    done: float | None = None
    bytes: int = 0


class SpaceStatus(FrozenRecord):
    """The state of a Hugging Face Space, which ``status_callback`` of `Client` receives.

    Attributes:
        status: ``"running"``, ``"sleeping"``, ``"building"``, ``"starting"``, ``"paused"``,
            ``"space_error"``, or ``"error"`` for a Space that is not found or not a Gradio app.
        detail: The Hub's name for the stage, such as ``"RUNTIME_ERROR"``, or ``"NOT_FOUND"``.
        load_status: ``"complete"``, ``"pending"`` (the client waits for the Space) or
            ``"error"``.
        message: The state as a text for people.
        discussions_enabled: For ``"paused"`` and ``"space_error"``: whether users can write to
            the author on the page of the Space.
    """

    status: str
    detail: str
    load_status: str
    message: str
    discussions_enabled: bool | None = None


Event = Union[Data, Status, Log, Render, Upload]

#: The type of callback that `Job.on` accepts for each kind of event.
DataListener = Callable[[Data], object]
StatusListener = Callable[[Status], object]
LogListener = Callable[[Log], object]
RenderListener = Callable[[Render], object]
UploadListener = Callable[[Upload], object]


class ObservedJob(Protocol):
    """The part of `Job` that progress bars and notebook displays use."""

    @property
    def endpoint(self) -> str | int:
        """The endpoint that was called."""

    @property
    def status(self) -> Status:
        """The latest status."""

    @overload
    def on(self, event: Literal["status"], callback: StatusListener) -> Self: ...
    @overload
    def on(self, event: Literal["upload"], callback: UploadListener) -> Self: ...

    def done(self) -> bool:
        """Return whether the job has ended: with a result, with an error, or cancelled."""

    def cancelled(self) -> bool:
        """Return whether the job was cancelled."""

    def exception(self) -> BaseException | None:
        """Return the error of a job that has ended; ``None`` if it succeeded."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` with the job when the job has ended."""
