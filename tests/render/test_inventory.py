"""Words on modules, stores and logs: what is not known is said, and what must not be missed is strong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.model.report import Hierarchy, LooseStores, Report, Retention
from scanner.render import inventory
from scanner.render.inventory import Said
from tests.render.inventories import a_module, a_store, listed
from tests.render.reports import AS_OF, a_gap, a_report, a_source

SUNSET = datetime(2026, 6, 1, tzinfo=UTC)
READ = "read on 2026-03-29, 78 days before the as-of instant"


def sources(*complete: bool | None, **given: Any) -> Report:  # noqa: ANN401 - any field of Report
    """Return a report with a source for each listing of modules."""
    found = tuple(a_source(f"aws:{i}", populations=listed("modules", complete=one)) for i, one in enumerate(complete))
    return a_report(sources=found, **given)


@pytest.mark.parametrize(
    ("report", "read", "said"),
    [
        (sources(), False, "This scan read no listing of modules. That does not say that there are none."),
        (sources(True), True, "Every listing of modules that was read, in 1 source, is complete."),
        (
            sources(True, True, gaps=(a_gap(),)),
            True,
            "Every listing of modules that was read, in 2 sources, is complete; what had no answer is under Gaps.",
        ),
        (sources(True, False), True, "Not read to the end in 1 of 2 sources: there may be more modules."),
        (sources(None), True, "Not read to the end in 1 of 1 source: there may be more modules."),
    ],
)
def test_how_far_a_table_was_read(report: Report, read: bool, said: str) -> None:
    assert inventory.reading(report, "modules", "modules") == inventory.Reading(read, said)


def test_another_table_says_nothing_of_modules() -> None:
    report = a_report(sources=(a_source(populations=listed("keys")),))
    assert not inventory.reading(report, "modules", "modules").listed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ["read as active", "sunset 2028-01-01", READ]),
        ({"interim": True}, ["read as active", "INTERIM VALIDATION", "sunset 2028-01-01", READ]),
        ({"interim": None}, ["read as active", "WHETHER INTERIM IS NOT KNOWN", "sunset 2028-01-01", READ]),
        (
            {"sunset_at": SUNSET},
            [
                "read as active",
                "PAST ITS SUNSET OF 2026-06-01",
                "STALE READING OF 2026-03-29, BEFORE THE SUNSET: READ IT AGAIN",
            ],
        ),
        (
            {"sunset_at": SUNSET, "status": "historical", "reading_at": AS_OF.replace(day=14)},
            [
                "READ AS HISTORICAL",
                "PAST ITS SUNSET OF 2026-06-01",
                "read on 2026-06-14, 1 day before the as-of instant",
            ],
        ),
        ({"sunset_at": None}, ["read as active", "SUNSET NOT KNOWN", READ]),
        ({"status": None}, ["READ AS OF UNKNOWN STATUS", "sunset 2028-01-01", READ]),
        ({"certificate": None}, ["read as active", "sunset 2028-01-01", READ]),
        ({"certificate": None, "status": None}, ["IT IS NOT KNOWN WHETHER IT HAS A CERTIFICATE"]),
        ({"certificate": 0, "status": "none"}, ["NO CERTIFICATE", READ]),
        ({"certificate": 0, "status": "in_process"}, ["NO CERTIFICATE, VALIDATION IN PROCESS", READ]),
        ({"reading_at": None}, ["read as active", "sunset 2028-01-01", "DAY OF THE READING NOT KNOWN"]),
        (
            {"reading_at": datetime(2026, 7, 1, tzinfo=UTC)},
            ["read as active", "sunset 2028-01-01", "READ ON 2026-07-01, AFTER THE AS-OF INSTANT"],
        ),
    ],
)
def test_the_standing_of_a_certificate(given: dict[str, Any], said: list[str]) -> None:
    """What is strong is written in capitals here."""
    found = inventory.standing(a_module(**given), AS_OF)
    assert [one.text.upper() if one.strong else one.text for one in found] == said


@pytest.mark.parametrize(
    ("approved", "said"),
    [
        (None, Said("FIPS mode not known")),
        (True, Said("in its FIPS mode")),
        (False, Said("not in its FIPS mode", strong=True)),
    ],
)
def test_the_mode_of_a_module(approved: bool | None, said: Said) -> None:
    assert inventory.mode(a_module(approved_mode=approved)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, Said("customer-managed, active")),
        ({"key_managed_by": "provider"}, Said("the provider's own, active")),
        ({"key_state": "suspended"}, Said("customer-managed, suspended", strong=True)),
        ({"key_managed_by": None, "key_state": None}, Said("manager not known, state not known", strong=True)),
        ({"encrypted": False}, Said("not encrypted", strong=True)),
        ({"key_id": None}, Said("encrypted, the key is not known", strong=True)),
        ({"key_id": None, "encrypted": None}, Said("encryption not known", strong=True)),
        ({"encrypted": None}, Said("encryption not known; its key: customer-managed, active", strong=True)),
        ({"key_id": "none"}, Said("a key that only the provider knows")),
        (
            {"key_id": "none", "encrypted": None},
            Said("encryption not known, or a key that only the provider knows", strong=True),
        ),
    ],
)
def test_what_encrypts_a_store(given: dict[str, Any], said: Said) -> None:
    assert inventory.encryption(a_store(**given)) == said


def test_whether_a_store_holds_ephi() -> None:
    assert [inventory.ephi(value) for value in (True, False, None)] == ["yes", "no", "not known"]


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, "not read"),
        (Retention(), "retention not known; write-once not known"),
        (Retention(removes=False, write_once=False), "kept without limit; not write-once"),
        (Retention(True, 30, True, 30, write_once=False), "removed after 30 days; not write-once"),
        (
            Retention(True, 30, True, 90),
            "the first removed after 30 days, the last after 90 days; write-once not known",
        ),
        (
            Retention(True, 30, True),
            "the first removed after 30 days, the last after a time that is not known; write-once not known",
        ),
        (Retention(True, None, True), "removed after a time that is not known; write-once not known"),
        (
            Retention(True, 30, expires=False),
            "some of it removed after 30 days, the rest kept without limit; write-once not known",
        ),
        (Retention(True, 30), "removed after 30 days or later; write-once not known"),
        (
            Retention(removes=False, write_once=True, write_once_mode="governance", write_once_days=9),
            "kept without limit; write-once for 9 days (governance)",
        ),
        (Retention(removes=False, write_once=True), "kept without limit; write-once (mode not known)"),
    ],
)
def test_how_long_a_store_keeps_what_it_holds(kept: Retention | None, said: str) -> None:
    assert inventory.retention(kept) == said


def test_an_answer_is_yes_no_or_not_known() -> None:
    assert [inventory.answer(value, "logging", "not logging") for value in (True, False, None)] == [
        Said("logging"),
        Said("not logging", strong=True),
        Said("logging: not known", strong=True),
    ]


def test_edges_are_counted_strongest_first() -> None:
    tree = Hierarchy(edges=(("declared", 1), ("proven", 2), ("unknown", 3)))
    assert inventory.edges(tree) == "2 proven by a cryptographic call, 1 declared in the estate file, 3 not known"


def test_stores_without_a_known_key() -> None:
    loose = (LooseStores("unencrypted", 1, 1, 0), LooseStores("unknown", 4, 1, 2), LooseStores("provider", 2, 0, 0))
    assert list(inventory.loose(Hierarchy(loose=loose))) == [
        "1 data store not encrypted (1 with ePHI)",
        "4 data stores of which it is not known what encrypts them (1 with ePHI, 2 may hold ePHI)",
        "2 data stores under a key that only the provider knows",
    ]


def test_what_a_module_is() -> None:
    assert inventory.module_name(a_module()) == "aws-kms, key service, hardware"
    unknown = a_module(product=None, kind=None, embodiment=None)
    assert inventory.module_name(unknown) == "product not known, kind not known, embodiment not known"
