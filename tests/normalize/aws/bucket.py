"""A bucket with really signed digests, as records of a unit that read it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from scanner.collect.aws.bodies import keep
from scanner.collect.aws.transport import plain
from scanner.demo.aws import audit_digests
from scanner.demo.aws.audit_digests import File
from scanner.demo.aws.audit_world import Broken, Digests, Trail, text
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.normalize.aws.digests import GET, KEYS, LIST
from tests.normalize.builders import ACCOUNT, REGION, missed, observed
from tests.support import NOW

FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/"
DELIVERED = text(NOW - timedelta(minutes=45))
Files = dict[str, File]


def a_trail(broken: Broken = "none", hours: int = 6, files: int = 2) -> Trail:
    """Return a trail with digests."""
    return Trail(
        name="main",
        account=ACCOUNT,
        region=REGION,
        bucket="logs",
        about="",
        digests=Digests(hours=hours, files=files, broken=broken),
    )


def described(**given: Json) -> dict[str, Json]:
    """Return the trail in the shape of DescribeTrails."""
    return {
        "TrailARN": a_trail().arn,
        "Name": "main",
        "S3BucketName": "logs",
        "HomeRegion": REGION,
        "LogFileValidationEnabled": True,
        "IsOrganizationTrail": False,
        **given,
    }


def files_of(trail: Trail) -> Files:
    """Return what is in the bucket of a trail."""
    return audit_digests.files(trail, "AWSLogs/", NOW)


def kept(name: str, file: File) -> Json:
    """Return the answer of GetObject as it is recorded."""
    answer = {"Body": io.BytesIO(file.data), "Metadata": file.metadata}
    return plain(keep("s3:GetObject", {"Key": name}, answer, {}))


def public_keys(*more: Mapping[str, Any]) -> Json:
    """Return the answer of ListPublicKeys as it is recorded."""
    answer = {"PublicKeyList": [audit_digests.public_key(NOW), *more]}
    return plain(keep("cloudtrail:ListPublicKeys", {}, answer, {}))


def read(
    files: Files,
    *,
    hidden: Callable[[str], bool] = lambda _: False,
    gone: Callable[[str], bool] = lambda _: False,
    unasked: Callable[[str], bool] = lambda _: False,
) -> list[Record]:
    """Return the records of a unit that lists the bucket and reads it: but for files that are hidden (denied), gone
    since they were listed, or not asked for."""
    digests = sorted(name for name in files if "/CloudTrail-Digest/" in name)
    folders = sorted({name.rpartition("/")[0] + "/" for name in digests})
    records: list[Record] = [observed(LIST, {"CommonPrefixes": []}, subject=f"s3://logs/{FOLDER}")]
    for folder in folders:
        listed: list[Json] = [{"Key": name} for name in digests if name.startswith(folder)]
        records.append(observed(LIST, {"Contents": listed}, subject=f"s3://logs/{folder}"))
    records.append(observed(KEYS, public_keys(), subject="s3://logs/keys"))
    for name, file in files.items():
        subject = f"s3://logs/{name}"
        if hidden(name):
            records.append(missed(GET, subject=subject))
        elif gone(name):
            records.append(observed(GET, {"message": "no"}, subject=subject, error="NoSuchKey"))
        elif not unasked(name):
            records.append(observed(GET, kept(name, file), subject=subject))
    return records
