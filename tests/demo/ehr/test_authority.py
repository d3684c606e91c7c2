"""The authority of the simulated EHR."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from scanner.demo.ehr.authority import Authority, new_key
from scanner.demo.ehr.world import ServerCertificate
from tests.support import NOW


@pytest.mark.parametrize(("kind", "bits"), [("P-256", 256), ("P-384", 384), ("RSA-1024", 1024)])
def test_keys_are_as_long_as_they_are_called(kind: str, bits: int) -> None:
    assert new_key(kind).key_size == bits


def test_its_own_certificate_is_the_bundle_and_no_key_is_left(tmp_path: Path) -> None:
    authority = Authority(tmp_path, NOW)
    authority.server("ehr", ServerCertificate(), old=False)
    authority.server("older", ServerCertificate(self_signed=True, names=[]), old=True)
    assert [path.name for path in tmp_path.iterdir()] == ["authority.pem"]
    assert b"PRIVATE" not in authority.bundle.read_bytes()


def test_a_certificate_beside_a_key_is_as_old_as_told(tmp_path: Path) -> None:
    found = x509.load_der_x509_certificate(Authority(tmp_path, NOW).beside(100))
    assert found.not_valid_before_utc == NOW - timedelta(days=100)
