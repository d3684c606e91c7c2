"""Faults hit what they are about, as often as they are told to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from scanner.demo.aws.faults import Fault, Faults

REQUEST = ("kms:DescribeKey", '{"KeyId": "arn:one"}', "111122223333", "us-east-1")


@pytest.mark.parametrize(
    ("fault", "hits"),
    [
        (Fault("deny"), True),
        (Fault("deny", "kms:DescribeKey"), True),
        (Fault("deny", "kms:*"), True),
        (Fault("deny", "sts:*"), False),
        (Fault("deny", "kms:ListKeys"), False),
        (Fault("deny", subject="arn:one"), True),
        (Fault("deny", subject="arn:two"), False),
        (Fault("deny", account="111122223333"), True),
        (Fault("deny", account="444455556666"), False),
        (Fault("deny", region="us-east-1"), True),
        (Fault("deny", region="us-west-2"), False),
        (Fault("deny", "kms:*", "arn:one", "111122223333", "us-east-1"), True),
        (Fault("deny", times=0), False),
    ],
)
def test_what_a_fault_is_about(fault: Fault, hits: bool) -> None:
    faults = Faults()
    faults.add(fault)
    assert (faults.hit(*REQUEST) is fault) is hits


@pytest.mark.parametrize(
    ("times", "every", "pattern"),
    [(-1, 1, "xxxxxx"), (2, 1, "xx...."), (-1, 3, "..x..x"), (1, 2, ".x...."), (0, 1, "......")],
)
def test_how_often(times: int, every: int, pattern: str) -> None:
    faults = Faults()
    faults.add(Fault("throttle", times=times, every=every))
    assert "".join("x" if faults.hit(*REQUEST) else "." for _ in pattern) == pattern


def test_the_first_fault_that_fits_counts() -> None:
    faults = Faults()
    faults.add(Fault("throttle", times=1))
    faults.add(Fault("deny"))
    kinds = [hit.kind for _ in range(3) if (hit := faults.hit(*REQUEST))]
    assert kinds == ["throttle", "deny", "deny"]


def test_it_can_behave_again() -> None:
    faults = Faults()
    faults.add(Fault("deny"))
    faults.clear()
    assert faults.hit(*REQUEST) is None


def test_times_are_counted_between_threads() -> None:
    faults = Faults()
    faults.add(Fault("deny", times=100))
    with ThreadPoolExecutor(8) as pool:
        hits = list(pool.map(lambda _: faults.hit(*REQUEST) is not None, range(500)))
    assert hits.count(True) == 100
