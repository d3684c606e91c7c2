"""What could not be read is never a pass: denied, throttled, malformed and missing answers of whole scans."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.demo.aws.faults import Fault, Kind
from tests.support import NOWHERE, SCOPE, Scan, a_key, a_world, estate_text, scan, simulated

ONE, TWO = a_key("one"), a_key("two")


def scanned(folder: Path, *faults: Fault, controls: Sequence[str] = ()) -> Scan:
    """Scan two keys, by the controls that the test looks at, or by all that are about keys."""
    with simulated(a_world(ONE, TWO)) as aws:
        for fault in faults:
            aws.faults.add(fault)
        return scan(folder, estate_text(aws.url), *(part for one in controls for part in ("--control", one)))


def test_a_denied_rotation_status_makes_the_rotation_of_that_key_unknown(tmp_path: Path) -> None:
    fault = Fault("deny", "kms:GetKeyRotationStatus", subject=ONE.arn)
    result = scanned(tmp_path, fault, controls=("KM-ROT-03", "KM-ROT-04"))
    assert result.code == 3
    assert result.verdict("KM-ROT-04", ONE.arn) == "unknown"
    assert result.reason("KM-ROT-04", ONE.arn) == "kms:GetKeyRotationStatus denied (AccessDeniedException)"
    assert result.verdict("KM-ROT-04", TWO.arn) == "pass"
    assert result.verdict("KM-ROT-03", ONE.arn) == "pass"  # the history was read
    assert result.control("KM-ROT-04") == "unknown"
    (gap,) = result.gaps
    assert (gap["operation"], gap["subject"], gap["reason"]) == ("kms:GetKeyRotationStatus", ONE.arn, "denied")
    assert gap["source"] == SCOPE


def test_a_denied_description_keeps_the_key_in_the_population(tmp_path: Path) -> None:
    result = scanned(tmp_path, Fault("deny", "kms:DescribeKey", subject=ONE.arn))
    rows = result.query("SELECT DISTINCT verdict FROM verdicts WHERE subject = $s", s=ONE.arn)
    # What is tagged for something else than ePHI is not a matter of KM-STO-11, whatever else is not known.
    assert {verdict for (verdict,) in rows} == {"unknown", "not_applicable"}
    assert result.query("SELECT count(*) FROM keys") == [(2,)]
    assert "kms:DescribeKey denied" in result.reason("KM-ROT-04", ONE.arn)


def test_a_denied_listing_makes_every_control_over_keys_unknown(tmp_path: Path) -> None:
    result = scanned(tmp_path, Fault("deny", "kms:ListKeys"))
    assert result.code == 3
    verdicts = {str(c["id"]): str(c["verdict"]) for c in result.results["controls"]}
    # Key stores are listed by a call of their own; there are none.
    assert {verdicts.pop(one) for one in ("KM-EMG-05", *NOWHERE)} == {"not_applicable"}
    assert set(verdicts.values()) == {"unknown"}
    assert result.verdict("KM-ROT-04", SCOPE) == "unknown"
    assert result.reason("KM-ROT-04", SCOPE) == "kms:ListKeys denied (AccessDeniedException)"


def test_a_denied_policy_keeps_the_key_and_its_policy_unknown(tmp_path: Path) -> None:
    controls = ("KM-ACC-01", "KM-ACC-02", "KM-ACC-11", "KM-ACC-15")
    result = scanned(tmp_path, Fault("deny", "kms:GetKeyPolicy", subject=ONE.arn), controls=controls)
    for control in controls:
        assert result.verdict(control, ONE.arn) == "unknown"
        assert result.verdict(control, TWO.arn) == "pass"


def test_denied_grants_are_not_no_grants(tmp_path: Path) -> None:
    result = scanned(tmp_path, Fault("deny", "kms:ListGrants", subject=ONE.arn), controls=("KM-ACC-13",))
    assert result.verdict("KM-ACC-13", ONE.arn) == "unknown"
    assert result.verdict("KM-ACC-13", TWO.arn) == "pass"


def test_a_listing_cut_off_in_the_middle_keeps_what_was_read_and_says_so(tmp_path: Path) -> None:
    with simulated(a_world(*(a_key(f"k{i}") for i in range(6))), page_size=2) as aws:
        aws.faults.add(Fault("deny", "kms:ListKeys", subject='"Marker": "4"'))
        result = scan(tmp_path, estate_text(aws.url), "--control", "KM-ROT-04")
    assert result.query("SELECT count(*) FROM keys") == [(4,)]
    assert result.verdict("KM-ROT-04", SCOPE) == "unknown"
    assert result.control("KM-ROT-04") == "unknown"
    assert result.query("SELECT DISTINCT complete FROM coverage WHERE listed_table = 'keys'") == [(False,)]


@pytest.mark.parametrize("kind", ["throttle", "error", "malformed", "wrong_types", "unsupported", "expired"])
def test_no_broken_answer_becomes_a_pass(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.ask.MAX_ATTEMPTS", 2)
    controls = ("KM-ROT-04", "KM-ACC-01")
    faults = (Fault(kind, "kms:GetKeyRotationStatus"), Fault(kind, "kms:GetKeyPolicy"))
    result = scanned(tmp_path, *faults, controls=controls)
    assert result.code == 3
    for control in controls:
        assert {result.verdict(control, key.arn) for key in (ONE, TWO)} == {"unknown"}
        assert result.control(control) == "unknown"


def test_a_whole_service_that_is_denied_is_unknown_everywhere(tmp_path: Path) -> None:
    result = scanned(tmp_path, Fault("deny", "kms:*"))
    # A key service is no token, whatever it holds.
    assert {c["verdict"] for c in result.results["controls"] if c["id"] not in NOWHERE | {"KM-FIP-06"}} == {"unknown"}
    assert result.code == 3


def test_nobody_at_the_endpoint_is_a_gap_not_a_clean_scan(tmp_path: Path) -> None:
    with simulated(a_world(ONE)) as aws:
        url = aws.url
    result = scan(tmp_path, estate_text(url))
    assert result.code == 3
    assert {c["verdict"] for c in result.results["controls"] if c["id"] not in NOWHERE} == {"unknown"}
    assert {result.control(one) for one in NOWHERE} == {"not_applicable"}
    assert {gap["reason"] for gap in result.gaps} == {"denied"}  # no credentials outside the simulator


def test_an_empty_account_is_not_applicable_and_not_a_pass(tmp_path: Path) -> None:
    with simulated(a_world()) as aws:
        result = scan(tmp_path, estate_text(aws.url))
    assert {c["verdict"] for c in result.results["controls"]} == {"not_applicable"}
    assert result.code == 0


def test_throttling_is_waited_out(tmp_path: Path) -> None:
    result = scanned(tmp_path, Fault("throttle", "kms:DescribeKey", times=3))
    assert result.code == 0
    assert result.gaps == []


def test_one_failing_region_never_stops_the_others(tmp_path: Path) -> None:
    west = a_key("west", region="us-west-2")
    with simulated(a_world(ONE, west)) as aws:
        aws.faults.add(Fault("deny", "kms:*", region="us-west-2"))
        result = scan(tmp_path, estate_text(aws.url, regions="[us-east-1, us-west-2]"), "--control", "KM-ROT-04")
    assert result.verdict("KM-ROT-04", ONE.arn) == "pass"
    assert result.verdict("KM-ROT-04", "aws:111122223333:us-west-2") == "unknown"
    assert result.control("KM-ROT-04") == "unknown"


def test_a_missing_register_leaves_open_what_it_tells_and_not_what_no_source_can_have(tmp_path: Path) -> None:
    with simulated(a_world()) as aws:
        result = scan(tmp_path, estate_text(aws.url), "--control", "KM-VEN-15", "--control", "KM-VEN-02")
    assert {gap["error_code"] for gap in result.gaps} == {"NoRegister"}
    # The first is over parts of AI vendors and reads contracts, the second is over the contracts themselves.
    assert {one: result.control(one) for one in ("KM-VEN-15", "KM-VEN-02")} == {
        "KM-VEN-15": "not_applicable",
        "KM-VEN-02": "unknown",
    }
    assert result.code == 3
