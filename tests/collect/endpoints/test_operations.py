"""The declared operations of endpoints."""

from __future__ import annotations

from scanner.collect.endpoints.operations import OPERATIONS
from scanner.model.endpoints import FhirServerFact, JwkFact, TlsCertificateFact, TlsEndpointFact
from scanner.model.facts import columns_of


def test_every_column_is_fed() -> None:
    fed = {column for operation in OPERATIONS for column in operation.feeds}
    for fact in (TlsEndpointFact, TlsCertificateFact, FhirServerFact, JwkFact):
        own = {"source", "evidence", "account", "endpoint_id", fact.key}
        wanted = {f"{fact.table}.{column.name}" for column in columns_of(fact) if column.name not in own}
        assert wanted <= fed
        assert {one.partition(".")[2] for one in fed if one.startswith(f"{fact.table}.")} - {"*"} <= {
            column.name for column in columns_of(fact)
        }


def test_each_says_what_it_is_for_and_needs_only_what_is_declared() -> None:
    names = {operation.name for operation in OPERATIONS}
    assert all(operation.purpose and set(operation.needs) <= names for operation in OPERATIONS)
