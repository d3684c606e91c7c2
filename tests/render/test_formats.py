"""The formats for other programs, all of them: valid on 10 MB of text, the same bytes anywhere, no verdict lost."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render import junit, markdown, ocsf, oscal, sarif, table_csv
from tests.render import published
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reports import a_failure, a_finding, a_report, a_result, arn

ROOT = Path(__file__).parent.parent.parent
RENDERERS: Mapping[str, Callable[[Report], Artifact]] = {
    "oscal": oscal.render,
    "ocsf": ocsf.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "table_csv": table_csv.render,
    "markdown": markdown.render,
}
VALID: Mapping[str, Callable[[bytes], object]] = {
    "oscal": published.oscal,
    "ocsf": published.ocsf,
    "sarif": published.sarif,
    "junit": published.junit,
}
PROGRAM = """
import hashlib, json
from tests.render.test_formats import PAYLOADS, RENDERERS, hostile_report
report = hostile_report(*PAYLOADS.values())
print(json.dumps({name: hashlib.sha256(render(report).data).hexdigest() for name, render in RENDERERS.items()}))
"""


@pytest.fixture(scope="module")
def long() -> Report:
    return hostile_report("\u202e<&|`{[=" * 1_250_000)


@pytest.mark.parametrize("name", RENDERERS)
def test_ten_megabytes_are_cut_and_still_valid(name: str, long: Report) -> None:
    data = RENDERERS[name](long).data
    assert len(data) < 1_000_000
    VALID.get(name, bytes.decode)(data)


@pytest.mark.parametrize("name", RENDERERS)
def test_an_unknown_is_said_and_is_neither_pass_nor_satisfied(name: str) -> None:
    report = a_report(a_result(a_finding(arn("one"), Verdict.UNKNOWN), passed=2))
    text = RENDERERS[name](report).data.decode()
    assert "UNKNOWN" in text
    for good in ('"satisfied"', '"pass"', '"Pass"', '"PASS"', "| PASS | high"):
        assert good not in text


def test_a_pass_does_look_like_one() -> None:
    report = a_report(a_result(passed=2))
    assert '"satisfied"' in RENDERERS["oscal"](report).data.decode()
    assert '"kind": "pass"' in RENDERERS["sarif"](report).data.decode()
    assert '"status": "Pass"' in RENDERERS["ocsf"](report).data.decode()


@pytest.mark.parametrize("name", RENDERERS)
def test_a_report_of_nothing_is_valid(name: str) -> None:
    data = RENDERERS[name](a_report(sources=())).data
    assert data != RENDERERS[name](a_failure()).data
    VALID.get(name, bytes.decode)(data)


def test_another_process_clock_zone_and_hash_seed_give_the_same_bytes() -> None:
    report = hostile_report(*PAYLOADS.values())
    here = {name: hashlib.sha256(render(report).data).hexdigest() for name, render in RENDERERS.items()}
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environ, capture_output=True, check=True, text=True
    )
    assert json.loads(done.stdout) == here
