"""Errors for wrong arguments and unknown attributes, such as those of another client.

The decorator `explained` replaces Python's error for wrong arguments of a call. It costs nothing
if the arguments are right, and it changes no signature. `ExplainsAttributes` does the same for
attributes. The texts are in `wrong_forms` and `attributes`, which are imported after a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .._basics.printing import printable
from .._tracebacks import explained_by

if TYPE_CHECKING:
    from collections.abc import Mapping

F = TypeVar("F", bound=Callable[..., Any])


def explained(explain: str) -> Callable[[F], F]:
    """Return a decorator that explains wrong arguments. Write it below `short_traceback`.

    Args:
        explain: The name of the function in `wrong_forms` that returns the error for arguments
            that do not fit the decorated function.
    """

    def explanation(
        function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> TypeError | None:
        from . import wrong_forms

        error: TypeError | None = getattr(wrong_forms, explain)(function, args, kwargs)
        return error

    return explained_by(explanation)


def check_options(cls: type[Any], source: object, options: Mapping[str, Any]) -> None:
    """Check options for a class before they are used.

    Raises:
        TypeError: The class has no such option. The error says what to write instead.
    """
    import inspect  # a module that plain calls do not need

    try:
        inspect.signature(cls).bind(source, **options)
    except TypeError:
        from . import wrong_forms

        raise wrong_forms.client(cls.__init__, (None, source), options) from None


class ExplainsAttributes:
    """Base of `Client`: the error for an unknown attribute says what to write instead."""

    if not TYPE_CHECKING:  # for a type checker, the class would have every attribute

        def __getattr__(self, name: str) -> Any:
            """Raise the error. The name may be an endpoint, or a method of another client."""
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_"):  # these are Python's own, and those of `__init__`
                from .attributes import attribute

                text = f"{text}. {attribute(self, name)}".rstrip(". ") + "."
            raise AttributeError(printable(text))
