"""Every part of a world answers its own services on the running simulator, and the rest is moto's."""

from __future__ import annotations

import urllib.request
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from scanner.demo.aws.audit_world import Audit
from scanner.demo.aws.bedrock_world import Bedrock, Region, Thing
from scanner.demo.aws.cloudhsm import CloudHsm, Cluster
from scanner.demo.aws.people_world import People, Root, User
from scanner.demo.aws.stores_world import Bucket, Database, Secret, Stores, Table
from scanner.demo.world import Denied, World
from tests.demo.aws.stores_everything import ELSEWHERE, HERE
from tests.demo.aws.test_layer import calling
from tests.demo.aws.trails_composing import a_trail
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world, simulated

MEMBER = "444455556666"
KEY = a_key("tenant", age_days=5)


def full(**given: Any) -> World:  # noqa: ANN401 - any part of World
    """Return a world with something in every part."""
    parts: dict[str, Any] = {
        "data": Stores(
            buckets=[
                Bucket(name="audio", **HERE, encryption="aws:kms", key="tenant"),
                Bucket(name="west", **ELSEWHERE),
                Bucket(name="theirs", account=MEMBER, region=REGION),
            ],
            databases=[Database(name="voice", **HERE, key="tenant")],
            tables=[Table(name="calls", **HERE, key="tenant")],
            secrets=[Secret(name="db", **HERE, key="tenant")],
        ),
        "audit": Audit(trails=[a_trail(key="tenant")]),
        "people": People(roots=[Root(account=ACCOUNT)], users=[User(name="alice", account=ACCOUNT, about="")]),
        "bedrock": Bedrock(
            regions=[Region(account=ACCOUNT, region=REGION, things=[Thing(kind="agent", name="a", key="tenant")])]
        ),
        "hsm": CloudHsm(clusters=[Cluster(name="vault", account=ACCOUNT, region=REGION)]),
    }
    return a_world(KEY, accounts=[MEMBER]).model_copy(update={**parts, **given})


ANSWERS: list[tuple[str, str, dict[str, Any], tuple[str | int, ...], object]] = [
    ("s3", "ListBuckets", {"BucketRegion": REGION}, ("Buckets", 0, "Name"), "audio"),
    (
        "s3",
        "GetBucketEncryption",
        {"Bucket": "audio"},
        (
            *("ServerSideEncryptionConfiguration", "Rules", 0),
            *("ApplyServerSideEncryptionByDefault", "KMSMasterKeyID"),
        ),
        KEY.arn,
    ),
    ("s3", "GetPublicAccessBlock", {"Bucket": "audio"}, ("PublicAccessBlockConfiguration", "IgnorePublicAcls"), True),
    ("rds", "DescribeDBInstances", {}, ("DBInstances", 0, "KmsKeyId"), KEY.arn),
    ("dynamodb", "DescribeTable", {"TableName": "calls"}, ("Table", "SSEDescription", "KMSMasterKeyArn"), KEY.arn),
    ("ec2", "GetEbsDefaultKmsKeyId", {}, ("KmsKeyId",), "alias/aws/ebs"),
    ("ec2", "GetEbsEncryptionByDefault", {}, ("EbsEncryptionByDefault",), False),
    ("secretsmanager", "ListSecrets", {}, ("SecretList", 0, "KmsKeyId"), KEY.arn),
    ("logs", "DescribeLogGroups", {}, ("logGroups",), []),
    ("backup", "ListBackupVaults", {}, ("BackupVaultList",), []),
    ("cloudtrail", "DescribeTrails", {}, ("trailList", 0, "KmsKeyId"), KEY.arn),
    ("cloudtrail", "LookupEvents", {}, ("Events", -1, "EventName"), "CreateKey"),
    ("iam", "GetAccountSummary", {}, ("SummaryMap", "Users"), 1),
    ("iam", "GetAccountAuthorizationDetails", {}, ("UserDetailList", 0, "UserName"), "alice"),
    ("accessanalyzer", "ListAnalyzers", {}, ("analyzers",), []),
    ("bedrock", "GetAccountDataRetention", {}, ("mode",), "inherit"),
    ("bedrock-agent", "ListAgents", {}, ("agentSummaries", 0, "agentName"), "a"),
    ("cloudhsmv2", "DescribeClusters", {}, ("Clusters", 0, "TagList", 0, "Value"), "vault"),
    ("organizations", "ListAccounts", {}, ("Accounts", 1, "Id"), MEMBER),
    ("kms", "ListKeys", {}, ("Keys", 0, "KeyArn"), KEY.arn),
]


def test_every_service_answers_what_the_world_holds_and_is_recorded_by_its_name() -> None:
    with simulated(full()) as aws:
        for service, operation, params, where, value in ANSWERS:
            with calling(aws, service) as caller:
                found = caller(operation, **params)
                for step in where:
                    found = found[step]
                assert (operation, found) == (operation, value)
    assert [request.operation for request in aws.requests] == [f"{one[0]}:{one[1]}" for one in ANSWERS]
    assert {(request.account, request.region) for request in aws.requests} == {(ACCOUNT, REGION)}


