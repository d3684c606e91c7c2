"""Leaked keys: how fast and in how much memory text is searched, and how right it is on the labelled corpus."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from scanner.collect.leaks.detect.engine import detect
from scanner.collect.leaks.detect.window import Found, Window
from tests.leaks.corpus import Sample, negatives, positives

MOST_SECONDS = 60.0
"""For 1 GB on two cores."""
MOST_MB = 400
LEAST = 0.99
"""Of precision and recall."""
GB = 1_000_000_000

_CHILD = """
import json, resource, sys, time
from scanner.collect.hashes import Hashes
from scanner.collect.leaks.transport import Places
from scanner.model.estate import LeakSource
if __name__ == "__main__":
    place, processes = sys.argv[1], int(sys.argv[2])
    made = Places(LeakSource(name="bench", kind="files", places=(place,)), Hashes(), lambda: False, processes)
    start = time.perf_counter()
    body = made.send("leaks:Read", {"place": place}).body
    seconds = time.perf_counter() - start
    made.close()
    use = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps([seconds, body["bytes"], len(body["leaks"]), max(use) / 1024, body["skipped"]]))
"""


@dataclass(slots=True)
class Rightness:
    """What was found of what is there."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    """By the label of what it really is."""
    negatives: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        right = self.found.total()
        return right / max(1, right + self.wrong.total())

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        right = self.found.total()
        return right / max(1, right + self.missed.total())


def judge(samples: Iterable[Sample]) -> Rightness:
    """Return how right the detectors are: a secret is found when it is told once, as the kind that it is."""
    made = Rightness()
    for sample in samples:
        kinds = [one.kind for one in detect(Window.of(sample.text.encode())) if isinstance(one, Found)]
        made.negatives += not sample.kind
        if sample.kind and sample.kind in kinds:
            kinds.remove(sample.kind)
            made.found[sample.kind] += 1
        elif sample.kind:
            made.missed[sample.kind] += 1
        made.wrong[sample.label] += len(kinds)
    return made


def text(size: int, seed: int = 1) -> bytes:
    """Return about ``size`` bytes of logs, code, JSON and prose, with a leak or a near miss every hundred lines."""
    chance = random.Random(seed)
    words = [
        "request",
        "handled",
        "tenant",
        "voice",
        "session",
        "decrypt",
        "user",
        "info",
        "status",
        "path",
        "time",
        "error",
        "retry",
        "data",
        "audio",
        "call",
    ]
    spice = [sample.text.encode() for sample in (*positives(1, seed), *negatives(1, seed))]
    made, length = [], 0
    while length < size:
        kind = chance.random()
        line = f"2026-11-25T13:07:{chance.randrange(60):02}.123Z INFO [worker-{chance.randrange(8)}] "
        line += " ".join(chance.choices(words, k=8))
        if kind < 0.4:
            line += f" request_id={chance.getrandbits(32):08x}-1234-4234-8234-{chance.getrandbits(48):012x}"
        elif kind < 0.6:
            line += f' {{"trace": "{chance.getrandbits(128):032x}", "key": "calls/{chance.getrandbits(64):x}.wav"}}'
        elif kind < 0.7:
            line += f" digest sha256:{chance.getrandbits(256):064x}"
        data = chance.choice(spice) if kind > 0.99 else line.encode()
        made.append(data)
        length += len(data) + 1
    return b"\n".join(made)


def measured(size: int, processes: int) -> tuple[float, int, int, float]:
    """Return seconds, bytes, leaks and peak memory (MB, of the largest process) of a search."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "place"
        place.mkdir()
        script = Path(folder) / "child.py"
        script.write_text(_CHILD)
        block = text(min(size, 20_000_000))
        with (place / "app.log").open("wb") as file:
            for _ in range(-(-size // len(block))):
                file.write(block + b"\n")
        command = [sys.executable, str(script), str(place), str(processes)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        import json

        seconds, read, leaks, memory, skipped = json.loads(done.stdout)
        if skipped:
            raise SystemExit(f"not all was read: {skipped}")
        return seconds, read, leaks, memory


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Returns 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=GB)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--per-label", type=int, default=20, help="samples of each label in each of six contexts")
    given = parser.parse_args(arguments)
    start = time.perf_counter()
    right = judge((*positives(given.per_label), *negatives(given.per_label)))
    print(
        f"\nlabelled corpus, {right.found.total() + right.missed.total()} secrets, {right.negatives} texts without one"
    )
    print(f"{'precision':<36}{right.precision:8.4f}  (at least {LEAST})")
    print(f"{'recall':<36}{right.recall:8.4f}  (at least {LEAST})")
    for kind in sorted(right.found | right.missed):
        print(f"  {kind:<34}{right.found[kind]:8d} of {right.found[kind] + right.missed[kind]}")
    print(
        "".join(f"  wrong: {label:<27}{number:8d}\n" for label, number in sorted(right.wrong.items()) if number), end=""
    )
    print(f"{'time':<36}{time.perf_counter() - start:8.1f} s")
    seconds, read, leaks, memory = measured(given.bytes, given.processes)
    most = MOST_SECONDS * given.bytes / GB
    print(f"\n{read / 1e6:.0f} MB of text, {given.processes} processes, {leaks} leaks")
    print(f"{'wall time':<36}{seconds:8.1f} s   (at most {most:.1f}; {read / 1e6 / seconds:.0f} MB/s)")
    print(f"{'peak memory of a process':<36}{memory:8.0f} MB  (at most {MOST_MB})")
    # A small run is held to neither: it measures how a process starts.
    beyond = given.bytes >= GB and (seconds > most or memory > MOST_MB)
    return int(beyond or right.precision < LEAST or right.recall < LEAST)


if __name__ == "__main__":
    sys.exit(main())
