"""Copy a Space, and print each step, as `Client.duplicate` of `gradio_client` does."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from .. import Client, errors
from .._basics.printing import printable
from .._basics.secret import Secret, revealed, shown_source
from ._translated import of_connecting
from ._warned import warn


def duplicated(
    source: str | Secret[str],
    to_id: str | None,
    token: str | None,
    private: bool,
    hardware: str | None,
    secrets: Mapping[str, str] | None,
    sleep_timeout: float,
    verbose: bool,
) -> str:
    """Copy a Space, wait until the copy runs, and return its name.

    Args:
        source, to_id, token, private, hardware, secrets, sleep_timeout, verbose: As for
            `Client.duplicate` of this module's package.

    Raises:
        ValueError: The Space does not exist, or the token has no access to it.
        SpaceDuplicationError: The Hub refuses the request.
    """
    name = shown_source(revealed(source))
    if verbose:
        text = f"Creating a duplicate of {name} for your own use, unless you have one..."
        print(printable(text))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            copy = Client.duplicate(
                source,  # type: ignore[arg-type]  # it may be hidden
                to_id=to_id,
                hf_token=token,
                private=private,
                hardware=hardware,
                secrets=secrets,
                timeout=sleep_timeout,
            )
    except errors.GradioClientError as exc:
        raise of_connecting(exc, name) from exc.__cause__
    with copy:
        name = copy.source
    exists = False
    for warning in caught:
        text = str(warning.message)
        exists = exists or "already exists" in text
        if "has no effect on" not in text:  # free hardware has a fixed sleep time
            warn(text, warning.category)
    if verbose:
        done = "Using your existing Space" if exists else "Your Space"
        print(f"{done}: https://huggingface.co/spaces/{name}")
    return name
