"""The raw answers behind the findings that a reader sees first: a sample of the evidence, in bounded memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from scanner.model.ids import Digest
from scanner.model.observation import Observation, Record
from scanner.model.verdict import ControlResult

MOST_ANSWERS = 300
MOST_OF_ONE = 8
"""Answers that one finding brings; some rest on hundreds."""
MOST_CHARACTERS = 100_000
"""Of one answer. A longer one stays in the evidence folder only."""


def observations(
    results: Sequence[ControlResult], find: Callable[[Collection[Digest]], Iterable[Record]]
) -> tuple[Observation, ...]:
    """Return the answers that the first findings cite, in the order in which they are cited.

    The first finding of each control goes first, then the second of each. ``find`` gives records by their ids.
    """
    wanted = list(itertools.islice(dict.fromkeys(_cited(results)), MOST_ANSWERS))
    found = {
        record.id: record
        for record in find(wanted)
        if isinstance(record, Observation) and len(json.dumps(record.response)) <= MOST_CHARACTERS
    }
    return tuple(found[one] for one in wanted if one in found)


def _cited(results: Sequence[ControlResult]) -> Iterator[Digest]:
    for findings in itertools.zip_longest(*(result.findings for result in results)):
        for finding in findings:
            if finding is not None:
                yield from finding.evidence[:MOST_OF_ONE]
