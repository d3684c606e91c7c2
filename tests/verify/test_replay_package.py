"""Replay: a real scan judged again; who edits results and makes all digests anew is caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scanner.replay import RESULTS, compare, replay
from scanner.verify.report import Outcome, Step, VerificationError, VerifiedPackage
from scanner.verify.steps import Policy, verify
from tests.packages import as_json, entries, hexdigest, loads, package, read_tree, sealed, small_catalogue, zipped
from tests.support import Scan, a_key, a_world, estate_text, scan, simulated

CONTROLS = ("--control", "KM-ROT-04", "--control", "KM-ROT-01")
Change = Callable[[dict[str, bytes], Path], Mapping[str, bytes]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    world = a_world(a_key("good"), a_key("bad", rotation=None), a_key("denied", denied=["kms:GetKeyRotationStatus"]))
    with simulated(world) as aws:
        catalogue = small_catalogue(tmp_path_factory.mktemp("catalogue"))
        folder = tmp_path_factory.mktemp("finished")
        return scan(folder, estate_text(aws.url), "--controls", str(catalogue), *CONTROLS)


def verified(files: Mapping[str, bytes], folder: Path) -> VerifiedPackage:
    """Return the package of some files, made anew and signed, which verifies without replay."""
    path = folder / "package.zip"
    path.write_bytes(package(files))
    return verify(path, Policy())


def test_the_same_evidence_gives_the_same_everything(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    told = replay(verified(files, tmp_path))
    assert told.outcome is Outcome.OK
    compared = [n for n in files if n.startswith("facts/")]
    assert told.detail.startswith(f"{len(compared) + 2} files")


def parquet(statement: str) -> Change:
    """Return a change of the verdicts' rows by SQL."""

    def change(files: dict[str, bytes], folder: Path) -> Mapping[str, bytes]:
        name = "facts/keys.parquet" if "of_keys" in statement else "verdicts.parquet"
        path = folder / "rows.parquet"
        path.write_bytes(files[name])
        with duckdb.connect() as db:
            db.execute(f"CREATE TABLE t AS FROM read_parquet('{path}')")
            db.execute(statement.replace("of_keys", "t"))
            db.execute(f"COPY t TO '{path}' (FORMAT parquet)")
        return {name: path.read_bytes()}

    return change


def results(**changes: Any) -> Change:  # noqa: ANN401 - any value of results.json
    """Return a change of results.json, and of the totals in scan.json with it."""

    def change(files: dict[str, bytes], folder: Path) -> Mapping[str, bytes]:
        header = loads(files["scan.json"])
        header["totals"] = changes.get("totals", header["totals"])
        return {
            "results.json": as_json({**loads(files["results.json"]), **changes}),
            "scan.json": as_json(header),
        }

    return change


def all_pass(files: dict[str, bytes], folder: Path) -> Mapping[str, bytes]:
    """Turn every control to PASS, with totals that fit and without findings."""
    controls = [{**one, "verdict": "pass"} for one in loads(files["results.json"])["controls"]]
    totals = {"pass": len(controls), "fail": 0, "unknown": 0, "not_applicable": 0, "waived": 0}
    return results(controls=controls, totals=totals, findings=[])(files, folder)


def softer(files: dict[str, bytes], folder: Path) -> Mapping[str, bytes]:
    """Edit the answer of a call, as the operator would have liked it."""
    name = next(n for n, data in files.items() if n.startswith("evidence/") and b'"KeyRotationEnabled":false' in data)
    changed = files[name].replace(b'"KeyRotationEnabled":false', b'"KeyRotationEnabled":true')
    ids = dict(zip(map(hexdigest, files[name].splitlines()), map(hexdigest, changed.splitlines()), strict=True))
    told = files["results.json"].decode()
    for old, new in ids.items():
        told = told.replace(old, new)
    return {name: changed, "results.json": told.encode()}


TAMPERED: dict[str, tuple[str, Change]] = {
    "every control turned to pass": ("results.json", all_pass),
    "findings dropped": ("results.json", results(findings=[])),
    "gaps dropped": ("results.json", results(gaps=[])),
    "a verdict turned to pass": ("verdicts.parquet", parquet("UPDATE t SET verdict = 'pass' WHERE verdict = 'fail'")),
    "an unknown turned to pass": (
        "verdicts.parquet",
        parquet("UPDATE t SET verdict = 'pass' WHERE verdict = 'unknown'"),
    ),
    "a verdict dropped": ("verdicts.parquet", parquet("DELETE FROM t WHERE verdict = 'fail'")),
    "a verdict twice": ("verdicts.parquet", parquet("INSERT INTO t FROM t")),
    "a column added": ("verdicts.parquet", parquet("ALTER TABLE t ADD COLUMN waived BOOLEAN")),
    "a fact edited": ("facts/keys.parquet", parquet("UPDATE of_keys SET rotation_enabled = true")),
    "no Parquet": ("verdicts.parquet", lambda files, folder: {"verdicts.parquet": b"PAR1 PAR1"}),
    "a fact table made up": ("facts/waivers.parquet", lambda files, folder: {"facts/waivers.parquet": b"PAR1"}),
}


