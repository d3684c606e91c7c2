"""``cbom.cdx.json``: the keys as a CycloneDX 1.6 Cryptography Bill of Materials.

The report has samples of the keys only, so the rows come from the fact table ``keys`` through a reader; the column of
each value is documented in ``scanner.model.tables.KeyFact``. No key material is in it: there is none in the facts.
What is not known is left out or says ``unknown``. Whether the list is whole is said as a composition: ``complete``
only when every listing of keys was read to its end, without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from scanner.model.artifact import Artifact
from scanner.model.ids import Json
from scanner.model.report import Report
from scanner.render.interchange import HOME, document, instant, line, stable_id

COLUMNS: Final = (
    "key_id",
    "source",
    "provider",
    "account",
    "region",
    "name",
    "managed_by",
    "key_type",
    "provider_spec",
    "algorithm",
    "curve",
    "length_bits",
    "strength_bits",
    "approved_algorithm",
    "quantum_vulnerable",
    "usage",
    "state",
    "origin",
    "created_at",
    "expires_at",
    "material_since",
    "evidence",
)
"""What is read of ``keys``."""

Row = Mapping[str, object]
"""One key: column to value; instants are UTC."""


class Read(Protocol):
    """Reads the rows of a fact table, as ``evaluate.store.read_facts`` does of a folder."""

    def __call__(self, table: str, columns: Sequence[str], /) -> Iterable[Row]:
        """Return the rows of ``table`` with ``columns``."""
        ...


STATES: Final = {
    "pre_activation": "pre-activation",
    "active": "active",
    "suspended": "suspended",
    "deactivated": "deactivated",
    "destroyed": "destroyed",
}
"""Key state of SP 800-57 Part 1 to the same in CycloneDX. Any other is left out."""
_PRIMITIVES: Final = {
    "AES": "block-cipher",
    "TDEA": "block-cipher",
    "DES": "block-cipher",
    "HMAC": "mac",
    "EdDSA": "signature",
    "ML-DSA": "signature",
    "ML-KEM": "kem",
}
_BY_USAGE: Final = {"sign": "signature", "agree": "key-agree", "encrypt": "pke", "wrap": "pke", "encapsulate": "kem"}
"""For algorithms that do several things (RSA, EC, SM2)."""
_FUNCTIONS: Final = {
    "encrypt": ("encrypt", "decrypt"),
    "wrap": ("encrypt", "decrypt"),
    "sign": ("sign", "verify"),
    "mac": ("tag",),
    "agree": ("keyderive",),
    "derive": ("keyderive",),
    "encapsulate": ("encapsulate", "decapsulate"),
}
_AES_CATEGORY: Final = {128: 1, 192: 3, 256: 5}
"""Key length to NIST's security strength category, which is defined by these three."""
_SAID: Final = ("provider", "account", "region", "source", "managed_by", "usage", "origin", "provider_spec", "key_type")


def render(report: Report, read: Read) -> Artifact:
    """Return ``cbom.cdx.json``: keys by id, each with its algorithm."""
    rows = sorted(read("keys", COLUMNS), key=lambda row: (str(row["key_id"]), str(row["source"])))
    algorithms: dict[str, Json] = {}
    keys: list[Json] = []
    uses: list[dict[str, Json]] = []
    for row in rows:
        algorithm = _algorithm(row)
        algorithms.setdefault(str(algorithm["bom-ref"]), algorithm)
        key = _key(row, str(algorithm["bom-ref"]))
        keys.append(key)
        uses.append({"ref": key["bom-ref"], "dependsOn": [algorithm["bom-ref"]]})
    estate = f"estate-{stable_id('estate', report.scan.organization)}"
    body: dict[str, Json] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{stable_id('cbom', report.scan.id)}",
        "version": 1,
        "metadata": _metadata(report, estate),
        "components": [*keys, *(algorithms[ref] for ref in sorted(algorithms))],
        "dependencies": [{"ref": estate, "dependsOn": [use["ref"] for use in uses]}, *uses],
        "compositions": [{"aggregate": aggregate(report), "assemblies": [estate], "dependencies": [estate]}],
    }
    return Artifact("cbom.cdx.json", "application/vnd.cyclonedx+json", document(body))


def aggregate(report: Report) -> str:
    """Return how complete the list of keys is, in CycloneDX's words. Not listed at all is ``unknown``."""
    said = [p.complete for source in report.sources for p in source.populations if p.table == "keys"]
    if not said or None in said:
        return "unknown"
    return "incomplete" if False in said or report.gaps else "complete"


