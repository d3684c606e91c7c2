"""The rules of what comes due: they fit the catalogue, and each other."""

from __future__ import annotations

from collections import Counter

from scanner.evaluate.assemble import CRYPTOPERIODS as CHART
from scanner.evaluate.load import load_catalogue
from scanner.history.rules import CRYPTOPERIODS, RULES
from scanner.model.forecast import DueKind
from scanner.model.tables import BY_NAME
from scanner.resources import controls_dir


def test_the_chart_and_the_forecast_have_the_same_cryptoperiods() -> None:
    assert {kind: names[0] for kind, names in CRYPTOPERIODS.items()} == CHART


def test_every_limit_is_one_of_the_catalogue_in_days() -> None:
    units = {p.name: p.unit for control in load_catalogue(controls_dir()).controls for p in control.parameters}
    names = {name for rule in RULES for several in (rule.limits or {}).values() for name in several}
    assert {name: units.get(name) for name in names} == dict.fromkeys(names, "days")


def test_rules_of_a_kind_have_names_of_their_own() -> None:
    names = Counter((rule.kind, rule.name) for rule in RULES)
    assert set(names.values()) == {1}
    assert {rule.kind for rule in RULES} == set(DueKind)


def test_every_table_is_a_fact_table() -> None:
    assert {table for rule in RULES for table in rule.tables} <= BY_NAME.keys()
