"""The section on AI vendors: what it shows, and that it never implies an absence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from scanner.model.matrix import Stored, Vendors
from scanner.model.report import Inventory, Report
from tests.render.inventories import listed
from tests.render.reading import on_screen
from tests.render.reports import a_failure, a_report, a_source
from tests.render.test_vendors import a_promise, a_row

ROW = a_row(
    name="realtime",
    active=True,
    retention_mode="none",
    zero_retention=False,
    customer_key=True,
    key_ref="arn:aws:kms:us-east-1:1:key/k",
    stored=(Stored("file", True, 2),),
    keys=2,
    oldest_key_days=700,
    contract="covered",
    checked_at=datetime(2026, 11, 1, 11, 2, tzinfo=UTC),
)


def said(*tables: str, **vendors: Any) -> str:  # noqa: ANN401 - any field of Vendors
    sources = (a_source(populations=listed(*tables)),)
    report: Report = a_report(sources=sources, inventory=Inventory(vendors=Vendors(**vendors)))
    return on_screen(report).section("vendors")


def test_what_was_not_read_is_not_said_to_be_absent() -> None:
    text = on_screen(a_failure()).section("vendors")
    assert "This scan read no listing of AI vendors. That does not say that there are none." in text
    assert "This scan read no listing of contracts. That does not say that there are none." in text


def test_what_was_read_and_is_empty_is_said_to_be_so() -> None:
    text = said("vendor_scopes", "agreements")
    assert "No part of an AI vendor was listed." in text
    assert "No contract that was read and is in force promises what a setting shows." in text


def test_a_row_of_the_matrix() -> None:
    text = said("vendor_scopes", rows=(ROW,), rows_omitted=2)
    assert (
        "OpenAI project realtime openai:a a contract in force covers it keeps, for a time that is not told set to none "
        "customer's key arn:aws:kms:us-east-1:1:key/k 2 files 2 keys, oldest 700 days 2026-11-01 11:02:00 UTC" in text
    )
    assert "and 2 more in facts/vendor_scopes.parquet" in text


def test_what_is_not_known_of_a_row_is_said_to_be_so() -> None:
    rows = (
        a_row(active=False),
        a_row(keys=1, retention_mode="contract"),
        replace(a_row(provider="aws", name="bedrock"), kind="service"),
    )
    text = said("vendor_scopes", rows=rows)
    assert (
        "without a name not in use openai:a the register does not tell not told not told not told no key was listed "
        "not known" in text
    )
    assert (
        "what it keeps only the contract tells not told not told 1 key, of an age that is not known not known" in text
    )
    assert "AWS service bedrock openai:a the register does not tell not told not told not told not known" in text


def test_what_a_contract_says_and_the_system_shows() -> None:
    promises = (
        a_promise(kept=1, broken=5, breaking=("openai:a", "openai:b")),
        a_promise(promise="no_training", unknown=2),
    )
    text = said("agreements", promises=promises, promises_omitted=1)
    assert (
        "OpenAI baa Nothing of what is asked and answered is kept 5 otherwise; 1 as promised: openai:a openai:b" in text
    )
    assert "Models do not learn from it 2 not told" in text
    assert "and 1 more promise" in text
    assert "An observed setting beats it." in text
