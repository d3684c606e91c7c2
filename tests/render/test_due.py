"""What comes due for other programs: JSON by its schema, CSV that computes nothing, Markdown that links nothing."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import pytest

from scanner.model.control import Basis
from scanner.model.forecast import Due, DueKind, Forecast
from scanner.render import words
from scanner.render.due import FORMATS, KINDS, caveats, kind, named, rests_on, schema
from tests.history.forecasts import DIGEST, a_due, a_forecast
from tests.render.hostile import PAYLOADS

FULL = a_forecast(
    a_due(-2, kind=DueKind.AGREEMENT, rule="end", label="", subject="baa-1"),
    a_due(3, basis=Basis.POLICY, parameter="kek_max_days", own=True),
    omitted=7,
    unknown=((DueKind.ROTATION, 2), (DueKind.FIPS_SUNSET, 1)),
    incomplete=(DueKind.ROTATION, DueKind.CERTIFICATE),
    unread=(DueKind.DOCUMENT,),
)


def hostile(text: str) -> Forecast:
    return a_forecast(a_due(3, label=text, subject=text, source=text, what=text))


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (a_due(basis=Basis.POLICY, own=True), words.OWN_POLICY),
        (a_due(basis=Basis.NIST_SUGGESTED, own=True), words.OWN_POLICY),
        (a_due(basis=Basis.POLICY), words.REFERENCE_POLICY),
        (a_due(basis=Basis.NIST_SUGGESTED), words.BASIS[Basis.NIST_SUGGESTED]),
        (a_due(), "the system itself"),
        (a_due(kind=DueKind.AGREEMENT), "the register of contracts"),
        (a_due(kind=DueKind.SUPPORT), "what the provider has announced, as last read"),
    ],
)
def test_law_standard_and_policy_have_words_of_their_own(due: Due, said: str) -> None:
    assert rests_on(due) == said


def test_every_kind_has_a_name() -> None:
    assert [kind(one) for one in DueKind] == list(KINDS.values())
    assert named((DueKind.CERTIFICATE, DueKind.FIPS_SUNSET, DueKind.KEY_EXPIRY)) == (
        "TLS certificate, FIPS 140 sunset, end of a key"
    )


def test_what_is_not_known_is_said() -> None:
    assert caveats(a_forecast()) == []
    assert caveats(FULL) == [
        "7 later deadlines are not listed.",
        "The deadline is not known, because a fact or a limit is missing: rotation 2, FIPS 140 sunset 1.",
        "A listing was not read to its end, so there can be more of: rotation, TLS certificate.",
        "Nothing was listed, which does not say that there is none, of: document.",
    ]


@pytest.mark.parametrize("forecast", [a_forecast(), FULL, *map(hostile, PAYLOADS.values())])
def test_json_is_by_its_schema(forecast: Forecast) -> None:
    body = json.loads(FORMATS["json"](forecast, "Example \x1b[31m"))
    jsonschema.validate(body, json.loads(schema()), format_checker=jsonschema.FormatChecker())
    assert body["organization"] == r"Example \u001b[31m"


def test_json_says_everything() -> None:
    body = json.loads(FORMATS["json"](FULL, "Example Clinic"))
    assert (body["as_of"], body["days"], body["omitted"]) == ("2026-11-20T06:00:00Z", 90, 7)
    assert body["unknown"] == {one.value: {"rotation": 2, "fips_sunset": 1}.get(one.value, 0) for one in DueKind}
    assert (body["incomplete"], body["unread"]) == (["rotation", "certificate"], ["document"])
    assert body["due"][1] == {
        "kind": "rotation",
        "due": "2026-11-23T06:00:00Z",
        "overdue": False,
        "subject": "arn:aws:kms:us-east-1:111122223333:key/one",
        "source": "aws:111122223333:us-east-1",
        "label": "alias/one",
        "what": "the cryptoperiod of its material ends",
        "action": "rotate it",
        "basis": "policy",
        "rests_on": words.OWN_POLICY,
        "parameter": "kek_max_days",
        "evidence": [DIGEST],
    }


def test_csv_has_a_row_a_deadline() -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](FULL, "").decode(), newline="")))
    assert [(row["due"], row["overdue"], row["kind"], row["subject"], row["parameter"]) for row in rows] == [
        ("2026-11-18T06:00:00Z", "yes", "agreement", "baa-1", ""),
        ("2026-11-23T06:00:00Z", "no", "rotation", "arn:aws:kms:us-east-1:111122223333:key/one", "kek_max_days"),
    ]


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_spreadsheet_computes_nothing_and_markdown_shows_names_as_code(text: str) -> None:
    (head, row) = csv.reader(io.StringIO(FORMATS["csv"](hostile(text), text).decode(), newline=""))
    assert len(head) == len(row)
    assert not [value for value in row if value.startswith(("=", "+", "-", "@"))]
    assert all(value.isprintable() for value in row)
    lines = FORMATS["markdown"](hostile(text), text).decode().splitlines()
    assert [line.count("|") - line.count(r"\|") for line in lines if line.startswith("|")] == [7, 7, 7]
    assert all(line.isprintable() for line in lines)


def test_markdown_is_for_people() -> None:
    then = "`the cryptoperiod of its material ends` | rotate it"
    assert FORMATS["markdown"](FULL, "Example Clinic").decode().splitlines() == [
        "## keyaudit: due within 90 days",
        "",
        "`Example Clinic`, as of 2026-11-20T06:00:00Z: deadlines 9, of these overdue 1",
        "",
        "| Due | What | Subject | Then | Do | Rests on |",
        "|---|---|---|---|---|---|",
        f"| 2026-11-18 **overdue** | Contract | `baa-1` | {then} | the register of contracts |",
        f"| 2026-11-23 | Rotation | `alias/one` `{FULL.due[1].subject}` | {then} | {words.OWN_POLICY} |",
        "",
        *[f"- {said}" for said in caveats(FULL)],
    ]
    assert "|" not in FORMATS["markdown"](a_forecast(), "x").decode()


def test_ics_is_among_the_formats() -> None:
    assert b"SUMMARY:Rotation: alias/one" in FORMATS["ics"](FULL, "Example Clinic")
