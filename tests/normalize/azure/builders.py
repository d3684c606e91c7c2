"""Records of Azure as the collector would have made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from scanner.model.facts import Fact
from scanner.model.ids import Json, SourceId
from scanner.model.observation import Gap, Observation, Record
from scanner.normalize.records import Records
from tests.normalize import builders
from tests.normalize.azure import examples

SOURCE = SourceId(f"azure:{examples.NIL}:sample-vault")
PLACE: dict[str, Any] = {"source": SOURCE, "account": examples.NIL, "region": "westus", "params": {}}


def observed(operation: str, response: Json, **given: Any) -> Observation:  # noqa: ANN401 - as builders.observed
    """Return an answer."""
    return replace(builders.observed(operation, response, **given), **PLACE)


def listed(operation: str, *items: Json, **given: Any) -> Observation:  # noqa: ANN401 - as builders.observed
    """Return a listing of one page."""
    return observed(operation, {"value": list(items)}, **given)


def missed(operation: str, **given: Any) -> Gap:  # noqa: ANN401 - as builders.missed
    """Return a question without an answer."""
    return replace(builders.missed(operation, **given), **PLACE)


def rows(normalize: Callable[[Sequence[Record]], Iterator[Fact]], kind: type[Fact], *records: Record) -> list[Any]:
    """Return the rows of one table that some records give, in whatever order they come."""
    found = [fact for fact in normalize(records) if isinstance(fact, kind)]
    assert found == [fact for fact in normalize(tuple(reversed(records))) if isinstance(fact, kind)]
    return found


def unit(*records: Record) -> Records:
    """Return an index over records."""
    return Records(records)


def changed(body: dict[str, Json], **properties: Json) -> dict[str, Json]:
    """Return a resource with other properties; None takes one away."""
    before = body["properties"]
    assert isinstance(before, dict)
    after: dict[str, Json] = {name: value for name, value in {**before, **properties}.items() if value is not None}
    changed_body: dict[str, Json] = {**body, "properties": after}
    return changed_body
