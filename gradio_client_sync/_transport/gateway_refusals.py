"""Recognise gateways that require a login or a client certificate, and say what to pass."""

from __future__ import annotations

import re

#: Matches the page of a gateway for a request without a client certificate, or with a wrong one.
_PAGE = re.compile(rb"(?i)\b(?:ssl|tls|client)[ -]certificate\b")
_MISSING = re.compile(rb"(?i)\bno (?:required )?(?:ssl|tls|client)|missing")

#: The statuses of such pages; the last two are those of nginx before it replaces them by 400.
_PAGE_STATUSES = frozenset((400, 401, 403, 495, 496))

#: Matches the alerts by which a server ends a TLS connection because of the client's certificate.
_ALERT = re.compile(
    r"(?i)alert[ _](?:(certificate[ _]required|no[ _]certificate)|certificate|bad[ _]certificate|"
    r"unsupported[ _]certificate|unknown[ _]ca|access[ _]denied)"
)

_PASS_CERTIFICATE = "cert=('client.pem', 'client.key')"

#: What to pass for the scheme of a login, by its name in ``WWW-Authenticate``.
_LOGINS = {
    "basic": "http_auth=('user', 'password')",
    "digest": "http_auth=requests.auth.HTTPDigestAuth('user', 'password')",
    "negotiate": "http_auth=HTTPKerberosAuth() of the package requests-kerberos",
    "ntlm": "http_auth=HttpNtlmAuth('domain\\user', 'password') of the package requests-ntlm",
    "bearer": (
        "headers={'Authorization': 'Bearer …'}, http_auth= with an object that renews the token, "
        "or hf_token= if it is a Space"
    ),
}


def login_wanted(challenge: str) -> str:
    """Return a sentence about the login that a gateway requires.

    Args:
        challenge: The ``WWW-Authenticate`` header.
    """
    found = [name for name in _LOGINS if re.search(rf"(?i)(?:\A|,)\s*{name}\b", challenge)]
    scheme = found[0] if found else challenge.partition(" ")[0].lower()
    ways = _LOGINS.get(scheme, "http_auth= with what requests takes as auth=")
    return (
        f"A gateway in front of the app requires a login ({scheme.capitalize()!r}), and got none "
        f"or a wrong one. Pass {ways}."
    )


def certificate_wanted(status: int, body: bytes) -> str:
    """Return a sentence about the client certificate, if a response is about one; else ``""``."""
    if status not in _PAGE_STATUSES or not _PAGE.search(body):
        return ""
    return _about_certificate(is_missing=_MISSING.search(body) is not None)


def certificate_refused(error: str) -> str:
    """Return a sentence about the client certificate, if a TLS error is about one; else ``""``."""
    alert = _ALERT.search(error)
    return "" if alert is None else _about_certificate(is_missing=alert[1] is not None)


def _about_certificate(*, is_missing: bool) -> str:
    if is_missing:
        return (
            f"The gateway requires a client certificate. Pass {_PASS_CERTIFICATE}, or an SSL "
            "context with a certificate as verify=."
        )
    return (
        "The gateway does not accept the client certificate. Check cert=, and that the gateway "
        "trusts who has issued the certificate."
    )
