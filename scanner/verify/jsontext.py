"""JSON that everybody reads alike: UTF-8, no name twice, no NaN, no lone surrogate, not too deep (RFC 7493)."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from scanner.evidence.canonical import canonical
from scanner.model.ids import Json

MOST_DEPTH = 64


def parse(data: bytes) -> Json:
    """Return the value of JSON text. Raises ValueError when two readers could understand it differently."""
    try:
        text = data.decode()
        value: Json = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
        )
        _check_depth(value)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except UnicodeEncodeError:
        raise ValueError("it has a lone surrogate") from None
    return value


def parse_canonical(data: bytes) -> Json:
    """Return the value of canonical JSON (RFC 8785). Raises ValueError for any other."""
    value = parse(data)
    if canonical(value) != data:
        raise ValueError("it is not in canonical form (RFC 8785)")
    return value


def _once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is beyond what a JSON number holds")
    return value


def _integer(text: str) -> int:
    if len(text) > 40:
        raise ValueError("a number is beyond what a JSON number holds")
    return int(text)


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise ValueError("it is nested too deeply")


def _inside(value: Json) -> Collection[Json]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def moment(text: str) -> datetime:
    """Return an RFC 3339 instant in UTC. Raises ValueError for other text."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None
