"""Endpoints, read as a scan reads them: what is asked of whom, and what becomes a gap."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from scanner.collect.endpoints.units import connect
from scanner.demo.aws.faults import Fault
from scanner.model.observation import Gap, GapReason, Observation
from tests.collect.endpoints.running import ALL, scanned
from tests.demo.ehr.running import a_source, running

KEYS = running().jwks("good", "voice")


def test_everything_is_asked_once_and_nothing_is_cut(tmp_path: Path) -> None:
    records = scanned(tmp_path, a_source("good", jwks=(KEYS,)))
    assert Counter(one.operation.partition(":")[2] for one in records) == {
        "Endpoint": 1,
        "Offers": 5,
        "Handshake": 1,
        "Trust": 1,
        "Revocation": 1,
        "SmartConfiguration": 1,
        "CapabilityStatement": 1,
        "Jwks": 1,
    }
    assert {one.subject for one in records} == {None, "endpoint:good"}
    assert not [one.redacted for one in records if isinstance(one, Observation) and one.redacted]


def test_revocation_is_a_gap_that_says_why(tmp_path: Path) -> None:
    (gap,) = [one for one in scanned(tmp_path, a_source("good")) if isinstance(one, Gap)]
    assert (gap.operation, gap.reason) == ("endpoints:Revocation", GapReason.UNSUPPORTED)
    assert gap.detail.startswith("not reachable here: whether a certificate is revoked tells its authority")


def test_of_a_plain_endpoint_no_document_is_read(tmp_path: Path) -> None:
    records = scanned(tmp_path, a_source("good", kind="tls"), ALL - {"endpoints:Revocation"})
    assert {one.operation.partition(":")[2] for one in records} == {"Endpoint", "Offers", "Handshake", "Trust"}


def test_only_what_is_wanted_is_asked(tmp_path: Path) -> None:
    before = len(running().requests)
    records = scanned(tmp_path, a_source("good"), frozenset({"endpoints:Endpoint"}))
    assert [one.operation for one in records] == ["endpoints:Endpoint"]
    assert len(running().requests) == before


def test_a_document_that_is_not_there_is_knowledge(tmp_path: Path) -> None:
    wanted = frozenset({"endpoints:Endpoint", "endpoints:SmartConfiguration"})
    _, answer = scanned(tmp_path, a_source("bare"), wanted)
    assert isinstance(answer, Observation)
    assert answer.error_code == "HTTP 404"


def test_a_statement_of_another_kind_is_a_gap(tmp_path: Path) -> None:
    running().faults.add(Fault(kind="wrong_types", operation="endpoints:CapabilityStatement", times=1))
    wanted = frozenset({"endpoints:Endpoint", "endpoints:CapabilityStatement"})
    _, gap = scanned(tmp_path, a_source("good"), wanted)
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail) == (GapReason.MALFORMED, "`resourceType` is not CapabilityStatement but 7")


def test_no_secret_of_a_key_set_reaches_the_evidence(tmp_path: Path) -> None:
    scanned(tmp_path, a_source("good", jwks=(KEYS,)))
    text = "".join(path.read_text() for path in (tmp_path / "evidence").rglob("*") if path.is_file())
    assert '"discloses":true' in text
    for member in ('"d":', '"k":', '"n":', '"x":'):
        assert member not in text


def test_a_deadline_that_is_past_stops_the_suites() -> None:
    transport = connect(a_source("good"), 0.0)
    assert transport.endpoint == running().fhir("good")
    transport.close()
