"""The explicit list of kinds of sources, and what it promises to the pipeline."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from scanner import sources
from scanner.collect import declared
from scanner.collect.aws import accounts, services
from scanner.evidence.records import source_id
from scanner.model.estate import AwsSource, Estate, LeakSource, Pkcs11Source, PostgresSource, SecretRef, VendorSource
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation
from scanner.sources import SOURCES, Context, Kind


def context(**given: Any) -> Context:  # noqa: ANN401 - any field of Context
    fields: dict[str, Any] = {"wanted": frozenset({"kms:ListKeys"}), "monotonic": 100.0, "resolve": lambda _: "hunter2"}
    return Context(**{**fields, **given})


def observation(operation: str, response: Json) -> Observation:
    return Observation(
        source=source_id("aws", "main", ""),
        source_name="main",
        account="",
        region="",
        collector="aws.accounts",
        operation=operation,
        params={},
        subject=None,
        endpoint="",
        principal="",
        started="",
        ended="",
        attempts=1,
        request_id="",
        page=0,
        run=1,
        id=Digest(""),
        status=200,
        error_code="",
        last=True,
        response=response,
        redacted=(),
    )


def by_provider(provider: str) -> Kind:
    (kind,) = [kind for kind in SOURCES if kind.provider == provider]
    return kind


def test_each_kind_is_listed_once() -> None:
    assert [kind.provider for kind in SOURCES] == [
        *("aws", "pkcs11", "postgres", "leaks", "vendors", "estate", "selftest"),
    ]
    assert SOURCES[0].title == "Amazon Web Services"


def test_every_operation_has_one_name_and_belongs_to_one_kind() -> None:
    names = [op.name for op in sources.operations()]
    assert len(names) == len(set(names))
    assert set(names) == {op.name for kind in SOURCES for op in kind.operations()}


def test_every_collector_of_rows_has_a_normalizer_and_no_other() -> None:
    collectors = {service.name for service in services.of_source(AwsSource(name="all"))}
    collectors |= {declared.NAME, "pkcs11.token", "postgres.server", "leaks.places", "selftest"}
    collectors |= {f"vendors.{name}" for name in ("openai", "anthropic", "elevenlabs", "deepgram")}
    assert set(sources.normalizers()) == collectors
    # What finds accounts and regions fills no table: there is nothing to normalize.
    assert not any(op.feeds for op in accounts.OPERATIONS)
    assert accounts.NAME not in collectors


def test_every_operation_that_fills_a_table_is_of_a_collector_with_a_normalizer() -> None:
    everything = services.of_source(AwsSource(name="all", verify_digests=True, sample_objects=1))
    owned = {op.name for one in everything if one.name in sources.normalizers() for op in one.operations}
    assert {op.name for op in SOURCES[0].operations() if op.feeds} <= owned
    assert declared.NAME in sources.normalizers()


def test_digests_are_read_only_where_the_source_says_so() -> None:
    plain = {op.name for one in services.of_source(AwsSource(name="one")) for op in one.operations}
    assert "s3:GetObject" not in plain


def test_the_estate_is_read_when_a_control_needs_what_it_says() -> None:
    kind = by_provider("estate")
    assert [u.id for u in kind.units(ESTATE, context(wanted=frozenset({declared.STORES})))] == ["declared"]
    assert list(kind.units(ESTATE, context())) == []
    assert kind.permissions(kind.operations()) == ""
    assert kind.identity(observation(declared.STORES, {})) == ""


def test_operations_and_normalizers_import_no_sdk() -> None:
    script = (
        "import sys\nfrom scanner import sources\nsources.operations()\nsources.normalizers()\n"
        "heavy = {'boto3', 'botocore', 'duckdb', 'psycopg', 'pkcs11', 'cryptography', 'openai', 'httpx', 'httpx2'}\n"
        "assert not heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


ESTATE = Estate(organization="Test Health", aws=(AwsSource(name="one", time_limit=60), AwsSource(name="two")))


def test_each_source_begins_with_one_unit_and_its_time_limit() -> None:
    units = list(SOURCES[0].units(ESTATE, context()))
    assert [(unit.source_name, unit.deadline) for unit in units] == [("one", 160.0), ("two", 3700.0)]


def test_only_the_chosen_sources_are_read() -> None:
    assert [unit.source_name for unit in SOURCES[0].units(ESTATE, context(only=frozenset({"two"})))] == ["two"]


def test_a_secret_is_looked_up_for_the_source_that_refers_to_it() -> None:
    asked: list[SecretRef] = []
    reference = SecretRef("env", "EXTERNAL_ID")
    estate = Estate(
        organization="Test Health",
        aws=(
            AwsSource(name="one", external_id=reference, role_chain=("arn:aws:iam::1:role/a",)),
            AwsSource(name="two"),
        ),
    )

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "hunter2"

    list(SOURCES[0].units(estate, context(resolve=resolve)))
    assert asked == [reference]


def test_the_permissions_are_the_providers_policy() -> None:
    kind = SOURCES[0]
    policy = json.loads(kind.permissions(op for op in kind.operations() if op.name == "kms:ListKeys"))
    assert policy["Statement"][0]["Action"] == ["kms:ListKeys"]


@pytest.mark.parametrize(
    ("operation", "response", "principal"),
    [
        ("sts:GetCallerIdentity", {"Arn": "arn:aws:iam::1:role/a"}, "arn:aws:iam::1:role/a"),
        ("sts:GetCallerIdentity", {}, ""),
        ("sts:GetCallerIdentity", ["Arn"], ""),
        ("sts:GetCallerIdentity", None, ""),
        ("kms:DescribeKey", {"Arn": "arn:aws:kms:::key/a"}, ""),
    ],
)
def test_an_answer_tells_who_asks(operation: str, response: Json, principal: str) -> None:
    assert SOURCES[0].identity(observation(operation, response)) == principal


DATABASE = PostgresSource(name="voice", dsn=SecretRef("env", "DSN"), time_limit=60)
TOKEN = Pkcs11Source(name="root", module="a.so", token="root", pin=SecretRef("env", "PIN"), time_limit=30)
VENDOR = VendorSource(name="realtime", vendor="openai", admin_key=SecretRef("env", "KEY"), time_limit=30)
LOGS = LeakSource(name="logs", kind="files", places=("/var/log/voice",), time_limit=30)
BOTH = Estate(organization="Test Health", pkcs11=(TOKEN,), postgres=(DATABASE,), vendors=(VENDOR,), leaks=(LOGS,))


@pytest.mark.parametrize(
    ("provider", "operation", "unit", "deadline"),
    [
        ("pkcs11", "pkcs11:C_GetTokenInfo", "pkcs11/root/token", 130.0),
        ("postgres", "postgres:Session", "postgres/voice/server", 160.0),
        ("leaks", "leaks:Read", "leaks/logs", 130.0),
        ("vendors", "openai:ListProjects", "vendors/realtime/openai", 130.0),
    ],
)
def test_a_token_and_a_database_are_read_where_a_control_needs_them(
    provider: str, operation: str, unit: str, deadline: float
) -> None:
    kind = by_provider(provider)
    (made,) = kind.units(BOTH, context(wanted=frozenset({operation})))
    assert (made.id, made.deadline) == (unit, deadline)
    assert list(kind.units(BOTH, context())) == []
    assert list(kind.units(BOTH, context(wanted=frozenset({operation}), only=frozenset({"other"})))) == []
    assert kind.of_estate(BOTH)
    assert not kind.of_estate(ESTATE)
    assert kind.permissions(kind.operations())


def test_the_salt_is_looked_up_when_there_is_one() -> None:
    asked: list[SecretRef] = []

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "hunter2"

    salt = SecretRef("env", "SALT")
    kind, wanted = by_provider("leaks"), frozenset({"leaks:Read"})
    for estate in (Estate(organization="a", leaks=(LOGS,)), Estate(organization="a", leaks=(LOGS,), salt=salt)):
        (made,) = kind.units(estate, context(wanted=wanted, resolve=resolve))
        assert made.collector == "leaks.places"
    assert asked == [salt]
    assert kind.identity(observation("leaks:Read", {})) == ""


def test_who_asks_a_token_and_a_database() -> None:
    told = observation("postgres:Session", {"role": "keyaudit"})
    assert by_provider("postgres").identity(told) == "keyaudit"
    assert by_provider("postgres").identity(observation("postgres:Rules", {})) == ""
    told = observation("pkcs11:C_GetTokenInfo", {"uri": "pkcs11:token=root"})
    assert by_provider("pkcs11").identity(told) == "on pkcs11:token=root"
    assert by_provider("pkcs11").identity(observation("pkcs11:C_GetInfo", {})) == ""


def test_tables_that_no_source_of_an_estate_can_fill() -> None:
    assert {"tokens", "data_keys", "database_servers", "vendor_scopes"} <= sources.absent(ESTATE)
    assert not {"keys", "data_stores", "selftests", "declared_edges"} & sources.absent(ESTATE)
    assert "data_keys" not in sources.absent(BOTH)
    assert "key_grants" in sources.absent(BOTH)
