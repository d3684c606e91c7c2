"""The redaction proof: what is planted in every place that a provider can answer from is in no byte of any output."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import pytest

from scanner.collect.aws import services
from scanner.demo.postgres.seed import _SENTENCES
from scanner.evidence.patterns import cut_secrets
from tests.proof.canaries import CONTROL, NAMED, PERSONAL, SECRETS, Canary, Search
from tests.proof.outputs import unpacked
from tests.proof.pipeline import Outcome

pytestmark = pytest.mark.slow

KINDS = (
    *("out/evidence/aws", "out/facts/keys.parquet (rows)", "out/verdicts.parquet (rows)", "out/results.json"),
    *("out/report.html", "out/report.pdf (its text", "export-assessment-results.oscal.json", "export-cbom.cdx.json"),
    *("export-findings.csv", "export-findings.ocsf.jsonl", "export-junit.xml", "export-results.sarif"),
    *("package.zip!evidence/aws", "package.zip!facts/keys.parquet (rows)", "package.zip!results.json"),
    *("package.zip!report.html", "package.zip!report.pdf (its text", "package.zip!verdicts.parquet (rows)"),
)
"""Outputs that name a key: what may be seen is found in each."""
PLACES = (
    # Descriptions, aliases, tags, policies, grants, events.
    *("kms:DescribeKey text", "kms:ListAliases text", "kms:ListAliases entry", "kms:ListResourceTags text"),
    *("kms:GetKeyPolicy document", "kms:ListGrants entry", "kms:ListKeyRotations entry", "kms:ListKeys entry"),
    *("kms:DescribeCustomKeyStores entry", "cloudtrail:LookupEvents document", "cloudtrail:LookupEvents text"),
    *("cloudtrail:DescribeTrails entry", "cloudtrail:GetEventSelectors entry", "cloudhsmv2:DescribeClusters text"),
    # Stores: their names, tags and policies, objects, log groups, secrets and what is said of them.
    *("s3:ListBuckets entry", "s3:ListObjectsV2 entry", "s3:GetBucketTagging text", "s3:GetBucketPolicy document"),
    *("rds:DescribeDBInstances entry", "rds:DescribeDBSnapshots entry", "dynamodb:DescribeTable entry"),
    *("dynamodb:ListTagsOfResource text", "secretsmanager:ListSecrets text", "secretsmanager:ListSecrets entry"),
    *("logs:DescribeLogGroups entry", "backup:ListBackupVaults entry"),
    # People, and what models are told.
    *("iam:GetAccountAuthorizationDetails document", "iam:GetAccountAuthorizationDetails entry"),
    *("iam:GetCredentialReport document", "iam:ListServiceSpecificCredentials entry"),
    *("accessanalyzer:ListAnalyzers entry", "bedrock:ListGuardrails text", "bedrock:GetGuardrail text"),
    *("bedrock-agent:GetAgent text", "bedrock-agent:GetPrompt text", "bedrock-agent:ListKnowledgeBases entry"),
    # Errors, in each protocol.
    *("kms:GetKeyRotationStatus error", "cloudtrail:GetTrailStatus error", "bedrock:GetGuardrail error"),
    *("s3:GetBucketLifecycleConfiguration error", "rds:DescribeDBParameters error"),
)
"""What the provider was asked, and what kind of place in its answer held canaries."""
NEVER_ASKED = (
    "secretsmanager:GetSecretValue",
    "kms:GetParametersForImport",
    "kms:ImportKeyMaterial",
    "logs:GetLogEvents",
)
ELSEWHERE = (
    *("pkcs11:C_FindObjects", "postgres:DataKeys", "postgres:Usage", "postgres:Samples", "postgres:Roles"),
    "postgres:Privileges",
)
"""What a token and a database were asked."""
OTHERWISE = frozenset(
    {
        *("ec2:DescribeRegions", "sts:AssumeRole", "organizations:ListAccounts", "s3:GetBucketAcl"),
        "kms:GetPublicKey",
    }
)
"""What only an estate of many accounts or of all regions asks, of a bucket with ACLs, or of an asymmetric key."""


def test_nothing_secret_is_in_any_byte_of_any_output(outcome: Outcome) -> None:
    """No canary, nothing that the scan resolved (PIN, passwords, its own credentials), no plaintext of a row."""
    own = [Canary(f"own {i}", secret, (secret,)) for i, secret in enumerate(outcome.secrets)]
    rows = [Canary(f"row {i}", text, (text[:24], text[-24:])) for i, text in enumerate(_SENTENCES)]
    search = Search([*SECRETS, *PERSONAL, *own, *rows])
    assert [f"{where}: {hit}" for where, data in outcome.contents for hit in search(data)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_seen_is_found(outcome: Outcome, kind: str) -> None:
    search = Search([Canary("alias", CONTROL, (CONTROL,))])
    prefix = f"{outcome.folder}/{kind}"
    assert any(True for where, data in outcome.contents if where.startswith(prefix) for _ in search(data))


@pytest.mark.parametrize("place", PLACES)
def test_the_canaries_were_really_answered(outcome: Outcome, place: str) -> None:
    assert outcome.served[place] > 0, sorted(outcome.served)


@pytest.mark.parametrize("operation", ELSEWHERE)
def test_tokens_and_databases_answered_with_canaries(outcome: Outcome, operation: str) -> None:
    answers = [one for one in outcome.records() if one["operation"] == operation and one["kind"] == "observation"]
    assert any("[redacted]" in json.dumps(one["response"]) for one in answers), {
        one["operation"] for one in outcome.records()
    }


def test_a_connection_that_failed_tells_no_password(outcome: Outcome) -> None:
    (gap, *_) = (one for one in outcome.records() if one["kind"] == "gap" and one["source_name"] == "not-there")
    assert gap["reason"] == "unreachable"
    assert gap["detail"]


def test_what_was_cut_is_listed_by_its_path(outcome: Outcome) -> None:
    cut = [one for one in outcome.records() if "[redacted]" in json.dumps(one.get("response"))]
    assert len(cut) > 100
    assert [one["operation"] for one in cut if not one["redacted"]] == []


@pytest.mark.parametrize("operation", NEVER_ASKED)
def test_secret_values_are_never_asked_for(outcome: Outcome, operation: str) -> None:
    assert operation not in outcome.asked


def test_a_description_that_names_a_patient_is_kept_nowhere(outcome: Outcome) -> None:
    """A name has no shape: where nothing is judged by what somebody wrote, it is left out whatever it says."""
    search = Search([NAMED])
    dropped = {"kms:DescribeKey", "bedrock:GetGuardrail", "bedrock-agent:GetPrompt", "bedrock-agent:GetAgent"}
    found = [
        one["operation"]
        for one in outcome.records()
        if one["operation"] in dropped and one["kind"] == "observation" and not one["error_code"]
        for _ in search(json.dumps(one).encode())
    ]
    assert found == []
    told = [one["response"] for one in outcome.records() if one["operation"] == "secretsmanager:ListSecrets"]
    assert {one.get("Description", "[redacted]") for answer in told for one in answer["SecretList"]} == {"[redacted]"}


FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one further": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two further": lambda text: base64.urlsafe_b64encode(b"xy" + text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "JSON": lambda text: json.dumps({"a": json.dumps({"b": text})}).encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 as PDF writes it": lambda text: text.encode("utf-16-be").hex().upper().encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "backwards": lambda text: text.encode()[::-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_every_canary_in_every_form(form: str) -> None:
    for canary in (*SECRETS, *PERSONAL, NAMED):
        assert any(Search([canary])(b"\x00before" + FORMS[form](f"x {canary.text} y"))), canary.name


def test_the_search_looks_into_what_is_packed() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.gz", gzip.compress(SECRETS[0].text.encode() * 9))
    search = Search(SECRETS[:1])
    assert not any(search(archive.getvalue()))
    assert any(True for _, data in unpacked("x.zip", archive.getvalue()) for _ in search(data))


AROUND: dict[str, Callable[[str], str]] = {
    "alone": str,
    "in a sentence": lambda text: f"a note {text} end",
    "in the next line": lambda text: f"one\n{text}",
    "in JSON": lambda text: json.dumps({"a": f"one\n{text}"}),
    "in JSON in JSON": lambda text: json.dumps({"a": json.dumps({"b": f"one\n{text}"})}),
    "in a policy that cannot be read": lambda text: quote(json.dumps({"Sid": f"one\n{text}"})) + " cut",
    "URL-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "behind an escape": lambda text: f"one\\u000a{text}",
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("canary", [*SECRETS, *PERSONAL], ids=lambda one: one.name)
def test_redaction_knows_a_canary_wherever_it_stands(canary: Canary, around: str) -> None:
    clean = cut_secrets(AROUND[around](canary.text))
    assert not any(mark in clean for mark in canary.marks)
    assert cut_secrets(clean) == clean


def test_every_operation_of_aws_was_recorded(outcome: Outcome) -> None:
    declared = {one.name for one in services.operations()}
    assert declared - {one["operation"] for one in outcome.records()} - OTHERWISE == set()
