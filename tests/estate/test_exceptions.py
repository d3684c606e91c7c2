"""Registers of waivers and alternatives: strict, and every error names file and line."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from scanner.errors import ConfigError
from scanner.estate.exceptions import EXCEPTIONS, AlternativesFile, WaiversFile, parse_alternatives, parse_waivers
from scanner.estate.schema import tidy_schema
from scanner.yamlfile import parse

WAIVER = """\
waivers: 1
entries:
  - id: one
    controls: [KM-ROT-04]
    subjects: ["arn:aws:kms:*"]
    owner: Platform Team
    approver: CISO
    reason: It is replaced.
    approved: 2026-01-01
    expires: 2026-06-30
"""
ALTERNATIVE = f"""\
alternatives: 1
entries:
  - id: two
    clause: "164.312(a)(2)(iv)"
    controls: [KM-STO-01]
    subjects: ["arn:aws:rds:*"]
    owner: Privacy Office
    approver: CEO
    why_not: The machine cannot.
    measure: A locked room.
    decided: 2026-01-01
    review_due: 2026-12-31
    document: {{path: d.pdf, sha256: "{"0" * 64}"}}
"""


def test_a_waiver_is_kept_as_it_stands() -> None:
    register = parse_waivers(WAIVER.encode(), "legal/waivers.yaml", "legal")
    (entry,) = register.entries
    assert (register.file, register.folder) == ("waivers.yaml", "legal")
    assert entry == {
        "id": "one",
        "controls": ["KM-ROT-04"],
        "subjects": ["arn:aws:kms:*"],
        "whole_control": False,
        "source": None,
        "owner": "Platform Team",
        "approver": "CISO",
        "reason": "It is replaced.",
        "approved": "2026-01-01",
        "expires": "2026-06-30",
        "ticket": None,
        "document": None,
    }


def test_an_alternative_names_clause_reason_measure_and_document() -> None:
    (entry,) = parse_alternatives(ALTERNATIVE.encode(), "a.yaml", "").entries
    assert (entry["clause"], entry["why_not"], entry["measure"]) == (
        "164.312(a)(2)(iv)",
        "The machine cannot.",
        "A locked room.",
    )
    assert entry["document"] == {"path": "d.pdf", "sha256": "0" * 64}


FAULTS = [
    ("approver: CISO", "approver: ' platform team '", "w.yaml:7", "is the owner"),
    ("expires: 2026-06-30", "expires: 2025-12-31", "w.yaml:10", "is before approved, 2026-01-01"),
    ("    expires: 2026-06-30\n", "", "w.yaml:3", "expires"),
    ("expires: 2026-06-30", "expires: never", "w.yaml:10", "must be a day"),
    ('["arn:aws:kms:*"]', '["*"]', "w.yaml:5", "* matches every subject"),
    ('["arn:aws:kms:*"]', '["a", "?*"]', "w.yaml:5", "?* matches every subject"),
    ('["arn:aws:kms:*"]', "[]", "w.yaml:5", "subjects"),
    ("[KM-ROT-04]", "[KM-ROT-04, KM-ROT-04]", "w.yaml:4", "is given twice"),
    ("reason: It", "reson: It", "w.yaml:8", "reson"),
    ("It is replaced.", "AKIAABCDEFGHIJKLMNOP", "w.yaml:8", "looks like a secret"),
    ("waivers: 1", "waivers: 2", "w.yaml:1", "must be 1"),
]


@pytest.mark.parametrize(("old", "new", "place", "said"), FAULTS)
def test_a_faulty_waiver_is_refused_with_its_line(old: str, new: str, place: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_waivers(WAIVER.replace(old, new).encode(), "w.yaml", "")
    assert str(caught.value).startswith(place)
    assert said in str(caught.value)


def test_every_subject_is_meant_only_where_that_is_spelled_out() -> None:
    whole = WAIVER.replace('["arn:aws:kms:*"]', '["*"]\n    whole_control: true')
    assert parse_waivers(whole.encode(), "w.yaml", "").entries[0]["whole_control"] is True


def test_an_alternative_without_a_document_is_none() -> None:
    without = "\n".join(ALTERNATIVE.split("\n")[:-2])
    with pytest.raises(ConfigError, match=r"a\.yaml:3.*document"):
        parse_alternatives(without.encode(), "a.yaml", "")


def test_an_id_is_given_once() -> None:
    twice = WAIVER + WAIVER.partition("entries:\n")[2]
    with pytest.raises(ConfigError, match=r"w\.yaml:11: one is given twice"):
        parse_waivers(twice.encode(), "w.yaml", "")


@pytest.mark.parametrize("key", sorted(EXCEPTIONS))
def test_an_empty_file_says_how_to_write_one(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        EXCEPTIONS[key](b"", "a.yaml", "")
    assert caught.value.hint == f"`keyaudit init {key}` writes one"


@pytest.mark.parametrize(("model", "text"), [(WaiversFile, WAIVER), (AlternativesFile, ALTERNATIVE)])
def test_the_schema_takes_what_the_register_takes(model: type, text: str) -> None:
    schema = json.loads(json.dumps(tidy_schema(model, "a register")))
    Draft202012Validator.check_schema(schema)
    checked = Draft202012Validator(schema)
    assert checked.is_valid(parse(text.encode(), "a.yaml").data)
    assert not checked.is_valid(parse(text.replace("owner:", "owners:").encode(), "a.yaml").data)
