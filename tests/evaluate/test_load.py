"""The catalogue from its files: what is read, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import ConfigError, UsageError
from scanner.evaluate.load import PHASES, hipaa_rules, load_catalogue, load_control, load_framework, select
from scanner.model.control import Basis, Citation, Parameter, Related, RestsOn, Severity
from tests import golden
from tests.evaluate.faulty import FRAMEWORKS, GOOD, SHAPE, Faulty, put, write

OTHER = GOOD.replace("KM-ROT-04", "KM-ROT-03")
STORED = GOOD.replace("KM-ROT-04", "KM-STO-01").replace("phase: rotation", "phase: storage")


def refused(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_control(path)
    return caught.value


def test_a_faulty_file_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for case in SHAPE:
        error = refused(put(Path("rotation/KM-ROT-04.yaml"), case.text))
        said.append(f"== {case.name}\nerror: {error}\nhint: {error.hint}\n")
    golden.check("control_errors.txt", "\n".join(said))


@pytest.mark.parametrize("case", SHAPE, ids=[case.name for case in SHAPE])
def test_every_refusal_names_file_and_line(tmp_path: Path, case: Faulty) -> None:
    path = put(tmp_path / "rotation" / "KM-ROT-04.yaml", case.text)
    error = refused(path)
    assert error.place is not None
    assert str(error).startswith(f"{error.place}: ")
    assert error.place.line or not case.text


def test_everything_that_a_control_says_is_read(tmp_path: Path) -> None:
    control = load_control(put(tmp_path / "rotation" / "KM-ROT-04.yaml", GOOD))
    assert (control.id, control.severity, control.phase) == ("KM-ROT-04", Severity.HIGH, "rotation")
    assert control.citations[2] == Citation("sp800-53r5", "SC-12", "author")
    assert control.parameters == (
        Parameter("period_max_days", 730, "days", Basis.NIST_SUGGESTED, "SP 800-57 Part 1 Rev. 5, Table 1, row 7"),
    )
    assert control.related == (Related("shared", "any", "key_grants", "key_id", "key_id", "cross_account"),)
    assert (control.table, control.applies) == ("keys", "managed_by = 'customer'")
    assert control.observe == ("rotation_enabled", "shared")
    assert control.rests_on is RestsOn.OBSERVED
    assert control.remedy == (("aws", "aws kms enable-key-rotation --key-id KEY"),)
    assert control.examples[0].rows[0]["rotation_period_days"] == 365
    assert control.examples[0].expect == (("a", "pass"),)
    assert control.path == str(tmp_path / "rotation" / "KM-ROT-04.yaml")
    assert control.digest.startswith("sha256:")


@pytest.mark.parametrize(("given", "read"), [("true", "true"), ("false", "false"), ("'true'", "true"), ("' x '", "x")])
def test_a_truth_is_a_condition(tmp_path: Path, given: str, read: str) -> None:
    text = GOOD.replace("applies: managed_by = 'customer'", f"applies: {given}")
    assert load_control(put(tmp_path / "rotation" / "KM-ROT-04.yaml", text)).applies == read


def test_an_extreme_names_its_column(tmp_path: Path) -> None:
    text = GOOD.replace(
        "{any: key_grants, on: key_id, where", "{max: key_grants.created_at, on: key_id, to: name, where"
    )
    (related,) = load_control(put(tmp_path / "rotation" / "KM-ROT-04.yaml", text)).related
    assert related == Related("shared", "max", "key_grants", "key_id", "name", "cross_account", "created_at")


def test_a_related_without_condition_counts_every_row(tmp_path: Path) -> None:
    text = GOOD.replace(', where: "cross_account"', "")
    assert load_control(put(tmp_path / "rotation" / "KM-ROT-04.yaml", text)).related[0].where == "true"


def test_examples_may_hold_relations_lists_parameters_and_a_clock(tmp_path: Path) -> None:
    more = "    related: {key_grants: [{key_id: a, operations: [x]}]}\n    unlisted: [key_grants]\n"
    more += '    parameters: {period_max_days: 5}\n    as_of: "2026-01-01T00:00:00Z"\n'
    text = GOOD.replace("    expect: {a: pass}\n", "    expect: {a: pass}\n" + more)
    example = load_control(put(tmp_path / "rotation" / "KM-ROT-04.yaml", text)).examples[0]
    assert example.related == (("key_grants", ({"key_id": "a", "operations": ["x"]},)),)
    assert (example.unlisted, example.parameters) == (("key_grants",), (("period_max_days", 5),))
    assert example.as_of == "2026-01-01T00:00:00Z"


def test_the_catalogue_is_in_the_order_of_the_life_cycle(tmp_path: Path) -> None:
    folder = write(tmp_path, rotation__KM_ROT_04=GOOD, rotation__KM_ROT_03=OTHER, storage__KM_STO_01=STORED)
    catalogue = load_catalogue(folder)
    assert [control.id for control in catalogue.controls] == ["KM-STO-01", "KM-ROT-03", "KM-ROT-04"]
    assert [framework.id for framework in catalogue.frameworks] == sorted(FRAMEWORKS)
    assert PHASES.index("storage") < PHASES.index("rotation")


def test_the_digest_changes_with_every_byte_and_name_and_nothing_else(tmp_path: Path) -> None:
    def digest(name: str, **controls: str) -> str:
        return load_catalogue(write(tmp_path / name, **controls)).digest

    first = digest("a", rotation__KM_ROT_04=GOOD)
    assert digest("b", rotation__KM_ROT_04=GOOD) == first
    assert digest("c", rotation__KM_ROT_04=GOOD + "\n") != first
    assert digest("d", rotation__KM_ROT_04=GOOD, rotation__KM_ROT_03=OTHER) != first
    put(tmp_path / "b" / "cmvp.yaml", "readings: {}\n")
    assert digest("b", rotation__KM_ROT_04=GOOD) != first
    put(tmp_path / "a" / "frameworks" / "x.yaml", FRAMEWORKS["sp800-57pt1r5"].replace("sp800-57pt1r5", "x"))
    assert load_catalogue(tmp_path / "a").digest != first


@pytest.mark.parametrize("name", ["KM-ROT-05.yaml", "rotation/deep/KM-ROT-05.yaml", "rotation/KM-ROT-05.yml"])
def test_a_file_that_would_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, rotation__KM_ROT_04=GOOD)
    put(folder / name, GOOD)
    with pytest.raises(ConfigError, match="this file would not be read") as caught:
        load_catalogue(folder)
    assert str(caught.value).startswith(str(folder / name))
    assert caught.value.hint == "call it PHASE/ID.yaml"


def test_hidden_folders_and_other_files_are_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, rotation__KM_ROT_04=GOOD)
    put(folder / ".github" / "ci.yaml", "x")
    put(folder / "README.md", "x")
    assert len(load_catalogue(folder).controls) == 1


def test_a_control_of_another_folder_with_the_same_id_cannot_be(tmp_path: Path) -> None:
    folder = write(
        tmp_path, rotation__KM_ROT_04=GOOD, storage__KM_ROT_04=GOOD.replace("phase: rotation", "phase: storage")
    )
    with pytest.raises(ConfigError, match=r"rotation/KM-ROT-04.yaml: KM-ROT-04 is also in .*storage/KM-ROT-04.yaml"):
        load_catalogue(folder)


def test_a_folder_without_frameworks_or_controls_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not a catalogue: it has no folder frameworks/"):
        load_catalogue(tmp_path)
    with pytest.raises(ConfigError, match="has no control") as caught:
        load_catalogue(write(tmp_path))
    assert caught.value.hint == "a control is a file PHASE/ID.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("id: sp800-53r5", "id: sp800-53", 1, "the file must be called sp800-53.yaml"),
        ("title: SP 800-53\n", "", 1, "the key 'title' is missing"),
        ("title: Keys", "title: Keys, rule: Optional", 5, "clauses[0].rule: must be"),
        ("[SC-13]", "SC-13", 8, "crosswalk.164.312(a)(2)(iv)"),
        ('ref: "SC-13"', 'ref: "SC-12"', 6, "the clause 'SC-12' is there twice"),
    ],
)
def test_a_faulty_framework_is_refused(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    path = put(tmp_path / "sp800-53r5.yaml", FRAMEWORKS["sp800-53r5"].replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_framework(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_framework_is_read(tmp_path: Path) -> None:
    framework = load_framework(put(tmp_path / "sp800-53r5.yaml", FRAMEWORKS["sp800-53r5"]))
    assert [clause.ref for clause in framework.clauses] == ["SC-12", "SC-13"]
    assert dict(framework.crosswalk)["164.312(e)(2)(ii)"] == ("SC-12", "SC-13")


def test_a_catalogue_is_narrowed_by_every_criterion(tmp_path: Path) -> None:
    whole = load_catalogue(
        write(tmp_path, rotation__KM_ROT_04=GOOD, rotation__KM_ROT_03=OTHER, storage__KM_STO_01=STORED)
    )
    assert select(whole, [], [], []) == whole
    assert [c.id for c in select(whole, ["KM-ROT-04", "KM-STO-01"], [], ["rotation"]).controls] == ["KM-ROT-04"]
    assert len(select(whole, [], ["sp800-57pt1r5"], []).controls) == 3
    assert select(whole, ["KM-ROT-04"], [], []).digest == whole.digest


@pytest.mark.parametrize(
    ("ids", "frameworks", "phases", "message", "hint"),
    [
        (["KM-ROT-40"], [], [], "there is no control 'KM-ROT-40'", "did you mean KM-ROT-04?"),
        (["x"], [], [], "there is no control 'x'", "there are: KM-ROT-04"),
        ([], ["hipaa-164"], [], "there is no framework 'hipaa-164'", "did you mean hipaa-164.312?"),
        ([], [], ["rotate"], "there is no phase 'rotate'", "did you mean rotation?"),
        ([], [], ["storage"], "no control meets the selection", "see `keyaudit controls list`"),
    ],
)
def test_a_selection_of_nothing_is_refused(
    tmp_path: Path, ids: list[str], frameworks: list[str], phases: list[str], message: str, hint: str
) -> None:
    whole = load_catalogue(write(tmp_path, rotation__KM_ROT_04=GOOD))
    with pytest.raises(UsageError) as caught:
        select(whole, ids, frameworks, phases)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_rules_are_those_of_the_clauses_that_have_one(tmp_path: Path) -> None:
    rules = hipaa_rules(load_catalogue(write(tmp_path, rotation__KM_ROT_04=GOOD)))
    assert rules == {"164.312(a)(2)(iv)": "Addressable", "164.312(e)(2)(ii)": "Addressable"}
