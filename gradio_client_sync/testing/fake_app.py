"""`FakeApp`: a Gradio app in the test's own process, without Gradio."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar, get_args, overload

from ..errors import AppError
from .endpoints import Call, FakeEndpoint, Visibility
from .generation import RELEASES, Generation, protocol_of
from .plans import Fault, Gate, Ordered, When, check_place, ordered
from .running import RunningApp
from .serving import AppServer
from .slots import REQUIRED, FakeSlot

F = TypeVar("F", bound=Callable[..., Any])

#: The default options of an endpoint.
_USUAL = {
    "components": None,
    "batch": False,
    "queue": True,
    "visibility": "public",
    "concurrency": None,
}


class FakeApp:
    """A Gradio app in this process, without Gradio; a context manager.

    It listens on a port of this machine and uses Gradio's protocol, so every client can call it.

    Args:
        protocol: The protocol: ``"ws"``, ``"sse"``, ``"sse_v1"``, ``"sse_v2"``, ``"sse_v2.1"`` or
            ``"sse_v3"``.
        version: The Gradio release that it imitates, such as ``"4.44.1"``. Without `protocol`, the
            release determines the protocol.
        auth: The user name and the password of its login.
        max_size: How many jobs may wait in its queue; ``None`` for no limit.
        show_error: Whether it sends the texts of exceptions other than `error`.
        title: The title of its page.

    Attributes:
        url: The URL, for `Client`.

    Example:
        >>> from gradio_client_sync import Client
        >>> with FakeApp() as fake:
        ...     @fake.endpoint("/add")
        ...     def add(a: float, b: float = 1) -> float:
        ...         return a + b
        ...     with Client(fake.url) as app:
        ...         app.predict("/add", [2])[0]
        ...     fake.calls[-1].payload
        3
        {'a': 2, 'b': 1}
    """

    def __init__(
        self,
        *,
        protocol: str | None = None,
        version: str | None = None,
        auth: tuple[str, str] | None = None,
        max_size: int | None = None,
        show_error: bool = True,
        title: str = "Fake",
    ) -> None:
        if protocol is None:
            protocol = "sse_v3" if version is None else protocol_of(version)
        if protocol not in RELEASES:
            raise ValueError(f"protocol={protocol!r} is not one of {', '.join(RELEASES)}.")
        version = RELEASES[protocol] if version is None else version
        login: Any = auth
        if login is not None and (isinstance(login, str) or len(login) != 2):
            raise TypeError("auth= is a tuple of a user name and a password.")
        if protocol != protocol_of(version):
            raise ValueError(
                f"Gradio {version} speaks {protocol_of(version)!r}, not {protocol!r}. Leave one of "
                "protocol= and version= out."
            )
        self._app = RunningApp(
            Generation(protocol, version),
            auth=auth,
            max_size=max_size,
            show_error=show_error,
            title=title,
        )
        self._next_id = 1
        self._is_copy = False  # whether it has exactly the endpoints of a real app
        self._server = AppServer(self._app, self._app.board)
        self._app.cut_all = self._server.restart
        self.url = self._app.values.url = self._server.url

    @classmethod
    def like(cls, source: Any, **options: Any) -> FakeApp:
        """Make a fake app with the endpoints of a real one.

        Each endpoint returns an example of its type until you give it a function by `endpoint`. The
        parameters of this function have to be those of the real endpoint. Calls that the real app
        would refuse fail.

        Args:
            source: The URL of the app or the name of its Space, to which this connects; or the
                result of `Client.view_api`; or the path of a ``.json`` file with that result.
            options: Options for `FakeApp`; for a URL or a Space, ``client`` may have options for
                `Client`.
        """
        from .like import example_value, model_of

        model = model_of(source, options.pop("client", {}))
        if not {"version", "protocol"} & options.keys() and model.version is not None:
            options["version"] = model.version
        fake = cls(**options)
        for endpoint in model.endpoints:
            if endpoint is None:  # private, or without a function. The others keep their numbers
                fake._add(None, _gives(None, False), inputs=[], outputs=[], visibility="private")
                continue
            examples = tuple(
                example_value(slot, fake._app.values.form) for slot in endpoint.outputs
            )
            fake._add(
                endpoint.name,
                _gives(examples[0] if len(examples) == 1 else examples, endpoint.streams),
                inputs=endpoint.inputs,
                outputs=endpoint.outputs,
                description=endpoint.description,
            )
        fake._is_copy = True
        return fake

    @property
    def calls(self) -> list[Call]:
        """The calls that its functions have received, in order."""
        return self._app.calls

    def __repr__(self) -> str:
        return f"<FakeApp {self.url} {self._app.generation.version}>"

    def __enter__(self) -> FakeApp:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the app, end its jobs and remove its files."""
        self._server.close()
        self._app.store.close()

    # -- what the app has

    @overload
    def endpoint(self, name: F, /) -> F: ...

    @overload
    def endpoint(
        self,
        name: str | None = ...,
        /,
        *,
        components: dict[str, Any] | None = ...,
        batch: bool = ...,
        queue: bool = ...,
        visibility: Visibility = ...,
        concurrency: int | None = ...,
    ) -> Callable[[F], F]: ...

    def endpoint(
        self,
        name: Any = None,
        /,
        *,
        components: dict[str, Any] | None = None,
        batch: bool = False,
        queue: bool = True,
        visibility: Visibility = "public",
        concurrency: int | None = None,
    ) -> Any:
        """Make an endpoint of a function; a decorator.

        The parameters of the function become the inputs: ``str`` a text box, ``int`` and ``float``
        a number, ``bool`` a checkbox, ``Literal`` a choice, `pathlib.Path` a file, ``State[int]``
        session state, anything else JSON. The return annotation becomes the outputs, one for each
        item of a ``tuple`` or of a `NamedTuple`. A generator streams its values.

        Args:
            name: The name of the endpoint; ``None`` for an endpoint that has only a number.
            components: Other components: ``{"photo": "image", "return": "label"}``. A value is a
                type, or an object with ``type`` and properties.
            batch: Whether the function takes and returns lists of values.
            queue: Whether calls go through the queue.
            visibility: ``"undocumented"`` hides it in the description of the API, and clients
                refuse to call a ``"private"`` one.
            concurrency: How many calls run at the same time; ``None`` for no limit.
        """
        names = sys._getframe(1).f_locals  # types may be defined inside of a test
        options: dict[str, Any] = {
            "components": components,
            "batch": batch,
            "queue": queue,
            "visibility": visibility,
            "concurrency": concurrency,
        }
        if visibility not in get_args(Visibility):
            raise ValueError(
                f"visibility={visibility!r} is not one of {', '.join(get_args(Visibility))}."
            )
        if concurrency is not None and concurrency < 1:
            raise ValueError(
                f"concurrency={concurrency!r} lets no call run. Use None for no limit."
            )

        def add(function: F) -> F:
            known = None if name is None else self._app.named(name)
            if known is None and self._is_copy:
                known = self._found(name or "")
            if known is not None:
                if options != _USUAL:
                    raise TypeError(
                        f"{known.called!r} exists already. Its function can be replaced, but not "
                        "its options."
                    )
                self._replace(known, function, names)
            else:
                self._add(name, function, names=names, **options)
            return function

        if callable(name):
            function, name = name, getattr(name, "__name__", None)
            if name is None:
                raise TypeError(f"{function!r} has no name. Use endpoint('/name')(function).")
            return add(function)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"The name of an endpoint is text, not {name!r}.")
        return add

    def _add(self, name: str | None, function: Callable[..., Any], **options: Any) -> FakeEndpoint:
        with self._app.board.lock:
            bare = None if name is None else name.strip("/")
            number = len(self._app.endpoints)
            endpoint = FakeEndpoint(number, bare, function, self._next_id, **options)
            if "inputs" not in options:  # the defaults of a copied app have this form already
                endpoint.inputs = [self._with_default(endpoint, slot) for slot in endpoint.inputs]
            self._next_id += len(endpoint.inputs) + len(endpoint.outputs)
            self._app.endpoints.append(endpoint)
        return endpoint

    def _with_default(self, endpoint: FakeEndpoint, slot: FakeSlot) -> FakeSlot:
        """Return an input whose default has the form on the wire, because clients send it."""
        if slot.default is REQUIRED or slot.is_state:
            return slot
        source = f"{endpoint.called} has the default"
        return slot._replace(default=self._app.values.write(slot, slot.default, source))

    def _replace(
        self, endpoint: FakeEndpoint, function: Callable[..., Any], names: Mapping[str, Any]
    ) -> None:
        """Replace the function of an endpoint."""
        other = FakeEndpoint(endpoint.number, endpoint.name, function, 0, names=names)
        wanted = [slot.name for slot in endpoint.inputs if not slot.is_state]
        given = [slot.name for slot in other.inputs if not slot.is_state]
        if wanted != given:
            raise TypeError(
                f"{endpoint.called} has the parameters ({', '.join(wanted)}), and this function "
                f"has ({', '.join(given)}). Give it the same ones."
            )
        is_annotated = "return" in getattr(function, "__annotations__", {})
        if is_annotated and len(other.outputs) != len(endpoint.outputs):
            raise TypeError(
                f"{endpoint.called} has {len(endpoint.outputs)} outputs, and this function returns "
                f"{len(other.outputs)}. Return as many values."
            )
        endpoint.function, endpoint.streams = function, other.streams

    def _found(self, key: str | int) -> FakeEndpoint:
        endpoint = self._app.named(key) if isinstance(key, str) else None
        if isinstance(key, int) and 0 <= key < len(self._app.endpoints):
            endpoint = self._app.endpoints[key]
        if endpoint is None:
            names = ", ".join(repr(e.called) for e in self._app.endpoints) or "none"
            app = "The app that this fake copies" if self._is_copy else "The fake app"
            raise ValueError(f"{app} has no endpoint {key!r}. Its endpoints: {names}.")
        return endpoint

    # -- inside of a function

    def error(
        self,
        text: str,
        *,
        title: str | None = None,
        duration: float | None = 10,
        visible: bool = True,
    ) -> NoReturn:
        """Fail like ``raise gr.Error(text)``: callers get an `AppError` with the text.

        Args:
            text: The text.
            title: The title under which it is to be shown.
            duration: Seconds for which it is to be shown.
            visible: Whether it is to be shown.
        """
        raise AppError(text, message=text, title=title, duration=duration, visible=visible)

    def log(
        self,
        text: str,
        level: str = "info",
        *,
        title: str | None = None,
        duration: float | None = 10,
        visible: bool = True,
    ) -> None:
        """Send a message to the caller, like ``gr.Info`` and ``gr.Warning``.

        Args:
            text: The text.
            level: ``"info"``, ``"warning"`` or ``"success"``.
            title: The title under which it is to be shown.
            duration: Seconds for which it is to be shown.
            visible: Whether it is to be shown.
        """
        job = self._app.current_job()
        if job.queued and self._app.generation.since(3, 36):
            job.send(self._app.generation.log(text, level, title, duration, visible))

    def progress(
        self,
        value: float | tuple[int, int | None] | None = None,
        desc: str | None = None,
        *,
        unit: str = "steps",
    ) -> None:
        """Send the progress of the function to the caller, like ``gr.Progress``.

        Args:
            value: A fraction from 0 to 1, or the steps that are done and their total.
            desc: The text before the bar.
            unit: The unit of the steps.
        """
        index, length = value if isinstance(value, tuple) else (None, None)
        fraction = None if isinstance(value, tuple) else value
        step = {"index": index, "length": length, "unit": unit, "progress": fraction, "desc": desc}
        job = self._app.current_job()
        if job.queued and self._app.generation.since(3, 16):
            job.send({"msg": "progress", "progress_data": [step]})

    # -- what goes wrong

    def fail(
        self,
        endpoint: str | int | None,
        fault: Fault,
        *,
        times: int | None = 1,
        when: When | None = None,
    ) -> None:
        """Make the next calls of an endpoint fail.

        Args:
            endpoint: The endpoint; ``None`` for all.
            fault: An HTTP status such as 502 or 429; `QueueFullError`, `ValidationError` or
                `RateLimitError`; an exception of the function, such as `AppError`; or a fault of
                the connection: ``"disconnect"`` cuts it, ``"stall"`` keeps it open without
                messages, ``"restart"`` cuts it and removes all sessions and jobs.
            times: The number of calls that fail; ``None`` for all.
            when: The point of the call: ``"join"``, ``"queued"``, ``"running"``, or ``"download"``
                of a file that the endpoint has returned.

        Raises:
            ValueError: There is no such failure, or it cannot happen at this point.
        """
        what, place = ordered(fault, when)
        if what.kind == "invalid" and self._app.generation.dialect.join != "post":
            version = self._app.generation.version
            raise ValueError(f"Gradio {version} has no validators. Use FakeApp() without options.")
        self._plan(endpoint, place, what, times)

    def _plan(
        self, endpoint: str | int | None, when: str, what: Ordered | Gate, times: int | None
    ) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times={times!r} affects no call. Use None for all calls.")
        number = None if endpoint is None else self._found(endpoint).number
        self._app.plans.add(number, when, what, times)

    def hold(
        self,
        endpoint: str | int | None = None,
        *,
        when: When = "running",
        times: int | None = 1,
        position: int | None = None,
        eta: float | None = None,
    ) -> Gate:
        """Make the next calls of an endpoint wait until the test opens the gate.

        Args:
            endpoint: The endpoint; ``None`` for all.
            when: The point of the call, as for `fail`.
            times: The number of calls that wait; ``None`` for all.
            position: The position in the queue that waiting calls report, with ``when="queued"``.
            eta: The remaining seconds that waiting calls report, with ``when="queued"``.

        Raises:
            ValueError: There is no such point, or calls have no position at it.
        """
        if check_place(when) != "queued" and (position, eta) != (None, None):
            raise ValueError(f"Calls have a position and an ETA when='queued', not when={when!r}.")
        gate = Gate(self._app.board, position, eta)
        self._plan(endpoint, when, gate, times)
        return gate

    def restart(self) -> None:
        """Restart the app: cut all connections, and remove sessions, state and jobs."""
        self._app.restart()

    def wait_for_calls(self, count: int, timeout: float = 10.0) -> None:
        """Wait until the app has received this many calls.

        Raises:
            AssertionError: It has received fewer within `timeout` seconds.
        """
        if not self._app.board.wait(lambda: len(self.calls) >= count, timeout):
            raise AssertionError(f"The app got {len(self.calls)} calls, not {count}.")


def _gives(value: Any, streams: bool) -> Callable[..., Any]:
    """Return a function that ignores its arguments and returns or yields a value."""

    def returns(**_: Any) -> Any:
        return value

    def yields(**_: Any) -> Iterator[Any]:
        yield value

    return yields if streams else returns
