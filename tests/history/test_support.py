"""Ends of support: of products that normalizers name, each once, with where it was read."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner.evaluate.certificates import FILE, load_certificates
from scanner.history.support import SUPPORT, Support
from scanner.resources import controls_dir


def test_products_are_those_of_the_table_of_certificates() -> None:
    known = {name for one in load_certificates(controls_dir() / FILE) for name in one.products}
    assert {one.product for one in SUPPORT} <= known
    assert set(Counter(one.product for one in SUPPORT).values()) == {1}


@pytest.mark.parametrize("one", SUPPORT, ids=lambda one: one.product)
def test_an_entry_can_stand_in_sql(one: Support) -> None:
    assert one.source
    assert "'" not in f"{one.product}{one.name}{one.source}"
    assert not {"{", "}"} & set(f"{one.product}{one.name}{one.source}")
