"""AWS IAM: the report that is made first, and what is kept of credentials and policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import iam
from scanner.collect.interface import Unit
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.people_world import AccessKey, ApiKey, People, Policy, Role, Root, User
from scanner.model.observation import GapReason
from tests.collect.aws.kept import a_unit, collect_kept
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.fakes import Bench
from tests.demo.aws.trails_composing import heard
from tests.support import ACCOUNT

DECRYPT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}],
}
WHO = People(
    users=[
        User(
            name="alice",
            account=ACCOUNT,
            about="",
            access_keys=[AccessKey(age_days=3)],
            api_keys=[ApiKey(age_days=9), ApiKey(age_days=8)],
        )
    ],
    roles=[Role(name="app", account=ACCOUNT, about="", policies=["decrypt"], inline={"own": DECRYPT})],
    policies=[Policy(name="decrypt", account=ACCOUNT, document=DECRYPT, about="")],
)


def unit(url: str) -> Unit:
    return a_unit(url, iam.NAME, iam.OPERATIONS, iam.collect)


def test_everything_is_asked_once_but_the_report_until_it_is_there(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.gaps == []
    assert found.asked == dict.fromkeys((op.name for op in iam.OPERATIONS), 1)
    (made,) = found.answers(iam.MAKE_REPORT)
    assert made.attempts == 2  # moto makes it at the first, and has it at the second


def test_the_keys_of_those_who_have_some_are_listed(tmp_path: Path) -> None:
    keys = [AccessKey(age_days=3), AccessKey(age_days=30, active=False)]
    users = [User(name="bob", account=ACCOUNT, about="", access_keys=keys), User(name="eve", account=ACCOUNT, about="")]
    roots = [Root(account=ACCOUNT, access_keys=[AccessKey(age_days=1)])]
    with heard(who=People(users=users, roots=roots), page_size=1) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.gaps == []
    assert [(one.subject, one.page) for one in found.answers(iam.ACCESS_KEYS)] == [(users[0].arn, 0), (users[0].arn, 1)]


def test_ids_that_may_not_be_listed_are_a_gap_of_their_user(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        aws.faults.add(Fault("deny", iam.ACCESS_KEYS))
        found = collect_kept(tmp_path, unit(aws.url))
    assert (found.gap.operation, found.gap.subject) == (iam.ACCESS_KEYS, WHO.users[0].arn)


def test_the_report_is_kept_as_lines(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    (report,) = found.answers(iam.REPORT)
    assert isinstance(report.response, dict)
    lines = report.response["Content"]
    assert isinstance(lines, list)
    assert [str(line).partition(",")[0] for line in lines] == ["user", "<root_account>", "alice"]
    assert report.redacted == ()


def test_policies_are_kept_with_their_holders_and_no_trust_policies(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    (details,) = found.answers(iam.DETAILS)
    assert isinstance(details.response, dict)
    roles = details.response["RoleDetailList"]
    assert isinstance(roles, list)
    role = roles[0]
    assert isinstance(role, dict)
    assert set(role) == {"RoleName", "Arn", "AttachedManagedPolicies", "RolePolicyList"}
    assert role["RolePolicyList"] == [{"PolicyName": "own", "PolicyDocument": DECRYPT}]


def test_api_keys_are_listed_to_the_end(tmp_path: Path) -> None:
    with heard(who=WHO, page_size=1) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.asked[iam.API_KEYS] == 2


def test_a_report_that_may_not_be_made_may_be_there_all_the_same(tmp_path: Path) -> None:
    with heard(who=WHO) as aws:
        aws.faults.add(Fault("deny", iam.MAKE_REPORT))
        found = collect_kept(tmp_path, unit(aws.url))
    assert (found.gap.operation, found.gap.reason) == (iam.MAKE_REPORT, GapReason.DENIED)
    assert found.asked[iam.REPORT] == 1


HEADER = ",".join((*iam.COLUMNS, "access_key_1_last_rotated"))
LINE = f"alice,{WHO.users[0].arn},false,false,true,false,2026-01-01T00:00:00+00:00"
GOOD: dict[str, Any] = {
    iam.MAKE_REPORT: {"State": "COMPLETE"},
    iam.REPORT: {"Content": [HEADER, LINE]},
    iam.ACCESS_KEYS: {"AccessKeyMetadata": [{"AccessKeyId": "AKIA1"}]},
    iam.SUMMARY: {"SummaryMap": {}},
    iam.DETAILS: {name: [] for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")},
    iam.API_KEYS: {"ServiceSpecificCredentials": []},
}
MALFORMED: list[tuple[str, str, Any]] = [
    ("a report of no lines", iam.REPORT, {"Content": None}),
    ("an empty report", iam.REPORT, {"Content": []}),
    ("lines that are no text", iam.REPORT, {"Content": [1]}),
    ("a report without what it is for", iam.REPORT, {"Content": ["user,arn"]}),
    ("keys without an id", iam.ACCESS_KEYS, {"AccessKeyMetadata": [{"UserName": "alice"}]}),
    ("no summary", iam.SUMMARY, {}),
    ("no policies", iam.DETAILS, {**GOOD[iam.DETAILS], "Policies": None}),
    ("users that are none", iam.DETAILS, {**GOOD[iam.DETAILS], "UserDetailList": ["alice"]}),
    ("keys that are no list", iam.API_KEYS, {"ServiceSpecificCredentials": {}}),
]


def test_good_answers_are_no_gaps(bench: Bench) -> None:
    assert gaps(run(bench, iam.collect, iam.OPERATIONS, Scripted(GOOD))) == []


def test_a_user_that_went_in_the_meantime_is_an_answer(bench: Bench) -> None:
    provider = Scripted(GOOD, codes={iam.ACCESS_KEYS: iam.GONE})
    assert gaps(run(bench, iam.collect, iam.OPERATIONS, provider)) == []
    assert iam.ACCESS_KEYS in provider.operations


@pytest.mark.parametrize(
    "line",
    [
        "bob,,false,false,true,false,2026-01-01T00:00:00+00:00",
        "",
        f"bob,arn,{'x' * 200_000}",
        "bob,arn,false,false,false,false,N/A",
        "<root_account>,arn,false,false,true,false,2026-01-01T00:00:00+00:00",
    ],
)
def test_a_line_that_names_no_user_with_a_key_is_not_asked_about(bench: Bench, line: str) -> None:
    provider = Scripted({**GOOD, iam.REPORT: {"Content": [HEADER, line]}})
    assert gaps(run(bench, iam.collect, iam.OPERATIONS, provider)) == []
    assert iam.ACCESS_KEYS not in provider.operations
    assert iam.API_KEYS in provider.operations


@pytest.mark.parametrize(("operation", "body"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_an_answer_of_another_shape_is_a_gap(bench: Bench, operation: str, body: Any) -> None:  # noqa: ANN401
    work = run(bench, iam.collect, iam.OPERATIONS, Scripted({**GOOD, operation: body}))
    assert gaps(work) == [(operation, GapReason.MALFORMED)]
