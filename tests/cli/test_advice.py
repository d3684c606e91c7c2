"""What to do about what could not be read."""

from __future__ import annotations

import pytest

from scanner.cli.advice import BY_CODE, BY_REASON, LOG_IN, NEW_LOGIN, NO_ALTERNATIVES, OF_PROVIDER, advice
from scanner.model.observation import GapReason
from tests.cli.reports import a_gap


@pytest.mark.parametrize("reason", list(GapReason))
def test_every_reason_has_advice(reason: GapReason) -> None:
    (text,) = advice([a_gap(reason=reason, error_code="")])
    assert text == BY_REASON[reason].format(provider="aws")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("NoCredentialsError", LOG_IN),
        ("ExpiredTokenException", NEW_LOGIN),
        ("ProfileNotFound", "check `profile` in the estate file against ~/.aws/config"),
        ("Certificate", "check the endpoint's certificate; `ca_bundle` names private certificate authorities"),
        ("Revocation", "have the server staple answers (OCSP), or let its authority be asked: `revocation: ask`"),
        ("NoAlternatives", NO_ALTERNATIVES),
        ("AccessDeniedException", "grant the read permissions that `keyaudit permissions aws` prints"),
    ],
)
def test_a_code_says_more_than_its_reason(code: str, text: str) -> None:
    assert advice([a_gap(error_code=code)]) == [text]


def test_each_advice_is_given_once_in_the_order_of_the_gaps() -> None:
    unreachable = a_gap(reason=GapReason.UNREACHABLE, error_code="EndpointConnectionError")
    assert advice([unreachable, a_gap(), a_gap(), unreachable]) == [
        BY_REASON[GapReason.UNREACHABLE],
        BY_REASON[GapReason.DENIED].format(provider="aws"),
    ]
    assert advice([a_gap(source="postgres:voice")])[0].startswith(
        "grant the read permissions that `keyaudit permissions postgres`"
    )
    assert advice([]) == []


@pytest.mark.parametrize(("provider", "reason"), list(OF_PROVIDER))
def test_a_kind_of_source_has_advice_of_its_own(provider: str, reason: GapReason) -> None:
    gap = a_gap(source=f"{provider}:one", reason=reason, error_code="")
    assert advice([gap]) == [OF_PROVIDER[provider, reason]]


def test_a_register_that_is_missing_is_told_with_the_command_that_writes_one() -> None:
    gap = a_gap(source="agreements:agreements", reason=GapReason.NOT_ALLOWED, error_code="NoRegister")
    (text,) = advice([gap])
    assert all(f"`{key}:`" in text for key in ("agreements", "documents"))
    assert all(f"`keyaudit init {one}`" in text for one in ("baa", "documents"))


def test_what_nobody_allowed_is_told_with_the_keys_that_allow_it() -> None:
    (text,) = advice([a_gap(reason=GapReason.NOT_ALLOWED, error_code="")])
    assert all(f"`{key}:`" in text for key in ("sample", "selftest", "agreements", "documents"))


def test_advice_is_for_people() -> None:
    for text in (*BY_CODE.values(), *BY_REASON.values(), *OF_PROVIDER.values()):
        assert text[0].islower()
        assert not text.endswith(".")
