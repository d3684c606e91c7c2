"""What comes due: rotations, expiries, sunsets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scanner.model.control import Basis
from scanner.model.ids import Digest


class DueKind(StrEnum):
    """What is due."""

    ROTATION = "rotation"
    """The cryptoperiod of a key's current material ends."""
    AUTOMATIC_ROTATION = "automatic_rotation"
    """The provider will rotate by itself."""
    KEY_EXPIRY = "key_expiry"
    """A key, or its imported material, ends by itself."""
    DELETION = "deletion"
    """A key or a version will be destroyed."""
    CERTIFICATE = "certificate"
    """A TLS certificate, or one that a vendor trusts, ends."""
    FIPS_SUNSET = "fips_sunset"
    """A FIPS 140 certificate goes to the historical list."""
    CREDENTIAL = "credential"
    """An API key ends, or reaches its greatest age."""
    AGREEMENT = "agreement"
    """A contract ends, or its review is due."""
    DOCUMENT = "document"
    """A document's review is due."""
    WAIVER = "waiver"
    """A waiver or a documented alternative ends."""
    SUPPORT = "support"
    """A provider ends the support of what is in use."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold in days that a scan judged by."""

    days: int
    basis: Basis
    own: bool = False
    """The organization's policy sets it; else it is the catalogue's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One deadline."""

    kind: DueKind
    rule: str
    """What sets it, in one word: a subject has one deadline of each rule."""
    at: datetime
    """UTC. Where only days count, the last second of the last day."""
    subject: str
    source: str
    label: str
    """Name for people, or empty."""
    what: str
    """What happens then, in words."""
    action: str
    """What to do before, in words."""
    basis: Basis | None = None
    """What the deadline rests on where it is a limit of ours; None where the system itself tells it."""
    own: bool = False
    """That limit is the organization's own policy."""
    parameter: str = ""
    """Threshold that sets it, or empty."""
    overdue: bool = False
    """It lies before the as-of of the scan."""
    evidence: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Deadlines in the days after a scan."""

    as_of: datetime
    """UTC."""
    days: int
    """How far it looks, in calendar days (UTC) after that of the as-of."""
    due: tuple[Due, ...]
    """What is overdue first, then by date, kind and subject."""
    omitted: int = 0
    """Later deadlines that were left out of ``due`` because there are too many."""
    weeks: tuple[tuple[int, DueKind, int], ...] = ()
    """(week from 0, kind, number of deadlines), those of ``omitted`` as well; the week of what is overdue is -1."""
    unknown: tuple[tuple[DueKind, int], ...] = ()
    """Subjects whose deadline is not known because a fact or a limit is missing."""
    incomplete: tuple[DueKind, ...] = ()
    """Kinds of which a listing was not read to its end: there can be more of them."""
    unread: tuple[DueKind, ...] = ()
    """Kinds of which nothing was listed. That does not say that there are none."""