def test_every_account_has_its_own() -> None:
    with (
        simulated(full()) as aws,
        calling(aws, "s3", account=MEMBER) as s3,
        calling(aws, "iam", account=MEMBER) as iam,
    ):
        assert [bucket["Name"] for bucket in s3("ListBuckets")["Buckets"]] == ["theirs"]
        assert s3("GetBucketPolicy", Bucket="theirs")["Policy"].startswith('{"Version"')
        assert iam("GetAccountSummary")["SummaryMap"]["Users"] == 0


def test_listings_of_the_parts_come_in_pages() -> None:
    secrets = [Secret(name=f"s{i}", **HERE) for i in range(3)]
    with simulated(full(data=Stores(secrets=secrets)), page_size=2) as aws, calling(aws, "secretsmanager") as caller:
        first = caller("ListSecrets")
        second = caller("ListSecrets", NextToken=first["NextToken"])
        assert [len(page["SecretList"]) for page in (first, second)] == [2, 1]
        assert "NextToken" not in second
        assert caller.refused("ListSecrets", NextToken="x") == ("ValidationException", 400)


DENIED: list[tuple[dict[str, Any], str, str, dict[str, Any], dict[str, Any]]] = [
    (
        {
            "data": Stores(
                buckets=[Bucket(name="a-1", **HERE, denied=["s3:GetBucketPolicy"]), Bucket(name="b-2", **HERE)]
            )
        },
        *("s3", "GetBucketPolicy"),
        *({"Bucket": "a-1"}, {"Bucket": "b-2"}),
    ),
    (
        {"denied": [Denied(operation="cloudtrail:LookupEvents", subject="DeleteKey", defect="")]},
        *("cloudtrail", "LookupEvents"),
        {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "DeleteKey"}]},
        {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateKey"}]},
    ),
]


@pytest.mark.parametrize(("given", "service", "operation", "refused", "allowed"), DENIED)
def test_what_the_world_denies_is_denied_and_nothing_else(
    given: dict[str, Any], service: str, operation: str, refused: dict[str, Any], allowed: dict[str, Any]
) -> None:
    with simulated(full(**given)) as aws, calling(aws, service) as caller:
        assert caller.refused(operation, **refused)[0].startswith("AccessDenied")
        caller(operation, **allowed)


def test_a_denial_of_one_place_holds_there_alone() -> None:
    denied = [Denied(operation="cloudtrail:DescribeTrails", account=MEMBER, region="us-west-2", defect="")]
    with simulated(full(denied=denied)) as aws:
        with calling(aws, "cloudtrail", "us-west-2", account=MEMBER) as there:
            assert there.refused("DescribeTrails") == ("AccessDeniedException", 400)
        with calling(aws, "cloudtrail", account=MEMBER) as here, calling(aws, "cloudtrail", "us-west-2") as own:
            here("DescribeTrails")
            own("DescribeTrails")


def test_a_thing_of_bedrock_that_may_not_be_read() -> None:
    hidden = Thing(kind="guardrail", name="g", denied=True)
    part = Bedrock(regions=[Region(account=ACCOUNT, region=REGION, things=[hidden])])
    with simulated(full(bedrock=part)) as aws, calling(aws, "bedrock") as caller:
        assert len(caller("ListGuardrails")["guardrails"]) == 1
        assert caller.refused("GetGuardrail", guardrailIdentifier=hidden.id) == ("AccessDeniedException", 400)


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=400)])
def test_every_answer_is_dated_by_the_clock_of_the_world(now: Any) -> None:  # noqa: ANN401 - a datetime
    with simulated(full(), now=now) as aws:
        for service, operation in (("kms", "ListKeys"), ("cloudtrail", "LookupEvents"), ("s3", "ListBuckets")):
            with calling(aws, service) as caller:
                dates = caller(operation)["ResponseMetadata"]["HTTPHeaders"]["date"]
                assert parsedate_to_datetime(dates) == now


def test_a_bucket_in_the_name_of_the_host_is_the_same_bucket() -> None:
    with simulated(full()) as aws:
        signature = (
            f"AWS4-HMAC-SHA256 Credential=AKIA/20260615/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
        )
        for host, path in (("audio.s3.us-east-1.amazonaws.com", "/?policy"), (aws.url[7:], "/audio?policy")):
            request = urllib.request.Request(aws.url + path, headers={"Host": host, "Authorization": signature})
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert b"RestrictToTLSRequestsOnly" in answer.read()
    assert [(one.operation, one.params["Bucket"]) for one in aws.requests] == [("s3:GetBucketPolicy", "audio")] * 2
