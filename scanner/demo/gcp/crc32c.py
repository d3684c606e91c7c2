"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), by which Cloud KMS guards what it is sent and what it sends."""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78
"""Reversed."""


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_entry, range(256)))


def crc32c(data: bytes) -> int:
    """Return the checksum of ``data``."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
