"""Modules, stores and logs of a report: as the facts have them, a sample with the count of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate import inventory as module
from scanner.evaluate.inventory import inventory
from scanner.evaluate.store import write_facts
from scanner.model.facts import Fact
from scanner.model.report import Inventory, LogGroups, ModuleGroup, Retention, StoreKind
from tests.evaluate.builders import OTHER, a_key
from tests.evaluate.inventories import READING, SUNSET, a_certificate, a_module, a_store, a_trail, an_edge

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(folder: Path, facts: Iterable[Fact]) -> Inventory:
    write_facts(facts, folder / "facts")
    return inventory(folder / "facts", NOW)


def test_no_facts_no_inventory(tmp_path: Path) -> None:
    assert read(tmp_path, []) == Inventory()


# Modules.


def test_modules_that_differ_only_in_place_are_one_group(tmp_path: Path) -> None:
    facts: list[Fact] = [
        a_certificate(),
        *(a_module(f"m{i}", name=str(9 - i)) for i in range(5)),
        a_module("z", level=2),
    ]
    facts += [an_edge("k1", "m0", "key module"), an_edge("k2", "m3", "key module"), an_edge("k2", "m4", "key module")]
    facts += [an_edge("k3", "cks", "key key_store"), an_edge("cks", "m0", "key_store module")]
    one, other = read(tmp_path, facts).modules
    assert one == ModuleGroup(
        names=("m0", "m1", "m2"),
        count=5,
        keys=4,
        product="aws-kms",
        kind="key_service",
        embodiment="hardware",
        version="none",
        state="none",
        approved_mode=None,
        certificate=4884,
        certificate_name="AWS KMS HSM",
        standard="FIPS 140-3",
        level=3,
        status="active",
        interim=True,
        sunset_at=SUNSET.replace(tzinfo=UTC),
        reading_at=READING.replace(tzinfo=UTC),
        reading_source="CMVP lists",
        note="Read it again.",
    )
    assert (other.names, other.level, other.count, other.keys) == (("z",), 2, 1, 0)


def test_a_module_without_a_paper_has_none(tmp_path: Path) -> None:
    unknown: dict[str, Any] = dict.fromkeys(("certificate", "sunset_at", "reading_at", "standard", "level", "interim"))
    (one,) = read(tmp_path, [a_certificate(), a_module(**unknown)]).modules
    assert (one.certificate, one.certificate_name, one.sunset_at, one.reading_at) == (None, None, None, None)


def test_many_kinds_of_modules_are_cut_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MODULES", 2)
    found = read(tmp_path, [a_module(f"m{i}", version=str(i)) for i in range(5)])
    assert ([one.version for one in found.modules], found.modules_omitted) == (["0", "1"], 3)


# Stores.


def test_stores_are_counted_by_kind_and_by_what_encrypts_them(tmp_path: Path) -> None:
    facts = [
        a_store("customer", encrypted=True, key_managed_by="customer", ephi=True),
        a_store("provider", encrypted=True, key_managed_by="provider", ephi=False),
        a_store("plain", encrypted=False, key_managed_by="none"),
        a_store("dark", key_managed_by="customer"),
        a_store("foreign key", encrypted=True),
        a_store("secret", kind="secret", encrypted=True, key_managed_by="customer"),
    ]
    assert read(tmp_path, facts).store_kinds == (
        StoreKind(
            kind="object_store", count=5, ephi=1, ephi_unknown=3, customer=1, provider=1, unencrypted=1, unknown=2
        ),
        StoreKind(kind="secret", count=1, ephi=0, ephi_unknown=1, customer=1, provider=0, unencrypted=0, unknown=0),
    )


def test_stores_with_ephi_come_first_and_of_them_the_least_protected(tmp_path: Path) -> None:
    customer: dict[str, Any] = {"encrypted": True, "key_managed_by": "customer"}
    facts = [
        a_store("f", ephi=False, encrypted=False),
        a_store("e", encrypted=False),
        a_store("d", ephi=True, **customer),
        a_store("c", ephi=True, encrypted=True, key_managed_by="provider"),
        a_store("b", ephi=True, encrypted=True),
        a_store("a", ephi=True, encrypted=False),
    ]
    assert [one.store_id for one in read(tmp_path, facts).stores] == ["a", "b", "c", "d", "e", "f"]


def test_a_store_is_told_with_its_key_and_its_retention(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "name": "audio",
        "ephi": True,
        "sensitivity": ("substance_use",),
        "encrypted": True,
        "key_id": "k",
        "key_managed_by": "customer",
        "key_state": "active",
        "removes": True,
        "shortest_retention_days": 5,
        "expires": True,
        "retention_days": 9,
        "write_once": True,
        "write_once_mode": "compliance",
        "write_once_days": 4,
    }
    (one,) = read(tmp_path, [a_store("s", **given), a_key("k", name="alias/k")]).stores
    assert (one.store_id, one.name, one.kind, one.ephi, one.sensitivity) == (
        "s",
        "audio",
        "object_store",
        True,
        ("substance_use",),
    )
    assert (one.encrypted, one.key_id, one.key_name) == (True, "k", "alias/k")
    assert (one.key_managed_by, one.key_state) == ("customer", "active")
    assert one.retention == Retention(
        True, 5, True, 9, write_once=True, write_once_mode="compliance", write_once_days=4
    )


def test_many_stores_are_cut_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STORES", 2)
    found = read(tmp_path, [a_store(f"s{i}") for i in range(5)])
    assert ([one.store_id for one in found.stores], found.stores_omitted) == (["s0", "s1"], 3)
    assert (found.stores[0].sensitivity, found.stores[0].key_name) == (None, None)


# Logs.


def test_a_trail_is_told_once_with_the_places_that_keep_it(tmp_path: Path) -> None:
    facts: list[Fact] = [
        a_store("arn:bucket", removes=False),
        a_store("arn:group", kind="log_group", removes=True, shortest_retention_days=30),
        a_trail("t", name="main", logging=True, bucket="bucket", bucket_id="arn:bucket", log_group_id="arn:group"),
        a_trail("t", source=OTHER, logging=None, validated=True, multi_region=False),
        a_trail("u", bucket="elsewhere", bucket_id="arn:elsewhere", log_group_id="none"),
        a_trail("v", logging=True),
        a_trail("v", logging=False, source=OTHER),
    ]
    t, u, v = read(tmp_path, facts).trails
    assert (t.trail_id, t.name, t.logging, t.validated, t.multi_region) == ("t", "main", True, True, False)
    assert (t.bucket, t.bucket_retention) == ("bucket", Retention(removes=False))
    assert (t.log_group_id, t.log_group_retention) == ("arn:group", Retention(True, 30))
    assert (u.bucket, u.bucket_retention, u.log_group_id, u.log_group_retention) == ("elsewhere", None, "none", None)
    assert (v.logging, v.bucket, v.log_group_id) == (False, None, None)


def test_many_trails_are_cut_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TRAILS", 2)
    found = read(tmp_path, [*(a_trail(f"t{i}") for i in range(5)), a_trail("t4", source=OTHER)])
    assert ([one.trail_id for one in found.trails], found.trails_omitted) == (["t0", "t1"], 3)


def test_log_groups_are_counted_by_how_long_they_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LOG_GROUPS", 3)
    group: dict[str, Any] = {"kind": "log_group"}
    facts = [
        a_store("a", removes=True, shortest_retention_days=30, ephi=True, **group),
        a_store("b", removes=True, shortest_retention_days=30, **group),
        a_store("c", removes=False, ephi=False, **group),
        a_store("d", **group),
        a_store("e", removes=True, shortest_retention_days=90, **group),
        a_store("bucket", removes=True, shortest_retention_days=30),
    ]
    found = read(tmp_path, facts)
    assert found.log_groups == (
        LogGroups(None, None, 1, 0, 1),
        LogGroups(False, None, 1, 0, 0),
        LogGroups(True, 30, 2, 1, 1),
    )
    assert found.log_groups_omitted == 1
