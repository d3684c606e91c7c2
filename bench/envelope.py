"""Envelopes against bare AES-GCM, messages in constant memory, false alarms. ``python -m bench.envelope``.

Rows: the same 1 KiB rows are sealed and opened, by `cryptography`'s AES-GCM alone with the additional authenticated
data ready made, and as envelopes, in turn; the best round of each counts. For comparison, the calls alone: their nonces
are ready made, too, and no loop of Python's is around them, which nobody can do in earnest.
Messages: each size in a process of its own, from file to file, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.envelope.detect import looks_plain
from scanner.envelope.rows import NONCE_BYTES, RowCipher, aads
from scanner.envelope.stream import Wrapping, open_stream, seal_stream

ROWS, ROW_BYTES, BATCH, ROUNDS = 20_000, 1024, 1000, 7
LEAST_RATIO = 0.7
"""Of the rows per second of bare AES-GCM."""
SIZES_MIB = (10, 100)
MOST_GROWTH_MIB = 8
"""Peak memory of the largest message over that of the smallest."""
RANDOM_VALUES = 100_000
MOST_ALARMS = 1
TEMPLATE = "notes|{tenant_id}|{id}|{data_key_id}"
KEY = bytes(range(32))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns 1 when a requirement is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.envelope", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_MIB, metavar="MIB")
    parser.add_argument("--random", type=int, default=RANDOM_VALUES, help="random values that plaintext is sought in")
    parser.add_argument("--stream", type=int, metavar="MIB", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.stream is not None:
        print(json.dumps(stream(given.stream)))
        return 0
    streams = {size: _in_a_process(size) for size in given.sizes}
    return report(rows(given.rows), streams, given.random, alarms(given.random))


def rows(count: int) -> dict[str, dict[str, float]]:
    """Return rows per second, bare and in envelopes, sealed and opened."""
    plaintexts = [os.urandom(ROW_BYTES) for _ in range(BATCH)]
    columns = {"tenant_id": "tenant-0001", "id": list(range(BATCH)), "data_key_id": "0b7e5a6a-7f2f-4b0f-9d55"}
    bound = aads(TEMPLATE, BATCH, columns)
    bare, envelope = AESGCM(KEY), RowCipher(KEY)

    def bare_seal() -> list[tuple[bytes, bytes]]:
        return [
            ((nonce := os.urandom(NONCE_BYTES)), bare.encrypt(nonce, plain, aad))
            for plain, aad in zip(plaintexts, bound, strict=True)
        ]

    sealed = bare_seal()
    nonces, ciphertexts = zip(*sealed, strict=True)
    ways: dict[str, dict[str, Callable[[], object]]] = {
        "seal": {
            "bare": bare_seal,
            "calls": lambda: list(map(bare.encrypt, nonces, plaintexts, bound)),
            "envelope": lambda: envelope.seal_rows(TEMPLATE, plaintexts, columns),
        },
        "open": {
            "bare": lambda: [bare.decrypt(*one, aad) for one, aad in zip(sealed, bound, strict=True)],
            "calls": lambda: list(map(bare.decrypt, nonces, ciphertexts, bound)),
            "envelope": lambda: envelope.open_rows(TEMPLATE, sealed, columns),
        },
    }
    return {name: _fastest(way, max(1, count // BATCH)) for name, way in ways.items()}


def _fastest(ways: dict[str, Callable[[], object]], batches: int) -> dict[str, float]:
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, work in ways.items():
            began = time.perf_counter()
            for _ in range(batches):
                work()
            best[name] = max(best[name], batches * BATCH / (time.perf_counter() - began))
    return best


def _in_a_process(size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.envelope", "--stream", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def stream(size: int) -> dict[str, float]:
    """Seal and open a message of so many MiB from file to file; return MB per second and the peak of memory."""
    with tempfile.TemporaryDirectory(prefix="keyaudit-bench-") as folder:
        plain, message, again = (Path(folder) / name for name in ("plain", "message", "again"))
        block = os.urandom(1 << 20)
        with plain.open("wb") as file:
            for _ in range(size):
                file.write(block)
        began = time.perf_counter()
        with plain.open("rb") as source, message.open("wb") as target:
            seal_stream(source, target, KEY, [Wrapping("aws-kms", b"arn", b"wrapped")], {"tenant": "a"})
        sealed = time.perf_counter()
        with message.open("rb") as source, again.open("wb") as target:
            open_stream(source, target, lambda _: KEY)
        opened = time.perf_counter()
        assert again.stat().st_size == size << 20
    return {
        "seal_mb_s": size * 1.048576 / (sealed - began),
        "open_mb_s": size * 1.048576 / (opened - sealed),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def alarms(count: int) -> int:
    """Return how many of so many random values, of 16 to 560 bytes, are taken for plaintext."""
    return sum(bool(looks_plain(os.urandom(16 + number % 545))) for number in range(count))


def report(rate: dict[str, dict[str, float]], streams: dict[int, dict[str, float]], values: int, found: int) -> int:
    """Print what was measured. Returns 1 when a requirement is missed."""
    print(f"{'1 KiB rows':12} {'bare rows/s':>12} {'envelope':>12} {'ratio':>6} {'calls alone':>12}")
    for name, one in rate.items():
        ratio = one["envelope"] / one["bare"]
        print(f"{name:12} {one['bare']:12,.0f} {one['envelope']:12,.0f} {ratio:6.2f} {one['calls']:12,.0f}")
    print(f"{'message':12} {'seal MB/s':>12} {'open MB/s':>12} {'peak MiB':>9}")
    for size, measured in streams.items():
        numbers = f"{measured['seal_mb_s']:12,.0f} {measured['open_mb_s']:12,.0f} {measured['peak_mib']:9.1f}"
        print(f"{f'{size} MiB':12} {numbers}")
    print(f"{found} of {values:,} random values are taken for plaintext")
    missed = list(_missed(rate, streams, found))
    print(f"missed: {', '.join(missed)}" if missed else "holds")
    return int(bool(missed))


def _missed(rate: dict[str, dict[str, float]], streams: dict[int, dict[str, Any]], found: int) -> Iterator[str]:
    for name, one in rate.items():
        if one["envelope"] < LEAST_RATIO * one["bare"]:
            yield f"{name}: less than {LEAST_RATIO} of bare AES-GCM"
    peaks = [streams[size]["peak_mib"] for size in sorted(streams)]
    if peaks[-1] - peaks[0] > MOST_GROWTH_MIB:
        yield f"memory grows by more than {MOST_GROWTH_MIB} MiB"
    if found > MOST_ALARMS:
        yield f"more than {MOST_ALARMS} false alarm"


if __name__ == "__main__":
    sys.exit(main())
