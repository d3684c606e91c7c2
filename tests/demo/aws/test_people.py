"""The simulated people: what botocore reads of them over HTTP."""

from __future__ import annotations

import csv
import io
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from scanner.demo.aws import people
from scanner.demo.aws.people_world import (
    AccessKey,
    Analyzer,
    ApiKey,
    Finding,
    Group,
    Password,
    People,
    Policy,
    Role,
    Root,
    User,
)
from tests.demo.aws.composing import Request
from tests.demo.aws.trails_composing import heard
from tests.support import ACCOUNT, NOW, REGION, a_key


def client(service: str, url: str, region: str = REGION) -> Any:  # noqa: ANN401 - a client
    return botocore.session.get_session().create_client(service, region_name=region, endpoint_url=url)


def user(**given: Any) -> User:  # noqa: ANN401 - any field of User
    return User(**{"name": "alice", "account": ACCOUNT, "about": "", **given})


def report(who: People) -> dict[str, dict[str, str]]:
    with heard(who=who) as aws:
        iam = client("iam", aws.url)
        assert [iam.generate_credential_report()["State"] for _ in range(2)] == ["STARTED", "COMPLETE"]
        content = iam.get_credential_report()["Content"].decode()
    return {line["user"]: line for line in csv.DictReader(io.StringIO(content))}


def test_the_report_has_the_root_user_first() -> None:
    found = report(People(users=[user()]))
    assert list(found) == ["<root_account>", "alice"]
    root = found["<root_account>"]
    assert (root["arn"], root["mfa_active"]) == (f"arn:aws:iam::{ACCOUNT}:root", "true")
    assert root["password_last_changed"] == "not_supported"


def test_access_keys_have_ids_and_the_dates_of_the_report() -> None:
    who = People(users=[user(access_keys=[AccessKey(age_days=3), AccessKey(age_days=30, active=False)])])
    with heard(who=who) as aws:
        iam = client("iam", aws.url)
        listed = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
        nobody = iam.list_access_keys(UserName="nobody")["AccessKeyMetadata"]
    assert [one["AccessKeyId"] for one in listed] == [people.access_key_id(who.users[0], n) for n in (1, 2)]
    assert [one["Status"] for one in listed] == ["Active", "Inactive"]
    dates = [report(who)["alice"][f"access_key_{n}_last_rotated"] for n in (1, 2)]
    assert [one["CreateDate"].isoformat() for one in listed] == dates
    assert nobody == []


def test_a_root_user_with_access_keys_and_without_a_password() -> None:
    root = Root(account=ACCOUNT, password=False, mfa=False, access_keys=[AccessKey(age_days=1)])
    line = report(People(roots=[root]))["<root_account>"]
    assert (line["password_last_used"], line["mfa_active"], line["access_key_1_active"]) == ("N/A", "false", "true")


def test_a_user_without_credentials() -> None:
    line = report(People(users=[user()]))["alice"]
    assert (line["password_enabled"], line["access_key_1_active"]) == ("false", "false")
    assert (line["access_key_1_last_rotated"], line["password_last_changed"]) == ("N/A", "N/A")


def test_a_user_with_all_of_them() -> None:
    keys = [AccessKey(age_days=90, last_used_days_ago=2), AccessKey(age_days=5, active=False)]
    password = Password(age_days=30, ends_in_days=60)
    line = report(People(users=[user(password=password, access_keys=keys, mfa=True)]))["alice"]
    assert line["access_key_1_last_rotated"] == "2026-03-17T12:00:00+00:00"
    assert line["access_key_1_last_used_date"] == "2026-06-13T12:00:00+00:00"
    assert (line["access_key_2_active"], line["access_key_2_last_used_date"]) == ("false", "N/A")
    assert (line["password_last_used"], line["password_next_rotation"]) == (
        "no_information",
        "2026-08-14T12:00:00+00:00",
    )


