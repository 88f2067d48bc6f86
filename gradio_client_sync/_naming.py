"""How messages name an endpoint."""

from __future__ import annotations


def called(endpoint: str | int | None) -> str:
    """Return what messages call an endpoint: its name in quotes, else its number.

    Args:
        endpoint: The name; the ``fn_index`` of an endpoint without a name; ``None`` if the
            endpoint is not known.

    Example:
        >>> called("/add"), called(3)
        ("'/add'", 'fn_index 3')
    """
    if endpoint is None:
        return "the endpoint"
    return f"fn_index {endpoint}" if isinstance(endpoint, int) else repr(endpoint)
