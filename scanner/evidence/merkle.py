"""The Merkle tree of RFC 6962 (2.1) with SHA-256, over a stream: memory grows with the logarithm of its length.

A leaf's hash begins with a zero byte and an inner node's with a one, so that neither can pass for the other.
"""

from __future__ import annotations

import hashlib

NAME = "RFC 6962, SHA-256"
_LEAF, _INNER = b"\x00", b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(_INNER + left + right).digest()


class Tree:
    """A tree that leaves are added to, one after another."""

    def __init__(self) -> None:
        self._count = 0
        self._whole: list[tuple[int, bytes]] = []
        """Leaves and hash of each complete subtree, the largest first; no two are alike."""

    def __len__(self) -> int:
        return self._count

    def add(self, leaf: bytes) -> None:
        """Add a leaf after the others."""
        self._count += 1
        size, node = 1, leaf_hash(leaf)
        while self._whole and self._whole[-1][0] == size:
            node = inner_hash(self._whole.pop()[1], node)
            size *= 2
        self._whole.append((size, node))

    def root(self) -> bytes:
        """Return the hash of the tree as it is now; of an empty one, the hash of nothing (2.1)."""
        if not self._whole:
            return hashlib.sha256().digest()
        node = self._whole[-1][1]
        for _, left in reversed(self._whole[:-1]):
            node = inner_hash(left, node)
        return node
