"""An endpoint as a kind of source."""

from __future__ import annotations

from scanner.kinds.endpoints import KIND
from scanner.model.estate import EndpointSource, Estate
from tests.kinds.given import AWS, context, observation

ASKED = frozenset({"endpoints:Handshake"})
ESTATE = Estate(
    organization="Test Health", endpoints=(EndpointSource(name="ehr", url="https://ehr.example", time_limit=30),)
)


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(ESTATE, context(wanted=ASKED))
    assert (made.id, made.deadline, made.collector) == ("endpoints/ehr", 130.0, "endpoints.endpoint")
    assert set(KIND.normalizers()) == {made.collector}
    assert list(KIND.units(ESTATE, context())) == []
    assert list(KIND.units(ESTATE, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(ESTATE)
    assert not KIND.of_estate(AWS)


def test_what_it_needs_is_told() -> None:
    assert "outgoing TCP" in KIND.permissions(KIND.operations())
    assert KIND.identity(observation("endpoints:Handshake", {})) == ""
