"""Registers of exceptions as a kind of source."""

from __future__ import annotations

from dataclasses import replace

from scanner import sources
from scanner.kinds.exceptions import KIND
from scanner.model.estate import Register
from scanner.model.exceptions import ALTERNATIVES, READ
from scanner.model.ids import Digest
from tests.kinds.given import AWS, context, observation

REGISTER = Register(file="a.yaml", digest=Digest("sha256:a"), entries=(), folder="/legal")
ASKED = context(wanted=frozenset({READ}))


def test_they_are_read_where_they_are_needed_whatever_sources_were_chosen() -> None:
    (made,) = KIND.units(AWS, replace(ASKED, only=frozenset({"one"})))
    assert (made.id, made.collector, made.deadline) == ("exceptions", "exceptions", 700.0)
    assert list(KIND.units(AWS, context())) == []


def test_an_estate_with_exceptions_needs_them_whatever_controls_are_run() -> None:
    assert sources.standing(AWS) == frozenset()
    for estate in (replace(AWS, waivers=REGISTER), replace(AWS, alternatives=REGISTER)):
        # Whether there is a register of alternatives is asked for the control that needs it alone: it may be a gap.
        assert sources.standing(estate) == {READ, "exceptions:Hash"}
    assert ALTERNATIVES in {op.name for op in KIND.operations()}


def test_they_need_no_permission_and_nobody_asks() -> None:
    assert KIND.permissions(KIND.operations()) == ""
    assert KIND.identity(observation(READ, {})) == ""
    assert set(KIND.normalizers()) == {"exceptions"}
    assert KIND.of_estate(AWS)
