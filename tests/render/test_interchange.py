"""What the formats share: no verdict is lost, and every text is safe before a format sees it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from scanner.model.control import Severity
from scanner.model.ids import Json
from scanner.model.verdict import ControlResult, Counts, Verdict
from scanner.render.interchange import (
    cited,
    compact,
    document,
    heading,
    instant,
    line,
    markup,
    named,
    remedy,
    severity_rank,
    shown,
    stable_id,
    statements,
    tally,
)
from scanner.render.text import MOST
from tests.render.hostile import PAYLOADS
from tests.render.reports import SCOPE, a_control, a_finding, a_result, arn

FAIL, UNKNOWN, PASS, NONE = Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS, Verdict.NOT_APPLICABLE
FAILS = a_finding(arn("one"))
UNSURE = a_finding(arn("two"), UNKNOWN)


@pytest.mark.parametrize(
    ("result", "verdicts"),
    [
        pytest.param(a_result(FAILS, UNSURE), [FAIL, UNKNOWN], id="its findings"),
        pytest.param(a_result(passed=3), [PASS], id="only passes"),
        pytest.param(a_result(), [NONE], id="nothing applies"),
        pytest.param(a_result(verdict=UNKNOWN), [UNKNOWN], id="unknown without a subject"),
        pytest.param(a_result(verdict=UNKNOWN, unread="x"), [UNKNOWN], id="unread without a subject"),
        pytest.param(a_result(FAILS, unread="x"), [FAIL, UNKNOWN], id="unread beside a failure"),
        pytest.param(a_result(FAILS, UNSURE, unread="x"), [FAIL, UNKNOWN], id="unread that a subject tells"),
        pytest.param(a_result(FAILS, omitted=2, counts=Counts(0, 3)), [FAIL, FAIL], id="failures not listed"),
        pytest.param(a_result(FAILS, omitted=2, counts=Counts(0, 1, 2)), [FAIL, UNKNOWN], id="unknowns not listed"),
        pytest.param(
            a_result(FAILS, omitted=1, counts=Counts(0, 2), unread="x"), [FAIL, FAIL, UNKNOWN], id="both beside a gap"
        ),
    ],
)
def test_a_result_says_every_verdict_it_has(result: ControlResult, verdicts: list[Verdict]) -> None:
    said = list(statements(result))
    assert [one.verdict for one in said] == verdicts
    assert len({one.key for one in said}) == len(said)


def test_a_statement_says_why() -> None:
    said = list(statements(a_result(FAILS, UNSURE, a_finding(arn("three"), observed={}), omitted=4)))
    observed = "observed rotation enabled: no; next rotation at: 2026-11-14 22:19 UTC"
    assert [one.text for one in said] == [
        observed,
        f"kms:GetKeyRotationStatus denied (AccessDeniedException). {observed}",
        "no observed value",
        "4 more are not listed here; verdicts.parquet has all.",
    ]
    assert [one.subject for one in said] == [arn("one"), arn("two"), arn("three"), ""]


def test_a_heading_is_one_line_of_verdict_control_and_subject() -> None:
    (fails,) = statements(a_result(FAILS))
    (passes,) = statements(a_result(passed=1))
    assert heading(fails) == f"FAIL KM-ROT-04 Automatic rotation is on: {arn('one')} (alias/one)"
    assert heading(passes) == "PASS KM-ROT-04 Automatic rotation is on"
    assert passes.text == tally(a_result(passed=1)) == "1 passed, 0 failed, 0 unknown, 1 not applicable"


def test_a_subject_without_a_name_stands_alone() -> None:
    assert named(a_finding("key/1", label="")) == "key/1"


@pytest.mark.parametrize(
    ("remedies", "source", "expected"),
    [
        ((("aws", "a"), ("any", "b")), SCOPE, "aws: a"),
        ((("azure", "a"), ("any", "b")), SCOPE, "any: b"),
        ((("azure", "a"), ("gcp", "b")), SCOPE, "azure: a; gcp: b"),
        ((), SCOPE, ""),
    ],
)
def test_the_remedy_of_the_nearest_provider(remedies: tuple[tuple[str, str], ...], source: str, expected: str) -> None:
    assert remedy(a_control(remedy=remedies), source) == expected


def test_clauses_are_named_with_their_framework() -> None:
    assert cited(a_control()) == ["hipaa-164.312 164.312(a)(2)(iv)", "sp800-57pt1r5 5.3.6"]


def test_severities_rank_from_one() -> None:
    assert {one: severity_rank(one) for one in Severity} == {"low": 1, "medium": 2, "high": 3, "critical": 4}


def test_ids_are_version_five_stable_and_apart() -> None:
    assert stable_id("a", "b") == stable_id("a", "b")
    assert len({stable_id("a", "b"), stable_id("a\0b"), stable_id("b", "a"), stable_id("a", "\ud800")}) == 3
    assert uuid.UUID(stable_id("a")).version == 5


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 6, 15, 12, tzinfo=UTC),
        datetime(2026, 6, 15, 12),  # noqa: DTZ001 - as DuckDB gives it
        datetime(2026, 6, 15, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_instants_are_utc(moment: datetime) -> None:
    assert instant(moment) == "2026-06-15T12:00:00Z"


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u3000", "\n"])
def test_a_line_is_never_empty(text: str) -> None:
    assert line(text) == "-"
    assert line(text, "nothing") == "nothing"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("[x](http://y)", r"\[x\](http://y)"),
        ("![x](y)", r"\!\[x\](y)"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("`a` | b", r"\`a\` \| b"),
        ("# title", r"\# title"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("2026 is a year", "2026 is a year"),
        ("{{ insert: param, x }}", r"\{\{ insert: param, x \}\}"),
        ("back\\slash", r"back\\slash"),
        ("two\nlines", "two lines"),
    ],
)
def test_markup_shows_the_text_itself(text: str, written: str) -> None:
    assert markup(text) == written


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_markup_of_hostile_text_has_no_bare_markup(text: str) -> None:
    bare = markup(text).replace("\\\\", "")
    assert not [char for i, char in enumerate(bare) if char in "<>[]*_`{}&|" and bare[i - 1 : i] != "\\"]


def test_values_keep_their_kind_and_lose_what_json_lacks() -> None:
    value: dict[str, Json] = {"a\u202e": ["\x1b", 1, None, True, 1.5], "b": float("nan"), "c": float("-inf")}
    assert shown(value) == {r"a\u202e": [r"\u001b", 1, None, True, 1.5], "b": "nan", "c": "-inf"}


def test_a_long_text_is_cut_and_counted() -> None:
    cut = shown("x" * 10_000_000)
    assert isinstance(cut, str)
    assert len(cut) < MOST + 50
    assert cut.endswith("(cut, 10000000 characters)")


def test_json_is_sorted_and_one_line_or_a_file() -> None:
    assert compact({"b": 1, "a": ["é"]}) == '{"a":["é"],"b":1}'
    assert document({"b": 1, "a": "é"}) == '{\n "a": "é",\n "b": 1\n}\n'.encode()


def test_a_file_refuses_what_json_lacks() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        document({"a": float("nan")})
    assert json.loads(compact({"a": float("nan")})) == {"a": "nan"}
