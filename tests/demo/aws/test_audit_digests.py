"""Simulated digests: as the AWS CLI would verify them, and broken in one way each."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import timedelta
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scanner.demo.aws import audit_digests
from scanner.demo.aws.audit_digests import File, files, fingerprint, newest_end, public_key
from scanner.demo.aws.audit_world import Broken
from tests.normalize.aws.bucket import a_trail, files_of
from tests.support import NOW

Documents = dict[str, dict[str, Any]]


def digests(found: dict[str, File]) -> Documents:
    return {name: json.loads(gzip.decompress(f.data)) for name, f in found.items() if "/CloudTrail-Digest/" in name}


def test_every_signature_and_hash_is_right() -> None:
    found = files_of(a_trail())
    key = load_der_public_key(public_key(NOW)["Value"])
    assert isinstance(key, RSAPublicKey)
    for name, document in digests(found).items():
        signed = "\n".join(
            (
                document["digestEndTime"],
                f"logs/{name}",
                hashlib.sha256(gzip.decompress(found[name].data)).hexdigest(),
                document["previousDigestSignature"] or "null",
            )
        )
        signature = bytes.fromhex(found[name].metadata["signature"])
        key.verify(signature, signed.encode(), padding.PKCS1v15(), SHA256())
        for log in document["logFiles"]:
            assert hashlib.sha256(gzip.decompress(found[log["s3Object"]].data)).hexdigest() == log["hashValue"]


def test_each_digest_names_the_one_before_and_the_first_names_none() -> None:
    found = digests(files_of(a_trail(hours=4)))
    names = sorted(found)
    assert [found[name]["previousDigestS3Object"] for name in names] == [None, *names[:-1]]
    assert {document["digestPublicKeyFingerprint"] for document in found.values()} == {fingerprint()}


def test_the_newest_is_that_of_the_last_whole_hour() -> None:
    trail = a_trail()
    assert newest_end(NOW, trail) == NOW.replace(hour=11)
    assert newest_end(NOW + timedelta(minutes=20), trail) == NOW


def test_a_stopped_trail_delivers_none() -> None:
    assert newest_end(NOW, a_trail().model_copy(update={"stopped_days_ago": 3})) == NOW.replace(day=12, hour=11)


def test_the_key_is_made_once_in_a_process() -> None:
    assert audit_digests.signing_key() is audit_digests.signing_key()
    assert fingerprint("stranger") != fingerprint()


GONE: list[tuple[Broken, int, int]] = [
    ("none", 6, 12),
    ("removed_digest", 5, 12),
    ("removed_newest", 2, 12),
    ("removed_log", 6, 11),
    ("edited_log", 6, 12),
]


@pytest.mark.parametrize(("how", "left", "logs"), GONE)
def test_what_was_removed_is_not_there(how: Broken, left: int, logs: int) -> None:
    found = files_of(a_trail(how))
    assert (len(digests(found)), len(found) - len(digests(found))) == (left, logs)


@pytest.mark.parametrize("how", [how for how in get_args(Broken) if how != "none"])
def test_each_way_to_break_them_changes_the_bucket(how: Broken) -> None:
    whole = {name: (f.data, f.metadata) for name, f in files_of(a_trail()).items()}
    assert {name: (f.data, f.metadata) for name, f in files_of(a_trail(how)).items()} != whole


def test_digests_without_log_files() -> None:
    found = files(a_trail(hours=2, files=0), "AWSLogs/", NOW)
    assert len(found) == 2
    assert all(document["newestEventTime"] is None for document in digests(found).values())
