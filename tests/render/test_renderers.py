"""The formats that users name, and that the same report always gives the same bytes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.render import RENDERERS
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reports import a_failure

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import hashlib, json, sys
from scanner.render import RENDERERS
from tests.render.hostile import PAYLOADS, hostile_report
names = ("script", "html")
report = hostile_report(*(PAYLOADS[name] for name in names))
print(json.dumps({name: hashlib.sha256(render(report).data).hexdigest() for name, render in RENDERERS.items()}))
"""


@pytest.mark.parametrize(
    ("name", "file", "start"),
    [("json", "results.json", b"{\n"), ("html", "report.html", b"<!DOCTYPE html>"), ("pdf", "report.pdf", b"%PDF-")],
)
def test_every_format_has_its_file(name: str, file: str, start: bytes) -> None:
    artifact = RENDERERS[name](a_failure())
    assert artifact.name == file
    assert artifact.data.startswith(start)


def test_the_formats_are_those_and_in_this_order() -> None:
    assert list(RENDERERS) == ["json", "html", "pdf"]


def test_another_process_clock_zone_and_hash_seed_give_the_same_bytes() -> None:
    report = hostile_report(*(PAYLOADS[name] for name in ("script", "html")))
    here = {name: hashlib.sha256(render(report).data).hexdigest() for name, render in RENDERERS.items()}
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environ, capture_output=True, check=True, text=True
    )
    assert done.stdout.strip().replace('"', "'") == str(here)
