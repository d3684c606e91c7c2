"""Handshakes with real servers, and lines that break."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scanner.collect.endpoints.lines import context, handshake, sent, trust
from scanner.collect.interface import CallError
from scanner.model.observation import GapReason
from tests.collect.endpoints.certificates import certificate
from tests.collect.endpoints.test_hello import record
from tests.demo.ehr.running import raw_server, running


def port(server: str) -> int:
    return urlsplit(running().urls[server]).port or 0


def test_a_good_server_sends_its_whole_chain() -> None:
    found = handshake("127.0.0.1", port("good"))
    assert (found["version"], found["suite"]) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    assert isinstance(found["chain"], list)
    own, authority = found["chain"]
    assert isinstance(own, dict)
    assert isinstance(authority, dict)
    assert (own["ca"], own["matches"], authority["ca"]) == (False, True, True)
    assert own["issuer_hash"] == authority["subject_hash"]
    # Only the server's own certificate is to name the host.
    assert "matches" not in authority


def test_a_bad_server_is_seen_as_well() -> None:
    found = handshake("127.0.0.1", port("old"))
    assert isinstance(found["chain"], list)
    (own,) = found["chain"]
    assert isinstance(own, dict)
    assert (found["version"], own["matches"], own["key"]) == ("TLSv1.2", False, {"algorithm": "RSA", "bits": 1024})


def test_trust_is_that_of_the_bundle_or_of_the_machine() -> None:
    bundle = str(running().ca_bundle)
    assert trust("127.0.0.1", port("good"), bundle) == {"trusted": True, "store": "ca_bundle", "problem": "none"}
    refused = trust("127.0.0.1", port("good"), "")
    assert (refused["trusted"], refused["store"]) == (False, "system")
    assert "self-signed certificate in certificate chain" in str(refused["problem"])


def test_the_end_of_a_certificate_is_not_a_matter_of_trust(tmp_path: Path) -> None:
    bundle = tmp_path / "old.pem"
    bundle.write_text(ssl.get_server_certificate(("127.0.0.1", port("old"))))
    assert trust("127.0.0.1", port("old"), str(bundle))["trusted"] is True


def test_a_bundle_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("gone.pem", "empty.pem"):
        with pytest.raises(CallError, match=f"authorities in .*{name} cannot be read") as caught:
            context(str(tmp_path / name))
        assert caught.value.reason is GapReason.FAILED


@pytest.mark.parametrize(
    ("said", "words"), [(record(21, b"\x02\x28"), "no TLS with"), (b"220 ready\r\n", "no TLS with"), (None, "no ")]
)
def test_a_line_that_breaks_is_a_gap(said: bytes | None, words: str) -> None:
    there, stop = raw_server(lambda _: said)
    try:
        with pytest.raises(CallError, match=words) as caught:
            handshake("127.0.0.1", there)
        assert caught.value.reason is GapReason.UNREACHABLE
        with pytest.raises(CallError, match=words) as caught:
            trust("127.0.0.1", there, "")
        assert caught.value.reason is GapReason.UNREACHABLE
    finally:
        stop()
    with pytest.raises(CallError, match=f"no connection to 127.0.0.1 port {there}"):
        handshake("127.0.0.1", there)


class Public:
    """A line of Python 3.13."""

    def get_unverified_chain(self) -> list[bytes]:
        return [b"one", b"two"]


class Below:
    """What a line before that stands on."""

    def get_unverified_chain(self) -> None:
        """Give nothing: no certificate was sent."""


class Older:
    """A line before that."""

    _sslobj = Below()


def test_the_chain_is_taken_where_the_version_of_python_has_it() -> None:
    assert sent(Public()) == [b"one", b"two"]
    assert sent(Older()) == []


def test_a_chain_without_end_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = [certificate()] * 21
    for chain in (endless, []):
        monkeypatch.setattr("scanner.collect.endpoints.lines.sent", lambda _, chain=chain: chain)
        with pytest.raises(CallError, match=f"sends {len(chain)} certificates") as caught:
            handshake("127.0.0.1", port("good"))
        assert caught.value.reason is GapReason.MALFORMED
