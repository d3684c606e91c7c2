"""What the tests of every kind of source are given."""

from __future__ import annotations

from typing import Any

from scanner.evidence.records import source_id
from scanner.kinds.interface import Context
from scanner.model.estate import (
    AwsSource,
    AzureSource,
    Estate,
    GcpSource,
    LeakSource,
    Pkcs11Source,
    PostgresSource,
    SecretRef,
    VendorSource,
)
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation

AWS = Estate(organization="Test Health", aws=(AwsSource(name="one", time_limit=60), AwsSource(name="two")))
OTHERS = Estate(
    organization="Test Health",
    azure=(AzureSource(name="clinical", time_limit=70),),
    gcp=(GcpSource(name="analytics", projects=("example-analytics",), time_limit=80),),
    pkcs11=(Pkcs11Source(name="root", module="a.so", token="root", pin=SecretRef("env", "PIN"), time_limit=30),),
    postgres=(PostgresSource(name="voice", dsn=SecretRef("env", "DSN"), time_limit=60),),
    vendors=(VendorSource(name="realtime", vendor="openai", admin_key=SecretRef("env", "KEY"), time_limit=30),),
    leaks=(LeakSource(name="logs", kind="files", places=("/var/log/voice",), time_limit=30),),
)


def context(**given: Any) -> Context:  # noqa: ANN401 - any field of Context
    fields: dict[str, Any] = {"wanted": frozenset({"kms:ListKeys"}), "monotonic": 100.0, "resolve": lambda _: "hunter2"}
    return Context(**{**fields, **given})


def observation(operation: str, response: Json) -> Observation:
    return Observation(
        source=source_id("aws", "main", ""),
        source_name="main",
        account="",
        region="",
        collector="any",
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
