"""A key policy as a document: strictly read, in a normal form that does not depend on how it was spelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.ids import Json
from scanner.normalize.aws.policy_actions import ALL, glob, matching

MAX_BYTES = 256 * 1024
MAX_STATEMENTS = 1_000


class MalformedPolicyError(ValueError):
    """The text is not a policy document. What it allows is not known."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    """Its Resource can be this key."""
    conditions: tuple[Condition, ...]


def read_document(text: str, key_arn: str) -> tuple[Statement, ...]:
    """Return the statements of a policy. Raises MalformedPolicyError."""
    if len(text) > MAX_BYTES:
        raise MalformedPolicyError(f"longer than {MAX_BYTES} characters")
    try:
        document: Json = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise MalformedPolicyError("not an object")
    found = document.get("Statement")
    statements = found if isinstance(found, list) else [found]
    if len(statements) > MAX_STATEMENTS:
        raise MalformedPolicyError(f"more than {MAX_STATEMENTS} statements")
    return tuple(_statement(item, index, key_arn) for index, item in enumerate(statements))


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _statement(item: Json, index: int, key_arn: str) -> Statement:
    if not isinstance(item, dict):
        raise MalformedPolicyError("`Statement` holds something that is not an object")
    effect = item.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise MalformedPolicyError("`Effect` is neither Allow nor Deny")
    principals, inverted = _one_of(item, "Principal", "NotPrincipal")
    actions, not_action = _one_of(item, "Action", "NotAction")
    named = frozenset[str]().union(*(matching(a) for a in _texts(actions, "Action")))
    sid = item.get("Sid")
    return Statement(
        label=sid if isinstance(sid, str) and sid else f"#{index}",
        allows=effect == "Allow",
        principals=_principals(principals),
        inverted=inverted,
        actions=ALL - named if not_action else named,
        uses_not_action=not_action,
        about_key=_about_key(item, key_arn),
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


def _principals(value: Json) -> tuple[Principal, ...]:
    if isinstance(value, (str, list)):
        found = {Principal("AWS", text) for text in _texts(value, "Principal")}
    elif isinstance(value, dict) and value:
        found = {Principal(kind, text) for kind, texts in value.items() for text in _texts(texts, "Principal")}
    else:
        raise MalformedPolicyError("`Principal` is not text, a list or an object")
    return tuple(sorted(found, key=lambda p: (p.kind, p.value)))


def _about_key(item: Mapping[str, Json], key_arn: str) -> bool:
    # In a key policy the resource is the key itself: "*", or the key's own ARN. Without one, IAM takes "*".
    if "NotResource" in item:
        return not any(_covers(text, key_arn) for text in _texts(item["NotResource"], "NotResource"))
    if "Resource" not in item:
        return True
    return any(_covers(text, key_arn) for text in _texts(item["Resource"], "Resource"))


def _covers(pattern: str, key_arn: str) -> bool:
    return pattern == "*" or glob(pattern, key_arn)


def _conditions(value: Json) -> tuple[Condition, ...]:
    if not isinstance(value, dict):
        raise MalformedPolicyError("`Condition` is not an object")
    found: set[Condition] = set()
    for operator, tests in value.items():
        if not isinstance(tests, dict):
            raise MalformedPolicyError(f"the condition operator {operator!r} holds no object")
        found.update(_condition(operator, key, wanted) for key, wanted in tests.items())
    return tuple(sorted(found, key=lambda c: (c.operator, c.key, c.values, c.if_exists, c.quantifier)))


def _condition(operator: str, key: str, wanted: Json) -> Condition:
    quantifier, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    values = wanted if isinstance(wanted, list) else [wanted]
    if any(isinstance(v, (dict, list)) or v is None for v in values):
        raise MalformedPolicyError(f"the condition key {key!r} has values that are not text")
    texts = {v if isinstance(v, str) else json.dumps(v) for v in values}
    return Condition(name.removesuffix("ifexists"), key.lower(), tuple(sorted(texts)), if_exists, quantifier)
