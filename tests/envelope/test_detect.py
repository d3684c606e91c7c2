"""Plaintext is found for what it is, and ciphertext is not taken for it."""

from __future__ import annotations

import base64
import gzip
import json
import math
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from scanner.envelope.detect import MOST, looks_plain

TEXT = "Refill of the usual prescription requested; pharmacy unchanged since the last visit. Grüße, Zoë."


def random(length: int, seed: int = 0) -> bytes:
    """Return what looks random and is always the same: key stream of AES-CTR."""
    encryptor = Cipher(algorithms.AES(bytes(32)), modes.CTR(seed.to_bytes(16, "big"))).encryptor()
    return encryptor.update(bytes(length))


def sound() -> bytes:
    """Return what samples of noise are like: small values are more frequent than large ones."""
    first, second = random(8000, 1), random(8000, 1 << 32)
    return bytes((a + b) // 2 for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (TEXT.encode(), "UTF-8 text"),
        (b"O+", "UTF-8 text"),
        (b"1984-02-01", "UTF-8 text"),
        ("病歴".encode(), "UTF-8 text"),
        (("é" * MOST).encode(), "UTF-8 text"),
        (("a" + "é" * MOST).encode(), "UTF-8 text"),
        (json.dumps({"name": "x"}).encode(), "JSON"),
        (b" [1, 2]\n", "JSON"),
        (TEXT.encode("latin-1"), "text"),
        (TEXT.encode("utf-16"), "compressible"),
        (b"-----BEGIN PRIVATE KEY-----\n" + random(90), "PEM"),
        (b"RIFF" + random(4) + b"WAVE" + random(90), "a RIFF header (WAV)"),
        (b"OggS\0" + random(90), "an Ogg header"),
        (b"ID3\3\0" + random(90), "an ID3 header (MP3)"),
        (b"fLaC" + random(90), "a FLAC header"),
        (b"\0\0\0\x18ftypM4A " + random(90), "an MP4 header"),
        (b"#!AMR\n" + random(90), "an AMR header"),
        (b"\x1aE\xdf\xa3" + random(90), "a Matroska or WebM header"),
        (b"%PDF-1.7\n" + random(90), "a PDF header"),
        (b"\x89PNG\r\n" + random(90), "a PNG header"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + random(90), "a JPEG header"),
        (b"PK\3\4" + random(90), "a ZIP header"),
        (gzip.compress(random(90), mtime=0), "a gzip header"),
        (bytes(128) + b"DICM" + random(90), "a DICOM header"),
        (base64.b64encode(TEXT.encode()), "base64 text of UTF-8 text"),
        (base64.urlsafe_b64encode(random(100)), "base64 text"),
        (base64.encodebytes(random(100)), "base64 text"),
        (b"The1quickBrown+fox", "base64 text"),
        (b"Aa1456789012345678901", "UTF-8 text"),
        (struct.pack("<2000h", *(round(300 * math.sin(n / 9)) for n in range(2000))), "compressible"),
        (bytes(64), "compressible"),
        (sound(), "low entropy"),
    ],
)
def test_plaintext_is_found(data: bytes, reason: str) -> None:
    assert looks_plain(data) == reason


@pytest.mark.parametrize("length", [0, 16, 28, 44, 64, 100, 511, 512, 1500, 70_000])
def test_ciphertext_is_not_taken_for_plaintext(length: int) -> None:
    for seed in range(20 if length < 70_000 else 1):
        assert looks_plain(random(length, seed << 64)) == ""


def test_binary_that_is_not_text_is_left_alone() -> None:
    assert looks_plain(b"abc\0def") == ""
    assert looks_plain(b"ab\xff") == ""
