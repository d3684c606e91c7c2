"""AWS IAM Access Analyzer answers to rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from scanner.model.access import AccessAnalyzerFact, AccessFindingFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.normalize.reading import Object, choice, moment, text
from scanner.normalize.records import Records

ANALYZERS = "accessanalyzer:ListAnalyzers"
FINDINGS = "accessanalyzer:ListFindingsV2"

EXTERNAL = {"ACCOUNT": False, "ORGANIZATION": True}
"""Types of analyzers of external access: whether they watch the whole Organization."""
OTHER = {f"{who}_{what}" for who in EXTERNAL for what in ("UNUSED_ACCESS", "INTERNAL_ACCESS")}
STATES = {"ACTIVE": True, "CREATING": False, "DISABLED": False, "FAILED": False}
RESOURCES = {
    "AWS::KMS::Key": "key",
    "AWS::S3::Bucket": "object_store",
    "AWS::S3Express::DirectoryBucket": "object_store",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::IAM::Role": "role",
}
KINDS = {
    "ExternalAccess": "external_access",
    "InternalAccess": "internal_access",
    **dict.fromkeys(
        ("UnusedIAMRole", "UnusedIAMUserAccessKey", "UnusedIAMUserPassword", "UnusedPermission"), "unused_access"
    ),
}
STATUS = {"ACTIVE": "active", "ARCHIVED": "archived", "RESOLVED": "resolved"}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(ANALYZERS, None, "analyzers", identity="arn")
    analyzers = {str(one["arn"]): one for _, one in reversed(listing.items)}
    watching = [_watches(one) for one in analyzers.values()]
    watched = True if True in watching else None if None in watching or not listing.complete else False
    yield AccessAnalyzerFact(
        source=unit.source,
        evidence=unit.ids(ANALYZERS),
        scope_id=unit.source,
        account=unit.first.account,
        region=unit.first.region,
        watched=watched,
        organization_wide=_organization_wide(analyzers.values(), complete=listing.complete),
    )
    yield unit.coverage(AccessAnalyzerFact, ANALYZERS, unit.source, None, 1, complete=True)
    rows = list(_findings(unit, analyzers))
    yield from rows
    asked = [arn for arn, one in analyzers.items() if _may_find(one)]
    complete = listing.complete and all(
        unit.listing(FINDINGS, arn, "findings", identity="id").complete for arn in asked
    )
    # Where nothing looks, nothing is found: that there is no finding says something only where an analyzer is at work.
    covered = unit.coverage(
        AccessFindingFact, FINDINGS, unit.source, None, len(rows), complete=complete and watched is True
    )
    read = (identity for arn in analyzers for identity in unit.ids(FINDINGS, arn))
    yield replace(covered, evidence=tuple(sorted({*unit.ids(ANALYZERS), *read})))


def _watches(analyzer: Object) -> bool | None:
    """Tell whether an analyzer looks for external access now."""
    kind = text(analyzer, "type")
    if kind in OTHER:
        return False
    return choice(analyzer, "status", STATES) if kind in EXTERNAL else None


def _organization_wide(analyzers: Iterable[Object], *, complete: bool) -> bool | None:
    found = [_watches(one) for one in analyzers if text(one, "type") != "ACCOUNT"]
    return True if True in found else None if None in found or not complete else False


def _may_find(analyzer: Object) -> bool:
    kind = text(analyzer, "type") or ""
    return text(analyzer, "status") == "ACTIVE" and not kind.endswith("UNUSED_ACCESS")


def _findings(unit: Records, analyzers: dict[str, Object]) -> Iterator[AccessFindingFact]:
    for arn in sorted(analyzers):
        found = {
            str(finding["id"]): (page, finding)
            for page, finding in reversed(unit.listing(FINDINGS, arn, "findings", identity="id").items)
        }
        for identity, (page, finding) in sorted(found.items()):
            yield _finding(unit, arn, identity, page, finding)


def _finding(unit: Records, analyzer: str, identity: str, page: Observation, finding: Object) -> AccessFindingFact:
    kind = text(finding, "resourceType")
    return AccessFindingFact(
        source=unit.source,
        evidence=(page.id,),
        finding_id=identity,
        account=page.account,
        region=page.region,
        resource_id=text(finding, "resource"),
        resource_kind=RESOURCES.get(kind, "other") if kind else None,
        finding_kind=choice(finding, "findingType", KINDS),
        status=choice(finding, "status", STATUS),
        analyzer=analyzer,
        created_at=moment(finding, "createdAt"),
    )
