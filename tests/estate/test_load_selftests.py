"""What self-tests may use, from the estate file to the estate; every name in it must be of a source that is there."""

from __future__ import annotations

import pytest

from scanner.errors import ConfigError
from scanner.estate.load import check_needs, parse_estate
from scanner.model.estate import (
    AwsSelftest,
    Estate,
    Pkcs11Selftest,
    PostgresSelftest,
    S3Selftest,
    SecretRef,
    Selftests,
)
from tests.estate.faulty import proving


def loaded(text: str) -> Estate:
    return parse_estate(text.encode(), "estate.yaml").estate


def test_self_tests() -> None:
    estate = loaded(
        proving(
            "selftest:\n"
            "  aws: [{source: main, key: alias/a, second_key: alias/b, region: us-east-1, canary: true,"
            " stranger_profile: nobody, audit_wait: 5}]\n"
            "  pkcs11: [{source: root, key: root-2026}]\n"
            "  postgres: [{source: voice, keys: main, dsn: {env: SCRATCH}, schema: scratch, canary: true}]\n"
            "  s3: [{source: main, bucket: audio, canaries: {a: a/, b: b/}, objects: 2}]\n"
        )
    )
    aws = AwsSelftest(
        source="main",
        key="alias/a",
        second_key="alias/b",
        region="us-east-1",
        canary=True,
        stranger_profile="nobody",
        audit_wait=5,
    )
    s3 = S3Selftest(source="main", bucket="audio", canaries=(("a", "a/"), ("b", "b/")), objects=2)
    postgres = PostgresSelftest(
        source="voice", keys="main", dsn=SecretRef("env", "SCRATCH"), schema="scratch", canary=True
    )
    assert estate.selftests == Selftests(
        aws=(aws,), pkcs11=(Pkcs11Selftest(source="root", key="root-2026"),), postgres=(postgres,), s3=(s3,)
    )


def test_self_tests_can_be_declined() -> None:
    assert loaded(proving("selftest: {}")).selftests == Selftests(declined=True)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("aws: [{source: mian, key: a}]", "no entry of `sources: aws:` is called 'mian'", "did you mean main?"),
        ("pkcs11: [{source: x, key: a}]", "no entry of `sources: pkcs11:` is called 'x'", "there are: root"),
        ("postgres: [{source: voice, keys: main}]", "no entry of `selftest: aws:` is called 'main'", "there is none"),
        (
            "s3: [{source: main, bucket: a, canaries: {a: a/}}]",
            "no entry of `selftest: aws:` is called 'main'",
            "there is none",
        ),
        ("aws: [{source: main, key: a}, {source: main, key: a}]", "main a is given twice", "remove one of them"),
    ],
)
def test_a_self_test_must_name_what_is_there(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        loaded(proving(f"selftest: {{{text}}}"))
    assert caught.value.hint == hint
    assert caught.value.place is not None
    assert caught.value.place.line == 7


def test_secrets_of_self_tests_are_needed_too() -> None:
    text = proving("selftest: {aws: [{source: main, key: a}], postgres: [{source: voice, keys: main, dsn: {env: S}}]}")
    asked: list[SecretRef] = []

    def resolve(reference: SecretRef) -> str:
        asked.append(reference)
        return "secret"

    check_needs(parse_estate(text.encode(), "estate.yaml"), resolve, {"voice"})
    assert asked == [SecretRef("env", "DSN"), SecretRef("env", "S")]
