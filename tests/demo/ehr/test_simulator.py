"""The simulated EHR over the wire, by a client that is not ours."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from scanner.demo.ehr.simulator import ehr_simulator
from scanner.demo.ehr.world import Ehr, Server
from tests.demo.ehr.running import running
from tests.support import NOW


def trusting() -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(running().ca_bundle))
    made.verify_flags |= ssl.VerifyFlags(0x200000)  # the clock of the tests is not that of this machine
    return made


def test_documents_are_served_to_who_trusts_the_authority() -> None:
    with urllib.request.urlopen(f"{running().fhir('good')}/metadata", context=trusting(), timeout=10) as answer:
        assert json.load(answer)["resourceType"] == "CapabilityStatement"
    assert running().requests[-1].operation == "endpoints:CapabilityStatement"


@pytest.mark.parametrize(("method", "path"), [("POST", "/metadata"), ("GET", "/Patient")])
def test_what_would_write_and_what_is_not_there_is_refused(method: str, path: str) -> None:
    request = urllib.request.Request(f"{running().fhir('good')}{path}", method=method)
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request, context=trusting(), timeout=10)
    with caught.value as error:
        assert error.code == 404
    assert (running().requests[-1].method, running().requests[-1].operation) == (method, "")


def test_it_ends_with_its_ports_and_its_authority() -> None:
    with ehr_simulator(Ehr(servers=[Server(name="ehr")]), NOW) as simulator:
        port = urlsplit(simulator.urls["ehr"]).port or 0
        assert simulator.ca_bundle.is_file()
    assert not simulator.ca_bundle.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
