"""Two keys that open one AES-GCM ciphertext, each to something else: AES-GCM does not commit to its key.

A tag is linear in every block of the ciphertext, so one block can be chosen such that the tags under two keys are
equal (Dodis, Grubbs, Ristenpart, Woodage: "Fast Message Franking", CRYPTO 2018). Nothing is broken by it that
SP 800-38D promises; but a value that is tied to its data key by nothing else can be made to mean two things.
"""

from __future__ import annotations

BLOCK = 16
_REDUCTION = 0xE1 << 120
_ONE = 1 << 127


def collide(first: bytes, second: bytes, nonce: bytes, bound: bytes) -> bytes:
    """Return a ciphertext of one block, with its tag, that opens under both keys with a nonce of 96 bits.

    Raises ValueError when the keys are equal.
    """
    if first == second:
        raise ValueError("the keys are equal: whatever opens under one opens under the other")
    blocks = [bound[at : at + BLOCK].ljust(BLOCK, b"\0") for at in range(0, len(bound), BLOCK)]
    lengths = ((len(bound) * 8) << 64) | BLOCK * 8
    (square, rest), (other_square, other_rest) = (_parts(key, nonce, blocks, lengths) for key in (first, second))
    block = _times(rest ^ other_rest, _inverse(square ^ other_square))
    tag = _times(block, square) ^ rest
    return block.to_bytes(BLOCK, "big") + tag.to_bytes(BLOCK, "big")


def _parts(key: bytes, nonce: bytes, blocks: list[bytes], lengths: int) -> tuple[int, int]:
    """Return what the block is multiplied with in the tag under ``key``, and the rest of the tag."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # One block at a time, to compute the tag as SP 800-38D 7.1 does; nothing is encrypted this way.
    encrypt = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update  # noqa: S305
    subkey = int.from_bytes(encrypt(bytes(BLOCK)), "big")
    total = 0
    for block in blocks:
        total = _times(total ^ int.from_bytes(block, "big"), subkey)
    square = _times(subkey, subkey)
    mask = int.from_bytes(encrypt(nonce + b"\0\0\0\1"), "big")
    return square, _times(total, square) ^ _times(lengths, subkey) ^ mask


def _times(left: int, right: int) -> int:
    """Multiply in GF(2^128), SP 800-38D 6.3."""
    product = 0
    for place in range(127, -1, -1):
        if left >> place & 1:
            product ^= right
        right = right >> 1 ^ (_REDUCTION if right & 1 else 0)
    return product


def _inverse(value: int) -> int:
    """Return the power 2^128 - 2, which is the inverse."""
    result = _ONE
    for _ in range(127):
        value = _times(value, value)
        result = _times(result, value)
    return result
