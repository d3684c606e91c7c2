"""Which conditions hold a wildcard principal to known callers, and which only look as if they did.

Source: IAM User Guide, "AWS global condition context keys" and "Condition operators"; AWS KMS Developer Guide,
"AWS KMS condition keys". Where they leave room, a condition is taken to hold nobody, and a Deny to refuse nobody.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from scanner.normalize.aws import arn
from scanner.normalize.aws.policy_actions import glob
from scanner.normalize.aws.policy_document import VARIABLE, Condition

ACCOUNT_KEYS = frozenset({"kms:calleraccount", "aws:principalaccount", "aws:sourceaccount", "aws:vpceaccount"})
ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn"})
ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"})
NETWORK_KEYS = frozenset({"aws:sourcevpc", "aws:sourcevpce", "aws:vpceorgid", "aws:vpceorgpaths"})
ADDRESS_KEY = "aws:sourceip"
CONSTRAINING = ACCOUNT_KEYS | ARN_KEYS | ORGANIZATION_KEYS | NETWORK_KEYS | {"aws:userid"}
"""Keys that say who calls, from which network, or for whom a service calls.

All others hold for anybody who can meet them: encryption context, attestation, MFA, time, transport, tags, user names.
So do `kms:ViaService` and `aws:CalledVia` alone, since anybody may call through a service; `aws:PrincipalServiceName`
and `aws:PrincipalIsAWSService`, since a service calls for anybody; and `aws:VpcSourceIp`, since private addresses are
the same in everybody's VPC.
"""

ALWAYS_PRESENT = frozenset({"kms:calleraccount", "aws:principalaccount", "aws:userid"})
"""Keys that every request has, so that ``IfExists`` changes nothing for them."""

CALLERS = frozenset({"kms:calleraccount", "aws:principalaccount"})
"""Keys that hold the caller's account, and nothing else."""

_SAME = {"aws:resourceaccount": "${aws:principalaccount}", "aws:resourceorgid": "${aws:principalorgid}"}
"""Key about the resource to the variable about the caller: equal, the caller is one of the owner's."""

_POSITIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
}
_EXACT = frozenset({"stringequals", "stringequalsignorecase"})
_BY_PART = frozenset({"arnequals", "arnlike"})
_TEXT = _EXACT | {"stringlike"}
_MATCHING = _TEXT | _BY_PART

ATTESTATION = "kms:recipientattestation:"
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}/")
_IDENTITY = re.compile(r"A[A-Z0-9]{15,}|[0-9]{12}")
_WIDEST_4 = 8
_WIDEST_6 = 32
"""Shortest prefix of a network that is somebody's, as Amazon S3 decides what is public."""
_MOST_4 = 2 * 2 ** (32 - _WIDEST_4)
_IPV4_IN_IPV6 = ipaddress.IPv6Network("::ffff:0:0/96")


class Reader:
    """Reads conditions of one key's policy, as the key's ``account`` reads them."""

    def __init__(self, account: str) -> None:
        # What a variable about the resource stands for is known: it is the key. Nobody needs the id of its owner's
        # organization, so any will do.
        self._own = {"${aws:resourceaccount}": account, "${aws:resourceorgid}": "o-organizationofthekey"}

    def holding(self, conditions: Iterable[Condition]) -> tuple[Condition, ...]:
        """Return those conditions of an Allow that hold its callers to known ones. Conditions are joined by AND."""
        listed = tuple(conditions)
        tested = {c.key for c in listed if c.operator == "null" and not c.quantifier and c.values == ("false",)}
        return tuple(c for c in listed if self._holds(c, tested))

    def _holds(self, condition: Condition, tested: set[str]) -> bool:
        if condition.quantifier == "forallvalues" and condition.key not in tested:
            return False  # true of a request that has no such key
        if condition.if_exists and condition.key not in ALWAYS_PRESENT | tested:
            return False
        return self._names_somebody(condition, condition.operator)

    def refuses_strangers(self, conditions: Iterable[Condition]) -> bool:
        """Tell whether a Deny to everybody under these conditions spares only known callers.

        Each has the form "the caller is not one of these". Whoever is named by none of them meets all, and is refused.
        """
        return all(_differs(c) and self._names_somebody(c, _POSITIVE[c.operator]) for c in conditions)

    def refuses_account(self, conditions: Iterable[Condition], account: str) -> bool:
        """Tell whether a Deny to everybody under these conditions takes in every principal of an account."""
        return all(
            c.key in CALLERS
            and c.values
            and _differs(c)
            and _POSITIVE[c.operator] in _TEXT
            and not any(glob(pattern, account) for pattern in self._patterns(c, _POSITIVE[c.operator]))
            for c in conditions
        )

    def admits_account(self, conditions: Iterable[Condition], account: str) -> bool:
        """Tell whether the conditions of an Allow hold for every principal of an account, however it calls."""
        return all(
            c.key in CALLERS
            and c.operator in _TEXT
            and any(glob(pattern, account) for pattern in self._patterns(c, c.operator))
            for c in conditions
        )

    def accounts(self, conditions: Iterable[Condition]) -> frozenset[str]:
        """Return the ids of the accounts that conditions name."""
        return frozenset(account for c in conditions for account in self._accounts(c))

    def _accounts(self, condition: Condition) -> Iterator[str]:
        for pattern in self._patterns(condition, _POSITIVE.get(condition.operator, condition.operator)):
            found = pattern if condition.key in ACCOUNT_KEYS else ""
            if condition.key in ARN_KEYS:
                parts = arn.parse(pattern)
                found = parts.account if parts else ""
            elif condition.key == "aws:userid":
                found = pattern[:12]
            if arn.is_account(found):
                yield found

    def _patterns(self, condition: Condition, operator: str) -> Iterator[str]:
        """Yield the values as patterns, in which ``*`` and ``?`` alone are wild, whatever stood for what."""
        for value in condition.values:
            text = VARIABLE.sub(lambda match: self._own.get(match[0].lower(), match[0]), value)
            if operator in _EXACT:
                text = text.replace("*", "\0").replace("?", "\0")  # compared as they are
            yield VARIABLE.sub("*", text)

    def _names_somebody(self, condition: Condition, operator: str) -> bool:
        if not condition.values:
            return False
        if operator == "ipaddress" and condition.key == ADDRESS_KEY:
            return somebodys_networks(condition.values)
        if operator not in _MATCHING:
            return False
        if condition.key in _SAME:
            return all(value.lower() == _SAME[condition.key] for value in condition.values)
        return condition.key in CONSTRAINING and all(
            _names_somebody(condition.key, pattern, by_part=operator in _BY_PART)
            for pattern in self._patterns(condition, operator)
        )


