"""What comes due, for the report and in the formats of ``keyaudit forecast``: JSON, CSV, Markdown, iCalendar."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from scanner.model.control import Basis
from scanner.model.forecast import Due, DueKind, Forecast
from scanner.model.ids import Json
from scanner.render import words
from scanner.render.calendar import calendar
from scanner.render.interchange import document, instant
from scanner.render.markdown import code
from scanner.render.table_csv import cell
from scanner.render.text import visible

SCHEMA: Final = "keyaudit/forecast/1"
PRINTED: Final = 40
"""Rows of the table in print."""

KINDS: Final[Mapping[DueKind, str]] = {
    DueKind.ROTATION: "Rotation",
    DueKind.AUTOMATIC_ROTATION: "Rotation by the provider",
    DueKind.KEY_EXPIRY: "End of a key",
    DueKind.DELETION: "Destruction",
    DueKind.CERTIFICATE: "TLS certificate",
    DueKind.FIPS_SUNSET: "FIPS 140 sunset",
    DueKind.CREDENTIAL: "Credential",
    DueKind.AGREEMENT: "Contract",
    DueKind.DOCUMENT: "Document",
    DueKind.WAIVER: "Waiver or alternative",
    DueKind.SUPPORT: "End of support",
}
_INSIDE: Final[Mapping[DueKind, str]] = {
    of: name if name.startswith(("TLS", "FIPS")) else name.lower() for of, name in KINDS.items()
}
_TOLD: Final[Mapping[DueKind, str]] = {
    DueKind.CERTIFICATE: "the certificate itself",
    DueKind.FIPS_SUNSET: "the CMVP, as last read",
    DueKind.AGREEMENT: "the register of contracts",
    DueKind.DOCUMENT: "the register of documents",
    DueKind.WAIVER: "the register of exceptions",
    DueKind.SUPPORT: "what the provider has announced, as last read",
}
"""Who tells a deadline that is no limit of ours, where that is not the system that holds the subject."""
_COLUMNS: Final = (
    "due",
    "overdue",
    "kind",
    "subject",
    "label",
    "source",
    "what",
    "action",
    "rests_on",
    "parameter",
    "evidence",
)


def kind(of: DueKind) -> str:
    """Return a kind of deadline in words."""
    return KINDS[of]


def rests_on(due: Due) -> str:
    """Return what a deadline rests on, in words: law, standard, policy, or whoever tells it."""
    if due.basis is None:
        return _TOLD.get(due.kind, "the system itself")
    if due.own:
        return words.OWN_POLICY
    return words.REFERENCE_POLICY if due.basis is Basis.POLICY else words.BASIS[due.basis]


def named(kinds: Iterable[DueKind]) -> str:
    """Return kinds of deadlines in words, inside a sentence."""
    return ", ".join(_INSIDE[of] for of in kinds)


def caveats(forecast: Forecast) -> list[str]:
    """Return what the forecast does not know, as sentences."""
    unknown = ", ".join(f"{_INSIDE[of]} {count}" for of, count in forecast.unknown)
    return [
        *[f"{forecast.omitted} later deadlines are not listed."] * bool(forecast.omitted),
        *[f"The deadline is not known, because a fact or a limit is missing: {unknown}."] * bool(unknown),
        *[f"A listing was not read to its end, so there can be more of: {named(forecast.incomplete)}."]
        * bool(forecast.incomplete),
        *[f"Nothing was listed, which does not say that there is none, of: {named(forecast.unread)}."]
        * bool(forecast.unread),
    ]


def _json(forecast: Forecast, organization: str) -> bytes:
    unknown = dict(forecast.unknown)
    body: dict[str, Json] = {
        "schema": SCHEMA,
        "organization": visible(organization),
        "as_of": instant(forecast.as_of),
        "days": forecast.days,
        "due": [_deadline(due) for due in forecast.due],
        "omitted": forecast.omitted,
        "unknown": {of.value: unknown.get(of, 0) for of in DueKind},
        "incomplete": [of.value for of in forecast.incomplete],
        "unread": [of.value for of in forecast.unread],
    }
    return document(body)


def _deadline(due: Due) -> dict[str, Json]:
    return {
        "kind": due.kind.value,
        "due": instant(due.at),
        "overdue": due.overdue,
        "subject": visible(due.subject),
        "source": visible(due.source),
        "label": visible(due.label),
        "what": visible(due.what),
        "action": visible(due.action),
        "basis": due.basis.value if due.basis else None,
        "rests_on": rests_on(due),
        "parameter": due.parameter or None,
        "evidence": list(due.evidence),
    }


def _csv(forecast: Forecast, _: str) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for due in forecast.due:
        row = {**_deadline(due), "overdue": "yes" if due.overdue else "no", "evidence": " ".join(due.evidence)}
        writer.writerow([cell(str(row[name] or "")) for name in _COLUMNS])
    return file.getvalue().encode()


def _markdown(forecast: Forecast, organization: str) -> bytes:
    count = len(forecast.due) + forecast.omitted
    late = sum(due.overdue for due in forecast.due)
    lines = [
        f"## keyaudit: due within {forecast.days} {'day' if forecast.days == 1 else 'days'}",
        "",
        f"{code(organization)}, as of {instant(forecast.as_of)}: deadlines {count}, of these overdue {late}",
        "",
    ]
    if forecast.due:
        lines += ["| Due | What | Subject | Then | Do | Rests on |", "|---|---|---|---|---|---|"]
        lines += [_line(due) for due in forecast.due]
        lines.append("")
    lines += [f"- {said}" for said in caveats(forecast)]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _line(due: Due) -> str:
    day = f"{due.at:%Y-%m-%d}{' **overdue**' if due.overdue else ''}"
    label = f"{code(due.label)} " if due.label else ""
    return (
        f"| {day} | {KINDS[due.kind]} | {label}{code(due.subject)} | {code(due.what)} | {due.action} "
        f"| {rests_on(due)} |"
    )


FORMATS: Final[Mapping[str, Callable[[Forecast, str], bytes]]] = {
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
    "ics": lambda forecast, organization: calendar(forecast, organization, KINDS, rests_on),
}
"""Formats for other programs, given the organization's name."""


def schema() -> str:
    """Return the JSON Schema of ``keyaudit forecast --format json``."""
    return (Path(__file__).parent / "forecast.schema.json").read_text(encoding="utf-8")
