"""How self-tests talk to PostgreSQL: errors become reasons, and say nothing of connection strings or values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError

if TYPE_CHECKING:
    import psycopg

Connect = Callable[[], "psycopg.Connection[Any]"]
"""Opens a connection of its own, for which whoever calls is responsible."""
_EXTRA = 'psycopg is not installed: pip install "keyaudit[postgres]"'


@contextmanager
def telling(doing: str) -> Iterator[None]:
    """Turn an error of PostgreSQL while ``doing`` something into a CannotRunError with its SQLSTATE and text.

    An error that the server did not send tells its kind only: its text may quote the connection string.
    """
    try:
        import psycopg
    except ImportError:
        raise CannotRunError(_EXTRA) from None
    try:
        yield
    except psycopg.Error as error:
        words = f"{error.sqlstate} {error.diag.message_primary}" if error.sqlstate else type(error).__name__
        raise CannotRunError(f"{doing}: PostgreSQL says {words}", _reason(error.sqlstate)) from None


def _reason(sqlstate: str | None) -> GapReason:
    """Return what an SQLSTATE means; without one the server was not reached, or the connection is gone."""
    if not sqlstate or sqlstate.startswith(("08", "57P")):
        return GapReason.UNREACHABLE
    if sqlstate == "42501" or sqlstate.startswith("28"):
        return GapReason.DENIED
    # 57014: the statement timeout; 55P03: the lock timeout.
    return GapReason.LIMIT if sqlstate in {"57014", "55P03"} else GapReason.FAILED


def connector(dsn: str, statement_timeout: int = 30) -> Connect:
    """Return what opens connections to ``dsn``, with a limit in seconds for each statement.

    What it returns raises CannotRunError when the server is not reached.
    """

    def connect() -> psycopg.Connection[Any]:
        with telling("connecting"):
            import psycopg

            opened = psycopg.connect(
                dsn,
                application_name="keyaudit self-test",
                connect_timeout=10,
                options=f"-c statement_timeout={statement_timeout}s",
            )
        return opened  # noqa: RET504 - a block that could swallow errors, for all that mypy knows

    return connect
