"""diff.json: the shipped schema, and nothing lost on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest

from scanner.model.control import Severity
from scanner.model.diff import Because, Diff, KeyMove, Standing
from scanner.render import diff_schema
from scanner.render.diff_json import render
from scanner.render.text import hidden
from tests.render.diffs import a_diff, a_key_change, an_entry, hostile, of_everything
from tests.render.hostile import PAYLOADS

SCHEMA = json.loads(diff_schema())


def loaded(diff: Diff) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(render(diff).data)
    jsonschema.Draft202012Validator(SCHEMA).validate(body)
    return body


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_diff())
    assert (artifact.name, artifact.media_type) == ("diff.json", "application/json")


def test_the_schema_is_a_schema_and_closed() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    body = loaded(of_everything())
    for place in (body, body["totals"], body["new"][0], body["controls"][0], body["keys"][0], body["scans"]["old"]):
        changed: dict[str, Any] = place
        changed["more"] = 1
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(SCHEMA).validate(body)
        del changed["more"]


def test_the_whole_of_an_entry() -> None:
    assert loaded(of_everything())["new"][0] == {
        "control": "KM-ROT-04",
        "title": "Automatic rotation is on",
        "severity": "critical",
        "subject": "key/a",
        "source": "aws:111122223333:us-east-1",
        "label": "alias/a",
        "before": "pass",
        "now": "fail",
        "why": "",
        "observed": {"rotation_enabled": False},
        "moved": [],
        "waiver_before": "",
        "waiver": "",
        "control_changed": True,
        "because": "control",
    }


def test_every_list_is_there_and_counted() -> None:
    body = loaded(of_everything())
    totals: Mapping[str, int] = body["totals"]
    assert {name: len(body[name]) for name in totals if name != "still_unknown"} == {
        "new": 2,
        "fixed": 2,
        "persisting": 1,
        "changed": 2,
        "unknown": 3,
    }
    assert totals == {**{name: len(body[name]) for name in totals if name != "still_unknown"}, "still_unknown": 4}
    assert [one["id"] for one in body["controls"]] == ["KM-ROT-04", "KM-ACC-01", "KM-ACC-02"]
    assert body["keys"][0]["changes"][1] == {"name": "expires_at", "old": None, "new": "2026-07-15T12:00:00Z"}
    assert [body["scans"][side]["as_of"] for side in ("old", "new")] == ["2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z"]


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_is_in_the_schema(standing: Standing) -> None:
    entry = an_entry(before=standing, now=standing)
    assert loaded(a_diff(changed=(entry,)))["changed"][0]["now"] == standing.value


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_is_in_the_schema(severity: Severity) -> None:
    assert loaded(a_diff(appeared=(an_entry(severity=severity),)))["new"][0]["severity"] == severity.value


@pytest.mark.parametrize("because", Because)
def test_every_cause_is_in_the_schema(because: Because) -> None:
    assert loaded(a_diff(appeared=(an_entry(because=because),)))["new"][0]["because"] == (because.value or None)


@pytest.mark.parametrize("move", KeyMove)
def test_every_move_of_a_key_is_in_the_schema(move: KeyMove) -> None:
    assert loaded(a_diff(keys=(a_key_change(move=move),)))["keys"][0]["move"] == move.value


@pytest.mark.parametrize("name", [name for name in PAYLOADS if name != "surrogate"])
def test_hostile_text_is_kept_and_does_nothing(name: str) -> None:
    text = PAYLOADS[name]
    diff = hostile(text)
    assert loaded(diff)["new"][0]["label"] == text
    assert not [char for char in render(diff).data.decode() if char != "\n" and hidden(char)]


def test_a_lone_surrogate_is_spelled_out() -> None:
    assert loaded(hostile(PAYLOADS["surrogate"]))["new"][0]["label"] == "a\\ud800b"
