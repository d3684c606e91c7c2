"""A small IAM: decides one concrete request by a key policy, as the IAM User Guide says ("Policy evaluation logic").

It is written for the tests alone and shares no code with the reading that it checks. Where the guide leaves room, it
takes the side of the caller, so that whatever it refuses is refused for certain.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One call of KMS: who calls, what, and the request context with keys in lower case."""

    names: frozenset[str]
    """Every way in which a policy may name the caller: account, role, session, or service."""
    context: Mapping[str, list[str]] = field(default_factory=dict)
    action: str = "kms:Decrypt"


def caller(account: str, role: str = "app", **context: str | list[str]) -> Request:
    """Return a request of a role's session, with the keys that each request has."""
    own = f"arn:aws:iam::{account}:role/{role}"
    names = {account, f"arn:aws:iam::{account}:root", own, f"arn:aws:sts::{account}:assumed-role/{role}/s"}
    keys: dict[str, str | list[str]] = {
        "kms:calleraccount": account,
        "aws:principalaccount": account,
        "aws:principalarn": own,
        "aws:userid": f"AROA{account}XX:s",
        "aws:principalisawsservice": "false",
        **{name.replace("__", ":"): value for name, value in context.items()},
    }
    return Request(frozenset(names), {key: v if isinstance(v, list) else [v] for key, v in keys.items()})


def service(name: str, **context: str) -> Request:
    """Return a request of a service principal, for the resource that the context names."""
    keys = {key.replace("__", ":"): [value] for key, value in context.items()}
    fixed = {"aws:principalisawsservice": ["true"], "aws:principalservicename": [name]}
    # A service has an account of its own, which is nobody's that a policy would name.
    return Request(
        frozenset({name}),
        {"kms:calleraccount": ["s"], "aws:principalaccount": ["s"], "aws:userid": ["s"], **fixed, **keys},
    )


def allowed(statements: list[Statement], request: Request) -> bool:
    """Decide: one matching Allow and no matching Deny."""
    effects = {s["Effect"] for s in statements if _applies(s, request)}
    return effects == {"Allow"}


def _applies(statement: Statement, request: Request) -> bool:
    return _principal(statement, request) and _action(statement, request) and _condition(statement, request)


def _principal(statement: Statement, request: Request) -> bool:
    named = statement["Principal"] if "Principal" in statement else statement["NotPrincipal"]
    kinds = named if isinstance(named, dict) else {"AWS": named}
    values = {v for value in kinds.values() for v in ([value] if isinstance(value, str) else value)}
    return ("*" in values or bool(values & request.names)) == ("Principal" in statement)


def _action(statement: Statement, request: Request) -> bool:
    patterns = statement["Action"] if "Action" in statement else statement["NotAction"]
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(_like(p.lower(), request.action.lower()) for p in listed) == ("Action" in statement)


def _condition(statement: Statement, request: Request) -> bool:
    return all(
        _holds(operator, request.context.get(key.lower()), wanted if isinstance(wanted, list) else [wanted], request)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def _holds(operator: str, found: list[str] | None, wanted: list[str], request: Request) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) == (str(wanted[0]).lower() == "true")
    if found is None and name.endswith("IfExists"):
        return True
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    if not found:
        return quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue")
    values = [_resolved(str(value), request) for value in wanted]
    if negated and None in values:
        return False  # the statement is invalid: nothing is denied by it
    hits = [any(v is not None and _matches(name.replace("Not", ""), v, f) for v in values) != negated for f in found]
    return all(hits) if quantifier == "ForAllValues" or (negated and not quantifier) else any(hits)


def _resolved(value: str, request: Request) -> str | None:
    known = {"aws:resourceaccount": ["111122223333"], "aws:resourceorgid": ["o-a1b2c3d4e5"], **request.context}
    for name in re.findall(r"\$\{([^}]*)\}", value):
        if name.lower() not in known:
            return None
        value = value.replace(f"${{{name}}}", known[name.lower()][0])
    return value


def _matches(name: str, value: str, found: str) -> bool:
    if name in {"StringEquals", "Bool"}:
        return value == found
    if name == "StringLike":
        return _like(value, found)
    if name in {"ArnLike", "ArnEquals"}:
        left, right = value.split(":", 5), found.split(":", 5)
        return value == "*" or (len(left) == len(right) and all(map(_like, left, right)))
    if name == "IpAddress":
        address, network = ipaddress.ip_address(found), ipaddress.ip_network(value, strict=False)
        return address.version == network.version and address in network
    raise AssertionError(f"{name} is not one of the operators that these tests use")


def _like(pattern: str, text: str) -> bool:
    parts = ["".join("." if c == "?" else re.escape(c) for c in part) for part in pattern.split("*")]
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None
