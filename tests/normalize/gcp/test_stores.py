"""EKM connections to rows."""

from __future__ import annotations

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyStoreFact
from scanner.normalize.gcp.stores import CONNECTIONS, CONNECTIVITY, rows
from scanner.normalize.records import Records
from tests.normalize.builders import rows as of_table
from tests.normalize.gcp.answers import PLACE, missed, observed, of_gcp

NAME = f"{PLACE}/ekmConnections/partner"
# ekmConnections of cloud.google.com/kms/docs/reference/rest/v1/projects.locations.ekmConnections
CONNECTION: Json = {
    "name": NAME,
    "createTime": "2025-12-01T10:00:00Z",
    "serviceResolvers": [
        {
            "serviceDirectoryService": "projects/p/locations/us-east1/namespaces/n/services/s",
            "endpointFilter": "",
            "hostname": "ekm.example.com",
            "serverCertificates": [{"rawDer": "MIIB", "parsed": True, "issuer": "CN=ca", "subject": "CN=ekm"}],
        }
    ],
    "etag": "ACAB",
    "keyManagementMode": "MANUAL",
}


def facts(*records: Record) -> list[object]:
    return [*rows(Records(of_gcp(*records)), PLACE)]


def store(*records: Record) -> KeyStoreFact:
    (row,) = of_table([*rows(Records(of_gcp(*records)), PLACE)], KeyStoreFact)
    assert isinstance(row, KeyStoreFact)
    return row


def test_a_connection_that_is_reached() -> None:
    row = store(
        observed(CONNECTIONS, {"ekmConnections": [CONNECTION]}, subject=PLACE), observed(CONNECTIVITY, {}, subject=NAME)
    )
    assert (row.store_id, row.name, row.kind, row.connected) == (NAME, "partner", "external", True)
    assert (row.connection_state, row.connection_error, row.cluster_id) == ("reachable", "none", "none")
    assert (row.proxy_endpoint, row.proxy_connectivity) == ("ekm.example.com", "vpc_endpoint_service")


def test_a_connection_that_is_not_and_one_that_was_not_asked() -> None:
    listed = observed(CONNECTIONS, {"ekmConnections": [CONNECTION]}, subject=PLACE)
    row = store(listed, observed(CONNECTIVITY, {"message": "no"}, subject=NAME, error="FAILED_PRECONDITION"))
    assert (row.connected, row.connection_state, row.connection_error) == (False, "unreachable", "FAILED_PRECONDITION")
    row = store(listed, missed(CONNECTIVITY, subject=NAME))
    assert (row.connected, row.connection_state, row.connection_error) == (None, None, None)


def test_a_connection_of_another_shape_keeps_what_is_understood() -> None:
    for resolvers in ("surprise", [], ["surprise"], [{"hostname": 7}]):
        body: Json = {"name": NAME, "serviceResolvers": resolvers}  # type: ignore[dict-item]  # a table of anything
        row = store(observed(CONNECTIONS, {"ekmConnections": [body]}, subject=PLACE))
        assert (row.proxy_endpoint, row.created_at) == (None, None)


def test_whether_all_were_listed() -> None:
    (covered,) = facts(observed(CONNECTIONS, {}, subject=PLACE))
    assert isinstance(covered, CoverageFact)
    assert (covered.complete, covered.row_count) == (True, 0)
    (covered,) = facts(missed(CONNECTIONS, subject=PLACE))
    assert isinstance(covered, CoverageFact)
    assert not covered.complete
    assert facts() == []
