"""Digest files of AWS CloudTrail and the log files that they name, from the trail's bucket: to verify, not to read.

Only what has the name of a digest or a log file is asked for, in the bucket that the trail itself names. The transport
hashes log files on the way (``bodies.py``). Names tell the days, so the latest days that there are need no clock.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from scanner.collect.aws.bodies import DIGEST, LOG
from scanner.collect.aws.checks import lists
from scanner.collect.interface import Asking, Paging
from scanner.model.ids import Json
from scanner.model.operation import Operation

DAYS = 2
"""Latest days of which every digest is read."""
MAX_DIGESTS = 100
"""Digests of one trail that are read, the newest first: two days have 48."""
MAX_FILES = 50
"""Log files of one trail that are hashed, those of the newest digests first."""

LIST = "s3:ListObjectsV2"
GET = "s3:GetObject"
KEYS = "cloudtrail:ListPublicKeys"
LISTING = Paging(answer="NextContinuationToken", parameter="ContinuationToken", more="IsTruncated")
PAGING = Paging(answer="NextToken", parameter="NextToken")

_ORGANIZATION = re.compile(r"(?:.*/)?AWSLogs/o-[a-z0-9]{10,32}/")
_NUMBERED = re.compile(r".*/[0-9]{2,4}/")
_FED = (
    *("digest_verified", "digest_problem", "digests_read", "digest_newest_at"),
    *("log_files_verified", "log_files_unchecked"),
)
_COLUMNS = tuple(f"audit_trails.{name}" for name in _FED)
_FIRST = ("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=LIST,
        permissions=("s3:ListBucket",),
        feeds=_COLUMNS,
        needs=_FIRST,
        purpose="digest files of the latest days (`verify_digests` only)",
    ),
    Operation(
        name=GET,
        permissions=("s3:GetObject",),
        feeds=_COLUMNS,
        needs=(*_FIRST, LIST),
        purpose="digest files, and hashes of the log files that they name (`verify_digests` only)",
    ),
    Operation(
        name=KEYS,
        permissions=("cloudtrail:ListPublicKeys",),
        feeds=_COLUMNS,
        needs=(*_FIRST, LIST),
        purpose="public keys that verify the signatures of digest files (`verify_digests` only)",
    ),
)


def read(asking: Asking, trails: Iterable[Mapping[str, Json]]) -> None:
    """Read what verifies the trails' digests for the unit's own account and region."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trail in trails:
        bucket, name, home = (trail.get(key) for key in ("S3BucketName", "Name", "HomeRegion"))
        if trail.get("LogFileValidationEnabled") is True and all(isinstance(v, str) for v in (bucket, name, home)):
            for folder in _folders(asking, str(bucket), trail):
                places[str(bucket), folder].append(f"{name}_{home}")
    for (bucket, folder), names in sorted(places.items()):
        _read_folder(asking, bucket, folder, sorted(names))


def _folders(asking: Asking, bucket: str, trail: Mapping[str, Json]) -> list[str]:
    """Return where the digests of this account and region are: several if a bucket serves several Organizations."""
    unit = asking.unit
    prefix = trail.get("S3KeyPrefix")
    root = f"{prefix}/AWSLogs/" if isinstance(prefix, str) and prefix else "AWSLogs/"
    roots = [root]
    if trail.get("IsOrganizationTrail") is True:
        roots = [one for one in _below(asking, bucket, root) if _ORGANIZATION.fullmatch(one)]
    return [f"{one}{unit.account}/CloudTrail-Digest/{unit.region}/" for one in roots]


def _read_folder(asking: Asking, bucket: str, folder: str, names: Sequence[str]) -> None:
    unit = asking.unit
    listed = [key for day in _days(asking, bucket, folder) for key in _files(asking, bucket, day)]
    for name in names:
        start = f"{unit.account}_CloudTrail-Digest_{unit.region}_{name}_"
        ended = {key: end for key in listed if (end := _ended(key, start)) is not None}
        own = sorted(ended, key=lambda key: (ended[key], key), reverse=True)[:MAX_DIGESTS]
        if own:
            # A digest is signed by the key of its own hour, which may be none of today's.
            period: dict[str, Json] = {
                "StartTime": _text(ended[own[-1]] - timedelta(hours=2)),
                "EndTime": _text(ended[own[0]]),
            }
            _read_chain(asking, bucket, own, period)


