"""Digest files of AWS CloudTrail as AWS delivers them: gzip files, chained and really signed; or broken on purpose.

The key that signs is made when it is first needed and is nowhere else.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scanner.demo.aws.audit_world import Json, Trail, text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

HOUR = timedelta(hours=1)
LATEST = timedelta(minutes=15)
"""How long after the end of its hour a digest is delivered."""


@dataclass(frozen=True, slots=True)
class File:
    """One object in the trail's bucket."""

    data: bytes
    metadata: dict[str, str] = field(default_factory=dict)


@functools.cache
def signing_key(name: str = "cloudtrail") -> RSAPrivateKey:
    """Return the key of that name: the same one for as long as the process runs."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    del name
    return generate_private_key(65537, 2048)


def public_key(now: datetime) -> Json:
    """Return the public key that verifies the digests, in the shape of ListPublicKeys."""
    return {
        "Value": _der(),
        "Fingerprint": fingerprint(),
        "ValidityStartTime": int((now - timedelta(days=30)).timestamp()),
        "ValidityEndTime": int((now + timedelta(days=30)).timestamp()),
    }


def fingerprint(name: str = "cloudtrail") -> str:
    """Return what digests call the key of that name."""
    return hashlib.sha256(_der(name)).hexdigest()[:32]


def _der(name: str = "cloudtrail") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return signing_key(name).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def newest_end(now: datetime, trail: Trail) -> datetime:
    """Return the end of the last whole hour of which a digest was delivered: a stopped trail delivers none."""
    last = now - timedelta(days=trail.stopped_days_ago or 0)
    return (last - LATEST).replace(minute=0, second=0, microsecond=0)


def files(trail: Trail, folder: str, now: datetime, place: tuple[str, str] | None = None) -> dict[str, File]:
    """Return digests and log files of a trail by name, for an account and region (None: its own).

    ``folder``: ``…AWSLogs/``. What is broken is so in its own account and region.
    """
    account, region = place or (trail.account, trail.region)
    writer = _Writer(trail, folder, account, region)
    assert trail.digests is not None  # noqa: S101 - the caller looks for those that have some
    first = newest_end(now, trail) - HOUR * (trail.digests.hours - 1)
    for number in range(trail.digests.hours):
        writer.add(first + HOUR * number)
    return dict(writer.broken())


@dataclass(slots=True)
class _Writer:
    trail: Trail
    folder: str
    account: str
    region: str
    digests: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    found: dict[str, File] = field(default_factory=dict)
    before: tuple[str, str, str] | None = None
    """Name, hash and signature of the digest before."""

    def add(self, end: datetime) -> None:
        """Write the log files of an hour and its digest."""
        number = len(self.digests)
        logs = [self._log(end, n) for n in range(self.trail.digests.files if self.trail.digests else 0)]
        name = self._name(end, "CloudTrail-Digest", f"{self.trail.name}_{self.trail.region}_{end:%Y%m%dT%H%M%SZ}")
        middle = self._breaks(number)
        before = None if middle == "restarted" else self.before
        key = "stranger" if middle == "unknown_key" else "cloudtrail"
        document = {
            "awsAccountId": self.account,
            "digestStartTime": text(end - HOUR),
            "digestEndTime": text(end),
            "digestS3Bucket": "another-bucket" if middle == "moved_digest" else self.trail.bucket,
            "digestS3Object": name,
            "digestPublicKeyFingerprint": fingerprint(key),
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": text(end - HOUR / 2) if logs else None,
            "oldestEventTime": text(end - HOUR) if logs else None,
            "previousDigestS3Bucket": self.trail.bucket if before else None,
            "previousDigestS3Object": before[0] if before else None,
            "previousDigestHashValue": before[1] if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before[2] if before else None,
            "logFiles": logs,
        }
        plain = json.dumps(document, separators=(",", ":")).encode()
        signature = sign(document, plain, key)
        self.before = (name, hashlib.sha256(plain).hexdigest(), signature)
        self.digests.append(name)
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        self.found[name] = File(gzip.compress(plain, mtime=0), metadata)

    @property
    def _how(self) -> str:
        at_home = (self.account, self.region) == (self.trail.account, self.trail.region)
        return self.trail.digests.broken if self.trail.digests and at_home else "none"

    def _breaks(self, number: int) -> str:
        return self._how if self.trail.digests and number == self.trail.digests.hours // 2 else "none"

    def _name(self, end: datetime, kind: str, rest: str) -> str:
        account, region = self.account, self.region
        day = end - HOUR / 60 if kind == "CloudTrail" else end
        return f"{self.folder}{account}/{kind}/{region}/{day:%Y/%m/%d}/{account}_{kind}_{region}_{rest}.json.gz"

    def _log(self, end: datetime, number: int) -> Json:
        name = self._name(end, "CloudTrail", f"{end:%Y%m%dT%H%MZ}_simulated{number:07}")
        plain = json.dumps(
            {"Records": [{"eventTime": text(end), "note": "log files are hashed and not kept"}]}
        ).encode()
        self.logs.append(name)
        self.found[name] = File(gzip.compress(plain, mtime=0))
        return {
            "s3Bucket": self.trail.bucket,
            "s3Object": name,
            "hashValue": hashlib.sha256(plain).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": text(end),
            "oldestEventTime": text(end),
        }

    def broken(self) -> Iterator[tuple[str, File]]:
        """Yield the files as they lie in the bucket after somebody was there."""
        how = self._how
        middle = self.digests[len(self.digests) // 2]
        gone: set[str] = set()
        changed: dict[str, File] = {}
        if how == "removed_digest":
            gone = {middle}
        elif how == "removed_newest":
            gone = set(self.digests[-4:])
        elif how == "removed_log":
            gone = {self.logs[-1]}
        elif how == "edited_log":
            changed[self.logs[-1]] = File(gzip.compress(b'{"Records": []}', mtime=0))
        elif how == "edited_digest":
            edited = gzip.decompress(self.found[middle].data).replace(b'"SHA-256"', b'"SHA-512"')
            changed[middle] = replace(self.found[middle], data=gzip.compress(edited, mtime=0))
        elif how == "wrong_signature":
            metadata = {**self.found[middle].metadata, "signature": "00" * 256}
            changed[middle] = replace(self.found[middle], metadata=metadata)
        yield from ((name, changed.get(name, file)) for name, file in self.found.items() if name not in gone)


def sign(document: Json, plain: bytes, key: str) -> str:
    """Return the signature of a digest, whose text is ``plain``, by the key of that name."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    place = f"{document['digestS3Bucket']}/{document['digestS3Object']}"
    before = document["previousDigestSignature"] or "null"
    signed = f"{document['digestEndTime']}\n{place}\n{hashlib.sha256(plain).hexdigest()}\n{before}"
    return signing_key(key).sign(signed.encode(), PKCS1v15(), SHA256()).hex()
