"""The world of the simulated EHR."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from scanner.demo.ehr.world import Ehr, Server


def test_a_server_is_good_unless_told_otherwise() -> None:
    server = Server(name="ehr")
    assert (server.old, server.certificate.key, server.services) == (False, "P-256", ["SMART-on-FHIR"])
    assert Ehr().servers == []


@pytest.mark.parametrize(
    "fields", [{"name": "a b"}, {"name": "a", "odd": 1}, {"name": "a", "certificate": {"key": "no"}}]
)
def test_what_there_is_not_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Server.model_validate(fields)
