"""From the beginning of an object of Amazon S3 and its metadata to what they say of its envelope. Pure.

Two formats name themselves: a message of the AWS Encryption SDK (its header stands in front), and an object of the
Amazon S3 Encryption Client (metadata; formats 1 to 3 of its specification, `content-metadata.md` in
github.com/awslabs/aws-encryption-sdk-specification). Of metadata, contexts and contents nothing else is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from scanner.envelope.detect import looks_plain
from scanner.envelope.message import Header, parse_header
from scanner.model.ids import Json

HEAD = "bytes=0-4095"
"""The range of an object that is read."""
MOST = 4096
CLIENT = "s3-encryption-client"
SDK = "aws-encryption-sdk"
_GCM_NAMES = frozenset({"AES/GCM/NoPadding"})
_CBC_NAMES = frozenset({"AES/CBC/PKCS5Padding", "AES/CBC/PKCS7Padding"})
_DERIVED_BITS = 96
"""Nonce of the suite with key commitment: it is not written, because each message has a key of its own."""
_COMMITTING = "115"
"""Number of the client's suite with key commitment, 0x0073."""
_SUITES: Mapping[str, tuple[str, bool, bool]] = {
    **dict.fromkeys(_GCM_NAMES, ("ALG_AES_256_GCM_IV12_TAG16_NO_KDF", True, False)),
    **dict.fromkeys(_CBC_NAMES, ("ALG_AES_256_CBC_IV16_NO_KDF", False, False)),
    _COMMITTING: ("ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY", True, True),
}
"""Name of the content cipher to (suite, authenticated, commits to its key)."""
_KMS_CONTEXT = frozenset({"kms", "kms+context", "12"})
"""Ways of wrapping in which the description is the encryption context that AWS KMS authenticates."""
_OWN = frozenset({"kms_cmk_id", "aws:x-amz-cek-alg", "aws-crypto-public-key"})
"""What the formats themselves put into a context; it binds nothing."""
_SIZE = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]+)")


def object_head(key: str, answer: Mapping[str, Any]) -> dict[str, Json]:
    """Return what an answer of GetObject with the range :data:`HEAD` says of an object's envelope.

    ``nonce`` is not for keeping: the caller puts a keyed hash in its place.
    """
    head = answer["Body"].read(MOST)
    size = _SIZE.fullmatch(str(answer.get("ContentRange", "")))
    length = int(size[1]) if size else int(answer.get("ContentLength", len(head)))
    metadata = {str(name).lower(): str(value) for name, value in (answer.get("Metadata") or {}).items()}
    return {"length": length, **(_client(metadata, key) or _message(head, key) or _other(head, length))}


def _message(head: bytes, key: str) -> dict[str, Json] | None:
    try:
        header: Header = parse_header(head)
    except ValueError:
        return None
    wrapping: list[Json] = list(dict.fromkeys(one.key for one in header.keys))
    return {
        "format": SDK,
        "understood": True,
        "plain": "",
        "wrapping": wrapping,
        "suite": header.suite.name,
        "commits": header.suite.commits,
        "nonce_bits": header.suite.nonce_bits,
        "tag_bits": header.suite.tag_bits,
        **_bound(dict(header.context), key),
    }


def _other(head: bytes, length: int) -> dict[str, Json]:
    cuts = (0,) if len(head) >= length else (0, 1, 2, 3)  # the last character may be cut off
    plain = next((reason for cut in cuts if (reason := looks_plain(head[: len(head) - cut]))), "")
    return {"format": "none" if plain else None, "understood": False, "plain": plain}


def _client(metadata: Mapping[str, str], key: str) -> dict[str, Json] | None:
    """Return what the metadata of the S3 Encryption Client say, or None where there are none of it."""
    if {"x-amz-3", "x-amz-d", "x-amz-i"} <= metadata.keys():
        cipher, wrap = metadata.get("x-amz-c", ""), metadata.get("x-amz-w", "")
        described = metadata.get("x-amz-t") if wrap in _KMS_CONTEXT else metadata.get("x-amz-m")
        nonce, nonce_bits = metadata["x-amz-i"], _bits(metadata["x-amz-i"]) and _DERIVED_BITS
    elif "x-amz-iv" in metadata and metadata.keys() & {"x-amz-key", "x-amz-key-v2"}:
        first = "x-amz-key-v2" not in metadata
        cipher = metadata.get("x-amz-cek-alg") or ("AES/CBC/PKCS5Padding" if first else "")
        wrap, described = metadata.get("x-amz-wrap-alg", ""), metadata.get("x-amz-matdesc")
        nonce, nonce_bits = metadata["x-amz-iv"], _bits(metadata["x-amz-iv"])
    else:
        return None
    suite, authenticated, commits = _SUITES.get(cipher, (None, None, None))
    context = _context(described)
    understood = bool(authenticated) and bool(nonce_bits)
    return {
        "format": CLIENT,
        "understood": understood,
        "authenticated": authenticated,
        "plain": "",
        "wrapping": _wrapping(context),
        "suite": suite,
        "commits": commits,
        "nonce_bits": nonce_bits,
        "tag_bits": 128 if understood else None,
        "nonce": f"{metadata.get('x-amz-key-v2') or metadata.get('x-amz-key') or metadata.get('x-amz-3')} {nonce}",
        **(_bound(context, key) if wrap in _KMS_CONTEXT and context is not None else _UNTOLD),
    }


_UNTOLD: Mapping[str, Json] = {"binds_tenant": None, "binds_record": None}


def _bits(nonce: str) -> int | None:
    try:
        return 8 * len(base64.b64decode(nonce, validate=True))
    except (binascii.Error, ValueError):
        return None


def _context(described: str | None) -> dict[str, str] | None:
    try:
        found = json.loads(described or "{}")
    except (ValueError, RecursionError):
        return None
    texts = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    return found if texts else None


def _wrapping(context: Mapping[str, str] | None) -> list[Json] | None:
    """Return the key-encryption key where the description names it: only format 2 with `kms` does."""
    named = (context or {}).get("kms_cmk_id")
    return [named] if named else None


def _bound(context: Mapping[str, str], key: str) -> dict[str, Json]:
    """Tell what an encryption context binds: none of it is kept. A context of other names may bind either: unknown."""
    own = {name: value for name, value in context.items() if name not in _OWN}
    file = key.rpartition("/")[2]
    names = {key, file, file.partition(".")[0]} - {""}
    tenant = any("tenant" in name.lower() for name in own)
    record = bool(names & set(own.values()))
    return {"binds_tenant": tenant or (None if own else False), "binds_record": record or (None if own else False)}
