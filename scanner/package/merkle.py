"""The Merkle tree of RFC 6962 (2.1) with SHA-256, over a stream: memory grows with the logarithm of its length.

A leaf's hash begins with a zero byte and an inner node's with a one, so that neither can pass for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

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


def inclusion_proof(leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """Return the audit path (2.1.1) of the leaf at ``index``, from 0, in a tree of ``size`` leaves.

    The leaves are read once. Raises ValueError for an index beyond the tree, and when there are fewer leaves.
    """
    ranges = _siblings(index, size)
    trees = [Tree() for _ in ranges]
    order = sorted(range(len(ranges)), key=ranges.__getitem__)
    at, seen = 0, 0
    for seen, leaf in zip(range(1, size + 1), leaves, strict=False):
        # The ranges lie side by side and cover every leaf but the one that is asked for.
        while at < len(order) and seen - 1 >= ranges[order[at]][1]:
            at += 1
        if at < len(order) and seen - 1 >= ranges[order[at]][0]:
            trees[order[at]].add(leaf)
    if seen < size:
        raise ValueError(f"there are {seen} leaves, not {size}")
    return [tree.root() for tree in trees]


def _siblings(index: int, size: int) -> list[tuple[int, int]]:
    """Return the leaves under each node of an audit path, as (first, after the last), from the leaf to the root."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    found = []
    first, after = 0, size
    while after - first > 1:
        # The largest power of two below the size.
        middle = first + (1 << ((after - first - 1).bit_length() - 1))
        if index < middle:
            found.append((middle, after))
            after = middle
        else:
            found.append((first, middle))
            first = middle
    return found[::-1]


def root_from_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root of the tree in which a proof places ``leaf``; the caller compares it with the signed one.

    Raises ValueError for a proof of another length than its place in the tree has.
    """
    ranges = _siblings(index, size)
    if len(ranges) != len(proof):
        raise ValueError(f"the proof has {len(proof)} hashes, not {len(ranges)}")
    node = leaf_hash(leaf)
    for (first, _), sibling in zip(ranges, proof, strict=True):
        node = inner_hash(sibling, node) if first < index else inner_hash(node, sibling)
    return node
