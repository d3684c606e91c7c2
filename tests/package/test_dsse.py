"""The envelope and the statement in it."""

from __future__ import annotations

import base64
import json

import pytest

from scanner.evidence.canonical import canonical
from scanner.evidence.merkle import Tree
from scanner.model.ids import Digest
from scanner.package.dsse import envelope, pae, statement
from scanner.package.keys import ALGORITHM, SigningError, fingerprint
from scanner.package.manifest import Packed, manifest
from tests.package.scans import HEADER, BrokenKey, HeldKey

PACKED = [Packed("scan.json", 7, Digest("sha256:bb"))]
BODY = manifest(HEADER.to_json(), PACKED, Tree(), None)


def test_the_encoding_is_the_protocols_own_example() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_of_bytes() -> None:
    assert pae("ü", "é".encode()) == "DSSEv1 2 ü 2 é".encode()


def test_the_statement_names_every_member_and_the_manifest() -> None:
    made = statement(BODY, Digest("sha256:cc"), PACKED, {"pass": 1})
    body = json.loads(made)
    assert canonical(body) == made
    assert body == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "manifest.json", "digest": {"sha256": "cc"}},
            {"name": "scan.json", "digest": {"sha256": "bb"}},
        ],
        "predicateType": "https://keyaudit.dev/scan/v1",
        "predicate": {
            "scan": BODY["scan"],
            "observations": BODY["observations"],
            "checkpoint": BODY["checkpoint"],
            "totals": {"pass": 1},
        },
    }


def test_an_envelope_is_signed_over_type_and_payload() -> None:
    key = HeldKey()
    made = envelope(b"{}", key)
    body = json.loads(made)
    assert canonical(body) == made
    assert body["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(body["payload"], validate=True) == b"{}"
    (signed,) = body["signatures"]
    assert signed["keyid"] == fingerprint(key.public_key)
    signature = base64.b64decode(signed["sig"], validate=True)
    key.public_key.verify(signature, b"DSSEv1 28 application/vnd.in-toto+json 2 {}", ALGORITHM)


def test_a_signature_that_does_not_verify_is_never_written() -> None:
    with pytest.raises(SigningError, match="does not verify"):
        envelope(b"{}", BrokenKey())
