"""The command ``doctor``: what is in place and what is not, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scanner import resources
from scanner.cli import doctor as command
from scanner.cli.main import run
from scanner.demo.aws.faults import Fault
from scanner.errors import KeyauditError
from scanner.pipeline import Identified
from tests.cli.reports import a_gap
from tests.estate.faulty import source
from tests.support import a_key, a_world, estate_text, simulated


def examined(capsys: pytest.CaptureFixture[str], estate: Path | None = None) -> tuple[int, str]:
    """Return the exit code and what was printed, unfolded."""
    code = run(["doctor", *([str(estate)] if estate else [])], traces=False)
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80 or "/" in out
    return code, out.replace("\n     ", " ")


def written(folder: Path, text: str) -> Path:
    path = folder / "estate.yaml"
    path.write_text(text)
    return path


def test_a_good_installation_says_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = examined(capsys)
    lines = out.splitlines()
    assert code == 0
    assert [line.split(":")[0] for line in lines[:-1]] == ["ok   keyaudit", "ok   controls", "ok   pdf", "ok   demo"]
    assert lines[-1] == "next: `keyaudit demo`, or `keyaudit init` and `keyaudit doctor estate.yaml`"


def test_a_source_that_answers_says_who_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        code, out = examined(capsys, written(tmp_path, estate_text(aws.url, regions="all")))
        asked = {r.operation for r in aws.requests}
    assert code == 0
    assert "ok   main: answers; you are arn:aws:" in out
    assert asked == {"sts:GetCallerIdentity", "ec2:DescribeRegions"}


def test_an_estate_that_is_wrong_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, source("regoins: all"))
    code, out = examined(capsys, path)
    assert code == 2
    assert f"BAD  estate: {path}:6: unknown key 'regoins' in sources.aws[0] did you mean 'regions'?" in out


def test_what_failed_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", str(tmp_path / "nope.yaml")], traces=False) == 2
    assert capsys.readouterr().err == "error: 1 of 5 checks failed\nhint: see the lines that begin with BAD\n"


def test_every_source_is_looked_at_whatever_the_others_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        role = "      role_arn: arn:aws:iam::111122223333:role/a\n"
        text = estate_text(aws.url, more=f"{role}      external_id: {{env: KEYAUDIT_NOWHERE}}\n")
        text += f"    - name: second\n      endpoint_url: {aws.url}\n      profile: nobody\n"
        text += f"    - name: third\n      endpoint_url: {aws.url}\n"
        code, out = examined(capsys, written(tmp_path, text))
    assert code == 2
    assert "BAD  main: " in out
    assert "estate.yaml:12: the environment variable KEYAUDIT_NOWHERE is not set set it and run again" in out
    assert "BAD  second: sts:GetCallerIdentity denied ProfileNotFound: " in out
    assert "check `profile` in the estate file against ~/.aws/config" in out
    assert "ok   third: answers; you are arn:aws:" in out


def test_a_member_account_that_refuses_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("one"), accounts=["444455556666"])) as aws:
        aws.faults.add(Fault("deny", "sts:AssumeRole", subject="444455556666"))
        text = estate_text(aws.url, more="      organization: true\n")
        code, out = examined(capsys, written(tmp_path, text))
    assert code == 2
    assert "BAD  main: sts:AssumeRole denied AccessDenied in aws:444455556666: " in out
    assert "grant the read permissions that `keyaudit permissions aws` prints" in out
    assert "ok   main: answers; you are" in out


def test_what_a_provider_says_cannot_disturb_the_terminal() -> None:
    gap = a_gap(detail="\x1b[2J" + "x" * 10_000, account="", error_code="")
    (bad, good) = command.source(Identified("main", ("arn:\x1b[31m",), (gap,)))
    lines = [*command.lines(bad), *command.lines(good)]
    assert all(line.isprintable() for text in lines for line in text.splitlines())
    assert len("".join(lines)) < 3_000
    assert lines[0].startswith("BAD  main: kms:DescribeKey denied:\n     \\u001b[2Jxxx")


def test_a_damaged_catalogue_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing() -> Path:
        raise KeyauditError("the folder controls is missing", hint="install keyaudit again")

    monkeypatch.setattr(resources, "controls_dir", missing)
    finding = command.catalogue()
    assert (finding.good, finding.detail, finding.hints) == (
        False,
        "the folder controls is missing",
        ("install keyaudit again",),
    )
    monkeypatch.setattr(resources, "controls_dir", lambda: tmp_path)
    assert not command.catalogue().good


def test_a_renderer_that_does_not_load_is_told_with_the_packages_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    finding = command.renderer()
    assert not finding.good
    assert finding.hints == (
        "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        "or scan with --no-report",
    )


def test_a_scan_needs_no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    finding = list(command.installation())[-1]
    assert finding == command.Finding(
        True, "demo", "not installed (scans do not need it)", ('pip install "keyaudit[demo]"',)
    )