def _differs(condition: Condition) -> bool:
    """Tell whether a condition holds for certain when the caller's value is none of these, or there is no value."""
    # Negated operators are true of a request without the key, unless one of its values has to differ. A statement with
    # a variable that has no value in a request may be invalid altogether, and then denies nothing.
    resolved = all(
        variable.lower() in {"${aws:resourceaccount}", "${aws:principalaccount}"}
        for value in condition.values
        for variable in VARIABLE.findall(value)
    )
    return condition.operator in _POSITIVE and condition.quantifier != "foranyvalue" and resolved


def _names_somebody(key: str, pattern: str, *, by_part: bool) -> bool:
    """Tell whether a pattern names an account, an organization or a network, and not just any."""
    if not _wild(pattern):
        return pattern.lower() not in {"", "anonymous"}
    if key in ARN_KEYS:
        return _names_owner(pattern, by_part=by_part)
    if key.endswith("orgpaths"):
        return _ORGANIZATION.match(pattern) is not None
    return key == "aws:userid" and _IDENTITY.match(pattern) is not None


def _names_owner(pattern: str, *, by_part: bool) -> bool:
    parts = arn.parse(pattern)
    if parts is None:
        return False
    if not by_part and _wild(parts.partition + parts.service + parts.region + parts.account):
        # Compared as text a star takes colons too, and a role's path may hold what looks like another account.
        return False
    if parts.account:
        return arn.is_account(parts.account)
    # Without an account the service and the whole resource have to be named; a bucket has one owner.
    resource = parts.resource.partition("/")[0] if parts.service == "s3" else parts.resource
    return not _wild(parts.service + resource) and bool(resource)


def _wild(text: str) -> bool:
    # What is left of a variable that is not closed is nobody in particular either.
    return "*" in text or "?" in text or "${" in text


def somebodys_networks(values: Iterable[str]) -> bool:
    """Tell whether networks are narrow enough to be somebody's: each of them, and all taken together."""
    four: list[ipaddress.IPv4Network] = []
    six: list[ipaddress.IPv6Network] = []
    for value in values:
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return False
        if isinstance(network, ipaddress.IPv4Network):
            four.append(network)
        else:
            six.append(network)
    # Halves and quarters of everything are joined to everything again.
    narrow = all(n.prefixlen >= _WIDEST_4 for n in ipaddress.collapse_addresses(four)) and all(
        n.prefixlen >= _WIDEST_6 and not n.overlaps(_IPV4_IN_IPV6) for n in ipaddress.collapse_addresses(six)
    )
    return narrow and sum(n.num_addresses for n in ipaddress.collapse_addresses(four)) <= _MOST_4


def only_organizations(conditions: Iterable[Condition]) -> bool:
    """Tell whether what holds the callers is an Organization alone."""
    keys = {condition.key for condition in conditions}
    return bool(keys) and keys <= ORGANIZATION_KEYS | {"aws:resourceorgid"}


def attestations(conditions: Iterable[Condition]) -> frozenset[str]:
    """Return enclave attestation conditions as ``operator key=value``."""
    return frozenset(
        f"{operator_of(condition)} {condition.key}={value}"
        for condition in conditions
        if condition.key.startswith(ATTESTATION)
        for value in condition.values
    )


def operator_of(condition: Condition) -> str:
    """Return the operator of a condition with all that belongs to it, in lower case."""
    quantifier = f"{condition.quantifier}:" if condition.quantifier else ""
    return f"{quantifier}{condition.operator}{'ifexists' if condition.if_exists else ''}"
