"""One vault or managed HSM: what is asked of it, and of whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.azure import shapes, vault, vaults
from scanner.collect.azure.accounts import SUBSCRIPTIONS, TOKEN
from scanner.collect.azure.vault import (
    ASSIGNMENTS,
    ATTESTATION,
    DELETED,
    DISABLED,
    GONE,
    HSM_KEY,
    HSM_KEYS,
    HSM_SETTINGS,
    HSMS,
    KEY,
    KEYS,
    LOCAL_ASSIGNMENTS,
    LOCAL_ROLES,
    LOGS,
    ROLE,
    ROTATION,
    SECRETS,
    VAULT_KEYS,
    VAULT_SETTINGS,
    VAULTS,
    VERSIONS,
    holder_of,
)
from scanner.demo.aws.faults import Fault
from scanner.demo.azure.simulator import AzureSimulator
from scanner.evidence.patterns import REMOVED
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.running import a_source, collect
from tests.collect.azure.scripted import HSM_ID, VAULT_ID, Answers, Scripted, code, listed, run
from tests.demo.azure.composing import CLINICAL, reference
from tests.demo.azure.composing import KEYS as PLACE

URI = "https://kv.vault.azure.net"
KID = f"{URI}/keys/envelope"
ROLE_ID = "/providers/Microsoft.Authorization/roleDefinitions/00482a5a-887f-4fb3-b363-3b7fe8e74483"
ENTRY: dict[str, Json] = {"id": VAULT_ID, "location": "westus", "properties": {"vaultUri": f"{URI}/"}}
HSM_ENTRY: dict[str, Json] = {
    "id": HSM_ID,
    "location": "westus",
    "properties": {"hsmUri": "https://hsm.managedhsm.azure.net"},
}
BUNDLE: dict[str, Json] = {"key": {"kid": f"{KID}/1a", "kty": "RSA"}, "attributes": {"enabled": True}}
OF_VAULT: dict[str, Json] = {
    VAULTS: listed(ENTRY),
    VAULT_SETTINGS: {"id": VAULT_ID, "properties": {}},
    KEYS: listed({"kid": KID, "attributes": {"enabled": True}}),
    KEY: BUNDLE,
    ROTATION: {"lifetimeActions": []},
}


def of_vault(folder: Path, changes: Answers) -> tuple[Collected, Scripted]:
    return run(folder, {**OF_VAULT, **changes}, vaults.SERVICE)


def test_a_whole_scan_asks_each_vault_everything(scanned: Collected) -> None:
    mine = [r for r in scanned.answers() if r.source == f"azure:{CLINICAL}:kv-clinical"]
    asked = {record.operation for record in mine}
    assert asked == {VAULT_SETTINGS, SECRETS, ASSIGNMENTS, ROLE, LOGS, KEYS, KEY, VERSIONS, ROTATION, DELETED}
    (told,) = [one for one in reference().vaults if one.name == "kv-clinical"]
    there = {f"{PLACE}/vaults/kv-clinical/keys/{key.name}" for key in told.keys if key.deleted_days_ago is None}
    assert {record.subject for record in mine if record.operation == KEY} == there


def test_a_managed_hsm_is_asked_for_its_own_roles_and_statements(scanned: Collected) -> None:
    asked = {r.operation for r in scanned.answers() if r.source == f"azure:{CLINICAL}:hsm-clinical"}
    assert asked == {
        *(HSM_SETTINGS, LOGS, KEYS, KEY, VERSIONS, ROTATION, DELETED, ATTESTATION, HSM_KEY),
        *(LOCAL_ASSIGNMENTS, LOCAL_ROLES),
    }


def items(body: Json) -> list[dict[str, Json]]:
    return shapes.items(body if isinstance(body, dict) else {})


def test_no_value_and_no_label_of_a_secret_is_kept(scanned: Collected) -> None:
    kept = [entry for answer in scanned.answers(SECRETS) for entry in items(answer.response)]
    assert {str(entry["name"]) for entry in kept} == {"database", "old", "partner-token"}
    for entry in kept:
        assert entry.get("tags", REMOVED) == REMOVED
        properties = entry["properties"]
        assert isinstance(properties, dict)
        assert properties.get("contentType", REMOVED) == REMOVED
        assert "value" not in properties


def test_gaps_say_why_and_of_which_vault(scanned: Collected) -> None:
    why = {(gap.source.rpartition(":")[2], gap.operation, gap.error_code) for gap in scanned.gaps}
    assert ("kv-sealed", KEYS, "ForbiddenByRbac") in why
    assert ("kv-walled", KEYS, "ForbiddenByFirewall") in why
    assert ("kv-walled", DELETED, "ForbiddenByFirewall") in why
    assert {gap.reason for gap in scanned.gaps if gap.operation == KEYS} == {GapReason.DENIED}


def test_each_question_is_asked_once(tmp_path: Path) -> None:
    _, provider = of_vault(tmp_path, {})
    questions = [(operation, str(sorted(params.items()))) for operation, params in provider.asked]
    assert len(questions) == len(set(questions))


def test_a_vault_whose_address_is_none_of_the_clouds_gets_no_token(tmp_path: Path) -> None:
    elsewhere: dict[str, Json] = {**ENTRY, "properties": {"vaultUri": "https://kv.evil.example/"}}
    collected, provider = of_vault(tmp_path, {VAULTS: listed(elsewhere)})
    assert collected.why == {(KEYS, "malformed", "NotAVault"), (DELETED, "malformed", "NotAVault")}
    assert KEYS not in provider.operations()
    assert VAULT_KEYS in provider.operations()
    assert LOGS in provider.operations()  # what Azure Resource Manager tells is told all the same


def test_a_vault_that_lets_nobody_in_is_listed_by_resource_manager(scanned: Collected, tmp_path: Path) -> None:
    (named,) = scanned.answers(VAULT_KEYS)
    assert str(named.source).endswith(":kv-walled")
    assert "behind" in str(named.response)
    kept_out: Answers = {
        HSMS: listed(HSM_ENTRY),
        HSM_SETTINGS: {"id": HSM_ID, "properties": {}},
        KEYS: code(GapReason.DENIED, "ForbiddenByFirewall"),
        KEY: code(GapReason.DENIED, "ForbiddenByFirewall"),
    }
    _, provider = run(tmp_path, kept_out, vaults.SERVICE)
    assert HSM_KEYS in provider.operations()
    assert KEY not in provider.operations()  # it would be kept out once more for each key


def test_a_managed_hsm_without_an_address_says_so_for_its_roles_too(tmp_path: Path) -> None:
    nameless = {"id": HSM_ID, "properties": {}}
    answers: Answers = {HSMS: listed(nameless), HSM_SETTINGS: {"id": HSM_ID, "properties": {}}}
    collected, _ = run(tmp_path, answers, vaults.SERVICE)
    assert {operation for operation, _, _ in collected.why} == {KEYS, DELETED, LOCAL_ASSIGNMENTS, LOCAL_ROLES}


def test_a_gap_is_only_of_what_is_wanted(tmp_path: Path) -> None:
    elsewhere: dict[str, Json] = {**ENTRY, "properties": {}}
    wanted = frozenset({TOKEN, SUBSCRIPTIONS, VAULTS, KEYS})
    collected, _ = run(tmp_path, {VAULTS: listed(elsewhere)}, vaults.SERVICE, wanted=wanted)
    assert {operation for operation, _, _ in collected.why} == {KEYS}


@pytest.mark.parametrize(("error", "then"), [(GONE, []), (DISABLED, [VERSIONS, ROTATION])])
def test_a_key_that_is_not_described_is_known_to_be_gone_or_disabled(
    tmp_path: Path, error: str, then: list[str]
) -> None:
    collected, provider = of_vault(tmp_path, {KEY: code(GapReason.DENIED, error)})
    assert collected.gaps == []
    assert [one for one in provider.operations() if one in {VERSIONS, ROTATION}] == then


def test_a_key_of_a_certificate_has_no_rotation_of_its_own(tmp_path: Path) -> None:
    kept = listed({"kid": KID, "attributes": {}, "managed": True}, {"kid": KID, "attributes": {}})
    _, provider = of_vault(tmp_path, {KEYS: kept})
    assert provider.operations().count(KEY) == 1  # listed twice, asked once
    assert ROTATION not in provider.operations()


@pytest.mark.parametrize(("kty", "asked"), [("oct-HSM", [ATTESTATION, HSM_KEY]), ("RSA-HSM", [ATTESTATION])])
def test_a_managed_hsm_tells_the_length_of_symmetric_keys_elsewhere(tmp_path: Path, kty: str, asked: list[str]) -> None:
    answers: Answers = {
        HSMS: listed(HSM_ENTRY),
        HSM_SETTINGS: {"id": HSM_ID, "properties": {}},
        KEYS: listed({"kid": "https://hsm.managedhsm.azure.net/keys/root", "attributes": {}}),
        KEY: {"key": {"kid": "https://hsm.managedhsm.azure.net/keys/root/1a", "kty": kty}, "attributes": {}},
        ROTATION: {},
        ATTESTATION: {"attributes": {}},
        HSM_KEY: {"properties": {"keySize": 256}},
    }
    collected, provider = run(tmp_path, answers, vaults.SERVICE)
    assert collected.gaps == []
    assert [one for one in provider.operations() if one in {ATTESTATION, HSM_KEY}] == asked
    (params,) = [params for operation, params in provider.asked if operation == ATTESTATION]
    assert params["version"] == "1a"


@pytest.mark.parametrize("rotation", [{"lifetimeActions": 7}, {"lifetimeActions": ["Rotate"]}])
def test_a_rotation_policy_of_another_shape_is_a_gap(tmp_path: Path, rotation: Json) -> None:
    collected, _ = of_vault(tmp_path, {ROTATION: rotation})
    assert collected.why == {(ROTATION, "malformed", "")}


def test_each_role_is_asked_once_and_what_names_none_is_left(tmp_path: Path) -> None:
    assigned = listed(
        *(
            {"id": f"/{n}", "properties": {"roleDefinitionId": role}}
            for n, role in enumerate((ROLE_ID, ROLE_ID.upper(), 7))
        ),
        {"id": "/x"},
    )
    role: Json = {"properties": {}}
    _, provider = of_vault(tmp_path, {ASSIGNMENTS: assigned, ROLE: role})
    assert [params for operation, params in provider.asked if operation == ROLE] == [{"role_id": ROLE_ID}]


def test_settings_of_another_vault_are_not_taken(tmp_path: Path) -> None:
    collected, _ = of_vault(tmp_path, {VAULT_SETTINGS: {"id": HSM_ID, "properties": {}}})
    assert collected.why == {(VAULT_SETTINGS, "malformed", "")}


def test_an_entry_names_a_vault_as_far_as_it_can() -> None:
    assert holder_of({"id": f"{VAULT_ID}/"}, vault.VAULT) == vault.Holder(VAULT_ID, vault.VAULT, "", "")
    assert holder_of(HSM_ENTRY, vault.MANAGED_HSM).uri == "https://hsm.managedhsm.azure.net"
    assert holder_of({"id": VAULT_ID, "properties": {"vaultUri": 7}, "location": 7}, vault.VAULT).location == ""


def test_a_throttled_key_is_asked_again_and_a_denied_one_is_its_own_gap(azure: AzureSimulator, tmp_path: Path) -> None:
    azure.faults.add(Fault("throttle", VERSIONS, times=3))
    azure.faults.add(Fault("deny", ROTATION, subject="envelope"))
    source = a_source(azure, subscriptions=(CLINICAL,))
    collected = collect(tmp_path, source, azure.environ)
    gaps = {(gap.operation, str(gap.subject).rpartition("/")[2]) for gap in collected.gaps}
    assert (ROTATION, "envelope") in gaps
    assert VERSIONS not in {operation for operation, _ in gaps}
