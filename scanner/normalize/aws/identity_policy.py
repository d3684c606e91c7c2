"""A policy of identities, evaluated for what it allows on the keys of its account. Pure.

An identity policy is read as a key policy whose principal is whoever has it. "Every key" is asked of keys that nobody
has named: a resource that takes two of them, unlike each other, takes all. What narrows is a condition that holds the
statement to some keys (aliases, tags), to some data (encryption context), to one service or to an attested enclave.
Time, network, second factor and the caller's own attributes do not narrow: they leave every key open to who meets them.
Permission boundaries and policies of an Organization only take away, and are left out: what is allowed may be less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.model.ids import Json
from scanner.normalize.aws.policy_actions import ADMINISTER, glob
from scanner.normalize.aws.policy_document import (
    VARIABLE,
    Condition,
    MalformedPolicyError,
    Statement,
    read_document,
)

DECRYPTING = frozenset({"Decapsulate", "Decrypt", "DeriveSharedSecret", "ReEncryptFrom"})
ADMINISTERING = frozenset(name for name in ADMINISTER if "CustomKeyStore" not in name) - {"CreateKey"}
"""What administers a key that is there. CreateKey knows no other resource than `*`."""

_UNNAMED = ("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "f9e8d7c6-b5a4-4938-9271-605f4e3d2c1b")
"""Two key ids that differ in every place."""
_REGIONS = frozenset({"us-east-1", "xx-unnamed-1"})
"""One region that there is, and one that nobody has named."""
_FAR_APART = (("aa-b-1", "000000000000", _UNNAMED[0]), ("zz-y-9", "999999999999", _UNNAMED[1]))
"""Region, account and id of two keys that only a resource that takes every key has in common."""
MAX_REGIONS = 64
"""More than AWS has."""
_KEY = ("arn", None, "kms", None, None, None)
"""Parts of a key's ARN that are the same for every key; the last begins with ``key/``."""

_WILD = re.compile(r"[*?]")
_EXACT = frozenset({"stringequals", "stringequalsignorecase"})
_ALIASES = "kms:resourcealiases"
"""The one key with several values: without a set operator it is not said which of them count."""
_NARROWING = re.compile(
    r"kms:(?:resourcealiases|requestalias|viaservice|encryptioncontext:.+|recipientattestation:.+)"
    r"|aws:resourcetag/.+"
)


@dataclass(frozen=True, slots=True)
class IdentityReading:
    """What a policy allows on keys. Fields are columns of ``identity_policies``."""

    about_keys: bool
    """It allows something on some key."""
    allows_decrypt: bool
    decrypts_any_key: bool
    administers_any_key: bool
    uses_not_action: bool


def read_identity_policy(document: Json, *, partition: str, account: str) -> IdentityReading:
    """Evaluate a policy (text, or an object as the SDK decodes it). Raises MalformedPolicyError."""
    items = _items(document)
    text = json.dumps({**_head(document), "Statement": [{**item, "Principal": "*"} for item in items]})
    probes = [[f"arn:{partition}:kms:{region}:{account}:key/{name}" for name in _UNNAMED] for region in _regions(items)]
    by_probe = {probe: read_document(text, probe) for pair in probes for probe in pair}
    allowed = [frozenset.intersection(*(_unnarrowed(by_probe[probe]) for probe in pair)) for pair in probes]
    some = _somewhere(items, list(by_probe.values()), partition)
    return IdentityReading(
        about_keys=bool(some),
        allows_decrypt=not DECRYPTING.isdisjoint(some),
        decrypts_any_key=any(not DECRYPTING.isdisjoint(actions) for actions in allowed),
        administers_any_key=any(not ADMINISTERING.isdisjoint(actions) for actions in allowed),
        uses_not_action=_inverts(items, list(by_probe.values())),
    )


def _head(document: Json) -> dict[str, Json]:
    parsed = _parsed(document)
    return {name: value for name, value in parsed.items() if name != "Statement"}


def _parsed(document: Json) -> dict[str, Json]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise MalformedPolicyError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise MalformedPolicyError("not an object")
    return document


def _items(document: Json) -> list[dict[str, Json]]:
    found = _parsed(document).get("Statement")
    statements = found if isinstance(found, list) else [found]
    items = [item for item in statements if isinstance(item, dict)]
    if len(items) < len(statements):
        raise MalformedPolicyError("`Statement` holds something that is not a statement")
    if any("Principal" in item or "NotPrincipal" in item for item in items):
        raise MalformedPolicyError("a policy of identities names no principal")
    if not all(("Resource" in item) != ("NotResource" in item) for item in items):
        raise MalformedPolicyError("give exactly one of `Resource` and `NotResource`")
    return items


