"""What columns use: counted for each data key, added up, and not known where it is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.normalize.postgres.usage import Total, Use, column, total
from tests.normalize.builders import missed, observed
from tests.normalize.postgres.answers import BODY, STORE, unit, use, used

MAY = datetime(2026, 5, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone
JUNE = datetime(2026, 6, 1)  # noqa: DTZ001 - as above


def test_a_column_uses_data_keys() -> None:
    found = column(unit(used(use("a"), use("b", 5), use(None, 2))), BODY, STORE, names_keys=True)
    assert (found.known, found.population, found.keyless) == (True, 10, 2)
    assert found.uses == {"a": Use(3, ("t-1",), 1, MAY), "b": Use(5, ("t-1",), 1, MAY)}
    assert len(found.evidence) == 1


def test_values_that_describe_themselves_lack_no_key() -> None:
    found = column(unit(used(use(None, 2))), BODY, STORE, names_keys=False)
    assert (found.population, found.keyless, found.uses) == (2, 0, {})


@pytest.mark.parametrize(
    "body", [{}, {"used": None}, {"used": ["a"]}, {"used": [{"data_key": "a"}]}, {"used": [{"population": -1}]}]
)
def test_an_answer_of_another_shape_says_nothing(body: Json) -> None:
    found = column(unit(observed("postgres:Usage", body, subject=BODY)), BODY, STORE, names_keys=True)
    assert (found.known, found.population, found.uses) == (False, None, None)


def test_what_was_denied_is_not_known() -> None:
    assert not column(unit(missed("postgres:Usage", subject=BODY)), BODY, STORE, names_keys=True).known


USES: list[tuple[dict[str, Json], Use]] = [
    ({"tenantless": 1}, Use(3, None, None, MAY)),
    ({"tenants": ["t-1"], "tenant_count": 2000}, Use(3, None, 2000, MAY)),
    ({"tenants": None}, Use(3, None, 1, MAY)),
    ({"dated": 2}, Use(3, ("t-1",), 1, None)),
    ({"dated": None, "newest": None}, Use(3, ("t-1",), 1, None)),
]


@pytest.mark.parametrize(("given", "expected"), USES)
def test_what_some_rows_do_not_tell_is_not_known(given: dict[str, Json], expected: Use) -> None:
    found = column(unit(used(use("a", **given))), BODY, STORE, names_keys=True)
    assert found.uses == {"a": expected}


ONE, TWO = Use(3, ("b", "a"), 2, MAY), Use(4, ("a", "c"), 2, JUNE)
TOTALS: list[tuple[list[Use], bool, Total]] = [
    ([ONE, TWO], True, Total(("a", "b", "c"), 3, 7, True, JUNE)),
    ([ONE, TWO], False, Total()),
    ([], True, Total((), 0, 0, False, None)),
    ([], False, Total()),
    ([ONE, Use(1, None, 1500, JUNE)], True, Total(None, 1500, 4, True, JUNE)),
    ([ONE, Use(1, None, None, JUNE)], True, Total(None, None, 4, True, JUNE)),
    ([ONE, Use(1, ("a",), 1, None)], True, Total(("a", "b"), 2, 4, None, None)),
    ([Use(0, (), 0, None)], True, Total((), 0, 0, False, None)),
]


@pytest.mark.parametrize(("uses", "whole", "expected"), TOTALS)
def test_uses_are_added_up(uses: list[Use], whole: bool, expected: Any) -> None:  # noqa: ANN401 - a total
    assert total(uses, whole=whole) == expected
