"""Every self-test there is, in one explicit list: what it needs, what it feeds, how it is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from scanner.model.ids import Json
from scanner.model.operation import Operation, columns
from scanner.selftest.interface import Call, CannotRunError, Outcome

PREFIX = "selftest:"
MOST_DETAIL = 2_000
_USE = ("kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt")
_COLUMNS = ("*", "selftest_id", "kind", "target", "provider", "passed", "outcome", "detail", "cases", "calls")
_MODULE = (
    # Columns of one row more: that there are modules is not its to tell.
    *("module_id", "provider", "name", "kind", "product", "embodiment", "version", "state"),
    *("approved_mode", "certificate_required"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One self-test as it is declared."""

    id: str
    title: str
    family: str
    """What kind of thing is under test: `own`, `kms` (a key), `hsm`, `data` (a table), `drill` (a scratch schema)."""
    actions: tuple[str, ...] = ()
    """IAM actions that it needs on AWS."""
    changes_state: bool = False
    proves: bool = False
    """It can prove edges of the key hierarchy."""
    needs: tuple[str, ...] = ()
    """Tests whose calls it looks at."""
    feeds: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """Name of the operation, ``selftest:ST-KMS-03``."""
        return f"{PREFIX}{self.id}"


DECLARED: tuple[Entry, ...] = (
    Entry(id="ST-MOD-01", family="own", title="known answers of published standards"),
    Entry(
        id="ST-MOD-02",
        family="own",
        title="which cryptographic module computes",
        feeds=columns("modules", *_MODULE),
        kinds=("modules.library",),
    ),
    Entry(id="ST-KMS-01", family="kms", title="generate a data key, unwrap it", actions=_USE),
    Entry(id="ST-KMS-02", family="kms", title="unwrap with other encryption contexts", actions=_USE),
    Entry(id="ST-KMS-03", family="kms", title="unwrap what was tampered with", actions=_USE),
    Entry(id="ST-KMS-04", family="kms", title="unwrap naming another key", actions=_USE),
    Entry(id="ST-KMS-05", family="kms", title="make 256 data keys, no two equal", actions=_USE),
    Entry(
        id="ST-KMS-06",
        family="kms",
        title="rewrap under a second key",
        actions=(*_USE, "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    ),
    Entry(id="ST-KMS-10", family="kms", title="use by a principal without rights is refused", actions=_USE),
    Entry(
        id="ST-KMS-07",
        family="kms",
        title="rotate the canary, unwrap old and new",
        actions=(*_USE, "kms:RotateKeyOnDemand"),
        changes_state=True,
    ),
    Entry(
        id="ST-KMS-08",
        family="kms",
        title="a disabled canary refuses use",
        actions=(*_USE, "kms:Encrypt", "kms:DisableKey", "kms:EnableKey"),
        changes_state=True,
    ),
    Entry(
        id="ST-KMS-09",
        family="kms",
        title="a canary that is pending deletion refuses use",
        actions=(*_USE, "kms:Encrypt", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:EnableKey"),
        changes_state=True,
    ),
    Entry(
        id="ST-KMS-11",
        family="kms",
        title="every call of the self-tests is in the audit log",
        actions=("cloudtrail:LookupEvents",),
        # What changes state is not done for this alone; where it was done, its calls are looked for as well.
        needs=("ST-KMS-01", "ST-KMS-02", "ST-KMS-04"),
    ),
    Entry(id="ST-HSM-01", family="hsm", title="the root key's value and its wrapping out are refused"),
    Entry(id="ST-HSM-02", family="hsm", title="attributes of the root key"),
    Entry(
        id="ST-HSM-03",
        family="hsm",
        title="the root wraps a key; tampering is refused",
        changes_state=True,
        proves=True,
    ),
    Entry(id="ST-HSM-04", family="hsm", title="without a login no key is visible or usable"),
    Entry(
        id="ST-DAT-01",
        family="data",
        title="sampled envelopes parse",
        # Of made-up objects, where the estate names some.
        actions=("s3:ListBucket", "s3:GetObject"),
    ),
    Entry(id="ST-DAT-02", family="data", title="no plaintext in encrypted columns"),
    Entry(id="ST-DAT-03", family="data", title="no nonce repeats; data keys are not overused"),
    Entry(id="ST-DAT-04", family="data", title="open a canary row with its unwrapped data key", proves=True),
    Entry(id="ST-DAT-05", family="data", title="open a tenant's row as another tenant"),
    Entry(id="ST-DAT-06", family="data", title="open a canary row that was tampered with"),
    Entry(id="ST-DAT-07", family="data", title="two data keys that open the same ciphertext"),
    Entry(id="ST-DAT-08", family="drill", title="rotation drill under load", changes_state=True),
    Entry(id="ST-DAT-09", family="drill", title="data key rotation, killed half-way and resumed", changes_state=True),
    Entry(id="ST-DAT-10", family="drill", title="crypto-shred of a tenant", changes_state=True),
)
"""In the order in which they run: those of one family that change state come last, then the audit log."""


@cache
def operations() -> tuple[Operation, ...]:
    """Return every self-test as an operation, so that controls plan those that they judge and no others."""
    return tuple(map(_operation, DECLARED))


def of_family(family: str) -> tuple[Entry, ...]:
    """Return the tests of a family, in the order in which they run."""
    return tuple(entry for entry in DECLARED if entry.family == family)


def _operation(entry: Entry) -> Operation:
    # A proof says how strong an edge is. That there are edges is not its to tell: the hierarchy is read without it.
    proof = ("bindings.strength", "key_chains.weakest") if entry.proves else ()
    return Operation(
        name=entry.operation,
        permissions=entry.actions,
        feeds=(*columns("selftests", *_COLUMNS), *proof, *entry.feeds),
        kinds=(f"selftests.{entry.id}", *entry.kinds),
        needs=tuple(f"{PREFIX}{name}" for name in entry.needs),
        purpose=f"self-test: {entry.title}",
    )


def told(entry: Entry, target: str, provider: str, outcome: Outcome, calls: Sequence[Call]) -> dict[str, Json]:
    """Return what is recorded of a test that ran."""
    word = {True: "pass", False: "fail", None: "unknown"}[outcome.passed]
    return {
        "test": entry.id,
        "target": target,
        "provider": provider,
        "outcome": word,
        "reason": "" if outcome.passed is not None else "unsupported",
        "detail": outcome.detail[:MOST_DETAIL],
        "cases": outcome.cases,
        "calls": [call.to_json() for call in calls],
        "edges": [
            {
                "child": edge.child,
                "child_kind": edge.child_kind,
                "parent": edge.parent,
                "parent_kind": edge.parent_kind,
            }
            for edge in outcome.edges
        ],
        "figures": dict(outcome.figures),
    }


def untold(entry: Entry, target: str, provider: str, error: CannotRunError, calls: Sequence[Call]) -> dict[str, Json]:
    """Return what is recorded of a test that made calls and could not tell."""
    body = told(entry, target, provider, Outcome(passed=None, detail=str(error), cases=0), calls)
    return {**body, "reason": error.reason.value}


def calls_in(body: dict[str, Json]) -> list[Call]:
    """Return the calls that a record tells."""
    listed = body.get("calls")
    return [
        Call(
            str(one.get("operation")),
            str(one.get("request_id")),
            str(one.get("code")),
            str(one.get("at")),
            logged=one.get("logged") is True,
            signer=str(one.get("signer")),
        )
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    ]
