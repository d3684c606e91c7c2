"""The header of a message of the AWS Encryption SDK: who may open it, and how it is encrypted.

The format is the developer guide's "AWS Encryption SDK message format reference", versions 1 and 2. A header is not
secret; whether it is genuine shows only to who can open the message (:mod:`scanner.envelope.stream`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

NONCE_BYTES = 12
TAG_BYTES = 16
MOST_WRAPPED_KEYS = 256
"""More than that is no message that anybody wrote; the format allows 65,535."""
_CUSTOMER = 0x80
"""Type of a version 1 message: customer authenticated encrypted data, the only one there is."""
_SINGLE, _FRAMED = 1, 2
_KMS = ("aws-kms", "aws-kms-hierarchy", "aws-kms-rsa")
"""Providers whose information is the ARN of a key, as UTF-8."""


@dataclass(frozen=True, slots=True)
class Suite:
    """An algorithm suite: AES-GCM with nonces of 96 and tags of 128 bits, in all of them."""

    id: int
    name: str
    key_bits: int
    version: int
    """Version of the format that it belongs to."""
    hash: str = ""
    """Hash of HKDF, which derives the message's key from the data key; empty: the data key itself encrypts."""
    commits: bool = False
    """The message commits to its key: no second key opens it."""
    signed: bool = False
    """An ECDSA signature follows the body."""
    nonce_bits: int = NONCE_BYTES * 8
    tag_bits: int = TAG_BYTES * 8


