"""The catalogue on a terminal: aligned, folded, and right or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scanner import pipeline, resources
from scanner.cli.controls import describe
from scanner.cli.main import run
from scanner.model.control import Catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return pipeline.load_catalogue(resources.controls_dir())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resources.controls_dir(), tmp_path / "controls"))


def test_the_list_has_every_control_in_columns(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["controls", "list"], traces=True) == 0
    lines = capsys.readouterr().out.splitlines()
    first = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[0] for line in first] == [control.id for control in catalogue.controls]
    assert max(len(line) for line in lines) <= 80
    for line, control in zip(first, catalogue.controls, strict=True):
        assert line[11:20].strip() == control.severity.value
        assert line[20:35].strip() == control.basis.value.replace("_", " ")
        assert control.title.startswith(line[35:])


def test_the_list_can_be_narrowed(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    run(["controls", "list", "--phase", "rotation", "--framework", "hipaa-164.312"], traces=True)
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")}
    assert listed == {
        control.id
        for control in catalogue.controls
        if control.phase == "rotation" and any(c.framework == "hipaa-164.312" for c in control.citations)
    }
    assert listed


def test_every_control_is_shown_whole_in_80_columns(catalogue: Catalogue) -> None:
    for control in catalogue.controls:
        lines = list(describe(control))
        whole = " ".join(" ".join(lines).split())
        assert all(len(line) <= 80 or max(map(len, line.split())) > 60 for line in lines), control.id
        for text in (control.statement, control.applies, control.pass_when, control.fail_when, control.rationale):
            assert " ".join(text.split()) in whole
        for _, remedy in control.remedy:
            assert " ".join(remedy.split()) in whole
        for parameter in control.parameters:
            assert f"{parameter.name} = {parameter.default}" in whole


def test_the_text_of_a_catalogue_cannot_disturb_the_terminal(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "rotation" / "KM-ROT-04.yaml"
    title = next(line for line in path.read_text().splitlines() if line.startswith("title:"))
    path.write_text(path.read_text().replace(title, r'title: "\e[2Jtitle\u202e\r\n"'))
    for command in (["list"], ["show", "KM-ROT-04"]):
        assert run(["controls", *command, "--controls", str(copy)], traces=True) == 0
        out = capsys.readouterr().out
        assert out.replace("\n", "").isprintable()
        assert "\\u001b[2Jtitle\\u202e" in out


def test_the_shipped_catalogue_has_no_problem(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["controls", "lint"], traces=True) == 0
    assert capsys.readouterr().out == f"{len(catalogue.controls)} controls, no problems\n"


def test_problems_are_listed_with_their_file(
    copy: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy / "rotation" / "KM-ROT-04.yaml"
    path.write_text(path.read_text().replace("statement: ", "statement: HIPAA requires that ", 1))
    assert run(["controls", "lint", "--controls", str(copy)], traces=False) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[0].startswith(f"{path}:")
    assert "KM-ROT-04: " in lines[0]
    assert lines[1:] == [f"error: 1 problem in {len(catalogue.controls)} controls"]


def test_examples_that_hold_are_counted(capsys: pytest.CaptureFixture[str], catalogue: Catalogue) -> None:
    (control,) = (c for c in catalogue.controls if c.id == "KM-ROT-04")
    assert run(["controls", "test", "--control", "KM-ROT-04"], traces=True) == 0
    assert capsys.readouterr().out == f"{len(control.examples)} examples of 1 control: all hold\n"


def test_an_example_that_does_not_hold_is_told(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "rotation" / "KM-ROT-04.yaml"
    path.write_text(path.read_text().replace(": pass}", ": fail}", 1))
    assert run(["controls", "test", "--control", "KM-ROT-04", "--controls", str(copy)], traces=False) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"{path}:")
    assert "KM-ROT-04: " in lines[0]
    assert lines[0].endswith(" is pass, expected fail")
    assert lines[1:] == ["error: 1 example of 1 control got another verdict than stated"]
