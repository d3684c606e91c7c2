"""Diagnostic settings of a vault to rows: which of its events are logged, and where they go.

Key Vault has one category of events, AuditEvent, which holds every request to the vault, the use of keys and their
administration alike (learn.microsoft.com, "Azure Key Vault logging"). A setting names it, or a group that it is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.facts import Fact
from scanner.model.observation import Observation
from scanner.model.stores import DataStoreFact
from scanner.normalize.reading import Object, child, flag, text, text_or
from scanner.normalize.records import Records

LOGS = "monitor:DiagnosticSettings_List"
CATEGORY, GROUPS = "auditevent", frozenset({"audit", "alllogs"})
NONE = "none"


def rows(unit: Records) -> Iterator[Fact]:
    """Yield the settings of a vault, and the vault as a scope of which key events must be logged."""
    record = unit.first
    if record is None or not unit.asked(LOGS):
        return
    listing = unit.listing(LOGS, None, "value", identity="id")
    settings = {str(item["id"]).lower(): (page, item) for page, item in reversed(listing.items)}
    for _, (page, item) in sorted(settings.items()):
        yield _trail(page, item, unit)
    count = len(settings)
    yield unit.coverage(AuditTrailFact, LOGS, unit.source, None, count, complete=listing.complete, among=True)
    yield AuditScopeFact(
        source=unit.source,
        evidence=unit.ids(LOGS),
        scope_id=unit.source,
        provider="azure",
        account=record.account,
        region=record.region,
        # Whether keys' events are recorded is derived from the settings, as of every provider.
        trails=count if listing.complete else None,
    )
    # What keeps the log is listed with its subscription: a vault has no stores of its own.
    stores = unit.coverage(DataStoreFact, LOGS, unit.source, None, 0, complete=True, among=True)
    yield replace(stores, evidence=unit.ids(LOGS))
    scope = unit.coverage(AuditScopeFact, LOGS, unit.source, None, 1, complete=True, among=True)
    yield replace(scope, evidence=unit.ids(LOGS))


def _trail(page: Observation, item: Object, unit: Records) -> AuditTrailFact:
    body = child(item, "properties")
    recorded = _recorded(body)
    # What a setting does not send to may be there as an empty text.
    bucket, group = (_target(body, name) for name in ("storageAccountId", "workspaceId"))
    return AuditTrailFact(
        source=unit.source,
        evidence=(page.id,),
        trail_id=str(item["id"]),
        provider="azure",
        superseded=False,
        account=page.account,
        region=page.region,
        name=text(item, "name"),
        owner_account=page.account,
        home_region=page.region,
        multi_region=False,
        organization=False,
        # A setting has no switch of its own: it is there, and what it names is sent.
        logging=recorded,
        records_key_management=recorded,
        records_key_use=recorded,
        excludes_key_events=None if recorded is None else not recorded,
        validated=False,
        bucket=bucket,
        # A storage account keeps files as long as it is told; without one, the workspace is what keeps the log.
        bucket_id=group if bucket == NONE else bucket,
        log_group_id=group,
    )


def _target(body: Object | None, name: str) -> str | None:
    named = text_or(body, name, NONE)
    return named if named is None else named or NONE


def _recorded(body: Object | None) -> bool | None:
    """Tell whether a setting sends the events of the vault somewhere."""
    # A setting of metrics alone has no `logs`; one that is there and says nothing is not known.
    logs = body.get("logs", []) if body is not None else None
    if not isinstance(logs, list):
        return None
    found: set[bool | None] = set()
    for log in logs:
        one = log if isinstance(log, dict) else None
        category, group = text_or(one, "category", ""), text_or(one, "categoryGroup", "")
        if category is None or group is None:
            found.add(None)
        elif category.lower() == CATEGORY or group.lower() in GROUPS:
            found.add(flag(one, "enabled"))
    return True if True in found else None if None in found else False