def _ended(key: str, start: str) -> datetime | None:
    """Return the end of a digest's hour, or None for another name: the name of a trail may go on like ours."""
    match = DIGEST.fullmatch(key)
    if match is None or key.rpartition("/")[2] != f"{start}{match['end']}{match['backfill'] or ''}.json.gz":
        return None
    try:
        return datetime.strptime(match["end"], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - in UTC, as the name says
    except ValueError:
        return None


def _read_chain(asking: Asking, bucket: str, keys: Sequence[str], period: dict[str, Json]) -> None:
    """Read digests, given the newest first, then the keys that sign them and the log files that they name."""
    texts: dict[str, str] = {}

    def get(name: str) -> None:
        answer = asking.call(
            GET, {"Bucket": bucket, "Key": name}, subject=f"s3://{bucket}/{name}", known=("NoSuchKey",), check=_hashed
        )
        kept = answer.body.get("Text") if answer else None
        if isinstance(kept, list):
            texts[name] = "".join(str(piece) for piece in kept)

    asking.each(get, iter(keys))
    for _ in asking.pages(KEYS, period, PAGING, subject=f"s3://{bucket}/{keys[0]}", check=lists("PublicKeyList")):
        pass
    named = (file for key in keys if key in texts for file in _log_files(texts[key], bucket))
    asking.each(get, islice(dict.fromkeys(named), MAX_FILES))


def _log_files(text: str, bucket: str) -> Iterator[str]:
    """Yield the names of a digest's log files, as far as they are in the trail's bucket and named like log files."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    files = document.get("logFiles") if isinstance(document, dict) else None
    for file in files if isinstance(files, list) else []:
        name = file.get("s3Object") if isinstance(file, dict) and file.get("s3Bucket") == bucket else None
        if isinstance(name, str) and LOG.fullmatch(name):
            yield name


def _days(asking: Asking, bucket: str, folder: str) -> list[str]:
    """Return the folders of the latest days, the latest first."""
    days: list[str] = []
    for year in _numbered(asking, bucket, folder)[:2]:
        for month in _numbered(asking, bucket, year)[:2]:
            days += _numbered(asking, bucket, month)
            if len(days) >= DAYS:
                return days[:DAYS]
    return days


def _numbered(asking: Asking, bucket: str, folder: str) -> list[str]:
    return sorted((one for one in _below(asking, bucket, folder) if _NUMBERED.fullmatch(one)), reverse=True)


def _below(asking: Asking, bucket: str, folder: str) -> list[str]:
    """Return the folders inside a folder."""
    found: list[str] = []
    for body in _pages(asking, bucket, {"Prefix": folder, "Delimiter": "/"}):
        inside = body.get("CommonPrefixes")
        found += [str(one["Prefix"]) for one in inside if isinstance(one, dict)] if isinstance(inside, list) else []
    return found


def _files(asking: Asking, bucket: str, folder: str) -> list[str]:
    found: list[str] = []
    for body in _pages(asking, bucket, {"Prefix": folder}):
        inside = body.get("Contents")
        found += [str(one["Key"]) for one in inside if isinstance(one, dict)] if isinstance(inside, list) else []
    return found


def _pages(asking: Asking, bucket: str, where: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    subject = f"s3://{bucket}/{where['Prefix']}"
    params = {"Bucket": bucket, **where}
    for page in asking.pages(LIST, params, LISTING, subject=subject, known=("NoSuchBucket",), check=_lists_objects):
        yield page.body


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lists_objects(body: dict[str, Json]) -> str:
    for name, member in (("Contents", "Key"), ("CommonPrefixes", "Prefix")):
        items = body.get(name, [])
        if not isinstance(items, list) or not all(
            isinstance(i, dict) and isinstance(i.get(member), str) for i in items
        ):
            return f"`{name}` is not a list of objects with `{member}`"
    return ""


def _hashed(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("Sha256"), str) else "the file was not hashed"
