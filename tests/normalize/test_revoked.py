"""What authorities said of certificates to columns, from a real stapled answer, and from answers at every time."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from scanner.model.endpoints import TlsCertificateFact
from scanner.model.estate import EndpointSource
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.normalize.endpoints import normalize
from scanner.normalize.revoked import REVOCATION, STAPLING
from tests.collect.endpoints.revoking import Says, answer, leaf, stapling
from tests.collect.endpoints.running import scanned
from tests.normalize.builders import observed

SUBJECT = "endpoint:stapler"
ABOUT = f"{SUBJECT} {leaf().fingerprint(SHA256()).hex()}"
READ = "2026-06-15T12:00:00.000Z"
GOOD: dict[str, Json] = {
    "status": "good",
    "this_update": "2026-06-14T12:00:00Z",
    "next_update": "2026-06-16T12:00:00Z",
    "signer": "issuer",
}
REVOKED: dict[str, Json] = {
    **GOOD,
    "status": "revoked",
    "revoked_at": "2026-06-10T12:00:00Z",
    "reason": "keyCompromise",
}


@cache
def records() -> tuple[Record, ...]:
    """Return what a scan of OpenSSL's server with a good answer writes."""
    server = stapling()
    server.staple(answer(Says()))
    source = EndpointSource(name="stapler", url=f"https://127.0.0.1:{server.port}", ca_bundle=str(server.bundle))
    names = frozenset(f"endpoints:{name}" for name in ("Endpoint", "Handshake", "Stapling", "Revocation"))
    with tempfile.TemporaryDirectory() as folder:
        return tuple(scanned(Path(folder), source, names))


def own(*more: Record, stapled: Json = "as it was") -> TlsCertificateFact:
    """Return the row of the server's certificate. ``stapled`` replaces the answer that was stapled."""
    found = [
        replace(one, response=stapled)
        if isinstance(one, Observation) and one.operation == STAPLING and stapled != "as it was"
        else one
        for one in records()
    ]
    rows = [one for one in normalize([*found, *more]) if isinstance(one, TlsCertificateFact)]
    return next(row for row in rows if row.leaf)


def asked(said: Json, way: str = "ocsp") -> Observation:
    return observed(REVOCATION, {"way": way, "asked": "ocsp.example", "answer": said}, subject=ABOUT, ended=READ)


def test_a_stapled_answer() -> None:
    row = own()
    assert (row.stapled, row.must_staple, row.revoked, row.revocation_way) == (True, False, False, "stapled")
    assert (row.revocation_status, row.revocation_current) == ("good", True)
    assert row.revocation_as_of == datetime(2026, 6, 14, 12)  # noqa: DTZ001 - as DuckDB keeps it
    assert row.revocation_until == datetime(2026, 6, 16, 12)  # noqa: DTZ001 - as above
    assert (row.revoked_at, row.revocation_reason) == (None, None)
    assert {one.id for one in records() if one.operation == STAPLING} <= set(row.evidence)


@pytest.mark.parametrize(
    "body", [None, {}, 7, {"fingerprint": "of another", "answer": GOOD, "must_staple": True}, {"spoken": False}]
)
def test_without_a_stapled_answer_of_this_certificate_nothing_is_known(body: Json) -> None:
    row = own(stapled=body)
    assert (row.stapled, row.must_staple, row.revoked, row.revocation_status) == (None, None, None, None)


def test_the_authority_itself_counts_before_what_was_stapled() -> None:
    row = own(asked(GOOD, "crl"))
    assert (row.revoked, row.revocation_way, row.stapled) == (False, "crl", True)
    revoked = own(asked(REVOKED))
    assert (revoked.revoked, revoked.revocation_way, revoked.revocation_reason) == (True, "ocsp", "keyCompromise")
    assert revoked.revoked_at == datetime(2026, 6, 10, 12)  # noqa: DTZ001 - as above
    # Of two answers the one that is known to hold counts, and one that it is revoked before all.
    assert own(asked({**GOOD, "status": "unknown"})).revocation_way == "stapled"


@pytest.mark.parametrize(
    ("change", "revoked", "current"),
    [
        ({}, False, True),
        ({"next_update": "2026-06-15T12:00:00Z"}, False, True),
        ({"next_update": "2026-06-15T11:59:59Z"}, None, False),
        ({"next_update": None}, None, False),
        ({"next_update": "soon"}, None, False),
        ({"this_update": "2026-06-15T12:05:00Z"}, False, True),
        ({"this_update": "2026-06-15T12:05:01Z"}, None, False),
        ({"this_update": None}, None, None),
        ({"status": "unknown"}, None, True),
        ({"signer": "responder", "signer_until": "2026-06-15T12:00:00Z"}, False, True),
        ({"signer": "responder", "signer_until": "2026-06-15T11:00:00Z"}, None, False),
        ({"signer": "responder"}, None, False),
        ({"signer": None}, None, False),
    ],
    ids=str,
)
def test_an_answer_counts_while_it_is_in_force(
    change: dict[str, Json], revoked: bool | None, current: bool | None
) -> None:
    row = own(asked({**GOOD, **change}), stapled=None)
    assert (row.revoked, row.revocation_current) == (revoked, current)


@pytest.mark.parametrize(
    ("reason", "ended", "revoked"),
    [
        ("keyCompromise", False, True),
        ("keyCompromise", True, True),
        ("certificateHold", False, True),
        ("certificateHold", True, None),
        ("removeFromCRL", True, None),
        (None, True, None),
        ("none", True, True),
    ],
)
def test_what_was_withdrawn_stays_so_unless_it_was_on_hold(reason: Json, ended: bool, revoked: bool | None) -> None:
    until = "2026-06-15T00:00:00Z" if ended else "2026-06-16T00:00:00Z"
    row = own(asked({**REVOKED, "reason": reason, "next_update": until}), stapled=None)
    assert (row.revoked, row.revocation_current) == (revoked, not ended)


@pytest.mark.parametrize("said", [None, {}, 7, {**GOOD, "status": 7}, {**GOOD, "status": "fine"}])
def test_what_is_not_understood_is_not_known(said: Json) -> None:
    assert own(asked(said), stapled=None).revocation_status is None
    assert own(asked(GOOD, "hearsay"), stapled=None).revocation_status is None


def test_the_clock_of_the_reading_counts() -> None:
    late = (datetime.fromisoformat(READ) + timedelta(days=3)).isoformat()
    body: Json = {"way": "ocsp", "answer": GOOD}
    row = own(observed(REVOCATION, body, subject=ABOUT, ended=late), stapled=None)
    assert (row.revoked, row.revocation_current) == (None, False)
