"""The tree hash: against published vectors, and against its definition by recursion."""

from __future__ import annotations

import pytest

from scanner.verify.merkle import Tree
from tests.packages import merkle_root

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of Certificate Transparency's own tests (google/certificate-transparency, merkle_tree_test)."""


def tree(*leaves: bytes) -> Tree:
    made = Tree()
    for leaf in leaves:
        made.add(leaf)
    return made


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_published_vectors(size: int, root: str) -> None:
    assert tree(*map(bytes.fromhex, LEAVES[:size])).root() == f"sha256:{root}"


def test_every_size_as_defined() -> None:
    leaves = [str(n).encode() for n in range(70)]
    for size in range(70):
        assert tree(*leaves[:size]).root() == f"sha256:{merkle_root(leaves[:size]).hex()}"


def test_an_inner_node_cannot_pass_for_a_leaf() -> None:
    inner = b"".join(bytes.fromhex(tree(leaf).root()[7:]) for leaf in (b"a", b"b"))
    assert tree(inner).root() != tree(b"a", b"b").root()
