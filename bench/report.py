"""The report of 10,000 keys as PDF and HTML: time and memory against the limits. ``python -m bench.report``.

Everything from the fact tables on is measured, in a process of its own: judging, putting together, rendering.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from bench.synthetic import AS_OF, write_synthetic_facts
from scanner.evaluate.assemble import assemble
from scanner.evaluate.engine import Inputs, evaluate
from scanner.evaluate.load import hipaa_rules, load_catalogue
from scanner.evaluate.store import FORMAT
from scanner.model.ids import Digest
from scanner.model.report import Report, ScanInfo
from scanner.render import RENDERERS
from scanner.resources import controls_dir
from scanner.sources import operations

ROWS = 10_000
MOST_SECONDS = 30.0
MOST_MB = 500

_PLACE = "source, evidence, 'aws' AS provider, account, region"
EXTRA: Mapping[str, str] = {
    "data_stores": f"""SELECT {_PLACE}, 'arn:aws:s3:::tenant-' || i AS store_id, 'tenant-' || i AS name,
        ['object_store', 'relational_database', 'secret'][1 + (i % 3)::INT] AS kind, i % 10 < 8 AS encrypted,
        key_id, managed_by AS key_managed_by, state AS key_state,
        CASE WHEN i % 7 < 5 THEN i % 2 = 0 END AS ephi, false AS removes
        FROM (SELECT *, row_number() OVER (ORDER BY key_id) AS i FROM keys)""",
    "modules": f"""SELECT DISTINCT ON (source) {_PLACE}, source || ':kms' AS module_id, 'AWS KMS ' || region AS name,
        'key_service' AS kind, 'aws-kms' AS product, 'hardware' AS embodiment, 'none' AS version, 'none' AS state,
        4884 AS certificate, 'FIPS 140-3' AS standard, 3 AS level, 'active' AS certificate_status
        FROM keys ORDER BY source, key_id""",
    "bindings": """SELECT *, child_id || ' > ' || parent_id AS binding_id, 'observed' AS strength FROM (
        SELECT source, evidence, store_id AS child_id, key_id AS parent_id, 'store' AS child_kind, 'key' AS parent_kind
        FROM data_stores
        UNION ALL
        SELECT source, evidence, key_id, source || ':kms', 'key', 'module' FROM keys)""",
}
"""What the keys protect and where they are used: a store a key, a module a scope."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its table. Returns 1 when a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="number of keys")
    parser.add_argument("--run", choices=["facts", "report"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.run == "facts":
        _facts(given.folder, given.rows)
        return 0
    if given.run == "report":
        print(json.dumps(_measure(given.folder)))
        return 0
    with tempfile.TemporaryDirectory(prefix="keyaudit-bench-") as folder:
        # A process inherits the peak of the one that starts it: this one stays small.
        for run in ("facts", "report"):
            command = [
                sys.executable,
                "-m",
                "bench.report",
                "--run",
                run,
                "--folder",
                folder,
                "--rows",
                str(given.rows),
            ]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return _told(given.rows, json.loads(done.stdout))


def _facts(folder: Path, rows: int) -> None:
    write_synthetic_facts(folder / "facts", rows)
    with duckdb.connect() as db:
        for path in sorted((folder / "facts").glob("*.parquet")):
            db.execute(f"CREATE TABLE \"{path.stem}\" AS SELECT * FROM read_parquet('{path}')")
        for table, select in EXTRA.items():
            db.execute(f"INSERT INTO {table} BY NAME {select}")
            db.execute(f"COPY (SELECT * FROM {table}) TO '{folder / 'facts' / table}.parquet' {FORMAT}")


def _measure(folder: Path) -> dict[str, Any]:
    report, stages = _timed(partial(_report, folder))
    sizes: dict[str, float] = {}
    seconds = {"judge and assemble": stages}
    peaks = {"judge and assemble": _peak()}
    for name in ("pdf", "html"):
        artifact, seconds[name] = _timed(partial(RENDERERS[name], report))
        sizes[name] = len(artifact.data) / 1e6
        peaks[name] = _peak()
    return {"seconds": seconds, "peak_mb": peaks, "file_mb": sizes, "failed": report.totals.failed}


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    done = work()
    return done, time.perf_counter() - started


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _report(folder: Path) -> Report:
    catalogue = load_catalogue(controls_dir())
    as_of = datetime.fromisoformat(AS_OF).replace(tzinfo=UTC)
    inputs = Inputs(
        facts=folder / "facts",
        gaps=(),
        operations=operations(),
        policy={},
        as_of=as_of,
        rules=hipaa_rules(catalogue),
    )
    evaluation = evaluate(catalogue.controls, inputs, verdicts=folder / "verdicts.parquet")
    scan = ScanInfo(
        id="bench",
        organization="Example Health Voice",
        as_of=as_of,
        started=as_of,
        ended=as_of,
        tool_version="0",
        catalogue_sha256=catalogue.digest,
        estate_sha256=Digest("none"),
        principals=(),
        selection="all controls",
        policy={},
    )
    return assemble(
        scan, catalogue=catalogue, results=evaluation.results, gaps=[], calls={}, facts=folder / "facts", as_of=as_of
    )


def _told(rows: int, measured: dict[str, Any]) -> int:
    print(f"{rows:,} keys, {rows:,} data stores, {measured['failed']} failed controls")
    print(f"{'':20} {'seconds':>8} {'peak MB':>8} {'file MB':>8}")
    for name, seconds in measured["seconds"].items():
        size = measured["file_mb"].get(name)
        print(f"{name:20} {seconds:8.1f} {measured['peak_mb'][name]:8.1f} {'' if size is None else f'{size:8.2f}'}")
    # The limits are those of the PDF: HTML is rendered after it.
    seconds = measured["seconds"]["judge and assemble"] + measured["seconds"]["pdf"]
    missed = [f"more than {MOST_SECONDS:g} s"] * (seconds > MOST_SECONDS)
    missed += [f"more than {MOST_MB} MB"] * (measured["peak_mb"]["pdf"] > MOST_MB)
    print(f"missed: {', '.join(missed)}" if missed else f"holds: a PDF within {MOST_SECONDS:g} s and {MOST_MB} MB")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
