"""Entry point: commands, error messages and exit codes.

Exit codes: 0 everything passed · 1 keyaudit itself failed · 2 bad usage or configuration · 3 evidence incomplete
(an UNKNOWN, no FAIL) · 4 all passed, and a notification waits (`run`) · 10 at least one control failed · 20 a package
does not verify · 75 another run of the profile is under way (`run`) · 130 stopped by the user.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence

import typer

from scanner.cli import (
    controls,
    demo,
    diff,
    doctor,
    forecast,
    history,
    init,
    keygen,
    package,
    permissions,
    report,
    scan,
    schedule,
    schema,
    selftest,
    verify,
)
from scanner.cli import run as run_profile
from scanner.cli.options import EXIT_USAGE, need_command
from scanner.cli.text import hang_up, safe_lines, say
from scanner.errors import KeyauditError

EXIT_FAILED = 1
EXIT_STOPPED = 130

EPILOG = (
    "Exit codes: 0 all passed, 1 keyaudit failed, 2 bad usage or configuration, 3 evidence incomplete, "
    "4 a notification waits, 10 a control failed, 20 a package does not verify, 75 another run is under way, "
    "130 stopped."
)

app = typer.Typer(
    name="keyaudit",
    help="Audit cryptographic keys against 45 CFR 164.312 and NIST SP 800-57, and keep the evidence.\n\n"
    "Example: keyaudit demo -o demo-out",
    epilog=EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text: the same in a pipe, a log and a narrow terminal
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("scan")(scan.scan)
app.command("selftest")(selftest.selftest)
app.command("report")(report.report)
app.command("diff")(diff.diff)
app.command("forecast")(forecast.forecast)
app.command("run")(run_profile.run)
app.add_typer(history.app, name="history")
app.add_typer(schedule.app, name="schedule")
app.command("package")(package.package)
app.command("verify")(verify.verify)
app.command("keygen")(keygen.keygen)
app.add_typer(controls.app, name="controls")
app.command("permissions")(permissions.permissions)
app.add_typer(schema.app, name="schema")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        from scanner import __version__

        say(f"keyaudit {__version__}")
        raise typer.Exit
    need_command(context)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character must not end the work.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(arguments, traces=wants_traces(arguments)))


def run(arguments: Sequence[str], *, traces: bool) -> int:
    """Run one command and return its exit code. Every error is printed here and nowhere else."""
    try:
        return _dispatch(arguments)
    except KeyauditError as error:
        return _complain(str(error), error.hint, error.exit_code, traces=traces)
    except typer.TyperException as error:
        return _misused(error, traces=traces)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("stopped", "", EXIT_STOPPED, traces=False)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        hint = "make room, or name another place; -vv shows where it happened"
        return _complain(f"{error.strerror or error}{where}", hint, EXIT_FAILED, traces=traces)
    except Exception as error:  # noqa: BLE001 - the boundary: a user sees one line, never a traceback
        message = f"internal error: {type(error).__name__}: {error}"
        return _complain(message, "run again with -vv and report the traceback", EXIT_FAILED, traces=traces)


def _dispatch(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    # Not command.main(): it turns Ctrl-C and a reader who has left into exits of its own.
    try:
        with command.make_context("keyaudit", list(arguments)) as context:
            result = command.invoke(context)
    except typer.Exit as left:
        return left.exit_code
    except BrokenPipeError:
        hang_up(sys.stdout)  # the reader of a help page has left
        return 0
    return result if isinstance(result, int) else 0


def wants_traces(arguments: Sequence[str]) -> bool:
    """Tell whether ``-vv`` (or ``-v -v``, or ``-qvv``) is among the arguments."""
    flags = (a for a in arguments if a == "--verbose" or (a.startswith("-") and set(a[1:]) in ({"v"}, {"v", "q"})))
    return sum(1 if a == "--verbose" else a.count("v") for a in flags) >= 2


def _misused(error: typer.TyperException, *, traces: bool) -> int:
    message = error.format_message().replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    hint = f"see `{context.command_path} --help`" if context is not None else "see `keyaudit --help`"
    return _complain(message, hint, EXIT_USAGE, traces=traces)


def _complain(message: str, hint: str, code: int, *, traces: bool) -> int:
    if traces:
        say(safe_lines(traceback.format_exc()), err=True)
    say(f"error: {safe_lines(message)}", err=True)
    if hint:
        say(f"hint: {safe_lines(hint)}", err=True)
    return code
