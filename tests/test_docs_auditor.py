"""The auditor's guide, held against the catalogue, the command line, the report and the package that it explains."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from scanner.cli.main import run
from scanner.evidence.names import SEALS
from scanner.evidence.records import digest
from scanner.model.control import Basis, RestsOn
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME
from scanner.model.verdict import Verdict
from scanner.package.members import PAGES, PATTERNS
from scanner.resources import controls_dir, templates_dir
from scanner.verify.report import Outcome, Step, Told, VerificationError, step_lines
from tests.evidence.samples import line, observation_body

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/auditor-guide.md").read_text(encoding="utf-8")
PROTOCOL = GUIDE.split("\n## The OCR audit protocol")[1]
CLAUSES = {part.split()[0]: part for part in PROTOCOL.split("\n### ")[1:] if part.startswith("164.312(")}
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ (.+)$", GUIDE, re.MULTILINE)


CITING = {
    path.stem: set(re.findall(r'ref: "(164\.[^"]+)"', path.read_text(encoding="utf-8")))
    for path in sorted(controls_dir().glob("*/KM-*.yaml"))
}
"""Clauses of the law that a control cites, by its id; read as text, because loading the catalogue takes a second."""


def first_cells(after: str) -> list[str]:
    """Return the first cells of the table under a header row."""
    table = GUIDE.split(f"\n| {after} |")[1].split("\n\n")[0]
    return [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()[2:]]


def test_every_clause_of_the_law_has_its_requests() -> None:
    law = yaml.safe_load((controls_dir() / "frameworks/hipaa-164.312.yaml").read_text(encoding="utf-8"))
    assert list(CLAUSES) == [clause["ref"] for clause in law["clauses"]]
    for clause in law["clauses"]:
        heading = CLAUSES[clause["ref"]].splitlines()[0]
        assert heading.lower().endswith(f"({clause['rule'].lower()})")


def test_controls_that_answer_a_request_cite_its_clause() -> None:
    for clause, part in CLAUSES.items():
        named = set(re.findall(r"KM-[A-Z]+-\d+", part))
        assert {control for control in named if clause not in CITING.get(control, ())} == set(), clause
        # A clause that no control cites says so, and no other does.
        uncited = not any(clause in refs for refs in CITING.values())
        assert ("no control cites this clause" in part) is uncited is (not named), clause


def test_every_control_that_is_named_exists() -> None:
    named = set(re.findall(r"\bKM-[A-Z]+-\d+\b", GUIDE))
    assert len(named) > 100
    assert named - set(CITING) == set()


def test_every_table_that_is_named_exists() -> None:
    words = set(re.findall(r"`([a-z_]+)`", PROTOCOL)) - {"addressable_only", "emergency"}
    files = set(re.findall(r"(?:facts/)?([a-z_]+)\.parquet", GUIDE)) - {"verdicts"}
    assert words
    assert (words | files) - set(BY_NAME) == set()


def test_every_section_of_the_report_that_is_named_exists() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in templates_dir().rglob("*.j2"))
    headings = set(re.findall(r"<h2[^>]*>([^<{]+)</h2>", pages))
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", GUIDE))
    assert named
    assert named - headings == set()


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    slugs = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    }
    pages = GUIDE + (ROOT / "docs/security.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((?:auditor-guide\.md)?#([^)]+)\)", pages)) <= slugs


def test_every_member_of_a_package_is_explained() -> None:
    explained = {name for cell in first_cells("member | what it is") for name in re.findall(r"`([^`]+)`", cell)}
    assert explained == {*PATTERNS, *PAGES, *SEALS}


def test_every_field_of_an_answer_that_is_named_exists() -> None:
    fields = GUIDE.split("its answer: ")[1].split("**The id")[0]
    assert set(re.findall(r"`([a-z_]+)`", fields)) <= {*observation_body(), "reason", "detail"}


def test_every_step_verdict_and_basis_is_explained() -> None:
    assert first_cells("step that fails | what it means") == [f"`{step.value}`" for step in Step]
    verdicts = {cell.lower().replace(" ", "_") for cell in first_cells("verdict | shows | does not show")}
    assert verdicts == {verdict.value for verdict in Verdict}
    assert first_cells("basis | rests on") == [basis.value for basis in Basis]
    assert set(first_cells("word | meaning")) == {word.value for word in RestsOn}


def test_what_verifying_prints_is_shown_as_it_prints_it() -> None:
    lines = GUIDE.splitlines()
    for step in Step:
        shown = [one for one in lines if one.startswith(f"  {step.value} ")]
        assert shown, step
        for one in shown:
            detail = one[29:]
            assert one in set(step_lines([Told(step, outcome, detail) for outcome in Outcome]))
    assert f"hint: {VerificationError.hint}" in lines


def test_its_commands_have_the_options_that_they_use(capsys: pytest.CaptureFixture[str]) -> None:
    ours = [command.split()[1:] for command in COMMANDS if command.startswith("keyaudit ")]
    ours += [text.split()[1:] for text in re.findall(r"`(keyaudit [a-z][^`]*)`", GUIDE)]
    # Options are named alone where the text is about `verify`.
    ours.append(["verify", *re.findall(r"`(--[a-z-]+)`", GUIDE)])
    assert {words[0] for words in ours} >= {"verify", "keygen", "demo", "report", "permissions"}
    for name in {words[0] for words in ours}:
        capsys.readouterr()
        assert run([name, "--help"], traces=True) == 0
        known = set(re.findall(r"(?<!\S)(-{1,2}[a-z][a-z-]*)", capsys.readouterr().out))
        used = {word for words in ours if words[0] == name for word in words if word.startswith("-")}
        assert used <= known, name


def test_commands_without_keyaudit_are_those_of_the_page_in_the_package() -> None:
    page = (templates_dir() / "package/VERIFY.md").read_text(encoding="utf-8")
    others = [command for command in COMMANDS if not command.startswith(("keyaudit ", "openssl pkey "))]
    assert len(others) == 2
    assert [command for command in others if command not in page] == []


def script(name: str) -> str:
    """Return the program of the guide that has this in it."""
    (found,) = (text for language, text in BLOCKS if language == "python" and name in text)
    return str(found)


def output(program: str, folder: Path, *arguments: str) -> str:
    """Return what a program prints that is run in a folder, in this process: it imports DuckDB, which takes long."""
    printed = io.StringIO()
    (folder / "program.py").write_text(program, encoding="utf-8")
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["program.py", *arguments])
        runpy.run_path("program.py")
    return printed.getvalue()


def test_a_sample_can_be_drawn_and_drawn_again(tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    columns = "region, rotation_enabled, rotation_period_days, managed_by, evidence"
    duckdb.execute(
        f"COPY (SELECT 'key-' || range AS key_id, 'us-east-1' AS region, true AS rotation_enabled, "
        "365 AS rotation_period_days, if(range % 2 = 0, 'customer', 'provider') AS managed_by, "
        f"['sha256:' || range] AS evidence FROM range(100)) TO '{tmp_path}/facts/keys.parquet'"
    )
    assert set(columns.split(", ")) <= {column.name for column in columns_of(BY_NAME["keys"])}
    first, *rows = output(script("SEED"), tmp_path).splitlines()
    assert first == "25 of 50 keys"
    drawn = [row.split()[0] for row in rows]
    assert len(set(drawn)) == 25
    assert all(int(key.removeprefix("key-")) % 2 == 0 for key in drawn)
    assert drawn != sorted(drawn)
    assert output(script("SEED"), tmp_path).splitlines()[1:] == rows
    assert output(script("SEED").replace("audit 2026", "another seed"), tmp_path).splitlines()[1:] != rows


def test_an_answer_is_found_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    lines = [line(observation_body(params={"KeyId": str(n)})) for n in range(3)]
    (tmp_path / "evidence/aws.kms.jsonl").write_bytes(b"".join(lines))
    found = output(script("hashlib"), tmp_path, digest(lines[1].rstrip(b"\n")))
    assert found.splitlines()[0] == "evidence/aws.kms.jsonl"
    assert found.splitlines()[1].encode() == lines[1].rstrip(b"\n")
    assert output(script("hashlib"), tmp_path, digest(b"another")) == ""
