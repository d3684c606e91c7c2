"""The Merkle tree hash of RFC 6962, 2.1, over a stream of leaves."""

from __future__ import annotations

from hashlib import sha256

from scanner.model.ids import Digest


class Tree:
    """A tree that grows leaf by leaf and keeps one digest for each power of two in its size."""

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        node = sha256(b"\x00" + leaf).digest()
        size = self.size
        while size & 1:
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> Digest:
        """Return the tree's hash; of no leaf at all, that of nothing."""
        if not self._peaks:
            return Digest(f"sha256:{sha256().hexdigest()}")
        *others, root = self._peaks
        for peak in reversed(others):
            root = sha256(b"\x01" + peak + root).digest()
        return Digest(f"sha256:{root.hex()}")
