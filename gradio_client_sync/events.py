"""Events of a job (`Data`, `Status`, `Log`, `Render`, `Upload`) and of a Space (`SpaceStatus`).

They are frozen: nothing in them changes. `dataclasses.fields`, `asdict` and `replace` work on them.
Names and meanings follow the event objects of the JavaScript client. A field that the server's
release does not send is ``None``.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    Literal,
    Protocol,
    SupportsIndex,
    Union,
    overload,
)

from ._basics.frozen_list import FrozenList
from ._basics.printing import printable
from ._basics.record import FrozenRecord
from ._basics.words import called

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from typing_extensions import Self

    from ._basics.outputs import Outputs
    from .types import Stage


class Data(FrozenRecord, FrozenList):
    """The values that a function returned, or that a generator function yielded.

    `Data` is a list of its outputs that does not change: ``result[0]``, ``a, b = result``,
    ``len(result)``. It is equal to a list or tuple of the same outputs. ``result["label"]`` is the
    output with this label, or with the Python name of this label (``"max_tokens"`` for
    ``"Max tokens"``). `json.dumps`, web frameworks and pandas take it as a list; `plain` returns
    the outputs with files as dicts.

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

    Example:
        >>> result = app.predict("/add", [2, 3])
        >>> result, result == [5], result["total"]
        (Data([5], '/add'), True, 5)
    """

    type: ClassVar[Literal["data"]] = "data"
    data: list[Any]
    endpoint: str | int
    fn_index: int
    time: datetime
    updates: Mapping[int, Mapping[str, Any]]
    if TYPE_CHECKING:  # not fields
        _origin: DescribedEndpoint | Outputs | None
        _display: Callable[[Data], dict[str, Any]] | None
    else:
        _origin = _display = None

    def __init__(
        self,
        data: list[Any],
        endpoint: str | int,
        fn_index: int,
        time: datetime,
        updates: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data, endpoint, fn_index, time, {} if updates is None else updates)
        _fill(self, data)

    def __post_init__(self) -> None:
        """Fill the list of a subclass that ``@dataclass`` has given an ``__init__``."""
        _fill(self, self.data)

    @classmethod
    def _make(cls, **named: Any) -> Self:
        record = cls.__new__(cls)
        record.__dict__.update(named)
        _fill(record, named["data"])
        return record

    def _replace(self, **values: Any) -> Self:
        record = super()._replace(**values)
        record.__dict__.update(_origin=self._origin, _display=self._display)
        return record

    __replace__ = _replace

    def plain(self) -> list[Any]:
        """Return the outputs as JSON takes them: lists, dicts, texts and numbers.

        Returns:
            A new list. Each file is a dict with ``url``, ``path``, ``orig_name``, ``size`` and
            ``mime_type``. The ``url`` of content that came with the result is a data URL.

        Example:
            >>> app.predict("/add", [2, 3]).plain()
            [5]
        """
        from ._basics.outputs import plain

        return [plain(value) for value in self]

    __json__ = plain  # Celery's JSON calls it

    @overload
    def __getitem__(self, index: SupportsIndex | str) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        try:
            return _item(self, index)
        except (IndexError, TypeError):
            number = self._number_of(index)
        if number is None:
            raise self._no_output(index)
        return _item(self, number)

    def _number_of(self, key: object) -> int | None:
        """Return the number of the output with a label; ``None`` if not exactly one has it."""
        outputs = self._described
        if not isinstance(key, str) or len(outputs.shown) != len(self):
            return None
        found = outputs.find(key)
        return found[0] if len(found) == 1 else None

    def _no_output(self, key: object) -> Exception:
        from ._basics.outputs import no_output

        kind: type[Exception] = IndexError if hasattr(key, "__index__") else TypeError
        if isinstance(key, str):
            kind = KeyError
        return kind(printable(no_output(self.endpoint, key, self, self._described)))

    @property
    def _described(self) -> Outputs:
        from ._basics.outputs import Outputs

        origin = Outputs() if self._origin is None else self._origin
        return origin if isinstance(origin, Outputs) else origin.described

    @property
    def _outputs(self) -> tuple[tuple[str, str], ...]:
        """Return the component type and the label of each output."""
        return self._described.shown

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "endpoint" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        from ._basics.outputs import no_attribute

        raise AttributeError(printable(no_attribute(self.endpoint, name, self, self._described)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, tuple):
            return tuple(self) == other
        return list.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __hash__(self) -> int:  # type: ignore[override]  # unlike a list, it does not change
        try:
            return hash(tuple(self))
        except TypeError as exc:
            from ._basics.outputs import no_hash

            raise TypeError(printable(no_hash(self.endpoint, exc))) from None

    def __repr__(self) -> str:
        shown = f"{list.__repr__(self)}, {called(self.endpoint)}"
        return printable(f"{type(self).__qualname__}({shown})")

    def _no_change(self, name: str) -> TypeError:
        from ._basics.outputs import no_change

        return TypeError(printable(no_change(self.endpoint, name)))

    def _no_operation(self, sign: str) -> TypeError:
        from ._basics.outputs import no_operation

        return TypeError(printable(no_operation(self.endpoint, sign, self, self._described)))

    def __reduce__(self) -> Any:
        values = dict(vars(self))
        if "_origin" in values:
            values["_origin"] = self._described  # and not the whole endpoint
        return _restored, (type(self), values)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self)} if self._display is None else self._display(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")


_fill, _item = list.extend, list.__getitem__  # the list's own, which a `FrozenList` replaces


def _restored(cls: type[Data], values: dict[str, Any]) -> Data:
    return cls._make(**values)


class DescribedEndpoint(Protocol):
    """The part of an endpoint that `Data` uses, for texts and displays."""

    @property
    def described(self) -> Outputs:
        """The names of its outputs."""


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

    type: ClassVar[Literal["status"]] = "status"
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

    type: ClassVar[Literal["log"]] = "log"
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

    type: ClassVar[Literal["render"]] = "render"
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

    type: ClassVar[Literal["upload"]] = "upload"
    done_bytes: int
    total_bytes: int | None
    endpoint: str | int
    fn_index: int
    time: datetime


class TextPiece(str):
    """A new part of a growing text, which `Job.text` gives.

    Attributes:
        restarts: Whether the text starts again: the app has thrown away what it had said before,
            or a chat has a new last message. Then the piece is the whole new text.
    """

    __slots__ = ("restarts",)
    restarts: bool

    def __new__(cls, text: str = "", *, restarts: bool = False) -> Self:
        """Make a piece."""
        piece = super().__new__(cls, text)
        piece.restarts = restarts
        return piece


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
