"""AWS KMS answers to rows: one key's answers by table, then whole units in any order, with gaps and pages."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyFact, KeyGrantFact, KeyPolicyFact, KeyStoreFact, KeyVersionFact
from scanner.normalize.aws.kms import normalize
from tests.normalize.builders import (
    ACCOUNT,
    KEY,
    KEY_ID,
    PROPERTY,
    REGION,
    SOURCE,
    arn_of,
    described,
    listed,
    missed,
    observed,
    rows,
)

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load((Path(__file__).parent / "key_answers.yaml").read_text(encoding="utf-8"))
SCOPED = {"kms:ListAliases"}


def answer(operation: str, given_: Any) -> Record:  # noqa: ANN401 - whatever an API may answer
    subject = None if operation in SCOPED else KEY
    if given_ == "denied":
        return missed(operation, subject=subject)
    if isinstance(given_, dict) and set(given_) == {"error"}:
        return observed(operation, {"message": "no"}, subject=subject, error=given_["error"])
    return observed(operation, given_, subject=subject)


def records(case: Case) -> list[Record]:
    answers = {f"kms:{name}": value for name, value in case.get("answers", {}).items()}
    if "described" in case:
        answers["kms:DescribeKey"] = case["described"]
    elif "metadata" in case:
        answers["kms:DescribeKey"] = {"KeyMetadata": case["metadata"]}
    found: list[Record] = [listed(KEY), *(answer(name, value) for name, value in answers.items())]
    return found if "kms:DescribeKey" in answers else [*found, described(**case.get("fields", {}))]


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_row_of_a_key(case: Case) -> None:
    (row,) = rows(list(normalize(records(case))), KeyFact)
    expected = case["expect"]
    assert {name: plain(getattr(row, name)) for name in expected} == expected


def test_case_names_are_unique() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)


def coverage(facts: list[Fact]) -> dict[str, tuple[bool, int]]:
    return {row.coverage_id: (row.complete, row.row_count) for row in rows(facts, CoverageFact)}


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


def test_an_empty_account_was_listed_to_the_end() -> None:
    assert coverage(list(normalize([listed()]))) == {
        f"keys {SOURCE}": (True, 0),
        f"key_policies {SOURCE}": (True, 0),
        f"modules {SOURCE} kms:ListKeys": (True, 1),
    }


def test_a_denied_listing_is_not_an_empty_one() -> None:
    facts = list(normalize([missed("kms:ListKeys"), missed("kms:ListAliases")]))
    assert coverage(facts) == {
        f"keys {SOURCE}": (False, 0),
        f"key_policies {SOURCE}": (False, 0),
        f"modules {SOURCE} kms:ListKeys": (True, 1),  # the key service is there, whatever it holds
    }
    assert rows(facts, KeyFact) == []


def test_a_cut_off_listing_keeps_its_keys_and_says_so() -> None:
    facts = list(normalize([listed(KEY, last=False), missed("kms:ListKeys", page=1)]))
    assert [row.key_id for row in rows(facts, KeyFact)] == [KEY]
    assert coverage(facts)[f"keys {SOURCE}"] == (False, 1)


def test_a_resumed_scan_has_what_it_was_first_denied() -> None:
    first: list[Record] = [
        listed(KEY, last=False),
        missed("kms:ListKeys", page=1),
        described(),
        missed("kms:GetKeyRotationStatus", subject=KEY),
        missed("kms:ListGrants", subject=KEY),
    ]
    second: list[Record] = [
        listed(arn_of(2), page=1, run=2),
        observed("kms:GetKeyRotationStatus", {"KeyRotationEnabled": False}, subject=KEY, run=2),
        observed("kms:ListGrants", {"Grants": []}, subject=KEY, run=2),
    ]
    facts = list(normalize([*second, *first]))
    assert [row.key_id for row in rows(facts, KeyFact)] == sorted([KEY, arn_of(2)])
    assert next(row for row in rows(facts, KeyFact) if row.key_id == KEY).rotation_enabled is False
    assert coverage(facts)[f"keys {SOURCE}"] == (True, 2)
    assert coverage(facts)[f"key_grants {KEY}"] == (True, 0)


def test_a_key_on_two_pages_is_one_key() -> None:
    pages: list[Record] = [listed(KEY, last=False), listed(KEY, arn_of(2), page=1)]
    asked_twice: list[Record] = [
        described(),
        observed("kms:ListGrants", {"Grants": [{"GrantId": "g"}]}, subject=KEY),
        observed("kms:ListGrants", {"Grants": [{"GrantId": "g"}]}, subject=KEY, ended="2026-06-15T12:00:09.000Z"),
        observed("kms:ListResourceTags", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}, subject=KEY),
        observed(
            "kms:ListResourceTags",
            {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
            subject=KEY,
            ended="2026-06-15T12:00:09.000Z",
        ),
    ]
    facts = list(normalize([*pages, *asked_twice]))
    assert coverage(facts)[f"keys {SOURCE}"] == (True, 2)
    assert len(rows(facts, KeyFact)) == 2
    assert len(rows(facts, KeyGrantFact)) == 1
    row = next(row for row in rows(facts, KeyFact) if row.key_id == KEY)
    assert row.tags == ("a=b",)
    assert pages[0].id in row.evidence
    assert pages[1].id not in row.evidence


@pytest.mark.parametrize("keys", [None, {}, [5], [{"KeyId": KEY_ID}], [{"KeyArn": 5}], [{"KeyArn": ""}]])
def test_a_listing_that_is_not_understood_is_not_complete(keys: Json) -> None:
    facts = list(normalize([observed("kms:ListKeys", {"Keys": keys})]))
    assert rows(facts, KeyFact) == []
    assert coverage(facts)[f"keys {SOURCE}"] == (False, 0)


def test_a_key_with_a_strange_arn_belongs_to_the_scope_that_listed_it() -> None:
    facts = list(normalize([listed("key-1"), described("key-1")]))
    (row,) = rows(facts, KeyFact)
    assert (row.key_id, row.account, row.region) == ("key-1", ACCOUNT, REGION)
    assert row.managed_by == "customer"
    elsewhere = "arn:aws:kms:eu-west-1:999988887777:key/x"
    (row,) = rows(list(normalize([listed(elsewhere)])), KeyFact)
    assert (row.account, row.region) == ("999988887777", "eu-west-1")


def test_a_key_that_is_gone_has_neither_policy_nor_grants() -> None:
    gone = observed("kms:DescribeKey", {}, subject=KEY, error="NotFoundException")
    facts = list(normalize([listed(KEY, arn_of(2)), gone, described(arn_of(2))]))
    assert [row.key_id for row in rows(facts, KeyPolicyFact)] == [arn_of(2)]
    assert coverage(facts)[f"key_policies {SOURCE}"] == (True, 1)
    assert len(rows(facts, KeyFact)) == 2


def test_a_row_keeps_the_ids_of_every_answer_that_it_was_read_from() -> None:
    page = listed(KEY)
    names = observed("kms:ListAliases", {"Aliases": [{"AliasName": "alias/a", "TargetKeyId": KEY_ID}]})
    description = described()
    policy = observed("kms:GetKeyPolicy", {"Policy": "{}"}, subject=KEY)
    history = observed("kms:ListKeyRotations", {"Rotations": [{"KeyMaterialId": "a"}]}, subject=KEY)
    facts = list(normalize([page, names, description, policy, history]))
    everything = tuple(sorted({page.id, names.id, description.id, policy.id, history.id}))
    assert rows(facts, KeyFact)[0].evidence == everything
    assert rows(facts, KeyVersionFact)[0].evidence == (history.id,)
    expected = tuple(sorted({page.id, names.id, description.id, policy.id}))
    assert rows(facts, KeyPolicyFact)[0].evidence == expected
    assert rows(facts, KeyPolicyFact)[0].name == "alias/a"


# ── key stores ──────────────────────────────────────────────────────────────────────────────────────────────────────

HSM: dict[str, Json] = {
    "CloudHsmClusterId": "cluster-1a23b4cdefg",
    "ConnectionState": "CONNECTED",
    "CreationDate": "2017-07-05T21:04:55.918Z",
    "CustomKeyStoreId": "cks-1234567890abcdef0",
    "CustomKeyStoreName": "ExampleKeyStore",
    "CustomKeyStoreType": "AWS_CLOUDHSM",
    "TrustAnchorCertificate": "<certificate appears here>",
}
XKS: dict[str, Json] = {
    "ConnectionState": "FAILED",
    "ConnectionErrorCode": "XKS_PROXY_NOT_REACHABLE",
    "CustomKeyStoreId": "cks-9876543210fedcba9",
    "CustomKeyStoreName": "ExampleXKS",
    "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
    "XksProxyConfiguration": {
        "AccessKeyId": "ABCDE12345670EXAMPLE",
        "Connectivity": "VPC_ENDPOINT_SERVICE",
        "UriEndpoint": "https://example-proxy-uri-endpoint-vpc",
        "UriPath": "/example-prefix/kms/xks/v1",
        "VpcEndpointServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-example",
    },
}


def stores(*given_: dict[str, Json]) -> list[Fact]:
    items: list[Json] = list(given_)
    return list(normalize([observed("kms:DescribeCustomKeyStores", {"CustomKeyStores": items})]))


def test_a_cloudhsm_key_store() -> None:
    (row,) = rows(stores(HSM), KeyStoreFact)
    assert (row.store_id, row.name, row.kind) == ("cks-1234567890abcdef0", "ExampleKeyStore", "hsm_cluster")
    assert (row.connected, row.connection_state, row.connection_error) == (True, "CONNECTED", "none")
    assert (row.cluster_id, row.proxy_endpoint, row.proxy_connectivity) == ("cluster-1a23b4cdefg", "none", "none")
    assert (row.account, row.region, plain(row.created_at)) == (ACCOUNT, REGION, "2017-07-05T21:04:55.918000")


def test_an_external_key_store() -> None:
    (row,) = rows(stores(XKS), KeyStoreFact)
    assert (row.kind, row.connected, row.connection_error) == ("external", False, "XKS_PROXY_NOT_REACHABLE")
    assert (row.cluster_id, row.proxy_connectivity) == ("none", "vpc_endpoint_service")
    assert row.proxy_endpoint == "https://example-proxy-uri-endpoint-vpc"


@pytest.mark.parametrize(
    ("store", "changes", "expected"),
    [
        (HSM, {"CustomKeyStoreType": None}, {"kind": None, "proxy_endpoint": None, "proxy_connectivity": None}),
        (HSM, {"CustomKeyStoreType": "MOON"}, {"kind": None}),
        (HSM, {"CloudHsmClusterId": None}, {"cluster_id": None}),
        (HSM, {"ConnectionState": None}, {"connected": None, "connection_state": None, "connection_error": None}),
        (HSM, {"ConnectionState": "ASLEEP"}, {"connected": None, "connection_state": "ASLEEP"}),
        (HSM, {"ConnectionState": "CONNECTING"}, {"connected": False, "connection_error": "none"}),
        (HSM, {"CustomKeyStoreName": 5, "CreationDate": 5}, {"name": None, "created_at": None}),
        (XKS, {"ConnectionErrorCode": None}, {"connected": False, "connection_error": None}),
        (XKS, {"XksProxyConfiguration": None}, {"proxy_endpoint": None, "proxy_connectivity": None}),
        (XKS, {"XksProxyConfiguration": {"Connectivity": "PIGEON"}}, {"proxy_connectivity": None}),
    ],
)
def test_what_a_store_does_not_say_is_not_known(
    store: dict[str, Json], changes: dict[str, Json], expected: dict[str, object]
) -> None:
    (row,) = rows(stores({**store, **changes}), KeyStoreFact)
    assert {name: getattr(row, name) for name in expected} == expected


def test_stores_are_listed_once_each_and_only_when_they_were_asked_for() -> None:
    assert coverage(stores(XKS, HSM, HSM))[f"key_stores {SOURCE}"] == (True, 2)
    assert coverage(stores())[f"key_stores {SOURCE}"] == (True, 0)
    assert coverage(stores(HSM, {"CustomKeyStoreName": "without id"}))[f"key_stores {SOURCE}"] == (False, 1)
    assert f"key_stores {SOURCE}" not in coverage(list(normalize([missed("kms:DescribeCustomKeyStores")])))


# ── any order ───────────────────────────────────────────────────────────────────────────────────────────────────────


def unit() -> list[Record]:
    """Return the records of a unit with a bit of everything."""
    found: list[Record] = [
        listed(arn_of(1), arn_of(2), last=False),
        listed(arn_of(2), arn_of(3), page=1),
        observed("kms:ListAliases", {"Aliases": [{"AliasName": "alias/a", "TargetKeyId": KEY_ID}]}, last=False),
        observed("kms:ListAliases", {"Aliases": [{"AliasName": "alias/b"}]}, page=1),
        observed("kms:DescribeCustomKeyStores", {"CustomKeyStores": [HSM, XKS]}),
        described(arn_of(1)),
        described(arn_of(2), Origin="EXTERNAL", ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"),
        described(arn_of(2), KeyState="Disabled"),
        observed("kms:DescribeKey", {}, subject=arn_of(3), error="NotFoundException"),
        missed("kms:GetKeyRotationStatus", subject=arn_of(1)),
        observed("kms:GetKeyRotationStatus", {"KeyRotationEnabled": True}, subject=arn_of(1), run=2),
    ]
    for number in (1, 2):
        for page in (0, 1):
            grant: Json = {"GrantId": f"g{page}", "GranteePrincipal": f"p{number}{page}", "Operations": ["Decrypt"]}
            again: Json = {"GrantId": "g0", "GranteePrincipal": "another"}
            body: Json = {"Grants": [grant, again]}
            found.append(observed("kms:ListGrants", body, subject=arn_of(number), page=page, last=page == 1))
            entry: Json = {"KeyMaterialId": f"m{page}", "RotationDate": f"2025-0{page + 1}-01T00:00:00Z"}
            body = {"Rotations": [entry]}
            found.append(observed("kms:ListKeyRotations", body, subject=arn_of(number), page=page, last=page == 1))
        policy = (
            '{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["b", "a"]}, "Action": "kms:*", "Resource": "*"}]}'
        )
        found.append(observed("kms:GetKeyPolicy", {"Policy": policy}, subject=arn_of(number)))
    return found


@PROPERTY
@given(st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_rows(chance: random.Random) -> None:
    shuffled = unit()
    chance.shuffle(shuffled)
    assert list(normalize(shuffled)) == list(normalize(unit()))


def test_that_unit_has_rows_of_every_kind() -> None:
    facts = list(normalize(unit()))
    assert {fact.table for fact in facts} == {
        "keys",
        "key_versions",
        "key_policies",
        "key_permissions",
        "key_grants",
        "key_stores",
        "modules",
        "coverage",
    }
    assert len({(fact.table, getattr(fact, fact.key)) for fact in facts if fact.table != "key_grants"}) == len(
        [fact for fact in facts if fact.table != "key_grants"]
    )
