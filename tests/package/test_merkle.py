"""The Merkle tree, against RFC 6962's definition written down as it stands there and against published vectors."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256

import pytest

from scanner.package.merkle import Tree, inclusion_proof, leaf_hash, root_from_proof

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


@pytest.mark.parametrize("size", [*range(1, 18), 33])
def test_every_leaf_has_a_proof(size: int) -> None:
    leaves = [str(n).encode() for n in range(size)]
    root = defined(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(iter(leaves), index, size)
        assert len(proof) <= size.bit_length()
        assert root_from_proof(leaf, index, size, proof) == root
        assert root_from_proof(leaf + b"!", index, size, proof) != root


def test_a_published_proof() -> None:
    # PATH(0, D[8]) is the neighbor's leaf, then the two subtrees beside it (2.1.1).
    pair, four = defined(LEAVES[2:4]), defined(LEAVES[4:])
    assert inclusion_proof(LEAVES, 0, 8) == [leaf_hash(LEAVES[1]), pair, four]


def test_a_leaf_at_another_place_is_not_proven() -> None:
    proof = inclusion_proof(LEAVES, 2, 8)
    assert root_from_proof(LEAVES[2], 3, 8, proof).hex() != ROOTS[8]
    assert root_from_proof(LEAVES[2], 2, 8, proof[::-1]).hex() != ROOTS[8]


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0)])
def test_no_proof_beyond_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(LEAVES, index, size)


def test_leaves_that_are_missing_are_told() -> None:
    with pytest.raises(ValueError, match="there are 8 leaves, not 9"):
        inclusion_proof(LEAVES, 0, 9)
    with pytest.raises(ValueError, match="there are 0 leaves, not 1"):
        inclusion_proof([], 0, 1)


@pytest.mark.parametrize("change", [1, -1])
def test_a_proof_of_a_wrong_length_is_refused(change: int) -> None:
    proof = inclusion_proof(LEAVES, 5, 8)
    with pytest.raises(ValueError, match="not 3"):
        root_from_proof(LEAVES[5], 5, 8, [*proof, b""] if change > 0 else proof[:-1])
