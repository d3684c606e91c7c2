"""The command line as processes: pipes, Ctrl-C, terminals, imports."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanner.cli.main import run
from tests.cli.system import begin, keyaudit
from tests.support import AS_OF, Scan, a_key, a_world, estate_text, scan, simulated

ONE = ("--control", "KM-ROT-04")
"""How a process ends does not depend on what it judges."""
HEAVY = {"boto3", "botocore", "duckdb", "weasyprint", "pydantic", "jinja2", "cryptography", "moto", "yaml", "rich"}


# typer itself reads the options of a group with pydantic, so a command's own help has it.
@pytest.mark.parametrize(
    ("names", "heavy"), [([], HEAVY), (["scan"], HEAVY - {"pydantic"}), (["schema", "facts"], HEAVY - {"pydantic"})]
)
def test_help_imports_nothing_heavy(names: list[str], heavy: set[str]) -> None:
    script = (
        "import sys\nfrom scanner.cli.main import run\n"
        f"assert run([*{names}, '--help'], traces=False) == 0\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert heavy & set(done.stderr.split()) == set()
    assert "scanner.cli.scan" in done.stderr.split()


def test_importing_the_package_touches_nothing_but_itself() -> None:
    script = (
        "import sys, os\nseen = []\nhooks = ('open', 'socket.', 'subprocess.', 'os.', 'shutil.', 'tempfile.')\n"
        "sys.addaudithook(lambda event, a: seen.append((event, str(a[:1]))) if event.startswith(hooks) else None)\n"
        "import scanner\nown = str(scanner.__path__[0])\n"
        "print(*(s for s in seen if not (s[0] in ('open', 'os.listdir') and (own in s[1] or 'os.listdir' == s[0]))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_package_runs_as_a_module() -> None:
    done = keyaudit("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"keyaudit ")


LONG = [
    ["controls", "list"],
    ["controls", "show", "KM-ROT-04"],
    ["schema", "facts"],
    ["schema", "results"],
    ["scan", "-h"],
]


@pytest.mark.parametrize("arguments", LONG, ids=[" ".join(a) for a in LONG])
def test_a_reader_that_leaves_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # whoever reads has left before the first line
    command = [sys.executable, "-m", "scanner", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_head_reads_one_line() -> None:
    command = f"set -o pipefail; {sys.executable} -m scanner controls list | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    with simulated(a_world(a_key("good"), a_key("bad", rotation=None))) as aws:
        return scan(tmp_path_factory.mktemp("failing"), estate_text(aws.url), "--control", "KM-ROT-04")


def test_a_reader_that_leaves_does_not_make_a_failure_a_success(failing: Scan) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "scanner", "report", str(failing.folder)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (10, b"")


def test_closed_streams_are_no_error(failing: Scan) -> None:
    command = f"{sys.executable} -m scanner report {failing.folder} >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 10


def test_a_full_disk_for_the_output_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "scanner", "controls", "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: No space left on device\nhint: make room")


@pytest.mark.parametrize("arguments", [["-h"], ["controls", "list"], ["doctor"], ["nope"], ["scan", "nope.yaml"]])
def test_no_color_and_no_spinner_in_a_pipe(arguments: list[str]) -> None:
    done = keyaudit(*arguments, GITHUB_ACTIONS="true", TERM="xterm-256color")
    assert b"\x1b" not in done.stdout + done.stderr


def test_a_scan_in_a_pipe_has_no_escapes(tmp_path: Path) -> None:
    with simulated(a_world(a_key("good"))) as aws:
        (tmp_path / "estate.yaml").write_text(estate_text(aws.url))
        done = keyaudit("scan", "estate.yaml", "-o", "out", "--no-report", "--as-of", AS_OF, *ONE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    assert done.stdout.decode().replace("\n", "").isprintable()


def test_on_a_terminal_progress_is_live_and_gone_at_the_end(tmp_path: Path) -> None:
    with simulated(a_world(a_key("good"))) as aws:
        (tmp_path / "estate.yaml").write_text(estate_text(aws.url))
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "scanner", "scan", "estate.yaml", "-o", "out", "--no-report", *ONE]
        environ = {**os.environ, "TERM": "xterm"}
        done = subprocess.run(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=theirs, check=False)
        os.close(theirs)
        shown = os.read(ours, 65536)
        os.close(ours)
    assert done.returncode == 0
    assert b"scanning" in shown
    assert b"\x1b[" in shown
    assert b"\x1b" not in done.stdout  # which is no terminal


def wait_for(condition: object, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not condition():  # type: ignore[operator]
        time.sleep(0.01)


def test_ctrl_c_keeps_the_evidence_and_a_resumed_scan_ends(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}") for i in range(8)]
    with simulated(a_world(*keys), page_size=2) as aws:
        aws.layer.latency = 0.3
        path = tmp_path / "estate.yaml"
        path.write_text(estate_text(aws.url))
        out = tmp_path / "out"
        process = begin("scan", path, "-o", out, "--no-report", "--as-of", AS_OF, *ONE)
        wait_for(lambda: len(aws.requests) >= 4, process)
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=60)
        has = [line for segment in (out / "evidence").glob("*.jsonl") for line in segment.read_bytes().splitlines()]
        asked = len(aws.requests)
        aws.layer.latency = 0.0
        assert run(["report", str(out), "--quiet"], traces=False) == 2  # it is not finished
        assert run(["scan", "--resume", str(out), "--quiet"], traces=True) == 0
    assert process.returncode == 130
    assert said == ""
    assert complaint.splitlines() == [
        "stopping when the calls under way have ended",
        "error: stopped; what was collected is kept",
        f"hint: go on with `keyaudit scan --resume {out}`",
    ]
    assert 0 < len(has) <= asked
    assert {
        v for (v,) in Scan(0, out).query("SELECT DISTINCT verdict FROM verdicts WHERE control_id = 'KM-ROT-04'")
    } == {"pass"}
    assert json.loads((out / "scan.json").read_text())["state"] == "complete"


def test_ctrl_c_stops_the_doctor_too(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.layer.latency = 1.0
        path = tmp_path / "estate.yaml"
        path.write_text(estate_text(aws.url))
        process = begin("doctor", path)
        wait_for(lambda: aws.requests, process)
        aws.layer.latency = 0.0
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint == "stopping when the calls under way have ended\nerror: stopped\n"


def test_a_second_process_is_told_that_the_folder_is_in_use(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.layer.latency = 1.0
        path = tmp_path / "estate.yaml"
        path.write_text(estate_text(aws.url))
        out = tmp_path / "out"
        process = begin("scan", path, "-o", out, "--no-report", "--quiet", *ONE)
        wait_for(lambda: aws.requests, process)
        again = (
            ["scan", str(path), "-o", str(out), "--overwrite"],
            ["scan", "--resume", str(out)],
            ["report", str(out)],
        )
        for arguments in again:
            second = keyaudit(*arguments)
            assert (second.returncode, second.stdout) == (2, b"")
            assert second.stderr == f"error: {out} is in use by another keyaudit\nhint: wait for it to end\n".encode()
        aws.layer.latency = 0.0
        process.communicate(timeout=60)
    assert process.returncode == 0
