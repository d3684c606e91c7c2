"""The explicit list of kinds of sources, and what it promises to the pipeline."""

from __future__ import annotations

import subprocess
import sys

from scanner import sources
from scanner.collect import declared
from scanner.collect.aws import accounts, services
from scanner.collect.azure import services as azure
from scanner.model.estate import AwsSource
from scanner.sources import SOURCES, Kind
from tests.kinds.given import AWS, OTHERS


def by_provider(provider: str) -> Kind:
    (kind,) = [kind for kind in SOURCES if kind.provider == provider]
    return kind


def test_each_kind_is_listed_once() -> None:
    assert [kind.provider for kind in SOURCES] == [
        *(
            "aws",
            "azure",
            "gcp",
            "pkcs11",
            "postgres",
            "vendors",
            "leaks",
            "endpoints",
            "agreements",
            "exceptions",
            "estate",
            "selftest",
        ),
    ]
    assert SOURCES[0].title == "Amazon Web Services"


def test_every_operation_has_one_name_and_belongs_to_one_kind() -> None:
    names = [op.name for op in sources.operations()]
    assert len(names) == len(set(names))
    assert set(names) == {op.name for kind in SOURCES for op in kind.operations()}


def test_every_collector_of_rows_has_a_normalizer_and_no_other() -> None:
    collectors = {service.name for service in services.of_source(AwsSource(name="all"))}
    collectors |= {
        *azure.COLLECTORS,
        "gcp.kms",
        "gcp.project",
        declared.NAME,
        "pkcs11.token",
        "postgres.server",
        "selftest",
        "leaks.places",
        "endpoints.endpoint",
        "agreements",
        "exceptions",
        *(f"vendors.{name}" for name in ("openai", "anthropic", "elevenlabs", "deepgram")),
    }
    assert set(sources.normalizers()) == collectors
    # What finds accounts and regions fills no table: there is nothing to normalize.
    assert not any(op.feeds for op in accounts.OPERATIONS)
    assert accounts.NAME not in collectors


def test_every_operation_that_fills_a_table_is_of_a_collector_with_a_normalizer() -> None:
    everything = services.of_source(AwsSource(name="all", verify_digests=True, sample_objects=1))
    owned = {op.name for one in everything if one.name in sources.normalizers() for op in one.operations}
    assert {op.name for op in SOURCES[0].operations() if op.feeds} <= owned
    assert declared.NAME in sources.normalizers()


def test_operations_and_normalizers_import_no_sdk() -> None:
    script = (
        "import sys\nfrom scanner import sources\nsources.operations()\nsources.normalizers()\n"
        "heavy = {'boto3', 'botocore', 'duckdb', 'psycopg', 'pkcs11', 'cryptography'}\n"
        "heavy |= {'azure', 'google', 'openai', 'httpx'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_tables_that_no_source_of_an_estate_can_fill() -> None:
    assert {"tokens", "data_keys", "database_servers", "vendor_scopes"} <= sources.absent(AWS)
    assert not {"keys", "data_stores", "selftests", "declared_edges"} & sources.absent(AWS)
    assert "data_keys" not in sources.absent(OTHERS)
    assert {"vaults", "tokens"} & sources.absent(OTHERS) == set()
    assert {"key_grants", "identity_policies"} <= sources.absent(OTHERS)