def _regions(items: Iterable[dict[str, Json]]) -> list[str]:
    """Return the regions to ask in: those that resources name, or one that their pattern takes, and the others."""
    parts = [VARIABLE.sub("*", pattern).split(":") for item in items for pattern in _resources(item)]
    named = {part[3].replace("*", "").replace("?", "x") for part in parts if len(part) > 3}
    if len(named) > MAX_REGIONS:
        raise MalformedPolicyError(f"names over {MAX_REGIONS} regions")
    return sorted({*named, *_REGIONS})


def _resources(item: dict[str, Json]) -> list[str]:
    value = item["Resource"] if "Resource" in item else item["NotResource"]
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _unnarrowed(statements: Sequence[Statement]) -> frozenset[str]:
    """Return what statements allow on the key that they were read for, without a condition that narrows."""
    allows = [s.actions for s in statements if s.allows and s.about_key and not any(map(narrows, s.conditions))]
    return frozenset[str]().union(*allows) - _denied(statements)


def _denied(statements: Iterable[Statement]) -> frozenset[str]:
    denies = [s.actions for s in statements if not s.allows and s.about_key and not s.conditions]
    return frozenset[str]().union(*denies)


def _denied_everywhere(
    items: Sequence[dict[str, Json]], statements: Sequence[Statement], partition: str
) -> frozenset[str]:
    """Return what is denied on every key there is, in whatever account."""
    probes = [f"arn:{partition}:kms:{region}:{account}:key/{name}" for region, account, name in _FAR_APART]
    denies = [
        statement.actions
        for item, statement in zip(items, statements, strict=True)
        if not statement.allows and not statement.conditions and "Resource" in item
        if any(all(glob(pattern, probe) for probe in probes) for pattern in _resources(item))
    ]
    return frozenset[str]().union(*denies)


def _somewhere(
    items: Sequence[dict[str, Json]], readings: Sequence[Sequence[Statement]], partition: str
) -> frozenset[str]:
    """Return what is allowed on some key, be it one that is named, on whatever condition."""
    return frozenset[str]().union(*_on_some_key(items, readings)) - _denied_everywhere(items, readings[0], partition)


def _on_some_key(items: Sequence[dict[str, Json]], readings: Sequence[Sequence[Statement]]) -> Iterable[frozenset[str]]:
    for i, item in enumerate(items):
        statement = readings[0][i]
        named = "Resource" in item and any(map(_can_be_key, _resources(item)))
        if statement.allows and (named or any(reading[i].about_key for reading in readings)):
            yield statement.actions


def _inverts(items: Sequence[dict[str, Json]], readings: Sequence[Sequence[Statement]]) -> bool:
    return any(
        readings[0][i].allows
        and bool(readings[0][i].actions)
        and ("NotAction" in item or ("NotResource" in item and any(reading[i].about_key for reading in readings)))
        for i, item in enumerate(items)
    )


def _can_be_key(pattern: str) -> bool:
    """Tell whether a resource can be the ARN of a key: of six parts, the last of which begins with ``key/``."""
    parts = VARIABLE.sub("*", pattern).split(":")
    if len(parts) == len(_KEY):
        # There is no colon left for a star: part stands against part.
        return all(_fits(part, i) for i, part in enumerate(parts))
    first = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if len(parts) > len(_KEY) or first == len(parts):
        return False
    # What stands in a wildcard takes colons too: fixed is what comes before it, and the last part.
    begins = _WILD.split(parts[first])[0]
    before = all(_fits(part, i) for i, part in enumerate(parts[:first])) and (_KEY[first] or begins).startswith(begins)
    return before and (first == len(parts) - 1 or "?" in parts[-1] or _fits(parts[-1], len(_KEY) - 1))


def _fits(part: str, place: int) -> bool:
    wanted = _KEY[place]
    if place == len(_KEY) - 1:
        fixed = _WILD.split(part)[0]
        return fixed.startswith("key/") or ("key/".startswith(fixed) and fixed != part)
    return wanted is None or glob(part, wanted)


def narrows(condition: Condition) -> bool:
    """Tell whether a condition of an Allow holds it to some keys, some data, one service or an enclave."""
    key = condition.key
    if not _NARROWING.fullmatch(key) or condition.if_exists or condition.quantifier == "forallvalues":
        return False  # true as well of a request, or of a key, that has none of it
    if key == _ALIASES and condition.quantifier != "foranyvalue":
        return False
    if condition.operator in _EXACT:
        return bool(condition.values)
    return (
        condition.operator == "stringlike" and bool(condition.values) and all(_fixed(key, v) for v in condition.values)
    )


def _fixed(key: str, value: str) -> bool:
    """Tell whether a pattern leaves out anything: stars, an alias of any name and any service leave out nothing."""
    if key == "kms:viaservice":
        return "*" not in value.partition(".")[0] and "?" not in value.partition(".")[0]
    bare = VARIABLE.sub("", value).removeprefix("alias/")
    return bool(bare.strip("*?")) or (bool(VARIABLE.search(value)) and not bare)
