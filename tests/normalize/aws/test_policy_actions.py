"""KMS actions against botocore's model, and IAM's patterns."""

from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.normalize.aws.kms_access import DECRYPTING, OTHER
from scanner.normalize.aws.policy_actions import ADMINISTER, ALL, USE, glob, matching, unlisted
from scanner.normalize.aws.policy_actions import OTHER as NEITHER
from tests.normalize.builders import PROPERTY, enumeration


def test_every_operation_of_kms_is_an_action_that_we_know() -> None:
    operations = set(botocore.session.get_session().get_service_model("kms").operation_names)
    # The Service Authorization Reference has two actions for ReEncrypt, and one that KMS itself calls.
    actions = (operations - {"ReEncrypt"}) | {"ReEncryptFrom", "ReEncryptTo", "SynchronizeMultiRegionKey"}
    assert actions == ALL


def test_an_action_is_of_one_kind() -> None:
    assert not ADMINISTER & USE
    assert not ADMINISTER & NEITHER
    assert not USE & NEITHER
    assert len({action.lower() for action in ALL}) == len(ALL)


def test_every_operation_of_a_grant_is_known() -> None:
    assert enumeration("GrantOperation") == DECRYPTING | OTHER
    assert not DECRYPTING & OTHER


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ALL),
        ("***", ALL),
        ("kms:*", ALL),
        ("KMS:DECRYPT", {"Decrypt"}),
        ("kms:Decrypt", {"Decrypt"}),
        ("*:Decrypt", {"Decrypt"}),
        ("k?s:ReEncrypt*", {"ReEncryptFrom", "ReEncryptTo"}),
        ("kms:*MultiRegion*", {"SynchronizeMultiRegionKey"}),
        ("kms:Sig?", {"Sign"}),
        ("kms:Decryp", set()),
        ("kms:", set()),
        ("s3:*", set()),
        ("kms", set()),
    ],
)
def test_a_pattern_names_actions_without_case(pattern: str, expected: set[str]) -> None:
    assert matching(pattern) == expected


def test_a_pattern_names_what_is_new_as_well() -> None:
    new = frozenset({"frobnicate"})
    assert matching("kms:*", new) == ALL | new
    assert matching("kms:Frob*", new) == new
    assert matching("*", new) == ALL | new
    assert matching("s3:*", new) == frozenset()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("kms:Frobnicate", "frobnicate"),
        ("kms:Frob*cat?", "frobcatx"),
        ("kms:Decrypt", ""),
        ("kms:Dec*", ""),
        ("kms:*", ""),
        ("*", ""),
        ("s3:Frobnicate", ""),
        ("kms:", ""),
    ],
)
def test_what_no_known_action_meets_stands_for_a_new_one(pattern: str, expected: str) -> None:
    assert unlisted(pattern) == expected
    assert not expected or glob(pattern.partition(":")[2].lower(), expected)


@PROPERTY
@given(st.text("ab*?", max_size=10), st.text("ab*?\n", max_size=10))
def test_a_pattern_matches_as_a_regular_expression_would(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert glob(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


def test_a_hostile_pattern_takes_no_longer_than_others() -> None:
    # A backtracking matcher needs more steps for this than there are atoms.
    assert not glob("*a" * 50_000, "a" * 40 + "b")
    assert glob("*a" * 40 + "*" * 50_000, "a" * 40)
    assert not glob("*" * 50_000 + "b", "a" * 40)
