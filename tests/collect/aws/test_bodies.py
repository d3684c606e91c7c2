"""What is kept of answers: hashes of files whatever they hold, and of the rest what facts need."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.aws import bodies
from scanner.collect.aws.bodies import DIGEST, LOG, keep
from scanner.collect.interface import CallError
from scanner.model.observation import GapReason
from tests.normalize.builders import PROPERTY

ACCOUNT = "111122223333"
DIGEST_NAME = (
    f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/us-east-1/2026/06/15/"
    f"{ACCOUNT}_CloudTrail-Digest_us-east-1_main_us-east-1_20260615T110000Z.json.gz"
)
LOG_NAME = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/06/15/{ACCOUNT}_CloudTrail_us-east-1_x.json.gz"
DOCUMENT = json.dumps({"digestS3Object": DIGEST_NAME, "logFiles": []}).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def file(name: str, data: bytes, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    return dict(keep("s3:GetObject", {"Key": name}, {"Body": io.BytesIO(data), "Metadata": metadata or {}}, {}))


def test_an_answer_that_is_not_told_of_stays() -> None:
    answer = {"KeyMetadata": {"a": 1}}
    assert keep("kms:DescribeKey", {}, answer, {}) is answer


NAMES: list[tuple[str, bool, bool]] = [
    (DIGEST_NAME, True, False),
    (f"some/prefix/{DIGEST_NAME}", True, False),
    (DIGEST_NAME.replace("AWSLogs/", "AWSLogs/o-abcdefghij/"), True, False),
    (DIGEST_NAME.replace(".json.gz", "_backfill.json.gz"), True, False),
    (LOG_NAME, False, True),
    (f"x/{LOG_NAME}", False, True),
    (DIGEST_NAME.replace("/15/", "/15/more/"), False, False),
    (LOG_NAME.replace("CloudTrail/", "CloudTrail-Insight/"), False, False),
    ("patients/export.json.gz", False, False),
    (f"{DIGEST_NAME}\n", False, False),
    ("AWSLogs/../../x.json.gz", False, False),
]


@pytest.mark.parametrize(("name", "digest", "log"), NAMES)
def test_names_of_digests_and_log_files(name: str, digest: bool, log: bool) -> None:
    assert (bool(DIGEST.fullmatch(name)), bool(LOG.fullmatch(name))) == (digest, log)


def test_a_digest_is_kept_as_text_with_its_signature() -> None:
    packed = gzip.compress(DOCUMENT)
    found = file(DIGEST_NAME, packed, {"signature": "ab", "signature-algorithm": "SHA256withRSA", "other": "x"})
    assert found == {
        "Size": len(packed),
        "Sha256": sha256(packed),
        "Problem": "none",
        "InflatedSize": len(DOCUMENT),
        "InflatedSha256": sha256(DOCUMENT),
        "Text": [DOCUMENT.decode()],
        "Metadata": {"signature": "ab", "signature-algorithm": "SHA256withRSA"},
    }


def test_a_long_digest_is_kept_in_pieces() -> None:
    document = json.dumps({"digestS3Object": "x", "logFiles": ["y" * 300_000]})
    pieces = file(DIGEST_NAME, gzip.compress(document.encode()))["Text"]
    assert "".join(pieces) == document
    assert max(map(len, pieces)) == bodies.PIECE


def test_a_log_file_is_hashed_and_nothing_of_it_is_kept() -> None:
    found = file(LOG_NAME, gzip.compress(b'{"Records": ["secret"]}'))
    assert "Text" not in found
    assert "secret" not in str(found)
    assert found["InflatedSha256"] == sha256(b'{"Records": ["secret"]}')


def test_another_file_is_not_even_read() -> None:
    body = io.BytesIO(b"x")
    with pytest.raises(CallError, match="not read") as caught:
        keep("s3:GetObject", {"Key": "patients.csv"}, {"Body": body}, {})
    assert (caught.value.reason, body.tell()) == (GapReason.UNSUPPORTED, 0)


BROKEN: list[tuple[str, bytes, str]] = [
    ("not gzip", b"{}", "not_gzip"),
    ("empty", b"", "not_gzip"),
    ("long and not gzip", bytes(200_000), "not_gzip"),
    ("cut off", gzip.compress(DOCUMENT)[:-9], "not_gzip"),
    ("another sum", gzip.compress(DOCUMENT)[:-8] + b"12345678", "not_gzip"),
    ("more behind it", gzip.compress(DOCUMENT) + b"more", "not_gzip"),
    ("not JSON", gzip.compress(b"hello"), "not_a_digest"),
    ("not text", gzip.compress(b"\xff\xfe"), "not_a_digest"),
    ("not an object", gzip.compress(b"[]"), "not_a_digest"),
    ("another object", gzip.compress(b'{"patients": []}'), "not_a_digest"),
    ("deeply nested", gzip.compress(b"[" * 100_000), "not_a_digest"),
]


@pytest.mark.parametrize(("data", "problem"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_digest_that_is_none(data: bytes, problem: str) -> None:
    found = file(DIGEST_NAME, data)
    assert (found["Problem"], found["Sha256"]) == (problem, sha256(data))
    assert "Text" not in found


def test_a_file_of_several_parts_is_one() -> None:
    assert file(LOG_NAME, gzip.compress(b"one") + gzip.compress(b"two"))["InflatedSha256"] == sha256(b"onetwo")


@given(st.binary(max_size=300_000), st.integers(0, 9))
@PROPERTY
def test_whatever_a_file_holds_its_hash_is_right(data: bytes, level: int) -> None:
    found = file(LOG_NAME, gzip.compress(data, compresslevel=level))
    assert (found["InflatedSize"], found["InflatedSha256"]) == (len(data), sha256(data))


def test_what_inflates_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_INFLATED", 1_000_000)
    with pytest.raises(CallError) as caught:
        file(LOG_NAME, gzip.compress(bytes(10_000_000)))
    assert (caught.value.reason, caught.value.code) == (GapReason.LIMIT, "FileTooLarge")


@pytest.mark.parametrize(("limit", "name"), [("MAX_FILE", LOG_NAME), ("MAX_DIGEST", DIGEST_NAME)])
def test_other_bounds(monkeypatch: pytest.MonkeyPatch, limit: str, name: str) -> None:
    monkeypatch.setattr(bodies, limit, 1000)
    with pytest.raises(CallError, match="over 1000 bytes"):
        file(name, gzip.compress(os.urandom(5000)))


def lookup(*events: object, headers: dict[str, str] | None = None, **more: object) -> dict[str, Any]:
    return dict(keep("cloudtrail:LookupEvents", {}, {"Events": list(events), **more}, headers or {}))


RECORD = {
    "eventID": "e",
    "managementEvent": True,
    "userIdentity": {"arn": "arn:x", "accessKeyId": "AKIAEXAMPLE", "sessionContext": {}},
    "requestParameters": {"keyId": "k", "encryptionContext": {"patient": "1"}, "policy": "{}"},
    "responseElements": {"keyId": "k", "keyMetadata": {"arn": "arn:k", "description": "d"}},
    "resources": [{"ARN": "arn:k", "type": "AWS::KMS::Key", "note": "x"}],
    "serviceEventDetails": {"rotationType": "AUTOMATIC", "more": 1},
}


def test_of_an_event_only_what_facts_need_is_kept() -> None:
    (event,) = lookup({"EventId": "e", "AccessKeyId": "AKIA", "CloudTrailEvent": json.dumps(RECORD)})["Events"]
    assert event == {
        "EventId": "e",
        "CloudTrailEvent": {
            "eventID": "e",
            "userIdentity": {"arn": "arn:x"},
            "requestParameters": {"keyId": "k"},
            "responseElements": {"keyId": "k", "keyMetadata": {"arn": "arn:k"}},
            "resources": [{"ARN": "arn:k", "type": "AWS::KMS::Key"}],
            "serviceEventDetails": {"rotationType": "AUTOMATIC"},
        },
    }


ODD: list[tuple[str, object, object]] = [
    ("no record", None, None),
    ("not JSON", "{", None),
    ("not text", 1, None),
    ("deeply nested", "[" * 100_000, None),
    ("no object", "[]", {}),
    ("parts that are none", '{"userIdentity": "x", "responseElements": null, "resources": {}}', {"resources": []}),
    ("an answer without a key", '{"responseElements": {"x": 1}}', {"responseElements": {}}),
    ("resources that are none", '{"resources": ["x"]}', {"resources": [{}]}),
]


@pytest.mark.parametrize(("text", "kept"), [o[1:] for o in ODD], ids=[o[0] for o in ODD])
def test_a_record_of_another_shape(text: object, kept: object) -> None:
    (event,) = lookup({"EventId": "e", "CloudTrailEvent": text})["Events"]
    assert event.get("CloudTrailEvent") == kept


def test_an_event_that_is_none_and_events_that_are_none() -> None:
    assert lookup("x")["Events"] == [{}]
    assert keep("cloudtrail:LookupEvents", {}, {}, {}) == {}


def test_the_providers_clock_and_the_page_token_are_kept() -> None:
    page = lookup(headers={"date": "Mon, 15 Jun 2026 12:00:00 GMT"}, NextToken="t")
    assert (page["ServerTime"], page["NextToken"]) == (datetime(2026, 6, 15, 12, tzinfo=UTC), "t")
    assert "ServerTime" not in lookup(headers={"date": "yesterday"})


def test_public_keys_are_kept_as_base64() -> None:
    answer = {"PublicKeyList": [{"Value": b"der", "Fingerprint": "f"}, {"Fingerprint": "g"}, "x"], "NextToken": "t"}
    kept = keep("cloudtrail:ListPublicKeys", {}, answer, {})
    assert kept == {
        "PublicKeyList": [{"Value": "ZGVy", "Fingerprint": "f"}, {"Fingerprint": "g"}, {}],
        "NextToken": "t",
    }
    assert keep("cloudtrail:ListPublicKeys", {}, {}, {}) == {}


@pytest.mark.parametrize("state", ["STARTED", "INPROGRESS", "SOMETHING", None])
def test_a_report_that_is_not_made_yet_is_to_be_asked_for_again(state: str | None) -> None:
    with pytest.raises(CallError) as caught:
        keep("iam:GenerateCredentialReport", {}, {"State": state}, {})
    assert caught.value.retry
    assert keep("iam:GenerateCredentialReport", {}, {"State": "COMPLETE"}, {}) == {"State": "COMPLETE"}


def test_a_report_is_kept_as_lines() -> None:
    kept = keep("iam:GetCredentialReport", {}, {"Content": b"user,arn\nalice,a\n", "ReportFormat": "text/csv"}, {})
    assert kept == {"Content": ["user,arn", "alice,a"], "ReportFormat": "text/csv"}
    assert keep("iam:GetCredentialReport", {}, {"Content": "text"}, {})["Content"] is None


def test_a_report_that_is_no_text_is_not_understood() -> None:
    with pytest.raises(CallError) as caught:
        keep("iam:GetCredentialReport", {}, {"Content": b"\xff"}, {})
    assert caught.value.reason is GapReason.MALFORMED


def test_only_the_policy_version_in_force_is_kept() -> None:
    versions = [{"VersionId": "v1", "IsDefaultVersion": False}, {"VersionId": "v2", "IsDefaultVersion": True}, "x"]
    answer = {
        "Policies": [{"Arn": "a", "PolicyVersionList": versions, "Description": "d"}, "x"],
        "UserDetailList": [{"UserName": "u", "Tags": [], "UserPolicyList": []}],
        "IsTruncated": True,
        "Marker": "m",
    }
    kept = keep("iam:GetAccountAuthorizationDetails", {}, answer, {})
    assert kept["Policies"] == [{"Arn": "a", "PolicyVersionList": [versions[1]]}, {"PolicyVersionList": []}]
    assert kept["UserDetailList"] == [{"UserName": "u", "UserPolicyList": []}]
    assert (kept["RoleDetailList"], kept["Marker"]) == ([], "m")


def test_of_api_keys_the_name_of_the_user_is_kept_and_not_that_of_the_credential() -> None:
    answer = {"ServiceSpecificCredentials": [{"UserName": "u", "ServiceCredentialAlias": "x"}], "IsTruncated": False}
    kept = keep("iam:ListServiceSpecificCredentials", {}, answer, {})
    assert kept == {"ServiceSpecificCredentials": [{"UserName": "u"}], "IsTruncated": False}
    assert keep("iam:ListServiceSpecificCredentials", {}, {}, {}) == {"ServiceSpecificCredentials": []}
