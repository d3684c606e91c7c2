"""Digest files of AWS CloudTrail: signatures, the chain, and the hashes of log files. Pure.

Source: AWS CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation"; for the first digest of a chain `null` stands for the signature before it, as the AWS CLI has it.
A digest proves only what it names. That the newest is there is held against what the trail's status says.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scanner.model.ids import Digest as Id
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.normalize.aws.signatures import PublicKey, read_key
from scanner.normalize.reading import Object, child, moment, text
from scanner.normalize.records import Records

LIST = "s3:ListObjectsV2"
GET = "s3:GetObject"
KEYS = "cloudtrail:ListPublicKeys"
ALGORITHM = "SHA256withRSA"
LATE = timedelta(hours=3)
"""A digest is delivered within an hour of the end of its hour. What is older than this is not the newest."""

_DAY = re.compile(r".*/[0-9]{4}/[0-9]{2}/[0-9]{2}/")
_NAME = re.compile(r"(?P<of>.+)_(?P<end>[0-9]{8}T[0-9]{6}Z)(?P<backfill>_backfill)?\.json\.gz")


@dataclass(frozen=True, slots=True)
class Chain:
    """What the digests of one trail, account and region come to. None: not known."""

    verified: bool | None = None
    problem: str | None = None
    read: int | None = None
    newest_at: datetime | None = None
    files_verified: int | None = None
    files_unchecked: int | None = None
    evidence: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class _Digest:
    """One digest as it was read. ``holds``: its place and its signature are right; None: not known."""

    name: str
    holds: bool | None
    problem: str = ""
    document: Object = field(default_factory=dict)
    signature: str = ""
    sha256: str = ""


class Files:
    """What one unit has of the files in buckets: listings, hashes and texts, and the keys that sign digests."""

    def __init__(self, unit: Records, records: Sequence[Record]) -> None:
        self.unit = unit
        self.listings = sorted({r.subject or "" for r in records if r.operation == LIST})
        self.asked = frozenset(r.subject or "" for r in records if r.operation == GET)
        self.keys: dict[str, PublicKey | None] = {}
        sources = {record.subject for record in records if record.operation == KEYS}
        self.keys_complete = bool(sources)
        for subject in sorted(sources, key=str):
            listing = unit.listing(KEYS, subject, "PublicKeyList", identity="Fingerprint")
            self.keys_complete &= listing.complete
            self.keys |= {str(one["Fingerprint"]): read_key(text(one, "Value")) for _, one in listing.items}
        self.key_ids = tuple(sorted(i for subject in sources for i in unit.ids(KEYS, subject)))

    def listed(self, bucket: str) -> Mapping[str, Observation]:
        """Return the names in the folders of days that were listed, each with its page."""
        days = [subject for subject in self.days(bucket) if self.unit.answers(LIST, subject)]
        return {
            str(item["Key"]): page
            for day in days
            for page, item in self.unit.listing(LIST, day, "Contents", identity="Key").items
        }

    def days(self, bucket: str) -> list[str]:
        """Return the folders of days of a bucket, as subjects."""
        return [one for one in self.listings if one.startswith(f"s3://{bucket}/") and _DAY.fullmatch(one)]

    def complete(self, bucket: str) -> bool:
        """Tell whether every listing of a bucket was read to its end."""
        own = [one for one in self.listings if not one or one.startswith(f"s3://{bucket}/")]
        return bool(own) and all(self.unit.complete(LIST, one or None) for one in own)

    def gone(self, bucket: str) -> bool:
        """Tell whether the bucket is not there."""
        own = (one for one in self.listings if one.startswith(f"s3://{bucket}/"))
        return any(self.unit.error(LIST, one) == "NoSuchBucket" for one in own)

    def file(self, bucket: str, name: str) -> Observation | None:
        """Return what was read of a file: its hash, or that it is not there."""
        return self.unit.answer(GET, f"s3://{bucket}/{name}")


def verify(files: Files, page: Observation, trail: Object, delivered_at: datetime | None) -> Chain:
    """Verify the digests of a trail for the account and region of ``page``, as far as they were read.

    ``delivered_at``: when the provider says that it delivered the last digest there.
    """
    bucket, name, home = text(trail, "S3BucketName"), text(trail, "Name"), text(trail, "HomeRegion")
    if not files.listings or trail.get("LogFileValidationEnabled") is not True or not (bucket and name and home):
        return Chain()
    if files.gone(bucket):
        return Chain(False, f"bucket_missing s3://{bucket}", 0, None, 0, 0)
    if trail.get("IsOrganizationTrail") is True:
        delivered_at = None  # the status of an Organization's trail is that of the account that owns it
    return _Verifier(files, bucket, f"{page.account}_CloudTrail-Digest_{page.region}_{name}_{home}").chain(delivered_at)


class _Verifier:
    def __init__(self, files: Files, bucket: str, start: str) -> None:
        self._files = files
        self._bucket = bucket
        self._listed = {key: one for key, one in files.listed(bucket).items() if _of(key) == start}
        read = [key for key in self._listed if f"s3://{bucket}/{key}" in files.asked]
        self._digests = [self._digest(key) for key in sorted(read, key=_end)]
        self._used: set[Id] = {one.id for one in self._listed.values()}
        self.verified = self.unchecked = 0

    def chain(self, delivered_at: datetime | None) -> Chain:
        found = [*self._problems(), *self._newest(delivered_at)]
        known = [problem for holds, problem in found if holds is False]
        complete = self._files.complete(self._bucket) and bool(self._digests) and None not in [h for h, _ in found]
        verified = False if known else True if complete else None
        read = [digest for digest in self._digests if digest.document]
        ends = [end for digest in read if (end := moment(digest.document, "digestEndTime"))]
        return Chain(
            verified=verified,
            problem=known[0] if known else "none" if complete else None,
            read=len(read),
            newest_at=max(ends, default=None),
            files_verified=self.verified,
            files_unchecked=self.unchecked,
            evidence=tuple(sorted({*self._used, *(self._files.key_ids if read else ())})),
        )

    def _problems(self) -> Iterator[tuple[bool | None, str]]:
        """Yield what does not hold, in the order of time: (False, what) or, where nobody knows, (None, why)."""
        before: _Digest | None = None
        for digest in self._digests:
            place = f"s3://{self._bucket}/{digest.name}"
            self._used |= set(self._files.unit.ids(GET, place))
            if not digest.holds:
                yield digest.holds, f"{digest.problem} {place}"
            if not _backfills(digest.name):
                holds, problem = self._link(digest, before) if digest.document else (True, "")
                if not holds:
                    yield holds, f"{problem} {place}"
                before = digest
            yield from self._log_files(digest)

    def _newest(self, delivered_at: datetime | None) -> Iterator[tuple[bool, str]]:
        if delivered_at is None or not self._files.complete(self._bucket):
            return
        ends = [moment({"at": _iso(_end(key))}, "at") for key in self._listed if not _backfills(key)]
        newest = max((end for end in ends if end), default=None)
        if newest is None or delivered_at - newest > LATE:
            yield False, f"newest_missing s3://{self._bucket}"

    def _digest(self, name: str) -> _Digest:
        answer = self._files.file(self._bucket, name)
        if answer is None or not isinstance(answer.response, dict):
            return _Digest(name, None, "unread")
        if answer.error_code:
            return _Digest(name, False, "digest_missing")
        body = answer.response
        if text(body, "Problem") != "none":
            return _Digest(name, False if text(body, "Problem") else None, "digest_malformed")
        kept, sha256 = _kept_text(body), text(body, "InflatedSha256") or ""
        if hashlib.sha256(kept.encode("utf-8", "surrogatepass")).hexdigest() != sha256:
            return _Digest(name, None, "altered_by_redaction")
        document = _document(kept)
        if document is None:
            return _Digest(name, False, "digest_malformed")
        signature = text(child(body, "Metadata"), "signature") or ""
        holds, problem = self._signed(
            name, document, signature, text(child(body, "Metadata"), "signature-algorithm"), sha256
        )
        return _Digest(name, holds, problem, document, signature, sha256)

    def _signed(
        self, name: str, document: Object, signature: str, algorithm: str | None, sha256: str
    ) -> tuple[bool | None, str]:
        if (text(document, "digestS3Bucket"), text(document, "digestS3Object")) != (self._bucket, name):
            return False, "digest_moved"
        if not signature:
            return False, "signature_missing"
        if algorithm != ALGORITHM:
            return None, "signature_algorithm_unknown"
        fingerprint = text(document, "digestPublicKeyFingerprint") or ""
        key = self._files.keys.get(fingerprint)
        if key is None:
            known = self._files.keys_complete and fingerprint not in self._files.keys
            return False if known else None, "public_key_unknown"
        before = document.get("previousDigestSignature")
        signed = "\n".join(
            (
                text(document, "digestEndTime") or "",
                f"{self._bucket}/{name}",
                sha256,
                before if isinstance(before, str) else "null",
            )
        )
        return (True, "") if key.verifies(signature, signed) else (False, "signature_invalid")

    def _link(self, digest: _Digest, before: _Digest | None) -> tuple[bool | None, str]:
        """Tell whether a digest goes on where the one before it, of those that were read, ends."""
        document = digest.document
        bucket, name = text(document, "previousDigestS3Bucket"), text(document, "previousDigestS3Object")
        if name is None:
            return (True, "") if before is None else (False, "chain_restarted")
        if bucket != self._bucket:
            return None, "chain_leaves_the_bucket"
        if before is not None and name == before.name:
            if not before.document:
                return (True, "")  # that one could not be read, and is a problem of its own
            same = (text(document, "previousDigestSignature"), text(document, "previousDigestHashValue")) == (
                before.signature,
                before.sha256,
            )
            return same, "link_broken"
        folder = f"s3://{bucket}/{name.rpartition('/')[0]}/"
        if name not in self._listed and folder in self._files.days(self._bucket):
            return (False if self._files.complete(self._bucket) else None), "digest_missing"
        # What lies before everything that was read is not looked at.
        return before is None, "link_broken"

    def _log_files(self, digest: _Digest) -> Iterator[tuple[bool | None, str]]:
        named = digest.document.get("logFiles")
        for file in named if isinstance(named, list) else []:
            name = text(file, "s3Object") if isinstance(file, dict) else None
            place = f"s3://{self._bucket}/{name}"
            own = isinstance(file, dict) and text(file, "s3Bucket") == self._bucket
            if not digest.holds or not own or place not in self._files.asked:
                self.unchecked += 1
                continue
            holds, problem = self._hashed(name or "", file)
            self._used |= set(self._files.unit.ids(GET, place))
            self.verified += holds is True
            self.unchecked += holds is None
            if not holds:
                yield holds, f"{problem} {place}"

    def _hashed(self, name: str, file: Json) -> tuple[bool | None, str]:
        answer = self._files.file(self._bucket, name)
        wanted = file if isinstance(file, dict) else {}
        if answer is None or not isinstance(answer.response, dict) or text(wanted, "hashAlgorithm") != "SHA-256":
            return None, "unread"
        if answer.error_code:
            return False, "log_file_missing"
        return text(answer.response, "InflatedSha256") == text(wanted, "hashValue"), "log_file_changed"


def _document(kept: str) -> Object | None:
    try:
        document = json.loads(kept)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _kept_text(body: Object) -> str:
    pieces = body.get("Text")
    return "".join(piece for piece in pieces if isinstance(piece, str)) if isinstance(pieces, list) else ""


def _of(key: str) -> str:
    match = _NAME.fullmatch(key.rpartition("/")[2])
    return match["of"] if match else ""


def _end(key: str) -> str:
    match = _NAME.fullmatch(key.rpartition("/")[2])
    return match["end"] if match else ""


def _backfills(key: str) -> bool:
    return key.endswith("_backfill.json.gz")


def _iso(end: str) -> str:
    return f"{end[:4]}-{end[4:6]}-{end[6:8]}T{end[9:11]}:{end[11:13]}:{end[13:15]}Z"
