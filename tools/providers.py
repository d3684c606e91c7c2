"""The page that says which controls judge which kind of source, and which cannot, with the facts that are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from scanner import sources
from scanner.evaluate.columns import check, rested_on
from scanner.model.control import Catalogue, Control
from scanner.model.facts import columns_of
from scanner.model.operation import Operation
from scanner.model.tables import BY_NAME
from scanner.sources import Kind

COMMON = ("estate", "selftest")
"""Kinds whose facts every other one shares."""

_ABOUT = (
    "A control judges a kind of source when that source tells the population that the control counts over. Where a "
    "fact is missing that the verdict rests on, rows of that source stay UNKNOWN or do not apply: the fact is named "
    "below. What the estate file declares and what self-tests prove counts for every source."
)


def page(catalogue: Catalogue) -> str:
    """Return the page."""
    kinds = [kind for kind in sources.SOURCES if kind.provider not in COMMON]
    shared = [op for kind in sources.SOURCES if kind.provider in COMMON for op in kind.operations()]
    judged = {control.id: {k.provider: lacking(control, k, shared) for k in kinds} for control in catalogue.controls}
    lines = [
        "# Which controls judge what\n",
        f"{_ABOUT}\n",
        "| source | judged whole | facts missing | no such subject |",
        "|---|---|---|---|",
    ]
    for kind in kinds:
        found = [by[kind.provider] for by in judged.values()]
        whole, partly = found.count(()), sum(bool(one) for one in found)
        lines.append(f"| {kind.title} | {whole} | {partly} | {found.count(None)} |")
    for kind in kinds:
        partly_judged = {c: by[kind.provider] for c, by in judged.items() if by[kind.provider]}
        if partly_judged:
            lines += [f"\n## {kind.title}: facts that are missing\n", "| control | not told |", "|---|---|"]
            lines += [f"| {c} | {', '.join(f'`{m}`' for m in missing or ())} |" for c, missing in partly_judged.items()]
    lines += ["\n## Each control\n", "| control | " + " | ".join(k.provider for k in kinds) + " |"]
    lines.append("|---" * (len(kinds) + 1) + "|")
    for control, by in judged.items():
        lines.append(f"| {control} | " + " | ".join(_mark(by[k.provider]) for k in kinds) + " |")
    return "\n".join(lines) + "\n"


def _mark(missing: tuple[str, ...] | None) -> str:
    return "" if missing is None else "partly" if missing else "yes"


def lacking(control: Control, kind: Kind, shared: Iterable[Operation]) -> tuple[str, ...] | None:
    """Return the facts that a kind of source does not tell, sorted; None: it has no such subject."""
    wanted = rested_on(check(control))
    own = kind.operations()
    population = [one for one in wanted if one.endswith(".*") and _table(one) == control.table]
    if not any(op.feeds_any([one]) for op in own for one in population):
        return None
    every = (*own, *shared)
    fed = {column for op in every for column in op.feeds}
    told: dict[str, bool] = {}
    for one in wanted:
        fact = f"{_table(one)}.{one.partition('.')[2]}"
        known = any(op.feeds_any([one]) for op in every) or _comes_by_itself(fact, fed)
        told[fact] = told.get(fact, False) or known
    missing = {fact.removesuffix(".*") for fact, known in told.items() if not known}
    return tuple(sorted(fact for fact in missing if fact == _table(fact) or _table(fact) not in missing))


def _table(column: str) -> str:
    """Return the table of ``table.column`` or ``table@kind.column``."""
    return column.partition(".")[0].partition("@")[0]


def _comes_by_itself(fact: str, fed: Collection[str]) -> bool:
    """Tell whether a fact needs no answer of its own where there are rows.

    What names a row comes with it, what is derived is made from other facts, and some listings tell all of a row.
    """
    table, _, name = fact.partition(".")
    if name == "*" or f"{table}.*" not in fed:
        return False
    (column,) = (c for c in columns_of(BY_NAME[table]) if c.name == name)
    whole = not any(one.startswith(f"{table}.") and one != f"{table}.*" for one in fed)
    return whole or column.required or "derived" in column.source
