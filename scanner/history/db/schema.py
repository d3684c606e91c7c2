"""Tables of the store, the same in SQLite and PostgreSQL.

What repeats from scan to scan is kept once: texts, what describes a control, what is known of a key. A row of a scan
refers to it. Texts are found by their SHA-256, so that none is too long for an index.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from scanner.history.db.columns import Escaped, Instant, JsonText

VERSION_TABLE: Final = "keyaudit_version"
"""Where the revision of the schema stands; by it a database is known as a store of ours."""
metadata: Final = sa.MetaData()


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=False)


def _to(name: str, target: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[int]:
    to = sa.ForeignKey(f"{target}.number")
    return sa.Column(name, sa.Integer, to, primary_key=primary_key, nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, Escaped, nullable=False)


def _fingerprint() -> sa.Column[bytes]:
    return sa.Column("sha256", sa.LargeBinary(32), nullable=False, unique=True)


text: Final = sa.Table("text", metadata, _number(), _fingerprint(), _text("content"))

scan: Final = sa.Table(
    "scan",
    metadata,
    _number(),
    sa.Column("id_sha256", sa.LargeBinary(32), nullable=False, unique=True),
    _text("id"),
    _to("series", "text"),
    _text("organization"),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("started", Instant, nullable=False),
    sa.Column("ended", Instant, nullable=False),
    *map(_text, ("tool_version", "catalogue_sha256", "estate_sha256", "selection")),
    *map(_count, ("passed", "failed", "unknown", "not_applicable", "waived", "gaps")),
    sa.Column("keys_complete", sa.Boolean),
    sa.Column("forgotten", sa.Boolean, nullable=False),
    sa.Index("scan_by_time", "series", "as_of"),
)

checkpoint: Final = sa.Table(
    "checkpoint",
    metadata,
    _to("scan", "scan", primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    _text("digest"),
    _text("name"),
    sqlite_with_rowid=False,
)

control: Final = sa.Table(
    "control",
    metadata,
    _number(),
    _fingerprint(),
    *map(_text, ("id", "title", "severity", "phase", "digest")),
    sa.Column("clauses", JsonText, nullable=False),
    sa.Column("thresholds", JsonText, nullable=False),
)

control_state: Final = sa.Table(
    "control_state",
    metadata,
    _to("scan", "scan", primary_key=True),
    _to("control", "control", primary_key=True),
    _text("verdict"),
    *map(_count, ("passed", "failed", "unknown", "not_applicable", "waived")),
    sa.Column("unread", sa.Boolean, nullable=False),
    sa.Index("control_state_by_control", "control"),
    sqlite_with_rowid=False,
)

finding: Final = sa.Table(
    "finding",
    metadata,
    _number(),
    *(_to(name, "text") for name in ("series", "control", "subject", "source", "label")),
    _to("first_scan", "scan", nullable=True),
    _to("last_scan", "scan", nullable=True),
    sa.UniqueConstraint("series", "subject", "control", "source", name="finding_once"),
    sa.Index("finding_by_first", "first_scan"),
    sa.Index("finding_by_last", "last_scan"),
)

sighting: Final = sa.Table(
    "sighting",
    metadata,
    _to("scan", "scan", primary_key=True),
    _to("finding", "finding", primary_key=True),
    *map(_text, ("verdict", "rests_on", "waiver")),
    _to("reason", "text"),
    _to("observed", "text"),
    sa.Index("sighting_by_finding", "finding"),
    sqlite_with_rowid=False,
)

key: Final = sa.Table(
    "key",
    metadata,
    _number(),
    _fingerprint(),
    _to("key_id", "text"),
    _to("source", "text"),
    *(sa.Column(name, Escaped) for name in ("provider", "name", "managed_by", "key_type", "state")),
    sa.Column("created_at", Instant),
    sa.Column("material_since", Instant),
    sa.Column("rotation_enabled", sa.Boolean),
    sa.Column("rotation_period_days", sa.BigInteger),
    sa.Column("expires", sa.Boolean),
    sa.Column("expires_at", Instant),
)

key_state: Final = sa.Table(
    "key_state",
    metadata,
    _to("scan", "scan", primary_key=True),
    _to("key", "key", primary_key=True),
    sa.Index("key_state_by_key", "key"),
    sqlite_with_rowid=False,
)

logging_state: Final = sa.Table(
    "logging_state",
    metadata,
    _to("scan", "scan", primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    _text("scope"),
    sa.Column("management_recorded", sa.Boolean),
    sa.Column("use_recorded", sa.Boolean),
    sqlite_with_rowid=False,
)

scope_state: Final = sa.Table(
    "scope_state",
    metadata,
    _to("scan", "scan", primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    _text("source"),
    _text("name"),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("keys_listed", sa.Boolean),
    sqlite_with_rowid=False,
)

DETAILS: Final = (control_state, sighting, key_state, logging_state, scope_state)
"""What a scan has beside its own row and its checkpoints."""
