"""AWS IAM Access Analyzer: whether one watches a region, and what it found about keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from scanner.collect.aws.checks import lists
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation, columns

NAME = "aws.access_analyzer"
PAGING = Paging(answer="nextToken", parameter="nextToken")

ANALYZERS = "accessanalyzer:ListAnalyzers"
FINDINGS = "accessanalyzer:ListFindingsV2"
ABOUT_ACCESS = frozenset({"ACCOUNT", "ORGANIZATION", "ACCOUNT_INTERNAL_ACCESS", "ORGANIZATION_INTERNAL_ACCESS"})
"""Analyzers that have findings about resources. The others look for what users and roles do not use."""
RESOURCES = ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket", "AWS::SecretsManager::Secret")
"""What the controls judge findings about; there are findings about roles and functions too."""


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=ANALYZERS,
        permissions=("access-analyzer:ListAnalyzers",),
        feeds=(
            *columns("access_analyzers", "*", "watched", "organization_wide"),
            *columns("access_findings", "*", "analyzer"),
        ),
        purpose="whether an analyzer of external access watches the region",
    ),
    Operation(
        name=FINDINGS,
        permissions=("access-analyzer:ListFindings",),
        feeds=columns(
            "access_findings",
            *("*", "finding_id", "resource_id", "resource_kind", "finding_kind", "status", "created_at"),
        ),
        needs=(ANALYZERS,),
        purpose="active findings about keys, buckets and secrets",
    ),
)


def collect(asking: Asking) -> Iterator[Unit]:
    """Read the analyzers of one account and region, and what they found. Yields no further units."""
    found: list[str] = []
    for page in asking.pages(ANALYZERS, {"maxResults": 100}, PAGING, check=lists("analyzers", "arn")):
        listed = cast("list[dict[str, Json]]", page.body["analyzers"])
        found += [str(a["arn"]) for a in listed if a.get("status") == "ACTIVE" and a.get("type") in ABOUT_ACCESS]
    asking.each(lambda arn: _findings(asking, arn), iter(found))
    yield from ()


def _findings(asking: Asking, analyzer: str) -> None:
    about: dict[str, Json] = {"resourceType": {"eq": list(RESOURCES)}, "status": {"eq": ["ACTIVE"]}}
    params: dict[str, Json] = {"analyzerArn": analyzer, "filter": about, "maxResults": 100}
    for _ in asking.pages(FINDINGS, params, PAGING, subject=analyzer, check=lists("findings", "id")):
        pass
