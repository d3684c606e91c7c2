"""Which databases require TLS: engines, values, defaults, what awaits a restart."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.normalize.aws.rds_tls import Tls, of_cluster, of_instance
from scanner.normalize.records import Records
from tests.normalize.builders import missed, observed

PREFIX = "arn:aws:rds:us-east-1:111122223333:"
GROUP = f"{PREFIX}pg:strict"
CLUSTER_GROUP = f"{PREFIX}cluster-pg:strict"


def says(name: str, value: Json = None, source: str = "user", *, cluster: bool = False) -> Record:
    """Return a group's answer with one parameter, and another one beside it."""
    parameter: dict[str, Json] = {"ParameterName": name, "Source": source}
    parameter |= {} if value is None else {"ParameterValue": value}
    listed: list[Json] = [parameter, {"ParameterName": "other", "ParameterValue": "1"}]
    operation, group = (
        ("rds:DescribeDBClusterParameters", CLUSTER_GROUP) if cluster else ("rds:DescribeDBParameters", GROUP)
    )
    return observed(operation, {"Parameters": listed}, subject=group)


def instance(engine: Json, status: str = "in-sync") -> dict[str, Json]:
    groups: list[Json] = [{"DBParameterGroupName": "strict", "ParameterApplyStatus": status}]
    return {"Engine": engine, "DBParameterGroups": groups}


def cluster(engine: str, *statuses: str) -> dict[str, Json]:
    members: list[Json] = [{"DBClusterParameterGroupStatus": status} for status in statuses]
    return {"Engine": engine, "DBClusterParameterGroup": "strict", "DBClusterMembers": members}


VALUES: list[tuple[str, str, Json, str, bool | None]] = [
    ("postgres", "rds.force_ssl", "1", "user", True),
    ("postgres", "rds.force_ssl", "0", "system", False),
    ("postgres", "rds.force_ssl", None, "engine-default", None),
    ("sqlserver-se", "rds.force_ssl", "1", "user", True),
    ("mysql", "require_secure_transport", "1", "user", True),
    ("mysql", "require_secure_transport", "ON", "user", True),
    ("mysql", "require_secure_transport", "OFF", "user", False),
    ("mysql", "require_secure_transport", None, "engine-default", False),
    ("mysql", "require_secure_transport", None, "system", None),
    ("mariadb", "require_secure_transport", "0", "user", False),
    ("mysql", "require_secure_transport", "perhaps", "user", None),
    ("mysql", "require_secure_transport", 1, "user", None),
    # The group of another engine's version has no such parameter: TLS cannot be required.
    ("mariadb", "rds.force_ssl", "1", "user", False),
    ("oracle-ee", "rds.force_ssl", "1", "user", None),
    ("db2-se", "rds.force_ssl", "1", "user", None),
]


@pytest.mark.parametrize(("engine", "name", "value", "source", "wanted"), VALUES)
def test_a_parameter_requires_tls(engine: str, name: str, value: Json, source: str, wanted: bool | None) -> None:
    assert of_instance(Records([says(name, value, source)]), PREFIX, instance(engine)).required is wanted


CLUSTER_VALUES = [
    ("aurora-postgresql", "rds.force_ssl", "1", True),
    ("aurora-mysql", "require_secure_transport", "ON", True),
    ("aurora-mysql", "require_secure_transport", "OFF", False),
    ("docdb", "tls", "enabled", True),
    ("docdb", "tls", "fips-140-3", True),
    ("docdb", "tls", "tls1.2+", True),
    ("docdb", "tls", "disabled", False),
    ("neptune", "neptune_enforce_ssl", "1", True),
    ("neptune", "neptune_enforce_ssl", "0", False),
    ("mysql", "require_secure_transport", "1", True),
]


@pytest.mark.parametrize(("engine", "name", "value", "wanted"), CLUSTER_VALUES)
def test_a_cluster_has_a_group_of_its_own(engine: str, name: str, value: str, wanted: bool) -> None:
    answer = says(name, value, cluster=True)
    told = of_cluster(Records([answer]), PREFIX, cluster(engine, "in-sync", "in-sync"))
    assert told == Tls(wanted, (answer.id,))


STATUSES = ["pending-reboot", "applying", "failed-to-apply", "pending-database-upgrade"]


@pytest.mark.parametrize("status", STATUSES)
def test_what_awaits_a_restart_is_not_known(status: str) -> None:
    unit = Records([says("rds.force_ssl", "1")])
    assert of_instance(unit, PREFIX, instance("postgres", status)).required is None
    unit = Records([says("rds.force_ssl", "1", cluster=True)])
    assert of_cluster(unit, PREFIX, cluster("aurora-postgresql", "in-sync", status)).required is None


def test_a_cluster_without_members_awaits_nothing() -> None:
    unit = Records([says("rds.force_ssl", "1", cluster=True)])
    assert of_cluster(unit, PREFIX, cluster("aurora-postgresql")).required is True


ODD_MEMBERS: list[Json] = ["x", ["x"], [{}], [{"DBClusterParameterGroupStatus": 1}]]


@pytest.mark.parametrize("members", ODD_MEMBERS)
def test_members_that_are_not_understood_may_await_anything(members: Json) -> None:
    unit = Records([says("rds.force_ssl", "1", cluster=True)])
    assert of_cluster(unit, PREFIX, cluster("aurora-postgresql") | {"DBClusterMembers": members}).required is None


ODD_GROUPS: list[Json] = [None, "x", [], ["x"], [{}, {}]]


@pytest.mark.parametrize("groups", ODD_GROUPS)
def test_an_instance_without_one_group_says_nothing(groups: Json) -> None:
    unit = Records([says("rds.force_ssl", "1")])
    assert of_instance(unit, PREFIX, {"Engine": "postgres", "DBParameterGroups": groups}) == Tls()


UNREAD: list[list[Record]] = [
    [],
    [missed("rds:DescribeDBParameters", subject=GROUP)],
    [says("rds.force_ssl", "1"), missed("rds:DescribeDBParameters", subject=GROUP, page=1)],
    [observed("rds:DescribeDBParameters", {"Parameters": "x"}, subject=GROUP)],
]


@pytest.mark.parametrize("records", UNREAD)
def test_a_group_that_was_not_read_to_its_end_says_nothing(records: list[Record]) -> None:
    assert of_instance(Records(records), PREFIX, instance("postgres")) == Tls()


def test_a_parameter_that_is_given_twice_must_agree() -> None:
    twice: list[Json] = [{"ParameterName": "rds.force_ssl", "ParameterValue": value} for value in ("1", "0")]
    unit = Records([observed("rds:DescribeDBParameters", {"Parameters": twice}, subject=GROUP)])
    assert of_instance(unit, PREFIX, instance("postgres")).required is False
