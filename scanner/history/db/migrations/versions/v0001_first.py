"""The first schema."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from scanner.history.db.columns import Escaped, Instant, JsonText

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _shared()
    _scans()
    _findings()
    _states()


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


def _to(name: str, target: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{target}.number"), nullable=nullable)


def _of_scan(name: str, target: str) -> tuple[sa.Column[int], sa.Column[int], sa.PrimaryKeyConstraint]:
    return _to("scan", "scan"), _to(name, target), sa.PrimaryKeyConstraint("scan", name)


def _placed() -> tuple[sa.Column[int], sa.Column[int], sa.PrimaryKeyConstraint]:
    return _to("scan", "scan"), _count("place"), sa.PrimaryKeyConstraint("scan", "place")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, Escaped, nullable=nullable)


def _truth(name: str, *, nullable: bool = True) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=nullable)


def _digest(name: str = "sha256") -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(32), nullable=False, unique=True)


def _instants(*names: str, nullable: bool = False) -> list[sa.Column[datetime]]:
    return [sa.Column(name, Instant, nullable=nullable) for name in names]


def _shared() -> None:
    op.create_table("text", _number(), _digest(), _text("content"))
    op.create_table(
        "control",
        _number(),
        _digest(),
        *map(_text, ("id", "title", "severity", "phase", "digest")),
        *(sa.Column(name, JsonText, nullable=False) for name in ("clauses", "thresholds")),
    )
    op.create_table(
        "key",
        _number(),
        _digest(),
        _to("key_id", "text"),
        _to("source", "text"),
        *(_text(name, nullable=True) for name in ("provider", "name", "managed_by", "key_type", "state")),
        *_instants("created_at", "material_since", nullable=True),
        _truth("rotation_enabled"),
        sa.Column("rotation_period_days", sa.BigInteger),
        _truth("expires"),
        *_instants("expires_at", nullable=True),
    )


def _scans() -> None:
    op.create_table(
        "scan",
        _number(),
        _digest("id_sha256"),
        _text("id"),
        _to("series", "text"),
        _text("organization"),
        *_instants("as_of", "started", "ended"),
        *map(_text, ("tool_version", "catalogue_sha256", "estate_sha256", "selection")),
        *map(_count, ("passed", "failed", "unknown", "not_applicable", "waived", "gaps")),
        _truth("keys_complete"),
        _truth("forgotten", nullable=False),
    )
    op.create_index("scan_by_time", "scan", ["series", "as_of"])
    op.create_table("checkpoint", *_placed(), _text("digest"), _text("name"), sqlite_with_rowid=False)


def _findings() -> None:
    op.create_table(
        "finding",
        _number(),
        *(_to(name, "text") for name in ("series", "control", "subject", "source", "label")),
        _to("first_scan", "scan", nullable=True),
        _to("last_scan", "scan", nullable=True),
        sa.UniqueConstraint("series", "subject", "control", "source", name="finding_once"),
    )
    op.create_index("finding_by_first", "finding", ["first_scan"])
    op.create_index("finding_by_last", "finding", ["last_scan"])
    op.create_table(
        "sighting",
        *_of_scan("finding", "finding"),
        *map(_text, ("verdict", "rests_on", "waiver")),
        _to("reason", "text"),
        _to("observed", "text"),
        sqlite_with_rowid=False,
    )
    op.create_index("sighting_by_finding", "sighting", ["finding"])


def _states() -> None:
    op.create_table(
        "control_state",
        *_of_scan("control", "control"),
        _text("verdict"),
        *map(_count, ("passed", "failed", "unknown", "not_applicable", "waived")),
        _truth("unread", nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("control_state_by_control", "control_state", ["control"])
    op.create_table("key_state", *_of_scan("key", "key"), sqlite_with_rowid=False)
    op.create_index("key_state_by_key", "key_state", ["key"])
    op.create_table(
        "logging_state",
        *_placed(),
        _text("scope"),
        _truth("management_recorded"),
        _truth("use_recorded"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scope_state",
        *_placed(),
        _text("source"),
        _text("name"),
        _truth("whole", nullable=False),
        _truth("keys_listed"),
        sqlite_with_rowid=False,
    )
