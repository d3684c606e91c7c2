"""Accounts and regions: who asks, what there is, and that nothing which cannot be entered goes unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator
from scanner.demo.embedded import environment
from scanner.demo.world import Account, World
from scanner.model.observation import GapReason
from tests.collect.aws.running import IDENTITY, Collected, a_source, collect, received
from tests.support import ACCOUNT, REGION, a_key, a_world, simulated

MEMBER, OTHER = "444455556666", "222233334444"
ROLE = "keyaudit-audit"
FIRST, SECOND = "arn:aws:iam::111122223333:role/first", "arn:aws:iam::444455556666:role/second"


def an_organization(**states: Any) -> World:  # noqa: ANN401 - a state of an account
    """Return a world of three accounts with a key each; ``states`` by account id, with an underscore before it."""
    world = a_world(
        a_key("main"), a_key("member", account=MEMBER), a_key("other", account=OTHER), accounts=[MEMBER, OTHER]
    )
    accounts = [Account(**{**dict(a), "state": states.get(f"_{a.id}", "ACTIVE")}) for a in world.accounts]
    return world.model_copy(update={"accounts": accounts})


@contextmanager
def organization(**given: Any) -> Iterator[AwsSimulator]:  # noqa: ANN401 - states, or the page size
    size = given.pop("page_size", 50)
    with simulated(an_organization(**given), page_size=size) as aws:
        yield aws


def everywhere(aws: AwsSimulator, folder: Path, **given: Any) -> Collected:  # noqa: ANN401 - fields of AwsSource
    return collect(folder, a_source(aws.url, organization_role=ROLE, **given))


def scanned(found: Collected) -> set[str]:
    """Return the accounts whose keys were read."""
    return {answer.account for answer in found.answers("kms:DescribeKey")}


# One account.
def test_one_account_and_one_region(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert found.units == [
        f"aws.main.{ACCOUNT}.regions",
        f"aws.main.{ACCOUNT}.{REGION}.kms",
        "aws.main.identity-0",
    ]
    (me,) = found.answers("sts:GetCallerIdentity")
    assert (me.account, me.region, me.principal, me.source) == ("", "", "", "aws:main")
    assert isinstance(me.response, dict)
    key = found.answers("kms:DescribeKey")[0]
    assert (key.account, key.region, key.source) == (ACCOUNT, REGION, f"aws:{ACCOUNT}:{REGION}")
    assert key.principal == me.response["Arn"]
    assert found.asked["sts:AssumeRole"] == found.asked["organizations:ListAccounts"] == 0


def test_services_that_no_control_needs_are_left_out(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        found = collect(tmp_path, a_source(aws.url), wanted=IDENTITY)
        assert received(aws) == {"sts:GetCallerIdentity": 1}
    assert found.gaps == []


# Regions.
def test_regions_that_were_listed(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"), a_key("west", region="us-west-2"))) as aws:
        found = collect(tmp_path, a_source(aws.url, regions=("us-west-2", "us-east-1", "us-west-2")))
    assert sorted(answer.region for answer in found.answers("kms:DescribeKey")) == ["us-east-1", "us-west-2"]
    assert found.asked["ec2:DescribeRegions"] == 0


def test_all_regions_are_those_that_are_enabled(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"), a_key("ap", region="ap-southeast-2"))) as aws:
        found = collect(tmp_path, a_source(aws.url, regions=("all",)), wanted=IDENTITY | {"kms:ListKeys"})
        asked = {request.region for request in aws.requests if request.operation == "kms:ListKeys"}
    assert {"us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2"} <= asked
    assert len(asked) == len(found.answers("kms:ListKeys")) > 10


def test_without_regions_the_configured_one_is_read(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws, environment({**ENVIRON, "AWS_DEFAULT_REGION": "eu-west-1"}):
        found = collect(tmp_path, a_source(aws.url, regions=()))
    assert {answer.region for answer in found.answers("kms:ListKeys")} == {"eu-west-1"}


def test_a_region_that_does_not_exist_is_a_gap_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        # Names below .invalid never resolve; the simulator stands for the region that exists.
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "https://kms.us-nowhere-9.amazonaws.invalid")
        found = collect(tmp_path / "a", a_source("", regions=("us-nowhere-9",)))
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", aws.url)
        good = collect(tmp_path / "b", a_source(""))
    listing = [gap for gap in found.gaps if gap.operation == "kms:ListKeys"]
    assert [(gap.reason, gap.error_code, gap.region) for gap in listing] == [
        (GapReason.UNREACHABLE, "EndpointConnectionError", "us-nowhere-9")
    ]
    assert good.gaps == []


def test_regions_that_cannot_be_listed_are_a_gap(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.faults.add(Fault("deny", "ec2:DescribeRegions"))
        found = collect(tmp_path, a_source(aws.url, regions=("all",)))
    assert found.why == {("ec2:DescribeRegions", "denied", "AccessDenied")}
    assert (found.gap.account, found.gap.region) == (ACCOUNT, "")
    assert scanned(found) == set()


# Role chains.
def test_a_chain_of_roles_is_assumed_one_after_the_other(tmp_path: Path) -> None:
    with simulated(an_organization()) as aws:
        found = collect(tmp_path, a_source(aws.url, role_chain=(FIRST, SECOND)), external_id="shared-with-nobody")
        assumed = [request for request in aws.requests if request.operation == "sts:AssumeRole"]
    assert [request.params["RoleArn"] for request in assumed] == [FIRST, SECOND]
    assert [request.params.get("ExternalId") for request in assumed] == [None, "shared-with-nobody"]
    assert len({request.access_key for request in assumed}) == 2  # the second with the credentials of the first
    assert scanned(found) == {MEMBER}
    assert found.gaps == []
    assert [unit for unit in found.units if "identity" in unit] == [f"aws.main.identity-{i}" for i in range(3)]


def test_no_credential_and_no_external_id_is_written(tmp_path: Path) -> None:
    with simulated(an_organization()) as aws:
        collect(tmp_path, a_source(aws.url, role_chain=(FIRST,)), external_id="shared-with-nobody")
        keys = {request.access_key for request in aws.requests}
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "shared-with-nobody" not in text
    assert '"SecretAccessKey":"[redacted]"' in text
    assert '"SessionToken":"[redacted]"' in text
    assert len(keys) == 2


@pytest.mark.parametrize("number", [1, 2])
def test_a_role_of_the_chain_that_is_refused_is_a_gap(tmp_path: Path, number: int) -> None:
    role = (FIRST, SECOND)[number - 1]
    with simulated(an_organization()) as aws:
        aws.faults.add(Fault("deny", "sts:AssumeRole", subject=role))
        found = collect(tmp_path, a_source(aws.url, role_chain=(FIRST, SECOND)))
        assert received(aws) == {"sts:AssumeRole": number}
    assert found.why == {("sts:AssumeRole", "denied", "AccessDenied")}
    assert found.gap.params["RoleArn"] == role


def test_roles_are_assumed_again_in_a_later_run(tmp_path: Path) -> None:
    with simulated(an_organization()) as aws:
        aws.faults.add(Fault("deny", "kms:GetKeyPolicy"))
        source = a_source(aws.url, role_chain=(FIRST, SECOND))
        assert collect(tmp_path, source).why == {("kms:GetKeyPolicy", "denied", "AccessDeniedException")}
        aws.faults.clear()
        aws.requests.clear()
        again = collect(tmp_path, source)
        assert received(aws) == {"sts:AssumeRole": 2, "kms:GetKeyPolicy": 1}
    assert {gap.run for gap in again.gaps} == {1}


# Organizations.
def test_every_active_account_is_entered_and_the_own_one_without_a_role(tmp_path: Path) -> None:
    with organization(page_size=1) as aws:
        found = everywhere(aws, tmp_path)
        assumed = [r.params["RoleArn"] for r in aws.requests if r.operation == "sts:AssumeRole"]
    assert scanned(found) == {ACCOUNT, MEMBER, OTHER}
    assert sorted(assumed) == [f"arn:aws:iam::{account}:role/{ROLE}" for account in (OTHER, MEMBER)]
    assert found.asked["organizations:ListAccounts"] == 3
    assert found.gaps == []
    principals = {answer.account: answer.principal for answer in found.answers("kms:DescribeKey")}
    assert f"{MEMBER}:assumed-role/{ROLE}" in principals[MEMBER]


@pytest.mark.parametrize("state", ["SUSPENDED", "PENDING_CLOSURE", "CLOSED"])
def test_an_account_that_nobody_can_enter_is_left_out(tmp_path: Path, state: str) -> None:
    with organization(**{f"_{MEMBER}": state}) as aws:
        found = everywhere(aws, tmp_path)
    assert scanned(found) == {ACCOUNT, OTHER}
    assert found.gaps == []


def test_an_account_that_the_estate_names_and_nobody_can_enter_is_a_gap(tmp_path: Path) -> None:
    with organization(**{f"_{MEMBER}": "SUSPENDED"}) as aws:
        found = everywhere(aws, tmp_path, accounts=(MEMBER, OTHER))
    assert scanned(found) == {OTHER}
    assert found.why == {("organizations:ListAccounts", "denied", "NotActive")}
    assert MEMBER in found.gap.detail


def test_only_the_accounts_that_the_estate_names_are_entered(tmp_path: Path) -> None:
    with organization() as aws:
        found = everywhere(aws, tmp_path, accounts=(MEMBER,))
    assert scanned(found) == {MEMBER}
    assert found.gaps == []


def test_an_account_that_is_not_in_the_organization_is_a_gap(tmp_path: Path) -> None:
    with organization() as aws:
        found = everywhere(aws, tmp_path, accounts=(MEMBER, "999988887777"))
    assert scanned(found) == {MEMBER}
    assert found.why == {("organizations:ListAccounts", "denied", "NotInOrganization")}
    assert "999988887777" in found.gap.detail


def test_a_refusal_of_one_account_is_a_gap_of_that_account_alone(tmp_path: Path) -> None:
    with organization() as aws:
        aws.faults.add(Fault("deny", "sts:AssumeRole", subject=MEMBER))
        found = everywhere(aws, tmp_path)
    assert scanned(found) == {ACCOUNT, OTHER}
    assert found.why == {("sts:AssumeRole", "denied", "AccessDenied")}
    assert (found.gap.account, found.gap.source) == (MEMBER, f"aws:{MEMBER}")


def test_an_account_whose_identity_is_not_told_is_a_gap_of_that_account_alone(tmp_path: Path) -> None:
    with organization() as aws:
        aws.faults.add(Fault("deny", "sts:GetCallerIdentity", account=MEMBER))
        found = everywhere(aws, tmp_path)
    assert scanned(found) == {ACCOUNT, OTHER}
    assert (found.gap.operation, found.gap.account) == ("sts:GetCallerIdentity", MEMBER)


LISTING_FAULTS: list[tuple[Kind, GapReason]] = [
    ("deny", GapReason.DENIED),
    ("wrong_types", GapReason.MALFORMED),
    ("malformed", GapReason.MALFORMED),
    ("throttle", GapReason.THROTTLED),
    ("error", GapReason.FAILED),
    ("disconnect", GapReason.UNREACHABLE),
]


@pytest.mark.parametrize(("kind", "reason"), LISTING_FAULTS)
def test_accounts_that_cannot_be_listed_are_a_gap(tmp_path: Path, kind: Kind, reason: GapReason) -> None:
    with organization() as aws:
        aws.faults.add(Fault(kind, "organizations:ListAccounts"))
        found = everywhere(aws, tmp_path)
    assert (found.gap.operation, found.gap.reason) == ("organizations:ListAccounts", reason)
    assert scanned(found) == set()


def test_an_account_list_that_is_cut_off_reads_what_it_has_and_says_so(tmp_path: Path) -> None:
    with organization(page_size=1) as aws:
        aws.faults.add(Fault("deny", "organizations:ListAccounts", subject='"NextToken": "2"'))
        found = everywhere(aws, tmp_path, accounts=())
    assert len(scanned(found)) == 2
    assert found.why == {("organizations:ListAccounts", "denied", "AccessDeniedException")}


def test_an_account_list_without_an_end_is_cut_off(tmp_path: Path) -> None:
    with organization(page_size=1) as aws:
        aws.faults.add(Fault("endless", "organizations:ListAccounts"))
        found = everywhere(aws, tmp_path)
    assert found.why == {("organizations:ListAccounts", "limit", "")}
    assert len(scanned(found)) == 1


def test_an_account_that_is_missing_is_not_told_when_the_list_was_cut_off(tmp_path: Path) -> None:
    with organization(page_size=1) as aws:
        aws.faults.add(Fault("deny", "organizations:ListAccounts", subject="NextToken"))
        found = everywhere(aws, tmp_path, accounts=(OTHER, MEMBER))
    assert {code for _, _, code in found.why} == {"AccessDeniedException"}


# Credentials and identity.
@pytest.mark.parametrize(
    ("kind", "reason"),
    [("expired", GapReason.DENIED), ("malformed", GapReason.MALFORMED), ("disconnect", GapReason.UNREACHABLE)],
)
def test_an_identity_that_is_not_told_ends_the_source_with_a_gap(tmp_path: Path, kind: Kind, reason: GapReason) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.faults.add(Fault(kind, "sts:*"))
        found = collect(tmp_path, a_source(aws.url))
    assert (found.gap.operation, found.gap.reason, found.gap.account) == ("sts:GetCallerIdentity", reason, "")
    assert found.answers() == []


def test_no_credentials_end_the_source_with_a_gap(tmp_path: Path) -> None:
    found = collect(tmp_path, a_source("http://127.0.0.1:9"))
    assert (found.gap.operation, found.gap.reason, found.gap.error_code) == (
        "sts:GetCallerIdentity",
        GapReason.DENIED,
        "NoCredentialsError",
    )


def test_an_unknown_profile_ends_the_source_with_a_gap(tmp_path: Path) -> None:
    found = collect(tmp_path, a_source("http://127.0.0.1:9", profile="missing", regions=()))
    assert found.why == {("sts:GetCallerIdentity", "denied", "ProfileNotFound")}
    assert found.gap.attempts == 0
