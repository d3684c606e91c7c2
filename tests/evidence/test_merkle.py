"""The Merkle tree, against RFC 6962's definition written down as it stands there and against published vectors."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256

import pytest

from scanner.evidence.merkle import Tree, leaf_hash

# The leaves and roots that Certificate Transparency's own tests use (google/certificate-transparency, merkletree).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined(leaves: list[bytes]) -> bytes:
    """Return the root by the recursive definition (2.1)."""
    if len(leaves) < 2:
        return leaf_hash(leaves[0]) if leaves else sha256().digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:])).digest()


def of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    tree = of(LEAVES[:size])
    assert len(tree) == size
    assert tree.root().hex() == ROOTS[size]


@pytest.mark.parametrize("size", [*range(20), 31, 32, 33, 100])
def test_the_root_is_the_defined_one(size: int) -> None:
    leaves = [str(n).encode() for n in range(size)]
    assert of(leaves).root() == defined(leaves)


def test_a_root_can_be_had_while_leaves_are_added() -> None:
    tree, leaves = Tree(), [str(n).encode() for n in range(40)]
    for n, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert tree.root() == defined(leaves[:n])


def test_memory_grows_with_the_logarithm() -> None:
    tree = Tree()
    tracemalloc.start()
    try:
        for n in range(40_000):
            tree.add(n.to_bytes(4))
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()


def test_an_inner_node_cannot_pass_for_a_leaf() -> None:
    inner = b"".join(of([leaf]).root() for leaf in (b"a", b"b"))
    assert of([inner]).root() != of([b"a", b"b"]).root()
