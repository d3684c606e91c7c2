"""Envelopes of objects of Amazon S3: the beginnings of a few objects of the buckets that the estate names.

A name of an object can name a patient, so it never leaves the transport: a keyed hash stands in its place, in
questions and in answers. The transport alone knows which name a hash stands for, for as long as it lives.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.s3_headers import HEAD
from scanner.collect.aws.stores import entries, place_of
from scanner.collect.hashes import Hashes
from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Paging, Reply, Transport, Unit
from scanner.model.estate import AwsSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation, columns

NAME = "aws.s3_objects"
BUCKETS = "s3-objects:ListBuckets"
LIST = "s3-objects:ListObjectsV2"
GET = "s3-objects:GetObject"
PAGING = Paging(answer="ContinuationToken", parameter="ContinuationToken")
MOST = 1_000
"""Names of a bucket that are listed: one page."""
GONE = ("NoSuchBucket", "NoSuchKey")
"""Error codes: deleted between the listing and now. That is the answer."""
_INSTRUCTIONS = ".instruction"
"""Ending of the files in which the S3 Encryption Client may keep what belongs to an object of the same name."""
_KINDS = ("envelopes.objects",)
_EDGES = columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=BUCKETS,
        permissions=("s3:ListAllMyBuckets",),
        feeds=columns("envelopes", "*", "kind"),
        kinds=_KINDS,
        purpose="the buckets that `sample:` names (`sample:` only)",
    ),
    Operation(
        name=LIST,
        permissions=("s3:ListBucket",),
        feeds=(*columns("envelopes", "population", "sampled"), *columns("envelope_samples", "*")),
        kinds=_KINDS,
        needs=(BUCKETS,),
        purpose="objects to choose a sample from, at most 1,000 of a bucket; their names are not kept (`sample:` only)",
    ),
    Operation(
        name=GET,
        permissions=("s3:GetObject",),
        feeds=(
            *columns("envelopes", "format", "parsed", "plaintext", "authenticated", "nonce_bits", "tag_bits"),
            *columns("envelopes", "nonces_repeated", "names_key", "binds_tenant", "binds_record", "commits_to_key"),
            *columns("envelopes", "sampled", "wrapping_keys"),
            *columns("envelope_samples", "format", "parsed", "plaintext", "data_key_id", "wrapping_keys", "algorithm"),
            *columns("envelope_samples", "nonce_bits", "tag_bits", "length_bytes"),
            *_EDGES,
        ),
        kinds=_KINDS,
        needs=(BUCKETS, LIST),
        purpose="envelope headers of sampled objects, from their first 4,096 bytes (`sample:` only; where a bucket "
        "is encrypted under a key of AWS KMS, S3 also asks for kms:Decrypt on that key)",
    ),
)
CALLS: Mapping[str, str] = {BUCKETS: "s3:ListBuckets", LIST: "s3:ListObjectsV2", GET: "s3:GetObject"}
"""Operation to the call of S3 that it is. They have names of their own, because a gap in one is none in the other."""
SENT: tuple[Operation, ...] = tuple(Operation(name=call, permissions=()) for call in CALLS.values())
"""For the transport underneath, which knows only the calls."""


def collect(asking: Asking, source: AwsSource) -> Iterator[Unit]:
    """Yield the unit that samples, where the estate allows it; where it says nothing of it, say so."""
    if source.sample_objects is None:
        detail = f'add `sample: {{objects: 50, buckets: ["NAME-*"]}}` to the source {source.name}, or `objects: 0`'
        for operation in OPERATIONS:
            if asking.wants(operation.name):
                asking.note(operation.name, CallError(GapReason.NOT_ALLOWED, detail=detail), subject=None)
    elif source.sample_objects:
        unit = asking.unit
        yield replace(
            unit,
            id=f"{unit.id}/sample",
            operations=OPERATIONS,
            collect=partial(sample, buckets=source.sample_buckets),
            transport=partial(_objects, unit, source.sample_objects),
            # The hashes of an earlier run stand for nothing any more.
            uncached=(*unit.uncached, LIST),
        )


def _objects(unit: Unit, most: int) -> Transport:
    return Objects(unit.transport(), most)


def sample(asking: Asking, buckets: Iterable[str]) -> Iterator[Unit]:
    """Read the headers of some objects of every bucket whose name matches. Yields no further units."""
    patterns = tuple(buckets)
    asking.each(lambda arn: _bucket(asking, arn), _matching(asking, patterns))
    yield from ()


def _matching(asking: Asking, patterns: Iterable[str]) -> Iterator[str]:
    place = place_of(asking)
    params: dict[str, Json] = {"BucketRegion": place.region, "MaxBuckets": 1000}
    seen: set[str] = set()
    for page in asking.pages(BUCKETS, params, PAGING, known=(NOT_OFFERED,), check=lists("Buckets", "Name")):
        for bucket in entries(page.body, "Buckets"):
            name = str(bucket["Name"])
            here = bucket.get("BucketRegion") in (None, place.region)
            if here and name not in seen and matches(name, patterns):
                seen.add(name)
                yield f"arn:{place.partition}:s3:::{name}"


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a bucket's name matches one of the patterns, in which `*` and `?` are as in a shell."""
    return any(fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)


