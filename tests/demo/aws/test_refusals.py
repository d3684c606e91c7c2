"""Faults go wrong in the protocol of the service that is asked: real botocore reads each of them as what it is."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.aws.refusals import broken
from scanner.demo.aws.request import Recorded
from tests.demo.aws.test_layer import Caller, calling
from tests.support import ACCOUNT, REGION, a_world, simulated

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("kms", "ListKeys", {}),
    ("organizations", "ListAccounts", {}),
    ("sts", "GetCallerIdentity", {}),
    ("ec2", "GetEbsEncryptionByDefault", {}),
    ("s3", "GetBucketPolicy", {"Bucket": "audio"}),
    ("rds", "DescribeDBInstances", {}),
    ("dynamodb", "ListTables", {}),
    ("secretsmanager", "ListSecrets", {}),
    ("logs", "DescribeLogGroups", {}),
    ("backup", "ListBackupVaults", {}),
    ("cloudtrail", "LookupEvents", {}),
    ("iam", "GetAccountSummary", {}),
    ("accessanalyzer", "ListAnalyzers", {}),
    ("bedrock", "ListGuardrails", {}),
    ("bedrock-agent", "ListAgents", {}),
    ("cloudhsmv2", "DescribeClusters", {}),
]
XML = {"sts", "ec2", "s3", "rds", "iam"}


@pytest.mark.parametrize(
    ("kind", "by_json", "by_xml"),
    [("deny", "AccessDeniedException", "AccessDenied"), ("throttle", "ThrottlingException", "Throttling")],
)
def test_denials_and_throttles_in_every_service(kind: Kind, by_json: str, by_xml: str) -> None:
    with simulated(a_world()) as aws:
        aws.faults.add(Fault(kind))
        for service, operation, params in CALLS:
            with calling(aws, service) as caller:
                code, _ = caller.refused(operation, **params)
                assert (service, code) == (service, by_xml if service in XML else by_json)
    assert [request.operation for request in aws.requests] == [f"{service}:{name}" for service, name, _ in CALLS]


def test_a_denial_says_who_and_what_in_xml_too() -> None:
    with simulated(a_world()) as aws, calling(aws, "s3") as s3:
        aws.faults.add(Fault("deny", "s3:GetBucketPolicy"))
        with pytest.raises(ClientError, match=rf"arn:aws:sts::{ACCOUNT}:assumed-role.*s3:GetBucketPolicy"):
            s3("GetBucketPolicy", Bucket="audio")


def read(caller: Caller, operation: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - an answer
    answer = caller(operation, **params)
    answer.pop("ResponseMetadata")
    return answer


@pytest.mark.parametrize("service", sorted(XML))
def test_malformed_xml_is_no_xml(service: str) -> None:
    (operation, params) = next((o, p) for s, o, p in CALLS if s == service)
    with simulated(a_world()) as aws, calling(aws, service) as caller:
        aws.faults.add(Fault("malformed"))
        if service == "s3":  # the policy of a bucket is whatever the body is
            assert read(caller, operation, params) == {"Policy": "<Cut><off"}
        else:
            with pytest.raises(ResponseParserError):
                caller(operation, **params)


def asked(operation: str) -> Recorded:
    return Recorded(operation, ACCOUNT, REGION, {}, "", "")


def test_wrong_types_are_text_in_place_of_every_member() -> None:
    status, _, body = broken(Fault("wrong_types"), asked("rds:DescribeDBInstances")) or ("", [], b"")
    assert (status, body.count(b"surprise")) == ("200 OK", 2)
    assert b"<DBInstances>surprise</DBInstances>" in body
    _, _, body = broken(Fault("wrong_types"), asked("backup:ListBackupVaults")) or ("", [], b"")
    assert body == b'{"BackupVaultList": "surprise", "NextToken": "surprise"}'
    _, _, body = broken(Fault("wrong_types"), asked("kms:EnableKey")) or ("", [], b"")
    assert body == b"{}"


def test_a_service_that_nobody_knows_is_refused_in_xml() -> None:
    _, _, body = broken(Fault("deny"), asked("nobody:Do")) or ("", [], b"")
    assert body.startswith(b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>")


@pytest.mark.parametrize("kind", ["endless", "hang"])
def test_what_only_spoils_a_right_answer_breaks_none(kind: Kind) -> None:
    assert broken(Fault(kind), asked("kms:ListKeys")) is None


def test_a_disconnect_hangs_up() -> None:
    with pytest.raises(ConnectionAbortedError):
        broken(Fault("disconnect"), asked("kms:ListKeys"))
