"""Entry point: commands, error messages and exit codes.

Exit codes: 0 everything passed · 1 keyaudit itself failed · 2 bad usage or configuration · 3 evidence incomplete
(an UNKNOWN, no FAIL) · 10 at least one control failed · 20 a package does not verify · 130 stopped by the user.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence

import click
import typer

from scanner.cli import controls, demo, doctor, init, permissions, report, scan, schema
from scanner.errors import KeyauditError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_STOPPED = 130

EPILOG = (
    "Exit codes: 0 all passed, 1 keyaudit failed, 2 bad usage or configuration, 3 evidence incomplete, "
    "10 a control failed, 20 a package does not verify, 130 stopped."
)

app = typer.Typer(
    name="keyaudit",
    help="Audit cryptographic keys against 45 CFR 164.312 and NIST SP 800-57, and keep the evidence.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("scan")(scan.scan)
app.command("report")(report.report)
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

        typer.echo(f"keyaudit {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.exit(run(arguments, traces=wants_traces(arguments)))


def run(arguments: Sequence[str], *, traces: bool) -> int:
    """Run one command and return its exit code. Every error is printed here and nowhere else."""
    try:
        return _dispatch(arguments)
    except KeyauditError as error:
        return _complain(str(error), error.hint, error.exit_code, traces=traces)
    except click.ClickException as error:
        return _complain(error.format_message(), _usage_hint(error), EXIT_USAGE, traces=traces)
    except (click.Abort, KeyboardInterrupt):
        return _complain("stopped", "", EXIT_STOPPED, traces=False)
    except BrokenPipeError:
        # The reader of our output has left (`keyaudit controls list | head`): nothing to tell anybody.
        sys.stdout = None  # keeps the interpreter from flushing the broken pipe
        return 0
    except Exception as error:  # noqa: BLE001 - the boundary: a user sees one line, never a traceback
        message = f"internal error: {type(error).__name__}: {error}"
        return _complain(message, "run again with -vv and report the traceback", EXIT_FAILED, traces=traces)


def _dispatch(arguments: Sequence[str]) -> int:
    command: Callable[..., object] = typer.main.get_command(app).main
    result = command(args=list(arguments), prog_name="keyaudit", standalone_mode=False)
    return result if isinstance(result, int) else 0


def wants_traces(arguments: Sequence[str]) -> bool:
    """Tell whether ``-vv`` (or ``-v -v``) is among the arguments."""
    flags = [a for a in arguments if a == "--verbose" or (a.startswith("-v") and set(a[1:]) == {"v"})]
    return sum(1 if a == "--verbose" else len(a) - 1 for a in flags) >= 2


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path} --help`" if context is not None else ""


def _complain(message: str, hint: str, code: int, *, traces: bool) -> int:
    if traces:
        traceback.print_exc()
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)
    return code
