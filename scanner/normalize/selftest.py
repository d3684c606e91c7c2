"""Self-tests to rows: what each showed, the edges that it proved, and the module that computes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.modules import ModuleFact
from scanner.model.observation import Observation, Record
from scanner.model.selftest import SelftestFact
from scanner.model.stores import BindingFact
from scanner.model.tables import CoverageFact
from scanner.normalize.reading import Object, child, flag, text
from scanner.normalize.records import Records

PREFIX = "selftest:"
WHICH_MODULE = f"{PREFIX}ST-MOD-02"
PASSED = {"pass": True, "fail": False}
OUTCOMES = frozenset({"pass", "fail", "unknown"})


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each test that ran, its proven edges, our own module, and whether each test could tell."""
    unit = Records(records)
    edges: dict[str, BindingFact] = {}
    for operation, named in sorted({(one.operation, one.subject or "") for one in records}):
        subject = named or None
        answer = unit.answer(operation, subject)
        body = answer.response if answer is not None and isinstance(answer.response, dict) else None
        ran = answer is not None and body is not None and text(body, "test") is not None
        if answer is not None and body is not None and ran:
            yield _row(unit, answer, body)
            edges |= {edge.binding_id: edge for edge in _edges(unit, answer, body)}
            if operation == WHICH_MODULE:
                yield from _module(unit, answer, body)
        # A gap beside an answer says that the test could not tell. The estate may say that there are none, on purpose.
        understood = ran or flag(body, "declined") is True
        yield _coverage(
            unit,
            SelftestFact,
            operation,
            int(ran),
            unit.ids(operation, subject),
            parent=named,
            complete=understood and unit.complete(operation, subject),
        )
    yield from edges.values()


def _row(unit: Records, answer: Observation, body: Object) -> SelftestFact:
    test, target, outcome = text(body, "test") or "", text(body, "target") or "", text(body, "outcome")
    calls = body.get("calls")
    return SelftestFact(
        source=unit.source,
        evidence=(answer.id,),
        selftest_id=answer.subject or f"{test} {target}",
        kind=test,
        target=target,
        provider=text(body, "provider"),
        passed=PASSED.get(outcome or ""),
        outcome=outcome if outcome in OUTCOMES else None,
        detail=text(body, "detail"),
        cases=_count(body, "cases"),
        calls=len(calls) if isinstance(calls, list) else None,
    )


def _count(body: Object, name: str) -> int | None:
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _edges(unit: Records, answer: Observation, body: Object) -> Iterator[BindingFact]:
    """Yield the edges that a test proved, which it did only when it passed."""
    listed = body.get("edges")
    if text(body, "outcome") != "pass" or not isinstance(listed, list):
        return
    for edge in listed:
        told = edge if isinstance(edge, dict) else None
        below, above = text(told, "child"), text(told, "parent")
        if not below or not above:
            continue
        yield BindingFact(
            source=unit.source,
            evidence=(answer.id,),
            binding_id=f"{below} > {above} (proven)",
            child_id=below,
            parent_id=above,
            child_kind=text(told, "child_kind"),
            parent_kind=text(told, "parent_kind"),
            strength="proven",
        )


def _module(unit: Records, answer: Observation, body: Object) -> Iterator[Fact]:
    """Yield the module that this program computes with. It guards no key of the estate, so none has to certify it."""
    figures = child(body, "figures")
    version, name = text(figures, "version"), text(figures, "name")
    if version is not None and name is not None:
        yield ModuleFact(
            source=unit.source,
            evidence=(answer.id,),
            module_id=text(body, "target") or "own",
            provider="own",
            account="",
            region="",
            name=f"{name} {version} ({text(figures, 'binding')})",
            kind="library",
            product=text(figures, "product"),
            embodiment="software",
            version=version,
            state="none",
            approved_mode=flag(figures, "fips_provider"),
            certificate_required=False,
        )
    known = version is not None and name is not None
    yield _coverage(unit, ModuleFact, WHICH_MODULE, int(known), (answer.id,), complete=known)


def _coverage(
    unit: Records,
    table: type[Fact],
    operation: str,
    rows: int,
    evidence: tuple[Digest, ...],
    *,
    complete: bool,
    parent: str = "",
) -> CoverageFact:
    return CoverageFact(
        source=unit.source,
        evidence=evidence,
        # With the operation: what one test lacks is nothing to the controls over another.
        coverage_id=f"{table.table} {unit.source} {operation}",
        listed_table=table.table,
        parent_id=parent or unit.source,
        complete=complete,
        row_count=rows,
    )
