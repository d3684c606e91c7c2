"""The command ``init``: writes a file that the loader takes, and never over another."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.estate.load import load_estate
from tests.estate.faulty import GOOD


def test_the_file_is_written_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "--organization", 'Dr. "No" & Söhne'], traces=True) == 0
    assert load_estate(Path("estate.yaml")).organization == 'Dr. "No" & Söhne'
    assert capsys.readouterr().out == "wrote estate.yaml; next: keyaudit doctor estate.yaml\n"


def test_the_next_step_can_be_typed_as_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "my estate.yaml"], traces=True) == 0
    assert capsys.readouterr().out.endswith("next: keyaudit doctor 'my estate.yaml'\n")


def test_a_name_with_escapes_is_shown_safely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "a\x1b[31m\n.yaml"
    assert run(["init", name], traces=True) == 0
    assert capsys.readouterr().out.startswith("wrote a\\u001b[31m\\u000a.yaml; next:")
    assert (tmp_path / name).is_file()


def test_a_file_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text("mine")
    assert run(["init", str(path)], traces=False) == 2
    assert path.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\u202eb", "\x7f", "x" * 1001, "AKIAIOSFODNN7EXAMPLE"])
def test_a_name_that_the_file_cannot_hold_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "estate.yaml"), "--organization", name], traces=False) == 2
    assert capsys.readouterr().err.startswith("error: --organization: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "file", "key"),
    [
        (["baa"], "agreements.yaml", "agreements"),
        (["documents"], "documents.yaml", "documents"),
        (["waivers"], "waivers.yaml", "waivers"),
        (["alternatives"], "alternatives.yaml", "alternatives"),
        (["baa", "legal.yaml"], "legal.yaml", "agreements"),
    ],
)
def test_a_register_is_written_and_can_be_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    file: str,
    key: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", *words], traces=True) == 0
    assert capsys.readouterr().out == f"wrote {file}; next: name it in the estate file, `{key}: {file}`\n"
    Path("estate.yaml").write_text(f"{GOOD}{key}: {file}\n")
    register = getattr(load_estate(Path("estate.yaml")), key)
    assert (register.file, register.entries) == (file, ())


def test_a_register_that_is_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("agreements.yaml").write_text("mine")
    assert run(["init", "baa"], traces=False) == 2
    assert Path("agreements.yaml").read_text() == "mine"
    assert "exists already" in capsys.readouterr().err


def test_two_files_are_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "estate.yaml", "b.yaml"], traces=False) == 2
    assert "`init baa b.yaml`" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
