"""Keys of the simulated AWS: what is answered in moto's place, and moto's answers amended."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.demo.aws import keys
from scanner.demo.aws.cloudhsm import CloudHsm, Cluster
from scanner.demo.aws.request import Recorded
from scanner.demo.aws.seeding import seconds
from scanner.demo.world import Key, Store, World
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world

HERE: dict[str, Any] = {"account": ACCOUNT, "region": REGION, "age_days": 9}


def asked(operation: str, **params: Any) -> Recorded:  # noqa: ANN401 - any parameter
    return Recorded(operation, ACCOUNT, REGION, params, "", "")


def told(operation: str, key: Key | None, world: World | None = None) -> Any:  # noqa: ANN401 - an answer
    return keys.answer(world or a_world(), asked(operation, KeyId="k"), key, NOW)


def test_moto_is_left_the_rest() -> None:
    assert told("kms:ListKeys", a_key("one")) is None
    assert told("kms:DescribeKey", None) is None


@pytest.mark.parametrize("operation", sorted(keys.ANSWERS))
def test_a_key_that_is_not_here_is_not_found(operation: str) -> None:
    assert told(operation, None) == {"__type": "NotFoundException", "message": "Key 'k' does not exist"}


@pytest.mark.parametrize("operation", ["kms:GetKeyRotationStatus", "kms:ListKeyRotations"])
@pytest.mark.parametrize("given", [{"spec": "RSA_2048"}, {"origin": "AWS_CLOUDHSM"}])
def test_what_cannot_rotate_says_so(operation: str, given: dict[str, Any]) -> None:
    assert told(operation, a_key("one", **given))["__type"] == "UnsupportedOperationException"


def test_a_rotation_tells_its_period_and_its_next_date() -> None:
    assert told("kms:GetKeyRotationStatus", a_key("one", rotation=None))["KeyRotationEnabled"] is False
    never, lately = a_key("one", age_days=100), a_key("one", age_days=400, rotated_days_ago=[30, 200])
    assert told("kms:GetKeyRotationStatus", never)["NextRotationDate"] == seconds(NOW, -265)
    assert told("kms:GetKeyRotationStatus", lately)["NextRotationDate"] == seconds(NOW, -335)


def test_a_key_store_names_the_cluster_behind_it() -> None:
    cluster = Cluster(name="vault", account=ACCOUNT, region=REGION)
    elsewhere = Cluster(name="vault", account=ACCOUNT, region="us-west-2")
    stores = [
        Store(name="ours", kind="AWS_CLOUDHSM", cluster="vault", **HERE),
        Store(name="unknown", kind="AWS_CLOUDHSM", **HERE),
        Store(name="theirs", kind="EXTERNAL_KEY_STORE", **HERE),
    ]
    world = a_world(stores=stores).model_copy(update={"hsm": CloudHsm(clusters=[elsewhere, cluster])})
    ours, unknown, theirs = told("kms:DescribeCustomKeyStores", None, world)["CustomKeyStores"]
    assert ours["CloudHsmClusterId"] == cluster.id
    assert unknown["CloudHsmClusterId"].startswith("cluster-")
    assert "CloudHsmClusterId" not in theirs


@pytest.mark.parametrize(("spec", "left"), [("SYMMETRIC_DEFAULT", False), ("HMAC_256", False), ("RSA_2048", True)])
def test_moto_gives_the_public_half_of_pairs_alone(spec: str, left: bool) -> None:
    answered = told("kms:GetPublicKey", a_key("one", spec=spec))
    assert (answered is None) == left
    assert left or answered["__type"] == "UnsupportedOperationException"


def test_a_public_half_is_of_the_key_by_its_arn() -> None:
    one = a_key("one", spec="RSA_2048")
    told_by_moto = {"KeyId": "k", "PublicKey": "AA=="}
    amended = keys.amend(a_world(), asked("kms:GetPublicKey"), one, NOW, told_by_moto)
    assert amended == {"KeyId": one.arn, "KeySpec": "RSA_2048", "PublicKey": "AA=="}


def test_motos_own_members_are_left_out() -> None:
    request = asked("kms:ListGrants")
    answered = {"Grants": [{"GrantId": "g", "RetiringPrincipal": None}], "GrantCount": 1}
    amended = keys.amend(a_world(), request, a_key("one"), NOW, answered)
    assert set(amended) == {"Grants"}
    assert set(amended["Grants"][0]) == {"GrantId", "KeyId", "IssuingAccount", "CreationDate"}
    assert keys.amend(a_world(), asked("kms:ListKeys"), None, NOW, {"Keys": []}) == {"Keys": []}
