"""Registers as a kind of source."""

from __future__ import annotations

from dataclasses import replace

from scanner.kinds.agreements import KIND
from scanner.model.estate import Register
from scanner.model.ids import Digest
from tests.kinds.given import AWS, context, observation

REGISTER = Register(file="a.yaml", digest=Digest("sha256:a"), entries=(), folder="/legal")
CONTRACTS = replace(AWS, agreements=REGISTER)
DOCUMENTS = replace(AWS, documents=REGISTER)
ASKED = context(wanted=frozenset({"agreements:Read"}))


def test_they_are_read_where_a_control_needs_them_whatever_sources_were_chosen() -> None:
    for estate in (CONTRACTS, DOCUMENTS):
        (made,) = KIND.units(estate, ASKED)
        assert (made.id, made.collector, made.deadline) == ("agreements", "agreements", 700.0)
    assert len(list(KIND.units(CONTRACTS, replace(ASKED, only=frozenset({"one"}))))) == 1
    assert list(KIND.units(CONTRACTS, context())) == []


def test_an_estate_without_a_register_has_a_unit_that_says_so() -> None:
    (made,) = KIND.units(AWS, ASKED)
    assert made.id == "agreements"
    assert KIND.of_estate(AWS)


def test_they_need_no_permission_and_nobody_asks() -> None:
    assert KIND.permissions(KIND.operations()) == ""
    assert KIND.identity(observation("agreements:Read", {})) == ""
    assert set(KIND.normalizers()) == {"agreements"}
