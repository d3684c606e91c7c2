"""The checksum of Cloud KMS, against published values and the self-test's own."""

from __future__ import annotations

import os

import pytest

from scanner.demo.gcp.crc32c import crc32c
from scanner.selftest import gcp_line

# RFC 3720, appendix B.4, and the check value of the polynomial.
KNOWN = [
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(reversed(range(32))), 0x113FDB5C),
    (b"123456789", 0xE3069283),
    (b"", 0),
]


@pytest.mark.parametrize(("data", "value"), KNOWN, ids=[f"{value:08x}" for _, value in KNOWN])
def test_published_values(data: bytes, value: int) -> None:
    assert crc32c(data) == gcp_line.crc32c(data) == value


def test_two_ways_to_compute_it_agree() -> None:
    for length in range(40):
        data = os.urandom(length)
        assert crc32c(data) == gcp_line.crc32c(data)
