"""The sentences about what a gateway wants."""

from __future__ import annotations

import re

import pytest

from gradio_client_sync._transport.gateway_refusals import (
    certificate_refused,
    certificate_wanted,
    login_wanted,
)


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        ('Basic realm="x, Digest y"', r"'Basic'.*http_auth=\('user', 'password'\)"),
        ('Digest realm="x", nonce="1"', "HTTPDigestAuth"),
        ("Negotiate, NTLM", "'Negotiate'.*HTTPKerberosAuth"),
        ("NTLM", "HttpNtlmAuth"),
        ('Bearer error="invalid_token"', "Bearer ….*http_auth=.*hf_token="),
        ("AWS4-HMAC-SHA256", "http_auth= with what requests takes"),
    ],
)
def test_login_that_a_gateway_wants(challenge: str, said: str) -> None:
    """The sentence names the scheme, and the option for it."""
    assert re.search(said, login_wanted(challenge))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b"<title>400 No required SSL certificate was sent</title>", "requires"),
        (400, b"<title>400 The SSL certificate error</title>", "does not accept"),
        (403, b"client certificate missing", "requires"),
        (400, b"plain HTTP request was sent to HTTPS port", ""),
        (500, b"No required SSL certificate was sent", ""),
        (403, b"Forbidden", ""),
    ],
)
def test_page_about_a_certificate(status: int, body: bytes, said: str) -> None:
    """Pages of gateways about certificates are recognised, and others are not."""
    sentence = certificate_wanted(status, body)
    assert said in sentence
    assert bool(sentence) == bool(said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required", "requires"),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1)", "does not accept"),
        ("[SSL] sslv3 alert certificate expired", "does not accept"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", ""),
        ("certificate verify failed: self-signed certificate", ""),
    ],
)
def test_alert_about_a_certificate(error: str, said: str) -> None:
    """Alerts about the client's certificate are recognised, and other errors are not."""
    sentence = certificate_refused(error)
    assert said in sentence
    assert bool(sentence) == bool(said)
