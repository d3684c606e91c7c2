"""Judge the evidence of a package again, and compare every fact, every verdict and every result with the packaged ones.

Whoever edits results and makes all digests anew is found out here: verdicts follow from evidence and controls alone.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

import duckdb

from scanner import __version__, pipeline
from scanner.errors import KeyauditError
from scanner.estate.load import load_estate
from scanner.model.ids import Json
from scanner.scandir import ScanDir
from scanner.scanheader import Header
from scanner.verify.archive import Archive, Limits
from scanner.verify.jsontext import parse
from scanner.verify.manifest import read_manifest
from scanner.verify.report import Outcome, Step, Told, VerificationError, VerifiedPackage

RULES = ("scan.json", "estate.yaml", "certificates.yaml", "history.json", "evidence/", "controls/", "layouts/")
"""What verdicts follow from."""
RESULTS = ("verdicts.parquet", "results.json", "period.json", "facts/")
"""What is compared, in this order: a verdict says more than the fact that it follows from."""
PARTS = ("totals", "controls", "findings", "gaps", "sources", "scan")
"""Parts of ``results.json``."""
ORDERED = {"verdicts.parquet": ("control_id", "subject")}
"""What names a row, where it is not the first column."""
_UNUSABLE = (
    KeyauditError,
    duckdb.Error,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What evidence and rules that were made up to break the judging can cause: the package does not verify then."""
