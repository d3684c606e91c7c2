"""One run at a time, whatever happens to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scanner.errors import UsageError
from scanner.jobs.lock import EXIT_OVERLAP, LOCK, OverlapError, alone

HOLD = (
    "import sys\nfrom pathlib import Path\nfrom scanner.jobs.lock import alone\n"
    "with alone(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


def test_a_second_run_leaves_at_once_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "nightly"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(OverlapError, match="another run holds") as caught, alone(folder):
            raise AssertionError("it was held")
        assert caught.value.exit_code == EXIT_OVERLAP == 75
        other.kill()
    with alone(folder):
        assert folder.stat().st_mode & 0o077 == 0
    with alone(folder):
        pass


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / LOCK).symlink_to(tmp_path / "elsewhere")
    for wrong in (tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(UsageError, match="cannot use the folder"), alone(wrong):
            raise AssertionError("it was usable")
    assert not (tmp_path / "elsewhere").exists()
