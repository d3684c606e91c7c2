"""AWS IAM answers to rows: credentials of one account, and its policies of identities that are about keys. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from scanner.model.access import CredentialFact, IdentityPolicyFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation, Record
from scanner.normalize.aws.arn import parse
from scanner.normalize.aws.credential_report import ROOT, Report, credential_rows, read_report
from scanner.normalize.aws.identity_policy import IdentityReading, read_identity_policy
from scanner.normalize.aws.policy_document import MalformedPolicyError
from scanner.normalize.reading import Object, child, choice, given, moment, text
from scanner.normalize.records import Records

REPORT = "iam:GetCredentialReport"
SUMMARY = "iam:GetAccountSummary"
DETAILS = "iam:GetAccountAuthorizationDetails"
ACCESS_KEYS = "iam:ListAccessKeys"
API_KEYS = "iam:ListServiceSpecificCredentials"

HOLDERS = (
    ("UserDetailList", "UserPolicyList"),
    ("GroupDetailList", "GroupPolicyList"),
    ("RoleDetailList", "RolePolicyList"),
)
"""Lists of those that have policies, each with the member that holds their own ones."""
_STATUS = {"Active": True, "Inactive": False, "Expired": False}


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one account."""
    unit = Records(records)
    if unit.first is None:
        return
    asked = {record.operation for record in records}
    if asked & {REPORT, API_KEYS}:
        yield from _credentials(unit, asked)
    if DETAILS in asked:
        yield from _policies(unit)


def _credentials(unit: Records, asked: Collection[str]) -> Iterator[Fact]:
    page = unit.answer(REPORT)
    report = read_report(page) if page else None
    rows = list(credential_rows(report, _root_password(unit))) if report else []
    rows = [_with_id(unit, row, rows) if row.kind == "access_key" else row for row in rows]
    api_keys = unit.listing(API_KEYS, None, "ServiceSpecificCredentials", identity="ServiceSpecificCredentialId")
    rows += [_api_key(report, page, key) for page, key in api_keys.items]
    found = {row.credential_id: row for row in rows}
    yield from (found[identity] for identity in sorted(found))
    keys = sum(row.kind == "service_api_key" for row in found.values())
    reported = report is not None and report.complete
    listings = {REPORT: (len(found) - keys, reported), API_KEYS: (keys, api_keys.complete)}
    for operation, (count, complete) in listings.items():
        # Each lists kinds of its own: what nobody asked for is missing to nobody.
        if operation in asked:
            row = unit.coverage(CredentialFact, operation, unit.source, None, count, complete=complete)
            yield replace(row, coverage_id=f"{row.coverage_id} {operation}")


def _with_id(unit: Records, row: CredentialFact, rows: Sequence[CredentialFact]) -> CredentialFact:
    """Return an access key with its id. The report has none: the date tells which of a user's two keys it is."""
    subject = str(row.principal)
    listing = unit.listing(ACCESS_KEYS, subject, "AccessKeyMetadata", identity="AccessKeyId")
    listed = {str(item["AccessKeyId"]): (page, moment(item, "CreateDate")) for page, item in listing.items}
    own = [one for one in rows if one.principal == row.principal and one.kind == row.kind]
    of_date = [name for name, (_, created) in listed.items() if created is not None and created == row.created_at]
    found = list(listed) if len(listed) == len(own) == 1 else of_date
    if not listing.complete or len(found) != 1:
        return row
    return replace(row, hint=found[0], evidence=tuple(sorted({*row.evidence, listed[found[0]][0].id})))


def _root_password(unit: Records) -> bool | None:
    body = unit.response(SUMMARY)
    count = (child(body, "SummaryMap") or {}).get("AccountPasswordPresent")
    return bool(count) if isinstance(count, int) else None


def _api_key(report: Report | None, page: Observation, key: Object) -> CredentialFact:
    identity, name = str(key["ServiceSpecificCredentialId"]), text(key, "UserName")
    user = report.users.get(name or "") if report and name != ROOT else None
    expires = bool(moment(key, "ExpirationDate")) or None if given(key, "ExpirationDate") else False
    return CredentialFact(
        source=page.source,
        evidence=tuple(sorted({page.id, *((report.page.id,) if report and user else ())})),
        credential_id=f"{user['arn'] if user else name}/api_key/{identity}",
        account=page.account,
        provider="aws",
        principal=user["arn"] if user else name,
        kind="service_api_key",
        active=choice(key, "Status", _STATUS),
        created_at=moment(key, "CreateDate"),
        expires=expires,
        expires_at=moment(key, "ExpirationDate"),
        mfa={"true": True, "false": False}.get(user.get("mfa_active", "")) if user else None,
        service=text(key, "ServiceName"),
    )


