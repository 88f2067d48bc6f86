"""`LiveHeaders`: headers that a function of the user returns for each request.

Such a function is for headers that change while a client lives, such as a token that expires. It is
called for every request, also for uploads, streams and downloads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable

from ._basics.secret import Secret
from .errors import AuthenticationError

if TYPE_CHECKING:
    from ._basics.secret import Texts


class LiveHeaders(Mapping[str, Any]):
    """The headers of the moment, as a mapping. Each use of it calls the function.

    Args:
        function: The user's function. It may be called in several threads at the same time.
        check: Returns headers with their values hidden, or raises `TypeError` or `ValueError`.

    Attributes:
        latest: The headers that the function returned last. Reading them does not call it.
    """

    def __init__(
        self, function: Callable[[], Mapping[str, str]], check: Callable[[object], Texts]
    ) -> None:
        self._function = Secret(function)
        self._check = check
        self.latest: Texts = {}

    def now(self) -> Texts:
        """Return the headers of this moment.

        Raises:
            AuthenticationError: The function failed, or returned something that cannot be sent.
        """
        try:
            self.latest = headers = self._check(self._function.reveal()())
        except Exception as exc:
            raise AuthenticationError(
                f"The function that was passed as headers= failed with {type(exc).__name__}, so "
                "the request was not sent. It must return a dict of names and texts."
            ) from exc
        return headers

    def __getitem__(self, name: str) -> Any:
        return self.now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())

    def __repr__(self) -> str:
        return "<LiveHeaders>"