def _metadata(report: Report, estate: str) -> Json:
    tool: dict[str, Json] = {
        "type": "application",
        "name": "keyaudit",
        "version": line(report.scan.tool_version),
        "externalReferences": [{"type": "website", "url": HOME}],
    }
    return {
        "timestamp": instant(report.scan.ended),
        "tools": {"components": [tool]},
        "component": {"type": "platform", "bom-ref": estate, "name": line(report.scan.organization)},
        "properties": [
            _property("scan", report.scan.id),
            _property("as_of", instant(report.scan.as_of)),
            _property("gaps", str(len(report.gaps))),
        ],
    }


def _property(name: str, value: str) -> dict[str, Json]:
    return {"name": f"keyaudit:{name}", "value": line(value)}


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


def _algorithm(row: Row) -> dict[str, Json]:
    family, curve, bits = _text(row, "algorithm"), _text(row, "curve"), _text(row, "length_bits")
    usages = [usage for usage in _text(row, "usage").split(",") if usage]
    named = curve if curve not in ("", "none") else bits
    properties: dict[str, Json] = {
        "primitive": primitive(family, usages),
        "executionEnvironment": "unknown",
        "cryptoFunctions": list(dict.fromkeys(f for u in usages for f in _FUNCTIONS.get(u, ("other",)))) or ["unknown"],
    }
    if bits:
        properties["parameterSetIdentifier"] = line(bits)
    if curve not in ("", "none"):
        properties["curve"] = line(curve)
    if isinstance(strength := row.get("strength_bits"), int):
        properties["classicalSecurityLevel"] = strength
    if (category := _category(row)) is not None:
        properties["nistQuantumSecurityLevel"] = category
    of = (family, curve, bits, ",".join(usages), _text(row, "strength_bits"), str(row.get("quantum_vulnerable")))
    return {
        "type": "cryptographic-asset",
        "bom-ref": f"algorithm-{stable_id('algorithm', *of)}",
        "name": line("-".join(part for part in (family, named) if part), "unknown"),
        "cryptoProperties": {"assetType": "algorithm", "algorithmProperties": properties},
    }


def primitive(algorithm: str, usages: Sequence[str]) -> str:
    """Return the primitive of an algorithm; of one that has several, that of its one use, else ``unknown``."""
    if algorithm in _PRIMITIVES:
        return _PRIMITIVES[algorithm]
    uses = {_BY_USAGE.get(usage, "unknown") for usage in usages} if algorithm in ("RSA", "EC", "SM2") else set()
    return uses.pop() if len(uses) == 1 else "unknown"


def _category(row: Row) -> int | None:
    if row.get("quantum_vulnerable") is True:
        return 0
    bits = row.get("length_bits")
    return _AES_CATEGORY.get(bits) if row.get("algorithm") == "AES" and isinstance(bits, int) else None


def _key(row: Row, algorithm: str) -> dict[str, Json]:
    key_id, kind = _text(row, "key_id"), _text(row, "key_type").partition("_")[0]
    material: dict[str, Json] = {
        "type": {"symmetric": "secret-key", "private": "private-key"}.get(kind, "unknown"),
        "id": line(key_id),
        "algorithmRef": algorithm,
    }
    if state := STATES.get(_text(row, "state")):
        material["state"] = state
    if isinstance(bits := row.get("length_bits"), int):
        material["size"] = bits
    for column, name in (
        ("created_at", "creationDate"),
        ("material_since", "activationDate"),
        ("expires_at", "expirationDate"),
    ):
        if isinstance(moment := row.get(column), datetime):
            material[name] = instant(moment)
    evidence = row.get("evidence")
    digests = [str(digest) for digest in evidence] if isinstance(evidence, (list, tuple)) else []
    approved = {"True": "yes", "False": "no"}.get(_text(row, "approved_algorithm"), "not known")
    return {
        "type": "cryptographic-asset",
        "bom-ref": f"key-{stable_id('key', _text(row, 'source'), key_id)}",
        "name": line(_text(row, "name"), line(key_id)),
        "cryptoProperties": {"assetType": "related-crypto-material", "relatedCryptoMaterialProperties": material},
        "properties": [
            *(_property(name, _text(row, name) or "not known") for name in _SAID),
            _property("state", _text(row, "state") or "not known"),
            _property("approved_algorithm", approved),
            *(_property("evidence", digest) for digest in digests),
        ],
    }
