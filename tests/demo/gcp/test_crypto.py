"""The simulated Cloud KMS really encrypts and signs, and checks what guards both ways."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from scanner.demo.gcp import lifecycle
from scanner.demo.gcp.crc32c import crc32c
from scanner.demo.gcp.crypto import decrypt, encrypt, public_key, sign
from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.state import State, version_name
from scanner.demo.gcp.world import GoogleCloud
from tests.demo.gcp.reference import NOW, a_key, a_project

RING = "projects/example-one/locations/us-east1/keyRings/main"
KEY, SIGNING, RSA = (f"{RING}/cryptoKeys/{name}" for name in ("one", "signing", "rsa"))
PLAIN = b"thirty-two bytes of a data key.."


@pytest.fixture
def state() -> State:
    versions = [{"age_days": 20}, {"age_days": 10}]
    keys = [
        a_key("one", versions=versions),
        a_key("signing", purpose="ASYMMETRIC_SIGN", algorithm="EC_SIGN_P256_SHA256"),
        a_key("rsa", purpose="ASYMMETRIC_SIGN", algorithm="RSA_SIGN_PSS_2048_SHA256"),
    ]
    return State(GoogleCloud(projects=[a_project(*keys)]), NOW)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sealed(state: State, name: str = KEY, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the request
    return encrypt(state, name, {"plaintext": b64(PLAIN), **more})


def test_what_was_encrypted_opens_with_its_data_alone(state: State) -> None:
    bound = {"additionalAuthenticatedData": b64(b"tenant")}
    answer = sealed(state, **bound)
    assert answer["name"] == version_name(KEY, 2)
    assert int(answer["ciphertextCrc32c"]) == crc32c(base64.b64decode(answer["ciphertext"]))
    opened = decrypt(state, KEY, {"ciphertext": answer["ciphertext"], **bound})
    assert (base64.b64decode(opened["plaintext"]), opened["usedPrimary"]) == (PLAIN, True)
    assert int(opened["plaintextCrc32c"]) == crc32c(PLAIN)
    for wrong in ({}, {"additionalAuthenticatedData": b64(b"other")}):
        with pytest.raises(RefusalError, match="the ciphertext is invalid"):
            decrypt(state, KEY, {"ciphertext": answer["ciphertext"], **wrong})


def test_every_byte_of_a_ciphertext_counts(state: State) -> None:
    blob = base64.b64decode(sealed(state)["ciphertext"])
    for i in range(len(blob)):
        changed = blob[:i] + bytes([blob[i] ^ 1]) + blob[i + 1 :]
        with pytest.raises(RefusalError, match="INVALID_ARGUMENT"):
            decrypt(state, KEY, {"ciphertext": b64(changed)})
    for cut in (b"", blob[:10], blob[:-1], blob + b"\0"):
        with pytest.raises(RefusalError, match="INVALID_ARGUMENT"):
            decrypt(state, KEY, {"ciphertext": b64(cut)})


def test_an_old_version_still_opens_and_can_be_named(state: State) -> None:
    old = sealed(state, version_name(KEY, 1))
    assert old["name"] == version_name(KEY, 1)
    assert "usedPrimary" not in decrypt(state, KEY, {"ciphertext": old["ciphertext"]})
    with pytest.raises(RefusalError, match="NOT_FOUND"):
        sealed(state, version_name(KEY, 7))


def test_checksums_are_checked_and_told(state: State) -> None:
    right = sealed(state, plaintextCrc32c=str(crc32c(PLAIN)), additionalAuthenticatedDataCrc32c="0")
    assert right["verifiedPlaintextCrc32c"]
    assert right["verifiedAdditionalAuthenticatedDataCrc32c"]
    assert "verifiedPlaintextCrc32c" not in sealed(state)
    with pytest.raises(RefusalError, match="did not match the data in plaintext"):
        sealed(state, plaintextCrc32c="7")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"plaintext": "no base64!"}, "Invalid value at 'plaintext'"),
        ({"plaintext": b64(bytes(65537))}, "larger than 64 KiB"),
    ],
    ids=["no base64", "too long"],
)
def test_what_cannot_be_encrypted(state: State, body: dict[str, str], words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        encrypt(state, KEY, body)


def test_a_version_that_rests_is_not_used(state: State) -> None:
    blob = sealed(state)["ciphertext"]
    lifecycle.patch(state, version_name(KEY, 2), {"state": "DISABLED"})
    attempts: list[Callable[[], object]] = [lambda: sealed(state), lambda: decrypt(state, KEY, {"ciphertext": blob})]
    for attempt in attempts:
        with pytest.raises(RefusalError, match="current state is: DISABLED"):
            attempt()


def test_keys_do_what_their_purpose_says_and_nothing_else(state: State) -> None:
    with pytest.raises(RefusalError, match="has no primary version"):
        sealed(state, SIGNING)
    with pytest.raises(RefusalError, match="has purpose ENCRYPT_DECRYPT"):
        sign(state, version_name(KEY, 1), {"digest": {"sha256": b64(bytes(32))}})
    with pytest.raises(RefusalError, match="has purpose ASYMMETRIC_SIGN"):
        sealed(state, version_name(SIGNING, 1))


def test_a_signature_verifies_with_the_public_key(state: State) -> None:
    digest = hashlib.sha256(b"report").digest()
    answer = sign(state, version_name(SIGNING, 1), {"digest": {"sha256": b64(digest)}})
    signature = base64.b64decode(answer["signature"])
    assert int(answer["signatureCrc32c"]) == crc32c(signature)
    told = public_key(state, version_name(SIGNING, 1))
    assert int(told["pemCrc32c"]) == crc32c(told["pem"].encode())
    key = serialization.load_pem_public_key(told["pem"].encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


@pytest.mark.parametrize(
    ("name", "digest"), [(SIGNING, {"sha256": b64(b"short")}), (SIGNING, "x"), (RSA, {"sha256": b64(bytes(32))})]
)
def test_what_cannot_be_signed(state: State, name: str, digest: object) -> None:
    with pytest.raises(RefusalError, match="not one of the key's algorithm"):
        sign(state, version_name(name, 1), {"digest": digest})
