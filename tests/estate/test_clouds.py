"""Azure and Google Cloud, from the estate file to the estate."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import ConfigError
from scanner.estate.load import check_needs, parse_estate
from scanner.model.estate import AzureSelftest, AzureSource, Estate, GcpSelftest, GcpSource
from tests.estate.faulty import HEAD

SUB = "11111111-2222-3333-4444-555555555555"
KEY = "projects/example-analytics/locations/us-east1/keyRings/phi/cryptoKeys/canary"
BOTH = f"""\
{HEAD}sources:
  azure:
    - name: clinical
      subscriptions: [{SUB}]
      tenant: 99999999-2222-3333-4444-555555555555
      cloud: usgovernment
      proxy: http://127.0.0.1:3128
      ca_bundle: ca.pem
      concurrency: 4
      time_limit: 60
  gcp:
    - name: analytics
      projects: [example-analytics]
      locations: [us-east1, global]
      endpoint_url: http://127.0.0.1:9000
      concurrency: 3
      time_limit: 50
selftest:
  azure: [{{source: clinical, vault: clinical-kv, key: canary, second_key: canary-2, canary: true}}]
  gcp: [{{source: analytics, key: "{KEY}"}}]
"""


def loaded(text: str) -> Estate:
    return parse_estate(text.encode(), "estate.yaml").estate


def test_every_key_is_taken() -> None:
    estate = loaded(BOTH)
    assert estate.source_names == ("clinical", "analytics")
    assert estate.azure == (
        AzureSource(
            name="clinical",
            subscriptions=(SUB,),
            tenant="99999999-2222-3333-4444-555555555555",
            cloud="usgovernment",
            proxy="http://127.0.0.1:3128",
            ca_bundle="ca.pem",
            concurrency=4,
            time_limit=60,
        ),
    )
    assert estate.gcp == (
        GcpSource(
            name="analytics",
            projects=("example-analytics",),
            locations=("us-east1", "global"),
            endpoint_url="http://127.0.0.1:9000",
            concurrency=3,
            time_limit=50,
        ),
    )
    assert estate.selftests.azure == (
        AzureSelftest(source="clinical", vault="clinical-kv", key="canary", second_key="canary-2", canary=True),
    )
    assert estate.selftests.gcp == (GcpSelftest(source="analytics", key=KEY),)
    assert not estate.selftests.declined


def test_little_is_needed() -> None:
    text = f"{HEAD}sources:\n  azure: [{{name: a}}]\n  gcp: [{{name: g, projects: [example-analytics]}}]\n"
    estate = loaded(text)
    assert estate.azure == (AzureSource(name="a"),)
    assert estate.gcp == (GcpSource(name="g", projects=("example-analytics",)),)


WRONG = [
    ("azure: [{name: a, subscriptions: [clinical]}]", "must be a subscription id"),
    (f"azure: [{{name: a, subscriptions: [{SUB}, {SUB}]}}]", "is given twice"),
    ("azure: [{name: a, tenant: contoso}]", "must be a tenant id"),
    ("azure: [{name: a, cloud: mars}]", "cloud"),
    ("azure: [{name: a, proxy: 'http://user:word@host:1'}]", "looks like a secret in plain text"),
    ("azure: [{name: a, proxy: 'http://169.254.169.254'}]", "instance-metadata"),
    ("gcp: [{name: g}]", "projects"),
    ("gcp: [{name: g, projects: []}]", "projects"),
    ("gcp: [{name: g, projects: [Example]}]", "must be the id of a project"),
    ("gcp: [{name: g, projects: [example-a], locations: [US]}]", "must be a location"),
    ("gcp: [{name: g, projects: [example-a], endpoint_url: 'http://example.com'}]", "plain http is allowed only"),
    ("gcp: [{name: g, projects: [example-a], endpoint_url: 'http://metadata.google.internal'}]", "instance-metadata"),
]


@pytest.mark.parametrize(("line", "why"), WRONG, ids=[line for line, _ in WRONG])
def test_what_is_wrong_is_told_with_its_line(line: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as raised:
        loaded(f"{HEAD}sources:\n  {line}\n")
    assert raised.value.place is not None
    assert raised.value.place.line == 4


def test_a_credential_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = BOTH.replace("ca.pem", str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigError, match="there is no file"):
        check_needs(parse_estate(text.encode(), "estate.yaml"), lambda _: "")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("source: clinical", "source: clinic", "no entry of `sources: azure:`"),
        ("source: analytics", "source: clinical", "no entry of `sources: gcp:`"),
        (f'key: "{KEY}"', "key: canary", "must be the resource name of a key"),
        ("vault: clinical-kv", "vault: 'https://clinical-kv.vault.azure.net'", "must be the name of a vault"),
        ("key: canary,", "key: 'a/b',", "must be the name of a key"),
    ],
)
def test_self_tests_name_what_is_there(old: str, new: str, why: str) -> None:
    assert BOTH.count(old) == 1
    with pytest.raises(ConfigError, match=why):
        loaded(BOTH.replace(old, new))


def test_a_key_is_tested_once() -> None:
    twice = BOTH.replace("canary: true}]", "canary: true}, {source: clinical, vault: clinical-kv, key: canary}]")
    with pytest.raises(ConfigError, match="clinical clinical-kv/canary is given twice"):
        loaded(twice)
