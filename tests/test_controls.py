"""The catalogue: every control file, by its own examples and by what it must not say."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.evaluate.columns import decision_columns
from scanner.evaluate.examples import run_examples
from scanner.evaluate.lint import lint
from scanner.evaluate.load import PHASES, hipaa_rules, load_catalogue
from scanner.model.control import Control
from scanner.model.facts import Fact, columns_of
from scanner.model.ids import SourceId
from scanner.model.tables import BY_NAME
from scanner.resources import controls_dir
from scanner.sources import operations
from tests.evaluate.builders import AS_OF, FLAG, INSTANT, KEY_VALUES, SOURCE, a_gap, a_key, decide, judge, listed

CATALOGUE = load_catalogue(controls_dir())
CONTROLS = CATALOGUE.controls
BY_ID = {str(control.id): control for control in CONTROLS}
EVERY = pytest.mark.parametrize("control", CONTROLS, ids=list(BY_ID))

RESEARCHED = yaml.safe_load((Path(__file__).parent / "researched.yaml").read_text(encoding="utf-8"))
IV = "164.312(a)(2)(iv)"
TABLES = sorted({control.table for control in CONTROLS})
READ = sorted({*TABLES, *(one.table for control in CONTROLS for one in control.related)})
REQUIRED = {f"{table}.{column.name}" for table in READ for column in columns_of(BY_NAME[table]) if column.required}


def cited(control: Control, framework: str) -> set[str]:
    return {c.ref for c in control.citations if c.framework.startswith(framework)}


def test_every_file_is_a_control_of_its_phase() -> None:
    files = {path for path in controls_dir().glob("*/*.yaml") if path.parent.name != "frameworks"}
    assert {Path(control.path) for control in CONTROLS} == files
    assert {path.parent.name for path in files} <= set(PHASES)
    assert len(CONTROLS) >= 99


def test_linting_finds_nothing() -> None:
    assert lint(CATALOGUE) == ()


@EVERY
def test_examples_hold(control: Control) -> None:
    assert run_examples(control) == ()


@EVERY
def test_there_is_an_example_of_every_verdict(control: Control) -> None:
    verdicts = {verdict for example in control.examples for _, verdict in example.expect}
    assert verdicts >= {"pass", "fail", "unknown"}


@pytest.mark.parametrize("name", sorted(RESEARCHED.keys() & BY_ID.keys()))
def test_basis_severity_and_clauses_are_those_that_were_researched(name: str) -> None:
    control, known = BY_ID[name], RESEARCHED[name]
    assert (control.basis.value, control.severity.value) == (known["basis"], known["severity"])
    assert cited(control, "hipaa-") == set(known["hipaa"])
    assert cited(control, "sp800-57") == set(known["sections"])


@EVERY
def test_every_clause_is_in_its_framework(control: Control) -> None:
    clauses = {(framework.id, clause.ref) for framework in CATALOGUE.frameworks for clause in framework.clauses}
    assert {(citation.framework, citation.ref) for citation in control.citations} <= clauses
    assert cited(control, "hipaa-")


def test_the_crosswalk_is_nists_and_names_its_clauses() -> None:
    (framework,) = [one for one in CATALOGUE.frameworks if one.crosswalk]
    crosswalk = dict(framework.crosswalk)
    assert crosswalk[IV] == ("SC-13",)
    assert crosswalk["164.312(e)(2)(ii)"] == ("SC-8", "SC-12", "SC-13")
    assert crosswalk["164.312(a)(1)"] == ("AC-1", "AC-3", "AC-5", "AC-6")
    specifications = {clause.ref for one in CATALOGUE.frameworks if one.id == "hipaa-164.312" for clause in one.clauses}
    assert set(crosswalk) == specifications


def test_164_312_has_two_required_and_five_addressable_specifications() -> None:
    rules = [rule for ref, rule in hipaa_rules(CATALOGUE).items() if ref.startswith("164.312")]
    assert {rule: rules.count(rule) for rule in set(rules)} == {"Standard": 5, "Required": 2, "Addressable": 5}


def test_only_hipaa_binds() -> None:
    binding = {framework.id for framework in CATALOGUE.frameworks for clause in framework.clauses if clause.binding}
    assert binding == {"hipaa-164.312", "hipaa-other"}


@EVERY
def test_what_it_decides_by_is_fed_by_an_operation(control: Control) -> None:
    fed = {column for operation in operations() for column in operation.feeds}
    by_column = {column.partition(".")[0] for column in fed if not column.endswith(".*")}
    for column in decision_columns(control):
        table = column.partition(".")[0]
        # A listing brings what no row can be without, and every column of a table of which nothing else is asked.
        listing = {f"{table}.*"} if column in REQUIRED or table not in by_column else set()
        assert fed & {column, *listing}, column


# Every control against a table that it should not be fooled by.


def test_a_row_of_nulls_is_unknown_by_every_control(tmp_path: Path) -> None:
    over_keys = [control for control in CONTROLS if control.table == "keys"]
    # Whose a key is is always known: a control over the keys of some providers judges one of those.
    verdicts: dict[str, str] = {}
    for provider in sorted({provider_of(control) for control in over_keys}):
        some = [control for control in over_keys if provider_of(control) == provider]
        key = a_key("null", provider=provider, managed_by=None, length_bits=None)
        verdicts |= dict(judge(tmp_path / provider, some, [key, listed()]).rows("control_id, verdict"))
    assert set(verdicts) == {str(control.id) for control in over_keys}
    assert set(verdicts.values()) == {"unknown"}


def provider_of(control: Control) -> str:
    """Return the provider of the first row of a control's examples."""
    return str(control.examples[0].rows[0].get("provider", "aws"))


