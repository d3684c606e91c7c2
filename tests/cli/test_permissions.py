"""The least-privilege policy on a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner import sources
from scanner.cli.main import run


def policy(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:  # noqa: ANN401 - any JSON
    assert run(["permissions", "aws", *arguments], traces=True) == 0
    return json.loads(capsys.readouterr().out)


def actions(document: Any) -> set[str]:  # noqa: ANN401 - any JSON
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_whole_catalogue_needs_all_that_is_declared(capsys: pytest.CaptureFixture[str]) -> None:
    (aws,) = [kind for kind in sources.SOURCES if kind.provider == "aws"]
    declared = {permission for op in aws.operations() for permission in op.permissions}
    assert actions(policy(capsys)) == declared


def test_one_control_needs_little(capsys: pytest.CaptureFixture[str]) -> None:
    needed = {a for a in actions(policy(capsys, "--control", "KM-ROT-04")) if a.startswith("kms:")}
    assert needed == {"kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus"}


def test_nothing_but_the_policy_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    run(["permissions", "aws", "--phase", "rotation"], traces=True)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith("{\n")
    assert captured.out.endswith("}\n")
    assert not captured.out.endswith("\n\n")


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("postgres", "GRANT SELECT ON pg_catalog.pg_hba_file_rules TO keyaudit;"),
        ("pkcs11", "C_Login as CKU_USER, once."),
        ("selftest", "key/KEY-THAT-THE-ESTATE-NAMES-UNDER-SELFTEST"),
    ],
)
def test_every_kind_of_source_has_its_own_language(
    provider: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["permissions", provider], traces=True)
    assert said in capsys.readouterr().out