@dataclass(slots=True)
class _Policy:
    """One policy as the account's details have it, and who has it."""

    name: str | None
    document: Json
    page: Observation
    pointer: str
    """Where the document stands in its answer."""
    holders: set[str] = field(default_factory=set)
    evidence: set[Digest] = field(default_factory=set)


def _policies(unit: Records) -> Iterator[Fact]:
    complete = unit.complete(DETAILS)
    found, understood = _found(unit)
    rows = 0
    for identity, policy in sorted(found.items()):
        row = _row(unit, identity, policy, complete=complete and understood)
        if row is not None:
            rows += 1
            yield row
    yield unit.coverage(IdentityPolicyFact, DETAILS, unit.source, None, rows, complete=complete and understood)


def _found(unit: Records) -> tuple[dict[str, _Policy], bool]:
    """Return managed and inline policies by their id, and whether all that was listed was understood."""
    found: dict[str, _Policy] = {}
    holders: defaultdict[str, set[str]] = defaultdict(set)
    evidence: defaultdict[str, set[Digest]] = defaultdict(set)
    understood = True
    for page in unit.answers(DETAILS):
        for name, inline in HOLDERS:
            for i, holder in enumerate(_objects(page.response, name)):
                arn = text(holder, "Arn")
                if arn is None:
                    understood = False
                    continue
                for policy in _objects(holder, "AttachedManagedPolicies"):
                    holders[str(policy.get("PolicyArn"))].add(arn)
                    evidence[str(policy.get("PolicyArn"))].add(page.id)
                found |= _inline(page, arn, holder, f"/response/{name}/{i}/{inline}")
        managed = _managed(page)
        understood = understood and None not in managed
        found |= {identity: policy for identity, policy in managed.items() if identity is not None}
    for identity in found.keys() & holders.keys():
        found[identity].holders |= holders[identity]
        found[identity].evidence |= evidence[identity]
    return found, understood and holders.keys() <= found.keys()


def _inline(page: Observation, arn: str, holder: Object, pointer: str) -> dict[str, _Policy]:
    found = {}
    for i, policy in enumerate(_objects(holder, pointer.rpartition("/")[2])):
        name, document = text(policy, "PolicyName"), policy.get("PolicyDocument")
        found[f"{arn}/inline/{name}"] = _Policy(name, document, page, f"{pointer}/{i}/PolicyDocument", {arn})
    return found


def _managed(page: Observation) -> dict[str | None, _Policy]:
    found = {}
    for i, policy in enumerate(_objects(page.response, "Policies")):
        versions = _objects(policy, "PolicyVersionList")
        document = versions[0].get("Document") if len(versions) == 1 else None  # only the one in force was kept
        pointer = f"/response/Policies/{i}/PolicyVersionList/0/Document"
        found[text(policy, "Arn")] = _Policy(text(policy, "PolicyName"), document, page, pointer)
    return found


def _objects(body: Json, name: str) -> list[Object]:
    found = body.get(name) if isinstance(body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _row(unit: Records, identity: str, policy: _Policy, *, complete: bool) -> IdentityPolicyFact | None:
    arn = parse(identity)
    of_provider = arn is not None and arn.account == "aws"
    if of_provider and not policy.holders and complete:
        return None  # nobody here has it: it is the provider's, and not the account's
    reading = _reading(policy)
    if reading is not None and not reading.about_keys:
        return None
    return IdentityPolicyFact(
        source=unit.source,
        evidence=tuple(sorted({policy.page.id, *policy.evidence})),
        policy_id=identity,
        account=policy.page.account,
        name=policy.name,
        provider_managed=of_provider,
        attached_to=tuple(sorted(policy.holders)) if complete else None,
        attached=True if policy.holders else False if complete else None,
        allows_decrypt=reading.allows_decrypt if reading else None,
        decrypts_any_key=reading.decrypts_any_key if reading else None,
        administers_any_key=reading.administers_any_key if reading else None,
        uses_not_action=reading.uses_not_action if reading else None,
    )


def _reading(policy: _Policy) -> IdentityReading | None:
    """Return what a policy allows, or None when nobody knows: also of one that redaction has cut."""
    if any(path.startswith(policy.pointer) for path in policy.page.redacted):
        return None
    arn = parse(policy.page.principal)
    try:
        return read_identity_policy(
            policy.document, partition=arn.partition if arn else "aws", account=policy.page.account
        )
    except MalformedPolicyError:
        return None
