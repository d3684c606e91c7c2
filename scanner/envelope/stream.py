"""Write and read whole messages of the AWS Encryption SDK, frame by frame: memory does not grow with the message.

Writes the committing suite without signature, 0x0478. Opens every suite of :mod:`scanner.envelope.message`; a signature
is verified with the public key that the message carries, as the format says.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from scanner.envelope.message import COMMITTING, NONCE_BYTES, TAG_BYTES, Header, Suite, header_body, parse_header
from scanner.envelope.rows import OpenError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FRAME = 65_536
"""Bytes of plaintext in a frame that is written here."""
MOST_HEADER = 131_072
"""Bytes of a message in which its header must end."""
MOST_FRAME = 16_777_216
"""Bytes of plaintext in a frame, or a single block, that is read: it is in memory until its tag is verified."""
_LAST = 0xFFFFFFFF
_PUBLIC_KEY = "aws-crypto-public-key"
_REGULAR_FRAME, _LAST_FRAME, _SINGLE_BLOCK = (
    b"AWSKMSEncryptionClient Frame",
    b"AWSKMSEncryptionClient Final Frame",
    b"AWSKMSEncryptionClient Single Block",
)


class Wrapping(NamedTuple):
    """The data key of a message to write, wrapped by one key that may open it."""

    provider: str
    """`aws-kms`, or the name space of a raw key."""
    info: bytes
    """ARN of the key, or what the raw key's provider needs."""
    wrapped: bytes


def seal_stream(
    source: BinaryIO,
    target: BinaryIO,
    key: bytes | bytearray,
    wrappings: Sequence[Wrapping],
    context: Mapping[str, str],
    *,
    frame: int = FRAME,
) -> int:
    """Encrypt ``source`` under a data key of 32 bytes, and return how many bytes of plaintext there were.

    Raises ValueError for what the format has no room for.
    """
    if not wrappings:
        raise ValueError("a message needs a key that may open it")
    if not 0 < frame <= MOST_FRAME:
        raise ValueError(f"a frame has 1 to {MOST_FRAME} bytes, not {frame}")
    reading = _Source(source)
    message_id = os.urandom(32)
    cipher, commitment = derive(COMMITTING, key, message_id)
    body = header_body(message_id, dict(context), tuple(wrappings), frame, commitment)
    target.write(body + cipher.encrypt(bytes(NONCE_BYTES), b"", body))
    total, number, chunk = 0, 1, reading.upto(frame)
    while True:
        following = reading.upto(frame) if len(chunk) == frame else b""
        last = not following
        nonce = number.to_bytes(NONCE_BYTES, "big")
        bound = _bound(message_id, _LAST_FRAME if last else _REGULAR_FRAME, number, len(chunk))
        start = struct.pack(">II", _LAST, number) if last else struct.pack(">I", number)
        length = struct.pack(">I", len(chunk)) if last else b""
        target.write(start + nonce + length + cipher.encrypt(nonce, chunk, bound))
        total += len(chunk)
        if last:
            return total
        number, chunk = number + 1, following


def open_stream(source: BinaryIO, target: BinaryIO, unwrap: Callable[[Header], bytes | bytearray]) -> Header:
    """Decrypt the message in ``source``, with the data key that ``unwrap`` returns for its header.

    Each frame is written once its tag is verified. When OpenError is raised, what was written before is of no use: the
    message was cut off, changed, or not signed by who it says. Raises ValueError for what is not a message.
    """
    reading = _Source(source)
    header = reading.header()
    if header.frame_length > MOST_FRAME:
        raise ValueError(f"the frames have {header.frame_length} bytes: at most {MOST_FRAME} are read")
    cipher, commitment = derive(header.suite, unwrap(header), header.message_id)
    if not hmac.compare_digest(commitment, header.commitment):
        raise OpenError("the message was made with another key: it commits to that")
    _decrypt(cipher, header.nonce, header.tag, header.body)
    reading.start_hash(header)
    if header.framed:
        _frames(reading, target, cipher, header)
    else:
        _block(reading, target, cipher, header)
    reading.verify(header)
    if reading.upto(1):
        raise OpenError("bytes follow the end of the message")
    return header


