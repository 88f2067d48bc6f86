"""Hugging Face Spaces: from a Space's name to the address of its app.

The only module that knows the Hub's library, which it loads at first need.
"""

from __future__ import annotations

import re

from .errors import SpaceError, SpaceNotFoundError

_SPACE_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*\Z", re.ASCII)


def is_space_id(source: str) -> bool:
    """Whether the user named a Space, as ``user/space``."""
    return _SPACE_ID.match(source) is not None


def host_of(space_id: str, token: str | None) -> str:
    """The address of a Space's app.

    Args:
        token: An explicit token; ``None`` uses the saved one, if any.

    Raises:
        SpaceNotFoundError: The Hub knows no such Space, or does not show it.
        SpaceError: The Hub cannot be asked, or the Space has no app.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import (
        HfHubHTTPError,
        HFValidationError,
        RepositoryNotFoundError,
    )

    try:
        host = HfApi(token=token).space_info(space_id).host
    except HFValidationError as exc:
        raise SpaceNotFoundError(
            f"{space_id!r} cannot be the name of a Space: {exc}. Give 'user/space', or a full URL "
            "such as 'http://127.0.0.1:7860'.",
            space_id=space_id,
        ) from exc
    except RepositoryNotFoundError as exc:
        raise SpaceNotFoundError(
            f"The Hub has no Space {space_id!r}, or does not show it to this account. Check the "
            "spelling, or pass hf_token= if it is private.",
            space_id=space_id,
        ) from exc
    except (HfHubHTTPError, OSError) as exc:
        raise SpaceError(
            f"The Hub cannot be asked for {space_id!r}: {exc}", space_id=space_id
        ) from exc
    if not host:
        raise SpaceError(f"The Space {space_id!r} has no running app.", space_id=space_id)
    return str(host)
