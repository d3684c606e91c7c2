"""Accounts and regions from a server that says anything: what is not one is a gap, and no name of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected, a_source, collect
from tests.collect.aws.servers import Answer, Behavior, serving
from tests.support import ACCOUNT

MEMBER = "444455556666"
ROLE = "keyaudit-audit"
FIRST = "arn:aws:iam::111122223333:role/first"

XML = {"Content-Type": "text/xml"}
ME = "arn:aws:sts::111122223333:assumed-role/audit/me"


def identity(account: str = ACCOUNT, arn: str = ME) -> Answer:
    body = f"<R><GetCallerIdentityResult><Arn>{arn}</Arn><Account>{account}</Account></GetCallerIdentityResult></R>"
    return Answer(body.encode(), headers=XML)


def assumed(
    parts: str = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>",
) -> Answer:
    return Answer(
        f"<R><AssumeRoleResult><Credentials>{parts}</Credentials></AssumeRoleResult></R>".encode(), headers=XML
    )


def regions(*names: str) -> Answer:
    items = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
    return Answer(f"<R><regionInfo>{items}</regionInfo></R>".encode(), headers=XML)


def answering(**answers: Answer) -> Behavior:
    """Return a behavior by operation; what is not named is refused."""

    def behave(request: Any) -> Answer:  # noqa: ANN401 - a Request
        name = request.operation or request.body.partition(b"Action=")[2].partition(b"&")[0].decode()
        return answers.get(name, Answer(b"<Response/>", 403, XML))

    return behave


def against(folder: Path, source: dict[str, Any], **answers: Answer) -> Collected:
    with serving(answering(**answers)) as server, environment(ENVIRON):
        return collect(folder, a_source(server.url, **source))


IDENTITIES = [
    identity(account=""),
    identity(account="12345"),
    identity(account="../../../etc"),
    identity(account="1" * 400),
    identity(arn=""),
    identity(arn="arn:aws"),
    identity(arn="nonsense"),
    identity(arn="arn:aws:sts::111122223333:" + "x" * 5000),
    Answer(b"<R/>", headers=XML),
]


@pytest.mark.parametrize("answer", IDENTITIES)
def test_an_identity_that_is_none_is_malformed(tmp_path: Path, answer: Answer) -> None:
    found = against(tmp_path, {}, GetCallerIdentity=answer)
    assert (found.gap.operation, found.gap.reason) == ("sts:GetCallerIdentity", GapReason.MALFORMED)
    assert found.units == ["aws.main.identity-0"]


@pytest.mark.parametrize(
    "parts", ["", "<AccessKeyId>ASIA</AccessKeyId>", "<AccessKeyId/><SecretAccessKey/><SessionToken/>"]
)
def test_a_role_without_whole_credentials_is_malformed(tmp_path: Path, parts: str) -> None:
    found = against(tmp_path, {"role_chain": (FIRST,)}, AssumeRole=assumed(parts))
    assert found.why == {("sts:AssumeRole", "malformed", "")}


def test_facts_of_another_account_are_never_told_of_this_one(tmp_path: Path) -> None:
    listed = Answer(f'{{"Accounts":[{{"Id":"{MEMBER}","Status":"ACTIVE"}}]}}'.encode())
    # Whatever role is assumed, the answers come from the first account.
    found = against(
        tmp_path, {"organization_role": ROLE}, GetCallerIdentity=identity(), AssumeRole=assumed(), ListAccounts=listed
    )
    assert found.why == {("sts:GetCallerIdentity", "malformed", "")}
    assert found.gap.account == MEMBER
    assert MEMBER in found.gap.detail


ACCOUNT_LISTS = [
    b"{}",
    b'{"Accounts":[{}]}',
    b'{"Accounts":[{"Id":7}]}',
    b'{"Accounts":[{"Id":"12345"}]}',
    b'{"Accounts":[{"Id":"../../../../x"}]}',
    b'{"Accounts":[null]}',
]


@pytest.mark.parametrize("body", ACCOUNT_LISTS)
def test_an_account_list_that_is_none_is_malformed(tmp_path: Path, body: bytes) -> None:
    found = against(tmp_path, {"organization_role": ROLE}, GetCallerIdentity=identity(), ListAccounts=Answer(body))
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {("organizations:ListAccounts", GapReason.MALFORMED)}
    assert found.units == ["aws.main.identity-0"]


@pytest.mark.parametrize("body", [b'{"Accounts":[]}', b'{"Accounts":[{"Id":"444455556666","Status":"SUSPENDED"}]}'])
def test_an_organization_without_an_active_account_is_no_clean_scan(tmp_path: Path, body: bytes) -> None:
    found = against(tmp_path, {"organization_role": ROLE}, GetCallerIdentity=identity(), ListAccounts=Answer(body))
    assert found.why == {("organizations:ListAccounts", "malformed", "NoActiveAccount")}


@pytest.mark.parametrize(
    "entry", ["", ',"Status":"NEW_STATE"', ',"State":"ACTIVE","Status":"SUSPENDED"', ',"Status":"ACTIVE"']
)
def test_an_account_of_unknown_state_is_tried(tmp_path: Path, entry: str) -> None:
    listed = Answer(f'{{"Accounts":[{{"Id":"{MEMBER}"{entry}}}]}}'.encode())
    found = against(tmp_path, {"organization_role": ROLE}, GetCallerIdentity=identity(), ListAccounts=listed)
    assert (found.gap.operation, found.gap.account) == ("sts:AssumeRole", MEMBER)  # refused: a gap, not silence


def test_an_account_that_is_listed_twice_is_entered_once(tmp_path: Path) -> None:
    one = f'{{"Id":"{MEMBER}","Status":"ACTIVE"}}'
    found = against(
        tmp_path,
        {"organization_role": ROLE},
        GetCallerIdentity=identity(),
        ListAccounts=Answer(f'{{"Accounts":[{one},{one}]}}'.encode()),
    )
    assert len(found.gaps) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (regions(), "NoEnabledRegion"),
        (regions("us-east-1", ""), ""),
        (regions("../../etc"), ""),
        (regions("x" * 300), ""),
        (Answer(b"<R/>", headers=XML), ""),
    ],
)
def test_a_region_list_that_is_none_is_malformed(tmp_path: Path, answer: Answer, code: str) -> None:
    found = against(tmp_path, {"regions": ("all",)}, GetCallerIdentity=identity(), DescribeRegions=answer)
    assert found.why == {("ec2:DescribeRegions", "malformed", code)}
    assert not [unit for unit in found.units if unit.endswith("kms")]


def test_other_partitions_keep_their_name(tmp_path: Path) -> None:
    me = identity(arn="arn:aws-us-gov:sts::111122223333:assumed-role/audit/me")
    listed = Answer(f'{{"Accounts":[{{"Id":"{MEMBER}","Status":"ACTIVE"}}]}}'.encode())
    found = against(tmp_path, {"organization_role": ROLE}, GetCallerIdentity=me, ListAccounts=listed)
    assert found.gap.params["RoleArn"] == f"arn:aws-us-gov:iam::{MEMBER}:role/{ROLE}"
