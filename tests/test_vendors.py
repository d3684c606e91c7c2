"""Whole scans of simulated AI vendors: each planted defect is found, and what was not read never passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.demo.aws.faults import Fault
from scanner.demo.embedded import environment
from scanner.demo.vendors.simulator import VendorSimulator
from scanner.demo.vendors.world import OpenAi, Vendors
from tests.demo.vendors.running import VENDORS, keys_of, reference, simulated
from tests.support import Scan, scan

VENDOR_CONTROLS = [f"KM-VEN-{number}" for number in range(20, 34)]
CHOSEN = tuple(part for one in VENDOR_CONTROLS for part in ("--control", one))


def estate(simulator: VendorSimulator, *vendors: str, project_key: bool = True) -> str:
    """Return an estate file over simulated vendors."""
    lines = ["keyaudit: 1", "organization: Test Health", "selftest: {}", "sources:", "  vendors:"]
    for vendor in vendors:
        second = f", project_key: {{env: {vendor.upper()}_PROJECT}}" if project_key else ""
        lines.append(
            f"    - {{name: {vendor}, vendor: {vendor}, admin_key: {{env: {vendor.upper()}_ADMIN}}{second}, "
            f'endpoint_url: "{simulator.endpoint(vendor)}"}}'
        )
    return "\n".join(lines) + "\n"


@contextmanager
def running(world: Vendors | None = None) -> Iterator[VendorSimulator]:
    """Run simulated vendors, with their keys in the environment."""
    keys: dict[str, str] = {}
    for vendor in VENDORS:
        admin, project = keys_of(reference(), vendor)
        keys |= {f"{vendor.upper()}_ADMIN": admin, f"{vendor.upper()}_PROJECT": project or admin}
    with simulated(world) as simulator, environment(keys):
        yield simulator


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    with running() as simulator:
        done = scan(tmp_path_factory.mktemp("vendors"), estate(simulator, *VENDORS), *CHOSEN)
        assert {request.method for request in simulator.requests} == {"GET"}
        return done


def failed(done: Scan, control: str) -> set[str]:
    """Return the subjects that fail a control."""
    rows = done.query("SELECT subject FROM verdicts WHERE control_id = $c AND verdict = 'fail'", c=control)
    return {str(subject) for (subject,) in rows}


PILOT = "deepgram:5a1b0000-0000-4000-8000-000000000002"
FOUND = {
    "KM-VEN-20": {"openai:proj_experiments", "elevenlabs:agent_reminder", "elevenlabs:agent_survey", PILOT},
    "KM-VEN-21": {
        *(f"openai:proj_experiments/{one}" for one in ("file", "vector_store", "fine_tuning_job", "stored_completion")),
        *("anthropic:anthropic/file", "elevenlabs:elevenlabs/history_item", "elevenlabs:agent_reminder/conversation"),
    },
    "KM-VEN-22": {"openai:proj_experiments", "anthropic:wrkspc_default"},
    "KM-VEN-23": {"openai:ekey_openai_spare"},
    "KM-VEN-24": {"openai:key_admin_founder", "deepgram:dgkey-owner"},
    "KM-VEN-25": {"openai:key_realtime_old", "anthropic:apikey_default", "elevenlabs:key_voice_old"},
    "KM-VEN-26": {
        *("openai:key_realtime_old", "openai:key_experiments", "openai:key_admin_founder", "anthropic:apikey_default"),
        *("elevenlabs:key_voice_old", "deepgram:dgkey-owner"),
    },
    "KM-VEN-27": {"openai:key_realtime_old", "openai:key_admin_founder"},
    "KM-VEN-28": {"openai:proj_experiments"},
    "KM-VEN-29": {"elevenlabs:agent_reminder"},
    "KM-VEN-30": {PILOT},
    "KM-VEN-31": {"anthropic:anthropic"},
    "KM-VEN-32": {"elevenlabs:key_voice_old"},
    "KM-VEN-33": set(),
}


@pytest.mark.parametrize("control", VENDOR_CONTROLS)
def test_each_planted_defect_is_found_and_nothing_else(whole: Scan, control: str) -> None:
    assert failed(whole, control) == FOUND[control]
    assert whole.control(control) == ("fail" if FOUND[control] else "pass")


def test_everything_was_read_and_decided(whole: Scan) -> None:
    assert (whole.code, whole.gaps) == (10, [])
    assert whole.query("SELECT * FROM verdicts WHERE verdict = 'unknown'") == []


def test_the_customers_key_is_an_edge_of_the_hierarchy(tmp_path: Path) -> None:
    with running() as simulator:
        done = scan(tmp_path, estate(simulator, "openai", "anthropic"), "--control", "KM-FIP-11")
    edges = {(str(child), str(parent)) for child, parent in done.query("SELECT child_id, parent_id FROM bindings")}
    assert edges == {
        ("openai:proj_realtime", "arn:aws:kms:us-east-1:444455556666:key/mrk-bd019454c4ab5478b8ed532403a533de"),
        (
            "anthropic:wrkspc_clinical",
            "projects/example-analytics/locations/us-east1/keyRings/analytics/cryptoKeys/reports",
        ),
    }


EMPTY = OpenAi(admin_key="openai-administrator-word", retention="zero_data_retention", projects=[])


def test_an_empty_organization_has_nothing_to_judge(tmp_path: Path) -> None:
    with running(Vendors(openai=EMPTY)) as simulator:
        done = scan(tmp_path, estate(simulator, "openai", project_key=False), "--control", "KM-VEN-20")
    assert (done.control("KM-VEN-20"), done.gaps) == ("not_applicable", [])


@pytest.mark.parametrize("kind", ["deny", "malformed", "wrong_types", "unsupported"])
def test_what_was_not_read_is_unknown_and_never_a_pass(tmp_path: Path, kind: str) -> None:
    controls = ("KM-VEN-20", "KM-VEN-22", "KM-VEN-25", "KM-VEN-28")
    with running() as simulator:
        simulator.faults.add(Fault(kind, "openai:ListProjects"))  # type: ignore[arg-type] # one of its words
        chosen = (part for one in controls for part in ("--control", one))
        done = scan(tmp_path, estate(simulator, "openai"), *chosen)
    assert {done.control(one) for one in controls} == {"unknown"}
    assert done.code == 3
    assert {gap["operation"] for gap in done.gaps} == {"openai:ListProjects"}


def test_without_the_second_key_what_is_stored_is_unknown(tmp_path: Path) -> None:
    with running() as simulator:
        done = scan(tmp_path, estate(simulator, "openai", project_key=False), "--control", "KM-VEN-21")
    assert (done.code, done.control("KM-VEN-21")) == (3, "unknown")
    assert {gap["reason"] for gap in done.gaps} == {"not_allowed"}
