"""Connect to what the user named: an address, or a Space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._options import hub_endpoint
from .._protocol.routes import query_of, root_of
from .._protocol.space import space_name
from .address import open_connection

if TYPE_CHECKING:
    from .._options import Options
    from .._transport.signal_safe import SafeEvent
    from .connection import Connection


def connect(source: str, options: Options, closing: SafeEvent) -> Connection:
    """Connect to what the user named.

    Args:
        source: An address, or a Space.
        options: Those of the client.
        closing: Ends a wait for a Space when set.

    Raises:
        ConnectFailedError, AuthenticationError, ConfigError, UnsupportedAppError
        SpaceNotFoundError, SpaceNotReadyError, SpaceError, RateLimitError
        ClientClosedError: `closing` was set.
    """
    name = space_name(source, hub_endpoint())
    if name is None:
        root = root_of(source)
        return open_connection(root, options, _token_for(root, options), query=query_of(source))
    # The first call of an app that is not a Space does not pay for this import.
    from .space_connector import SpaceConnector

    # The query of a Space's page on the Hub is not for the app.
    query = "" if name.root is None else query_of(source)
    return SpaceConnector(name, query, options, closing).connect()


def _token_for(root: str, options: Options) -> str | None:
    """Return the Hugging Face token to send to an app that is not a Space.

    Raises:
        AuthenticationError: It would be sent without encryption.
    """
    if options.hf_token is None:
        return None
    from .._spaces.tokens import Tokens

    return Tokens(options.hf_token, None, options.allow_insecure_token).token_for(root)
