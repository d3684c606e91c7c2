"""What authorities said of certificates to columns: whether one is revoked, and whether that may be relied on. Pure.

An answer is judged by the time at which it was read. One that had ended then says nothing good of a certificate any
more; that a certificate was withdrawn it says for ever, unless it was put on hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scanner.model.endpoints import TlsCertificateFact
from scanner.normalize.reading import Object, child, flag, moment, text
from scanner.normalize.records import Records

STAPLING = "endpoints:Stapling"
REVOCATION = "endpoints:Revocation"
GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
STAPLED = "stapled"
_WAYS = frozenset({"ocsp", "crl"})
_ON_HOLD = frozenset({"certificateHold", "removeFromCRL"})
_ASKEW = timedelta(minutes=5)
"""Clocks differ: an answer may be so much younger than the question."""


@dataclass(frozen=True, slots=True)
class _Said:
    status: str
    way: str
    begun: datetime | None
    until: datetime | None
    current: bool | None
    at: datetime | None
    reason: str | None

    @property
    def revoked(self) -> bool | None:
        if self.status == REVOKED:
            return None if not self.current and self.reason in {*_ON_HOLD, None} else True
        return False if self.status == GOOD and self.current else None


def with_revocation(unit: Records, subject: str, row: TlsCertificateFact) -> TlsCertificateFact:
    """Return the row of a certificate with what was said of it. Of several answers one that it is revoked counts."""
    own = child({"of": unit.response(STAPLING, subject)}, "of")
    if text(own, "fingerprint") != row.fingerprint:
        own = None
    about = f"{subject} {row.fingerprint}"
    asked = child({"of": unit.response(REVOCATION, about)}, "of")
    way = text(asked, "way") or ""
    said = [
        _said(child(asked, "answer"), way if way in _WAYS else "", _read_at(unit, REVOCATION, about)),
        _said(child(own, "answer"), STAPLED, _read_at(unit, STAPLING, subject)),
    ]
    found = [one for one in said if one is not None]
    evidence = {*row.evidence, *unit.ids(REVOCATION, about), *(unit.ids(STAPLING, subject) if own is not None else ())}
    row = replace(
        row,
        evidence=tuple(sorted(evidence)),
        must_staple=flag(own, "must_staple"),
        stapled=flag(own, "stapled"),
    )
    if not found:
        return row
    best = min(found, key=lambda one: (True, False, None).index(one.revoked))
    withdrawn = best.status == REVOKED
    return replace(
        row,
        revoked=best.revoked,
        revocation_status=best.status,
        revocation_way=best.way,
        revocation_as_of=best.begun,
        revocation_until=best.until,
        revocation_current=best.current,
        revoked_at=best.at if withdrawn else None,
        revocation_reason=best.reason if withdrawn else None,
    )


def _read_at(unit: Records, operation: str, subject: str) -> datetime | None:
    answer = unit.answer(operation, subject)
    return moment({"ended": answer.ended}, "ended") if answer is not None else None


def _said(answer: Object | None, way: str, read_at: datetime | None) -> _Said | None:
    """Return an answer that is understood. Its end is that of the responder's own certificate where this is first."""
    status = text(answer, "status")
    if status is None or status not in {GOOD, REVOKED, UNKNOWN} or not way:
        return None
    begun, until = moment(answer, "this_update"), moment(answer, "next_update")
    if text(answer, "signer") != "issuer":
        signer_until = moment(answer, "signer_until")
        until = min(until, signer_until) if until is not None and signer_until is not None else None
    current = None
    if begun is not None and read_at is not None:
        current = begun <= read_at + _ASKEW and until is not None and read_at <= until
    return _Said(status, way, begun, until, current, moment(answer, "revoked_at"), text(answer, "reason"))
