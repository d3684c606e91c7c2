"""The data planes by the real azure-keyvault-keys: what is kept, what keys do, and what they refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from tests.demo.azure.composing import HSM, LEGACY, NOW, VAULT, credential, crypto, keys, reference, refusal


@pytest.fixture
def vault(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[KeyClient]:
    with keys(azure, login) as client:
        yield client


@pytest.fixture
def legacy(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[KeyClient]:
    with keys(azure, login, LEGACY) as client:
        yield client


@pytest.fixture
def hsm(azure: AzureSimulator, login: ClientSecretCredential) -> Iterator[KeyClient]:
    with keys(azure, login, HSM) as client:
        yield client


def refused(error: HttpResponseError) -> tuple[int | None, str, str]:
    """Return the status of a refusal, its code and its inner code."""
    told = refusal(error)
    return error.status_code, told["code"], told.get("innererror", {}).get("code", "")


def test_keys_are_listed_over_all_pages(vault: KeyClient) -> None:
    found = {one.name: one for one in vault.list_properties_of_keys()}
    assert set(found) == {"envelope", "openai", "consent", "keyaudit-canary"}
    envelope = found["envelope"]
    assert (envelope.hsm_platform, envelope.exportable, envelope.enabled) == ("2", False, True)
    assert (envelope.recovery_level, envelope.recoverable_days) == ("Recoverable", 90)
    assert (envelope.expires_on, envelope.tags) == (NOW + timedelta(days=700), {"data": "phi"})


def test_versions_tell_when_a_key_rotated(vault: KeyClient) -> None:
    made = [one.created_on for one in vault.list_properties_of_key_versions("envelope")]
    assert made == [NOW - timedelta(days=days) for days in (400, 210, 120, 30)]


def test_deleted_keys_tell_when_they_are_purged(vault: KeyClient) -> None:
    (deleted,) = vault.list_deleted_keys()
    assert (deleted.name, deleted.deleted_date) == ("retired", NOW - timedelta(days=10))
    assert deleted.scheduled_purge_date == NOW + timedelta(days=80)
    assert vault.get_deleted_key("retired").recovery_id == f"{VAULT}/deletedkeys/retired"
    with pytest.raises(ResourceNotFoundError):
        vault.get_deleted_key("envelope")


@pytest.mark.parametrize(
    ("name", "kty", "members"),
    [
        ("envelope", "RSA-HSM", {"n", "e"}),
        ("consent", "EC-HSM", {"crv", "x", "y"}),
        ("keyaudit-canary", "RSA", {"n", "e"}),
    ],
)
def test_a_key_has_its_public_members(vault: KeyClient, name: str, kty: str, members: set[str]) -> None:
    key: Any = vault.get_key(name).key
    assert (key.kty, [getattr(key, one) is not None for one in members]) == (kty, [True] * len(members))
    assert key.d is None


def test_a_symmetric_key_has_none(hsm: KeyClient) -> None:
    key: Any = hsm.get_key("root").key
    assert (key.kty, key.n, key.k) == ("oct-HSM", None, None)


def test_rotation_policies(vault: KeyClient) -> None:
    policy = vault.get_key_rotation_policy("envelope")
    told = [(one.action, one.time_after_create, one.time_before_expiry) for one in policy.lifetime_actions]
    assert told == [("Rotate", "P90D", None), ("Notify", None, "P30D")]
    assert policy.expires_in == "P2Y"


def test_attestation_where_it_is_offered(vault: KeyClient, hsm: KeyClient) -> None:
    told = hsm.get_key_attestation("root").properties.attestation
    assert told is not None
    assert told.version == "MRVL-1"
    assert hsm.get_key_attestation("root", hsm.get_key("root").properties.version).properties.attestation
    with pytest.raises(HttpResponseError) as error:
        vault.get_key_attestation("envelope")
    assert refused(error.value) == (400, "BadParameter", "")


def test_a_release_policy_is_told(legacy: KeyClient) -> None:
    told = legacy.get_key("exported").properties
    assert told.release_policy is not None
    assert (told.exportable, told.hsm_platform) == (True, "1")


@pytest.mark.parametrize("algorithm", [KeyWrapAlgorithm.rsa_oaep, KeyWrapAlgorithm.rsa_oaep_256])
def test_rsa_keys_wrap(
    azure: AzureSimulator, vault: KeyClient, login: ClientSecretCredential, algorithm: KeyWrapAlgorithm
) -> None:
    kid = str(vault.get_key("keyaudit-canary").id)
    with crypto(azure, login, kid) as client:
        wrapped = client.wrap_key(algorithm, b"data key")
        assert client.unwrap_key(algorithm, wrapped.encrypted_key).key == b"data key"
        with pytest.raises(HttpResponseError) as error:
            client.unwrap_key(algorithm, wrapped.encrypted_key[:-1] + bytes([wrapped.encrypted_key[-1] ^ 1]))
    assert refused(error.value) == (400, "BadParameter", "")


def test_symmetric_keys_wrap_and_encrypt_with_additional_data(
    azure: AzureSimulator, hsm: KeyClient, login: ClientSecretCredential
) -> None:
    with crypto(azure, login, str(hsm.get_key("root").id)) as client:
        wrapped = client.wrap_key(KeyWrapAlgorithm.aes_256, b"sixteen bytes or")
        assert client.unwrap_key(KeyWrapAlgorithm.aes_256, wrapped.encrypted_key).key == b"sixteen bytes or"
        gcm = EncryptionAlgorithm.a256_gcm
        sealed = client.encrypt(gcm, b"hello", additional_authenticated_data=b"tenant a")
        parts = {"iv": sealed.iv, "authentication_tag": sealed.tag}
        opened = client.decrypt(gcm, sealed.ciphertext, additional_authenticated_data=b"tenant a", **parts)
        assert opened.plaintext == b"hello"
        with pytest.raises(HttpResponseError) as error:
            client.decrypt(gcm, sealed.ciphertext, additional_authenticated_data=b"tenant b", **parts)
    assert refused(error.value) == (400, "BadParameter", "")


def test_signing_keys_sign(azure: AzureSimulator, vault: KeyClient, login: ClientSecretCredential) -> None:
    digest = hashlib.sha256(b"consent").digest()
    with crypto(azure, login, str(vault.get_key("consent").id)) as client:
        signed = client.sign(SignatureAlgorithm.es256, digest)
        assert client.verify(SignatureAlgorithm.es256, digest, signed.signature).is_valid


def use(client: KeyClient, name: str, operation: str, **body: str) -> tuple[int, str, str]:
    """Return how a cryptographic call is answered: by hand, since the SDK would work by itself with a public key."""
    key = client.get_key(name)
    path = f"/keys/{name}/{key.properties.version}/{operation}"
    response = client.send_request(HttpRequest("POST", path, json={"alg": "RSA-OAEP-256", "value": "aGk", **body}))
    error = response.json().get("error", {})
    return response.status_code, error.get("code", ""), error.get("innererror", {}).get("code", "")


@pytest.mark.parametrize(
    ("name", "operation", "expected"),
    [
        ("batch", "wrapkey", (200, "", "")),
        ("batch", "encrypt", (200, "", "")),
        ("suspended", "wrapkey", (403, "Forbidden", "KeyDisabled")),
        ("suspended", "decrypt", (403, "Forbidden", "KeyDisabled")),
        ("expired", "wrapkey", (403, "Forbidden", "")),
        ("expired", "unwrapkey", (400, "BadParameter", "")),  # allowed, and the value is none of its
        ("future", "encrypt", (403, "Forbidden", "")),
    ],
)
def test_states_that_bear_no_use(legacy: KeyClient, name: str, operation: str, expected: tuple[int, str, str]) -> None:
    assert use(legacy, name, operation) == expected


def test_a_key_does_only_what_it_is_for(vault: KeyClient) -> None:
    assert use(vault, "envelope", "encrypt") == (403, "Forbidden", "KeyOperationForbidden")
    assert use(vault, "keyaudit-canary", "verify", alg="RS256", digest="aGk") == (200, "", "")


@pytest.mark.parametrize("operation", ["wrapkey", "unwrapkey"])
def test_wrapping_has_no_additional_data(hsm: KeyClient, operation: str) -> None:
    assert use(hsm, "root", operation, alg="A256GCM", aad="aGk") == (400, "BadParameter", "")


def test_what_is_not_there(vault: KeyClient) -> None:
    for path in ("/keys/none", "/keys/envelope/0123456789abcdef0123456789abcdef", "/certificates"):
        assert vault.send_request(HttpRequest("GET", path)).status_code == 404


def test_the_version_of_the_api_is_demanded(vault: KeyClient) -> None:
    response = vault.send_request(HttpRequest("GET", "/keys?api-version=1.0"))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")


def test_the_access_control_of_a_managed_hsm(azure: AzureSimulator, hsm: KeyClient, vault: KeyClient) -> None:
    path = "///providers/Microsoft.Authorization"
    given = hsm.send_request(HttpRequest("GET", f"{HSM}{path}/roleAssignments")).json()
    assert [one["properties"]["scope"] for one in given["value"]] == ["/", "/keys/root"]
    assert "nextLink" not in given
    first = given["value"][0]["properties"]
    assert first["principalId"] == azure.layer.world.principal("key-admins").id
    roles = hsm.send_request(HttpRequest("GET", f"{HSM}{path}/roleDefinitions?maxresults=25")).json()
    assert first["roleDefinitionId"] in {one["id"] for one in roles["value"]} or roles["nextLink"]
    assert vault.send_request(HttpRequest("GET", f"{VAULT}{path}/roleDefinitions")).status_code == 404
    assert vault.send_request(HttpRequest("GET", f"{VAULT}{path}/roleAssignments")).status_code == 404


def test_keys_change() -> None:
    with azure_simulator(reference(), NOW) as own, keys(own, credential(own)) as client:
        before = client.get_key("consent")
        after = client.rotate_key("consent")
        assert after.properties.version != before.properties.version
        assert len(list(client.list_properties_of_key_versions("consent"))) == 2
        changed = client.update_key_properties("consent", enabled=False, expires_on=NOW + timedelta(days=5))
        assert (changed.properties.enabled, changed.properties.expires_on) == (False, NOW + timedelta(days=5))
        assert client.update_key_properties("consent", before.properties.version, tags={}).properties.enabled
        with pytest.raises(HttpResponseError) as error:
            client.rotate_key("consent")
        assert refused(error.value) == (403, "Forbidden", "KeyDisabled")
        client.begin_delete_key("consent").result()
        with pytest.raises(ResourceNotFoundError):
            client.get_key("consent")
        assert client.begin_recover_deleted_key("consent").result().name == "consent"
        assert client.get_key("consent").name == "consent"
