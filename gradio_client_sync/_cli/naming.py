"""The endpoint that the words of a command line name.

The first word names it, and may be left out if the app has only one endpoint. People also leave it
out by mistake. Then their first value is in its position. If that is possible, nothing is called,
and the error shows the line to type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .._basics.secret import shown_source
from ..errors import EndpointNotFoundError, PayloadError
from .advice import quoted
from .exits import PROGRAM
from .values import fits, payload_of, takes_text

if TYPE_CHECKING:
    from .._client import Client
    from .._protocol.api.signature import Signature
    from .._protocol.values.slot import Slot

_NUMBERED = re.compile(r"(fn_index=)?([0-9]+)", re.ASCII)
MOST_LINES = 3  # in an error


class Named:
    """The endpoint that the words name, and the words that are its values.

    Args:
        app: The app.
        source: The app, as typed.
        words: The words after it.

    Attributes:
        signature: The endpoint.
        slots: The components of its parameters, by the app's names of the parameters.
        values: The words after the name of the endpoint.

    Raises:
        EndpointNotFoundError: The words name no endpoint, or may be the values of another one.
    """

    def __init__(self, app: Client, source: str, words: Sequence[str]) -> None:
        self._app, self._source, self._words = app, source, words
        self._all = app._signatures()
        first = words[0] if words else ""
        if not first or (not first.startswith("/") and len(self._all) == 1):
            self.values = words
            self.signature = self._signature(None)
        else:
            self.values = words[1:]
            number = _NUMBERED.fullmatch(first)
            if number is None:
                self.signature = self._signature(first)
            else:
                self.signature = self._signature(int(number[2]))
                if not number[1]:
                    self._check_number(first)
        self.slots = slots_of(app, self.signature)

    def payload(self) -> dict[str, Any]:
        """Return the values of the call; see `payload_of`."""
        try:
            return payload_of(self.values, self.signature, self.slots)
        except PayloadError as error:
            raise PayloadError(
                f"{error}{self._about_first_word()}",
                endpoint=error.endpoint,
                parameter=error.parameter,
            ) from None

    def _about_first_word(self) -> str:
        """Return how the first word was understood, if that may be the mistake."""
        first = self._words[0] if self._words else ""
        if _NUMBERED.fullmatch(first) and self.values is not self._words:
            return f" ({first!r} was read as the number of the endpoint.)"
        if self.values is self._words and f"/{first}" == self.signature.endpoint:
            return f" If {first!r} is the endpoint, write /{first}."
        return ""

    def _signature(self, key: str | int | None) -> Signature:
        try:
            return self._app._signature(key)
        except EndpointNotFoundError as error:
            words = self._words
            advice = self._if_values([one for one in self._all if self._fits(words, one)])
            if key is None and len(self._all) > 1:
                advice = f" Write: {self._line('ENDPOINT', ['[VALUES]...'])}"
            raise EndpointNotFoundError(
                f"{error}{advice}", endpoint=error.endpoint, candidates=error.candidates
            ) from None

    def _check_number(self, first: str) -> None:
        """Raise an error if the number may be the first value of an endpoint that has a name."""
        others = [
            one
            for one in self._all
            if isinstance(one.endpoint, str)
            and one.endpoint != self.signature.endpoint
            and self._fits(self._words, one)
        ]
        if self._fits(self.values, self.signature):
            # A text may be a number, too, so this does not mean that the name is missing.
            others = [one for one in others if one.parameters and not _begins_with_text(one)]
        if not others:
            return
        name = self.signature.endpoint
        by_number = name if isinstance(name, str) else f"fn_index={first}"
        raise EndpointNotFoundError(
            f"{first!r} may be a value of {_names(others)}, or the number of "
            f"{name if isinstance(name, str) else 'an endpoint without a name'}. "
            f"Name the endpoint: {self._lines(others)}; for the endpoint with the number: "
            f"{self._line(by_number, self.values)}",
            endpoint=int(first),
            candidates=tuple(str(one.endpoint) for one in others),
        )

    def _fits(self, words: Sequence[str], signature: Signature) -> bool:
        return bool(words) and fits(words, signature, slots_of(self._app, signature))

    def _if_values(self, endpoints: Sequence[Signature]) -> str:
        """Return the lines to type if all words are values of one of these endpoints."""
        if not endpoints:
            return ""
        is_one = len(self._words) == 1
        what = f"{self._words[0]!r} is a value" if is_one else "these words are values"
        return f" If {what}, name the endpoint: {self._lines(endpoints)}"

    def _lines(self, endpoints: Sequence[Signature]) -> str:
        """Return a line for each of the first endpoints, with all words as values."""
        lines = [self._line(one.endpoint, self._words) for one in endpoints[:MOST_LINES]]
        return "; or ".join(lines)  # a shell ignores the semicolon after a line

    def _line(self, endpoint: str | int, values: Sequence[str]) -> str:
        command = click.get_current_context().info_name
        name = endpoint if isinstance(endpoint, str) else f"fn_index={endpoint}"
        words = [shown_source(self._source), name]
        typed = [one if one == "[VALUES]..." else quoted(one) for one in (*words, *values)]
        return f"{PROGRAM} {command} {' '.join(typed)}"


def slots_of(app: Client, signature: Signature) -> Mapping[str, Slot]:
    """Return the component of each parameter, by the app's name of the parameter."""
    endpoint = app._connection.table.resolve(signature.endpoint)
    slots = [*endpoint.parameters, *(slot for slot in endpoint.givable if slot.hidden)]
    return {one.sent_as: slot for one, slot in zip(signature.parameters, slots)}


def _begins_with_text(signature: Signature) -> bool:
    return takes_text(signature.parameters[0].hint)


def _names(endpoints: Sequence[Signature]) -> str:
    return " or ".join(str(one.endpoint) for one in endpoints[:MOST_LINES])
