"""The estate file as a kind of source."""

from __future__ import annotations

from scanner.collect import declared
from scanner.kinds.declared import KIND
from tests.kinds.given import AWS, context, observation


def test_the_estate_is_read_when_a_control_needs_what_it_says() -> None:
    assert [u.id for u in KIND.units(AWS, context(wanted=frozenset({declared.STORES})))] == ["declared"]
    assert list(KIND.units(AWS, context())) == []
    assert KIND.permissions(KIND.operations()) == ""
    assert KIND.identity(observation(declared.STORES, {})) == ""
