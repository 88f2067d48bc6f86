"""Certificates of the client, and SSL contexts of the user.

A certificate identifies the user, so only the app's own origin may ask for it. Whether a context
has one cannot be read from it. So requests to other origins use a copy that trusts the same
authorities and has no certificate.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from .._options import Cert


class _Encrypted(Exception):
    """OpenSSL asks for a passphrase."""


def check_certificate(cert: Cert) -> None:
    """Read the files of a client certificate.

    Without this check, OpenSSL would ask for the passphrase of an encrypted key on the terminal.

    Raises:
        ValueError: The files cannot be used. The message says why.
    """
    certificate, key = (cert, None) if isinstance(cert, str) else cert

    def refuse() -> str:
        raise _Encrypted

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, refuse)
    except _Encrypted:
        problem = (
            "the key is encrypted. Load both into a context of your own: context = "
            "ssl.create_default_context(); context.load_cert_chain(certificate, key, password). "
            "Then pass verify=context"
        )
    except FileNotFoundError:
        problem = "there is no such file"
    except ssl.SSLError as exc:
        reason = "the key does not fit" if "MISMATCH" in str(exc) else "it is no PEM file with both"
        problem = f"{reason} ({exc.reason or exc})"
    except OSError as exc:
        problem = exc.strerror or str(exc)
    else:
        return
    raise ValueError(f"the client certificate cert={cert!r} cannot be used: {problem}")


def without_certificate(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context that trusts the same authorities and has no client certificate."""
    bare = type(context)(context.protocol)
    bare.check_hostname = False  # `verify_mode` can be set in any order then
    bare.verify_mode = context.verify_mode
    bare.check_hostname = context.check_hostname
    bare.verify_flags = context.verify_flags
    bare.options = context.options
    bare.minimum_version = context.minimum_version
    bare.maximum_version = context.maximum_version
    trusted = context.get_ca_certs(binary_form=True)
    if trusted:
        bare.load_verify_locations(cadata=b"".join(trusted))
    elif context.verify_mode != ssl.CERT_NONE:
        # The authorities are in a folder, whose files are read when they are needed.
        bare.load_default_certs()
    return bare


class ContextAdapter(HTTPAdapter):
    """An adapter of `requests` whose connections use one SSL context, which it does not change.

    Args:
        context: The context.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return the keys of the pool. No authority is added to those that the context trusts."""
        host, _ = super().build_connection_pool_key_attributes(request, True, None)
        return host, {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing, because the context decides."""
