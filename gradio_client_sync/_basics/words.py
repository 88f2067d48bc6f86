"""Words for sentences that are made at run time: ``an int``, ``2 bytes``, ``fn_index 3``."""

from __future__ import annotations

import re

# The patterns are not compiled here: few processes need them, and `re` keeps what it has compiled.
_VOWEL_SOUND = r"(?i)(?!uni|uu|us|ui|ut|eu|one)[aeiou]|ndarray|hour"
#: Letters that are spelled, such as in HTTP, and those of them that begin with a vowel: an F.
_SPELLED = r"[A-Z]([A-Z0-9]|\b)"
_SPELLED_WITH_VOWEL = r"[AEFHILMNORSX]"


def a(word: str) -> str:
    """Return a word after ``a`` or ``an``, such as the name of a class.

    Example:
        >>> a("int"), a("UUID"), a("HTTPError"), a("str")
        ('an int', 'a UUID', 'an HTTPError', 'a str')
    """
    vowel = _SPELLED_WITH_VOWEL if re.match(_SPELLED, word) else _VOWEL_SOUND
    return f"an {word}" if re.match(vowel, word) else f"a {word}"


def counted(number: int, noun: str) -> str:
    """Return a number before a noun, in the plural unless the number is 1.

    Args:
        number: The number.
        noun: A noun with a regular plural, such as ``"byte"`` or ``"free byte"``.

    Example:
        >>> counted(1, "byte"), counted(20_000, "byte")
        ('1 byte', '20000 bytes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
