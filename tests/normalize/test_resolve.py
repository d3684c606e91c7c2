"""Stores find their keys, what the estate says of them, and what they hang on: the SQL over small tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.modules import CertificateFact, ModuleFact
from scanner.model.stores import DataStoreFact, DeclaredStoreFact
from scanner.model.tables import CoverageFact, KeyFact, KeyStoreFact
from scanner.normalize import resolve

ACCOUNT, REGION = "111122223333", "us-east-1"
SOURCE = SourceId(f"aws:{ACCOUNT}:{REGION}")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
ELSEWHERE = "arn:aws:kms:us-east-1:999999999999:key/1"
BUCKET = "arn:aws:s3:::audio"
STATEMENTS = (*resolve.STATEMENTS, resolve.BINDINGS)


def seen(name: str) -> tuple[Digest, ...]:
    return (Digest(f"sha256:{name}"),)


def store(identity: str = BUCKET, /, **given: Any) -> DataStoreFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("store"),
        "store_id": identity,
        "provider": "aws",
        "account": ACCOUNT,
        "region": REGION,
        "kind": "object_store",
        "encrypted": True,
        "key_ref": KEY,
        "copy_of": "none",
    }
    return DataStoreFact(**{**columns, **given})


def key(**given: Any) -> KeyFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("key"),
        "key_id": KEY,
        "provider": "aws",
        "account": ACCOUNT,
        "region": REGION,
        "managed_by": "customer",
        "state": "active",
        "aliases": ("alias/audio", "alias/aws/s3"),
        "key_store_id": "none",
    }
    return KeyFact(**{**columns, **given})


def declared(match: str, *, ephi: bool | None = True, sensitivity: tuple[str, ...] | None = None) -> DeclaredStoreFact:
    return DeclaredStoreFact(
        source=SourceId("estate"), evidence=seen("estate"), match=match, ephi=ephi, sensitivity=sensitivity
    )


def whole(table: str = "declared_stores", listing: str = "all", *, complete: bool = True) -> CoverageFact:
    return CoverageFact(
        source=SourceId("estate"),
        evidence=seen("estate"),
        coverage_id=f"{table} estate {listing}",
        listed_table=table,
        parent_id="estate",
        complete=complete,
        row_count=0,
    )


def after(folder: Path, table: str, *facts: Fact) -> list[dict[str, object]]:
    write_facts(facts, folder / "facts", STATEMENTS)
    return read_facts(folder / "facts", table)


def one(folder: Path, *facts: Fact) -> dict[str, object]:
    (row,) = after(folder, "data_stores", *facts)
    return row


NAMES = [KEY, "1234", "alias/audio", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/audio"]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_found_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    row = one(tmp_path, store(key_ref=name), key())
    assert (row["key_id"], row["key_managed_by"], row["key_state"]) == (KEY, "customer", "active")
    assert row["evidence"] == ["sha256:key", "sha256:store"]


@pytest.mark.parametrize("provider", ["gcp", "anthropic"])
def test_a_key_of_google_cloud_is_found_whoever_stores_under_it(tmp_path: Path, provider: str) -> None:
    name = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
    under = {"provider": provider, "key_ref": name, "key_id": name, "key_managed_by": "customer"}
    row = one(tmp_path, store(**under), key(provider="gcp", key_id=name, aliases=()))
    assert (row["key_id"], row["key_managed_by"], row["key_state"]) == (name, "customer", "active")
    assert row["evidence"] == ["sha256:key", "sha256:store"]


CASES: list[tuple[dict[str, Any], tuple[str | None, str | None, str | None]]] = [
    ({"key_ref": "none"}, ("none", "provider", "none")),
    ({"key_ref": "none", "encrypted": False}, ("none", "none", "none")),
    ({"key_ref": "none", "encrypted": None}, ("none", None, "none")),
    ({"key_ref": None}, (None, None, None)),
    ({"key_ref": ELSEWHERE}, (ELSEWHERE, None, None)),
    ({"key_ref": "alias/nobody-knows"}, (None, None, None)),
    ({"key_ref": "alias/aws/rds"}, (None, "provider", None)),
]


@pytest.mark.parametrize(("given", "expected"), CASES, ids=str)
def test_what_is_not_known_stays_so(
    tmp_path: Path, given: dict[str, Any], expected: tuple[str | None, str | None, str | None]
) -> None:
    row = one(tmp_path, store(**given), key())
    assert (row["key_id"], row["key_managed_by"], row["key_state"]) == expected


def test_a_name_of_another_region_is_another_key(tmp_path: Path) -> None:
    row = one(tmp_path, store(region="us-west-2", key_ref="alias/audio"), key())
    assert row["key_id"] is None


EPHI: list[tuple[tuple[str, ...] | None, list[DeclaredStoreFact], bool | None]] = [
    (None, [], None),
    ((), [], None),
    (("team=voice",), [], None),
    (("Data-Classification=ePHI", "team=voice"), [], True),
    (("data-classification=public",), [], False),
    (("data-classification=De-Identified",), [], False),
    (("data-classification=confidential",), [], None),
    (("data-classification=public", "data_classification=internal"), [], None),
    (("data-classification=public", "data_classification=phi"), [], True),
    (("data-classification=public",), [declared("*audio")], True),
    (("data-classification=phi",), [declared("*", ephi=False)], False),
    (None, [declared("*", ephi=False), declared("arn:aws:s3:::a?dio")], True),
    (None, [declared("*/audio")], None),
    (None, [declared("arn:aws:s3:::[a]udio")], None),
    (("data-classification=phi",), [declared("*", ephi=None, sensitivity=("substance_use",))], True),
]


@pytest.mark.parametrize(("tags", "patterns", "expected"), EPHI)
def test_what_holds_ephi(
    tmp_path: Path, tags: tuple[str, ...] | None, patterns: list[DeclaredStoreFact], expected: bool | None
) -> None:
    assert one(tmp_path, store(tags=tags), *patterns)["ephi"] is expected


def test_a_copy_of_a_copy_holds_what_its_source_holds(tmp_path: Path) -> None:
    chain = [
        store("a", tags=("data-classification=phi",)),
        store("b", copy_of="a"),
        store("c", copy_of="b", tags=("data-classification=public",)),
        store("d", copy_of="gone"),
    ]
    rows = after(tmp_path, "data_stores", *chain)
    assert [(row["store_id"], row["ephi"]) for row in rows] == [("a", True), ("b", True), ("c", True), ("d", None)]


def test_classes_of_several_patterns_are_joined(tmp_path: Path) -> None:
    patterns = [
        declared("*", sensitivity=("substance_use",)),
        declared("arn:*", sensitivity=("behavioral_health", "substance_use")),
    ]
    row = one(tmp_path, store(), *patterns)
    assert row["sensitivity"] == ["behavioral_health", "substance_use"]
    assert row["evidence"] == ["sha256:estate", "sha256:store"]


@pytest.mark.parametrize(("covered", "expected"), [([whole()], []), ([], None)])
def test_no_class_is_said_only_when_the_estate_was_read(
    tmp_path: Path, covered: list[CoverageFact], expected: list[str] | None
) -> None:
    assert one(tmp_path, store(), *covered)["sensitivity"] == expected


LISTED: list[tuple[list[CoverageFact], int | None]] = [
    ([], None),
    ([whole("data_stores", "one")], 0),
    ([whole("data_stores", "one"), whole("data_stores", "two", complete=False)], None),
]


@pytest.mark.parametrize(("coverage", "missing"), LISTED)
def test_a_pattern_counts_what_it_matches(tmp_path: Path, coverage: list[CoverageFact], missing: int | None) -> None:
    facts = [store("a"), store("ab"), declared("a*"), declared("z"), *coverage]
    rows = after(tmp_path, "declared_stores", *facts)
    assert [(row["match"], row["matched"]) for row in rows] == [("a*", 2), ("z", missing)]


CLUSTER = ModuleFact(
    source=SOURCE,
    evidence=seen("cluster"),
    module_id="cluster-1",
    provider="aws",
    account=ACCOUNT,
    region=REGION,
    kind="hsm_cluster",
    product="hsm",
    certificate=7,
)
SERVICE = ModuleFact(
    source=SOURCE,
    evidence=seen("kms"),
    module_id=f"{SOURCE}:kms",
    provider="aws",
    account=ACCOUNT,
    region=REGION,
    kind="key_service",
    product="kms",
    certificate=0,
)
KEY_STORE = KeyStoreFact(
    source=SOURCE,
    evidence=seen("cks"),
    store_id="cks-1",
    account=ACCOUNT,
    region=REGION,
    cluster_id="cluster-1",
)
CERTIFICATE = CertificateFact(
    source=SourceId("catalogue"), evidence=(), certificate_id="hsm 7", product="hsm", number=7
)


def test_every_edge_of_the_hierarchy_is_drawn(tmp_path: Path) -> None:
    inside = key(key_id=f"{KEY}5", key_store_id="cks-1", aliases=())
    facts = [store(), key(), inside, CLUSTER, SERVICE, KEY_STORE, CERTIFICATE]
    rows = after(tmp_path, "bindings", *facts)
    assert {(row["child_id"], row["parent_id"], row["child_kind"], row["parent_kind"]) for row in rows} == {
        (BUCKET, KEY, "store", "key"),
        (KEY, f"{SOURCE}:kms", "key", "module"),
        (f"{KEY}5", "cks-1", "key", "key_store"),
        ("cks-1", CLUSTER.module_id, "key_store", "module"),
        (CLUSTER.module_id, "hsm 7", "module", "certificate"),
    }
    assert {row["strength"] for row in rows} == {"observed"}
    assert all(row["evidence"] for row in rows)