def test_the_summary_tells_of_the_root_user() -> None:
    with heard(who=People(users=[user(mfa=True)], roots=[Root(account=ACCOUNT, password=False)])) as aws:
        found = client("iam", aws.url).get_account_summary()["SummaryMap"]
    assert (found["AccountPasswordPresent"], found["AccountMFAEnabled"], found["MFADevicesInUse"]) == (0, 1, 2)


def test_api_keys_of_bedrock() -> None:
    keys = [
        ApiKey(age_days=3),
        ApiKey(age_days=3, expires_in_days=-1),
        ApiKey(age_days=3, expires_in_days=5, active=False),
    ]
    with heard(who=People(users=[user(api_keys=keys), user(name="bob", account="444455556666", api_keys=keys)])) as aws:
        iam = client("iam", aws.url)
        found = iam.list_service_specific_credentials(AllUsers=True, ServiceName="bedrock.amazonaws.com")
        others = iam.list_service_specific_credentials(AllUsers=True, ServiceName="codecommit.amazonaws.com")
    listed = found["ServiceSpecificCredentials"]
    assert [key["Status"] for key in listed] == ["Active", "Expired", "Inactive"]
    assert ["ExpirationDate" in key for key in listed] == [False, True, True]
    assert others["ServiceSpecificCredentials"] == []


def test_analyzers_and_findings() -> None:
    key = a_key("shared")
    who = People(
        analyzers=[
            Analyzer(name="a", account=ACCOUNT, region=REGION),
            Analyzer(name="b", account=ACCOUNT, region="eu-west-1"),
        ],
        findings=[
            Finding(analyzer="a", account=ACCOUNT, region=REGION, key="shared"),
            Finding(
                analyzer="a", account=ACCOUNT, region=REGION, key="shared", status="RESOLVED", kind="InternalAccess"
            ),
        ],
    )
    with heard(who=who, keys=[key]) as aws:
        analyzer = client("accessanalyzer", aws.url)
        (one,) = analyzer.list_analyzers()["analyzers"]
        active = analyzer.list_findings_v2(analyzerArn=one["arn"], filter={"status": {"eq": ["ACTIVE"]}})["findings"]
        every = analyzer.list_findings_v2(analyzerArn=one["arn"])["findings"]
        with pytest.raises(ClientError):
            analyzer.list_findings_v2(analyzerArn="arn:other")
    assert (one["type"], one["status"], [f["resource"] for f in active]) == ("ACCOUNT", "ACTIVE", [key.arn])
    assert len(every) == 2


DECRYPT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}


def test_policies_and_who_has_them() -> None:
    shared: dict[str, Any] = {
        "account": ACCOUNT,
        "about": "",
        "policies": ["own", "ReadOnlyAccess"],
        "inline": {"i": DECRYPT},
    }
    who = People(
        users=[User(name="alice", groups=["admins"], **shared)],
        groups=[Group(name="admins", **shared)],
        roles=[Role(name="app", **shared)],
        policies=[
            Policy(name="own", account=ACCOUNT, document=DECRYPT, about=""),
            Policy(name="ReadOnlyAccess", account=ACCOUNT, document=DECRYPT, about="", provider=True),
        ],
    )
    with heard(who=who) as aws:
        found = client("iam", aws.url).get_account_authorization_details()
    assert sorted(policy["PolicyName"] for policy in found["Policies"]) == ["ReadOnlyAccess", "own"]
    for holders, inline in (("User", "UserPolicyList"), ("Group", "GroupPolicyList"), ("Role", "RolePolicyList")):
        (one,) = found[f"{holders}DetailList"]
        assert [policy["PolicyDocument"] for policy in one[inline]] == [DECRYPT]
        assert sorted(policy["PolicyName"] for policy in one["AttachedManagedPolicies"]) == ["ReadOnlyAccess", "own"]
    assert found["UserDetailList"][0]["GroupList"] == ["admins"]


def test_other_services_are_not_answered() -> None:
    assert people.answer(People(), Request("kms:ListKeys"), NOW) is None
    assert people.answer(People(), Request("iam:GetAccountAuthorizationDetails"), NOW) is None
