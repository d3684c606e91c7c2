"""All controls over a million keys: the engine against SQL written by hand. ``python -m bench.evaluation``.

Each run is a process of its own, so that its peak memory is its own. The verdicts must agree, count for count.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from bench import by_hand
from bench.synthetic import AS_OF, write_synthetic_facts
from scanner.evaluate.engine import Inputs, evaluate
from scanner.evaluate.load import hipaa_rules, load_catalogue
from scanner.model.control import Control
from scanner.resources import controls_dir
from scanner.sources import operations

ROWS = 1_000_000
MOST_TIMES = 3.0
MOST_MB = 1536
HAND = {"by control": by_hand.by_control, "by subject": by_hand.by_subject}
ENGINE = "engine"
FACTS = "facts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its table. Returns 1 when a requirement is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.evaluation", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="number of keys")
    parser.add_argument("--run", choices=[FACTS, ENGINE, *HAND], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.run:
        print(json.dumps(_run(given.run, given.folder, given.rows)))
        return 0
    with tempfile.TemporaryDirectory(prefix="keyaudit-bench-") as folder:
        # A process inherits the peak of the one that starts it: this one stays small.
        measured = {name: _measure(name, Path(folder), given.rows) for name in (FACTS, ENGINE, *HAND)}
    del measured[FACTS]
    return _report(given.rows, measured)


def _measure(name: str, folder: Path, rows: int) -> dict[str, Any]:
    """Run one of the ways in a process of its own."""
    command = [sys.executable, "-m", "bench.evaluation", "--run", name, "--folder", str(folder), "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _run(name: str, folder: Path, rows: int) -> dict[str, Any]:
    if name == FACTS:
        write_synthetic_facts(folder / "facts", rows)
        return {}
    target = folder / "verdicts.parquet"
    started, used = time.perf_counter(), time.process_time()
    (_engine if name == ENGINE else _hand)(name, folder, target)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with duckdb.connect() as db:
        counts = db.execute(
            f"SELECT control_id, verdict, count(*) FROM read_parquet('{target}') GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    size = target.stat().st_size / 1e6
    target.unlink()
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak, "file_mb": size, "counts": counts}


def _engine(_name: str, folder: Path, target: Path) -> None:
    catalogue = load_catalogue(controls_dir())
    inputs = Inputs(
        facts=folder / "facts",
        gaps=(),
        operations=operations(),
        policy={},
        as_of=datetime.fromisoformat(AS_OF),
        rules=hipaa_rules(catalogue),
    )
    evaluate(of_keys(catalogue.controls), inputs, verdicts=target)


def _hand(name: str, folder: Path, target: Path) -> None:
    with duckdb.connect(config={"temp_directory": str(folder / "spill")}) as db:
        by_hand.views(db, folder / "facts")
        HAND[name](db, of_keys(load_catalogue(controls_dir()).controls), target)


def of_keys(controls: Sequence[Control]) -> list[Control]:
    """Return the controls that judge keys and what hangs on them: the tables that have rows here."""
    tables = {"keys", "key_versions", "key_policies", "key_permissions", "key_grants", "key_stores"}
    return [one for one in controls if {one.table, *(related.table for related in one.related)} <= tables]


def _report(rows: int, measured: dict[str, dict[str, Any]]) -> int:
    verdicts = sum(count for _, _, count in measured[ENGINE]["counts"])
    print(f"{rows:,} keys, {verdicts:,} verdicts")
    print(f"{'':12} {'seconds':>8} {'cpu s':>8} {'peak MB':>8} {'file MB':>8} {'engine takes':>13}")
    for name, one in measured.items():
        ratio = measured[ENGINE]["seconds"] / one["seconds"]
        times = "" if name == ENGINE else f"{ratio:.2f} times"
        numbers = " ".join(f"{one[key]:8.1f}" for key in ("seconds", "cpu", "peak_mb", "file_mb"))
        print(f"{name:12} {numbers} {times:>13}")
    missed = list(_missed(rows, measured))
    if missed:
        print(f"missed: {', '.join(missed)}")
    elif rows >= ROWS:
        print(f"holds: at most {MOST_TIMES:g} times as long as by hand, under {MOST_MB} MB")
    else:
        print(f"the same answers; time and memory are held at {ROWS:,} keys")
    return 1 if missed else 0


def _missed(rows: int, measured: dict[str, dict[str, Any]]) -> Iterator[str]:
    engine, hand = measured[ENGINE], [measured[name] for name in HAND]
    if any(one["counts"] != engine["counts"] for one in hand):
        yield "another answer than by hand"
    if rows >= ROWS and engine["seconds"] > MOST_TIMES * min(one["seconds"] for one in hand):
        yield f"more than {MOST_TIMES:g} times as long as by hand"
    if rows >= ROWS and engine["peak_mb"] > MOST_MB:
        yield f"more than {MOST_MB} MB"


if __name__ == "__main__":
    sys.exit(main())
