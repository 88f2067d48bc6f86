"""`connect`: open the connection to the URL or the Space that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._basics.secret import revealed
from .._options import hub_endpoint
from .._protocol.routes import query_of, root_of
from .._protocol.space import space_name
from .._transport.deadlines import Deadline
from ..errors import GradioClientError
from .address import open_connection

if TYPE_CHECKING:
    from .._basics.secret import Secret
    from .._options import Options
    from .._transport.signal_safe import SafeEvent
    from .connection import Connection


def connect(source: str | Secret[str], options: Options, closing: SafeEvent) -> Connection:
    """Connect to a URL or a Space.

    Args:
        source: The URL, or the name of the Space; a secret if it has a query.
        options: The options of the client.
        closing: An event that ends the wait for a Space when it is set.

    Raises:
        ConnectFailedError: The server could not be reached.
        AuthenticationError: The app requires a login, or did not accept it, or the Hub did not
            accept the token.
        ConfigError: The server is not a Gradio app.
        UnsupportedAppError: The app uses a release or protocol that is not supported.
        SpaceNotFoundError: There is no such Space, or the token does not give access to it.
        SpaceNotReadyError: The Space is paused, failed, or did not start in time.
        SpaceError: The Hub could not be used.
        RateLimitError: The server or the Hub limited the rate of requests (429).
        ClientClosedError: `closing` was set.
    """
    name = space_name(revealed(source), hub_endpoint())
    if name is None:
        root, query = root_of(revealed(source)), query_of(revealed(source))
        deadline = Deadline.after(options.deadline)
        try:
            return open_connection(root, options, _token_for(root, options), query=query)
        except GradioClientError as exc:
            from .scheme_check import wrong_scheme

            wrong = wrong_scheme(exc, root, options, deadline)
            if wrong is None:
                raise
            raise wrong from exc
    # Imported here, because only clients of Spaces need it.
    from .space_connector import SpaceConnector

    # The query of a Space's page on the Hub is not for the app.
    query = None if name.root is None else query_of(revealed(source))
    return SpaceConnector(name, query, options, closing).connect()


def _token_for(root: str, options: Options) -> Secret[str] | None:
    """Return the Hugging Face token to send to an app that is not a Space.

    Raises:
        AuthenticationError: The token would be sent without encryption.
    """
    if options.hf_token is None:
        return None
    from .._spaces.tokens import Tokens

    return Tokens(options.hf_token, None, options.allow_insecure_token).token_for(root)
