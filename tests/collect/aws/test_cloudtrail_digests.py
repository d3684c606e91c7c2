"""Digests and log files: which are read, in which bucket, how many, and that no content of a log file is ever kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import cloudtrail, cloudtrail_digests
from scanner.collect.aws.cloudtrail_digests import GET, KEYS, LIST
from scanner.collect.interface import Reply, Unit
from scanner.demo.aws.audit_world import Audit, Digests, Trail
from scanner.demo.aws.faults import Fault
from scanner.evidence.log import segments
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.kept import a_unit, collect_kept
from tests.collect.aws.running import Collected
from tests.collect.aws.scripted import Scripted, run
from tests.collect.fakes import Bench, Work
from tests.demo.aws.trails_composing import a_trail, heard
from tests.support import ACCOUNT, REGION

ALL = (*cloudtrail.OPERATIONS, *cloudtrail.DIGEST_OPERATIONS)
WANTED = frozenset({cloudtrail.TRAILS, LIST, GET, KEYS})
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/"


def unit(url: str, **given: Any) -> Unit:  # noqa: ANN401 - fields of Unit
    return a_unit(url, cloudtrail.NAME, ALL, partial(cloudtrail.collect, verify_digests=True), **given)


def read(folder: Path, *trails: Trail, page_size: int = 1000, faults: tuple[Fault, ...] = ()) -> Collected:
    with heard(Audit(trails=list(trails)), page_size=page_size) as aws:
        for fault in faults:
            aws.faults.add(fault)
        return collect_kept(folder, unit(aws.url), wanted=WANTED)


def files(found: Collected) -> list[str]:
    return [str(answer.subject) for answer in found.answers(GET)]


def test_digests_keys_and_log_files_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests(hours=6, files=2)))
    assert found.gaps == []
    assert sum("/CloudTrail-Digest/" in name for name in files(found)) == 6
    assert sum("/CloudTrail/" in name for name in files(found)) == 12
    (keys,) = found.answers(KEYS)
    assert keys.params == {"StartTime": "2026-06-15T04:00:00Z", "EndTime": "2026-06-15T11:00:00Z"}


def test_no_content_of_a_log_file_is_kept(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests()))
    written = b"".join(path.read_bytes() for path in segments(tmp_path))
    assert b"log files are hashed and not kept" not in written
    logs = [a.response for a in found.answers(GET) if "/CloudTrail/" in str(a.subject)]
    assert all(isinstance(body, dict) and set(body) == _LOG for body in logs)


_LOG = {"Size", "Sha256", "Problem", "InflatedSize", "InflatedSha256", "Metadata"}


def test_only_the_latest_days_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests(hours=72, files=0)))
    days = {str(answer.subject).rpartition("/")[0][-10:] for answer in found.answers(GET)}
    assert days == {"2026/06/14", "2026/06/15"}
    assert len(files(found)) == 24 + 12


def test_log_files_are_hashed_up_to_a_bound_the_newest_digests_first(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests(hours=2, files=40)))
    logs = [name for name in files(found) if "/CloudTrail/" in name]
    assert len(logs) == cloudtrail_digests.MAX_FILES
    assert sum("_20260615T1100Z_" in name for name in logs) == 40


def test_a_trail_in_a_bucket_with_others_reads_its_own(tmp_path: Path) -> None:
    mine = a_trail("main", digests=Digests(hours=1, files=0))
    longer = a_trail("main_us-east-1_b", digests=Digests(hours=1, files=0))
    with heard(Audit(trails=[mine, longer])) as aws:
        found = collect_kept(tmp_path, unit(aws.url), wanted=WANTED)
    assert sorted(name.rpartition("/")[2].split("_", 3)[3] for name in files(found)) == [
        "main_us-east-1_20260615T110000Z.json.gz",
        "main_us-east-1_b_us-east-1_20260615T110000Z.json.gz",
    ]
    assert found.asked[LIST] == 4  # year, month, day and the files of the day, once for both


def test_the_trail_of_an_organization_is_found_under_its_id(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(organization=True, prefix="all/logs", digests=Digests(hours=1, files=1)))
    assert [name.partition("all/logs/")[2][:30] for name in files(found)] == ["AWSLogs/o-example0000/11112222"] * 2


def test_without_validation_nothing_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(validated=False, digests=Digests()))
    assert found.asked[LIST] == 0


def test_a_trail_without_digests_costs_one_listing(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail())
    assert (found.asked[LIST], found.asked[GET], found.asked[KEYS]) == (1, 0, 0)


def test_a_denied_bucket_is_a_gap(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests()), faults=(Fault("deny", LIST),))
    assert (found.gap.operation, found.gap.reason) == (LIST, GapReason.DENIED)


def test_a_denied_file_is_a_gap_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, a_trail(digests=Digests(hours=2)), faults=(Fault("deny", GET, subject="20260615T110000Z"),))
    assert found.gap.subject is not None
    assert found.gap.subject.endswith("_20260615T110000Z.json.gz")
    assert len(files(found)) == 1 + 2  # the other digest and its log files


@pytest.mark.parametrize(("operation", "code"), [(LIST, "NoSuchBucket"), (GET, "NoSuchKey")])
def test_a_bucket_and_a_file_that_are_gone_are_answers(bench: Bench, operation: str, code: str) -> None:
    work = scripted(bench, day(NAME), codes={operation: code})
    assert [answer.error_code for answer in work.answers if answer.operation == operation] == [code]
    assert work.gaps == []


def day(*names: str) -> Mapping[str, Json]:
    """Return listings of a bucket that has one day, by prefix."""
    return {
        FOLDER: {"CommonPrefixes": [{"Prefix": f"{FOLDER}2026/"}, {"Prefix": f"{FOLDER}other/"}]},
        f"{FOLDER}2026/": {"CommonPrefixes": [{"Prefix": f"{FOLDER}2026/06/"}]},
        f"{FOLDER}2026/06/": {"CommonPrefixes": [{"Prefix": f"{FOLDER}2026/06/15/"}]},
        f"{FOLDER}2026/06/15/": {"Contents": [{"Key": name} for name in names]},
    }


TRAIL: dict[str, Json] = {
    "TrailARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main",
    "Name": "main",
    "HomeRegion": REGION,
    "S3BucketName": "logs",
    "LogFileValidationEnabled": True,
}


def scripted(
    bench: Bench,
    listings: Mapping[str, Json],
    *,
    codes: Mapping[str, str] | None = None,
    bodies: Mapping[str, Json] | None = None,
    asked: list[tuple[str, Mapping[str, Json]]] | None = None,
) -> Work:
    class Bucket(Scripted):
        def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
            reply = Scripted.send(self, operation, params)
            return Reply(200, "r", listings[str(params["Prefix"])]) if operation == LIST else reply

    told: dict[str, Json] = {cloudtrail.TRAILS: {"trailList": [TRAIL]}, KEYS: {"PublicKeyList": []}, **(bodies or {})}
    provider = Bucket(told, codes or {}, asked if asked is not None else [])
    chosen = tuple(op for op in ALL if op.name in WANTED)
    return run(bench, partial(cloudtrail.collect, verify_digests=True), chosen, provider)


NAME = f"{FOLDER}2026/06/15/{ACCOUNT}_CloudTrail-Digest_{REGION}_main_{REGION}_20260615T110000Z.json.gz"
STRANGE = [
    NAME.replace(".json.gz", ".json.gz.bak"),
    NAME.replace("20260615T11", "20269915T99"),
    NAME.replace("_main_", "_other_"),
    NAME.replace(f"_{REGION}_main", "_eu-west-1_main"),
    "../../secrets.json.gz",
]


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_that_is_none_of_a_digest_of_the_trail_is_not_read(bench: Bench, name: str) -> None:
    asked: list[tuple[str, Mapping[str, Json]]] = []
    assert scripted(bench, day(name), asked=asked).gaps == []
    assert GET not in {operation for operation, _ in asked}


HOSTILE: list[tuple[str, Any]] = [
    ("not JSON", "["),
    ("no object", "[]"),
    ("no log files", "{}"),
    ("log files that are no list", '{"logFiles": {}}'),
    ("a log file that is none", '{"logFiles": [1]}'),
    ("in another bucket", f'{{"logFiles": [{{"s3Bucket": "theirs", "s3Object": "{NAME}"}}]}}'),
    (
        "a name that is none of a log file",
        '{"logFiles": [{"s3Bucket": "logs", "s3Object": "patients/export.json.gz"}]}',
    ),
    ("deeply nested", "[" * 100_000),
]


@pytest.mark.parametrize("text", [h[1] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_what_a_digest_names_is_read_only_if_it_is_a_log_file_of_the_bucket(bench: Bench, text: str) -> None:
    asked: list[tuple[str, Mapping[str, Json]]] = []
    work = scripted(bench, day(NAME), bodies={GET: {"Sha256": "x", "Text": [text]}}, asked=asked)
    assert [params["Key"] for operation, params in asked if operation == GET] == [NAME]
    assert work.gaps == []


MALFORMED: list[tuple[str, str, Any]] = [
    ("a listing of no objects", LIST, {"Contents": ["x"]}),
    ("folders without a name", LIST, {"CommonPrefixes": [{}]}),
    ("keys that are no list", KEYS, {"PublicKeyList": "none"}),
    ("a file that was not hashed", GET, {"Size": 1}),
]


@pytest.mark.parametrize(("operation", "body"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_an_answer_of_another_shape_is_a_gap(bench: Bench, operation: str, body: Any) -> None:  # noqa: ANN401
    listings = {**day(NAME), FOLDER: body} if operation == LIST else day(NAME)
    work = scripted(bench, listings, bodies={GET: {"Sha256": "x"}, operation: body})
    assert [(gap.operation, gap.reason) for gap in work.gaps] == [(operation, GapReason.MALFORMED)]


def test_a_resumed_scan_reads_no_file_twice(tmp_path: Path) -> None:
    trail = a_trail(digests=Digests(hours=3, files=1))
    with heard(Audit(trails=[trail])) as aws:
        collect_kept(tmp_path, unit(aws.url), wanted=WANTED)
        before = len(aws.requests)
        found = collect_kept(tmp_path, unit(aws.url), wanted=WANTED)
        assert len(aws.requests) == before
    assert found.gaps == []
