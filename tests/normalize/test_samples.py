"""What samples have in common: plaintext, nonces, keys, binding; what was not understood leaves it not known."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.envelope import EnvelopeFact
from scanner.model.ids import Digest, Json
from scanner.normalize.samples import Sample, nonces, number, sample_rows, with_sample
from tests.normalize.builders import SOURCE
from tests.normalize.postgres.answers import BODY, KEK, REGISTRY, STORE, a_message, plain, value

ROW = EnvelopeFact(
    source=SOURCE,
    evidence=(Digest("sha256:layout"),),
    envelope_id=BODY,
    store_id=STORE,
    kind="column",
    format="aes-256-gcm",
    binds_tenant=True,
    binds_record=False,
    commits_to_key=False,
)


def sample(*values: dict[str, Json], hashes: str = "h") -> Sample:
    return Sample(values, (Digest("sha256:sample"),), hashes)


def judged(*values: dict[str, Json]) -> EnvelopeFact:
    one = sample(*values)
    return with_sample(ROW, one, nonces([one]))


def test_a_sample_of_sealed_values() -> None:
    row = judged(value("1"), value("2", nonce_bits=64))
    assert (row.sampled, row.parsed, row.plaintext, row.format) == (2, 2, 0, "aes-256-gcm")
    assert (row.authenticated, row.nonce_bits, row.tag_bits, row.nonces_repeated) == (True, 64, 128, 0)
    assert (row.names_key, row.binds_tenant, row.binds_record, row.commits_to_key) == (True, True, False, False)
    assert (row.wrapping_keys, row.evidence) == ((), ("sha256:layout", "sha256:sample"))


def test_without_a_sample_only_the_layout_speaks() -> None:
    assert with_sample(ROW, None, nonces([])) == ROW


def test_an_empty_sample_shows_nothing() -> None:
    row = judged()
    assert (row.sampled, row.parsed, row.plaintext) == (0, 0, 0)
    assert (row.authenticated, row.nonces_repeated, row.names_key, row.format) == (None, None, None, "aes-256-gcm")


NOT_UNDERSTOOD = value("2", understood=False, tag_bits=None)
JUDGED: list[tuple[list[dict[str, Json]], str, Any]] = [
    ([value("1"), plain("2")], "format", "aes-256-gcm,none"),
    ([value("1"), plain("2")], "plaintext", 1),
    ([value("1"), plain("2")], "authenticated", False),
    ([value("1"), plain("2")], "nonce_bits", 96),
    ([value("1"), plain("2", data_key=None)], "names_key", False),
    ([value("1"), NOT_UNDERSTOOD], "parsed", 1),
    ([value("1"), NOT_UNDERSTOOD], "authenticated", None),
    ([value("1"), NOT_UNDERSTOOD], "tag_bits", None),
    ([value("1"), value("2", data_key=None, understood=False)], "names_key", False),
    ([plain("1")], "nonce_bits", None),
    ([plain("1")], "nonces_repeated", 0),
    ([value("1"), value("2", nonce="nonce-1")], "nonces_repeated", 2),
    ([value("1"), value("2", nonce=None)], "nonces_repeated", None),
    ([value("1"), value("2", format=None)], "format", None),
    ([a_message("1"), a_message("2")], "format", "aws-encryption-sdk"),
    ([a_message("1"), a_message("2")], "wrapping_keys", (KEK,)),
    ([a_message("1"), a_message("2", wrapping=None)], "wrapping_keys", None),
    ([a_message("1"), a_message("2")], "commits_to_key", True),
    ([a_message("1"), a_message("2", commits=False)], "commits_to_key", False),
    ([a_message("1"), plain("2", "clip")], "commits_to_key", None),
    ([a_message("1"), a_message("2", binds_tenant=False)], "binds_tenant", False),
    ([a_message("1"), a_message("2", binds_record=None)], "binds_record", None),
    ([a_message("1"), a_message("2")], "names_key", True),
    ([{"row": "1", "understood": False, "plain": "", "format": "aws-encryption-sdk"}], "names_key", None),
    ([a_message("1")], "nonces_repeated", 0),
    ([a_message("1", suite="AES_256_GCM_IV12_TAG16")], "nonces_repeated", None),
    ([value("1", authenticated=True)], "authenticated", True),
    ([value("1", understood=False, authenticated=False)], "authenticated", False),
]


@pytest.mark.parametrize(("values", "name", "expected"), JUDGED)
def test_what_values_have_in_common(values: list[dict[str, Json]], name: str, expected: Any) -> None:  # noqa: ANN401 - a value
    assert getattr(judged(*values), name) == expected


def test_nonces_repeat_across_places_and_not_across_keys_of_hashes() -> None:
    one, other = sample(value("1")), sample(value("2", nonce="nonce-1"))
    assert with_sample(ROW, one, nonces([one, other])).nonces_repeated == 1
    elsewhere = sample(value("2"), hashes="of another process")
    assert with_sample(ROW, one, nonces([one, elsewhere])).nonces_repeated is None
    twice = sample(value("1"), value("3", nonce="nonce-1"))
    assert with_sample(ROW, twice, nonces([twice, elsewhere])).nonces_repeated == 2


def test_each_value_is_a_row() -> None:
    of = sample(value("b", data_key=None), a_message("c"), value("a"), plain("d", length="?"))
    rows = sample_rows(of, source=SOURCE, envelope=BODY, store=STORE, registry=REGISTRY)
    assert [(row.sample_id, row.data_key_id, row.algorithm) for row in rows] == [
        (f"{BODY}/a", f"{REGISTRY}/a", None),
        (f"{BODY}/b", None, None),
        (f"{BODY}/c", "none", "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"),
        (f"{BODY}/d", f"{REGISTRY}/a", None),
    ]
    first, _, third, last = rows
    assert (first.format, first.parsed, first.plaintext, first.length_bytes) == ("aes-256-gcm", True, False, 93)
    assert (first.wrapping_keys, third.wrapping_keys, first.nonce_bits, first.tag_bits) == (None, (KEK,), 96, 128)
    assert (last.plaintext, last.parsed, last.length_bytes) == (True, False, None)


def test_what_is_not_said_is_not_known() -> None:
    (row,) = sample_rows(sample({"row": "1"}), source=SOURCE, envelope=BODY, store=STORE, registry="")
    assert (row.plaintext, row.parsed, row.data_key_id) == (None, None, None)


@pytest.mark.parametrize(("given", "expected"), [(0, 0), (7, 7), (-1, None), (True, None), ("7", None), (None, None)])
def test_counts(given: Json, expected: int | None) -> None:
    assert number({"n": given}, "n") == expected
