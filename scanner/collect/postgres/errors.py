"""Which failure of PostgreSQL means what. The server's words are kept only where they cannot hold a value of a row."""

from __future__ import annotations

import psycopg

from scanner.collect.interface import CallError
from scanner.model.estate import PostgresSource
from scanner.model.observation import GapReason

_HARMLESS = frozenset({"08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"})
"""Classes of SQLSTATE (PostgreSQL manual, appendix A) whose messages name objects and settings, and no data."""
_UNREACHABLE = frozenset({"08", "3D", "53", "57", "58"})
_REFUSED = ("28", "42501")
_WRONG_LAYOUT = frozenset({"42P01", "42703", "42846", "42883", "42804", "42809"})
"""No such table, column, cast or function, or of another type than the layout has it."""
_TIMED_OUT = frozenset({"57014", "55P03"})
"""Cancelled by ``statement_timeout``; a lock was not to be had within ``lock_timeout``."""
_AUTHENTICATION = (
    *("authentication failed", "no pg_hba.conf entry", "no password supplied", "pg_hba.conf rejects"),
    *("certificate required", "is not permitted to log in", "requires a valid client certificate"),
)
"""In what libpq says of a connection that the server refused: it gives no SQLSTATE."""


def bad_string(source: PostgresSource) -> CallError:
    """Return what is wrong with a connection string that is none. It is not repeated: it can hold a password."""
    detail = (
        f"the connection string of the source {source.name} cannot be understood; it looks like "
        "postgresql://user@host:5432/database?sslmode=verify-full, or host=... dbname=..."
    )
    return CallError(GapReason.FAILED, code="BadConnectionString", detail=detail)


def not_connected(error: psycopg.Error, password: str) -> CallError:
    """Turn a connection that did not come about into a CallError."""
    said = " ".join(str(error).split())
    if password:
        said = said.replace(password, "[redacted]")
    code = error.sqlstate or type(error).__name__
    refused = (error.sqlstate or "").startswith("28") or any(words in said for words in _AUTHENTICATION)
    return CallError(GapReason.DENIED if refused else GapReason.UNREACHABLE, code=code, detail=said)


def understand(error: psycopg.Error, source: PostgresSource) -> CallError:
    """Turn a failed statement into a CallError."""
    state = error.sqlstate or ""
    said = (error.diag.message_primary or "") if state[:2] in _HARMLESS else "the server's words are not kept"
    if not state:
        return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail="the connection was lost")
    if state in _TIMED_OUT:
        detail = f"{said}; raise `statement_timeout:` of the source {source.name} ({source.statement_timeout} seconds)"
        return CallError(GapReason.LIMIT, code=state, detail=detail)
    if state.startswith(_REFUSED):
        detail = f"{said}; `keyaudit permissions postgres` prints what to grant"
        return CallError(GapReason.DENIED, code=state, detail=detail)
    if state in _WRONG_LAYOUT:
        where = f"the layout {source.layout_path} does not fit the database" if source.layout else "not offered here"
        return CallError(GapReason.MALFORMED, code=state, detail=f"{said}; {where}")
    if state[:2] == "22":
        detail = f"a value is not of the form that the layout {source.layout_path} gives it; {said}"
        return CallError(GapReason.MALFORMED, code=state, detail=detail)
    reason = GapReason.UNREACHABLE if state[:2] in _UNREACHABLE else GapReason.FAILED
    return CallError(reason, code=state, detail=said)
