"""A key policy as a document: strictly read, in a normal form that does not depend on how it was spelled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from scanner.model.ids import Json
from scanner.normalize.aws.policy_actions import ALL, glob, matching, unlisted

MAX_LENGTH = 131_072
"""The longest `Policy` that the API takes, in characters."""
MAX_STATEMENTS = 1_000

VERSIONS = frozenset({"2008-10-17", "2012-10-17"})
ELEMENTS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
KINDS = frozenset({"AWS", "CanonicalUser", "Federated", "Service"})
_COMPARED = ("equals", "notequals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals")
OPERATORS = frozenset(
    {
        "stringequals",
        "stringnotequals",
        "stringequalsignorecase",
        "stringnotequalsignorecase",
        "stringlike",
        "stringnotlike",
        *(f"numeric{how}" for how in _COMPARED),
        *(f"date{how}" for how in _COMPARED),
        "bool",
        "binaryequals",
        "ipaddress",
        "notipaddress",
        "arnequals",
        "arnlike",
        "arnnotequals",
        "arnnotlike",
        "null",
    }
)
QUANTIFIERS = frozenset({"", "forallvalues", "foranyvalue"})
VARIABLE = re.compile(r"\$\{[^{}]*\}")


class MalformedPolicyError(ValueError):
    """The text is not a policy document. What it allows is not known."""


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One operator with one key: every condition of a statement must hold."""

    operator: str
    """In lower case, without set prefix and ``IfExists``."""
    key: str
    """In lower case: IAM compares condition keys without case."""
    values: tuple[str, ...]
    """Sorted; any of them may match."""
    if_exists: bool = False
    """Holds as well when the request has no such key."""
    quantifier: str = ""
    """``forallvalues`` (holds as well for an empty set) or ``foranyvalue``."""


@dataclass(frozen=True, slots=True, order=True)
class Principal:
    """One principal as the policy names it. Kind: ``AWS``, ``Service``, ``Federated``, ``CanonicalUser``."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in normal form."""

    label: str
    allows: bool
    principals: tuple[Principal, ...]
    inverted: bool
    """The principals are those of NotPrincipal: everybody else is meant."""
    actions: frozenset[str]
    """KMS actions that it names, by name; those of NotAction are already taken away from all."""
    uses_not_action: bool
    about_key: bool
    """Its Resource can be this key; for a Deny: is this key, whatever a variable in it stands for."""
    conditions: tuple[Condition, ...]


def read_document(text: str, key_arn: str) -> tuple[Statement, ...]:
    """Return the statements of a policy. Raises MalformedPolicyError."""
    return tuple(
        replace(statement, about_key=_covers(statement, patterns, inverted, key_arn))
        for statement, patterns, inverted in _parsed(text)
    )


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[tuple[Statement, tuple[str, ...], bool], ...]:
    """Return the statements with the patterns of their Resource or (True) NotResource, about no key in particular.

    Many keys have the same policy.
    """
    items = _items(text)
    allowed = (pattern for item in items if item.get("Effect") == "Allow" for pattern in _patterns(item))
    others = frozenset(unlisted(pattern) for pattern in allowed) - {""}
    return tuple((_statement(item, index, others), *_resources(item)) for index, item in enumerate(items))


def _items(text: str) -> list[dict[str, Json]]:
    if len(text) > MAX_LENGTH:
        raise MalformedPolicyError(f"longer than {MAX_LENGTH} characters")
    try:
        document: Json = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or not document.keys() <= {"Version", "Id", "Statement"}:
        raise MalformedPolicyError("not an object of `Version`, `Id` and `Statement`")
    if document.get("Version", "2008-10-17") not in VERSIONS:
        raise MalformedPolicyError("`Version` is neither of those that IAM has")
    found = document.get("Statement")
    statements = found if isinstance(found, list) else [found]
    if not 0 < len(statements) <= MAX_STATEMENTS:
        raise MalformedPolicyError(f"no statement, or more than {MAX_STATEMENTS}")
    items = [item for item in statements if isinstance(item, dict) and item.keys() <= ELEMENTS]
    if len(items) < len(statements):
        # IAM refuses what it does not know; a `condition` that is left out here would be a Deny without one.
        raise MalformedPolicyError("`Statement` holds something that is not a statement")
    return items


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _not_json(constant: str) -> Json:
    raise ValueError(f"{constant} is no value of JSON")


