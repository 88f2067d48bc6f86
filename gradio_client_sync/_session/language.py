"""The languages of the user, in which the texts of an app are shown."""

from __future__ import annotations

import os
from collections.abc import Mapping


def languages(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the languages of the user as in an app, such as ``["de-AT"]``; empty if unknown.

    A locale that the program has set by `locale.setlocale` comes first, then the environment
    variables ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``: the first that is set counts.

    Args:
        environ: The environment; by default that of the process.
    """
    import locale  # imported only for apps with texts in several languages

    variables = os.environ if environ is None else environ
    category = getattr(locale, "LC_MESSAGES", locale.LC_CTYPE)  # Windows has no messages
    chosen = locale.setlocale(category)
    if chosen in ("C", "POSIX", ""):
        named = (variables.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
        chosen = next((name for name in named if name), "")
    name = chosen.partition(".")[0].partition("@")[0]
    if " " in name or len(name.partition("_")[0]) > 3:  # Windows: German_Germany
        name = locale.normalize(name.partition("_")[0]).partition(".")[0]
    return [] if name in ("C", "POSIX", "") else [name.replace("_", "-")]
