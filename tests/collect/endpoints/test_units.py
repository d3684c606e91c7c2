"""Endpoints, read as a scan reads them: what is asked of whom, and what becomes a gap."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from scanner.collect.endpoints.units import connect
from scanner.demo.aws.faults import Fault
from scanner.model.estate import EndpointSource
from scanner.model.observation import Gap, GapReason, Observation, Record
from tests.collect.endpoints.revoking import (
    ROOT_KEY,
    Says,
    Stapling,
    answer,
    issued,
    leaf,
    other_key,
    responder,
    stapling,
    web,
)
from tests.collect.endpoints.running import ALL, scanned
from tests.demo.ehr.running import a_source, running

ASKED = frozenset(f"endpoints:{name}" for name in ("Endpoint", "Handshake", "Stapling", "Revocation"))
KEYS = running().jwks("good", "voice")


def test_everything_is_asked_once_and_nothing_is_cut(tmp_path: Path) -> None:
    records = scanned(tmp_path, a_source("good", jwks=(KEYS,)))
    assert Counter(one.operation.partition(":")[2] for one in records) == {
        "Endpoint": 1,
        "Offers": 5,
        "Handshake": 1,
        "Trust": 1,
        "Stapling": 1,
        "Revocation": 1,
        "SmartConfiguration": 1,
        "CapabilityStatement": 1,
        "Jwks": 1,
    }
    assert {str(one.subject).partition(" ")[0] for one in records} == {"None", "endpoint:good"}
    assert not [one.redacted for one in records if isinstance(one, Observation) and one.redacted]


def revocation(records: list[Record]) -> list[Record]:
    return [one for one in records if one.operation == "endpoints:Revocation"]


def test_what_nobody_said_of_revocation_is_a_gap_that_says_what_to_do(tmp_path: Path) -> None:
    (gap,) = [one for one in scanned(tmp_path, a_source("good")) if isinstance(one, Gap)]
    assert (gap.operation, gap.reason) == ("endpoints:Revocation", GapReason.NOT_ALLOWED)
    assert str(gap.subject).startswith("endpoint:good ")
    assert gap.detail == (
        "the server staples no answer that tells it (OCSP stapling, TLS 1.2); if its authority may learn what is "
        "audited, add `revocation: ask` to the endpoint"
    )


def test_of_a_certificate_that_its_own_key_signed_nobody_can_tell(tmp_path: Path) -> None:
    assert not revocation(scanned(tmp_path, a_source("old")))


def openssl(server: Stapling, **given: object) -> EndpointSource:
    fields: dict[str, object] = {"url": f"https://127.0.0.1:{server.port}", "ca_bundle": str(server.bundle)}
    return EndpointSource(name="stapler", **{**fields, **given})  # type: ignore[arg-type]


def test_a_stapled_answer_leaves_no_gap(tmp_path: Path) -> None:
    stapling().staple(answer(Says()))
    records = scanned(tmp_path, openssl(stapling()), ASKED)
    assert not [one for one in records if isinstance(one, Gap)]


def test_of_another_certificate_than_the_servers_own_nothing_is_stapled(tmp_path: Path) -> None:
    between = issued("Between", other_key(4), "Root", ROOT_KEY, ca=True)
    server = stapling(chain=False, also=(between,))
    server.staple(answer(Says()))
    (gap,) = [one for one in scanned(tmp_path, openssl(server), ASKED) if isinstance(one, Gap)]
    assert gap.subject == f"endpoint:stapler {between.fingerprint(SHA256()).hex()}"
    assert gap.detail.startswith("a server staples an answer to its own certificate alone; if its authority may learn")


def test_by_leave_the_authority_is_asked_of_each_certificate(tmp_path: Path) -> None:
    own = leaf(responder(f"{web().url}/units/"))
    web().pages["/units/"] = (200, answer(Says(of=own)))
    server = stapling(extensions=(responder(f"{web().url}/units/"),), staples=False)
    source = openssl(server, revocation="ask", revocation_hosts=("127.0.0.1",))
    (found,) = revocation(scanned(tmp_path / "allowed", source, ASKED))
    assert isinstance(found, Observation)
    assert found.params == {"fingerprint": own.fingerprint(SHA256()).hex()}
    assert isinstance(found.response, dict)
    assert (found.response["way"], found.redacted) == ("ocsp", ())
    (gap,) = revocation(scanned(tmp_path / "refused", openssl(server, revocation="ask"), ASKED))
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.NOT_ALLOWED
    assert gap.detail.endswith("add it to `revocation_hosts: [127.0.0.1]`")


def test_of_a_plain_endpoint_no_document_is_read(tmp_path: Path) -> None:
    records = scanned(tmp_path, a_source("good", kind="tls"), ALL - {"endpoints:Revocation", "endpoints:Stapling"})
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
