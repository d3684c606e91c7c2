"""Small controls, facts and gaps, and the verdicts that the engine gives on them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from scanner.evaluate.engine import Evaluation, Inputs, evaluate
from scanner.evaluate.locked import Limits
from scanner.evaluate.store import query, write_facts
from scanner.model.control import Basis, Citation, Control, Example, Parameter, Related, RestsOn, Severity
from scanner.model.facts import Fact
from scanner.model.ids import ControlId, Digest, Json, SourceId
from scanner.model.observation import Gap, GapReason
from scanner.model.operation import Operation
from scanner.model.tables import CoverageFact, KeyFact, KeyGrantFact, KeyPolicyFact
from scanner.model.verdict import ControlResult

SOURCE = "aws:111122223333:us-east-1"
OTHER = "aws:111122223333:us-west-2"
AS_OF = datetime(2026, 1, 1)  # noqa: DTZ001 - DuckDB's TIMESTAMP has no zone

OPERATIONS = (
    Operation(name="who", permissions=(), always=True),
    Operation(name="list", permissions=(), feeds=("keys.*", "keys.key_id", "key_policies.*")),
    Operation(name="describe", permissions=(), feeds=("keys.managed_by", "keys.length_bits", "keys.state")),
    Operation(name="rotation", permissions=(), feeds=("keys.rotation_enabled", "keys.rotation_period_days")),
    Operation(name="grants", permissions=(), feeds=("key_grants.*",)),
)


FLAG = (None, True, False)
INSTANT = (None, *(datetime(year, 6, 1) for year in (2015, 2024, 2025, 2026)))  # noqa: DTZ001 - as tables keep it
KEY_VALUES: dict[str, tuple[Any, ...]] = {
    "provider": ("aws", "aws", "azure"),
    "hsm_platform": (None, "0", "1", "2", "none"),
    "managed_by": (None, "customer", "customer", "provider"),
    "state": (None, "active", "active", "suspended", "deactivated"),
    "provider_state": (None, "Enabled", "PendingDeletion", "PendingReplicaDeletion"),
    "key_type": (None, "symmetric_key_wrapping", "private_signature", "symmetric_data_encryption"),
    "algorithm": (None, "AES", "RSA", "EC"),
    "usage": (None, "encrypt", "sign"),
    "usage_count": (None, 1, 2),
    "length_bits": (None, 0, 128, 224, 255, 256, 2048, 4096),
    "strength_bits": (None, 80, 112, 128),
    "approved_algorithm": FLAG,
    "origin": (None, "provider", "imported", "external_store"),
    "rotation_supported": FLAG,
    "rotation_enabled": FLAG,
    "rotation_period_days": (None, 90, 365, 900),
    "material_since": INSTANT,
    "created_at": INSTANT,
    "expires": FLAG,
    "expires_at": INSTANT,
    "deletion_scheduled": FLAG,
    "deletion_at": INSTANT,
    "deletion_window_days": (None, 7, 30),
    "ever_used": FLAG,
    "last_used_at": INSTANT,
    "use_tracked_since": INSTANT,
    "location_count": (None, 1, 2),
    "tags": (None, (), ("data-classification=ephi",)),
    "tag_keys": (None, (), ("owner", "tenant"), ("owner", "tenant", "data-classification")),
}
"""Values of the columns that controls read, such as do not go together included."""

GRANT_VALUES: dict[str, tuple[Any, ...]] = {
    "decrypts": FLAG,
    "can_regrant": FLAG,
    "grantee_is_service": FLAG,
    "cross_account": FLAG,
    "grantee_account": (None, "none", "999988887777"),
}


def a_control(**given: Any) -> Control:  # noqa: ANN401 - any field of Control
    """Return a control over keys that passes from 256 bits, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "id": ControlId("KM-TST-01"),
        "title": "Keys are long enough",
        "statement": "Each key has at least 256 bits.",
        "severity": Severity.HIGH,
        "phase": "generation",
        "citations": (Citation("hipaa-164.312", "164.312(a)(2)(iv)"),),
        "basis": Basis.POLICY,
        "parameters": (),
        "table": "keys",
        "related": (),
        "applies": "managed_by = 'customer'",
        "pass_when": "length_bits >= 256",
        "fail_when": "length_bits < 256",
        "observe": (),
        "rests_on": RestsOn.OBSERVED,
        "rationale": "A test.",
        "undecided": "",
        "remedy": (("any", "Make a longer key."),),
        "examples": (),
        "path": "controls/generation/KM-TST-01.yaml",
        "digest": Digest("sha256:0"),
    }
    return Control(**{**fields, **given})


def a_parameter(name: str, default: Json, basis: Basis = Basis.POLICY, unit: str = "") -> Parameter:
    """Return a parameter."""
    return Parameter(name, default, unit, basis, "a test")


def grants(aggregate: str, where: str = "decrypts", *, value: str = "", name: str = "found") -> Related:
    """Return a related value over the grants of a key."""
    return Related(name, aggregate, "key_grants", "key_id", "key_id", where, value)


def an_example(*rows: dict[str, Json], expect: dict[str, str], **given: Any) -> Example:  # noqa: ANN401 - any field
    """Return an example of a control."""
    return Example("an example", rows=rows, expect=tuple(expect.items()), **given)


