"""More ways to spoil a package: its signature and statement, and members that say something else than each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from scanner.model.ids import Json
from scanner.verify.report import Step
from tests.evidence.samples import gap_body, line
from tests.packages import (
    as_json,
    b64,
    entries,
    envelope_of,
    fingerprint,
    hexdigest,
    key,
    loads,
    package,
    scan_files,
    sealed,
    statement_of,
    zipped,
)
from tests.verify.tampered import CONTROL, FILES, KMS, STS, Tampering, merged, swapped, without

ENVELOPE = "manifest.dsse.json"
S, C = Step.STATEMENT, Step.SCAN
LISTING = sealed(FILES)["manifest.json"]
STATEMENT = statement_of(LISTING)
PAYLOAD = as_json(STATEMENT)
GOOD = envelope_of(PAYLOAD, key())


def enveloped(envelope: bytes) -> bytes:
    """Return a package with this envelope."""
    return zipped(entries({**FILES, "manifest.json": LISTING, ENVELOPE: envelope}))


def in_envelope(**changes: Json) -> bytes:
    """Return a package whose envelope has other values."""
    return enveloped(as_json({**GOOD, **changes}))


def claiming(**changes: Json) -> bytes:
    """Return a package whose statement has other values and is signed."""
    return enveloped(as_json(envelope_of(as_json({**STATEMENT, **changes}), key())))


def predicate(**changes: Json) -> bytes:
    """Return a package whose statement's predicate has other values and is signed."""
    return claiming(predicate={**STATEMENT["predicate"], **changes})


def signature(sig: bytes | str, keyid: str = "") -> bytes:
    """Return a package with this signature, which claims to be of the trusted key."""
    text = sig if isinstance(sig, str) else b64(sig)
    return in_envelope(signatures=[{"keyid": keyid or fingerprint(key().public_key()), "sig": text}])


