"""What is told of a secret: never the secret."""

from __future__ import annotations

import dataclasses
import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scanner.collect.hashes import Hashes, of_fingerprint
from scanner.collect.leaks.finding import MENTIONS, Piece, look, whole
from tests.collect.leaks.support import HASHES, KEY, LINE, OTHER

PAIR = (
    ec.derive_private_key(1234567, ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
ALIAS, ROOT = "alias/tenant-7", "pkcs11:token=root;object=root-2026"
ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_a_finding_has_place_and_kind_and_a_keyed_hash() -> None:
    (piece,) = whole(f"first\n{LINE}".encode())
    looked = look(piece, HASHES)
    (one,) = looked.findings
    assert (one.kind, one.line, one.bits, looked.lines) == ("raw_key", 1, 256, 2)
    assert KEY not in repr(dataclasses.asdict(one))
    assert one.hash != look(piece, Hashes(b"1" * 32)).findings[0].hash
    assert one.hash == look(piece, Hashes(b"0" * 32)).findings[0].hash


def test_a_raw_key_has_the_hash_that_a_registry_of_data_keys_has() -> None:
    (piece,) = whole(LINE.encode())
    (one,) = look(piece, HASHES).findings
    assert one.key_hash == of_fingerprint(HASHES, hashlib.sha256(bytes.fromhex(KEY)).hexdigest())
    assert one.key_hash != one.hash


def test_a_pair_has_a_fingerprint_and_no_such_hash() -> None:
    (piece,) = whole(PAIR.encode())
    (one,) = look(piece, HASHES).findings
    assert (one.kind, len(one.fingerprint), one.key_hash) == ("private_key", 64, "")


def test_keys_named_near_it_are_told() -> None:
    text = f"{ALIAS} and {ARN}, under {ROOT}.\n{LINE} see {ALIAS}"
    (piece,) = whole(text.encode())
    assert look(piece, HASHES).findings[0].mentions == (ALIAS, ARN, ROOT)


def test_only_so_many_names_are_kept() -> None:
    text = " ".join(f"alias/{i:03}" for i in range(50)) + f"\n{LINE}"
    (piece,) = whole(text.encode())
    assert len(look(piece, HASHES).findings[0].mentions) == MENTIONS


def test_what_belongs_to_another_piece_is_left_to_it() -> None:
    data = f"{LINE}kek = {OTHER}\n".encode()
    cut = len(LINE)
    first, second = look(Piece(data, 0, cut), HASHES), look(Piece(data, cut, len(data)), HASHES)
    assert [len(first.findings), len(second.findings)] == [1, 1]
    assert first.findings[0].hash != second.findings[0].hash


def test_what_is_none_is_counted() -> None:
    (piece,) = whole(f"kek = {KEY} # dummy\n\n\nkek = {'0' * 64}\n".encode())
    looked = look(piece, HASHES)
    assert (looked.findings, looked.marked, looked.placeholders) == ((), 1, 1)
