"""What to do about what could not be read."""

from __future__ import annotations

import pytest

from scanner.cli.advice import BY_CODE, BY_REASON, LOG_IN, NEW_LOGIN, advice
from scanner.model.observation import GapReason
from tests.cli.reports import a_gap


@pytest.mark.parametrize("reason", list(GapReason))
def test_every_reason_has_advice(reason: GapReason) -> None:
    (text,) = advice([a_gap(reason=reason, error_code="")])
    assert text == BY_REASON[reason]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("NoCredentialsError", LOG_IN),
        ("ExpiredTokenException", NEW_LOGIN),
        ("ProfileNotFound", "check `profile` in the estate file against ~/.aws/config"),
        ("AccessDeniedException", BY_REASON[GapReason.DENIED]),
    ],
)
def test_a_code_says_more_than_its_reason(code: str, text: str) -> None:
    assert advice([a_gap(error_code=code)]) == [text]


def test_each_advice_is_given_once_in_the_order_of_the_gaps() -> None:
    unreachable = a_gap(reason=GapReason.UNREACHABLE, error_code="EndpointConnectionError")
    assert advice([unreachable, a_gap(), a_gap(), unreachable]) == [
        BY_REASON[GapReason.UNREACHABLE],
        BY_REASON[GapReason.DENIED],
    ]
    assert advice([]) == []


def test_advice_is_for_people() -> None:
    for text in (*BY_CODE.values(), *BY_REASON.values()):
        assert text[0].islower()
        assert not text.endswith(".")