LISTINGS = [listed(table) for table in TABLES]


def test_an_empty_estate_is_not_applicable_when_it_was_listed(tmp_path: Path) -> None:
    results = judge(tmp_path, CONTROLS, LISTINGS).evaluation.results
    assert {result.verdict.value for result in results} == {"not_applicable"}


@pytest.mark.parametrize("complete", [None, False])
def test_an_estate_that_was_not_listed_to_its_end_is_unknown(tmp_path: Path, *, complete: bool | None) -> None:
    tables = [] if complete is None else [listed(table, complete=complete) for table in TABLES]
    results = judge(tmp_path, CONTROLS, tables).evaluation.results
    assert {result.verdict.value for result in results} == {"unknown"}


def test_a_gap_of_what_every_scan_asks_leaves_nothing_to_pass(tmp_path: Path) -> None:
    facts: list[Fact] = [*LISTINGS, a_key(state="active", usage_count=1), listed("key_grants", "k")]
    judged = judge(tmp_path, CONTROLS, facts)
    before = {result.control.id for result in judged.evaluation.results if result.verdict == "pass"}
    assert "KM-GEN-06" in before
    always = next(operation.name for operation in operations() if operation.always)
    after = decide(tmp_path, CONTROLS, judged.facts, gaps=[a_gap(always)], operations=operations())
    assert "pass" not in {result.verdict.value for result in after.evaluation.results}


def test_no_row_makes_a_control_contradict_itself(tmp_path: Path) -> None:
    dice = random.Random(1)  # noqa: S311 - the same rows every time, and no secret
    keys = [a_key(f"{i}", **{name: dice.choice(values) for name, values in KEY_VALUES.items()}) for i in range(2500)]
    judged = judge(tmp_path, CONTROLS, [*keys, listed()])  # a contradiction would stop it
    counted = [result.counts for result in judged.evaluation.results if result.control.table == "keys"]
    assert all(counts.passed + counts.failed + counts.unknown > 0 for counts in counted)


