"""The health file: its age alone counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.schedule.health import UnhealthyError, check_health

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("age", "said"),
    [(0, ""), (60, ""), (-60, ""), (61, "is 61 s old, 60 s at most"), (-61, "is 61 s in the future, 60 s at most")],
)
def test_its_age(tmp_path: Path, age: int, said: str) -> None:
    file = tmp_path / "health"
    file.touch()
    os.utime(file, (NOW - age, NOW - age))
    if not said:
        assert check_health(file, NOW, 60) == age
        return
    with pytest.raises(UnhealthyError, match=said) as raised:
        check_health(file, NOW, 60, absent_ok=True)
    assert raised.value.exit_code == 1


def test_there_is_none(tmp_path: Path) -> None:
    assert check_health(tmp_path / "health", NOW, 60, absent_ok=True) is None
    with pytest.raises(UnhealthyError, match="there is no health file"):
        check_health(tmp_path / "health", NOW, 60)
