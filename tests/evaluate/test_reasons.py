"""Why something is unknown: which gap reaches which verdict, and in what words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.evaluate.reasons import Seen, explain
from scanner.model.control import Related
from scanner.model.ids import SourceId
from scanner.model.observation import Gap, GapReason
from scanner.model.operation import Operation
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from tests.evaluate.builders import (
    OPERATIONS,
    OTHER,
    SOURCE,
    a_control,
    a_gap,
    a_grant,
    a_key,
    a_policy,
    grants,
    judge,
    listed,
    with_ids,
)

ROTATION = a_control(pass_when="rotation_enabled", fail_when="NOT rotation_enabled")
UNREAD = a_key("k", rotation_enabled=None)
READ = a_key("other", rotation_enabled=True)


def test_a_gap_is_one_line() -> None:
    assert explain(a_gap("kms:X")) == "kms:X denied"
    assert explain(a_gap("kms:X", reason=GapReason.FAILED, error_code="Boom")) == "kms:X failed (Boom)"


def test_a_gap_about_a_subject_is_its_reason(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [UNREAD, READ, listed()], gaps=[a_gap("rotation", "k", error_code="E")])
    assert (judged.verdict("k"), judged.reason("k")) == ("unknown", "rotation denied (E)")
    assert (judged.verdict("other"), judged.reason("other")) == ("pass", "")
    assert judged.result.unread == "rotation denied (E)"


def test_a_gap_of_another_operation_is_not_its_reason(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [UNREAD, listed()], gaps=[a_gap("grants", "k")])
    assert judged.reason() == "not reported: rotation_enabled"
    assert judged.result.unread == ""


def test_a_gap_about_a_scope_reaches_its_unknown_rows_only(tmp_path: Path) -> None:
    there = a_key("there", source=OTHER, rotation_enabled=None)
    facts = [UNREAD, READ, there, listed(), listed(parent=OTHER, source=OTHER)]
    judged = judge(tmp_path, ROTATION, facts, gaps=[a_gap("rotation", error_code="E")])
    assert judged.reason("k") == "rotation denied (E)"
    assert judged.reason("other") == ""
    assert judged.reason("there") == "not reported: rotation_enabled"


def test_the_scope_comes_before_the_subject(tmp_path: Path) -> None:
    gaps = [a_gap("rotation", "k"), a_gap("who", reason=GapReason.UNREACHABLE)]
    judged = judge(tmp_path, ROTATION, [UNREAD, listed()], gaps=gaps)
    assert judged.reason("k") == "who unreachable; rotation denied"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (3, "rotation denied (0); rotation denied (1); rotation denied (2)"),
        (5, "rotation denied (0); rotation denied (1); rotation denied (2) and 2 more"),
    ],
)
def test_three_gaps_are_named_and_the_rest_is_counted(tmp_path: Path, count: int, said: str) -> None:
    gaps = [a_gap("rotation", "k", error_code=str(i)) for i in reversed(range(count))]
    judged = judge(tmp_path, ROTATION, [UNREAD, listed()], gaps=[*gaps, *gaps])
    assert judged.reason() == said
    assert judged.result.unread == said


def test_what_the_provider_did_not_report_is_named(tmp_path: Path) -> None:
    control = a_control(applies="state = 'active'", pass_when="rotation_enabled AND length_bits > 1")
    judged = judge(tmp_path, control, [a_key(length_bits=5), listed()])
    assert judged.reason() == "not reported: rotation_enabled, state"


@pytest.mark.parametrize(
    ("undecided", "said"),
    [("", "neither the pass nor the fail condition holds"), ("it's {odd}; --", "it's {odd}; --")],
)
def test_when_all_is_known_the_control_says_why(tmp_path: Path, undecided: str, said: str) -> None:
    control = a_control(pass_when="length_bits > 300", fail_when="length_bits < 200", undecided=undecided)
    assert judge(tmp_path, control, [a_key(), listed()]).reason() == said


def test_a_control_that_reads_nothing_says_why_too(tmp_path: Path) -> None:
    control = a_control(applies="true", pass_when="false", fail_when="false", undecided="no reader yet")
    assert judge(tmp_path, control, [a_key(), listed()]).reason() == "no reader yet"


def test_a_related_value_that_is_not_known_has_its_gap_or_its_name(tmp_path: Path) -> None:
    control = a_control(related=(grants("any"),), pass_when="NOT found", fail_when="found")
    facts = [a_key("k"), a_key("other"), listed()]
    judged = judge(tmp_path, control, facts, gaps=[a_gap("grants", "k")])
    assert (judged.reason("k"), judged.reason("other")) == ("grants denied", "not reported: found")


def test_a_gap_about_what_related_rows_hang_on_is_a_reason(tmp_path: Path) -> None:
    by_store = Related("found", "any", "key_stores", "source", "source", "connected")
    control = a_control(related=(by_store,), pass_when="found", fail_when="NOT found")
    stores = [*OPERATIONS, Operation(name="stores", permissions=(), feeds=("key_stores.*",))]
    judged = judge(tmp_path, control, [a_key(), listed()], gaps=[a_gap("stores", SOURCE)], operations=stores)
    assert judged.reason() == "stores denied"


def test_each_group_of_controls_has_its_own_reasons(tmp_path: Path) -> None:
    one, two = with_ids(ROTATION, "KM-TST-01", "KM-TST-02")
    two = a_control(id=two.id, pass_when="state = 'active'", fail_when="state != 'active'")
    gaps = [a_gap("rotation", "k"), a_gap("describe", "k")]
    judged = judge(tmp_path, [one, two], [UNREAD, listed()], gaps=gaps)
    assert judged.rows("control_id, reason") == [
        ("KM-TST-01", "describe denied; rotation denied"),  # it reads `managed_by`
        ("KM-TST-02", "describe denied"),
    ]


# What is missing from the population.


@pytest.mark.parametrize("operation", ["list", "who"])
def test_a_scope_that_was_not_listed_is_a_row_of_its_own(tmp_path: Path, operation: str) -> None:
    gap = a_gap(operation, source=OTHER, error_code="E")
    judged = judge(tmp_path, ROTATION, [READ, listed()], gaps=[gap])
    assert judged.rows() == [
        ("KM-TST-01", "other", "pass", "observed", "", "{}", ["sha256:1"], SOURCE, ""),
        ("KM-TST-01", OTHER, "unknown", "observed", f"{operation} denied (E)", "{}", [gap.id], OTHER, ""),
    ]
    assert judged.result.counts.unknown == 1


def test_the_gaps_of_a_scope_are_one_row(tmp_path: Path) -> None:
    gaps = [a_gap("list", id=one, error_code=one) for one in ("b", "a")]
    judged = judge(tmp_path, ROTATION, [], gaps=gaps)
    assert judged.rows("subject, reason, evidence") == [(SOURCE, "list denied (a); list denied (b)", ["a", "b"])]


def test_a_gap_about_a_row_that_is_there_is_no_row(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [READ, listed()], gaps=[a_gap("list", "other"), a_gap("who", "other")])
    assert judged.rows("subject, verdict") == [("other", "pass")]
    assert judged.result.verdict == "unknown"


def test_a_parent_whose_rows_could_not_be_listed_is_a_row(tmp_path: Path) -> None:
    control = a_control(table="key_grants", applies="true", pass_when="decrypts", fail_when="NOT decrypts")
    facts = [a_grant("g", "k", decrypts=True), listed("key_grants", "k")]
    judged = judge(tmp_path, control, facts, gaps=[a_gap("grants", "other")])
    assert judged.rows("subject, verdict, reason") == [("g", "pass", ""), ("other", "unknown", "grants denied")]


def test_a_listing_that_is_not_complete_is_a_row_even_without_a_gap(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [READ, listed(complete=False)])
    assert judged.rows("subject, verdict, reason, evidence")[1:] == [
        (SOURCE, "unknown", "the listing of keys is not complete", ["sha256:3"])
    ]
    assert judged.result.verdict == "unknown"


def test_a_listing_cut_off_by_a_gap_is_told_by_the_gap_alone(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [READ, listed(complete=False)], gaps=[a_gap("list")])
    assert judged.rows("subject, reason")[1:] == [(SOURCE, "list denied")]


def test_an_incomplete_listing_of_another_table_is_no_matter(tmp_path: Path) -> None:
    judged = judge(tmp_path, ROTATION, [READ, listed(), listed("key_policies", complete=False)])
    assert judged.result.verdict == "pass"


def test_every_control_of_a_table_gets_the_row_of_a_scope(tmp_path: Path) -> None:
    policies = a_control(table="key_policies", id="KM-TST-03", pass_when="NOT public", fail_when="public")
    controls = [*with_ids(ROTATION, "KM-TST-01", "KM-TST-02"), policies]
    facts = [a_policy(public=False), listed("key_policies")]
    judged = judge(tmp_path, controls, facts, gaps=[a_gap("list", source=OTHER)])
    assert judged.rows("control_id, subject") == [
        ("KM-TST-03", "k"),
        ("KM-TST-03", OTHER),
        ("KM-TST-01", OTHER),
        ("KM-TST-02", OTHER),
    ]


HOSTILE = "x'); DROP TABLE keys; --\"<script>\x1b[0m{}"


def test_text_from_outside_is_never_sql(tmp_path: Path) -> None:
    key = a_key(HOSTILE, rotation_enabled=None, name=HOSTILE, source=HOSTILE)
    gaps: list[Gap] = [
        a_gap("rotation", HOSTILE, error_code=HOSTILE, id=HOSTILE, source=HOSTILE),
        a_gap("list", source=HOSTILE, error_code=HOSTILE, id=HOSTILE),
    ]
    judged = judge(tmp_path, a_control(pass_when="rotation_enabled", observe=("name",)), [key, listed()], gaps=gaps)
    assert judged.rows("subject, source, evidence")[1:] == [(HOSTILE, HOSTILE, [HOSTILE])]
    assert f"rotation denied ({HOSTILE})" in judged.rows("reason")[0][0]
    assert [finding.label for finding in judged.result.findings] == [HOSTILE, ""]


def test_operations_are_found_by_what_they_feed() -> None:
    seen = Seen((a_gap("grants", "k"),), OPERATIONS)
    assert seen.touching(frozenset({"keys.rotation_enabled"})) == {"who", "rotation"}
    assert seen.listing("key_grants") == {"who", "grants"}
    assert seen.unreached(["keys", "key_grants"]) == {"key_grants"}


# Tables that hold rows of several kinds.

BY_KIND = (
    Operation(name="buckets", permissions=(), feeds=("data_stores.*",), kinds=("data_stores.object_store",)),
    Operation(name="secrets", permissions=(), feeds=("data_stores.*",), kinds=("data_stores.secret",)),
    Operation(name="keys", permissions=(), feeds=("data_stores.encrypted",)),
)
SECRETS = a_control(
    table="data_stores", applies="kind = 'secret'", pass_when="encrypted", fail_when="NOT encrypted", id="KM-TST-01"
)
STORES = a_control(
    table="data_stores", applies="true", pass_when="encrypted", fail_when="NOT encrypted", id="KM-TST-02"
)
SECRET = DataStoreFact(
    source=SourceId(SOURCE),
    evidence=(),
    store_id="s",
    provider="aws",
    account="1",
    region="us-east-1",
    kind="secret",
    encrypted=True,
)


def listed_by(operation: str, *, complete: bool = True) -> CoverageFact:
    row = listed("data_stores", complete=complete)
    return replace(row, coverage_id=f"{row.coverage_id} {operation}")


KINDS: list[tuple[str, str, str]] = [
    ("buckets", "pass", "unknown"),
    ("secrets", "unknown", "unknown"),
    ("keys", "unknown", "unknown"),
]


@pytest.mark.parametrize(("denied", "secrets", "stores"), KINDS)
def test_a_gap_of_another_kind_touches_no_control_of_one_kind(
    tmp_path: Path, denied: str, secrets: str, stores: str
) -> None:
    judged = judge(tmp_path, [SECRETS, STORES], [SECRET], gaps=[a_gap(denied)], operations=BY_KIND)
    assert [result.verdict for result in judged.evaluation.results] == [secrets, stores]


@pytest.mark.parametrize(("operation", "secrets"), [("buckets", "pass"), ("secrets", "unknown"), ("x", "unknown")])
def test_a_listing_of_another_kind_that_is_not_complete_is_no_row(tmp_path: Path, operation: str, secrets: str) -> None:
    facts = [SECRET, listed_by(operation, complete=False)]
    judged = judge(tmp_path, [SECRETS, STORES], facts, operations=BY_KIND)
    assert [result.verdict for result in judged.evaluation.results] == [secrets, "unknown"]
    assert judged.result_of("KM-TST-02").counts.unknown == 1


def test_several_listings_of_a_scope_are_one_row(tmp_path: Path) -> None:
    facts = [SECRET, listed_by("buckets", complete=False), listed_by("secrets", complete=False)]
    judged = judge(tmp_path, STORES, facts, operations=BY_KIND)
    assert judged.rows("subject, reason")[1:] == [(SOURCE, "the listing of data_stores is not complete")]


def test_a_gap_whose_subject_is_part_of_the_question_is_one_of_the_scope(tmp_path: Path) -> None:
    events = Operation(name="events", permissions=(), feeds=("key_grants.*",), of_scope=True)
    control = a_control(table="key_grants", applies="true", pass_when="decrypts", fail_when="NOT decrypts")
    gaps = [a_gap("events", name) for name in ("CreateKey", "RotateKey")]
    judged = judge(tmp_path, control, [], gaps=gaps, operations=[events])
    assert judged.rows("subject, reason") == [(SOURCE, "events denied")]
