"""ST-MOD-01 and 02: our own module gives the known answers and says which it is, and each mistake is caught."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm

from scanner.selftest import own
from scanner.selftest import vectors as v
from scanner.selftest.interface import CannotRunError
from scanner.selftest.own import KNOWN_ANSWERS, Library, known_answers, library, own_tests, which_module


def test_this_machine_gives_every_known_answer_and_names_its_module() -> None:
    first, second = [test.run() for test in own_tests(None)]
    assert (first.passed, first.cases) == (True, len(KNOWN_ANSWERS))
    assert second.passed is True
    assert second.figures["product"] == f"{str(second.figures['name']).lower()}-" + ".".join(
        str(second.figures["version"]).split(".")[:2]
    )
    assert {"AES-256-GCM", "AES-KW", "AES-KWP", "HMAC-SHA-256", "HKDF-SHA-256", "SHA-256", "RSA-OAEP-SHA-256"} <= set(
        KNOWN_ANSWERS
    )


def raises(error: Exception) -> Callable[[], bool]:
    def work() -> bool:
        raise error

    return work


@pytest.mark.parametrize("wrong", [lambda: False, raises(InvalidTag()), raises(ValueError("bad padding"))])
def test_a_wrong_answer_fails_by_name(wrong: Callable[[], bool]) -> None:
    outcome = known_answers({"right": lambda: True, "AES-KW": wrong})
    assert (outcome.passed, outcome.detail, outcome.cases) == (False, "wrong: AES-KW", 2)


def test_an_algorithm_that_is_not_there_is_unknown() -> None:
    cases = {"right": lambda: True, "AES-KW": raises(UnsupportedAlgorithm("no"))}
    with pytest.raises(CannotRunError, match="does not offer AES-KW"):
        [test.run() for test in own_tests(cases)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("GCM_TAG", bytes(16)), ("KW_WRAPPED", bytes(40)), ("KWP_WRAPPED", bytes(32)), ("SHA256_DIGEST", bytes(32))),
        *(("HMAC_TAG", bytes(32)), ("HKDF_OUTPUT", bytes(42)), ("OAEP_MESSAGE", b"other"), ("ECDSA_R", b"\1" * 32)),
        ("GCM_CIPHERTEXT", v.GCM_PLAINTEXT),
    ],
)
def test_each_vector_counts(monkeypatch: pytest.MonkeyPatch, name: str, value: bytes) -> None:
    monkeypatch.setattr(v, name, value)
    assert known_answers(KNOWN_ANSWERS).passed is False


def test_what_accepts_wrong_tags_wraps_or_messages_is_caught() -> None:
    assert own.refuses_wrong_tags(lambda _data, _aad: b"opened") is False
    assert own.refuses_wrong_wraps(lambda _key, _wrapped: b"opened") is False
    assert own.verifies_only_the_message(lambda _: None) is False


@pytest.mark.parametrize(
    ("fips", "words"), [(True, "is loaded"), (False, "is not loaded"), (None, "may be loaded or not")]
)
def test_a_fips_provider_is_told_and_never_guessed(fips: bool | None, words: str) -> None:
    outcome = which_module(Library("OpenSSL 3.5.4 30 Sep 2025", "cryptography 50", fips))
    assert f"a FIPS provider {words}" in outcome.detail
    assert outcome.figures == {
        "name": "OpenSSL",
        "version": "3.5.4",
        "product": "openssl-3.5",
        "binding": "cryptography 50",
        "fips_provider": fips,
    }


def test_a_module_without_a_version_is_unknown() -> None:
    with pytest.raises(CannotRunError, match="does not tell its version: 'BoringSSL'"):
        which_module(Library("BoringSSL", "cryptography 50", None))


def test_a_package_that_stops_to_tell_of_fips_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def openssl_version_text(self) -> str:
            return "AWS-LC 1.60.0"

    assert library().fips is not None
    monkeypatch.setattr(own, "backend", Silent())
    told = library()
    assert told.fips is None
    assert which_module(told).figures["product"] == "aws-lc-1.60"