_LOCK: dict[str, str | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "max_temp_directory_size": "8GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def replay(package: VerifiedPackage, limits: Limits | None = None) -> Told:
    """Judge a package again in a temporary folder and compare. Raises VerificationError of the replay step."""
    with tempfile.TemporaryDirectory(prefix="keyaudit-replay-") as place:
        again, packaged = Path(place, "again"), Path(place, "packaged")
        _unpack(package, again, packaged, limits or Limits())
        try:
            _judge(ScanDir(again))
        except _UNUSABLE as error:
            why = " ".join(str(error).replace(f"{again}/", "").split()) or type(error).__name__
            raise VerificationError(Step.REPLAY, f"it cannot be judged again: {why}", hint=_hint(package)) from error
        count = compare(packaged, again, _hint(package))
    detail = f"{count} files of facts, verdicts and results, judged again, are the same"
    return Told(Step.REPLAY, Outcome.OK, detail)


def _hint(package: VerifiedPackage) -> str:
    version = str(package.scan["tool_version"])[:40]
    if version == __version__:
        return ""
    return f"the scan was judged by keyaudit {version}, and this is {__version__}: replay with that version"


def _unpack(package: VerifiedPackage, again: Path, packaged: Path, limits: Limits) -> None:
    """Write what is needed into the two folders; every byte is what was verified, or VerificationError is raised."""
    with Archive(package.path, limits) as archive:
        manifest = read_manifest(archive)
        if manifest.checkpoint != package.checkpoint:
            raise VerificationError(Step.REPLAY, "the file was replaced while it was verified")
        for name, listed in manifest.members.items():
            for folder, prefixes in ((again, RULES), (packaged, RESULTS)):
                if any(name == one or (one.endswith("/") and name.startswith(one)) for one in prefixes):
                    _write(archive, name, folder, listed.sha256)
    for root in (again, packaged):
        root.mkdir(exist_ok=True)


def _write(archive: Archive, name: str, folder: Path, expected: str) -> None:
    # The archive's names were checked: none leads out of the folder.
    target = folder / PurePosixPath(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    state = sha256()
    with target.open("xb") as file:
        for block in archive.stream(name):
            state.update(block)
            file.write(block)
    if f"sha256:{state.hexdigest()}" != expected:
        raise VerificationError(Step.REPLAY, "the file was replaced while it was verified", member=name)


def _judge(folder: ScanDir) -> None:
    """Normalize and evaluate what is in the folder, by the rules in it. Raises KeyauditError."""
    header = Header.from_json(folder.read_header())
    estate = load_estate(folder.estate, folder.layouts)
    chosen = pipeline.selected(folder.controls, header)
    pipeline.judge(folder, replace(header, formats=("json",)), chosen, estate)


def compare(packaged: Path, again: Path, hint: str = "") -> int:
    """Compare facts, verdicts and results in two folders, and return the number of files.

    Raises VerificationError of the replay step with ``hint`` for the first that is not the same.
    """
    names = list(_compared(packaged, again))
    for name in names:
        _compare(packaged / name, again / name, name, hint)
    return len(names)


def _compared(packaged: Path, again: Path) -> Iterator[str]:
    """Yield the names that both have, in order. Raises VerificationError for one that only one has."""
    ours, theirs = (set(_result_files(root)) for root in (packaged, again))
    for name in sorted(ours ^ theirs):
        why = "judging again does not make it" if name in ours else "it is missing"
        raise VerificationError(Step.REPLAY, why, member=name)
    for part in RESULTS:
        yield from sorted(name for name in ours if name.startswith(part))


def _result_files(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name.startswith(RESULTS):
            yield name


def _compare(packaged: Path, again: Path, name: str, hint: str) -> None:
    if packaged.read_bytes() == again.read_bytes():
        return
    try:
        found = _json_difference(packaged, again) if name.endswith(".json") else _row_difference(packaged, again, name)
    except (duckdb.Error, ValueError) as error:
        found = f"it cannot be read: {str(error).splitlines()[0][:200]}"
    if found:
        raise VerificationError(Step.REPLAY, found, member=name, hint=hint)


def _json_difference(packaged: Path, again: Path) -> str:
    theirs, ours = parse(packaged.read_bytes()), parse(again.read_bytes())
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return "it is not an object"
    for part in PARTS:
        if theirs.get(part) != ours.get(part):
            return f"`{part}` is not what judging again gives: {_first(theirs.get(part), ours.get(part))}"
    return "" if theirs == ours else "it is not what judging again gives"


def _first(theirs: Json, ours: Json) -> str:
    if isinstance(theirs, list) and isinstance(ours, list):
        pairs = zip(theirs, ours, strict=False)
        given, right = next(((a, b) for a, b in pairs if a != b), (f"{len(theirs)} entries", f"{len(ours)} entries"))
    else:
        given, right = theirs, ours
    return f"{_short(given)} instead of {_short(right)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _row_difference(packaged: Path, again: Path, name: str) -> str:
    """Return how the rows of two Parquet files differ, or empty text. The order of rows does not matter."""
    files = {"theirs": str(packaged), "ours": str(again)}
    with duckdb.connect(config={**_LOCK, "temp_directory": str(again.parent / ".spill")}) as db:
        db.execute(f"SET allowed_paths = [{', '.join(map(_quoted, files.values()))}]")
        db.execute("SET enable_external_access = false")
        columns = {side: _columns(db, path) for side, path in files.items()}
        if columns["theirs"] != columns["ours"]:
            return "it has other columns than judging again gives"
        # A file of a few bytes can claim any number of rows.
        rows = {side: _rows(db, path) for side, path in files.items()}
        if rows["theirs"] != rows["ours"]:
            return f"it has {rows['theirs']} rows, and judging again gives {rows['ours']}"
        keys = ORDERED.get(name, (columns["ours"][0][0],))
        for one, other, what in (("theirs", "ours", "does not give"), ("ours", "theirs", "also gives")):
            row = _only(db, files[one], files[other], keys)
            if row:
                named = {column: value for (column, _), value in zip(columns["ours"], row, strict=True)}
                return f"judging again {what} the row {_short(named)}"
    return ""


def _columns(db: duckdb.DuckDBPyConnection, path: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in db.execute(f"DESCRIBE FROM read_parquet({_quoted(path)})").fetchall()]


def _rows(db: duckdb.DuckDBPyConnection, path: str) -> int:
    rows = db.execute("SELECT num_rows FROM parquet_file_metadata($path)", {"path": path}).fetchall()
    return int(rows[0][0])


def _only(db: duckdb.DuckDBPyConnection, one: str, other: str, keys: Sequence[str]) -> tuple[object, ...] | None:
    """Return the first row that one file has and the other has not."""
    order = ", ".join(f'"{key}"' for key in keys)
    found: tuple[object, ...] | None = db.execute(
        f"(FROM read_parquet({_quoted(one)}) EXCEPT ALL FROM read_parquet({_quoted(other)})) ORDER BY {order} LIMIT 1"
    ).fetchone()
    return found


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"
