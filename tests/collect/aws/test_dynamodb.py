"""Amazon DynamoDB: what is asked of which table."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.dynamodb import BACKUPS, GONE, NAME, OPERATIONS, TABLE, TABLES, TAGS, collect
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Stores, Table
from scanner.model.observation import GapReason
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.stores_composing import spoken
from tests.demo.aws.stores_everything import HERE
from tests.support import ACCOUNT, REGION

SERVICE = Service(NAME, OPERATIONS, collect)
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/calls"


def test_every_table_is_asked_by_its_arn(tmp_path: Path) -> None:
    with spoken(Stores(tables=[Table(name="calls", **HERE)])) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert {a.operation for a in found.answers() if a.subject == ARN} == {TABLE, BACKUPS, TAGS}


def test_an_account_without_tables_costs_one_call(tmp_path: Path) -> None:
    with spoken(Stores()) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.asked == {TABLES: 1, "sts:GetCallerIdentity": 1}


def test_long_listings_are_read_to_the_end(tmp_path: Path) -> None:
    with spoken(Stores(tables=[Table(name=f"table-{i:03}", **HERE) for i in range(101)])) as app:
        found = collect_service(tmp_path, app.url, SERVICE, wanted=frozenset({TABLES, TABLE}))
    assert (found.asked[TABLES], found.asked[TABLE], found.gaps) == (2, 101, [])


def test_a_table_that_two_pages_name_is_asked_once(bench: Bench) -> None:
    provider = Scripted({TABLES: {"TableNames": ["calls", "calls"]}})
    run(bench, collect, OPERATIONS, provider)
    assert provider.operations.count(TABLE) == 1


@pytest.mark.parametrize("code", GONE)
def test_a_table_that_is_gone_is_known_to_be(bench: Bench, code: str) -> None:
    provider = Scripted({TABLES: {"TableNames": ["calls"]}}, codes={TABLE: code})
    work = run(bench, collect, OPERATIONS, provider)
    assert provider.operations == [TABLES, TABLE]
    assert work.gaps == []


def test_a_table_that_may_not_be_described_is_asked_the_rest(tmp_path: Path) -> None:
    with spoken(Stores(tables=[Table(name="calls", **HERE)])) as app:
        app.faults.add(Fault("deny", TABLE))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (TABLE, ARN, GapReason.DENIED)
    assert (found.asked[BACKUPS], found.asked[TAGS]) == (1, 1)


def test_names_that_are_no_text_are_a_gap(bench: Bench) -> None:
    work = run(bench, collect, OPERATIONS, Scripted({TABLES: {"TableNames": [1]}}))
    assert gaps(work) == [(TABLES, GapReason.MALFORMED)]
