"""The credential report: which credentials a line tells of, and what it leaves open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.demo.aws.people import COLUMNS
from scanner.model.access import CredentialFact
from scanner.model.ids import Json
from scanner.model.observation import Observation
from scanner.normalize.aws.credential_report import ROOT, Report, credential_rows, read_report
from tests.normalize.builders import ACCOUNT, PROPERTY, observed

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
DATE = "2026-01-02T03:04:05+00:00"
THEN = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as the tables hold it
USER: dict[str, str] = {
    "user": "alice",
    "arn": ALICE,
    "password_enabled": "false",
    "mfa_active": "true",
    "access_key_1_active": "false",
    "access_key_2_active": "false",
}
KEY = {"access_key_1_active": "true", "access_key_1_last_rotated": DATE}
PASSWORD = {"password_enabled": "true", "password_last_changed": DATE, "password_last_used": "no_information"}
ROOT_USER = {"user": ROOT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "password_enabled": "not_supported"}


def line(**given: str) -> str:
    values = {**USER, **given}
    return ",".join(values.get(column, "N/A") for column in COLUMNS)


def page(*lines: Json, redacted: tuple[str, ...] = ()) -> Observation:
    content: list[Json] = [",".join(COLUMNS), *lines]
    return observed("iam:GetCredentialReport", {"Content": content}, redacted=redacted)


def report(*lines: Json, **given: Any) -> Report:  # noqa: ANN401 - arguments of `page`
    found = read_report(page(*lines, **given))
    assert found is not None
    return found


def rows(root_password: bool | None = True, /, **given: str) -> list[CredentialFact]:
    return list(credential_rows(report(line(**given)), root_password))


def only(**given: str) -> CredentialFact:
    (row,) = rows(**given)
    return row


def test_a_user_without_credentials_has_none() -> None:
    assert rows() == []


def test_an_access_key() -> None:
    row = only(**KEY, access_key_1_last_used_date=DATE)
    assert (row.credential_id, row.principal, row.kind) == (f"{ALICE}/access_key_1", ALICE, "access_key")
    assert (row.active, row.created_at, row.used, row.last_used_at) == (True, THEN, True, THEN)
    assert (row.expires, row.expires_at, row.mfa, row.service, row.provider) == (False, None, True, "any", "aws")


def test_a_password() -> None:
    row = only(**PASSWORD)
    assert (row.credential_id, row.kind) == (f"{ALICE}/password", "password")
    assert (row.active, row.created_at, row.used, row.last_used_at, row.expires) == (True, THEN, False, None, False)


def test_both_keys_and_a_password() -> None:
    second = {"access_key_2_active": "true", "access_key_2_last_rotated": DATE}
    assert [row.kind for row in rows(**PASSWORD, **KEY, **second)] == ["password", "access_key", "access_key"]


CASES: list[tuple[str, dict[str, str], str, object]] = [
    ("a key that is off", {**KEY, "access_key_1_active": "false"}, "active", False),
    ("a key of which nobody knows", {**KEY, "access_key_1_active": "maybe"}, "active", None),
    ("a key that was never used", KEY, "used", False),
    ("a use that is no date", {**KEY, "access_key_1_last_used_date": "soon"}, "used", None),
    ("a creation that is no date", {**KEY, "access_key_1_last_rotated": "long ago"}, "created_at", None),
    ("a second factor that is unknown", {**KEY, "mfa_active": ""}, "mfa", None),
    ("no second factor", {**KEY, "mfa_active": "false"}, "mfa", False),
    ("a password that ends", {**PASSWORD, "password_next_rotation": DATE}, "expires", True),
    ("when it ends", {**PASSWORD, "password_next_rotation": DATE}, "expires_at", THEN),
    ("an end that is no date", {**PASSWORD, "password_next_rotation": "not_supported"}, "expires", None),
    ("a password of which nobody knows", {"password_enabled": "perhaps"}, "active", None),
    ("a use of a word that is new", {**PASSWORD, "password_last_used": "not_supported"}, "used", None),
]


@pytest.mark.parametrize(("given_", "column", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_a_line_tells(given_: dict[str, str], column: str, value: object) -> None:
    assert getattr(only(**given_), column) == value


@pytest.mark.parametrize(("known", "active"), [(True, [True]), (False, []), (None, [None])])
def test_whether_the_root_user_has_a_password_is_told_elsewhere(known: bool | None, active: list[bool | None]) -> None:
    found = rows(known, **ROOT_USER, mfa_active="false")
    assert [(row.kind, row.active) for row in found] == [("root_password", one) for one in active]


def test_the_root_users_password_never_ends_and_its_key_is_named_so() -> None:
    password, key = rows(**ROOT_USER, **KEY, password_next_rotation="not_supported")
    assert (password.expires, password.expires_at, key.kind) == (False, None, "root_access_key")


WHOLE: list[tuple[str, list[Json], tuple[str, ...], bool]] = [
    ("whole", [line(), line(user="bob")], (), True),
    ("a user has more than is shown", [line(additional_credentials_info="1 more access key")], (), False),
    ("a user has no more", [line(additional_credentials_info="")], (), True),
    ("a line that was cut off", [line(), "alice,arn"], (), False),
    ("a line with too much", [f"{line()},x"], (), False),
    ("a line without a name", [line(user="")], (), False),
    ("a line that is no text", [line(), 1], (), False),
    ("an empty line", [line(), ""], (), False),
    ("a line that redaction has cut", [line(), line()], ("/response/Content/2",), False),
    ("a value of no sane length", [line(user="x" * 200_000)], (), False),
]


@pytest.mark.parametrize(("lines", "redacted", "complete"), [w[1:] for w in WHOLE], ids=[w[0] for w in WHOLE])
def test_a_report_is_whole_or_not(lines: list[Json], redacted: tuple[str, ...], complete: bool) -> None:
    assert report(*lines, redacted=redacted).complete is complete


def test_a_line_that_redaction_has_cut_tells_nothing() -> None:
    found = report(line(**KEY), line(user="bob", **KEY), redacted=("/response/Content/1",))
    assert list(found.users) == ["bob"]


NONE: list[Observation] = [
    observed("iam:GetCredentialReport", {"Content": None}),
    observed("iam:GetCredentialReport", {"Content": []}),
    observed("iam:GetCredentialReport", "text"),
    observed("iam:GetCredentialReport", {"Content": ["user"]}, error="ReportNotPresent"),
]


@pytest.mark.parametrize("answer", NONE)
def test_an_answer_that_is_no_report(answer: Observation) -> None:
    assert read_report(answer) is None


def test_a_report_without_columns_has_no_users() -> None:
    assert report_of("", "alice").lines == ()


def report_of(*content: Json) -> Report:
    found = read_report(observed("iam:GetCredentialReport", {"Content": list(content)}))
    assert found is not None
    return found


@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
@PROPERTY
def test_whatever_a_report_holds_it_is_read(content: list[str]) -> None:
    found = report_of(*content)
    assert len(list(credential_rows(found, None))) <= 3 * len(found.lines)
