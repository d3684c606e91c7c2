"""The authority: who it vouches for, and that its key is not left behind."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from scanner.demo.azure.tls import authority, hosts


def test_the_hosts_are_those_of_every_cloud() -> None:
    assert {"management.azure.com", "*.vault.azure.cn", "login.microsoftonline.us"} <= set(hosts())


def test_no_private_key_is_left_on_disk(tmp_path: Path) -> None:
    made = authority(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [made.certificate.name]
    assert b"PRIVATE" not in made.certificate.read_bytes()


@pytest.mark.parametrize(
    ("host", "good"), [("kv.vault.azure.net", True), ("management.azure.com", True), ("example.com", False)]
)
def test_a_client_that_trusts_it_accepts_the_hosts_of_azure_only(tmp_path: Path, host: str, good: bool) -> None:
    made = authority(tmp_path)
    client = ssl.create_default_context(cafile=str(made.certificate))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=host)
    there = made.context.wrap_bio(to_server, to_client, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        here.do_handshake()
    with pytest.raises(ssl.SSLWantReadError):
        there.do_handshake()
    if good:
        here.do_handshake()
        assert here.version() == "TLSv1.3"
    else:
        with pytest.raises(ssl.SSLCertVerificationError, match="not valid for 'example"):
            here.do_handshake()
