"""Keys that sign, from a file and from AWS KMS."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto import mock_aws

from scanner.demo.embedded import environment
from scanner.errors import KeyauditError
from scanner.package.keyfile import write_key
from scanner.package.keys import (
    ALGORITHM,
    FileSigner,
    KmsSigner,
    SigningError,
    checked_signature,
    fingerprint,
    kms_client,
    load_public,
    read_private,
)
from scanner.package.signers import open_signer
from tests.package.scans import HeldKey

REGION = "us-east-1"
ARN = f"arn:aws:kms:{REGION}:111122223333:key/11111111-2222-3333-4444-555555555555"
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIASIMULATED0000000", "AWS_SECRET_ACCESS_KEY": "simulated"}


def nobody() -> str:
    raise AssertionError("nobody is to be asked")


def test_a_fingerprint_is_of_the_subject_public_key_info() -> None:
    key = HeldKey().public_key
    assert fingerprint(key) == hashlib.sha256(key.public_bytes(*SPKI)).hexdigest()


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_key_of_a_file_signs(tmp_path: Path, passphrase: str | None) -> None:
    public = write_key(tmp_path / "key", passphrase)
    signer = open_signer(
        f"file:{tmp_path / 'key'}", passphrase=(lambda: passphrase) if passphrase else nobody, pin=nobody
    )
    assert signer.public_key == public
    public.verify(checked_signature(signer, b"data"), b"data", ALGORITHM)


@pytest.mark.parametrize("wrong", ["", "wrong", "correct horse "])
def test_a_wrong_passphrase_opens_nothing(tmp_path: Path, wrong: str) -> None:
    write_key(tmp_path / "key", "correct horse")
    with pytest.raises(SigningError, match="holds no private key that the passphrase opens"):
        FileSigner(tmp_path / "key", lambda: wrong)


def pem(key: Any) -> bytes:  # noqa: ANN401 - any private key
    form = serialization.PrivateFormat.PKCS8
    made: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return made


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no private key"),
        (b"secret", "holds no private key"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "not a key of ECDSA on P-256"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "not a key of ECDSA on P-256"),
        (pem(ec.generate_private_key(ec.SECP256K1())), "not a key of ECDSA on P-256"),
        (pem(rsa.generate_private_key(65537, 2048)), "not a key of ECDSA on P-256"),
        (b"x" * 65_537, "larger than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_such_key_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningError, match=why) as raised:
        FileSigner(path, nobody)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("mode", [stat.S_IRGRP, stat.S_IROTH, stat.S_IWOTH])
def test_a_key_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    write_key(tmp_path / "key", None)
    (tmp_path / "key").chmod(0o600 | mode)
    with pytest.raises(SigningError, match="others can read the key") as raised:
        FileSigner(tmp_path / "key", nobody)
    assert raised.value.hint.startswith("chmod 600 ")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match="No such file"):
        read_private(tmp_path / "key", "the key")


@pytest.mark.parametrize(
    ("spki", "why"),
    [
        (b"", "not a public key"),
        (b"x", "not a public key"),
        (ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(*SPKI), "not a key of ECDSA on P-256"),
        (ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(*SPKI), "not a key of ECDSA on P-256"),
    ],
    ids=["empty", "no key", "Ed25519", "P-384"],
)
def test_a_public_key_of_another_kind_is_refused(spki: bytes, why: str) -> None:
    with pytest.raises(SigningError, match=why):
        load_public(spki, "the token")


@pytest.fixture
def kms() -> Iterator[Any]:
    with environment(CREDENTIALS), mock_aws():
        yield kms_client(REGION)


def made(client: Any, spec: str = "ECC_NIST_P256", usage: str = "SIGN_VERIFY") -> str:  # noqa: ANN401 - a client of boto3
    return str(client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"])


class Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class DocumentedKms:
    """Signs as AWS documents it: moto signs the digest of a digest, whatever MessageType says."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.asked: list[dict[str, str]] = []

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        body = json.loads(str(request.body, "utf-8") if isinstance(request.body, bytes) else "")
        self.asked.append(body)
        if request.headers["X-Amz-Target"] == b"TrentService.GetPublicKey":
            public = base64.b64encode(self.key.public_key().public_bytes(*SPKI)).decode()
            return self._response(request, 200, {"KeyId": ARN, "PublicKey": public})
        digest = base64.b64decode(body["Message"])
        if body["MessageType"] != "DIGEST" or len(digest) != 32 or body["SigningAlgorithm"] != "ECDSA_SHA_256":
            return self._response(request, 400, {"__type": "ValidationException", "message": "not so"})
        signature = self.key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return self._response(request, 200, {"KeyId": ARN, "Signature": base64.b64encode(signature).decode()})

    def _response(self, request: AWSPreparedRequest, code: int, body: dict[str, str]) -> AWSResponse:
        headers = HTTPHeaders()
        headers["Content-Type"] = "application/x-amz-json-1.1"
        return AWSResponse(request.url, code, headers, Raw(json.dumps(body).encode()))


def test_a_key_of_kms_signs_more_than_a_raw_message_may_hold() -> None:
    aws, alias = DocumentedKms(), f"arn:aws:kms:{REGION}:111122223333:alias/signing"
    with environment(CREDENTIALS):
        client = kms_client(REGION)
        client.meta.events.register("before-send.kms.*", aws.answer)
        signer = KmsSigner(client, alias)
        assert signer.public_key == aws.key.public_key()
        signature = checked_signature(signer, b"x" * 5000)
    signer.public_key.verify(signature, b"x" * 5000, ALGORITHM)
    # The key behind the alias is the one whose public half was read.
    assert [asked["KeyId"] for asked in aws.asked] == [alias, ARN]


def test_the_public_key_is_kmss(kms: Any) -> None:  # noqa: ANN401 - a client of boto3
    arn = made(kms)
    signer = open_signer(f"awskms:{arn}", passphrase=nobody, pin=nobody)
    assert signer.public_key.public_bytes(*SPKI) == kms.get_public_key(KeyId=arn)["PublicKey"]


def test_a_service_that_signs_something_else_is_found_out(kms: Any) -> None:  # noqa: ANN401 - a client of boto3
    # moto takes a digest for a message and hashes it again.
    with pytest.raises(SigningError, match="does not verify by its public key"):
        checked_signature(KmsSigner(kms, made(kms)), b"data")


def test_a_key_of_another_kind_is_refused(kms: Any) -> None:  # noqa: ANN401 - a client of boto3
    with pytest.raises(SigningError, match="not a key of ECDSA on P-256"):
        KmsSigner(kms, made(kms, "ECC_NIST_P384"))


def test_a_key_that_is_not_there_is_told(kms: Any) -> None:  # noqa: ANN401 - a client of boto3
    with pytest.raises(SigningError, match="NotFoundException") as raised:
        KmsSigner(kms, ARN)
    assert "kms:GetPublicKey and kms:Sign" in raised.value.hint


def test_a_profile_that_is_not_there_is_told() -> None:
    with (
        environment({"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": "/dev/null"}),
        pytest.raises(SigningError, match="AWS: "),
    ):
        kms_client(REGION)


def test_without_credentials_nothing_is_signed(tmp_path: Path) -> None:
    nothing = {name: str(tmp_path / "none") for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    with (
        environment({"AWS_EC2_METADATA_DISABLED": "true", **nothing}),
        pytest.raises(KeyauditError, match="credentials"),
    ):
        KmsSigner(kms_client(REGION), ARN)
