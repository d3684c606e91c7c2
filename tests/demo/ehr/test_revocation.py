"""The authority of the simulated EHR, asked as a scan asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.endpoints import lines
from scanner.collect.endpoints.revocation_asked import Leave, asked
from scanner.collect.interface import CallError
from scanner.demo.ehr.authority import Authority
from scanner.demo.ehr.simulator import ehr_simulator
from scanner.demo.ehr.world import Ehr, Server, ServerCertificate
from scanner.model.ids import Json
from tests.support import NOW

WORLD = Ehr(
    servers=[
        Server(name=f"{way or 'none'}-{revoked}", certificate=ServerCertificate(asked_by=way, revoked=revoked))
        for way in ("", "ocsp", "crl")
        for revoked in (False, True)
    ]
)


def test_the_authority_answers_for_what_it_issued() -> None:
    found: dict[str, Json] = {}
    with ehr_simulator(WORLD, NOW) as simulator:
        for name, url in simulator.urls.items():
            port = int(url.rpartition(":")[2])
            chain = lines.handshake("127.0.0.1", port)["chain"]
            assert isinstance(chain, list)
            own = chain[0]
            assert isinstance(own, dict)
            leave = Leave(frozenset({"127.0.0.1"}), str(simulator.ca_bundle))
            try:
                body = asked("127.0.0.1", port, str(own["fingerprint"]), leave)
            except CallError as error:
                found[name] = error.code
            else:
                said = body["answer"]
                assert isinstance(said, dict)
                found[name] = f"{body['way']} {said['status']} {said.get('reason')}"
    assert found == {
        "none-False": "NoAddress",
        "none-True": "NoAddress",
        "ocsp-False": "ocsp good None",
        "ocsp-True": "ocsp revoked keyCompromise",
        "crl-False": "crl good None",
        "crl-True": "crl revoked keyCompromise",
    }


@pytest.mark.parametrize("question", ["AAAA", "%"])
def test_of_others_it_says_nothing(question: str, tmp_path: Path) -> None:
    revocations = Authority(tmp_path, NOW).revocations
    # OCSPResponseStatus: unauthorized (6), RFC 6960, 4.2.1.
    assert revocations.answer(f"/ocsp/{question}") == bytes.fromhex("30030a0106")
    assert revocations.answer("/elsewhere") is None