def derive(suite: Suite, key: bytes | bytearray, message_id: bytes) -> tuple[AESGCM, bytes]:
    """Return what encrypts a message, and what commits to its key (empty where nothing does). Raises OpenError."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    length = suite.key_bits // 8
    if len(key) != length:
        raise OpenError(f"the data key has {len(key)} bytes: {suite.name} needs {length}")
    if not suite.hash:
        return AESGCM(key), b""
    kinds: dict[str, hashes.HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    kind, number = kinds[suite.hash], suite.id.to_bytes(2, "big")
    if not suite.commits:
        return AESGCM(HKDF(kind, length, None, number + message_id).derive(key)), b""
    derived = HKDF(kind, length, message_id, number + b"DERIVEKEY").derive(key)
    return AESGCM(derived), HKDF(kind, 32, message_id, b"COMMITKEY").derive(key)


def _bound(message_id: bytes, kind: bytes, number: int, length: int) -> bytes:
    return message_id + kind + struct.pack(">IQ", number, length)


def _decrypt(cipher: AESGCM, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise OpenError("the message does not open") from None


def _frames(reading: _Source, target: BinaryIO, cipher: AESGCM, header: Header) -> None:
    number = 0
    while True:
        number += 1
        last = (got := reading.number(4)) == _LAST
        if last:
            got = reading.number(4)
        if got != number:
            raise OpenError(f"frame {number} is missing: frame {got} is in its place")
        nonce = reading.exactly(NONCE_BYTES)
        length = reading.number(4) if last else header.frame_length
        if length > header.frame_length:
            raise OpenError("the last frame is longer than a frame")
        bound = _bound(header.message_id, _LAST_FRAME if last else _REGULAR_FRAME, number, length)
        target.write(_decrypt(cipher, nonce, reading.exactly(length + TAG_BYTES), bound))
        if last:
            return


def _block(reading: _Source, target: BinaryIO, cipher: AESGCM, header: Header) -> None:
    nonce, length = reading.exactly(NONCE_BYTES), reading.number(8)
    if length > MOST_FRAME:
        raise ValueError(f"the message is one block of {length} bytes: at most {MOST_FRAME} are read")
    bound = _bound(header.message_id, _SINGLE_BLOCK, 1, length)
    target.write(_decrypt(cipher, nonce, reading.exactly(length + TAG_BYTES), bound))


class _Source:
    """A file read from its start, whole pieces at a time; hashes what is read where the message is signed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ahead = b""
        self._hash: _Hash | None = None

    def header(self) -> Header:
        """Read as much as a header can be, and keep what follows it."""
        head = self.upto(MOST_HEADER)
        header = parse_header(head)
        self._ahead = head[header.length :]
        return header

    def start_hash(self, header: Header) -> None:
        if header.suite.signed:
            self._hash = _Hash(header.suite)
            self._hash.update(header.body)
            self._hash.update((header.nonce if header.version == 1 else b"") + header.tag)

    def upto(self, length: int) -> bytes:
        """Return so many bytes; fewer at the end only, however few a read returns."""
        parts = [self._ahead[:length]]
        self._ahead = self._ahead[length:]
        missing = length - len(parts[0])
        while missing and (more := self._file.read(missing)):
            parts.append(more)
            missing -= len(more)
        return b"".join(parts)

    def exactly(self, length: int) -> bytes:
        read = self.upto(length)
        if len(read) < length:
            raise OpenError("the message is cut off")
        if self._hash:
            self._hash.update(read)
        return read

    def number(self, length: int) -> int:
        return int.from_bytes(self.exactly(length), "big")

    def verify(self, header: Header) -> None:
        """Verify the signature that follows the body, where the suite has one. Raises OpenError."""
        if self._hash:
            signed, self._hash = self._hash, None
            signed.verify(self.exactly(self.number(2)), dict(header.context).get(_PUBLIC_KEY, ""))


class _Hash:
    """The hash of a signed message, and its verification."""

    def __init__(self, suite: Suite) -> None:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        p256 = suite.id == 0x0214
        self._kind: hashes.HashAlgorithm = hashes.SHA256() if p256 else hashes.SHA384()
        self._curve: ec.EllipticCurve = ec.SECP256R1() if p256 else ec.SECP384R1()
        self._hash = hashes.Hash(self._kind)
        self.update = self._hash.update

    def verify(self, signature: bytes, public: str) -> None:
        import base64

        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        try:
            point = base64.b64decode(public, validate=True)
            key = ec.EllipticCurvePublicKey.from_encoded_point(self._curve, point)
            key.verify(signature, self._hash.finalize(), ec.ECDSA(Prehashed(self._kind)))
        except (ValueError, InvalidSignature):
            raise OpenError("the signature of the message is not right") from None
