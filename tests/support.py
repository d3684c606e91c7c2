"""What tests share: small worlds, an estate over them, and scans as a user would run them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from scanner import pipeline, sources
from scanner.cli.main import run
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator, aws_simulator
from scanner.demo.embedded import environment
from scanner.demo.world import Account, Grant, Key, Rotation, Store, World, load_world
from scanner.resources import controls_dir

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""The clock of simulated worlds."""
AS_OF = "2026-06-15T12:00:00Z"
ACCOUNT = "111122223333"
REGION = "us-east-1"
SCOPE = f"aws:{ACCOUNT}:{REGION}"
TAGS = {"owner": "platform", "data-classification": "internal", "tenant": "shared"}


def a_key(alias: str, **given: Any) -> Key:  # noqa: ANN401 - any field of Key
    """Return a key that passes every control, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "alias": alias,
        "account": ACCOUNT,
        "region": REGION,
        "about": f"the key {alias}",
        "age_days": 100,
        "rotation": Rotation(period_days=365),
        "last_used_days_ago": 1,
        "tags": TAGS,
    }
    return Key(**{**fields, **given})


def a_world(*keys: Key, stores: Sequence[Store] = (), accounts: Sequence[str] = ()) -> World:
    """Return a world of one account (or ``accounts`` besides) with the reference estate's policies."""
    reference = load_world()
    others = [Account(id=one, name=f"account {one}", about="") for one in accounts]
    return World(
        management_account=ACCOUNT,
        accounts=[Account(id=ACCOUNT, name="main", about=""), *others],
        statements=reference.statements,
        policies=reference.policies,
        stores=list(stores),
        keys=list(keys),
        tracking_days=400,
    )


@contextmanager
def simulated(world: World, *, page_size: int = 50, now: datetime = NOW) -> Iterator[AwsSimulator]:
    """Run a simulated AWS with its credentials in the environment, and nobody else's."""
    with aws_simulator(world, now, page_size=page_size) as aws, environment(ENVIRON):
        yield aws


def estate_text(url: str, *, more: str = "", regions: str = f"[{REGION}]", policy: str = "{}") -> str:
    """Return an estate file over a simulator, without self-tests and samples. ``more`` are lines of the source."""
    return (
        "keyaudit: 1\norganization: Test Health\n"
        f"policy: {policy}\nselftest: {{}}\n"
        f"sources:\n  aws:\n    - name: main\n      sample: {{objects: 0}}\n"
        f"      regions: {regions}\n      endpoint_url: {url}\n{more}"
    )


@dataclass(frozen=True, slots=True)
class Scan:
    """A finished scan: its exit code and its directory."""

    code: int
    folder: Path

    @property
    def results(self) -> dict[str, Any]:
        """The content of results.json."""
        loaded: dict[str, Any] = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def gaps(self) -> list[dict[str, Any]]:
        """The gaps of results.json."""
        found: list[dict[str, Any]] = self.results["gaps"]
        return found

    def control(self, control: str) -> str:
        """Return the verdict of a control."""
        return next(str(c["verdict"]) for c in self.results["controls"] if c["id"] == control)

    def verdict(self, control: str, subject: str) -> str:
        """Return the verdict of a subject by a control, or ``missing``."""
        rows = self.query("SELECT verdict FROM verdicts WHERE control_id = $c AND subject = $s", c=control, s=subject)
        return str(rows[0][0]) if rows else "missing"

    def reason(self, control: str, subject: str) -> str:
        """Return why a subject is unknown by a control."""
        rows = self.query("SELECT reason FROM verdicts WHERE control_id = $c AND subject = $s", c=control, s=subject)
        return str(rows[0][0])

    def query(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """Run SQL over ``verdicts`` and the fact tables."""
        with reader().cursor() as db:
            for path in (self.folder / "verdicts.parquet", *(self.folder / "facts").glob("*.parquet")):
                if path.stem in sql:
                    db.execute(f"CREATE TEMP VIEW \"{path.stem}\" AS SELECT * FROM read_parquet('{path}')")
            return db.execute(sql, parameters).fetchall()


@functools.cache
def reader() -> duckdb.DuckDBPyConnection:
    """Return a database that is empty, for cursors to read files by: opening one takes longer than most queries."""
    return duckdb.connect(config={"enable_external_file_cache": "false"})


@functools.cache
def of_keys() -> tuple[str, ...]:
    """Return the options that choose the controls which AWS KMS alone decides, of all that is asked of AWS."""
    aws = {operation.name: operation for kind in sources.SOURCES[:1] for operation in kind.operations()}
    chosen = []
    for control in pipeline.load_catalogue(controls_dir()).controls:
        asked = [aws[name] for name in pipeline.operations_of(control) if name in aws]
        own = [operation for operation in asked if not operation.always]
        if own and all(operation.name.startswith("kms:") for operation in own):
            chosen.append(control.id)
    return tuple(part for one in chosen for part in ("--control", one))


NOWHERE = frozenset({"KM-INV-11", "KM-STO-04", "KM-STO-22", "KM-STO-23"})
"""Of those, controls over data keys: no source of AWS has any, whatever of AWS could not be read."""

SELECTIONS = {"--control", "--framework", "--phase"}


def scan(folder: Path, estate: str, *arguments: str, whole: bool = False) -> Scan:
    """Run ``keyaudit scan`` in this process as a user would, without PDF and HTML, at the worlds' clock.

    By the controls that AWS KMS alone decides, unless ``arguments`` choose others; ``whole``: by all.
    """
    arguments = arguments if whole or SELECTIONS.intersection(arguments) else (*arguments, *of_keys())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "estate.yaml"
    path.write_text(estate, encoding="utf-8")
    out = folder / "out"
    given = ["scan", str(path), "-o", str(out), "--as-of", AS_OF, "--no-report", "--quiet", *arguments]
    return Scan(run(given, traces=True), out)


def grant(name: str, grantee: str, *operations: str, context: dict[str, str] | None = None) -> Grant:
    """Return a grant of a simulated key."""
    return Grant(name=name, grantee=grantee, operations=list(operations), context=context or {})
