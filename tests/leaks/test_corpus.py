"""The corpus itself: it is the same for the same seed, and has every kind in every context."""

from __future__ import annotations

from scanner.normalize.leaks import KINDS
from tests.leaks.corpus import BLOCKS, CONTEXTS, NEGATIVES, TOKENS, VALUES, negatives, positives

MADE_HERE = {"square_secret", "pypi_token", "pgp_private_key"}
"""Kinds with a test of their own, at their detector."""


def test_every_kind_is_in_the_corpus_in_every_context() -> None:
    found = {(sample.kind, sample.context) for sample in positives(1)}
    assert {kind for kind, _ in found} == set(KINDS) - MADE_HERE
    assert len(found) == len({kind for kind, _ in found}) * len(CONTEXTS)


def test_the_same_seed_gives_the_same_texts() -> None:
    def of_bytes(seed: int) -> list[str]:
        # Private keys are made anew for each process; what is made of bytes is not.
        return [one.text for one in positives(1, seed) if one.label in VALUES]

    assert of_bytes(3) == of_bytes(3)
    assert of_bytes(3) != of_bytes(4)


def test_negatives_are_labelled_as_none() -> None:
    every = list(negatives(2))
    assert {sample.kind for sample in every} == {""}
    assert len(every) == 2 * len(NEGATIVES) * len(CONTEXTS)
    assert len({*VALUES, *TOKENS, *BLOCKS} & set(NEGATIVES)) == 0
