"""Rows of what the inventory of a report is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scanner.model.audit import AuditTrailFact
from scanner.model.envelope import DataKeyFact
from scanner.model.ids import Digest, SourceId
from scanner.model.modules import CertificateFact, ModuleFact
from scanner.model.stores import BindingFact, DataStoreFact
from scanner.model.tables import KeyStoreFact
from tests.evaluate.builders import SOURCE

SUNSET = datetime(2026, 11, 17, 23, 59, 59)  # noqa: DTZ001 - as tables keep it
READING = datetime(2025, 3, 29)  # noqa: DTZ001 - as tables keep it
_PLACE: dict[str, Any] = {"account": "111122223333", "region": "us-east-1"}


def _given(fields: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {"source": SourceId(SOURCE), "evidence": (Digest("sha256:1"),), **fields, **given}


def a_store(store_id: str, **given: Any) -> DataStoreFact:  # noqa: ANN401 - any column
    """Return a bucket of which nothing is known, unless ``given`` says otherwise."""
    fields = {**_PLACE, "store_id": store_id, "provider": "aws", "kind": "object_store"}
    return DataStoreFact(**_given(fields, given))


def a_data_key(data_key_id: str, **given: Any) -> DataKeyFact:  # noqa: ANN401 - any column
    """Return a data key of which nothing is known, unless ``given`` says otherwise."""
    fields = {"data_key_id": data_key_id, "registry_id": "registry", "provider": "postgres", "account": "voice"}
    return DataKeyFact(**_given(fields, given))


def an_edge(
    child: str,
    parent: str,
    kinds: str = "store key",
    strength: str | None = "observed",
    **given: Any,  # noqa: ANN401 - any column
) -> BindingFact:
    """Return an edge; ``kinds`` are those of child and parent."""
    below, _, above = kinds.partition(" ")
    fields = {
        "binding_id": f"{child} > {parent}",
        "child_id": child,
        "parent_id": parent,
        "child_kind": below or None,
        "parent_kind": above or None,
        "strength": strength,
    }
    return BindingFact(**_given(fields, given))


def a_module(module_id: str = "kms", **given: Any) -> ModuleFact:  # noqa: ANN401 - any column
    """Return a key service with an interim certificate that was active when it was read."""
    fields = {
        **_PLACE,
        "module_id": module_id,
        "provider": "aws",
        "name": "AWS KMS",
        "kind": "key_service",
        "product": "aws-kms",
        "embodiment": "hardware",
        "version": "none",
        "state": "none",
        "certificate": 4884,
        "standard": "FIPS 140-3",
        "level": 3,
        "certificate_status": "active",
        "interim": True,
        "sunset_at": SUNSET,
        "reading_at": READING,
    }
    return ModuleFact(**_given(fields, given))


def a_certificate(certificate_id: str = "aws-kms 4884", **given: Any) -> CertificateFact:  # noqa: ANN401 - any column
    """Return the certificate of that module."""
    fields = {
        "certificate_id": certificate_id,
        "product": "aws-kms",
        "number": 4884,
        "name": "AWS KMS HSM",
        "standard": "FIPS 140-3",
        "level": 3,
        "status": "active",
        "interim": True,
        "sunset_at": SUNSET,
        "reading_at": READING,
        "reading_source": "CMVP lists",
        "note": "Read it again.",
    }
    return CertificateFact(**_given(fields, given))


def a_key_store(store_id: str = "cks-1", **given: Any) -> KeyStoreFact:  # noqa: ANN401 - any column
    """Return a key store of which only the kind is known."""
    return KeyStoreFact(**_given({**_PLACE, "store_id": store_id, "kind": "hsm_cluster"}, given))


def a_trail(trail_id: str = "trail", **given: Any) -> AuditTrailFact:  # noqa: ANN401 - any column
    """Return an audit log of which nothing is known."""
    return AuditTrailFact(**_given({**_PLACE, "provider": "aws", "trail_id": trail_id}, given))
