"""The benchmark of packages runs, and tells when memory grows."""

from __future__ import annotations

import pytest

from bench.package import MOST_GROWTH_MIB, Used, main, report


def test_a_quick_run_measures_writing_and_verifying(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sizes", "300", "100"]) == 0
    _, *rows, last = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in rows] == [[n, work] for n in ("100", "300") for work in ("write", "verify")]
    assert all(float(line.split()[4]) > 10 for line in rows)
    assert last == "holds"


@pytest.mark.parametrize(
    ("growth", "last"),
    [
        (0, "holds"),
        (MOST_GROWTH_MIB, "holds"),
        (MOST_GROWTH_MIB + 1, f"missed: memory grows by more than {MOST_GROWTH_MIB} MiB: verify"),
    ],
)
def test_memory_that_grows_is_told(growth: float, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    small = {"write": Used(1, 1, 30), "verify": Used(1, 1, 30)}
    large = {"write": Used(9, 9, 31), "verify": Used(9, 9, 30 + growth)}
    assert report({1000: (5000, large), 100: (500, small)}) == (0 if last == "holds" else 1)
    assert capsys.readouterr().out.splitlines()[-1] == last
