"""ARNs in their six parts, and account ids."""

from __future__ import annotations

import pytest

from scanner.normalize.aws.arn import Arn, is_account, parse


def test_an_arn_has_six_parts_and_its_resource_keeps_its_colons() -> None:
    expected = Arn("aws", "sns", "us-east-1", "111122223333", "topic:with:colons")
    assert parse("arn:aws:sns:us-east-1:111122223333:topic:with:colons") == expected
    assert parse("arn:aws:s3:::bucket/*") == Arn("aws", "s3", "", "", "bucket/*")


@pytest.mark.parametrize("text", ["", "arn", "*", "arn:aws:iam::111122223333", "urn:aws:iam::111122223333:root"])
def test_what_is_not_of_that_form_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("111122223333", True),
        ("000000000000", True),
        ("11112222333", False),
        ("1111222233334", False),
        ("1111-2222-3333", False),
        ("111122223333\n", False),
        ("١١١١٢٢٢٢٣٣٣٣", False),
        ("", False),
    ],
)
def test_an_account_is_twelve_ascii_digits(text: str, *, expected: bool) -> None:
    assert is_account(text) is expected
