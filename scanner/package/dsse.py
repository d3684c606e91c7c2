"""The signed statement about a package: an in-toto Statement v1 in a DSSE envelope.

What is signed is not JSON but the pre-authentication encoding of type and payload, so that no reader has to agree with
the signer on how JSON is written (https://github.com/secure-systems-lab/dsse, protocol.md).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from scanner.evidence.canonical import canonical
from scanner.evidence.names import MANIFEST
from scanner.model.ids import Digest, Json
from scanner.package.keys import Signer, checked_signature, fingerprint
from scanner.package.manifest import Packed

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://keyaudit.dev/scan/v1"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: what a DSSE signature is over. Lengths are of bytes, in decimal."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def statement(body: Mapping[str, Json], digest: Digest, packed: Sequence[Packed], totals: Json) -> bytes:
    """Return the statement about a package, as canonical JSON.

    ``body`` is the content of its manifest, ``digest`` the manifest's, ``packed`` what it lists; ``totals`` counts
    verdicts.
    """
    subjects: list[Json] = [_subject(MANIFEST, digest), *(_subject(one.path, one.sha256) for one in packed)]
    predicate: dict[str, Json] = {name: body[name] for name in ("scan", "observations", "checkpoint")}
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": {**predicate, "totals": totals},
        }
    )


def _subject(name: str, digest: str) -> dict[str, Json]:
    return {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}


def envelope(payload: bytes, signer: Signer) -> bytes:
    """Return the DSSE envelope of a payload, signed, as canonical JSON. Raises SigningError."""
    signature = checked_signature(signer, pae(PAYLOAD_TYPE, payload))
    signed: dict[str, Json] = {"keyid": fingerprint(signer.public_key), "sig": _text(signature)}
    body: dict[str, Json] = {"payloadType": PAYLOAD_TYPE, "payload": _text(payload), "signatures": [signed]}
    return canonical(body)


def _text(data: bytes) -> str:
    return base64.standard_b64encode(data).decode()
