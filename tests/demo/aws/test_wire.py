"""Which operation a request is, in every protocol: what the simulator understands is what botocore sends."""

from __future__ import annotations

import json

import pytest

from scanner.demo.aws.wire import routes, understand

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}

TARGETED = [
    ("TrentService.ListKeys", "kms", "kms:ListKeys"),
    ("AWSOrganizationsV20161128.ListAccounts", "organizations", "organizations:ListAccounts"),
    ("DynamoDB_20120810.ListTables", "dynamodb", "dynamodb:ListTables"),
    ("secretsmanager.ListSecrets", "secretsmanager", "secretsmanager:ListSecrets"),
    ("Logs_20140328.DescribeLogGroups", "logs", "logs:DescribeLogGroups"),
    ("CloudTrail_20131101.DescribeTrails", "cloudtrail", "cloudtrail:DescribeTrails"),
    (
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
        "cloudtrail",
        "cloudtrail:LookupEvents",
    ),
    ("BaldrApiService.DescribeClusters", "cloudhsm", "cloudhsmv2:DescribeClusters"),
    ("Unknown_1.Do", "unknown", "unknown:Do"),
]


@pytest.mark.parametrize(("target", "signed_for", "operation"), TARGETED)
def test_a_target_names_the_operation(target: str, signed_for: str, operation: str) -> None:
    asked = understand(signed_for, "POST", "/", "", {"x-amz-target": target}, b'{"Limit": 3}')
    assert (f"{asked.service}:{asked.name}", asked.params) == (operation, {"Limit": 3})


@pytest.mark.parametrize("body", [b"", b"{", b"[1]"])
def test_a_body_that_is_no_object_has_no_parameters(body: bytes) -> None:
    assert understand("kms", "POST", "/", "", {"x-amz-target": "TrentService.ListKeys"}, body).params == {}


def test_a_form_has_the_operation_and_its_parameters() -> None:
    asked = understand("iam", "POST", "/", "", FORM, b"Action=GetAccountSummary&Version=2010-05-08")
    assert (asked.service, asked.name, asked.params) == ("iam", "GetAccountSummary", {"Version": "2010-05-08"})
    assert understand("iam", "POST", "/", "", FORM, b"").name == ""


@pytest.mark.parametrize(("signed_for", "service"), [("monitoring", "monitoring"), ("cloudhsm", "cloudhsmv2")])
def test_an_operation_in_the_path(signed_for: str, service: str) -> None:
    asked = understand(signed_for, "POST", "/service/GraniteService/operation/ListMetrics", "", {}, b"\xa0")
    assert (asked.service, asked.name) == (service, "ListMetrics")


REST = [
    ("s3", "GET", "/", "max-buckets=1000&bucket-region=us-east-1", "s3:ListBuckets"),
    ("s3", "GET", "/audio", "encryption", "s3:GetBucketEncryption"),
    ("s3", "GET", "/audio", "policyStatus", "s3:GetBucketPolicyStatus"),
    ("s3", "GET", "/audio", "policy", "s3:GetBucketPolicy"),
    ("s3", "GET", "/audio", "lifecycle", "s3:GetBucketLifecycleConfiguration"),
    ("s3", "GET", "/audio", "notification", "s3:GetBucketNotificationConfiguration"),
    ("s3", "GET", "/audio", "list-type=2&prefix=a%2Fb", "s3:ListObjectsV2"),
    ("s3", "GET", "/audio/AWSLogs/1/x.json.gz", "", "s3:GetObject"),
    ("backup", "GET", "/backup-vaults/", "maxResults=10", "backup:ListBackupVaults"),
    ("bedrock", "GET", "/guardrails", "maxResults=5", "bedrock:ListGuardrails"),
    ("bedrock", "POST", "/agents/", "", "bedrock-agent:ListAgents"),
    ("access-analyzer", "GET", "/analyzer", "", "accessanalyzer:ListAnalyzers"),
    ("s3", "PATCH", "/audio", "", "s3:"),
    ("", "GET", "/", "", ":"),
    ("nobody", "GET", "/x", "", "nobody:"),
]


@pytest.mark.parametrize(("signed_for", "method", "path", "query", "operation"), REST)
def test_method_path_and_query_name_the_operation(
    signed_for: str, method: str, path: str, query: str, operation: str
) -> None:
    asked = understand(signed_for, method, path, query, {}, b"")
    assert f"{asked.service}:{asked.name}" == operation


def test_parameters_come_from_the_path_the_query_and_the_body() -> None:
    body = json.dumps({"maxResults": 7}).encode()
    arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aguardrail%2Fx"
    asked = understand("bedrock", "GET", f"/guardrails/{arn}", "guardrailVersion=1", {}, body)
    assert asked.params == {
        "guardrailIdentifier": "arn:aws:bedrock:us-east-1:1:guardrail/x",
        "guardrailVersion": "1",
        "maxResults": 7,
    }


def test_the_key_of_an_object_may_have_slashes_and_the_name_of_a_bucket_none() -> None:
    assert understand("s3", "GET", "/audio/a/b", "", {}, b"").params == {"Bucket": "audio", "Key": "a/b"}


def test_deprecated_operations_come_after_those_with_the_same_address() -> None:
    names = [route.name for route in routes("s3")]
    assert names.index("GetBucketLifecycleConfiguration") < names.index("GetBucketLifecycle")


def test_a_service_that_botocore_lacks_has_no_routes() -> None:
    assert routes("nobody") == ()