def raw_signature() -> bytes:
    """Return r and s side by side, as other systems write them."""
    r, s = decode_dss_signature(key().sign(b"x", ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIG = GOOD["signatures"][0]["sig"]
SUBJECTS = STATEMENT["subject"]
IN_THE_STATEMENT: dict[str, Tampering] = {
    "not signed": (S, ENVELOPE, lambda: package(signer=None)),
    "signed by another key": (S, ENVELOPE, lambda: package(signer=key("mallory"))),
    "signed by another key that claims the trusted one": (
        S,
        ENVELOPE,
        lambda: signature(
            envelope_of(PAYLOAD, key("mallory"))["signatures"][0]["sig"], fingerprint(key().public_key())
        ),
    ),
    "the trusted key's signature under another name": (S, ENVELOPE, lambda: signature(SIG, "0" * 64)),
    "a signature cut off": (S, ENVELOPE, lambda: signature(b"\x30\x06\x02\x01\x01\x02\x01\x01")),
    "an empty signature": (S, ENVELOPE, lambda: signature(b"")),
    "a signature that is not DER": (S, ENVELOPE, lambda: signature(raw_signature())),
    "a signature without the encoding": (S, ENVELOPE, lambda: signature(key().sign(PAYLOAD, ECDSA(SHA256())))),
    "a signature of the manifest": (S, ENVELOPE, lambda: signature(key().sign(LISTING, ECDSA(SHA256())))),
    "a signature with a blank": (S, ENVELOPE, lambda: signature(SIG + " ")),
    "a signature in URL's base64": (S, ENVELOPE, lambda: signature("-_" + SIG[2:])),
    "a good signature and a bad one of the same key": (
        S,
        ENVELOPE,
        lambda: in_envelope(signatures=[GOOD["signatures"][0], {**GOOD["signatures"][0], "sig": b64(b"0")}]),
    ),
    "no signature in the envelope": (S, ENVELOPE, lambda: in_envelope(signatures=[])),
    "a thousand signatures": (S, ENVELOPE, lambda: in_envelope(signatures=GOOD["signatures"] * 1000)),
    "a payload edited": (S, ENVELOPE, lambda: in_envelope(payload=b64(swapped(PAYLOAD, b"scan-1", b"scan-2")))),
    "another payload type": (S, ENVELOPE, lambda: in_envelope(payloadType="application/json")),
    "an envelope with more in it": (S, ENVELOPE, lambda: in_envelope(note="x")),
    "an envelope that is not JSON": (S, ENVELOPE, lambda: enveloped(b"-----BEGIN PKCS7-----")),
    "an envelope with a name twice": (
        S,
        ENVELOPE,
        lambda: enveloped(swapped(as_json(GOOD), b'"payloadType"', b'"payload":"","payloadType"')),
    ),
    "an envelope that is not canonical": (S, ENVELOPE, lambda: enveloped(as_json(GOOD) + b"\n")),
    "the statement of another package": (
        S,
        ENVELOPE,
        lambda: enveloped(sealed(scan_files("scan-2", 16), signer=key())[ENVELOPE]),
    ),
    "a subject dropped": (S, ENVELOPE, lambda: claiming(subject=SUBJECTS[:-1])),
    "the manifest not a subject": (S, ENVELOPE, lambda: claiming(subject=SUBJECTS[1:])),
    "a subject added": (
        S,
        ENVELOPE,
        lambda: claiming(subject=[*SUBJECTS, {"name": "x", "digest": {"sha256": "0" * 64}}]),
    ),
    "a subject twice": (S, ENVELOPE, lambda: claiming(subject=[*SUBJECTS, SUBJECTS[0]])),
    "a subject with another digest": (
        S,
        ENVELOPE,
        lambda: claiming(subject=[{**SUBJECTS[0], "digest": {"sha256": "0" * 64}}, *SUBJECTS[1:]]),
    ),
    "a subject by SHA-1": (
        S,
        ENVELOPE,
        lambda: claiming(subject=[{**SUBJECTS[0], "digest": {"sha1": "0" * 40}}, *SUBJECTS[1:]]),
    ),
    "subjects no list": (S, ENVELOPE, lambda: claiming(subject=None)),
    "another statement type": (S, ENVELOPE, lambda: claiming(_type="https://in-toto.io/Statement/v0.1")),
    "another predicate type": (S, ENVELOPE, lambda: claiming(predicateType="https://slsa.dev/provenance/v1")),
    "a statement with a name twice": (
        S,
        ENVELOPE,
        lambda: enveloped(
            as_json(envelope_of(swapped(PAYLOAD, b'"_type"', b'"_type":"https://example","_type"'), key()))
        ),
    ),
    "a statement of another scan": (
        S,
        ENVELOPE,
        lambda: predicate(scan={**STATEMENT["predicate"]["scan"], "organization": "Other Health"}),
    ),
    "a statement of other observations": (
        S,
        ENVELOPE,
        lambda: predicate(observations={**STATEMENT["predicate"]["observations"], "count": 9}),
    ),
    "a statement of another place in the series": (
        S,
        ENVELOPE,
        lambda: predicate(checkpoint={"number": 7, "previous": hexdigest(b"")}),
    ),
}


def remade(changes: Mapping[str, bytes | None]) -> bytes:
    """Return a package with other files, in which the operator made everything anew and signed again."""
    return package(merged(FILES, changes))


def told(header: Mapping[str, Json] | None = None, results: Mapping[str, Json] | None = None) -> bytes:
    """Return a package in which scan.json or results.json say something else, made anew and signed."""
    return remade(
        {
            "scan.json": as_json({**loads(FILES["scan.json"]), **(header or {})}),
            "results.json": as_json({**loads(FILES["results.json"]), **(results or {})}),
        }
    )


def dated(started: str, ended: str) -> bytes:
    """Return a package whose scan says that it ran at another time, everywhere."""
    times: dict[str, Json] = {"started": started, "ended": ended}
    return told(times, {"scan": {**loads(FILES["results.json"])["scan"], **times}})


def found(**changes: Json) -> bytes:
    """Return a package whose finding says something else."""
    return told(results={"findings": [{**loads(FILES["results.json"])["findings"][0], **changes}]})


def timed(when: str) -> bytes:
    """Return a package with evidence of another time, made anew and signed."""
    times: dict[str, Json] = {"started": when, "ended": when}
    return remade({STS: FILES[STS] + line(gap_body(**times))})


HEADER, RESULTS = "scan.json", "results.json"
RESULT: dict[str, Any] = loads(FILES[RESULTS])
BAD_TOTALS: dict[str, Json] = {"pass": 2, "fail": 0, "unknown": 0, "not_applicable": 0, "waived": 0}
BETWEEN_MEMBERS: dict[str, Tampering] = {
    "no results": (C, RESULTS, lambda: remade({RESULTS: None})),
    "no estate file": (C, "estate.yaml", lambda: remade({"estate.yaml": None})),
    "no verdicts": (C, "verdicts.parquet", lambda: remade({"verdicts.parquet": None})),
    "the estate file edited": (C, "estate.yaml", lambda: remade({"estate.yaml": b"keyaudit: 1\n"})),
    "a control edited, made anew": (C, "controls/", lambda: remade({CONTROL: b"id: KM-ROT-04 # softer\n"})),
    "a control added": (C, "controls/", lambda: remade({"controls/rotation/KM-ROT-99.yaml": b"id: KM-ROT-99\n"})),
    "a control dropped": (C, "controls/", lambda: remade({CONTROL: None})),
    "a scan that was not finished": (C, HEADER, lambda: told({"state": "collecting"})),
    "another schema of the scan": (C, HEADER, lambda: told({"schema": "keyaudit/scan/2"})),
    "results of another scan": (C, RESULTS, lambda: told(results={"scan": {**RESULT["scan"], "id": "scan-0"}})),
    "results of another clock": (
        C,
        RESULTS,
        lambda: told(results={"scan": {**RESULT["scan"], "as_of": "2026-01-01T00:00:00Z"}}),
    ),
    "results without a scan": (C, RESULTS, lambda: told(results={"scan": None})),
    "results with a name twice": (
        C,
        RESULTS,
        lambda: remade({RESULTS: swapped(FILES[RESULTS], b'"schema"', b'"totals":{},"schema"')}),
    ),
    "results with NaN": (
        C,
        RESULTS,
        lambda: remade({RESULTS: swapped(FILES[RESULTS], b'"waived":0', b'"waived":NaN')}),
    ),
    "results nested deeply": (
        C,
        RESULTS,
        lambda: remade({RESULTS: swapped(FILES[RESULTS], b'"waived":0', b'"waived":' + b"[" * 9999 + b"]" * 9999)}),
    ),
    "results with a lone surrogate": (
        C,
        RESULTS,
        lambda: remade({RESULTS: re.sub(b'"principals":', b'"x":"\\\\ud834","principals":', FILES[RESULTS])}),
    ),
    "totals edited in the results": (C, RESULTS, lambda: told(results={"totals": BAD_TOTALS})),
    "totals edited in both": (C, RESULTS, lambda: told({"totals": BAD_TOTALS}, {"totals": BAD_TOTALS})),
    "totals other than the signed ones": (
        C,
        RESULTS,
        lambda: zipped(
            entries(
                {**sealed(FILES), ENVELOPE: as_json(envelope_of(as_json(statement_of(LISTING, BAD_TOTALS)), key()))}
            )
        ),
    ),
    "totals in words": (C, RESULTS, lambda: told({"totals": "all pass"}, {"totals": "all pass"})),
    "evidence of a finding no list": (C, RESULTS, lambda: found(evidence=None)),
    "totals missing": (C, RESULTS, lambda: told({"totals": {}}, {"totals": {}})),
    "a control's verdict edited": (
        C,
        RESULTS,
        lambda: told(results={"controls": [{"id": "KM-ROT-04", "verdict": "pass"}, RESULT["controls"][1]]}),
    ),
    "a control twice in the results": (C, RESULTS, lambda: told(results={"controls": [RESULT["controls"][0]] * 2})),
    "controls no list": (C, RESULTS, lambda: told(results={"controls": None})),
    "a finding of no control": (C, RESULTS, lambda: found(control="KM-ROT-99")),
    "a finding that rests on nothing that is there": (C, RESULTS, lambda: found(evidence=[hexdigest(b"made up")])),
    "a finding that rests on no digest": (C, RESULTS, lambda: found(evidence=["the CISO"])),
    "a finding without evidence": (
        C,
        RESULTS,
        lambda: told(results={"findings": [without(RESULT["findings"][0], "evidence")]}),
    ),
    "a gap that is not there": (C, RESULTS, lambda: told(results={"gaps": [{"id": hexdigest(b"no")}]})),
    "the observation of a finding dropped": (
        C,
        RESULTS,
        lambda: remade({KMS: b"".join(FILES[KMS].splitlines(keepends=True)[1:])}),
    ),
    "the gap of the results dropped": (C, RESULTS, lambda: remade({STS: None})),
    "back-dated": (C, HEADER, lambda: dated("2026-05-15T11:59:59Z", "2026-05-15T12:00:03Z")),
    "forward-dated": (C, HEADER, lambda: dated("2026-07-15T11:59:59Z", "2026-07-15T12:00:03Z")),
    "ended before it started": (C, HEADER, lambda: dated("2026-06-15T12:00:03Z", "2026-06-15T11:59:59Z")),
    "evidence of a month before": (C, HEADER, lambda: timed("2026-05-15T12:00:00.000Z")),
    "evidence of no time": (C, HEADER, lambda: timed("")),
    "evidence from after the scan": (C, HEADER, lambda: timed("2026-06-16T12:00:00.000Z")),
}
