"""The world of data stores: what it may hold, and what things are called."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.aws.stores_world import (
    Bucket,
    Cluster,
    Database,
    LogGroup,
    Secret,
    Snapshot,
    Stores,
    Table,
    Vault,
    Volumes,
    key_ref,
    seconds,
    tag_list,
)
from tests.demo.aws.stores_everything import EVERYTHING, HERE
from tests.support import ACCOUNT, NOW, REGION

PLACE = f"{REGION}:{ACCOUNT}"
ARNS = [
    (Bucket(name="voice", **HERE), "arn:aws:s3:::voice"),
    (Database(name="voice", **HERE), f"arn:aws:rds:{PLACE}:db:voice"),
    (Cluster(name="voice", **HERE), f"arn:aws:rds:{PLACE}:cluster:voice"),
    (Snapshot(name="s", of="voice", **HERE), f"arn:aws:rds:{PLACE}:snapshot:s"),
    (Snapshot(name="s", of="voice", of_cluster=True, **HERE), f"arn:aws:rds:{PLACE}:cluster-snapshot:s"),
    (Table(name="calls", **HERE), f"arn:aws:dynamodb:{PLACE}:table/calls"),
    (Volumes(**HERE), f"aws:{ACCOUNT}:{REGION}:ebs-default"),
    (LogGroup(name="/audit", **HERE), f"arn:aws:logs:{PLACE}:log-group:/audit"),
    (Vault(name="main", **HERE), f"arn:aws:backup:{PLACE}:backup-vault:main"),
]


@pytest.mark.parametrize(("one", "arn"), ARNS)
def test_a_store_has_an_arn(one: Any, arn: str) -> None:  # noqa: ANN401 - any store
    assert one.arn == arn


def test_a_secret_and_its_replica_share_their_letters() -> None:
    secret, replica = (
        Secret(name="db", **HERE),
        Secret(name="db", account=ACCOUNT, region="us-west-2", replica_of=REGION),
    )
    assert secret.arn.startswith(f"arn:aws:secretsmanager:{PLACE}:secret:db-")
    assert replica.arn == secret.arn.replace(REGION, "us-west-2")


def test_alike_log_groups_have_numbers() -> None:
    assert LogGroup(name="/one", **HERE).named(0) == "/one"
    assert LogGroup(name="/many", **HERE, count=2).named(1) == "/many-000001"


WRONG: list[tuple[Any, dict[str, Any]]] = [
    (Bucket, {"name": "Upper"}),
    (Bucket, {"name": "voice", "unknown": 1}),
    (Bucket, {"name": "voice", "encryption": "rot13"}),
    (Database, {"name": "voice", "backup_days": 36}),
    (Database, {"name": "voice", "engine": "clay"}),
    (LogGroup, {"name": "/x", "retention_days": 0}),
    (Table, {"name": "x"}),
    (Vault, {"name": "a vault"}),
]


@pytest.mark.parametrize(("kind", "fields"), WRONG)
def test_a_world_is_read_strictly(kind: Any, fields: dict[str, Any]) -> None:  # noqa: ANN401 - a model
    with pytest.raises(ValidationError):
        kind(**HERE, **fields)


def test_every_store_is_one_of_all() -> None:
    assert {type(one) for one in EVERYTHING.all()} == {
        Bucket,
        Database,
        Cluster,
        Snapshot,
        Table,
        Volumes,
        Secret,
        LogGroup,
        Vault,
    }


def test_what_is_denied_is_told_by_operation_and_place() -> None:
    part = Stores(
        buckets=[Bucket(name="voice", **HERE, denied=["s3:GetBucketPolicy", "s3:GetBucketAcl"])],
        volumes=[Volumes(**HERE, denied=["ec2:GetEbsDefaultKmsKeyId"])],
    )
    assert list(part.denials()) == [
        ("s3:GetBucketPolicy", "voice", ACCOUNT, REGION),
        ("s3:GetBucketAcl", "voice", ACCOUNT, REGION),
        ("ec2:GetEbsDefaultKmsKeyId", "", ACCOUNT, REGION),
    ]


NAMES = [("tenant", "key of tenant"), ("alias/x", "alias/x"), ("arn:aws:kms:x", "arn:aws:kms:x")]


@pytest.mark.parametrize(("name", "wanted"), NAMES)
def test_a_key_is_named_by_its_alias_or_as_it_stands(name: str, wanted: str) -> None:
    assert key_ref(name, lambda alias: f"key of {alias}") == wanted


def test_days_count_back() -> None:
    assert seconds(NOW, 1) == seconds(NOW, 0) - 86400 == seconds(NOW, -1) - 2 * 86400


def test_tags_are_pairs() -> None:
    assert tag_list({"a": "b"}) == [{"Key": "a", "Value": "b"}]
