"""A process that rotates data keys, and waits within a transaction to be killed: ``DSN SCHEMA KEY-HEX ROW``."""

from __future__ import annotations

import sys

from scanner.selftest.database import connector
from scanner.selftest.rotation import rotate
from scanner.selftest.scratch import Scratch
from tests.selftest.local import FIRST, LocalKeys


def main(dsn: str, schema: str, key: str, row: str) -> None:
    """Rotate, and stop at a row for ever."""

    def changed(done: int) -> None:
        if done == int(row):
            sys.stdout.write("waiting\n")
            sys.stdout.flush()
            sys.stdin.read()

    scratch = Scratch(schema=schema, service=LocalKeys({FIRST: bytes.fromhex(key)}), key=FIRST, rows=30)
    connection = connector(dsn)()
    connection.autocommit = True
    rotate(connection, scratch, 4, changed)


if __name__ == "__main__":
    main(*sys.argv[1:])