def a_key(key_id: str = "k", **given: Any) -> KeyFact:  # noqa: ANN401 - any column of KeyFact
    """Return a customer's key of 256 bits, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "source": SourceId(SOURCE),
        "evidence": (Digest("sha256:1"),),
        "provider": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "managed_by": "customer",
        "length_bits": 256,
    }
    return KeyFact(key_id=key_id, **{**fields, **given})


def a_grant(grant_id: str, key_id: str = "k", **given: Any) -> KeyGrantFact:  # noqa: ANN401 - any column
    """Return a grant on a key of which nothing else is known, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {"source": SourceId(SOURCE), "evidence": (Digest("sha256:2"),), "account": "111122223333"}
    return KeyGrantFact(grant_id=grant_id, key_id=key_id, **{**fields, **given})


def a_policy(key_id: str = "k", **given: Any) -> KeyPolicyFact:  # noqa: ANN401 - any column of KeyPolicyFact
    """Return the policy of a customer's key."""
    fields: dict[str, Any] = {"source": SourceId(SOURCE), "evidence": (), "account": "1", "managed_by": "customer"}
    return KeyPolicyFact(key_id=key_id, **{**fields, **given})


def listed(table: str = "keys", parent: str = SOURCE, *, complete: bool = True, source: str = SOURCE) -> CoverageFact:
    """Return the row that says how far a listing was read."""
    return CoverageFact(
        source=SourceId(source),
        evidence=(Digest("sha256:3"),),
        coverage_id=f"{table} {parent}",
        listed_table=table,
        parent_id=parent,
        complete=complete,
        row_count=1,
    )


def a_gap(operation: str, subject: str | None = None, **given: Any) -> Gap:  # noqa: ANN401 - any field of Gap
    """Return a denied read."""
    fields: dict[str, Any] = {
        "id": Digest(f"sha256:gap {operation} {subject}"),
        "source": SourceId(SOURCE),
        "source_name": "main",
        "account": "111122223333",
        "region": "us-east-1",
        "collector": "aws.kms",
        "params": {},
        "endpoint": "https://kms",
        "principal": "arn",
        "started": "",
        "ended": "",
        "attempts": 1,
        "request_id": "",
        "page": 0,
        "run": 1,
        "reason": GapReason.DENIED,
        "error_code": "",
        "detail": "",
    }
    return Gap(operation=operation, subject=subject, **{**fields, **given})


@dataclass(frozen=True, slots=True)
class Judged:
    """What an evaluation left: its results and its files."""

    evaluation: Evaluation
    verdicts: Path
    facts: Path

    @property
    def result(self) -> ControlResult:
        """The result of the only control."""
        (result,) = self.evaluation.results
        return result

    def result_of(self, control: str) -> ControlResult:
        """Return the result of a control."""
        (result,) = [one for one in self.evaluation.results if one.control.id == control]
        return result

    def rows(self, columns: str = "*", control: str = "%") -> list[tuple[Any, ...]]:
        """Return rows of the verdict file, in its order."""
        sql = f"SELECT {columns} FROM read_parquet($path) WHERE control_id LIKE $control"
        return query(sql, {"path": str(self.verdicts), "control": control}).fetchall()

    def verdict(self, subject: str = "k") -> str:
        """Return the verdict of a subject by the only control."""
        (found,) = [verdict for one, verdict in self.rows("subject, verdict") if one == subject]
        return str(found)

    def reason(self, subject: str = "k") -> str:
        """Return the reason of a subject's verdict by the only control."""
        (found,) = [reason for one, reason in self.rows("subject, reason") if one == subject]
        return str(found)

    def observed(self, subject: str = "k") -> Json:
        """Return the observed values of a subject by the only control."""
        (found,) = [json.loads(observed) for one, observed in self.rows("subject, observed") if one == subject]
        return found  # type: ignore[no-any-return]  # what JSON can hold


def judge(
    folder: Path,
    controls: Control | Sequence[Control],
    facts: Iterable[Fact],
    *,
    gaps: Sequence[Gap] = (),
    **given: Any,  # noqa: ANN401 - as decide takes it
) -> Judged:
    """Write facts and judge them. ``folder`` gets the files."""
    write_facts(facts, folder / "facts")
    return decide(folder, controls, folder / "facts", gaps=gaps, **given)


def decide(
    folder: Path,
    controls: Control | Sequence[Control],
    facts: Path,
    *,
    gaps: Sequence[Gap] = (),
    operations: Sequence[Operation] = OPERATIONS,
    limits: Limits | None = None,
    **given: Any,  # noqa: ANN401 - any other field of Inputs
) -> Judged:
    """Judge the facts of a folder."""
    inputs = Inputs(**{"facts": facts, "gaps": gaps, "operations": operations, "policy": {}, "as_of": AS_OF, **given})
    chosen = (controls,) if isinstance(controls, Control) else controls
    evaluation = evaluate(chosen, inputs, verdicts=folder / "verdicts.parquet", limits=limits or Limits(threads=1))
    return Judged(evaluation, folder / "verdicts.parquet", facts)


def with_ids(control: Control, *ids: str) -> list[Control]:
    """Return copies of a control under other ids."""
    return [replace(control, id=ControlId(one)) for one in ids]
