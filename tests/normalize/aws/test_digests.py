"""Digest chains: one that verifies, every way to break it, and what nobody can tell."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from scanner.demo.aws.audit_digests import File, sign
from scanner.demo.aws.audit_world import Broken
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.normalize.aws.digests import GET, KEYS, LIST, Chain, Files, verify
from scanner.normalize.records import Records
from tests.normalize.aws.bucket import DELIVERED, FOLDER, a_trail, described, files_of, public_keys, read
from tests.normalize.builders import missed, observed

PAGE = observed("cloudtrail:DescribeTrails", {"trailList": []})
LAST = datetime.fromisoformat(DELIVERED).replace(tzinfo=None)
GOOD = files_of(a_trail())


def chain(records: Sequence[Record], trail: dict[str, Json] | None = None, delivered: datetime | None = LAST) -> Chain:
    return verify(Files(Records(records), records), PAGE, trail or described(), delivered)


def short(problem: str | None) -> str:
    return (problem or "").partition(" ")[0]


def test_a_whole_chain_verifies() -> None:
    found = chain(read(GOOD))
    assert (found.verified, found.problem, found.read) == (True, "none", 6)
    assert (found.files_verified, found.files_unchecked) == (12, 0)
    assert found.newest_at == datetime(2026, 6, 15, 11)  # noqa: DTZ001 - as the tables hold it
    assert len(found.evidence) == 6 + 12 + 1 + 1


BROKEN: list[tuple[Broken, str]] = [
    ("edited_log", "log_file_changed"),
    ("edited_digest", "signature_invalid"),
    ("removed_digest", "digest_missing"),
    ("removed_newest", "newest_missing"),
    ("wrong_signature", "signature_invalid"),
    ("unknown_key", "public_key_unknown"),
    ("moved_digest", "digest_moved"),
    ("restarted", "chain_restarted"),
]


@pytest.mark.parametrize(("how", "problem"), BROKEN, ids=[how for how, _ in BROKEN])
def test_a_broken_chain_does_not(how: Broken, problem: str) -> None:
    found = chain(read(files_of(a_trail(how))))
    assert (found.verified, short(found.problem)) == (False, problem)


def middle(name: str) -> bool:
    return "CloudTrail-Digest" in name and "T080000Z" in name


def newest(name: str) -> bool:
    return "CloudTrail-Digest" in name and "T110000Z" in name


def first(name: str) -> bool:
    return "CloudTrail-Digest" in name and "T060000Z" in name


def a_log(name: str) -> bool:
    return "/CloudTrail/" in name and "T0800Z" in name


MISSING: list[tuple[str, dict[str, Callable[[str], bool]], tuple[bool | None, str | None]]] = [
    ("a digest may not be read", {"hidden": middle}, (None, None)),
    ("a log file may not be read", {"hidden": a_log}, (None, None)),
    ("a digest went away", {"gone": middle}, (False, "digest_missing")),
    ("a log file is not there", {"gone": a_log}, (False, "log_file_missing")),
    ("log files were not asked for", {"unasked": a_log}, (True, "none")),
    ("older digests were not asked for", {"unasked": lambda name: "T06" in name or "T07" in name}, (True, "none")),
]


@pytest.mark.parametrize(("how", "verdict"), [m[1:] for m in MISSING], ids=[m[0] for m in MISSING])
def test_what_was_not_read(how: dict[str, Callable[[str], bool]], verdict: tuple[bool | None, str | None]) -> None:
    found = chain(read(GOOD, **how))
    assert (found.verified, short(found.problem) or None) == verdict


def test_log_files_that_were_not_hashed_are_counted() -> None:
    found = chain(read(GOOD, unasked=a_log))
    assert (found.files_verified, found.files_unchecked) == (10, 2)


def test_log_files_of_a_digest_that_does_not_hold_prove_nothing() -> None:
    found = chain(read(files_of(a_trail("wrong_signature"))))
    assert (found.files_verified, found.files_unchecked) == (10, 2)


def test_what_was_not_asked_is_not_known() -> None:
    assert chain([PAGE]) == Chain()


UNREADABLE: list[dict[str, Json]] = [
    described(LogFileValidationEnabled=False),
    described(LogFileValidationEnabled="yes"),
    described(S3BucketName=None),
    described(Name=1),
]


@pytest.mark.parametrize("trail", UNREADABLE)
def test_a_trail_without_digests_or_without_a_name(trail: dict[str, Json]) -> None:
    assert chain(read(GOOD), trail) == Chain()


def test_a_bucket_that_is_gone_has_lost_the_log() -> None:
    found = chain([observed(LIST, {}, subject=f"s3://logs/{FOLDER}", error="NoSuchBucket")])
    assert (found.verified, short(found.problem), found.read) == (False, "bucket_missing", 0)


def test_no_digests_where_some_were_delivered() -> None:
    records = [observed(LIST, {"CommonPrefixes": []}, subject=f"s3://logs/{FOLDER}")]
    assert (chain(records).verified, short(chain(records).problem)) == (False, "newest_missing")
    assert (chain(records, delivered=None).verified, chain(records, delivered=None).problem) == (None, None)


def test_a_listing_that_is_not_complete_leaves_nothing_certain() -> None:
    records = [*read(GOOD), missed(LIST, subject=f"s3://logs/{FOLDER}2026/06/")]
    assert chain(records).verified is None
    removed = [*read(files_of(a_trail("removed_digest"))), missed(LIST, subject=f"s3://logs/{FOLDER}2026/06/")]
    assert chain(removed).verified is None


def test_another_organizations_account_has_its_own_newest_digest() -> None:
    trail = described(IsOrganizationTrail=True)
    assert chain(read(files_of(a_trail("removed_newest"))), trail).verified is True


def without(name: str, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.operation != name]


def test_without_the_public_keys_nobody_knows() -> None:
    assert chain([*without(KEYS, read(GOOD)), missed(KEYS)]).verified is None
    assert chain(without(KEYS, read(GOOD))).verified is None


def test_a_key_that_cannot_be_read_verifies_nothing_and_refutes_nothing() -> None:
    fingerprint = public_keys()["PublicKeyList"][0]["Fingerprint"]  # type: ignore[index,call-overload]
    broken: Json = {"PublicKeyList": [{"Value": "bm9uZQ==", "Fingerprint": fingerprint}]}
    assert chain([*without(KEYS, read(GOOD)), observed(KEYS, broken)]).verified is None


def spoiled(change: Callable[[dict[str, Any]], None]) -> list[Record]:
    """Return records of which the answer about the middle digest is another."""
    found = []
    for record in read(GOOD):
        if isinstance(record, Observation) and record.operation == GET and middle(str(record.subject)):
            body = json.loads(json.dumps(record.response))
            change(body)
            found.append(dataclasses.replace(record, response=body))
        else:
            found.append(record)  # type: ignore[arg-type]  # a record
    return list(found)


SPOILED: list[tuple[str, Callable[[dict[str, Any]], Any], tuple[bool | None, str]]] = [
    ("cut by redaction", lambda b: b.update(Text=["[redacted]"]), (None, "")),
    ("no text", lambda b: b.pop("Text"), (None, "")),
    ("not gzip", lambda b: b.update(Problem="not_gzip"), (False, "digest_malformed")),
    ("an answer that says nothing", lambda b: b.pop("Problem"), (None, "")),
    ("no signature", lambda b: b.update(Metadata={}), (False, "signature_missing")),
    ("another algorithm", lambda b: b["Metadata"].update({"signature-algorithm": "Ed25519"}), (None, "")),
]


@pytest.mark.parametrize(("change", "verdict"), [s[1:] for s in SPOILED], ids=[s[0] for s in SPOILED])
def test_an_answer_that_is_not_whole(change: Callable[[dict[str, Any]], Any], verdict: tuple[bool | None, str]) -> None:
    found = chain(spoiled(change))
    assert (found.verified, short(found.problem)) == verdict


def test_a_text_that_is_no_digest_is_none() -> None:
    digest = hashlib.sha256(b"[]").hexdigest()
    found = chain(spoiled(lambda body: body.update(Text=["[]"], InflatedSha256=digest)))
    assert (found.verified, short(found.problem)) == (False, "digest_malformed")
    nested = "[" * 100_000
    digest = hashlib.sha256(nested.encode()).hexdigest()
    assert chain(spoiled(lambda body: body.update(Text=[nested], InflatedSha256=digest))).verified is False


def signed_again(change: Callable[[dict[str, Any]], None], which: Callable[[str], bool] = newest) -> list[Record]:
    """Return records of a bucket in which one digest says something else, signed as it should be."""
    files = dict(GOOD)
    (name,) = [name for name in files if which(name)]
    document = json.loads(gzip.decompress(files[name].data))
    change(document)
    plain = json.dumps(document).encode()
    metadata = {"signature": sign(document, plain, "cloudtrail"), "signature-algorithm": "SHA256withRSA"}
    files[name] = File(gzip.compress(plain), metadata)
    return read(files)


OLDER = f"{FOLDER}2026/06/14/older_20260614T230000Z.json.gz"
SIGNED: list[tuple[str, Callable[[dict[str, Any]], Any], tuple[bool | None, str]]] = [
    ("another signature before", lambda d: d.update(previousDigestSignature="00"), (False, "link_broken")),
    ("another hash before", lambda d: d.update(previousDigestHashValue="00"), (False, "link_broken")),
    ("a digest before that is older", lambda d: d.update(previousDigestS3Object=OLDER), (False, "link_broken")),
    ("another bucket before", lambda d: d.update(previousDigestS3Bucket="b"), (None, "")),
    ("no list of log files", lambda d: d.update(logFiles=None), (True, "none")),
    ("a log file that is none", lambda d: d.update(logFiles=["x", {"s3Bucket": "b", "s3Object": "o"}]), (True, "none")),
    ("another hash of a log file", lambda d: d["logFiles"][0].update(hashAlgorithm="SHA-512"), (None, "")),
]


@pytest.mark.parametrize(("change", "verdict"), [s[1:] for s in SIGNED], ids=[s[0] for s in SIGNED])
def test_what_a_signed_digest_says(change: Callable[[dict[str, Any]], Any], verdict: tuple[bool | None, str]) -> None:
    found = chain(signed_again(change))
    assert (found.verified, short(found.problem)) == verdict


def test_the_first_digest_may_go_on_from_before_what_was_read() -> None:
    def goes_on(document: dict[str, Any]) -> None:
        document.update(previousDigestS3Bucket="logs", previousDigestS3Object=OLDER, previousDigestSignature="ab")

    files = signed_again(goes_on, first)
    rest = [r for r in files if not (r.operation == GET and "Digest" in str(r.subject) and "T06" not in str(r.subject))]
    assert chain(rest).verified is True


def test_digests_that_make_up_for_a_delay_are_no_link_of_the_chain() -> None:
    late = {name.replace(".json.gz", "_backfill.json.gz"): file for name, file in GOOD.items() if middle(name)}
    found = chain(read({**GOOD, **late}))
    assert short(found.problem) == "digest_moved"  # its own name is in what is signed
    assert found.read == 7


def test_the_digests_of_another_trail_are_not_looked_at() -> None:
    assert chain(read(GOOD), described(Name="other")).read == 0
