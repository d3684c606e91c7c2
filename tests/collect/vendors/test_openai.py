"""Reading a simulated OpenAI with OpenAI's own SDK: all that is there, and what becomes a gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.collect.vendors import openai
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from tests.collect.vendors.running import collected
from tests.demo.vendors.running import a_source, simulated


def test_everything_is_read_page_after_page_and_only_by_get(tmp_path: Path) -> None:
    with simulated(page_size=1) as simulator:
        found = collected(tmp_path, a_source("openai", simulator))
        sent = list(simulator.requests)
    assert found.gaps == []
    assert set(found.asked) == {one.name for one in openai.OPERATIONS}
    assert found.asked[openai.PROJECTS] == 3
    assert {answer.subject for answer in found.answers(openai.PROJECT_RETENTION)} == {
        "openai:proj_realtime",
        "openai:proj_experiments",
    }
    assert {request.method for request in sent} == {"GET"}
    assert {request.operation for request in sent} == set(openai.METHODS)


def test_no_person_no_content_and_no_key_is_in_the_evidence(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("openai", simulator))
        assert "jane" not in text_of(tmp_path).lower()
        kept = collected(tmp_path / "kept", a_source("openai", simulator, keep_emails=True))
    text = text_of(tmp_path)
    for word in ("openai-administrator-word", "openai-project-word", "said in the log", "jane-doe.pdf"):
        assert word not in text
    assert {answer.principal for answer in found.answers()} == {"OpenAI key"}
    people = str([answer.response for answer in kept.answers(openai.PROJECT_KEYS)])
    assert "jane.doe@example.com" in people
    assert "jane@example.com" in str([answer.response for answer in kept.answers(openai.AUDIT_LOGS)])


def text_of(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_without_the_second_key_what_lies_there_is_not_looked_at(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("openai", simulator, project_key=False))
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {
        (one, GapReason.NOT_ALLOWED) for one in openai.OF_PROJECT
    }
    assert all("add `project_key: {env: NAME}` to the source openai-main" in gap.detail for gap in found.gaps)


def test_what_no_control_needs_is_neither_asked_nor_missed(tmp_path: Path) -> None:
    wanted = frozenset({openai.RETENTION})
    with simulated() as simulator:
        found = collected(tmp_path, a_source("openai", simulator, project_key=False), wanted=wanted)
        assert [request.operation for request in simulator.requests] == [openai.RETENTION]
    assert (set(found.asked), found.gaps) == ({openai.RETENTION}, [])


def test_a_wrong_key_leaves_a_gap_for_everything(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("openai", simulator, project_key=False), admin_key="sk-wrong-word")
    assert found.answers() == []
    denied = {gap.operation for gap in found.gaps if gap.reason is GapReason.DENIED}
    assert denied == set(openai.METHODS) - {*openai.OF_PROJECT, openai.PROJECT_RETENTION, openai.PROJECT_KEYS}
    assert {gap.error_code for gap in found.gaps if gap.reason is GapReason.DENIED} == {"invalid_api_key"}
    assert "sk-wrong-word" not in text_of(tmp_path)


@pytest.mark.parametrize(
    ("kind", "reason", "calls"),
    [
        ("deny", GapReason.DENIED, 1),
        ("unsupported", GapReason.UNSUPPORTED, 1),
        ("throttle", GapReason.THROTTLED, 8),
        ("error", GapReason.FAILED, 8),
        ("malformed", GapReason.MALFORMED, 1),
        ("wrong_types", GapReason.MALFORMED, 1),
        ("disconnect", GapReason.UNREACHABLE, 8),
    ],
)
def test_one_call_that_fails_is_one_gap_and_the_rest_is_read(
    tmp_path: Path,
    kind: Any,  # noqa: ANN401 - a word of Fault
    reason: GapReason,
    calls: int,
) -> None:
    with simulated() as simulator:
        simulator.faults.add(Fault(kind, openai.PROJECT_RETENTION, "proj_experiments"))
        found = collected(tmp_path, a_source("openai", simulator))
        hit = [one for one in simulator.requests if "proj_experiments/data_retention" in one.path]
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (
        openai.PROJECT_RETENTION,
        "openai:proj_experiments",
        reason,
    )
    assert len(hit) == calls
    assert found.asked[openai.PROJECT_RETENTION] == 1


def test_a_listing_that_breaks_off_or_never_ends_is_a_gap(tmp_path: Path) -> None:
    with simulated(page_size=1) as simulator:
        simulator.faults.add(Fault("deny", openai.EXTERNAL_KEYS, "after="))
        simulator.faults.add(Fault("endless", openai.CERTIFICATES))
        found = collected(tmp_path, a_source("openai", simulator))
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {
        (openai.EXTERNAL_KEYS, GapReason.DENIED),
        (openai.CERTIFICATES, GapReason.MALFORMED),
    }


def test_a_throttled_call_that_is_answered_later_is_no_gap(tmp_path: Path) -> None:
    with simulated() as simulator:
        simulator.faults.add(Fault("throttle", openai.RETENTION, times=2))
        found = collected(tmp_path, a_source("openai", simulator))
    assert found.gaps == []
    (answer,) = found.answers(openai.RETENTION)
    assert answer.attempts == 3
