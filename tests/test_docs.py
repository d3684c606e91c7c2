"""Documentation that fails when it is stale."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

from scanner import sources
from scanner.cli import main as command_line
from tests.test_architecture import ALLOWED

ROOT = Path(__file__).parent.parent


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0), "run `make docs`"


def test_the_readme_begins_with_the_two_commands() -> None:
    head = text("README.md")[:900]
    assert "make demo" in head
    assert "make test" in head


def test_the_readme_has_every_exit_code() -> None:
    table = text("README.md").split("## Exit codes")[1].split("##")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    said = {int(code) for code in re.findall(r"(?<![\d.])(\d+) [a-z]", command_line.EPILOG)}
    assert documented == said == {0, 1, 2, 3, 4, 10, 20, 75, 130}


def test_the_printed_policy_allows_the_declared_operations_and_no_more() -> None:
    policy = json.loads(text("docs/permissions/aws.json"))
    allowed = {
        action
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert allowed == {permission for op in sources.SOURCES[0].operations() for permission in op.permissions}


def test_the_architecture_page_has_the_table_of_imports() -> None:
    page = text("docs/architecture.md")
    rows = {
        name: cells
        for line in page.splitlines()
        if line.startswith("| `")
        for cells in [line.split("|")[1:-1]]
        for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert set(rows) == set(ALLOWED) - {"__main__"}


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_workflow_is_pinned_and_has_no_rights() -> None:
    workflow = text(".github/workflows/ci.yml")
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)
    assert yaml.safe_load(workflow)["permissions"] == {}


def test_ci_runs_what_a_developer_runs() -> None:
    assert text(".ci/run").splitlines()[-1] == "exec make test"
