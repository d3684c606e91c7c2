"""From an encrypted value to what its header says, in memory. What is returned holds neither ciphertext nor plaintext.

Rows and nonces are told apart by keyed hashes: the key is random, lives as long as the process, and is kept nowhere.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from scanner.collect.hashes import Hashes
from scanner.envelope.detect import looks_plain
from scanner.envelope.message import NONCE_BYTES, TAG_BYTES, Header, parse_header
from scanner.model.ids import Json
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat

_LONG = 40
_SHORTEST_HEX = 2 * (NONCE_BYTES + TAG_BYTES)


def read_row(table: EncryptedTable, row: Mapping[str, Any], hashes: Hashes) -> list[dict[str, Json]]:
    """Return what the headers of one row's values say; a value that is not there has none.

    ``row`` has ``row`` and ``tenant``, and for the column number i ``ki`` (data key), ``ni`` (nonce), ``li`` (length)
    and ``hi`` (its first bytes, or text).
    """
    found: list[dict[str, Json]] = []
    for number, column in enumerate(table.columns):
        length, head = row[f"l{number}"], row[f"h{number}"]
        if length is None:
            continue
        common: dict[str, Json] = {
            "row": hashes.of(str(table.table), str(row["row"])),
            "column": column.name,
            "length": int(length),
        }
        value = _Value(head if isinstance(head, str) else bytes(head), int(length))
        if column.format is EnvelopeFormat.AES_GCM:
            found.append({**common, **_gcm(column, value, row[f"k{number}"], row[f"n{number}"], hashes)})
        else:
            found.append({**common, **_message(value, (row["tenant"], row["row"]))})
    return found


class _Value:
    """The first bytes of a value, and how long all of it is."""

    def __init__(self, head: str | bytes, length: int) -> None:
        raw = head.encode() if isinstance(head, str) else head
        whole = len(raw) >= length
        inside = _decoded(head, whole=whole) if isinstance(head, str) else None
        self.head = raw if inside is None else inside
        # Text that encodes bytes: as many of them as the encoding of all of it holds.
        self.length = length if inside is None else len(inside) if whole else length * len(inside) // len(raw)
        self.plain = plain_reason(self.head, whole=whole)


def plain_reason(head: bytes, *, whole: bool) -> str:
    """Return why the beginning of a value looks like plaintext, or empty. Its last character may be cut off."""
    cuts = (0,) if whole else (0, 1, 2, 3)
    return next((reason for cut in cuts if (reason := looks_plain(head[: len(head) - cut]))), "")


def _decoded(text: str, *, whole: bool) -> bytes | None:
    """Return the bytes that text encodes in hexadecimal or base64, or None for other text."""
    digits = text.removeprefix("\\x")
    digits = digits if whole else digits[: len(digits) - len(digits) % 2]
    try:
        if len(digits) >= _SHORTEST_HEX:
            return bytes.fromhex(digits)
    except ValueError:
        pass
    packed = "".join(text.split())
    packed = packed if whole else packed[: len(packed) - len(packed) % 4]
    if not _looks_encoded(packed):
        return None
    try:
        inside = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return None
    return inside if len(inside) >= TAG_BYTES else None


def _looks_encoded(text: str) -> bool:
    """Tell base64 of random bytes from a long word or number, which is base64 as well: it has letters of both cases.

    And when it is long a digit or a sign: of 40 random characters one in 4,000 texts has none.
    """
    cases = any(c.islower() for c in text) and any(c.isupper() for c in text)
    return cases and (len(text) < _LONG or not text.rstrip("=").isalpha())


def _gcm(column: EncryptedColumn, value: _Value, key: object, given: object, hashes: Hashes) -> dict[str, Json]:
    nonce: bytes | None
    if column.nonce:
        nonce, body = b"" if given is None else _as_bytes(given), value.length
    else:
        nonce, body = value.head[:NONCE_BYTES], value.length - NONCE_BYTES
    if value.plain:
        nonce = None  # what stands in its place
    name = None if key is None else str(key)
    understood = bool(nonce) and body >= TAG_BYTES and name is not None and not value.plain
    return {
        "format": "none" if value.plain else str(column.format),
        "understood": understood,
        "plain": value.plain,
        "data_key": name,
        "nonce_bits": None if nonce is None else 8 * len(nonce),
        "tag_bits": 8 * TAG_BYTES if understood else None,
        "nonce": hashes.of("nonce", name or "", nonce) if nonce else None,
    }


def _as_bytes(given: object) -> bytes | None:
    if isinstance(given, str):
        try:
            return bytes.fromhex(given.removeprefix("\\x"))
        except ValueError:
            pass
        try:
            return base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            return None
    return bytes(given) if isinstance(given, (bytes, bytearray, memoryview)) else None


def _message(value: _Value, identity: tuple[object, object]) -> dict[str, Json]:
    try:
        header = parse_header(value.head)
    except ValueError:
        # What is wrong with it is not kept: the words can hold a byte of a value that is no message at all.
        form = "none" if value.plain else str(EnvelopeFormat.AWS_ENCRYPTION_SDK)
        return {"format": form, "understood": False, "plain": value.plain}
    values = {held for _, held in header.context}
    tenant, row = identity
    return {
        **message_fields(header),
        "binds_tenant": tenant is not None and str(tenant) in values,
        "binds_record": row is not None and str(row) in values,
    }


def message_fields(header: Header) -> dict[str, Json]:
    """Return what is kept of the header of a message of the AWS Encryption SDK: nothing that encrypts or is encrypted.

    Of its encryption context nothing is kept, because it can name a patient; what it binds is told by others.
    """
    keys: list[Json] = list(dict.fromkeys(one.key for one in header.keys))
    return {
        "format": str(EnvelopeFormat.AWS_ENCRYPTION_SDK),
        "understood": True,
        "plain": "",
        "wrapping": keys,
        "suite": header.suite.name,
        "commits": header.suite.commits,
        "nonce_bits": header.suite.nonce_bits,
        "tag_bits": header.suite.tag_bits,
    }
