"""A built wheel carries the controls and the templates, and works where the source is not."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from scanner import __version__
from tests.support import a_key, a_world

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it: what pip does, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("keyaudit-*.whl")
    assert __version__ in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def keyaudit(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "scanner", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_it_has_the_data_and_none_of_the_tests(installed: Path) -> None:
    names = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert "scanner/_data/controls/rotation/KM-ROT-04.yaml" in names
    assert "scanner/_data/templates/report.html.j2" in names
    assert {"scanner/demo/world.yaml", "scanner/demo/postgres/healthcare_voice.yaml"} <= names
    assert not any(name.startswith(("tests/", "bench/")) for name in names)


def test_it_runs_elsewhere(installed: Path, tmp_path: Path) -> None:
    done = keyaudit(installed, tmp_path, "controls", "show", "KM-ROT-04")
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout  # the control file is the wheel's


def test_the_demo_runs_elsewhere(installed: Path, tmp_path: Path) -> None:
    world = yaml.safe_dump(a_world(a_key("reporting")).model_dump(mode="json", exclude_defaults=True))
    (tmp_path / "world.yaml").write_text(world, encoding="utf-8")
    done = keyaudit(installed, tmp_path, "demo", "-o", "out", "--world", "world.yaml")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")
