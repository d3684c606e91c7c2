"""Reading a simulated Anthropic with Anthropic's own SDK: all that is there, and what becomes a gap."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.vendors import anthropic
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from tests.collect.vendors.running import collected
from tests.demo.vendors.running import a_source, simulated


def test_everything_is_read_page_after_page_and_only_by_get(tmp_path: Path) -> None:
    with simulated(page_size=1) as simulator:
        found = collected(tmp_path, a_source("anthropic", simulator))
        assert {request.method for request in simulator.requests} == {"GET"}
    assert found.gaps == []
    assert found.asked == {
        anthropic.ME: 1,
        anthropic.COMPLIANCE: 1,
        anthropic.WORKSPACES: 2,
        anthropic.EXTERNAL_KEYS: 1,
        anthropic.API_KEYS: 3,
        anthropic.FILES: 2,
    }
    text = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    for word in ("anthropic-administrator-word", "anthropic-workspace-word", "jane-doe.pdf"):
        assert word not in text


def test_without_the_second_key_files_are_not_looked_at(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("anthropic", simulator, project_key=False))
    assert (found.gap.operation, found.gap.reason) == (anthropic.FILES, GapReason.NOT_ALLOWED)


def test_a_wrong_key_leaves_a_gap_for_everything(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("anthropic", simulator, project_key=False), admin_key="wrong")
    assert found.answers() == []
    denied = {gap.operation for gap in found.gaps if gap.error_code == "authentication_error"}
    assert denied == set(anthropic.METHODS) - {anthropic.FILES}


def test_an_endless_listing_is_a_gap(tmp_path: Path) -> None:
    with simulated() as simulator:
        simulator.faults.add(Fault("endless", anthropic.EXTERNAL_KEYS))
        found = collected(tmp_path, a_source("anthropic", simulator))
    assert (found.gap.operation, found.gap.reason) == (anthropic.EXTERNAL_KEYS, GapReason.LIMIT)
