"""A world in moto: dates, states and histories as the world tells them, counted from its clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scanner.demo.aws import seeding
from scanner.demo.world import Key, Store, World
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world, grant

HSM = Store(name="hsm", account=ACCOUNT, region=REGION, kind="AWS_CLOUDHSM", age_days=10)
XKS = Store(name="xks", account=ACCOUNT, region=REGION, kind="EXTERNAL_KEY_STORE", age_days=10)


def day(ago: float) -> int:
    return int((NOW - timedelta(days=ago)).timestamp())


def in_moto(world: World, key: Key) -> Any:  # noqa: ANN401 - moto's Key has no public type
    from moto.kms.models import kms_backends

    seeding.seed(world, NOW)
    return kms_backends[key.account][key.region].keys[key.id]


@pytest.mark.parametrize(("ago", "seconds"), [(0, 1781524800), (1, 1781438400), (-1, 1781611200)])
def test_days_become_seconds(ago: int, seconds: int) -> None:
    assert seeding.seconds(NOW, ago) == seconds


def test_a_key_in_moto() -> None:
    key = a_key("one", age_days=30, grants=[grant("g", "arn:aws:iam::ACCOUNT:role/r", "Decrypt", context={"a": "b"})])
    made = in_moto(a_world(key), key)
    assert (made.id, made.arn, made.creation_date, made.enabled) == (key.id, key.arn, day(30), True)
    (given,) = made.grants.values()
    assert given.grantee_principal == f"arn:aws:iam::{ACCOUNT}:role/r"
    assert given.constraints == {"EncryptionContextSubset": {"a": "b"}}
    assert (given.creation_date, len(given.id)) == (day(10), 64)


@pytest.mark.parametrize("spec", ["ML_DSA_44", "ECC_NIST_EDWARDS25519"])
def test_specs_that_moto_refuses_are_made_all_the_same(spec: str) -> None:
    key = a_key("one", spec=spec, usage="SIGN_VERIFY", rotation=None)
    assert in_moto(a_world(key), key).key_spec == spec


@pytest.mark.parametrize(("spec", "bits"), [("RSA_2048", 2048), ("RSA_3072", 3072), ("ECC_NIST_P384", 384)])
def test_a_key_pair_is_of_its_spec(spec: str, bits: int) -> None:
    key = a_key("one", spec=spec, usage="SIGN_VERIFY", rotation=None)
    made = in_moto(a_world(key), key)
    assert made.key_spec == spec
    assert made.private_key.private_key.key_size == bits


def test_seeding_empties_what_was_there_before() -> None:
    from moto.kms.models import kms_backends

    seeding.seed(a_world(a_key("one"), a_key("two")), NOW)
    seeding.seed(a_world(a_key("three")), NOW)
    assert len(kms_backends[ACCOUNT][REGION].keys) == 1
    seeding.reset()
    assert len(kms_backends[ACCOUNT][REGION].keys) == 0


def test_policies_are_of_their_account_and_region() -> None:
    key = a_key("one", policy="account_wide")
    text = seeding.policy_text(a_world(key), key)
    assert f"arn:aws:iam::{ACCOUNT}:root" in text
    assert f"s3.{REGION}.amazonaws.com" in text
    assert '"ACCOUNT' not in text
    assert "REGION" not in text


# (key, members that DescribeKey gains)
EXTRAS: list[tuple[Key, set[str]]] = [
    (a_key("plain"), {"CurrentKeyMaterialId"}),
    (a_key("window", deletion_window_days=7), {"CurrentKeyMaterialId", "PendingDeletionWindowInDays"}),
    (a_key("imported", origin="EXTERNAL", expires_in_days=3), {"CurrentKeyMaterialId", "ExpirationModel", "ValidTo"}),
    (a_key("lasting", origin="EXTERNAL"), {"CurrentKeyMaterialId", "ExpirationModel"}),
    (a_key("hsm", origin="AWS_CLOUDHSM", store="hsm"), {"CustomKeyStoreId", "CloudHsmClusterId"}),
    (a_key("xks", origin="EXTERNAL_KEY_STORE", store="xks"), {"CustomKeyStoreId", "XksKeyConfiguration"}),
    (a_key("signing", spec="ECC_NIST_P256", usage="SIGN_VERIFY"), set()),
    (a_key("mac", spec="HMAC_384", usage="GENERATE_VERIFY_MAC"), {"MacAlgorithms"}),
    (a_key("primary", replicated_to=["us-west-2"]), {"CurrentKeyMaterialId", "MultiRegionConfiguration"}),
]


@pytest.mark.parametrize(("key", "members"), EXTRAS, ids=[key.alias for key, _ in EXTRAS])
def test_what_describe_key_gains(key: Key, members: set[str]) -> None:
    assert set(seeding.extras(a_world(key, stores=[HSM, XKS]), key, NOW)) == members


def test_related_keys_tell_of_each_other() -> None:
    primary = a_key("primary", replicated_to=["us-west-2"])
    replica = a_key("replica", replica_of="primary", replicated_to=["us-west-2"], region="us-west-2")
    world = a_world(primary, replica)
    configuration = {
        "PrimaryKey": {"Arn": primary.arn, "Region": REGION},
        "ReplicaKeys": [{"Arn": replica.arn, "Region": "us-west-2"}],
    }
    of = {key.alias: seeding.extras(world, key, NOW)["MultiRegionConfiguration"] for key in (primary, replica)}
    assert of["primary"] == {"MultiRegionKeyType": "PRIMARY", **configuration}
    assert of["replica"] == {"MultiRegionKeyType": "REPLICA", **configuration}


def test_a_history_ends_with_the_current_material() -> None:
    key = a_key("one", age_days=800, rotated_days_ago=[70, 435])
    entries = seeding.rotations(key, NOW)
    assert [entry.get("RotationDate") for entry in entries] == [None, day(435), day(70)]
    assert [entry["KeyMaterialState"] for entry in entries] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
    assert entries[-1]["KeyMaterialId"] == seeding.extras(a_world(key), key, NOW)["CurrentKeyMaterialId"]
    assert len({entry["KeyMaterialId"] for entry in entries}) == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"RotationType": "AUTOMATIC"}),
        ({"rotation": None}, {"RotationType": "ON_DEMAND"}),
        ({"origin": "EXTERNAL"}, {"ImportState": "IMPORTED", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
        ({"origin": "EXTERNAL", "expires_in_days": 0}, {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": day(0)}),
        ({"origin": "EXTERNAL", "expires_in_days": 5}, {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": day(-5)}),
    ],
)
def test_entries_of_a_history(given: dict[str, Any], expected: dict[str, Any]) -> None:
    entry = seeding.rotations(a_key("one", rotated_days_ago=[3], **given), NOW)[-1]
    assert entry.items() >= expected.items()


@pytest.mark.parametrize(
    ("usage", "spec", "operation"),
    [
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Decrypt"),
        ("SIGN_VERIFY", "ECC_NIST_P256", "Sign"),
        ("GENERATE_VERIFY_MAC", "HMAC_256", "GenerateMac"),
    ],
)
def test_last_use(usage: str, spec: str, operation: str) -> None:
    key = a_key("one", usage=usage, spec=spec, last_used_days_ago=2)
    use = seeding.last_usage(a_world(key), key, NOW)["KeyLastUsage"]
    assert isinstance(use, dict)
    assert (use["Operation"], use["Timestamp"]) == (operation, day(2) - 3600)


@pytest.mark.parametrize(("age", "since"), [(100, 100), (900, 400)])
def test_a_key_that_was_never_used_says_since_when_that_was_watched(age: int, since: int) -> None:
    key = a_key("one", age_days=age, last_used_days_ago=None)
    answer = seeding.last_usage(a_world(key), key, NOW)
    assert "KeyLastUsage" not in answer
    assert answer["TrackingStartDate"] == day(since)
