"""The command ``scan``: its options, its output, and every error that a user can cause with an estate file."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.demo.aws.faults import Fault
from tests import golden
from tests.estate.faulty import FAULTY, PLAIN
from tests.support import AS_OF, NOWHERE, Scan, a_key, a_world, estate_text, of_keys, scan, simulated


def test_every_faulty_estate_file_has_its_exact_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for case in FAULTY:
        Path("estate.yaml").write_bytes(case.raw)
        assert run(["scan", "estate.yaml", "-o", "out"], traces=False) == 2, case.name
        captured = capsys.readouterr()
        assert captured.out == "", case.name
        said.append(f"== {case.name}\n{captured.err}")
    golden.check("estate_errors.txt", "\n".join(said))
    assert len(said) >= 60
    assert not Path("out").exists()


@pytest.mark.parametrize(("text", "secret"), [(t, s) for _, t, s in PLAIN], ids=[name for name, _, _ in PLAIN])
def test_not_even_a_traceback_repeats_a_secret(
    text: str, secret: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "estate.yaml").write_text(text)
    assert run(["scan", str(tmp_path / "estate.yaml"), "-vv"], traces=True) == 2
    captured = capsys.readouterr()
    assert "Traceback" in captured.err
    assert secret not in captured.out + captured.err


def test_a_value_of_the_wrong_type_is_in_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("external_id: hunter2", "concurrency: hunter2", "organization: {role: [hunter2]}", "name: HUNTER2"):
        text = f"keyaudit: 1\norganization: x\nsources:\n  aws:\n    - {line}\n"
        (tmp_path / "estate.yaml").write_text(text)
        assert run(["scan", str(tmp_path / "estate.yaml"), "-vv"], traces=True) == 2
        assert "hunter2" not in capsys.readouterr().err.lower()


ONE = ["--no-report", "--as-of", AS_OF, "--control", "KM-ROT-04"]


def scanned(folder: Path, estate: str, *arguments: str) -> int:
    """Scan as a user would who looks at what is printed."""
    (folder / "estate.yaml").write_text(estate)
    return run(["scan", str(folder / "estate.yaml"), "-o", str(folder / "out"), *arguments], traces=True)


def test_a_summary_goes_to_standard_output_and_nothing_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulated(a_world(a_key("good"), a_key("bad", rotation=None))) as aws:
        assert scanned(tmp_path, estate_text(aws.url), *ONE) == 10
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[:6] == [
        "Test Health, as of 2026-06-15 12:00 UTC",
        "controls: 1 failed, 0 unknown, 0 passed, 0 not applicable",
        "",
        "FAILED",
        "  high     KM-ROT-04  1 of 2    Automatic rotation is on for every key that",
        "                                supports it",
    ]


def test_quiet_prints_nothing_whatever_was_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("good"), a_key("bad", rotation=None))) as aws:
        aws.faults.add(Fault("deny", "kms:GetKeyRotationStatus", subject=a_key("good").arn))
        assert scan(tmp_path, estate_text(aws.url), "--control", "KM-ROT-04").code == 10
    assert capfd.readouterr() == ("", "")


def test_json_is_results_json_byte_for_byte_and_nothing_else(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with simulated(a_world(a_key("good"))) as aws:
        assert scanned(tmp_path, estate_text(aws.url), "--format", "json", *ONE) == 0
    captured = capsysbinary.readouterr()
    assert captured.out == (tmp_path / "out" / "results.json").read_bytes()
    assert captured.err == b""


@pytest.mark.parametrize(("arguments", "whole"), [([], False), (["-v"], True)])
def test_more_is_said_when_asked(
    tmp_path: Path, arguments: list[str], whole: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulated(a_world(a_key("bad"))) as aws:
        aws.faults.add(Fault("deny", "kms:*"))
        assert scanned(tmp_path, estate_text(aws.url), "--no-report", *arguments, *of_keys()) == 3
    out = capsys.readouterr().out
    assert ("more in the report" in out) is not whole
    # There are no key stores, and a key service is no token.
    unknown = {one for one in of_keys() if one != "--control"} - {"KM-EMG-05", "KM-FIP-06"} - NOWHERE
    assert all(control in out for control in unknown) is whole


@pytest.mark.parametrize(("fail_on", "code"), [("high", 10), ("critical", 0)])
def test_the_severity_that_counts_is_the_users_choice(tmp_path: Path, fail_on: str, code: int) -> None:
    with simulated(a_world(a_key("bad", rotation=None))) as aws:
        assert scanned(tmp_path, estate_text(aws.url), "--quiet", "--fail-on", fail_on, *ONE) == code


def test_overwrite_replaces_a_scan_and_leaves_what_is_beside_it(tmp_path: Path) -> None:
    with simulated(a_world(a_key("good"))) as aws:
        first = scan(tmp_path, estate_text(aws.url), "--control", "KM-ROT-04")
        (first.folder / "notes.txt").write_text("mine")
        assert scan(tmp_path, estate_text(aws.url), "--control", "KM-ROT-03").code == 2
        assert [c["id"] for c in first.results["controls"]] == ["KM-ROT-04"]
        assert scan(tmp_path, estate_text(aws.url), "--control", "KM-ROT-03", "--overwrite").code == 0
    assert [c["id"] for c in first.results["controls"]] == ["KM-ROT-03"]
    assert (first.folder / "notes.txt").read_text() == "mine"


TROUBLE = {
    "no credentials": ("denied (NoCredentialsError)", "there are no credentials: log in"),
    "an unknown profile": ("denied (ProfileNotFound)", "check `profile` in the estate file"),
    "expired credentials": ("denied (ExpiredToken", "log in again"),
    "nobody there": ("unreachable (EndpointConnectionError)", "check `regions`, `endpoint_url`"),
    "no permission": ("denied (AccessDenied", "grant the read permissions that `keyaudit permissions aws`"),
}


def in_trouble(trouble: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Scan with one thing wrong outside the estate file."""
    more = "      profile: nobody\n" if trouble == "an unknown profile" else ""
    with simulated(a_world(a_key("good"))) as aws:
        if trouble == "no credentials":
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                monkeypatch.delenv(name)
        if trouble == "expired credentials":
            aws.faults.add(Fault("expired"))
        if trouble == "no permission":
            aws.faults.add(Fault("deny"))
        url = "http://127.0.0.1:9" if trouble == "nobody there" else aws.url
        return scanned(folder, estate_text(url, more=more), *ONE)


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_outside_is_told_with_what_to_do(
    trouble: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_trouble(trouble, tmp_path, monkeypatch) == 3
    out = capsys.readouterr().out
    assert "controls: 0 failed, 1 unknown, 0 passed" in out
    shown = " ".join(out.split("NOT READ")[1].split())
    what, to_do = TROUBLE[trouble]
    assert f"aws:main sts:GetCallerIdentity {what}" in shown
    assert "to do: " in shown
    assert to_do in shown


def test_a_region_that_gives_nothing_is_a_gap_of_that_region_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulated(a_world(a_key("good"))) as aws:
        aws.faults.add(Fault("deny", "kms:*", region="us-north-9"))
        assert scanned(tmp_path, estate_text(aws.url, regions="[us-east-1, us-north-9]"), *ONE) == 3
    assert Scan(3, tmp_path / "out").verdict("KM-ROT-04", a_key("good").arn) == "pass"
    shown = capsys.readouterr().out.split("NOT READ")[1]
    assert "aws:111122223333:us-north-9  kms:ListKeys denied" in shown
    assert "us-east-1" not in shown