def _statement(item: Mapping[str, Json], index: int, others: frozenset[str]) -> Statement:
    effect = item.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise MalformedPolicyError("`Effect` is neither Allow nor Deny")
    principals, inverted = _one_of(item, "Principal", "NotPrincipal")
    named = frozenset[str]().union(*(matching(pattern, others) for pattern in _patterns(item)))
    sid = item.get("Sid")
    return Statement(
        label=sid if isinstance(sid, str) and sid else f"#{index}",
        allows=effect == "Allow",
        principals=_principals(principals),
        inverted=inverted,
        actions=(ALL | others) - named if "NotAction" in item else named,
        uses_not_action="NotAction" in item,
        about_key=False,
        conditions=_conditions(item.get("Condition", {})),
    )


def _one_of(item: Mapping[str, Json], name: str, negated: str) -> tuple[Json, bool]:
    if (name in item) == (negated in item):
        raise MalformedPolicyError(f"give exactly one of `{name}` and `{negated}`")
    return (item[negated], True) if negated in item else (item[name], False)


def _texts(value: Json, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = tuple(v for v in values if isinstance(v, str))
    if len(texts) != len(values) or not texts:
        raise MalformedPolicyError(f"`{name}` is not text or a list of text")
    return texts


def _patterns(item: Mapping[str, Json]) -> tuple[str, ...]:
    patterns = _texts(_one_of(item, "Action", "NotAction")[0], "Action")
    if any(":" not in pattern and set(pattern) != {"*"} for pattern in patterns):
        raise MalformedPolicyError("an action is not of the form `service:name`")
    return patterns


def _principals(value: Json) -> tuple[Principal, ...]:
    if isinstance(value, (str, list)):
        found = {Principal("AWS", text) for text in _texts(value, "Principal")}
    elif isinstance(value, dict) and value and value.keys() <= KINDS:
        found = {Principal(kind, text) for kind, texts in value.items() for text in _texts(texts, "Principal")}
    else:
        raise MalformedPolicyError("`Principal` is neither text, a list, nor an object of the kinds that IAM has")
    return tuple(sorted(found))


def _resources(item: Mapping[str, Json]) -> tuple[tuple[str, ...], bool]:
    """Return the patterns of Resource or (True) NotResource. AWS KMS: a statement without one has no effect."""
    if "Resource" not in item and "NotResource" not in item:
        return (), False
    patterns, inverted = _one_of(item, "Resource", "NotResource")
    return _texts(patterns, "Resource"), inverted


def _covers(statement: Statement, patterns: tuple[str, ...], inverted: bool, key_arn: str) -> bool:
    """Tell whether a statement is about this key."""
    # What a variable stands for is not known: wide where the statement allows, narrow where it denies.
    stand_in = "*" if statement.allows != inverted else "$"
    return any(glob(VARIABLE.sub(stand_in, text), key_arn) for text in patterns) != inverted


def _conditions(value: Json) -> tuple[Condition, ...]:
    if not isinstance(value, dict):
        raise MalformedPolicyError("`Condition` is not an object")
    found: list[Condition] = []
    for operator, tests in value.items():
        if not isinstance(tests, dict):
            raise MalformedPolicyError(f"the condition operator {operator!r} holds no object")
        found.extend(_condition(operator, key, wanted) for key, wanted in tests.items())
    if len({(c.operator, c.key, c.if_exists, c.quantifier) for c in found}) < len(found):
        raise MalformedPolicyError("a condition is given twice, in another case")
    return tuple(sorted(found))


def _condition(operator: str, key: str, wanted: Json) -> Condition:
    quantifier, _, name = operator.lower().rpartition(":")
    plain = name.removesuffix("ifexists")
    if plain not in OPERATORS or quantifier not in QUANTIFIERS or name == "nullifexists":
        raise MalformedPolicyError(f"{operator!r} is no condition operator of IAM")
    values = wanted if isinstance(wanted, list) else [wanted]
    if any(isinstance(v, (dict, list)) or v is None for v in values):
        raise MalformedPolicyError(f"the condition key {key!r} has values that are not text")
    texts = {v if isinstance(v, str) else json.dumps(v) for v in values}
    return Condition(plain, key.lower(), tuple(sorted(texts)), plain != name, quantifier)
