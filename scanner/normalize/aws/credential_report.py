"""The credential report of AWS IAM to rows: passwords and access keys, of users and of the root user. Pure.

Source: IAM User Guide, "Generate credential reports for your AWS account": `N/A` and `no_information` of a date of last
use say that there was none since that is tracked; the root user's `password_enabled` is always `not_supported`, its
password never expires, and access keys never do.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from scanner.model.access import CredentialFact
from scanner.model.observation import Observation
from scanner.normalize.reading import moment

ROOT = "<root_account>"
NONE = frozenset({"N/A", "no_information"})
"""Words for a date that there is not."""
_FLAGS = {"true": True, "false": False}
_MORE = "additional_credentials_info"
"""Column of what a user has beside two access keys; empty or `N/A` where that is all."""

Line = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was understood as far as it can be."""

    page: Observation
    lines: tuple[Line, ...]
    complete: bool
    """Every line was understood, and names every credential of its user."""

    @property
    def users(self) -> dict[str, Line]:
        """Lines by the name of the user."""
        return {line["user"]: line for line in self.lines}


def read_report(page: Observation) -> Report | None:
    """Return the report in an answer of GetCredentialReport, or None when it is none."""
    content = page.response.get("Content") if isinstance(page.response, dict) and not page.error_code else None
    texts = [line for line in content if isinstance(line, str)] if isinstance(content, list) else []
    if not texts or not isinstance(content, list):
        return None
    cut = {path for path in page.redacted if path.startswith("/response/Content/")}
    # A line that redaction has cut is not what was reported.
    whole = [line for i, line in enumerate(texts) if f"/response/Content/{i}" not in cut]
    header = _values(texts[0])
    lines = [line for text in whole[1:] if (line := _line(header, text)) is not None]
    complete = len(lines) == len(content) - 1 and all(line.get(_MORE, "") in {"", "N/A"} for line in lines)
    return Report(page, tuple(lines), complete)


def _values(text: str) -> list[str]:
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []  # a value of a length that no name has


def _line(header: list[str], text: str) -> Line | None:
    values = _values(text)
    line = dict(zip(header, values, strict=False))
    return line if len(values) == len(header) and line.get("user") and line.get("arn") else None


def credential_rows(report: Report, root_password: bool | None) -> Iterator[CredentialFact]:
    """Yield the credentials of a report. ``root_password``: whether the root user has one."""
    for line in report.lines:
        yield from _password(report.page, line, root_password)
        yield from (row for number in (1, 2) if (row := _access_key(report.page, line, number)) is not None)


def _credential(page: Observation, line: Line, name: str, kind: str) -> CredentialFact:
    return CredentialFact(
        source=page.source,
        evidence=(page.id,),
        credential_id=f"{line['arn']}/{name}",
        account=page.account,
        provider="aws",
        principal=line["arn"],
        kind=f"root_{kind}" if line["user"] == ROOT else kind,
        mfa=_FLAGS.get(line.get("mfa_active", "")),
        service="any",
    )


def _password(page: Observation, line: Line, root_password: bool | None) -> Iterator[CredentialFact]:
    root = line["user"] == ROOT
    enabled = root_password if root else _FLAGS.get(line.get("password_enabled", ""))
    if enabled is False:
        return
    ends = line.get("password_next_rotation", "")
    yield replace(
        _credential(page, line, "password", "password"),
        active=enabled,
        created_at=_date(line, "password_last_changed"),
        used=_used(line, "password_last_used"),
        last_used_at=_date(line, "password_last_used"),
        expires=False if root else _expires(ends),
        expires_at=None if root else _date(line, "password_next_rotation"),
    )


def _expires(text: str) -> bool | None:
    if text in NONE:
        return False
    return True if _date({"at": text}, "at") else None


def _access_key(page: Observation, line: Line, number: int) -> CredentialFact | None:
    name = f"access_key_{number}"
    active = _FLAGS.get(line.get(f"{name}_active", ""))
    if active is False and line.get(f"{name}_last_rotated") in NONE:
        return None  # there is no such key
    return replace(
        _credential(page, line, name, "access_key"),
        active=active,
        created_at=_date(line, f"{name}_last_rotated"),
        used=_used(line, f"{name}_last_used_date"),
        last_used_at=_date(line, f"{name}_last_used_date"),
        expires=False,
    )


def _used(line: Line, column: str) -> bool | None:
    if line.get(column) in NONE:
        return False
    return True if _date(line, column) else None


def _date(line: Line, column: str) -> datetime | None:
    return moment({"at": line.get(column)}, "at")
