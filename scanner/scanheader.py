"""``scan.json``: what a scan was asked to do, by which rules, and how far it got."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from scanner.errors import EvidenceError
from scanner.model.control import Catalogue
from scanner.model.estate import Estate
from scanner.model.ids import Digest, Json
from scanner.model.report import ScanInfo, Totals

STATES = ("collecting", "collected", "complete")
FORMATS = ("json", "html", "pdf")


def instant(text: str) -> datetime:
    """Parse an RFC 3339 instant. Raises ValueError for other text and for text without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def written(moment: datetime) -> str:
    """Return an instant as RFC 3339 text in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The content of ``scan.json``."""

    id: str
    organization: str
    started: datetime
    as_of: datetime
    """UTC; the clock against which every age is judged."""
    estate_sha256: Digest
    controls: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Names of the sources to read; empty: all."""
    formats: tuple[str, ...] = ("json", "html", "pdf")
    state: str = "collecting"
    """``collecting``, ``collected`` (judging can be repeated), ``complete``."""
    ended: datetime | None = None
    """When the last answer was in."""
    tool_version: str = ""
    catalogue_sha256: Digest = Digest("")
    totals: Totals | None = None
    series: str = ""
    """Scans over time that it belongs to; empty: the organization's."""
    period: tuple[date, date] | None = None
    """First and last day, UTC, of the audit period to judge as well."""

    @property
    def series_name(self) -> str:
        """Name of the series that it belongs to."""
        return self.series or self.organization

    def to_json(self) -> dict[str, Json]:
        """Return the JSON form."""
        body: dict[str, Json] = {
            "id": self.id,
            "organization": self.organization,
            "started": written(self.started),
            "as_of": written(self.as_of),
            "estate_sha256": self.estate_sha256,
            "catalogue_sha256": self.catalogue_sha256,
            "tool_version": self.tool_version,
            "selection": {
                "controls": list(self.controls),
                "frameworks": list(self.frameworks),
                "phases": list(self.phases),
                "only": list(self.only),
            },
            "formats": list(self.formats),
            "state": self.state,
            "ended": written(self.ended) if self.ended else None,
        }
        if self.totals is not None:
            body["totals"] = {
                "pass": self.totals.passed,
                "fail": self.totals.failed,
                "unknown": self.totals.unknown,
                "not_applicable": self.totals.not_applicable,
                "waived": self.totals.waived,
            }
        if self.series:
            body["series"] = self.series
        if self.period:
            body["period"] = {"from": self.period[0].isoformat(), "to": self.period[1].isoformat()}
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Json], *, place: str = "scan.json") -> Header:
        """Read the JSON form, found at ``place``. Raises EvidenceError when it is not complete."""
        try:
            selection = body["selection"]
            if not isinstance(selection, dict):
                raise TypeError("`selection` is not an object")
            ended = body["ended"]
            return cls(
                id=_text(body, "id"),
                organization=_text(body, "organization"),
                started=instant(_text(body, "started")),
                as_of=instant(_text(body, "as_of")),
                estate_sha256=Digest(_text(body, "estate_sha256")),
                catalogue_sha256=Digest(_text(body, "catalogue_sha256")),
                tool_version=_text(body, "tool_version"),
                controls=_texts(selection, "controls"),
                frameworks=_texts(selection, "frameworks"),
                phases=_texts(selection, "phases"),
                only=_texts(selection, "only"),
                formats=_texts(body, "formats", FORMATS),
                state=_text(body, "state", STATES),
                ended=None if ended is None else instant(_text(body, "ended")),
                series=_text(body, "series") if "series" in body else "",
                period=_period(body.get("period")),
            )
        except KeyError as error:
            raise EvidenceError(f"{place}: `{error.args[0]}` is missing") from None
        except (TypeError, ValueError) as error:
            raise EvidenceError(f"{place}: {error}") from None

    def selection_text(self) -> str:
        """Return the selection in words."""
        parts = [
            f"{word} {', '.join(names)}"
            for word, names in (
                ("controls", self.controls),
                ("frameworks", self.frameworks),
                ("phases", self.phases),
                ("sources", self.only),
            )
            if names
        ]
        return "; ".join(parts) or "all controls, all sources"

    def info(self, estate: Estate, catalogue: Catalogue, *, principals: Collection[str]) -> ScanInfo:
        """Return what the report's cover says."""
        return ScanInfo(
            id=self.id,
            organization=self.organization,
            as_of=self.as_of,
            started=self.started,
            ended=self.ended or self.started,
            tool_version=self.tool_version,
            catalogue_sha256=catalogue.digest,
            estate_sha256=self.estate_sha256,
            principals=tuple(sorted(principals)),
            selection=self.selection_text(),
            policy=dict(estate.policy),
            insecure=tuple(s.endpoint_url for s in estate.aws if s.insecure),
        )


def _period(value: Json) -> tuple[date, date] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError("`period` is not an object")
    first, last = (date.fromisoformat(_text(value, key)) for key in ("from", "to"))
    if last < first:
        raise ValueError("`period` ends before it begins")
    return first, last


def _text(body: Mapping[str, Json], key: str, allowed: Collection[str] = ()) -> str:
    value = body[key]
    if not isinstance(value, str) or (allowed and value not in allowed):
        raise TypeError(f"`{key}` is not {' or '.join(allowed) or 'text'}")
    return value


def _texts(body: Mapping[str, Json], key: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    values = body[key]
    if not isinstance(values, list):
        raise TypeError(f"`{key}` is not a list")
    return tuple(_text({key: value}, key, allowed) for value in values)
