"""The simulated AWS CloudHSM answers in the documented shapes: real botocore reads them."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from pydantic import ValidationError

from scanner.demo.aws import cloudhsm
from scanner.demo.aws.cloudhsm import Backup, CloudHsm, Cluster, Hsm
from tests.demo.aws.composing import Request, composed
from tests.support import ACCOUNT, NOW, REGION


def a_cluster(name: str, **given: Any) -> Cluster:  # noqa: ANN401 - any field of Cluster
    return Cluster(name=name, **{"account": ACCOUNT, "region": REGION, **given})


def told(*clusters: Cluster) -> tuple[list[Any], list[Any]]:
    """Return the clusters and the backups that a real client reads."""
    part = CloudHsm(clusters=list(clusters))
    with composed(lambda asked: cloudhsm.answer(part, asked, NOW), cloudhsm.LISTS) as app:
        session = botocore.session.Session()
        client: Any = session.create_client("cloudhsmv2", region_name=REGION, endpoint_url=app.url)
        try:
            return client.describe_clusters()["Clusters"], client.describe_backups()["Backups"]
        finally:
            client.close()


def test_a_cluster() -> None:
    hsms = [Hsm(zone="a"), Hsm(zone="b", state="DEGRADED")]
    cluster = a_cluster("root", hsms=hsms, age_days=9, mode="NON_FIPS", password="CANARY12")
    ((found,), backups) = told(cluster)
    assert re.fullmatch(r"cluster-[2-7a-zA-Z]{11,16}", found["ClusterId"])
    assert found["ClusterId"] == cluster.id
    assert (found["HsmType"], found["Mode"], found["State"]) == ("hsm2m.medium", "NON_FIPS", "ACTIVE")
    assert [(h["AvailabilityZone"], h["State"]) for h in found["Hsms"]] == [
        (f"{REGION}a", "ACTIVE"),
        (f"{REGION}b", "DEGRADED"),
    ]
    assert found["BackupRetentionPolicy"] == {"Type": "DAYS", "Value": "90"}
    assert found["PreCoPassword"] == "CANARY12"
    assert (NOW - found["CreateTimestamp"]).days == 9
    assert found["TagList"] == [{"Key": "Name", "Value": "root"}]
    assert backups == []


def test_a_cluster_of_old_has_neither_policy_nor_password() -> None:
    ((found,), _) = told(a_cluster("old", type="hsm1.medium", retention_days=None))
    assert {"BackupRetentionPolicy", "PreCoPassword"} & set(found) == set()
    assert found["HsmType"] == "hsm1.medium"


def test_backups_come_newest_first() -> None:
    one = a_cluster("one", backups=[Backup(age_days=5), Backup(age_days=1)])
    two = a_cluster("two", backups=[Backup(age_days=3, state="DELETED")])
    (_, backups) = told(one, two)
    assert [((NOW - b["CreateTimestamp"]).days, b["BackupState"], b["ClusterId"]) for b in backups] == [
        (1, "READY", one.id),
        (3, "DELETED", two.id),
        (5, "READY", one.id),
    ]
    assert all(re.fullmatch(r"backup-[2-7a-zA-Z]{11,16}", b["BackupId"]) for b in backups)
    assert len({b["BackupId"] for b in backups}) == 3


def test_other_accounts_and_regions_have_their_own() -> None:
    elsewhere = [a_cluster("a", region="eu-west-1"), a_cluster("b", account="999988887777")]
    assert told(*elsewhere) == ([], [])


def test_what_is_not_of_cloudhsm_is_left_to_others() -> None:
    assert cloudhsm.answer(CloudHsm(), Request("kms:ListKeys"), NOW) is None


WRONG: list[dict[str, Any]] = [
    {"type": "hsm9.large"},
    {"mode": "DEFAULT"},
    {"retention_days": 3},
    {"hsms": [Hsm(zone="a"), {"zone": "us-east-1a"}]},
    {"account": "1"},
]


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_what_there_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_cluster("x", **given)
