"""The whole pipeline over a world in which something is planted, as a user would run it; what it left and said."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from scanner import pipeline
from scanner.cli import running
from scanner.cli.main import run
from scanner.cli.options import FailOn, Output
from scanner.demo.world import World
from scanner.model.report import Report
from scanner.render import RENDERERS
from scanner.scandir import ScanDir
from tests.proof import place
from tests.proof.outputs import contents
from tests.proof.planting import Planter
from tests.support import NOW

PAGES = 12
"""Controls in the PDF, which takes a tenth of a second for each: those with the longest findings."""


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    folder: Path
    """Everything that was written: the scan in `out`, the package, every other format, and what was said."""
    served: Counter[str]
    """Operation and kind of place to how often something planted was answered."""
    asked: Counter[str]
    """Operation to how often the simulator was asked."""
    secrets: tuple[str, ...]
    """What the scan resolved."""
    report: Report

    @cached_property
    def contents(self) -> list[tuple[str, bytes]]:
        """Every byte of every file, unpacked, by where it stands."""
        return [one for path in sorted(self.folder.rglob("*")) if path.is_file() for one in contents(path)]

    def read(self, name: str) -> bytes:
        """Return a file."""
        return (self.folder / name).read_bytes()

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record of the evidence."""
        for path in sorted((self.folder / "out" / "evidence").iterdir()):
            # Not splitlines(): what is planted has lines that end as nobody expects.
            yield from map(json.loads, path.read_bytes().split(b"\n")[:-1])


def whole_run(world: World, folder: Path, planter: Planter) -> Outcome:
    """Scan with self-tests, render every format, sign, package and verify."""
    there, left = folder / "place", folder / "left"
    there.mkdir()
    left.mkdir()
    out = left / "out"
    key = folder / "audit.key"
    heard = io.BytesIO()
    said = io.TextIOWrapper(heard, encoding="utf-8", errors="backslashreplace")
    with redirect_stdout(said), redirect_stderr(said):
        with place.running(world, there, planter) as live:
            report = scanned(live.estate, out, NOW)
            asked = Counter(request.operation for request in live.aws.requests)
        for name in pipeline.EXPORT_NAMES:
            artifact = pipeline.export(report, ScanDir(out), name)
            (left / f"export-{artifact.name}").write_bytes(artifact.data)
        (out / "report.pdf").write_bytes(RENDERERS["pdf"](_shorter(report)).data)
        codes = [
            run(["keygen", str(key), "--no-passphrase"], traces=True),
            run(["package", str(out), "-o", str(left / "package.zip"), "--sign", f"file:{key}", "-vv"], traces=True),
            run(["verify", str(left / "package.zip"), "--trusted-key", f"{key}.pub"], traces=True),
            run(["scan", str(there / "estate.yaml"), "-o", str(out), "-vv"], traces=True),
        ]
    said.flush()
    told = heard.getvalue()
    (left / "said.txt").write_bytes(told)
    # The last one finds no PIN and no password any more, and says so with a traceback.
    assert codes == [0, 0, 0, 2], told[-3000:].decode()
    return Outcome(left, planter.served, asked, live.secrets, report)


def short_run(estate: str, folder: Path, *phases: str) -> Path:
    """Scan (by the controls of ``phases``; none: by all), export and package, without self-tests and PDF.

    Return the folder with all that was written and said.
    """
    left = folder / "left"
    left.mkdir()
    (folder / "estate.yaml").write_text(estate, encoding="utf-8")
    heard = io.StringIO()
    with redirect_stdout(heard), redirect_stderr(heard):
        report = scanned(folder / "estate.yaml", left / "out", None, phases)
        for name in pipeline.EXPORT_NAMES:
            artifact = pipeline.export(report, ScanDir(left / "out"), name)
            (left / f"export-{artifact.name}").write_bytes(artifact.data)
        assert run(["package", str(left / "out"), "-o", str(left / "package.zip")], traces=True) == 0
    (left / "said.txt").write_text(heard.getvalue(), encoding="utf-8")
    return left


def scanned(estate: Path, out: Path, as_of: datetime | None, phases: tuple[str, ...] = ()) -> Report:
    """Do what `keyaudit scan -vv` does."""
    start = running.Start(
        estate=estate,
        output=out,
        selection=running.Selection(phases=phases),
        as_of=as_of,
        formats=("json", "html"),
        overwrite=False,
        controls=None,
    )
    report, code = running.start(start, running.Show(Output.TEXT, quiet=False, verbose=2, fail_on=FailOn.LOW))
    assert code == running.EXIT_CONTROL_FAILED
    return report


def _shorter(report: Report) -> Report:
    longest = sorted(report.results, key=lambda one: -sum(len(str(f.observed)) for f in one.findings))[:PAGES]
    kept = {one.control.id for one in longest}
    return replace(report, results=tuple(one for one in report.results if one.control.id in kept))