def folder_of(files: Mapping[str, bytes], root: Path) -> Path:
    """Write what is compared into a folder."""
    for name, data in files.items():
        if name.startswith(RESULTS):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
    return root


@pytest.mark.parametrize(("member", "change"), TAMPERED.values(), ids=TAMPERED)
def test_every_difference_is_named(member: str, change: Change, finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    packaged = folder_of({**files, **change(files, tmp_path)}, tmp_path / "packaged")
    with pytest.raises(VerificationError) as caught:
        compare(packaged, finished.folder)
    assert (caught.value.step, caught.value.member) == (Step.REPLAY, member)


@pytest.mark.parametrize(("member", "change"), [("results.json", all_pass), ("verdicts.parquet", softer)])
def test_who_makes_all_anew_is_caught(member: str, change: Change, finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    spoiled = verified({**files, **change(files, tmp_path)}, tmp_path)
    with pytest.raises(VerificationError) as caught:
        replay(spoiled)
    assert (caught.value.step, caught.value.member) == (Step.REPLAY, member)


def test_a_dropped_table_is_named(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    del files["facts/keys.parquet"]
    with pytest.raises(VerificationError, match=r"facts/keys\.parquet: it is missing"):
        compare(folder_of(files, tmp_path), finished.folder)


def test_rows_in_another_order_are_the_same(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    again = parquet("CREATE OR REPLACE TABLE t AS FROM t ORDER BY subject DESC")(files, tmp_path)
    assert again["verdicts.parquet"] != files["verdicts.parquet"]
    packaged = folder_of({**files, **again}, tmp_path / "packaged")
    assert compare(packaged, finished.folder) == len([*packaged.rglob("*.*")])


def test_rules_that_cannot_be_understood_are_told(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    header, body = loads(files["scan.json"]), loads(files["results.json"])
    estate = b"keyaudit: 1\nsources: {mainframe: []}\n"
    header["estate_sha256"] = body["scan"]["estate_sha256"] = hexdigest(estate)
    changes = {"estate.yaml": estate, "scan.json": as_json(header), "results.json": as_json(body)}
    with pytest.raises(VerificationError, match=r"replay: it cannot be judged again: estate\.yaml:2"):
        replay(verified({**files, **changes}, tmp_path))


def test_a_file_that_was_replaced_meanwhile_is_told(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    before = verified(files, tmp_path)
    before.path.write_bytes(zipped(entries(sealed(files, number=2, previous=hexdigest(b"x")))))
    with pytest.raises(VerificationError, match="replaced while it was verified"):
        replay(before)


def test_evidence_that_breaks_the_judging_does_not_verify(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    name = next(n for n, data in files.items() if n.startswith("evidence/") and b'"kms:ListKeys"' in data)
    body = loads(files[name].splitlines()[0])
    spoiled = as_json({**body, "response": [[[1e300]]], "operation": "kms:DescribeKey", "subject": None}) + b"\n"
    with pytest.raises(VerificationError) as caught:
        replay(verified({**files, name: files[name] + spoiled}, tmp_path))
    assert caught.value.step is Step.REPLAY


def test_a_member_that_was_replaced_meanwhile_is_told(finished: Scan, tmp_path: Path) -> None:
    files = sealed(read_tree(finished.folder), signer=None)
    before = verified(read_tree(finished.folder), tmp_path)
    before.path.write_bytes(zipped(entries({**files, "estate.yaml": files["estate.yaml"] + b"#"})))
    with pytest.raises(VerificationError, match=r"estate\.yaml: the file was replaced"):
        replay(before)


def test_results_in_another_form_are_the_same_and_no_object_is_not(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    packaged = folder_of({**files, "results.json": as_json(loads(files["results.json"]))}, tmp_path)
    assert (packaged / "results.json").read_bytes() != files["results.json"]
    assert compare(packaged, finished.folder) > 2
    (packaged / "results.json").write_bytes(b"[]")
    with pytest.raises(VerificationError, match="not an object"):
        compare(packaged, finished.folder)


def test_another_version_is_named_in_the_hint(finished: Scan, tmp_path: Path) -> None:
    files = read_tree(finished.folder)
    header, body = loads(files["scan.json"]), loads(files["results.json"])
    header["tool_version"] = body["scan"]["tool_version"] = "0.0.1"
    changes = {"scan.json": as_json(header), "results.json": as_json({**body, "findings": []})}
    with pytest.raises(VerificationError) as caught:
        replay(verified({**files, **changes}, tmp_path))
    assert caught.value.hint.startswith("the scan was judged by keyaudit 0.0.1")
