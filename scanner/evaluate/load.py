"""The catalogue from its files: one YAML file a control, one a framework. Every error names file and line."""

from __future__ import annotations

import difflib
import functools
import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from scanner.errors import ConfigError, Place, UsageError
from scanner.model.control import (
    Basis,
    Catalogue,
    Citation,
    Clause,
    Control,
    Example,
    Framework,
    Parameter,
    Related,
    RestsOn,
    Severity,
)
from scanner.model.ids import ControlId, Digest, Json
from scanner.model.tables import BY_NAME
from scanner.yamlfile import Document, parse, read, validate

PHASES = (
    "inventory",
    "generation",
    "distribution",
    "storage",
    "access",
    "rotation",
    "revocation",
    "destruction",
    "audit",
    "algorithms",
    "modules",
    "transmission",
    "vendors",
    "emergency",
    "governance",
)
"""Life-cycle phases, in the order of the report."""

FRAMEWORKS = "frameworks"
TABLES = ("cmvp.yaml",)
"""Files of the catalogue that are neither a control nor a framework, and that verdicts rest on all the same."""
AGGREGATES = ("count", "any", "all", "min", "max")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ID = re.compile(r"[A-Z]{2,4}-[A-Z]{2,4}-[0-9]{2}")


def _named(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise ValueError("a name is made of lower-case letters, digits and _, such as `kek_max_days`")
    return given


def _identified(given: str) -> str:
    if not _ID.fullmatch(given):
        raise ValueError("an id looks like KM-ROT-04: catalogue, phase, two digits")
    return given


Name = Annotated[str, AfterValidator(_named)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Condition = Annotated[Text, BeforeValidator(lambda given: str(given).lower() if isinstance(given, bool) else given)]
"""SQL. `true` alone is a boolean to YAML and a condition to us."""
Value = str | int | float | bool | list[str] | None
Row = dict[Name, Value]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Citation(_Strict):
    framework: Text
    ref: Text
    mapping: Literal["", "nist", "author"] = ""


class _Parameter(_Strict):
    default: int | float | str | list[str]
    unit: str = ""
    basis: Literal[tuple(b.value for b in Basis)]  # type: ignore[valid-type]  # the values of the enum
    source: Text


class _Related(_Strict):
    count: Text | None = None
    any: Text | None = None
    all: Text | None = None
    min: Text | None = None
    max: Text | None = None
    on: Name
    to: Name | None = None
    where: Condition = "true"


class _Example(_Strict):
    name: Text
    rows: list[Row]
    expect: dict[str, Literal["pass", "fail", "unknown", "not_applicable"]]
    related: dict[Name, list[Row]] = {}
    unlisted: list[Name] = []
    parameters: dict[Name, Value] = {}
    as_of: str = ""


class _Control(_Strict):
    id: Annotated[str, AfterValidator(_identified)]
    title: Text
    statement: Text
    severity: Literal["critical", "high", "medium", "low"]
    phase: Literal[PHASES]  # type: ignore[valid-type]  # the literal values above
    citations: Annotated[list[_Citation], Field(min_length=1)]
    basis: Literal[tuple(b.value for b in Basis)]  # type: ignore[valid-type]  # the values of the enum
    parameters: dict[Name, _Parameter] = {}
    subject: Literal[tuple(BY_NAME)]  # type: ignore[valid-type]  # the names of the fact tables
    related: dict[Name, _Related] = {}
    applies: Condition
    pass_: Annotated[Condition, Field(alias="pass")]
    fail: Condition
    observe: list[Name] = []
    rests_on: Literal["observed", "proven", "attested"] = "observed"
    rationale: Text
    undecided: str = ""
    remedy: Annotated[dict[Name, Text], Field(min_length=1)]
    examples: Annotated[list[_Example], Field(min_length=1)]


class _Clause(_Strict):
    ref: Text
    title: Text
    rule: Literal["Required", "Addressable", "Standard", ""] = ""
    text: str = ""
    binding: bool = False


class _Framework(_Strict):
    id: Text
    title: Text
    version: Text
    note: str = ""
    clauses: Annotated[list[_Clause], Field(min_length=1)]
    crosswalk: dict[str, list[str]] = {}


def load_catalogue(folder: Path) -> Catalogue:
    """Read every control and framework of a folder. Raises ConfigError with file and line."""
    if not (folder / FRAMEWORKS).is_dir():
        raise ConfigError(f"{folder} is not a catalogue: it has no folder {FRAMEWORKS}/")
    frameworks = tuple(load_framework(path) for path in sorted((folder / FRAMEWORKS).glob("*.yaml")))
    paths = [p for p in sorted(folder.glob("[!.]*/*.yaml")) if p.parent.name != FRAMEWORKS]
    beside = [*(folder / FRAMEWORKS).glob("*.yaml"), *(folder / name for name in TABLES if (folder / name).exists())]
    _nothing_beside(folder, {*paths, *beside})
    if not paths:
        raise ConfigError(f"{folder} has no control", hint="a control is a file PHASE/ID.yaml")
    controls = [load_control(path) for path in paths]
    controls.sort(key=lambda c: (PHASES.index(c.phase), c.id))
    first: dict[str, Control] = {}
    for control in controls:
        if control.id in first:
            raise ConfigError(f"{control.id} is also in {first[control.id].path}", place=Place(control.path))
        first[control.id] = control
    return Catalogue(tuple(controls), frameworks, _digest(folder, [*paths, *beside]))


def _nothing_beside(folder: Path, known: set[Path]) -> None:
    """Refuse a file that looks like a control and would not be read."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in {".yaml", ".yml"} and path not in known and not hidden:
            raise ConfigError("this file would not be read", place=Place(str(path)), hint="call it PHASE/ID.yaml")


def _digest(folder: Path, paths: Iterable[Path]) -> Digest:
    lines = sorted(f"{p.relative_to(folder).as_posix()} {_sha256(p.read_bytes())}\n" for p in paths)
    return Digest(_sha256("".join(lines).encode()))


def _sha256(data: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def load_control(path: Path) -> Control:
    """Read one control. Raises ConfigError with file and line."""
    return _control(path, read(path))


@functools.lru_cache(maxsize=1024)
def _control(path: Path, raw: bytes) -> Control:
    """Understand the bytes of a control. The same ones are understood once: a process may run several scans."""
    document = parse(raw, str(path))
    data = validate(document, _Control)
    if path.stem != data.id:
        said = f"the file must be called {data.id}.yaml"
        raise ConfigError(said, place=document.place(("id",)), hint="rename the file, or change the id")
    if path.parent.name != data.phase:
        said = f"the file must be in the folder {data.phase}/"
        raise ConfigError(said, place=document.place(("phase",)), hint="move the file, or change the phase")
    return Control(
        id=ControlId(data.id),
        title=data.title,
        statement=data.statement,
        severity=Severity(data.severity),
        phase=str(data.phase),
        citations=tuple(Citation(c.framework, c.ref, c.mapping) for c in data.citations),
        basis=Basis(data.basis),
        parameters=tuple(_parameter(name, p) for name, p in data.parameters.items()),
        table=str(data.subject),
        related=tuple(_related(document, name, r) for name, r in data.related.items()),
        applies=data.applies,
        pass_when=data.pass_,
        fail_when=data.fail,
        observe=tuple(data.observe),
        rests_on=RestsOn(data.rests_on),
        rationale=data.rationale,
        undecided=data.undecided.strip(),
        remedy=tuple(data.remedy.items()),
        examples=tuple(_example(e) for e in data.examples),
        path=str(path),
        digest=_sha256(raw),
    )


def _parameter(name: str, given: _Parameter) -> Parameter:
    default: Json = list(given.default) if isinstance(given.default, list) else given.default
    return Parameter(name, default, given.unit, Basis(given.basis), given.source)


def _related(document: Document, name: str, given: _Related) -> Related:
    chosen = [(a, str(getattr(given, a))) for a in AGGREGATES if getattr(given, a) is not None]
    place = document.place(("related", name))
    if len(chosen) != 1:
        said = f"related {name}: give exactly one of {', '.join(AGGREGATES)}"
        raise ConfigError(said, place=place, hint="such as `any: key_grants`, with `on` and `where`")
    aggregate, over = chosen[0]
    table, _, value = over.partition(".")
    if bool(value) != (aggregate in {"min", "max"}):
        raise ConfigError(
            f"related {name}: {aggregate} takes {'TABLE.column' if aggregate in {'min', 'max'} else 'a table'}",
            place=place,
            hint="such as `max: key_grants.created_at`, or `any: key_grants`",
        )
    return Related(name, aggregate, table, given.on, given.to or given.on, given.where, value)


def _example(given: _Example) -> Example:
    return Example(
        name=given.name,
        rows=tuple(_row(row) for row in given.rows),
        expect=tuple(given.expect.items()),
        related=tuple((table, tuple(_row(row) for row in rows)) for table, rows in given.related.items()),
        unlisted=tuple(given.unlisted),
        parameters=tuple(_row(given.parameters).items()),
        as_of=given.as_of,
    )


def _row(given: dict[str, Value]) -> dict[str, Json]:
    return {name: list(value) if isinstance(value, list) else value for name, value in given.items()}


def load_framework(path: Path) -> Framework:
    """Read one framework. Raises ConfigError with file and line."""
    return _framework(path, read(path))


@functools.lru_cache(maxsize=64)
def _framework(path: Path, raw: bytes) -> Framework:
    document = parse(raw, str(path))
    data = validate(document, _Framework)
    if path.stem != data.id:
        raise ConfigError(f"the file must be called {data.id}.yaml", place=document.place(("id",)))
    refs = [clause.ref for clause in data.clauses]
    for number, ref in enumerate(refs):
        if ref in refs[:number]:
            raise ConfigError(f"the clause {ref!r} is there twice", place=document.place(("clauses", number)))
    return Framework(
        id=data.id,
        title=data.title,
        version=data.version,
        note=data.note.strip(),
        clauses=tuple(Clause(c.ref, c.title, c.rule, c.text.strip(), c.binding) for c in data.clauses),
        crosswalk=tuple((ref, tuple(ids)) for ref, ids in data.crosswalk.items()),
    )


def select(catalogue: Catalogue, ids: Sequence[str], frameworks: Sequence[str], phases: Sequence[str]) -> Catalogue:
    """Narrow a catalogue to the controls that meet every given criterion. Raises UsageError for an unknown name."""
    _known("control", ids, [str(c.id) for c in catalogue.controls])
    _known("framework", frameworks, [f.id for f in catalogue.frameworks])
    _known("phase", phases, list(PHASES))
    chosen = [
        control
        for control in catalogue.controls
        if (not ids or control.id in ids)
        and (not frameworks or any(c.framework in frameworks for c in control.citations))
        and (not phases or control.phase in phases)
    ]
    if not chosen:
        raise UsageError("no control meets the selection", hint="see `keyaudit controls list`")
    return Catalogue(tuple(chosen), catalogue.frameworks, catalogue.digest)


def _known(what: str, names: Iterable[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known)}"
            raise UsageError(f"there is no {what} {name!r}", hint=hint)


def hipaa_rules(catalogue: Catalogue) -> dict[str, str]:
    """Return the rule (Required, Addressable, Standard) of every clause that has one."""
    return {clause.ref: clause.rule for f in catalogue.frameworks for clause in f.clauses if clause.rule}