def some_values(table: str) -> dict[str, tuple[Any, ...]]:
    """Return values of each column that may be unknown: those that controls compare with, near them, and others."""
    about = [c for c in CONTROLS if table in {c.table, *(one.table for one in c.related)}]
    texts = [t for c in about for t in (c.applies, c.pass_when, c.fail_when, *(one.where for one in c.related))]
    defaults = [p.default for c in about for p in c.parameters]
    text = " ; ".join(texts)
    numbers = sorted({n + off for n in (0, *defaults) if isinstance(n, int) for off in (-1, 0, 1)})
    by_type: dict[str, tuple[Any, ...]] = {
        "BOOLEAN": FLAG,
        "BIGINT": (None, *numbers),
        "TIMESTAMP": (*INSTANT, *(AS_OF - timedelta(days=days) for days in (0, 1, 31, 91))),
        "VARCHAR[]": (None, (), ("owner", "tenant", "data-classification"), ("data-classification=ephi",)),
    }
    names = {column.name: column.sql_type for column in columns_of(BY_NAME[table])}
    values = {name: by_type[kind] if kind in by_type else compared(name, text) for name, kind in names.items()}
    # What is joined to another row finds one also where a control names the values of the other side alone.
    for control in about:
        for one in control.related:
            if one.table == table and names[one.on] == "VARCHAR" and not one.on.endswith("_id"):
                values[one.on] += compared(one.to, control.applies)[1:-1]
    return values


def compared(column: str, text: str) -> tuple[Any, ...]:
    """Return what conditions compare a column of text with, nothing, and what stands for another row."""
    found = re.findall(rf"\b{column} (?:=|!=|(?:NOT )?IN|(?:NOT )?LIKE) (\([^)]*\)|'[^']*')", text)
    words = sorted({word for one in found for word in re.findall("'([^']*)'", one)})
    return (None, *words, *words, *IDS[: 40 if column.endswith("_id") else 1])


IDS = [str(number) for number in range(300)]


RARE = {"KM-VEN-05", "KM-VEN-37"}
"""They apply where rows of three tables come together as chance seldom has it: their examples judge them."""


def some_row(dice: random.Random, table: str, identity: str, values: dict[str, tuple[Any, ...]]) -> Fact:
    """Return a row of random values. What it hangs on is one of few, so that rows find each other."""
    given: dict[str, Any] = {}
    for column in columns_of(BY_NAME[table]):
        known = [value for value in values[column.name] if value is not None]
        given[column.name] = dice.choice(known if column.required else values[column.name])
    fixed = {"source": SourceId(SOURCE), "evidence": (), BY_NAME[table].key: identity}
    return BY_NAME[table](**{**given, **fixed})


def test_no_row_of_any_table_makes_a_control_contradict_itself(tmp_path: Path) -> None:
    dice = random.Random(2)  # noqa: S311 - the same rows every time, and no secret
    facts: list[Fact] = []
    for table in READ:
        values = some_values(table)
        facts += [some_row(dice, table, identity, values) for identity in IDS]
        parents = [SOURCE] if BY_NAME[table].parent == "source" else IDS
        facts += [listed(table, parent) for parent in parents]
    rules = hipaa_rules(load_catalogue(controls_dir()))
    results = judge(tmp_path, CONTROLS, facts, rules=rules).evaluation.results  # a contradiction would stop it
    assert {result.control.table for result in results} == set(TABLES)
    counted = [result.counts for result in results if result.control.id not in RARE]
    assert all(counts.passed + counts.failed + counts.unknown > 0 for counts in counted)


def test_a_data_key_is_judged_by_policy_and_by_nist(tmp_path: Path) -> None:
    control = [BY_ID["KM-ROT-01"], BY_ID["KM-ROT-02"]]
    key = a_key(state="active", key_type="symmetric_data_encryption", material_since=AS_OF.replace(year=2025))
    judged = judge(tmp_path, control, [key, listed()])
    assert dict(judged.rows("control_id, verdict")) == {"KM-ROT-01": "fail", "KM-ROT-02": "pass"}
    stricter = decide(tmp_path, control, judged.facts, policy={"dek_max_days": 400, "dek_oup_max_days": 300})
    assert dict(stricter.rows("control_id, verdict")) == {"KM-ROT-01": "pass", "KM-ROT-02": "fail"}


def test_remedies_name_a_provider_or_any() -> None:
    assert {provider for control in CONTROLS for provider, _ in control.remedy} <= {
        "aws",
        "azure",
        "gcp",
        "pkcs11",
        *("openai", "anthropic", "elevenlabs", "deepgram"),
        "any",
    }
