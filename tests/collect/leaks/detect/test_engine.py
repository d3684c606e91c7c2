"""Every detector together, over the labelled corpus: what is found is what is there, and nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner.collect.leaks.detect.engine import LARGEST_BINARY, detect
from scanner.collect.leaks.detect.window import Found, Rejected, Window
from tests.leaks.corpus import CONTEXTS, Maker, Sample, negatives, positives


def found(text: str | bytes) -> list[Found]:
    data = text.encode() if isinstance(text, str) else text
    return [one for one in detect(Window.of(data)) if isinstance(one, Found)]


def rejected(text: str) -> list[str]:
    return [one.why for one in detect(Window.of(text.encode())) if isinstance(one, Rejected)]


@pytest.fixture(scope="module")
def by_context() -> dict[str, list[Sample]]:
    every: dict[str, list[Sample]] = {context: [] for context in CONTEXTS}
    for sample in (*positives(2), *negatives(3)):
        every[sample.context].append(sample)
    return every


@pytest.mark.parametrize("context", CONTEXTS)
def test_each_secret_is_found_once_as_what_it_is_and_nothing_else_is(
    context: str, by_context: dict[str, list[Sample]]
) -> None:
    wrong = Counter(
        (sample.label, sample.kind, tuple(one.kind for one in found(sample.text)))
        for sample in by_context[context]
        if [one.kind for one in found(sample.text)] != ([sample.kind] if sample.kind else [])
    )
    assert wrong == Counter()


def test_of_what_overlaps_the_outer_one_counts() -> None:
    (sample,) = [one for one in positives(1) if one.label == "service account" and one.context == "env"]
    (one,) = found(sample.text)
    assert one.kind == "gcp_service_account_key"
    assert one.bits == 2048
    assert len(one.hint) == 40
    assert one.hint in sample.text


def test_findings_come_in_the_order_of_the_text() -> None:
    make = Maker(1)
    text = "\n".join(f"kek_{i} = {make.bytes(32).hex()}\npadding" for i in range(5))
    places = [one.start for one in found(text)]
    assert len(places) == 5
    assert places == sorted(places)


def test_what_is_marked_and_what_is_a_placeholder_is_told_apart() -> None:
    make = Maker(1)
    assert rejected(f"master_key = {make.bytes(32).hex()}  # test fixture") == ["marked"]
    assert rejected("kek = " + "0" * 64) == ["placeholder"]


def test_no_representation_of_a_finding_has_the_secret() -> None:
    make = Maker(1)
    secret = make.bytes(32).hex()
    (one,) = found(f"master key: {secret}")
    assert secret not in repr(one)
    assert repr(bytes.fromhex(secret)) not in repr(one)


def test_a_file_that_is_a_key_in_der_is_found_when_it_is_not_too_large() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert [one.kind for one in found(der)] == ["private_key"]
    assert found(b"\x30" + bytes(LARGEST_BINARY)) == []
    assert found(b"\x30\x03\x02\x01\x00") == []
