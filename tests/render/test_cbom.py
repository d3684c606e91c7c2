"""cbom.cdx.json: valid CycloneDX 1.6, keys as the facts have them, and never said to be complete when they are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.ids import SourceId
from scanner.model.report import Population, Report
from scanner.model.tables import KeyFact
from scanner.render.cbom import COLUMNS, Row, aggregate, primitive, render
from scanner.render.text import hidden
from tests.render.hostile import PAYLOADS
from tests.render.published import cyclonedx
from tests.render.reports import SCOPE, a_gap, a_report, a_scan, a_source, arn, digest

CREATED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
WHOLE = (a_source(populations=(Population("keys", 1, complete=True),)),)


def a_key(which: str = "one", /, **given: Any) -> KeyFact:  # noqa: ANN401 - any field of KeyFact
    """Return a symmetric key of which everything is known."""
    known: dict[str, Any] = {
        "source": SourceId(SCOPE),
        "evidence": (digest(which),),
        "key_id": arn(which),
        "provider": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "name": f"alias/{which}",
        "managed_by": "customer",
        "key_type": "symmetric_data_encryption",
        "provider_spec": "SYMMETRIC_DEFAULT",
        "algorithm": "AES",
        "curve": "none",
        "length_bits": 256,
        "strength_bits": 256,
        "approved_algorithm": True,
        "quantum_vulnerable": False,
        "usage": "encrypt",
        "state": "active",
        "origin": "provider",
        "created_at": CREATED,
        "material_since": CREATED,
    }
    return KeyFact(**{**known, **given})


def nothing_known(which: str = "one") -> KeyFact:
    """Return a key that was listed and not described."""
    must = ("source", "evidence", "key_id", "provider", "account", "region")
    return KeyFact(**{name: getattr(a_key(which), name) for name in must})


def bom(*keys: KeyFact, report: Report | None = None) -> dict[str, Any]:
    def read(table: str, columns: Sequence[str]) -> Iterable[Row]:
        assert table == "keys"
        return [{column: getattr(key, column) for column in columns} for key in keys]

    return cyclonedx(render(report or a_report(sources=WHOLE), read).data)


def asset(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [c for c in made["components"] if c["cryptoProperties"]["assetType"] == kind]


def said(component: dict[str, Any]) -> dict[str, str]:
    return {prop["name"].removeprefix("keyaudit:"): prop["value"] for prop in component["properties"]}


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_report(), lambda table, columns: [])
    assert (artifact.name, artifact.media_type) == ("cbom.cdx.json", "application/vnd.cyclonedx+json")
    assert cyclonedx(artifact.data)["components"] == []


def test_the_schema_refuses_what_it_does_not_know() -> None:
    data = render(a_report(), lambda table, columns: []).data
    with pytest.raises(AssertionError, match="whole"):
        cyclonedx(data.replace(b'"aggregate": "complete"', b'"aggregate": "whole"'))


def test_every_column_is_one_of_the_table() -> None:
    assert set(COLUMNS) <= {field.name for field in fields(KeyFact)}


def test_a_key_is_material_with_its_algorithm() -> None:
    made = bom(a_key())
    (key,) = asset(made, "related-crypto-material")
    (algorithm,) = asset(made, "algorithm")
    assert key["name"] == "alias/one"
    assert key["cryptoProperties"]["relatedCryptoMaterialProperties"] == {
        "type": "secret-key",
        "id": arn("one"),
        "state": "active",
        "size": 256,
        "algorithmRef": algorithm["bom-ref"],
        "creationDate": "2024-01-02T03:04:05Z",
        "activationDate": "2024-01-02T03:04:05Z",
    }
    assert algorithm["name"] == "AES-256"
    assert algorithm["cryptoProperties"]["algorithmProperties"] == {
        "primitive": "block-cipher",
        "parameterSetIdentifier": "256",
        "executionEnvironment": "unknown",
        "cryptoFunctions": ["encrypt", "decrypt"],
        "classicalSecurityLevel": 256,
        "nistQuantumSecurityLevel": 5,
    }
    (composition,) = made["compositions"]
    estate = made["metadata"]["component"]["bom-ref"]
    assert composition == {"aggregate": "complete", "assemblies": [estate], "dependencies": [estate]}
    assert made["dependencies"] == [
        {"ref": estate, "dependsOn": [key["bom-ref"]]},
        {"ref": key["bom-ref"], "dependsOn": [algorithm["bom-ref"]]},
    ]
    assert said(key)["managed_by"] == "customer"
    assert said(key)["approved_algorithm"] == "yes"
    assert said(key)["evidence"] == digest("one")


def test_what_is_not_known_is_left_out_or_said_to_be_so() -> None:
    made = bom(nothing_known())
    (key,) = asset(made, "related-crypto-material")
    (algorithm,) = asset(made, "algorithm")
    material = key["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert material == {"type": "unknown", "id": arn("one"), "algorithmRef": algorithm["bom-ref"]}
    assert key["name"] == arn("one")
    assert {name for name, value in said(key).items() if value == "not known"} == {
        "managed_by",
        "usage",
        "origin",
        "provider_spec",
        "key_type",
        "state",
        "approved_algorithm",
    }
    assert algorithm["name"] == "unknown"
    assert algorithm["cryptoProperties"]["algorithmProperties"] == {
        "primitive": "unknown",
        "executionEnvironment": "unknown",
        "cryptoFunctions": ["unknown"],
    }


@pytest.mark.parametrize(
    ("algorithm", "usages", "expected"),
    [
        ("AES", ["encrypt"], "block-cipher"),
        ("HMAC", ["mac"], "mac"),
        ("RSA", ["sign"], "signature"),
        ("RSA", ["encrypt", "wrap"], "pke"),
        ("RSA", ["encrypt", "sign"], "unknown"),
        ("RSA", [], "unknown"),
        ("EC", ["agree"], "key-agree"),
        ("EC", ["derive"], "unknown"),
        ("ML-KEM", ["encapsulate"], "kem"),
        ("ML-DSA", [], "signature"),
        ("NEW", ["sign"], "unknown"),
        ("", [], "unknown"),
    ],
)
def test_a_primitive_is_only_said_when_it_is_certain(algorithm: str, usages: list[str], expected: str) -> None:
    assert primitive(algorithm, usages) == expected


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ({"algorithm": "AES", "length_bits": 128}, 1),
        ({"algorithm": "AES", "length_bits": 192}, 3),
        ({"algorithm": "AES", "length_bits": 100}, None),
        ({"algorithm": "RSA", "length_bits": 2048, "quantum_vulnerable": True, "usage": "sign"}, 0),
        ({"algorithm": "HMAC", "length_bits": 256}, None),
    ],
)
def test_the_category_of_nist(given: dict[str, Any], category: int | None) -> None:
    (algorithm,) = asset(bom(a_key(**given)), "algorithm")
    assert algorithm["cryptoProperties"]["algorithmProperties"].get("nistQuantumSecurityLevel") == category


def test_an_elliptic_curve_names_the_algorithm() -> None:
    made = bom(a_key(algorithm="EC", curve="P-256", usage="sign", key_type="private_signature"))
    (algorithm,) = asset(made, "algorithm")
    assert algorithm["name"] == "EC-P-256"
    assert algorithm["cryptoProperties"]["algorithmProperties"]["curve"] == "P-256"
    (key,) = asset(made, "related-crypto-material")
    assert key["cryptoProperties"]["relatedCryptoMaterialProperties"]["type"] == "private-key"


@pytest.mark.parametrize(
    ("state", "written"),
    [
        ("pre_activation", "pre-activation"),
        ("suspended", "suspended"),
        ("deactivated", "deactivated"),
        ("destroyed", "destroyed"),
        ("new word", None),
    ],
)
def test_states_are_those_of_sp_800_57(state: str, written: str | None) -> None:
    (key,) = asset(bom(a_key(state=state)), "related-crypto-material")
    assert key["cryptoProperties"]["relatedCryptoMaterialProperties"].get("state") == written
    assert said(key)["state"] == state


@pytest.mark.parametrize(
    ("complete", "gaps", "expected"),
    [
        ([True], 0, "complete"),
        ([True, True], 0, "complete"),
        ([True], 1, "incomplete"),
        ([True, False], 0, "incomplete"),
        ([True, None], 0, "unknown"),
        ([], 0, "unknown"),
    ],
)
def test_the_list_is_complete_only_when_it_is(complete: list[bool | None], gaps: int, expected: str) -> None:
    sources = tuple(a_source(populations=(Population("keys", 1, complete=one),)) for one in complete)
    report = a_report(sources=sources, gaps=(a_gap(),) * gaps)
    assert aggregate(report) == expected
    (composition,) = bom(report=report)["compositions"]
    assert composition["aggregate"] == expected


def test_keys_are_in_order_and_share_what_is_the_same() -> None:
    made = bom(a_key("two"), a_key("one"), a_key("one", source=SourceId("aws:other")))
    keys = asset(made, "related-crypto-material")
    assert [key["name"] for key in keys] == ["alias/one", "alias/one", "alias/two"]
    assert len({key["bom-ref"] for key in keys}) == 3
    assert len(asset(made, "algorithm")) == 1


def test_the_rows_of_a_scan_are_read_from_its_folder(tmp_path: Path) -> None:
    write_facts([a_key(), nothing_known("two")], tmp_path / "facts")
    report = a_report(sources=WHOLE)
    read = render(report, partial(read_facts, tmp_path / "facts")).data
    assert cyclonedx(read) == bom(a_key(), nothing_known("two"), report=report)


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_visible_and_valid(name: str) -> None:
    text = PAYLOADS[name]
    key = a_key("one", **dict.fromkeys(("key_id", "name", "provider", "algorithm", "curve", "usage", "origin"), text))
    report = a_report(sources=WHOLE, scan=a_scan(organization=text, tool_version=text))
    data = render(report, lambda table, columns: [{c: getattr(key, c) for c in columns}]).data
    assert not [char for char in data.decode() if char != "\n" and hidden(char)]
    assert len(cyclonedx(data)["components"]) == 2
