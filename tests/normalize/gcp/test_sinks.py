"""Which logs a sink takes, by its filter, and what it leaves out."""

from __future__ import annotations

import pytest

from scanner.demo.gcp.shapes import DEFAULT, REQUIRED
from scanner.model.ids import Json
from scanner.normalize.gcp.sinks import ACTIVITY, DATA_ACCESS, excludes, takes

NAMED = 'logName="projects/p/logs/cloudaudit.googleapis.com%2Fdata_access"'


@pytest.mark.parametrize(
    ("words", "activity", "use"),
    [
        ("", True, True),
        (DEFAULT, False, True),
        (REQUIRED, True, False),
        (NAMED, False, True),
        (f"-{NAMED}", True, False),
        ('logName:"cloudaudit.googleapis.com"', True, True),
        ('logName = "projects/p/logs/cloudaudit.googleapis.com%2Factivity"', True, False),
        (f'{NAMED}\n  OR LOG_ID("cloudaudit.googleapis.com/activity")', True, True),
        ("severity>=ERROR", None, None),
        (f"{NAMED} AND severity>=ERROR", None, None),
        (f'{NAMED} AND LOG_ID("x") OR LOG_ID("y")', None, None),
    ],
)
def test_what_a_filter_takes(words: str, activity: bool | None, use: bool | None) -> None:
    sink: dict[str, Json] = {"filter": words} if words else {}
    assert (takes(sink, ACTIVITY), takes(sink, DATA_ACCESS)) == (activity, use)


def test_a_filter_of_another_type_is_not_understood() -> None:
    assert takes({"filter": 7}, ACTIVITY) is None


@pytest.mark.parametrize(
    ("exclusions", "told"),
    [
        (None, False),
        ([], False),
        ([{"name": "a", "filter": "x", "disabled": True}], False),
        ([{"name": "a", "filter": 'protoPayload.serviceName="cloudkms.googleapis.com"'}], True),
        ([{"name": "a", "filter": "resource.type=k8s_node"}], None),
        ([{"name": "a"}], None),
        (["surprise"], None),
        ("surprise", None),
    ],
)
def test_what_a_sink_leaves_out(exclusions: Json, told: bool | None) -> None:
    assert excludes({} if exclusions is None else {"exclusions": exclusions}) is told
