"""The command ``verify``: what it prints, how it ends, and what it does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.cli.main import run
from tests.package.pdfs import VERSION_10, spoiled
from tests.packages import entries, key, package, public_pem, read_tree, scan_files, sealed, small_catalogue, zipped
from tests.support import a_key, a_world, estate_text, scan, simulated
from tests.verify.test_steps import a_series


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "scan.zip"
    path.write_bytes(package())
    (tmp_path / "operator.pub").write_bytes(public_pem(key()))
    return path


def trusting(path: Path, *arguments: str) -> list[str]:
    return ["verify", str(path), "--trusted-key", str(path.parent / "operator.pub"), *arguments]


def test_a_good_package_is_told_step_by_step(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(trusting(good), traces=True) == 0
    first, *steps, checkpoint, last = capsys.readouterr().out.splitlines()
    assert first == "scan.zip: Test Health, scan scan-1"
    assert [line.split()[0] for line in steps] == (
        ["archive", "manifest", "members", "observations", "statement", "timestamp", "scan", "pdf", "chain", "replay"]
    )
    assert checkpoint.startswith("checkpoint 1: sha256:")
    assert last == "verified: signed by the trusted key, and not changed since"


def test_without_a_key_it_does_not_say_verified(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(good)], traces=True) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("consistent, but not proven")
    assert "--trusted-key" in last


def test_step_and_member_of_a_spoiled_package_are_named(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {**sealed(scan_files(), signer=key()), "estate.yaml": b"keyaudit: 1\n"}
    good.write_bytes(zipped(entries(files)))
    assert run(trusting(good), traces=False) == 20
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()] == [["archive", "ok"], ["manifest", "ok"]]
    assert told.err.startswith("error: members: estate.yaml: it has 12 bytes, not 38\nhint: do not rely on this file")


def test_json_for_machines(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(trusting(good, "--json"), traces=True) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["verified"], body["scan"]["id"], body["checkpoint"]["number"]) == (True, "scan-1", 1)
    good.write_bytes(package(signer=key("mallory")))
    assert run(trusting(good, "--json"), traces=True) == 20
    told = capsys.readouterr()
    body = json.loads(told.out)
    assert (body["verified"], body["failed"]["step"], body["failed"]["member"]) == (
        False,
        "statement",
        "manifest.dsse.json",
    )
    assert told.err == ""


def test_a_name_cannot_act_on_the_terminal(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {**sealed(scan_files()), "controls/\x1b]0;owned\x07.yaml": b"x"}
    good.write_bytes(zipped(entries(files)))
    for more in ([], ["--json"]):
        assert run(["verify", str(good), *more], traces=False) == 20
        told = capsys.readouterr()
        assert "owned" in told.out + told.err
        assert "\x1b" not in told.out + told.err


def test_a_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = a_series(tmp_path / "series")
    assert run(["verify", str(paths[2]), "--chain", str(tmp_path / "series")], traces=True) == 0
    assert "3 scans, none missing; this is number 3" in capsys.readouterr().out
    paths[0].unlink()
    assert run(["verify", str(paths[2]), "--chain", str(tmp_path / "series")], traces=False) == 20
    assert "chain: 2.zip: it is number 2, and number 1 is missing" in capsys.readouterr().err


def test_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        options = ("--controls", str(small_catalogue(tmp_path / "catalogue")), "--control", "KM-ROT-04")
        files = read_tree(scan(tmp_path / "scan", estate_text(aws.url), *options).folder)
    path = tmp_path / "scan.zip"
    path.write_bytes(package(files))
    assert run(["verify", str(path), "--replay"], traces=True) == 0
    assert "judged again, are the same" in capsys.readouterr().out
    path.write_bytes(package({**files, "verdicts.parquet": b"PAR1"}))
    assert run(["verify", str(path), "--replay", "--json"], traces=True) == 20
    assert json.loads(capsys.readouterr().out)["failed"]["member"] == "verdicts.parquet"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.zip"], "cannot read nothing.zip: No such file"),
        (["/"], "/ is not a file"),
        ([], "Missing argument"),
        (["SCAN", "--trusted-key", "SCAN"], "is not a public key"),
        (["SCAN", "--tsa-certificate", "SCAN"], "has no certificate"),
        (["SCAN", "--pdf-ca", "SCAN"], "has no certificate"),
        (["SCAN", "--pdf-ca", "ODD"], "has no certificate"),
        (["SCAN", "--chain", "SCAN"], "is not a folder with packages"),
        (["SCAN", "--max-gib", "0"], "--max-gib"),
    ],
)
def test_misuse_is_told(arguments: list[str], says: str, good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = good.with_name("odd.pem")
    odd.write_bytes(spoiled(*VERSION_10))
    command = [one.replace("SCAN", str(good)).replace("ODD", str(odd)) for one in arguments]
    assert run(["verify", *command], traces=False) == 2
    assert says in capsys.readouterr().err


BLOCKED = ("boto3", "botocore", "azure", "duckdb", "weasyprint", "jinja2", "yaml", "pkcs11", "psycopg", "pyhanko")
ALONE = """
import socket, sys
sys.modules.update(dict.fromkeys({blocked!r}))
socket.socket.connect = None
{work}
parts = {{name.split(".")[1] for name in sys.modules if name.startswith("scanner.")}}
print(sorted(parts - {{"cli", "errors", "evidence", "model", "verify"}}))
sys.exit(code)
"""
BY_COMMAND = "from scanner.cli.main import run\ncode = run(sys.argv[1:], traces=True)"
BY_LIBRARY = """
from pathlib import Path
from scanner.verify.steps import Policy, verify
from scanner.verify.statement import load_key
verify(Path(sys.argv[2]), Policy(trusted=(load_key(Path(sys.argv[4])),)))
code = 0
"""


@pytest.mark.parametrize(
    ("work", "blocked"),
    # The command line's own library needs pydantic and rich.
    [(BY_COMMAND, BLOCKED), (BY_LIBRARY, (*BLOCKED, "typer", "pydantic", "rich"))],
)
def test_an_auditor_needs_neither_sdk_nor_database_nor_another_stage(
    work: str, blocked: tuple[str, ...], good: Path
) -> None:
    """Block them by sys.modules in a process of its own; the network, too."""
    command = [sys.executable, "-c", ALONE.format(blocked=blocked, work=work), *trusting(good)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (0, "", "[]")


def test_only_replay_asks_for_more(good: Path) -> None:
    script = ALONE.format(blocked=BLOCKED, work=BY_COMMAND)
    command = [sys.executable, "-c", script, *trusting(good, "--replay")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "duckdb" in done.stderr
