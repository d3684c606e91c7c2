"""Documents of the simulated FHIR servers."""

from __future__ import annotations

from pathlib import Path

from scanner.demo.ehr.authority import Authority
from scanner.demo.ehr.documents import document
from scanner.demo.ehr.world import Server
from tests.demo.ehr.running import WORLD
from tests.support import NOW


def test_each_path_is_an_operation(tmp_path: Path) -> None:
    authority, (good, _, lax, bare) = Authority(tmp_path, NOW), WORLD.servers

    def found(server: Server, path: str) -> tuple[str, bool]:
        operation, body = document(server, path, "https://ehr.example", authority)
        return operation.partition(":")[2], body is not None

    assert found(good, "/fhir/metadata") == ("CapabilityStatement", True)
    assert found(good, "/clients/voice/jwks.json") == ("Jwks", True)
    assert found(good, "/clients/other/jwks.json") == ("", False)
    assert found(lax, "/fhir/.well-known/smart-configuration") == ("SmartConfiguration", True)
    assert found(bare, "/fhir/.well-known/smart-configuration") == ("SmartConfiguration", False)
