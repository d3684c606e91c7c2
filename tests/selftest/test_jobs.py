"""What there is to be tested, by the estate; and each kind of target connected for real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.demo.aws.simulator import AwsSimulator
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import (
    AwsSelftest,
    AwsSource,
    AzureSelftest,
    AzureSource,
    Estate,
    GcpSelftest,
    GcpSource,
    Pkcs11Selftest,
    Pkcs11Source,
    PostgresSelftest,
    PostgresSource,
    SecretRef,
    Selftests,
)
from scanner.model.observation import Gap, GapReason, Record
from scanner.selftest.bench import SETTLE_HERE_SECONDS, SETTLE_SECONDS
from scanner.selftest.interface import Context, DataKey
from scanner.selftest.jobs import Means, _settles, jobs, units
from tests import hsm
from tests.collect.fakes import Clock
from tests.selftest.audited import NOTE, Audited, layout
from tests.selftest.aws_world import CANARY, OTHER, a_source, a_test, arn, connected, logged_in, running
from tests.selftest.local import FIRST, LocalKeys
from tests.support import ACCOUNT

DSN = SecretRef("env", "DSN")


def means(clock: Clock | None = None, **secrets: str) -> Means:
    return Means(outside=(clock or Clock()).outside(), resolve=lambda ref: secrets[ref.name])


def execute(folder: Path, estate: Estate, *tests: str, only: Sequence[str] = (), **secrets: str) -> list[Record]:
    """Run some self-tests of an estate, and return everything that is recorded."""
    wanted = frozenset(f"selftest:{one}" for one in tests)
    log, given = EvidenceLog(folder, sync_seconds=60), means(None, **secrets)
    try:
        run_units(units(estate, wanted, given, frozenset(only)), Run(log, wanted, given.outside, Tally()))
    finally:
        log.close()
    return [record for path in segments(folder) for record in read_segment(path)]


def told(record: Record) -> dict[str, Any]:
    response = getattr(record, "response", None)
    assert isinstance(response, dict), getattr(record, "detail", "")
    return response


def an_estate(**given: Any) -> Estate:  # noqa: ANN401 - any field
    return Estate(organization="Test Health", **given)


def a_database(**given: Any) -> PostgresSource:  # noqa: ANN401 - any field
    return PostgresSource(**{"name": "voice", "dsn": DSN, "layout": layout(NOTE), **given})


SOURCES: Mapping[str, Any] = {
    "aws": (AwsSource(name="main"), AwsSource(name="other")),
    "azure": (AzureSource(name="blue"), AzureSource(name="sky")),
    "gcp": (GcpSource(name="google", projects=("p",)), GcpSource(name="lab", projects=("q",))),
    "pkcs11": (
        Pkcs11Source(name="root", module="lib.so", token="t"),
        Pkcs11Source(name="spare", module="m", token="s"),
    ),
    "postgres": (a_database(), a_database(name="bare", layout=None), a_database(name="idle")),
}
TESTS = Selftests(
    aws=(AwsSelftest(source="main", key="alias/a"), AwsSelftest(source="main", key="alias/b")),
    azure=(AzureSelftest(source="blue", vault="kv", key="k"),),
    gcp=(GcpSelftest(source="google", key="projects/p/k"),),
    pkcs11=(Pkcs11Selftest(source="root", key="root-2026"),),
    postgres=(PostgresSelftest(source="voice", keys="main"), PostgresSelftest(source="bare", keys="main")),
)


def test_every_source_of_the_estate_has_a_job_and_what_is_not_named_says_what_to_add() -> None:
    found = list(jobs(an_estate(**SOURCES, selftests=TESTS), means()))
    assert [(job.family, job.source, job.target) for job in found] == [
        ("own", "own", "own"),
        ("kms", "main", "alias/a"),
        ("kms", "main", "alias/b"),
        ("kms", "other", ""),
        ("kms", "blue", "kv/k"),
        ("kms", "sky", ""),
        ("kms", "google", "projects/p/k"),
        ("kms", "lab", ""),
        ("hsm", "root", "root-2026"),
        ("hsm", "spare", ""),
        ("data", "voice", "audited.calls"),
        ("drill", "voice", "keyaudit_scratch"),
        ("data", "bare", ""),
        ("drill", "bare", "keyaudit_scratch"),
        ("data", "idle", ""),
        ("drill", "idle", ""),
    ]
    assert {job.source: job.lacks for job in found if not job.target} == {
        "other": "selftest: {aws: [{source: other, key: ALIAS-OR-ARN}]}",
        "sky": "selftest: {azure: [{source: sky, vault: VAULT, key: KEY}]}",
        "lab": "selftest: {gcp: [{source: lab, key: projects/P/locations/L/keyRings/R/cryptoKeys/K}]}",
        "spare": "selftest: {pkcs11: [{source: spare, key: LABEL}]}",
        "bare": "envelope: LAYOUT-FILE, to the source bare",
        "idle": "selftest: {postgres: [{source: idle, keys: AWS-SOURCE}]}",
    }
    assert all((job.connect is None) is (job.target == "") for job in found)


def test_an_estate_that_declines_lacks_nothing() -> None:
    found = list(jobs(an_estate(**SOURCES, selftests=Selftests(declined=True)), means()))
    assert {job.lacks for job in found} == {""}
    assert {job.target for job in found} == {"own", ""}


def test_only_some_sources_are_tested_and_our_own_module_always(tmp_path: Path) -> None:
    estate = an_estate(**SOURCES, selftests=Selftests(declined=True))
    records = execute(tmp_path, estate, "ST-MOD-01", "ST-KMS-01", "ST-HSM-01", only=["other"])
    assert sorted((record.source_name, record.operation) for record in records) == [
        ("other", "selftest:ST-KMS-01"),
        ("own", "selftest:ST-MOD-01"),
    ]


def test_nothing_is_connected_when_nothing_is_wanted() -> None:
    assert list(units(an_estate(**SOURCES, selftests=TESTS), frozenset(), means())) == []


@pytest.fixture(scope="module")
def simulator() -> Iterator[AwsSimulator]:
    with running() as aws:
        yield aws


@pytest.fixture
def aws(simulator: AwsSimulator, tmp_path: Path) -> Iterator[AwsSimulator]:
    with logged_in(simulator, tmp_path):
        yield simulator


def test_a_key_of_aws_is_tested_by_its_arn(aws: AwsSimulator, tmp_path: Path) -> None:
    chain = (f"arn:aws:iam::{ACCOUNT}:role/audit",)
    estate = an_estate(
        aws=(AwsSource(name="first"), a_source(aws, external_id=SecretRef("env", "ID"), role_chain=chain)),
        selftests=Selftests(aws=(a_test(audit_wait=0),)),
    )
    records = execute(tmp_path / "log", estate, "ST-KMS-01", "ST-KMS-11", only=["main"], ID="outside-7")
    assert [(told(one)["test"], told(one)["outcome"]) for one in records] == [
        ("ST-KMS-01", "pass"),
        ("ST-KMS-11", "pass"),
    ]
    assert {told(one)["target"] for one in records} == {arn(CANARY)}
    assert told(records[0])["provider"] == "aws"
    assert str(told(records[0])["principal"]).startswith(f"arn:aws:sts::{ACCOUNT}:")
    # DescribeKey of both keys was called before the first test, and is looked for as well.
    assert told(records[1])["cases"] == 2 + len(told(records[0])["calls"])
    assumed = [one.params for one in aws.requests if one.operation == "sts:AssumeRole"]
    assert assumed[-1]["ExternalId"] == "outside-7"


def test_a_root_key_of_a_token_is_tested(tmp_path: Path) -> None:
    with hsm.softhsm() as secrets:
        estate = an_estate(
            pkcs11=(hsm.a_source(),), selftests=Selftests(pkcs11=(Pkcs11Selftest(source="root-hsm", key="root-2026"),))
        )
        [answer] = execute(tmp_path, estate, "ST-HSM-02", **secrets)
    assert (told(answer)["outcome"], told(answer)["provider"]) == ("pass", "pkcs11")
    assert str(told(answer)["target"]).startswith("pkcs11:token=")


def test_a_token_without_a_pin_cannot_be_tested(tmp_path: Path) -> None:
    test = Selftests(pkcs11=(Pkcs11Selftest(source="root-hsm", key="root-2026"),))
    estate = an_estate(pkcs11=(hsm.a_source(pin=None),), selftests=test)
    [gap] = execute(tmp_path, estate, "ST-HSM-02")
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.subject) == (GapReason.NOT_ALLOWED, "ST-HSM-02 root-hsm/root-2026")


class Wraps(LocalKeys):
    """Wraps by AWS KMS what the audited database needs wrapped."""

    def __init__(self, keys: Any) -> None:  # noqa: ANN401 - AwsKeys
        super().__init__()
        self._aws = keys

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        return bytes(self._aws.wrap(arn(CANARY), plaintext, context)) if key == FIRST else b""

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        made: DataKey = self._aws.generate_data_key(arn(CANARY), context)
        return made


@pytest.fixture
def audited(aws: AwsSimulator, dsn: str, connection: psycopg.Connection[Any]) -> Audited:
    with connected(aws) as access:
        made = Audited(dsn, connection, Wraps(access.keys))
    made.execute("UPDATE audited.keys SET kek = %s", f"alias/{CANARY}")
    return made


def of_database(aws: AwsSimulator, **test: Any) -> Estate:  # noqa: ANN401 - fields of the self-test
    return an_estate(
        aws=(a_source(aws),),
        postgres=(a_database(),),
        selftests=Selftests(aws=(a_test(),), postgres=(PostgresSelftest(source="voice", keys="main", **test),)),
    )


def test_a_table_is_opened_with_the_keys_that_the_estate_names(
    aws: AwsSimulator, audited: Audited, tmp_path: Path
) -> None:
    [answer] = execute(tmp_path / "log", of_database(aws), "ST-DAT-04", DSN=audited.dsn)
    assert (told(answer)["target"], told(answer)["outcome"]) == ("postgres:voice:audited.calls", "pass")
    key_edges = [edge for edge in told(answer)["edges"] if edge["parent_kind"] == "key"]
    assert {edge["parent"] for edge in key_edges} == {arn(CANARY)}
    assert {call["operation"] for call in told(answer)["calls"]} == {"kms:Decrypt", "kms:DescribeKey"}


def test_keys_of_another_source_are_not_connected_for_a_database(
    aws: AwsSimulator, audited: Audited, tmp_path: Path
) -> None:
    estate = of_database(aws)
    elsewhere = AwsSelftest(source="elsewhere", key="alias/nobody")
    both = replace(estate.selftests, aws=(elsewhere, *estate.selftests.aws))
    [answer] = execute(tmp_path / "log", replace(estate, selftests=both), "ST-DAT-01", only=["voice"], DSN=audited.dsn)
    assert told(answer)["outcome"] == "pass"


def test_a_table_under_a_key_that_the_estate_does_not_name_is_not_opened(
    aws: AwsSimulator, audited: Audited, tmp_path: Path
) -> None:
    audited.execute("UPDATE audited.keys SET kek = %s", arn(OTHER))
    [gap] = execute(tmp_path / "log", of_database(aws), "ST-DAT-04", DSN=audited.dsn)
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.NOT_ALLOWED
    assert "the estate does not name it" in gap.detail


def test_the_drills_run_on_a_scratch_schema_where_the_estate_gives_one(
    aws: AwsSimulator, dsn: str, tmp_path: Path
) -> None:
    [answer] = execute(tmp_path / "log", of_database(aws, dsn=DSN, canary=True), "ST-DAT-10", DSN=dsn)
    assert (told(answer)["target"], told(answer)["outcome"]) == ("postgres:voice:keyaudit_scratch", "pass")
    [gap] = execute(tmp_path / "none", of_database(aws), "ST-DAT-10", DSN=dsn)
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.NOT_ALLOWED


def test_the_drill_disables_no_key_that_is_not_a_canary(aws: AwsSimulator, dsn: str, tmp_path: Path) -> None:
    plain = Selftests(
        aws=(a_test(canary=False),),
        postgres=(PostgresSelftest(source="voice", keys="main", dsn=DSN, canary=True),),
    )
    estate = an_estate(aws=(a_source(aws),), postgres=(a_database(),), selftests=plain)
    [gap] = execute(tmp_path / "log", estate, "ST-DAT-08", DSN=dsn)
    assert isinstance(gap, Gap)
    assert (gap.reason, "add `canary: true` to the key" in gap.detail) == (GapReason.NOT_ALLOWED, True)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [("", SETTLE_SECONDS), ("https://kms.example.com", SETTLE_SECONDS), ("http://127.0.0.1:5000", SETTLE_HERE_SECONDS)],
)
def test_an_emulator_on_this_machine_has_nobody_to_tell(url: str, seconds: float) -> None:
    estate = Estate(organization="Test Health", aws=(AwsSource(name="main", endpoint_url=url),))
    assert _settles(estate, "main") == seconds
