"""`explained`: a decorator that replaces Python's error for wrong arguments of a call.

It costs nothing that could be measured if the arguments are right, and it changes no signature.
The texts are in `_wrong_forms`, which is imported when a call has failed.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def explained(explain: str) -> Callable[[F], F]:
    """Return a decorator for a function that users call.

    Args:
        explain: The name of the function in `_wrong_forms` that returns the error for arguments
            that do not fit the decorated function.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except TypeError as exc:
                raised_inside = exc.__traceback__ is None or exc.__traceback__.tb_next is not None
                if raised_inside:
                    raise
                from . import _wrong_forms

                error: TypeError = getattr(_wrong_forms, explain)(function, args, kwargs) or exc
            raise error

        return cast("F", checked)

    return decorate
