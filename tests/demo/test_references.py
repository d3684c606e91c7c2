"""What a world names and does not have, and what it has twice, is told with its place."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.demo.aws.audit_world import Audit, Unlogged
from scanner.demo.aws.bedrock_world import Bedrock, DataSource, Region, Thing
from scanner.demo.aws.cloudhsm import CloudHsm, Cluster
from scanner.demo.aws.people_world import Group, People, Policy, User
from scanner.demo.aws.stores_world import Bucket, Secret, Stores
from scanner.demo.references import dangling, twice
from tests.demo.aws.stores_everything import ELSEWHERE, EVERYTHING, HERE
from tests.support import ACCOUNT, REGION

ELSE: dict[str, Any] = {"account": "999988887777", "region": REGION}


def told(part: object) -> list[tuple[tuple[str | int, ...], str]]:
    return list(dangling(("part",), part, [ACCOUNT], ["tenant"]))


def a_user(name: str = "alice", **given: Any) -> User:  # noqa: ANN401 - any field of User
    return User(**{"name": name, "account": ACCOUNT, "about": "", **given})


def a_region(*things: Thing) -> Bedrock:
    return Bedrock(regions=[Region(account=ACCOUNT, region=REGION, things=list(things))])


WRONG: list[tuple[object, tuple[str | int, ...], str]] = [
    (Stores(buckets=[Bucket(name="audio", **ELSE)]), ("buckets", 0, "account"), "there is no account 999988887777"),
    (Stores(secrets=[Secret(name="s", **HERE, key="gone")]), ("secrets", 0, "key"), "there is no key gone"),
    (CloudHsm(clusters=[Cluster(name="c", **ELSE)]), ("clusters", 0, "account"), "there is no account 999988887777"),
    (Audit(unlogged=[Unlogged(key="gone", event="use", defect="")]), ("unlogged", 0, "key"), "there is no key gone"),
    (
        a_region(Thing(kind="agent", name="a", key="gone")),
        ("regions", 0, "things", 0, "key"),
        "there is no key gone",
    ),
    (
        a_region(Thing(kind="knowledge_base", name="k", sources=[DataSource(name="s", key="gone")])),
        ("regions", 0, "things", 0, "sources", 0, "key"),
        "there is no key gone",
    ),
    (People(users=[a_user(policies=["p"])]), ("users", 0, "policies", 0), f"{ACCOUNT} has no policy p"),
    (People(users=[a_user(groups=["g"])]), ("users", 0, "groups", 0), f"{ACCOUNT} has no group g"),
    (People(users=[a_user(), a_user()]), ("users", 1), "alice is given twice"),
    (
        Stores(buckets=[Bucket(name="audio", **HERE), Bucket(name="audio", **ELSEWHERE)]),
        ("buckets", 1),
        "audio is given twice",
    ),
    (
        a_region(Thing(kind="agent", name="a"), Thing(kind="agent", name="a")),
        ("regions", 0, "things", 1),
        "a is given twice",
    ),
]


@pytest.mark.parametrize(("part", "where", "said"), WRONG)
def test_what_does_not_fit_is_told_with_its_place(part: object, where: tuple[str | int, ...], said: str) -> None:
    assert told(part) == [(("part", *where), said)]


RIGHT: list[object] = [
    EVERYTHING,
    Stores(secrets=[Secret(name="s", **HERE), Secret(name="s", **ELSEWHERE)]),
    Stores(secrets=[Secret(name="s", **HERE, key="alias/x"), Secret(name="t", **HERE, key="arn:aws:kms:x")]),
    a_region(Thing(kind="agent", name="a"), Thing(kind="prompt", name="a")),
    People(
        users=[a_user(policies=["p"], groups=["g"])],
        groups=[Group(name="g", account=ACCOUNT, about="")],
        policies=[Policy(name="p", account=ACCOUNT, about="", document={})],
    ),
]


@pytest.mark.parametrize("part", RIGHT)
def test_what_fits_is_not_told(part: object) -> None:
    assert told(part) == []


def test_the_first_of_two_is_right() -> None:
    assert list(twice(("keys",), ["a", "b", "a", "a"])) == [
        (("keys", 2), "a is given twice"),
        (("keys", 3), "a is given twice"),
    ]