SUITES: dict[int, Suite] = {
    one.id: one
    for one in (
        Suite(0x0014, "AES_128_GCM_IV12_TAG16", 128, 1),
        Suite(0x0046, "AES_192_GCM_IV12_TAG16", 192, 1),
        Suite(0x0078, "AES_256_GCM_IV12_TAG16", 256, 1),
        Suite(0x0114, "AES_128_GCM_IV12_TAG16_HKDF_SHA256", 128, 1, "sha256"),
        Suite(0x0146, "AES_192_GCM_IV12_TAG16_HKDF_SHA256", 192, 1, "sha256"),
        Suite(0x0178, "AES_256_GCM_IV12_TAG16_HKDF_SHA256", 256, 1, "sha256"),
        Suite(0x0214, "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256", 128, 1, "sha256", signed=True),
        Suite(0x0346, "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 192, 1, "sha384", signed=True),
        Suite(0x0378, "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384", 256, 1, "sha384", signed=True),
        Suite(0x0478, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 256, 2, "sha512", commits=True),
        Suite(0x0578, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384", 256, 2, "sha512", commits=True, signed=True),
    )
}
COMMITTING = SUITES[0x0478]
"""The suite that :mod:`scanner.envelope.stream` writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """The message's data key, wrapped by one of the keys that may open it."""

    provider: str
    """Kind of key provider: `aws-kms`, or the name space of a raw key."""
    key: str
    """ARN of the key; of a raw key its name."""
    length: int
    """Bytes of the wrapped key."""
    wrapped: bytes
    """It, for whoever can unwrap it. Never part of evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a message says of itself."""

    version: int
    suite: Suite
    message_id: bytes
    context: tuple[tuple[str, str], ...]
    """Encryption context, as written: in the order of its names."""
    keys: tuple[WrappedKey, ...]
    frame_length: int
    """Bytes of plaintext in each frame but the last; 0: the body is one block."""
    commitment: bytes
    """What ties the message to its key; empty in suites that do not commit."""
    body: bytes
    """The header as authenticated: without its own nonce and tag."""
    nonce: bytes
    """What the header's tag is made with: in version 2 it is not written, and all zeros."""
    tag: bytes

    @property
    def framed(self) -> bool:
        """The body is cut in frames."""
        return bool(self.frame_length)

    @property
    def length(self) -> int:
        """Return how many bytes of the message the header is, its nonce and tag included."""
        return len(self.body) + (NONCE_BYTES if self.version == 1 else 0) + TAG_BYTES


class _Bytes:
    """Bytes read one field after another, never past their end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int, what: str) -> bytes:
        end = self.at + length
        if end > len(self.data):
            raise ValueError(f"the message ends within its {what}, after {len(self.data)} bytes")
        taken, self.at = self.data[self.at : end], end
        return taken

    def number(self, length: int, what: str) -> int:
        return int.from_bytes(self.take(length, what), "big")

    def counted(self, what: str) -> bytes:
        return self.take(self.number(2, what), what)

    def text(self, what: str) -> str:
        return _utf8(self.counted(what), what)


def _utf8(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"the {what} is not UTF-8") from None


def parse_header(data: bytes) -> Header:
    """Understand the header at the start of ``data``, which may be a message, or as much of it as was read.

    Takes time and memory in proportion to the header, whatever its lengths claim. Raises ValueError, which says what
    is wrong, for anything that is not a well-formed header.
    """
    read = _Bytes(data)
    version = read.number(1, "version")
    if version not in {1, 2}:
        raise ValueError(f"the version is {version}: there are 1 and 2")
    if version == 1 and (kind := read.number(1, "type")) != _CUSTOMER:
        raise ValueError(f"the type of the message is 0x{kind:02x}: there is only 0x{_CUSTOMER:02x}")
    suite = _suite(read.number(2, "algorithm suite"), version)
    message_id = read.take(16 if version == 1 else 32, "message id")
    context = _context(read)
    keys = _keys(read)
    frame_length = _content(read, version)
    commitment = read.take(32, "key commitment") if suite.commits else b""
    body = data[: read.at]
    nonce = read.take(NONCE_BYTES, "header nonce") if version == 1 else bytes(NONCE_BYTES)
    return Header(
        version=version,
        suite=suite,
        message_id=message_id,
        context=context,
        keys=keys,
        frame_length=frame_length,
        commitment=commitment,
        body=body,
        nonce=nonce,
        tag=read.take(TAG_BYTES, "header tag"),
    )


def _suite(number: int, version: int) -> Suite:
    suite = SUITES.get(number)
    if suite is None:
        raise ValueError(f"the algorithm suite 0x{number:04x} is not known")
    if suite.version != version:
        raise ValueError(f"the algorithm suite {suite.name} is not one of version {version}")
    return suite


def _context(read: _Bytes) -> tuple[tuple[str, str], ...]:
    length = read.number(2, "encryption context")
    if not length:
        return ()
    end = read.at + length
    pairs = []
    for _ in range(read.number(2, "encryption context")):
        pairs.append((read.text("encryption context"), read.text("encryption context")))
        if read.at > end:
            break
    if read.at != end:
        raise ValueError("the encryption context is not as long as it says")
    if not pairs:
        raise ValueError("the encryption context has a length and no pairs")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("the encryption context has a name twice")
    return tuple(pairs)


def _keys(read: _Bytes) -> tuple[WrappedKey, ...]:
    count = read.number(2, "number of wrapped keys")
    if not count:
        raise ValueError("the message names no key that may open it")
    if count > MOST_WRAPPED_KEYS:
        raise ValueError(f"the message claims {count} wrapped keys: at most {MOST_WRAPPED_KEYS} are read")
    return tuple(_key(read) for _ in range(count))


def _key(read: _Bytes) -> WrappedKey:
    provider = read.text("key provider")
    info = read.counted("key provider's information")
    wrapped = read.counted("wrapped key")
    if provider in _KMS:
        key = _utf8(info, "key's ARN")
    else:
        # After the name of a raw AES key follow lengths and a nonce; the first is a number of 4 bytes, below 256.
        key = info.partition(b"\0")[0].decode("utf-8", "backslashreplace")
    return WrappedKey(provider=provider, key=key, length=len(wrapped), wrapped=wrapped)


def _content(read: _Bytes, version: int) -> int:
    """Read the content type and what follows it; return the length of a frame, 0 for a single block."""
    kind = read.number(1, "content type")
    if kind not in {_SINGLE, _FRAMED}:
        raise ValueError(f"the content type is {kind}: there are {_SINGLE} and {_FRAMED}")
    if version == 1:
        if read.number(4, "reserved field"):
            raise ValueError("the reserved field is not zero")
        if (nonce := read.number(1, "length of the nonce")) != NONCE_BYTES:
            raise ValueError(f"the nonce has {nonce} bytes: the suite has {NONCE_BYTES}")
    length = read.number(4, "frame length")
    if (kind == _FRAMED) != bool(length):
        raise ValueError("the frame length does not go with the content type")
    return length


def header_body(
    message_id: bytes,
    context: dict[str, str],
    keys: tuple[tuple[str, bytes, bytes], ...],
    frame: int,
    commitment: bytes,
) -> bytes:
    """Return the header, as authenticated, of a framed message in the committing suite, version 2.

    ``keys`` are (provider, its information, wrapped key). Raises ValueError for what the format has no room for.
    """
    try:
        return b"".join(
            (
                struct.pack(">BH", 2, COMMITTING.id),
                message_id,
                _counted(serialize_context(context)),
                struct.pack(">H", len(keys)),
                *(_counted(part) for provider, info, key in keys for part in (provider.encode(), info, key)),
                struct.pack(">BI", _FRAMED, frame),
                commitment,
            )
        )
    except struct.error:
        raise ValueError("a field of the header is longer than the format allows") from None


def serialize_context(context: dict[str, str]) -> bytes:
    """Return an encryption context as a header holds it, in the order of its names; nothing when it is empty."""
    if not context:
        return b""
    pairs = sorted((name.encode(), value.encode()) for name, value in context.items())
    return struct.pack(">H", len(pairs)) + b"".join(_counted(part) for pair in pairs for part in pair)


def _counted(data: bytes) -> bytes:
    return struct.pack(">H", len(data)) + data
