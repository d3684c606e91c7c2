"""Entra ID of the simulator, by the real azure-identity: tokens, and who gets none."""

from __future__ import annotations

import base64
import json

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureAuthorityHosts, ClientSecretCredential, DefaultAzureCredential

from scanner.demo.azure.entra import CLIENT, STRANGER, Entra
from scanner.demo.azure.simulator import AzureSimulator
from scanner.demo.azure.wire import Refused, Request
from scanner.demo.azure.world import AzureWorld
from scanner.demo.embedded import environment
from tests.demo.azure.composing import NOW, credential, options

ARM = "https://management.azure.com"


def claims(token: str) -> dict[str, str]:
    part = token.split(".")[1]
    read: dict[str, str] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def test_a_client_secret_gets_a_token_for_what_it_asks(azure: AzureSimulator, login: ClientSecretCredential) -> None:
    told = claims(login.get_token(f"{ARM}/.default").token)
    assert (told["aud"], told["appid"], told["tid"]) == (ARM, CLIENT, azure.layer.world.tenant)
    assert told["oid"] == azure.layer.world.scanner.id
    assert claims(login.get_token("https://vault.azure.net/.default").token)["aud"] == "https://vault.azure.net"


def test_the_default_chain_finds_the_environment(azure: AzureSimulator) -> None:
    with environment(azure.environ), DefaultAzureCredential(**options(azure)) as chain:
        assert claims(chain.get_token(f"{ARM}/.default").token)["appid"] == CLIENT


@pytest.mark.parametrize(
    ("application", "secret", "tenant", "scope", "code"),
    [
        (CLIENT, "wrong", "", f"{ARM}/.default", "AADSTS7000215"),
        ("22222222-0000-4000-8000-000000000000", "any", "", f"{ARM}/.default", "AADSTS700016"),
        (CLIENT, "simulated-client-secret", "other-tenant", f"{ARM}/.default", "AADSTS90002"),
        (CLIENT, "simulated-client-secret", "", "user.read", "AADSTS1002012"),
    ],
)
def test_who_gets_no_token(
    azure: AzureSimulator, application: str, secret: str, tenant: str, scope: str, code: str
) -> None:
    with pytest.raises(ClientAuthenticationError, match=code):
        credential(azure, application, secret, tenant).get_token(scope)


def test_another_cloud_has_hosts_of_its_own(azure: AzureSimulator) -> None:
    other = credential(azure, authority=AzureAuthorityHosts.AZURE_GOVERNMENT)
    token = other.get_token("https://management.usgovcloudapi.net/.default")
    assert claims(token.token)["aud"] == "https://management.usgovcloudapi.net"
    assert {one.host for one in azure.requests if one.operation == "login:token"} >= {"login.microsoftonline.us"}


def test_a_grant_that_is_not_known_gets_nothing(world: AzureWorld) -> None:
    path = f"/{world.tenant}/oauth2/v2.0/token"
    request = Request.parse("POST", "login.microsoftonline.com", "login", path, {}, b"grant_type=password")
    operation, answer = Entra(world, NOW).answer(request)
    assert (operation, answer.status) == ("login:token", 400)
    assert isinstance(answer.body, dict)
    assert answer.body["error_description"].startswith("AADSTS70003: ")


@pytest.mark.parametrize(
    ("path", "operation", "status"),
    [
        ("/common/discovery/instance?api-version=1.1", "login:discovery", 200),
        ("/organizations/v2.0/.well-known/openid-configuration", "login:openid", 200),
        ("/common/oauth2/v2.0/authorize", "", 404),
    ],
)
def test_how_it_finds_itself(world: AzureWorld, path: str, operation: str, status: int) -> None:
    request = Request.parse("GET", "login.microsoftonline.com", "login", path, {}, b"")
    told = Entra(world, NOW).answer(request)
    assert (told[0], told[1].status) == (operation, status)


def test_whose_a_token_is(world: AzureWorld) -> None:
    entra = Entra(world, NOW)
    token = entra.issue(STRANGER, f"{ARM}/")
    for _ in range(2):  # the second time it is known
        caller = entra.caller(f"Bearer {token}", frozenset({ARM}))
        assert (caller.application, caller.object) == (STRANGER, entra.object_of(STRANGER))
    assert entra.object_of(STRANGER) != entra.object_of(CLIENT)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("", "missing"),
        ("Bearer ", "missing"),
        ("Basic dXNlcjpwdw==", "missing"),
        ("Bearer nonsense", "invalid"),
        ("Bearer a.b.c", "invalid"),
        ("Bearer TAMPERED", "invalid"),
        ("Bearer GOOD", "audience"),
    ],
)
def test_a_token_that_is_not_good_is_refused(world: AzureWorld, header: str, why: str) -> None:
    entra = Entra(world, NOW)
    good = entra.issue(CLIENT, "https://graph.microsoft.com")
    head, body, signature = good.split(".")
    tampered = f"{head}.{body[:-2]}AA.{signature}"
    header = header.replace("GOOD", good).replace("TAMPERED", tampered)
    with pytest.raises(Refused) as refused:
        entra.caller(header, frozenset({ARM}))
    assert refused.value.code == why