def _bucket(asking: Asking, arn: str) -> None:
    bucket, place = arn.rpartition(":::")[2], f"{arn}#objects"
    answer = asking.call(LIST, {"Bucket": bucket}, subject=place, known=GONE, check=_lists_hashes)
    listed = answer.body.get("Sample") if answer is not None else None
    for one in listed if isinstance(listed, list) else ():
        asking.call(GET, {"Bucket": bucket, "Object": one}, subject=f"{place}/{one}", known=GONE)


def _lists_hashes(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("Sample"), list) else "`Sample` is not a list"


class Objects:
    """A transport that asks S3 about objects whose names it keeps to itself."""

    def __init__(self, below: Transport, most: int) -> None:
        self._below = below
        self._most = most
        self._hashes = Hashes()
        self._names: dict[tuple[Json, Json], str] = {}

    @property
    def endpoint(self) -> str:
        """Base URL that calls go to."""
        return self._below.endpoint

    def close(self) -> None:
        """Close the transport below."""
        self._below.close()

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Send once. Raises CallError, or ForbiddenOperationError for what is not declared or was not listed."""
        if operation == BUCKETS:
            reply = self._below.send(CALLS[BUCKETS], params)
            return replace(reply, body=_only_names(reply.body))
        if operation == LIST:
            return self._list(params)
        if operation == GET:
            return self._get(params)
        raise ForbiddenOperationError(f"{operation} is not a declared read-only operation")

    def _list(self, params: Mapping[str, Json]) -> Reply:
        bucket = params.get("Bucket")
        reply = self._below.send(CALLS[LIST], {"Bucket": bucket, "MaxKeys": MOST})
        body = reply.body if isinstance(reply.body, dict) else {}
        listed = body.get("Contents", [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) and "Key" in one for one in listed):
            raise CallError(GapReason.MALFORMED, detail="`Contents` is not a list of objects with `Key`")
        # What is empty holds nothing; an instruction file belongs to the envelope of another object.
        names = [str(one["Key"]) for one in listed if isinstance(one, dict) and one.get("Size") != 0]
        found = {self._hashes.of(str(bucket), name): name for name in names if not name.endswith(_INSTRUCTIONS)}
        # The key is random, and so is the order of the hashes.
        chosen = sorted(found)[: self._most]
        self._names.update({(bucket, one): found[one] for one in chosen})
        kept: dict[str, Json] = {
            "Count": len(found),
            "Truncated": body.get("IsTruncated") is not False,
            "Sample": list(chosen),
            "Hashes": self._hashes.name,
        }
        return replace(reply, body=kept)

    def _get(self, params: Mapping[str, Json]) -> Reply:
        bucket, one = params.get("Bucket"), params.get("Object")
        name = self._names.get((bucket, one))
        if name is None:
            raise ForbiddenOperationError("an object is read only after a listing has chosen it")
        try:
            reply = self._below.send(CALLS[GET], {"Bucket": bucket, "Key": name, "Range": HEAD})
        except CallError as error:
            # What S3 says of an object repeats its name.
            detail = "what S3 says of an object is not kept, because it names it"
            raise CallError(
                error.reason,
                code=error.code,
                detail=detail,
                request_id=error.request_id,
                status=error.status,
                retry=error.retry,
            ) from None
        body = dict(reply.body) if isinstance(reply.body, dict) else {}
        nonce = body.pop("nonce", None)
        return replace(reply, body={**body, **({"nonce": self._hashes.of("nonce", str(nonce))} if nonce else {})})


def _only_names(body: Json) -> Json:
    """Return a listing of buckets without their owner."""
    if not isinstance(body, dict):
        return body
    return {name: body[name] for name in ("Buckets", "ContinuationToken") if name in body}
