"""An AI vendor as a kind of source."""

from __future__ import annotations

from scanner.kinds.vendors import KIND
from tests.kinds.given import AWS, OTHERS, context

ASKED = frozenset({"openai:ListProjects"})


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(OTHERS, context(wanted=ASKED))
    assert (made.id, made.deadline) == ("vendors/realtime/openai", 130.0)
    assert list(KIND.units(OTHERS, context())) == []
    assert list(KIND.units(OTHERS, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(OTHERS)
    assert not KIND.of_estate(AWS)


def test_what_it_needs_is_told() -> None:
    assert KIND.permissions(KIND.operations())
