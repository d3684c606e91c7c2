"""What a trail records of keys, by its selectors: a table of sets, and laws that hold for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.normalize.aws.event_selectors import KEY_USE, MANAGEMENT, SERVICE, Recorded, read_selectors
from scanner.normalize.aws.policy_actions import ADMINISTER, USE
from tests.normalize.builders import PROPERTY

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load(Path(__file__).with_name("event_selectors.yaml").read_text(encoding="utf-8"))
NAMES = {"basic": "EventSelectors", "advanced": "AdvancedEventSelectors"}


def body(case: Case) -> dict[str, Any]:
    return {NAMES[kind]: case[kind] for kind in NAMES if kind in case}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_selectors_record(case: Case) -> None:
    assert read_selectors(body(case)) == Recorded(*case["expect"])


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 40


def test_nothing_was_answered() -> None:
    assert read_selectors(None) == Recorded()


def test_the_events_are_those_of_the_key_service() -> None:
    assert {event["eventName"] for event in KEY_USE} == USE
    assert {event["eventName"] for event in MANAGEMENT} >= ADMINISTER | {"RotateKey", "DeleteKey"}
    assert {event["eventSource"] for event in (*KEY_USE, *MANAGEMENT)} == {SERVICE}


SETS = [case["basic"] for case in CASES if case.get("basic") and all(isinstance(s, dict) for s in case["basic"])]


@given(st.sampled_from(SETS), st.sampled_from(SETS))
@PROPERTY
def test_one_more_selector_never_records_less(one: list[Any], other: list[Any]) -> None:
    alone, both = (read_selectors({"EventSelectors": selectors}) for selectors in (one, [*one, *other]))
    assert both.key_management or not alone.key_management
    assert both.key_use or not alone.key_use
    assert alone.key_use is False or both.key_use is not False
