"""The chain of credentials, what its token says, and that tokens are kept in memory alone."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential

from scanner.collect.azure import credential as module
from scanner.collect.azure.clouds import CLOUDS
from scanner.collect.azure.credential import Credential, claims
from scanner.demo.azure.simulator import AzureSimulator
from tests.collect.azure.running import environment

SCOPE = "https://management.azure.com/.default"


def of(azure: AzureSimulator, **given: Any) -> Credential:  # noqa: ANN401 - any field of Credential
    proxies = {"https": azure.proxy_url, "http": azure.proxy_url}
    return Credential(CLOUDS["public"], proxies=proxies, verify=azure.ca_bundle_path, **given)


def test_the_credential_of_the_environment_gives_a_token_and_its_name(azure: AzureSimulator) -> None:
    asked = of(azure)
    with environment(azure.environ):
        token = asked.get_token(SCOPE)
    assert asked.way == "EnvironmentCredential"
    said = claims(token.token)
    assert said["tenant"] == azure.environ["AZURE_TENANT_ID"]
    assert said["application"] == azure.environ["AZURE_CLIENT_ID"]
    assert token.token not in repr(asked)


def test_a_token_is_used_until_shortly_before_its_end(azure: AzureSimulator) -> None:
    now = [0.0]
    asked = of(azure, clock=lambda: now[0])
    with environment(azure.environ):
        first = asked.get_token(SCOPE)
        now[0] = first.expires_on - module.EARLY
        assert asked.get_token(SCOPE) is first
        now[0] += 1
        assert asked.get_token(SCOPE) is not first


def test_a_wrong_secret_is_told_and_its_value_is_not(azure: AzureSimulator) -> None:
    wrong = {**azure.environ, "AZURE_CLIENT_SECRET": "hunter2-hunter2"}
    with environment(wrong), pytest.raises(ClientAuthenticationError) as raised:
        of(azure).get_token(SCOPE)
    assert "AADSTS7000215" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_nothing_of_the_chain_opens_a_window(azure: AzureSimulator) -> None:
    with environment({}):
        chain = of(azure)._new_chain()
        names = {type(getattr(one, "inner", one)).__name__ for one in chain.credentials}
    assert isinstance(chain, DefaultAzureCredential)
    assert {"EnvironmentCredential", "ManagedIdentityCredential", "AzureCliCredential"} <= names
    unwanted = ("Interactive", "Broker", "VisualStudio", "SharedTokenCache")
    assert not [name for name in names if name.startswith(unwanted)]


def test_a_tenant_is_asked_for_where_one_is_named(azure: AzureSimulator) -> None:
    tenant = azure.environ["AZURE_TENANT_ID"]
    with environment(azure.environ):
        token = of(azure, tenant=tenant).get_token(SCOPE)
    assert claims(token.token)["tenant"] == tenant


def made(payload: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"e30.{part}.sig"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (
            made({"tid": "t", "oid": "o", "appid": "a", "upn": "somebody@example"}),
            {"tenant": "t", "object": "o", "application": "a"},
        ),
        (made({"tid": 7, "oid": ""}), {}),
        (made(["tid"]), {}),
        ("opaque", {}),
        ("a.%%%.c", {}),
        ("a.bm90IGpzb24.c", {}),
    ],
)
def test_claims_of_a_token(token: str, said: dict[str, str]) -> None:
    assert claims(token) == said


def test_a_token_of_the_chain_is_never_of_several_scopes(azure: AzureSimulator) -> None:
    with pytest.raises(ValueError, match="unpack"):
        of(azure).get_token(SCOPE, "other")
