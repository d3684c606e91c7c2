"""The world of the audit log: strict, and by the clock of the demo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.aws.audit_world import Audit, Trail, instant, seconds, text
from tests.demo.aws.trails_composing import a_trail
from tests.support import NOW


def test_a_trail_has_an_arn() -> None:
    assert a_trail().arn == "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"


WRONG: list[dict[str, Any]] = [
    {"name": "x"},
    {"account": "1"},
    {"region": "nowhere"},
    {"bucket": "Upper"},
    {"digests": {"hours": 0}},
    {"digests": {"broken": "somehow"}},
    {"surprise": 1},
]


@pytest.mark.parametrize("given", WRONG)
def test_a_trail_that_is_none(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Trail(**{**a_trail().model_dump(), **given})


def test_an_empty_log() -> None:
    assert Audit() == Audit(trails=[], unlogged=[], events=[])


def test_instants() -> None:
    assert instant(NOW, 1) == NOW - timedelta(days=1)
    assert (seconds(NOW), text(NOW)) == (1781524800, "2026-06-15T12:00:00Z")
