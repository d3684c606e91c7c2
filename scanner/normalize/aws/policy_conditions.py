"""Which conditions hold a wildcard principal to known callers, and which only look as if they did."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from scanner.normalize.aws.policy_document import Condition

_EQUALS = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_DIFFERS = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"})

ACCOUNT_KEYS = frozenset({"kms:calleraccount", "aws:principalaccount", "aws:sourceaccount"})
ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn"})
ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"})
PATH_KEYS = frozenset({"kms:viaservice", "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "aws:vpcesourceaccount"})
ADDRESS_KEYS = frozenset({"aws:sourceip", "aws:vpcsourceip"})
CONSTRAINING = ACCOUNT_KEYS | ARN_KEYS | ORGANIZATION_KEYS | PATH_KEYS
"""Keys that say who calls, from where, or through what. Encryption context, attestation, MFA, time and transport do
not: they hold for anybody who can meet them."""

ALWAYS_PRESENT = frozenset({"kms:calleraccount", "aws:principalaccount", "aws:principalarn", "aws:userid"})
"""Keys that every signed request has, so that ``IfExists`` changes nothing for them."""

ATTESTATION = "kms:recipientattestation:"
_ACCOUNT = re.compile(r"[0-9]{12}")


def constrains(conditions: Iterable[Condition]) -> bool:
    """Tell whether at least one condition holds callers to known ones. Conditions are joined by AND."""
    return any(_constrains(condition) for condition in conditions)


def _constrains(condition: Condition) -> bool:
    if condition.quantifier == "forallvalues" or not condition.values:
        return False  # true of a request that has no such key
    if condition.if_exists and condition.key not in ALWAYS_PRESENT:
        return False
    if condition.operator == "ipaddress" and condition.key in ADDRESS_KEYS:
        return all(_narrow_network(value) for value in condition.values)
    if condition.operator not in _EQUALS or condition.key not in CONSTRAINING:
        return False
    return all(_names_someone(condition.key, value) for value in condition.values)


def _narrow_network(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 32)


def _names_someone(key: str, value: str) -> bool:
    """Tell whether a value names an account, an organization, a service or a network, and not just any text."""
    if key in ARN_KEYS:
        # arn:partition:service:region:account:resource - an account must be named, or the bucket of S3's form.
        parts = value.split(":", 5)
        return (
            len(parts) == 6 and ("*" not in parts[4] and "?" not in parts[4]) and bool(parts[4] or parts[5].strip("*?"))
        )
    if key == "kms:viaservice":
        return bool(value.split(".", maxsplit=1)[0].strip("*?"))
    return not set(value) <= set("*?") and not value.startswith(("*", "?"))


def only_organization(conditions: Iterable[Condition]) -> bool:
    """Tell whether what constrains is an Organization alone."""
    keys = {c.key for c in conditions if _constrains(c)}
    return bool(keys) and keys <= ORGANIZATION_KEYS


def accounts_named(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return the account ids that constraining conditions on accounts or ARNs name."""
    found: set[str] = set()
    for condition in conditions:
        if not _constrains(condition):
            continue
        if condition.key in ACCOUNT_KEYS:
            found.update(value for value in condition.values if _ACCOUNT.fullmatch(value))
        elif condition.key in ARN_KEYS:
            parts = [value.split(":", 5)[4] for value in condition.values]
            found.update(part for part in parts if _ACCOUNT.fullmatch(part))
    return frozenset(found)


def denies_strangers(conditions: Iterable[Condition]) -> bool:
    """Tell whether the conditions of a Deny to everybody spare only known callers.

    One condition of the form "caller is not one of these": whoever is not named is refused. More conditions than one
    narrow the Deny, and then it cannot be relied on.
    """
    listed = list(conditions)
    if len(listed) != 1:
        return False
    (condition,) = listed
    if condition.operator == "notipaddress" and condition.key in ADDRESS_KEYS:
        return all(_narrow_network(value) for value in condition.values)
    if condition.operator not in _DIFFERS or condition.key not in CONSTRAINING or condition.quantifier:
        return False
    # `IfExists` on a negated operator still refuses a request without the key: negated operators are true then.
    return bool(condition.values) and all(_names_someone(condition.key, value) for value in condition.values)


def attestations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return enclave attestation conditions as ``operator key=value``."""
    return frozenset(
        f"{condition.operator} {condition.key}={value}"
        for condition in conditions
        if condition.key.startswith(ATTESTATION)
        for value in condition.values
    )
