"""The best certificate of a module's product: what the SQL makes of small tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.facts import Fact, columns_of, values_of
from scanner.model.modules import CertificateFact, ModuleFact
from scanner.normalize.certified import BEST_CERTIFICATE
from tests.normalize.builders import ACCOUNT, PROPERTY, REGION, SOURCE

NOW = datetime(2026, 6, 15, 12)  # noqa: DTZ001 - as DuckDB keeps it
READ = datetime(2026, 3, 29)  # noqa: DTZ001 - as above
TODAY = datetime(2026, 6, 15, 23, 59, 59)  # noqa: DTZ001 - as above
YESTERDAY = datetime(2026, 6, 14, 23, 59, 59)  # noqa: DTZ001 - as above
LATER = datetime(2029, 6, 5, 23, 59, 59)  # noqa: DTZ001 - as above

TOLD = ("certificates", "certificate", "standard", "level", "certificate_status", "interim", "sunset_at", "reading_at")


def module(product: str | None = "hsm", **given_fields: Any) -> ModuleFact:  # noqa: ANN401 - any column
    fields: dict[str, Any] = {"source": SOURCE, "evidence": (), "module_id": f"m-{product}", "provider": "aws"}
    return ModuleFact(**{**fields, "account": ACCOUNT, "region": REGION, "product": product, **given_fields})


def certificate(number: int | None = 1, **given_fields: Any) -> CertificateFact:  # noqa: ANN401 - any column
    """Return an active FIPS 140-3 Level 3 certificate, but for what is given."""
    row = CertificateFact(
        source=SOURCE,
        evidence=(),
        certificate_id=f"{given_fields.get('product', 'hsm')} {number}",
        product="hsm",
        number=number,
        embodiment="hardware",
        standard="FIPS 140-3",
        level=3,
        status="active",
        interim=False,
        sunset_at=LATER,
        reading_at=READ,
    )
    return replace(row, **given_fields)


def nothing(status: str = "none", **given_fields: Any) -> CertificateFact:  # noqa: ANN401 - any column
    """Return the row that says that a product has no certificate."""
    fields: dict[str, Any] = {"standard": "none", "level": 0, "sunset_at": None, "embodiment": "software"}
    return certificate(0, status=status, **{**fields, **given_fields})


def put(db: duckdb.DuckDBPyConnection, table: type[Fact], facts: Sequence[Fact]) -> None:
    columns = ", ".join(f'"{c.name}" {c.sql_type}' for c in columns_of(table))
    db.execute(f"CREATE TABLE {table.table} ({columns})")
    for fact in facts:
        values = [list(value) if isinstance(value, tuple) else value for _, value in values_of(fact)]
        db.execute(f"INSERT INTO {table.table} VALUES ({', '.join('?' * len(values))})", values)


def completed(modules: Sequence[ModuleFact], certificates: Sequence[CertificateFact]) -> list[dict[str, Any]]:
    """Return the rows of ``modules`` as the SQL leaves them, by id."""
    with duckdb.connect() as db:
        put(db, ModuleFact, modules)
        put(db, CertificateFact, certificates)
        db.execute(BEST_CERTIFICATE, {"as_of": NOW})
        result = db.execute("SELECT * FROM modules ORDER BY module_id")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def best(*certificates: CertificateFact) -> dict[str, Any]:
    (row,) = completed([module()], certificates)
    return {name: row[name] for name in TOLD}


def test_the_certificate_of_a_product() -> None:
    assert best(certificate(4703)) == {
        "certificates": 1,
        "certificate": 4703,
        "standard": "FIPS 140-3",
        "level": 3,
        "certificate_status": "active",
        "interim": False,
        "sunset_at": LATER,
        "reading_at": READ,
    }


ACTIVE = certificate(1)
INTERIM_L1 = certificate(2, level=1, interim=True)
OLD_STANDARD = certificate(3, standard="FIPS 140-2")
ENDS_TODAY = certificate(4, standard="FIPS 140-2", level=1, sunset_at=TODAY)
NO_SUNSET = certificate(5, sunset_at=None)
NO_STATUS = certificate(6, status=None, sunset_at=None)
PAST = certificate(7, level=4, sunset_at=YESTERDAY)
NO_STATUS_PAST = certificate(8, status=None, standard="FIPS 140-2", sunset_at=YESTERDAY)
HISTORICAL = certificate(9, level=4, status="historical", sunset_at=None)
REVOKED = certificate(10, level=4, status="revoked")
IN_PROCESS = nothing("in_process", certificate_id="hsm in process")
NONE = nothing()
LOWER = certificate(11, level=2)
SOONER = certificate(12, sunset_at=datetime(2027, 1, 1))  # noqa: DTZ001 - as DuckDB keeps it
RANKS: list[list[CertificateFact]] = [
    [ACTIVE, LOWER, INTERIM_L1, OLD_STANDARD, ENDS_TODAY, NO_SUNSET, NO_STATUS, PAST, NO_STATUS_PAST],
    [ACTIVE, SOONER, LOWER],
    [NO_STATUS_PAST, HISTORICAL, REVOKED, IN_PROCESS, NONE],
]
PAIRS = [(better, worse) for rank in RANKS for i, better in enumerate(rank) for worse in rank[i + 1 :]]


@pytest.mark.parametrize(("better", "worse"), PAIRS, ids=[f"{b.number} {w.number}" for b, w in PAIRS])
def test_the_better_one_counts_in_either_order(better: CertificateFact, worse: CertificateFact) -> None:
    assert best(better, worse)["certificate"] == best(worse, better)["certificate"] == better.number


def test_among_equals_the_newer_number() -> None:
    assert best(certificate(20), certificate(21), certificate(None))["certificate"] == 21


def test_a_sunset_that_has_passed_leaves_the_status_as_it_was_read() -> None:
    row = best(PAST)
    assert (row["certificate_status"], row["sunset_at"], row["level"]) == ("active", YESTERDAY, 4)


def test_certificates_are_counted_and_their_absence_is_not() -> None:
    assert best(ACTIVE, PAST, HISTORICAL, NO_STATUS, NONE, IN_PROCESS)["certificates"] == 4


@pytest.mark.parametrize(("row", "status"), [(NONE, "none"), (IN_PROCESS, "in_process")])
def test_a_product_that_is_known_to_have_none(row: CertificateFact, status: str) -> None:
    found = best(row)
    assert found.pop("reading_at") == READ
    assert found == {
        "certificates": 0,
        "certificate": 0,
        "standard": "none",
        "level": 0,
        "certificate_status": status,
        "interim": False,
        "sunset_at": None,
    }


def test_what_was_not_stated_is_not_known() -> None:
    row = best(certificate(None, status=None, interim=None, sunset_at=None))
    assert (row["certificates"], row["certificate"], row["certificate_status"], row["interim"]) == (1, None, None, None)
    assert (row["standard"], row["level"]) == ("FIPS 140-3", 3)


@pytest.mark.parametrize("product", ["unheard-of", None])
def test_a_product_that_is_not_in_the_table_is_not_known(product: str | None) -> None:
    (row,) = completed([module(product)], [ACTIVE, NONE])
    assert {row[name] for name in TOLD} == {None}


def test_each_module_has_the_certificate_of_its_product() -> None:
    soft = nothing(product="soft", certificate_id="soft none")
    rows = completed([module("hsm"), module("soft"), module("hsm", module_id="m-2")], [ACTIVE, soft])
    assert [(row["module_id"], row["certificate"]) for row in rows] == [("m-2", 1), ("m-hsm", 1), ("m-soft", 0)]


def test_the_embodiment_is_taken_over_where_the_provider_does_not_tell() -> None:
    rows = completed([module(), module(module_id="n", embodiment="firmware")], [ACTIVE])
    assert [row["embodiment"] for row in rows] == ["hardware", "firmware"]


def test_an_empty_table_changes_nothing() -> None:
    (row,) = completed([module(embodiment="hardware")], [])
    assert {row[name] for name in TOLD} == {None}
    assert row["embodiment"] == "hardware"


ALL = sorted({c.certificate_id: c for rank in RANKS for c in rank}.values(), key=lambda c: c.certificate_id)


@settings(PROPERTY, max_examples=20)
@given(st.permutations(ALL))
def test_the_order_of_the_table_does_not_matter(order: list[CertificateFact]) -> None:
    assert best(*order) == best(*ALL)
