"""``keyaudit selftest``: prove by real cryptographic calls that the envelope works, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.options import QuietOption, VerboseOption
from scanner.cli.text import WIDTH, fold, safe, say, shell
from scanner.errors import KeyauditError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.selftesting import Result

EXIT_FAILED_TEST = 10
EXIT_UNKNOWN = 3
DEFAULT = Path("keyaudit-selftest")
TestOption = Annotated[
    list[str] | None,
    typer.Option("--test", help="Run this self-test only (repeat for more), e.g. ST-KMS-03.", metavar="ID"),
]


def selftest(
    estate: Annotated[Path, typer.Argument(help="Estate file; `selftest:` in it names what may be used.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for selftests.json and the evidence.", metavar="DIR")
    ] = DEFAULT,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Test this source only (repeat for more).", metavar="SOURCE")
    ] = None,
    test: TestOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Prove by real cryptographic calls that keys do their work.

    Calls are made on canary data, with the keys that the estate names for them. Keys marked `canary: true` are
    rotated, disabled and scheduled for deletion, and put back.

    Example: keyaudit selftest estate.yaml -o selftest-2026-11
    """
    del verbose  # -vv is read before commands are, for tracebacks
    from scanner import selftesting
    from scanner.cli import running
    from scanner.cli.progress import watch
    from scanner.estate.load import check_needs, read_estate

    wanted = selftesting.chosen_tests(test or ())
    text = read_estate(estate)
    names = tuple(only or ())
    _check_only(text.estate.source_names, names)
    outside = running.world()
    check_needs(text, outside.resolve, names)
    _must_be_free(output)
    means = selftesting.Means(outside=outside.outside(), resolve=outside.resolve)
    tally = selftesting.Tally()
    try:
        with running.told_of_stopping(), watch(tally, visible=not quiet):
            results = selftesting.run_selftests(text.estate, wanted, means, output, tally, names)
    except KeyboardInterrupt:
        hint = f"what was run is in {shell(output / selftesting.EVIDENCE)}"
        raise running.InterruptedScanError("stopped", hint=hint) from None
    except OSError as error:
        raise KeyauditError(f"cannot write {output}: {error.strerror or error}", hint="name another folder") from error
    if not quiet:
        for line in table(results):
            say(line)
        say()
        say(f"results  {safe(str(output / selftesting.RESULTS), 4096)}")
    return exit_code(results)


def _check_only(known: Sequence[str], only: Sequence[str]) -> None:
    for name in only:
        if name not in known:
            raise UsageError(f"no source is called {name!r}", hint=f"the estate has: {', '.join(known)}")


def _must_be_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder", hint="name another one with -o")


def exit_code(results: Sequence[Result]) -> int:
    """Return 10 when a test failed, 3 when one could not tell or none ran, else 0."""
    outcomes = {result.outcome for result in results}
    if "fail" in outcomes:
        return EXIT_FAILED_TEST
    return 0 if outcomes == {"pass"} else EXIT_UNKNOWN


def table(results: Sequence[Result]) -> list[str]:
    """Return the results as lines of at most 80 columns, by target, and their sum."""
    lines: list[str] = []
    for target in dict.fromkeys(result.target for result in results):
        lines += [*_ruled(safe(target, WIDTH * 4))]
        for result in results:
            if result.target == target:
                lines.append(fold(f"  {result.outcome:<8} {result.id:<10} {safe(result.detail, 600)}", 22))
    counts = ", ".join(
        f"{sum(r.outcome == outcome for r in results)} {word}"
        for outcome, word in (("fail", "failed"), ("unknown", "unknown"), ("pass", "passed"))
    )
    return [*lines, "", f"self-tests: {counts}"]


def _ruled(title: str) -> tuple[str, str]:
    return "", fold(title, 2)
