"""Tokens, databases, the declared hierarchy and self-tests, from the estate file to the estate."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import ConfigError
from scanner.estate.load import parse_estate, read_estate
from scanner.model.estate import (
    DeclaredEdge,
    Estate,
    Pkcs11Source,
    PostgresSource,
    SecretRef,
    Selftests,
)
from scanner.model.layout import TableName
from tests.estate.faulty import HEAD, proving, source

LAYOUT = """\
envelope: 1
keys: {table: vault.data_keys, id: id, tenant: tenant_id, wrapped: wrapped, key: kek, created: created_at}
tables:
  - table: voice.notes
    id: id
    tenant: tenant_id
    columns: [{name: body, format: aes-256-gcm, ciphertext: body, nonce: nonce, key: key_id, aad: "{tenant_id}|{id}"}]
"""


def loaded(text: str) -> Estate:
    return parse_estate(text.encode(), "estate.yaml").estate


def test_a_token_and_a_database() -> None:
    estate = loaded(proving(""))
    assert estate.source_names == ("main", "root", "voice")
    assert estate.pkcs11 == (
        Pkcs11Source(name="root", module="libsofthsm2.so", token="root", pin=SecretRef("env", "PIN")),
    )
    assert estate.postgres == (PostgresSource(name="voice", dsn=SecretRef("env", "DSN")),)
    assert (estate.selftests, estate.hierarchy) == (Selftests(), ())


def test_a_token_may_be_read_without_a_login() -> None:
    (token,) = loaded(f"{HEAD}sources: {{pkcs11: [{{name: root, module: a.so, token: root, time_limit: 5}}]}}\n").pkcs11
    assert (token.pin, token.time_limit) == (None, 5)


@pytest.mark.parametrize(
    ("line", "objects", "buckets"),
    [("profile: a", None, ()), ("sample: {objects: 0}", 0, ()), ("sample: {objects: 3, buckets: [a-*]}", 3, ("a-*",))],
)
def test_nothing_is_sampled_that_nobody_allowed(line: str, objects: int | None, buckets: tuple[str, ...]) -> None:
    (aws,) = loaded(source(line)).aws
    assert (aws.sample_objects, aws.sample_buckets) == (objects, buckets)


def test_declared_edges() -> None:
    edge = "{child: 'arn:aws:kms:*', parent: 'pkcs11:token=root;object=root'}"
    assert loaded(proving(f"hierarchy: [{edge}]")).hierarchy == (
        DeclaredEdge(child="arn:aws:kms:*", parent="pkcs11:token=root;object=root"),
    )


def described(folder: Path, envelope: str) -> Path:
    path = folder / "estate.yaml"
    path.write_text(f"{HEAD}sources:\n  postgres:\n    - name: voice\n      dsn: {{env: DSN}}\n{envelope}")
    return path


ENVELOPE = "      envelope: layouts/voice.yaml\n      sample: {rows: 20}\n"


def test_the_layout_is_read_from_beside_the_estate(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "voice.yaml").write_text(LAYOUT)
    text = read_estate(described(tmp_path, ENVELOPE))
    (database,) = text.estate.postgres
    assert database.layout is not None
    assert database.layout.keys.table == TableName("vault", "data_keys")
    assert (database.sample_rows, database.layout_path) == (20, "layouts/voice.yaml")
    assert database.layout_digest.startswith("sha256:")
    assert text.layouts == {"voice": LAYOUT.encode()}


def test_a_scan_reads_the_layout_that_it_began_with(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "voice.yaml").write_text(LAYOUT)
    (database,) = read_estate(described(tmp_path, ENVELOPE), kept).estate.postgres
    assert database.layout is not None


def test_a_layout_that_is_not_there_is_told_where_it_is_referred_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"estate.yaml:7: there is no file .*layouts/voice.yaml") as caught:
        read_estate(described(tmp_path, ENVELOPE))
    assert caught.value.hint == "the path is taken from the estate's folder"
