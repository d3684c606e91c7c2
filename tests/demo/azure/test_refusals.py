"""Refusals in the shapes that the services document."""

from __future__ import annotations

import pytest

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.azure.clouds import Plane
from scanner.demo.azure.entra import CLIENT, Caller
from scanner.demo.azure.refusals import challenge, denied, spoiled, unreachable, withheld, wrong
from scanner.demo.azure.safe import Safe
from scanner.demo.azure.wire import Answer, Refused, Request
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import Vault
from tests.demo.azure.composing import CLINICAL, KEYS, NOW

CALLER = Caller(CLIENT, "an-object", "https://vault.azure.net")


def request(path: str, plane: Plane = "arm", host: str = "management.azure.com") -> Request:
    return Request.parse("GET", host, plane, path, {}, b"")


@pytest.mark.parametrize(
    ("path", "action", "scope"),
    [
        ("/subscriptions", "Microsoft.Resources/subscriptions/read", "/subscriptions"),
        (
            f"/subscriptions/{CLINICAL}/providers/Microsoft.KeyVault/vaults",
            "Microsoft.KeyVault/vaults/read",
            f"/subscriptions/{CLINICAL}",
        ),
        (f"{KEYS}/vaults/kv-clinical", "Microsoft.KeyVault/vaults/read", f"{KEYS}/vaults/kv-clinical"),
        (f"{KEYS}/vaults/kv-clinical/keys", "Microsoft.KeyVault/vaults/keys/read", KEYS.partition("/providers")[0]),
        (
            f"{KEYS}/vaults/kv-clinical/providers/Microsoft.Insights/diagnosticSettings",
            "Microsoft.Insights/diagnosticSettings/read",
            f"{KEYS}/vaults/kv-clinical",
        ),
    ],
)
def test_which_action_over_which_scope(world: AzureWorld, path: str, action: str, scope: str) -> None:
    told = denied("x:Y", request(path), CALLER, world, None)
    assert (told.status, told.code) == (403, "AuthorizationFailed")
    assert f"'{action}' over scope '{scope}' " in told.message
    assert f"The client '{CLIENT}' with object id 'an-object'" in told.message


@pytest.mark.parametrize(
    ("name", "operation", "inner", "text"),
    [
        ("kv-clinical", "keyvault:wrapKey", "ForbiddenByRbac", "Action: 'Microsoft.KeyVault/vaults/keys/wrap/action'"),
        ("kv-clinical", "keyvault:sign", "ForbiddenByRbac", "Action: 'Microsoft.KeyVault/vaults/keys/sign/action'"),
        ("kv-legacy", "keyvault:GetKeys", "AccessDenied", "does not have keys list permission on key vault 'kv-legacy"),
        ("hsm-clinical", "keyvault:GetKey", "ForbiddenByRbac", "Action: 'Microsoft.KeyVault/managedHsm/keys/read'"),
    ],
)
def test_what_a_data_plane_says_to_who_has_no_right(
    world: AzureWorld, name: str, operation: str, inner: str, text: str
) -> None:
    safe = Safe(world.container(name), world, NOW)
    told = denied(operation, request("/keys", "vault"), CALLER, world, safe)
    assert (told.status, told.code, told.inner) == (403, "Forbidden", inner)
    assert text in told.message


@pytest.mark.parametrize(
    ("blocked", "inner"), [("firewall", "ForbiddenByFirewall"), ("private", "ForbiddenByConnection")]
)
def test_a_closed_data_plane(world: AzureWorld, blocked: str, inner: str) -> None:
    vault = Vault.model_validate({"name": "kv-x", "subscription": "clinical", "group": "g", "blocked": blocked})
    told = unreachable(Safe(vault, world, NOW), CALLER)
    assert told is not None
    assert told.inner == inner
    assert unreachable(Safe(world.container("kv-clinical"), world, NOW), CALLER) is None


@pytest.mark.parametrize("why", ["missing", "invalid", "expired", "audience"])
@pytest.mark.parametrize(
    ("plane", "resource"),
    [("arm", None), ("vault", "https://vault.azure.net"), ("hsm", "https://managedhsm.azure.net")],
)
def test_a_challenge_tells_where_to_get_a_token(
    world: AzureWorld, plane: Plane, resource: str | None, why: str
) -> None:
    told = challenge(request("/keys", plane), world, why, "https://graph.microsoft.com")
    header = told.headers["WWW-Authenticate"]
    assert f"https://login.microsoftonline.com/{world.tenant}" in header
    assert resource is None or f'resource="{resource}"' in header
    assert ("graph.microsoft.com" in told.message) is (why == "audience")


@pytest.mark.parametrize(
    ("operation", "path", "host", "held"),
    [
        ("keyvault:GetKeys", "/keys", "kv-sealed.vault.azure.net", True),
        ("keyvault:GetKeys", "/keys", "kv-clinical.vault.azure.net", False),
        ("keyvault:Keys_List", f"{KEYS}/vaults/KV-SEALED/keys", "management.azure.com", True),
        ("keyvault:Vaults_Get", f"{KEYS}/vaults/kv-sealed", "management.azure.com", False),
    ],
)
def test_what_the_world_withholds(world: AzureWorld, operation: str, path: str, host: str, held: bool) -> None:
    assert withheld(world, operation, request(path, host=host)) is held


def test_a_key_can_be_withheld_alone(world: AzureWorld) -> None:
    keys = [{"name": "secret", "denied": ["keyvault:*"]}, {"name": "secretary"}]
    vault = {"name": "kv-x", "subscription": "clinical", "group": "g", "keys": keys}
    own = AzureWorld.model_validate({"subscriptions": [{"id": CLINICAL, "name": "clinical"}], "vaults": [vault]})
    host = "kv-x.vault.azure.net"
    assert withheld(own, "keyvault:GetKey", request("/keys/secret/", host=host))
    assert not withheld(own, "keyvault:GetKey", request("/keys/secretary/", host=host))


@pytest.mark.parametrize("kind", ["hang", "disconnect", "endless", "wrong_types", "stale_page"])
def test_some_faults_leave_the_answer_to_be_made(kind: Kind) -> None:
    assert wrong(Fault(kind), request("/keys")) is None


@pytest.mark.parametrize(("plane", "code"), [("arm", "InvalidSkipToken"), ("vault", "BadParameter")])
def test_a_page_goes_stale(plane: Plane, code: str) -> None:
    with pytest.raises(Refused) as refused:
        wrong(Fault("stale_page"), request("/keys?$skiptoken=x", plane))
    assert refused.value.code == code


def test_the_login_has_its_own_words_for_too_many() -> None:
    with pytest.raises(Refused, match="AADSTS90055"):
        wrong(Fault("throttle", seconds=3), request("/t", "login"))


@pytest.mark.parametrize("kind", ["wrong_types", "endless", "hang"])
def test_only_an_object_can_be_spoiled(kind: Kind) -> None:
    right = Answer(200, b"raw")
    assert spoiled(Fault(kind), request("/keys"), right) is right
