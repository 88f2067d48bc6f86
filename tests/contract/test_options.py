"""`Options`: the checked, frozen options of `Client`."""

from __future__ import annotations

import inspect
import pickle
import ssl
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client
from gradio_client_sync._basics.secret import Secret
from gradio_client_sync._connection.address import http_options
from gradio_client_sync._options import Options, check
from gradio_client_sync._spaces.tokens import Tokens
from gradio_client_sync._transport.certificates import without_certificate

GIVEN: dict[str, Any] = {
    name: parameter.default
    for name, parameter in inspect.signature(Client).parameters.items()
    if name not in ("source", "token")  # `token` is another name of `hf_token`
}

URL = "http://127.0.0.1:7860"


def test_options_are_the_parameters_of_client() -> None:
    """Each option of `Client` is a field, and there are no other fields."""
    assert list(vars(Options.checked(**GIVEN))) == list(Options.__annotations__) == list(GIVEN)


def test_options_are_kept_in_their_checked_form() -> None:
    """A single number is kept as both timeouts, and missing headers as an empty dict."""
    options = Options.checked(**{**GIVEN, "timeout": 5, "hf_token": " hf_abc\n", "headers": None})
    assert options.timeout == (5, 5)
    assert f"{options.hf_token}" == "hf_abc"
    assert options.headers == {}


@pytest.mark.parametrize("name", list(GIVEN))
def test_options_are_all_checked(name: str) -> None:
    """A value of a wrong type is refused, and the error names the option."""
    with pytest.raises(TypeError, match=name):
        Options.checked(**{**GIVEN, name: object()})


def test_options_that_are_unknown_are_refused() -> None:
    """An unknown option is refused."""
    with pytest.raises(TypeError, match="colour"):
        Options.checked(**GIVEN, colour="red")
    with pytest.raises(TypeError, match="retries"):
        Options.checked(**{name: value for name, value in GIVEN.items() if name != "retries"})


def test_options_do_not_change() -> None:
    """Options cannot be changed, and a changed copy is another object."""
    options = Options.checked(**GIVEN)
    with pytest.raises(AttributeError, match="retries"):
        options.retries = 7
    with pytest.raises(AttributeError, match="retries"):
        del options.retries
    assert options.replace(retries=7).retries == 7
    assert options.retries == GIVEN["retries"]


def test_options_show_no_secret() -> None:
    """The `repr` of options, and of the HTTP options made from them, has no values."""
    secret = "hf_" + "s" * 20
    options = Options.checked(
        **{**GIVEN, "hf_token": secret, "auth": ("me", secret), "headers": {"x": secret}}
    )
    assert secret not in f"{options!r} {options}"
    assert secret not in repr(http_options(options, Secret(secret), URL))


def test_options_go_into_no_pickle() -> None:
    """Options cannot be pickled; only a client's pickle knows which secrets to leave out."""
    options = Options.checked(**GIVEN)
    for secretive in (options, http_options(options, None, URL), Tokens(None, None, False)):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(secretive)


def test_options_of_a_subclass_stay_as_they_are() -> None:
    """Options that a subclass adds are not checked."""
    own = object()
    assert check({"timeout": 3, "colour": own}) == {"timeout": (3, 3), "colour": own}


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"http_auth": ("a:b", "c")}, ValueError, "http_auth has a colon"),
        ({"http_auth": dict}, TypeError, "http_auth is the class dict"),
        ({"http_auth": ("me",)}, TypeError, "http_auth.*pair"),
        ({"cert": ("a.pem", "")}, TypeError, "cert must have paths"),
        ({"cert": "a.pem", "verify": ssl.create_default_context()}, TypeError, "load_cert_chain"),
    ],
)
def test_logins_that_cannot_be_used(given: Any, error: type[Exception], said: str) -> None:
    """A login or a certificate that cannot be meant is refused before anything is sent."""
    with pytest.raises(error, match=said):
        Options.checked(**{**GIVEN, **given})


def test_login_of_a_gateway_goes_beside_the_token() -> None:
    """A login takes the header Authorization, and a token the other one that the Hub reads."""
    for login in (("me", "pass"), lambda request: request):
        given = {"http_auth": login, "headers": {"authorization": "mine"}}
        options = Options.checked(**{**GIVEN, **given})
        headers = http_options(options, Secret("hf_x"), URL).headers
        assert f"{headers['X-HF-Authorization']}" == "Bearer hf_x"
        own = headers.get("Authorization", headers.get("authorization", ""))
        assert f"{own}" == ("mine" if callable(login) else "Basic bWU6cGFzcw==")


def test_context_without_its_certificate_trusts_the_same(certificate: Path) -> None:
    """The context for other origins has the authorities and the rules of the user's context."""
    context = ssl.create_default_context(cafile=certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    bare = without_certificate(context)
    assert bare is not context
    assert bare.get_ca_certs() == context.get_ca_certs() != []
    assert (bare.check_hostname, bare.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert bare.minimum_version == ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    assert without_certificate(context).verify_mode == ssl.CERT_NONE
