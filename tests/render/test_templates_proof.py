"""The section on envelopes and self-tests: what it shows, and that it never implies an absence."""

from __future__ import annotations

from typing import Any

from scanner.model.proof import Envelope, Proof, Proven, Registry
from scanner.model.report import Inventory, Report
from tests.render.inventories import listed
from tests.render.reading import on_screen
from tests.render.reports import a_failure, a_report, a_source


def proven(*tables: str, **proof: Any) -> Report:  # noqa: ANN401 - any field of Proof
    return a_report(sources=(a_source(populations=listed(*tables)),), inventory=Inventory(proof=Proof(**proof)))


def an_envelope(**given: Any) -> Envelope:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "envelope_id": "postgres:voice:voice.notes#body",
        "format": "aes-256-gcm",
        "population": 20000,
        "sampled": 200,
        "parsed": 199,
        "plaintext": 1,
        "nonces_repeated": 2,
        "binds_tenant": True,
        "commits_to_key": False,
    }
    return Envelope(**{**fields, **given})


def said(report: Report) -> str:
    return on_screen(report).section("proof")


def test_what_was_not_read_is_not_said_to_be_absent() -> None:
    text = said(a_failure())
    assert "This scan read no listing of data keys. That does not say that there are none." in text
    assert "This scan read no listing of self-tests. That does not say that there are none." in text


def test_data_keys_by_registry() -> None:
    registry = Registry(
        registry_id="postgres:voice:vault.data_keys",
        data_keys=15,
        active=12,
        unregistered=1,
        tenants=14,
        oldest_active_days=130,
        values=None,
    )
    text = said(proven("data_keys", registries=(registry,), registries_omitted=1))
    assert "postgres:voice:vault.data_keys 15 12 1 14 130 not known" in text
    assert "and 1 more registry in facts/data_keys.parquet" in text


def test_what_a_sample_shows() -> None:
    text = said(proven("data_keys", envelopes=(an_envelope(),), envelopes_omitted=3))
    assert (
        "20000 200 199 understood; 1 like plaintext; 2 with a nonce that repeats; bound to the tenant; "
        "does not commit to its key" in text
    )
    assert "and 3 more in facts/envelopes.parquet" in text


def test_what_was_not_sampled_is_not_known() -> None:
    nothing = dict.fromkeys(("population", "sampled", "parsed", "plaintext", "nonces_repeated"))
    text = said(proven(envelopes=(an_envelope(**nothing, binds_tenant=None, commits_to_key=None),)))
    assert (
        "not known none nothing was read; whether the tenant is bound is not known; whether it commits to its key is "
        "not known" in text
    )
    half = dict.fromkeys(("parsed", "plaintext", "nonces_repeated"))
    text = said(proven(envelopes=(an_envelope(**half, binds_tenant=False, commits_to_key=True),)))
    assert "not known how many understood; not known how many like plaintext; not known how many with a nonce" in text
    assert "not bound to the tenant; commits to its key" in text


def test_self_tests() -> None:
    tests = (
        Proven(test="ST-KMS-08", target="arn:aws:kms:key/1", outcome="fail", detail="it decrypts", cases=2, calls=4),
        Proven(test="ST-KMS-11", target="arn:aws:kms:key/1", outcome="<b>", detail="", cases=None, calls=None),
    )
    text = said(proven("selftests", tests=tests, tests_omitted=2, passed=5, failed=1, unknown=1))
    assert "5 passed, 1 failed, 1 could not tell" in text
    assert "ST-KMS-08 fail arn:aws:kms:key/1 it decrypts 4" in text
    assert "ST-KMS-11 <b>" in text
    assert "and 2 more in facts/selftests.parquet" in text
