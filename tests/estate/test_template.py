"""The estate file that ``init`` writes: right as it stands, and right with each of its comments taken up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner import pipeline, resources
from scanner.cli.init import defaults
from scanner.estate.load import check_policy, parse_estate, read_estate
from scanner.estate.schema import Aws
from scanner.estate.template import init_estate
from tests.estate.test_proving import LAYOUT

PARAMETERS = defaults(pipeline.catalogue(resources.controls_dir(), (), (), ()))
TEXT = init_estate("Example Health", parameters=PARAMETERS)
OPTION = re.compile(r"^      # ([a-z_]+): (.*?)(?:   +#.*)?$", re.MULTILINE)
THRESHOLD = re.compile(r"^#   ([a-z_]+): ", re.MULTILINE)


def test_it_is_right_as_it_stands() -> None:
    estate = parse_estate(TEXT.encode(), "estate.yaml").estate
    assert estate.organization == "Example Health"
    assert [(source.name, source.regions) for source in estate.aws] == [("aws", ("all",))]
    assert estate.policy == {}


@pytest.mark.parametrize("name", [name for name, _ in OPTION.findall(TEXT)])
def test_every_commented_key_of_a_source_is_right_without_the_comment_sign(name: str) -> None:
    text = TEXT.replace(f"      # {name}: ", f"      {name}: ")
    if name == "external_id":
        text = text.replace("      # role_arn: ", "      role_arn: ")
    (got,) = parse_estate(text.encode(), "estate.yaml").estate.aws
    (plain,) = parse_estate(TEXT.encode(), "estate.yaml").estate.aws
    assert got != plain or name in {"concurrency", "time_limit"}  # these show their defaults


def test_every_key_of_a_source_is_shown() -> None:
    shown = {name for name, _ in OPTION.findall(TEXT)} | {"name", "regions"}
    assert shown == set(Aws.model_fields)


def test_every_threshold_is_shown_with_its_default() -> None:
    assert THRESHOLD.findall(TEXT) == sorted(PARAMETERS)
    text = THRESHOLD.sub(r"  \1: ", TEXT).replace("# policy:\n", "policy:\n")
    read = parse_estate(text.encode(), "estate.yaml")
    assert read.estate.policy == {name: default for name, (default, _, _) in PARAMETERS.items()}
    check_policy(read, {name: default for name, (default, _, _) in PARAMETERS.items()})


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_each_threshold_can_be_taken_up_alone(name: str) -> None:
    text = TEXT.replace(f"#   {name}: ", f"  {name}: ").replace("# policy:\n", "policy:\n")
    assert set(parse_estate(text.encode(), "estate.yaml").estate.policy) == {name}


@pytest.mark.parametrize("name", ['Dr. "No" & Söhne', "a: b # c", "{a}", "100 % Health", "'", "\\", "日本", "%(x)s"])
def test_any_name_is_written_so_that_it_is_read_again(name: str) -> None:
    text = init_estate(name, parameters=PARAMETERS)
    assert parse_estate(text.encode(), "estate.yaml").estate.organization == name


def test_lines_fit_a_wide_terminal() -> None:
    # A threshold can be a long list.
    written = [line for line in TEXT.splitlines() if not line.startswith("#   ")]
    assert max(map(len, written)) <= 120


COMMENTED = re.compile(r"^( *)# ((?:azure|gcp|pkcs11|postgres|hierarchy|selftest):(?:\n\1# .*)+)", re.MULTILINE)


def test_tokens_databases_edges_and_self_tests_are_right_without_the_comment_sign(tmp_path: Path) -> None:
    assert len(COMMENTED.findall(TEXT)) == 6
    text = COMMENTED.sub(lambda found: re.sub(r"(?m)^( *)# ", r"\1", found[0]), TEXT)
    (tmp_path / "envelope").mkdir()
    (tmp_path / "envelope" / "healthcare_voice.yaml").write_text(LAYOUT)
    (tmp_path / "estate.yaml").write_text(text)
    estate = read_estate(tmp_path / "estate.yaml").estate
    assert estate.source_names == ("aws", "clinical", "analytics", "root-hsm", "healthcare-voice")
    assert (len(estate.hierarchy), estate.selftests.aws[0].canary, estate.postgres[0].sample_rows) == (1, True, 200)
