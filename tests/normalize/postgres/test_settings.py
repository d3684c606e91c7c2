"""Settings to columns: what each says, alone and with what roles and databases are given instead."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.normalize.postgres.settings import Settings, settings

QUIET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_statement_sample_rate": "1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "on",
    "log_disconnections": "on",
    "password_encryption": "scram-sha-256",
    "server_version": "15.8",
    "ssl": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "pgaudit.log": "read, write",
    "pgaudit.log_parameter": "off",
    "pgaudit.role": "",
}


def says(given: dict[str, Any], *overrides: Json, session: tuple[str, ...] = ()) -> Settings:
    """Return what quiet settings say with others; None: the row is not there."""
    rows: list[Json] = [
        {"name": name, "given": value, "set_by": "user" if name in session else "configuration file"}
        for name, value in {**QUIET, **given}.items()
        if value is not None
    ]
    return settings({"settings": rows, "overrides": list(overrides)})


def override(name: str, value: str, role: str | None = "app", database: str | None = None) -> Json:
    return {"name": name, "given": value, "role": role, "database": database}


def test_quiet_settings() -> None:
    assert says({}) == Settings(
        version="15.8",
        tls_offered=True,
        tls_min_version="TLSv1.2",
        password_encryption="scram-sha-256",
        audit_extension=True,
        audit_classes=("read", "write"),
        audits_reads_and_writes=True,
        logs_connections=True,
        logs_parameters=False,
    )


COLUMNS: list[tuple[dict[str, Any], str, Any]] = [
    ({"ssl": "off"}, "tls_offered", False),
    ({"ssl": "off", "ssl_min_protocol_version": None}, "tls_min_version", "none"),
    ({"ssl": "maybe"}, "tls_offered", None),
    ({"ssl": "maybe"}, "tls_min_version", None),
    ({"ssl_min_protocol_version": None}, "tls_min_version", None),
    ({"ssl_min_protocol_version": ""}, "tls_min_version", "none"),
    ({"ssl_min_protocol_version": "SSLv9"}, "tls_min_version", None),
    ({"password_encryption": "md5"}, "password_encryption", "md5"),
    ({"password_encryption": None}, "password_encryption", None),
    ({"pgaudit.log": None}, "audit_extension", False),
    ({"pgaudit.log": None}, "audit_classes", ()),
    ({"pgaudit.log": None}, "audits_reads_and_writes", False),
    ({"pgaudit.log": "none"}, "audit_classes", ()),
    ({"pgaudit.log": "all, -read"}, "audit_classes", ("ddl", "function", "misc", "misc_set", "role", "write")),
    ({"pgaudit.log": "all, -read"}, "audits_reads_and_writes", False),
    ({"pgaudit.log": "-READ, ALL"}, "audits_reads_and_writes", True),
    ({"pgaudit.log": "read, wirte"}, "audit_classes", None),
    ({"pgaudit.log": "read, wirte"}, "audits_reads_and_writes", None),
    ({"log_connections": "off"}, "logs_connections", False),
    ({"log_disconnections": "off"}, "logs_connections", False),
    ({"log_connections": None}, "logs_connections", None),
    ({"log_connections": "receipt,authorization"}, "logs_connections", True),
    ({"log_connections": "all"}, "logs_connections", True),
    ({"log_connections": ""}, "logs_connections", False),
    ({"log_statement": "all"}, "logs_parameters", True),
    ({"log_statement": "mod"}, "logs_parameters", True),
    ({"log_statement": "ddl"}, "logs_parameters", False),
    ({"log_statement": "all", "log_parameter_max_length": "0"}, "logs_parameters", False),
    ({"log_statement": None, "log_parameter_max_length": "0"}, "logs_parameters", False),
    ({"log_statement": None}, "logs_parameters", None),
    ({"log_min_duration_statement": "250"}, "logs_parameters", True),
    ({"log_min_duration_sample": "100"}, "logs_parameters", True),
    ({"log_min_duration_sample": "100", "log_statement_sample_rate": "0"}, "logs_parameters", False),
    ({"log_transaction_sample_rate": "0.5"}, "logs_parameters", True),
    ({"log_parameter_max_length_on_error": "64"}, "logs_parameters", True),
    ({"pgaudit.log_parameter": "on"}, "logs_parameters", True),
    ({"pgaudit.log_parameter": "on", "pgaudit.log": "none"}, "logs_parameters", False),
    ({"pgaudit.log_parameter": "on", "pgaudit.log": "none", "pgaudit.role": "auditor"}, "logs_parameters", True),
    ({"pgaudit.log_parameter": "on", "pgaudit.log": "what"}, "logs_parameters", None),
    ({"pgaudit.log_parameter": None, "pgaudit.log": None}, "logs_parameters", False),
]


@pytest.mark.parametrize(("given", "column", "expected"), COLUMNS)
def test_each_setting_and_the_column_that_it_makes(given: dict[str, Any], column: str, expected: Any) -> None:  # noqa: ANN401 - a value
    assert getattr(says(given), column) == expected


OVERRIDES: list[tuple[list[Json], str, Any]] = [
    ([override("log_statement", "all")], "logs_parameters", True),
    # The database's word is for everybody, the role's for itself.
    ([override("log_statement", "all", role=None, database="voice")], "logs_parameters", True),
    ([override("log_statement", "all", role=None, database=None)], "logs_parameters", True),
    (
        [override("log_statement", "all"), override("log_parameter_max_length", "0", role=None, database="voice")],
        "logs_parameters",
        False,
    ),
    (
        [override("log_statement", "all"), override("log_parameter_max_length", "0", role="other")],
        "logs_parameters",
        True,
    ),
    ([override("log_statement", "none", database="voice"), override("log_statement", "all")], "logs_parameters", False),
    ([override("pgaudit.log", "write")], "audits_reads_and_writes", False),
    ([override("pgaudit.log", "write")], "audit_classes", ("write",)),
    ([override("log_disconnections", "off", role=None)], "logs_connections", False),
    ([override("password_encryption", "md5")], "password_encryption", "md5"),
    ([override("password_encryption", "other")], "password_encryption", None),
]


@pytest.mark.parametrize(("overrides", "column", "expected"), OVERRIDES)
def test_the_least_careful_kind_of_session_counts(overrides: list[Json], column: str, expected: Any) -> None:  # noqa: ANN401 - a value
    assert getattr(says({}, *overrides), column) == expected


def test_a_setting_of_a_module_that_is_not_loaded_has_no_effect() -> None:
    assert says({"pgaudit.log": None}, override("pgaudit.log", "all")).audits_reads_and_writes is False


def test_a_value_of_the_own_session_is_not_the_servers() -> None:
    assert says({}, session=("log_connections",)).logs_connections is None
    assert says({}, session=("pgaudit.log",)).audit_classes is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"settings": [], "overrides": None},
        {"settings": [{"given": "on"}], "overrides": []},
        {"settings": ["ssl"], "overrides": []},
    ],
)
def test_an_answer_of_another_shape_says_nothing(body: Json) -> None:
    assert settings(body) == Settings()
