"""A trend for machines: whole, and null where nothing was judged."""

from __future__ import annotations

import json

import jsonschema
import pytest

from scanner.model.trend import Trend
from scanner.render import trend_schema
from scanner.render.trend_json import render
from tests.render.trends import a_long_trend, a_trend, hostile_trend

SCHEMA = json.loads(trend_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("trend", [a_trend(), a_long_trend(30), hostile_trend("a\ud800\x00b")])
def test_what_is_written_is_by_the_schema_and_nothing_more_may_be(trend: Trend) -> None:
    body = json.loads(render(trend).data)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(body)
    for part in (body, body["scans"][0], body["controls"][0], body["remediation"][0], body["recurring"][0]):
        part["more"] = 1
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(body)
        del part["more"]


def test_a_trend_is_written_whole() -> None:
    trend = a_trend()
    artifact = render(trend)
    body = json.loads(artifact.data)
    assert (artifact.name, artifact.media_type) == ("trend.json", "application/json")
    assert (body["schema"], body["series"], body["recurring_omitted"]) == ("keyaudit/trend/1", "nightly", 0)
    assert body["scans"][3] == {
        "id": "scan-3",
        "as_of": "2026-06-14T12:00:00Z",
        "controls": {"pass": 3, "fail": 0, "unknown": 1, "not_applicable": 0},
        "findings": 0,
        "waived": 0,
        "by_severity": {"critical": 0, "high": 0, "medium": 0, "low": 0},
        "catalogue_changed": True,
    }
    assert body["controls"][2] == {
        "name": "KM-GEN-01",
        "title": "Keys are made in a module",
        "severity": "low",
        "verdicts": [None, "fail", "fail", "pass", "pass"],
        "failed": [None, 1, 1, 0, 0],
    }
    assert [(one["title"], len(one["clauses"])) for one in body["frameworks"]] == [
        (title, len(tracks)) for title, tracks in trend.clauses
    ]
    assert body["frameworks"][0]["clauses"][0]["severity"] is None
    assert body["remediation"][1] == {
        "severity": "high",
        "fixed": 2,
        "mean_days": 6.5,
        "longest_days": 9.0,
        "open": 1,
        "oldest_open_days": 1.0,
        "untold": 3,
    }
    assert body["recurring"][0] == {
        "control": "KM-ROT-04",
        "subject": "arn:aws:kms:us-east-1:111122223333:key/one",
        "source": "aws:111122223333:us-east-1",
        "label": "alias/one",
        "times": 3,
        "first_seen": "2026-06-11T12:00:00Z",
        "last_seen": "2026-06-15T12:00:00Z",
        "open": True,
    }
