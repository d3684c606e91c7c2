"""Reading a simulated Deepgram with its own SDK: all that is there, and what becomes a gap."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.vendors import deepgram
from scanner.demo.aws.faults import Fault
from scanner.demo.vendors.world import Deepgram, DeepgramProject, Vendors
from scanner.model.observation import GapReason
from tests.collect.vendors.running import collected
from tests.demo.vendors.running import a_source, simulated


def test_every_project_is_read_and_only_by_get(tmp_path: Path) -> None:
    with simulated() as simulator:
        found = collected(tmp_path, a_source("deepgram", simulator))
        assert {request.method for request in simulator.requests} == {"GET"}
    assert found.gaps == []
    assert found.asked == {deepgram.PROJECTS: 1, **dict.fromkeys(set(deepgram.METHODS) - {deepgram.PROJECTS}, 2)}
    text = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "/response/members/0/email" in text
    for word in ("jane.doe@example.com", "Jane", "deepgram-administrator-word", "usd"):
        assert word not in text


def test_a_long_log_is_read_to_its_end(tmp_path: Path) -> None:
    project = DeepgramProject(id="p", name="p", about="", mip_opt_out=True, requests=[1] * 1001)
    world = Vendors(deepgram=Deepgram(admin_key="word", projects=[project]))
    with simulated(world) as simulator:
        found = collected(tmp_path, a_source("deepgram", simulator), world=world)
    assert found.gaps == []
    assert found.asked[deepgram.REQUESTS] == 2


def test_a_project_whose_keys_are_denied_is_one_gap(tmp_path: Path) -> None:
    with simulated() as simulator:
        simulator.faults.add(Fault("deny", deepgram.KEYS, "0002"))
        found = collected(tmp_path, a_source("deepgram", simulator))
    assert (found.gap.operation, found.gap.reason, found.gap.error_code) == (
        deepgram.KEYS,
        GapReason.DENIED,
        "PERMISSION_ERROR",
    )
    assert found.gap.subject == "deepgram:5a1b0000-0000-4000-8000-000000000002"
