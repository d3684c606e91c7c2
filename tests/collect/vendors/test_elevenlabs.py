"""Reading a simulated ElevenLabs with its own SDK: all that is there, and what becomes a gap."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.collect.vendors import elevenlabs
from scanner.demo.aws.faults import Fault
from scanner.demo.vendors import simulator
from scanner.demo.vendors.elevenlabs import ROUTES
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.vendors.running import collected
from tests.demo.vendors.running import a_source, simulated


def test_everything_is_read_page_after_page_and_only_by_get(tmp_path: Path) -> None:
    with simulated(page_size=2) as running:
        found = collected(tmp_path, a_source("elevenlabs", running, project_key=False))
        assert {request.method for request in running.requests} == {"GET"}
    assert found.gaps == []
    assert set(found.asked) == set(elevenlabs.METHODS)
    assert [found.asked[one] for one in (elevenlabs.AGENTS, elevenlabs.HISTORY, elevenlabs.AGENT)] == [2, 2, 3]


def test_no_word_of_a_patient_no_prompt_and_no_hash_of_a_key_is_in_the_evidence(tmp_path: Path) -> None:
    with simulated() as running:
        collected(tmp_path, a_source("elevenlabs", running))
    text = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert '"elevenlabs:ListHistory"' in text
    assert "/response/api_keys/0/hashed_xi_api_key" in text
    for word in ("buprenorphine", "friendly nurse", "5e884898", "jane", "Jane", "elevenlabs-administrator-word"):
        assert word not in text


def test_an_agent_that_is_denied_is_one_gap(tmp_path: Path) -> None:
    with simulated() as running:
        running.faults.add(Fault("deny", elevenlabs.AGENT, "agent_reminder"))
        found = collected(tmp_path, a_source("elevenlabs", running))
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == (
        elevenlabs.AGENT,
        "elevenlabs:agent_reminder",
        GapReason.DENIED,
    )


@pytest.mark.parametrize(
    ("operation", "member"), [(elevenlabs.ACCOUNTS, "service_accounts"), (elevenlabs.KEYS, "api_keys")]
)
@pytest.mark.parametrize("body", [{}, {"service_accounts": None, "api_keys": None}], ids=["empty", "null"])
def test_an_answer_without_its_list_is_a_gap_and_no_empty_list(
    operation: str, member: str, body: dict[str, Json], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    others = [one for one in ROUTES if one.operation != operation]
    (route,) = [one for one in ROUTES if one.operation == operation]
    monkeypatch.setitem(simulator._ROUTES, "elevenlabs", (*others, replace(route, answer=lambda _: body)))
    with simulated() as running:
        found = collected(tmp_path, a_source("elevenlabs", running))
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {(operation, GapReason.MALFORMED)}
    assert all(f"`{member}` is not a list" in gap.detail for gap in found.gaps)


def test_a_wrong_key_leaves_a_gap_for_everything(tmp_path: Path) -> None:
    with simulated() as running:
        found = collected(tmp_path, a_source("elevenlabs", running), admin_key="wrong")
    assert found.answers() == []
    assert {gap.error_code for gap in found.gaps} == {"invalid_api_key"}
