"""The fact tables of database servers: how they are reached, what they log, who may read the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseServerFact(Fact):
    """One database server that holds envelopes."""

    table: ClassVar[str] = "database_servers"
    key: ClassVar[str] = "server_id"
    parent: ClassVar[str] = "source"

    server_id: str = column("`postgres:SOURCE`.", source="the estate file", required=True)
    provider: str = column("`postgres`.", source="the collector", required=True)
    account: str = column("Database.", source="the connection", required=True)
    version: str | None = column("Version of the server.", source="pg_settings server_version")
    tls_offered: bool | None = column("TLS is on.", source="pg_settings ssl")
    tls_min_version: str | None = column(
        "`TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`, or `none` where TLS is off or has no floor.",
        source="pg_settings ssl_min_protocol_version",
    )
    tls_required: bool | None = column(
        "No rule lets a connection from another machine in without TLS.", source="pg_hba_file_rules"
    )
    session_encrypted: bool | None = column("The scan's own connection was encrypted.", source="pg_stat_ssl")
    session_tls_version: str | None = column("Its TLS version, or `none`.", source="pg_stat_ssl")
    password_encryption: str | None = column("`scram-sha-256` or `md5`.", source="pg_settings password_encryption")
    audit_extension: bool | None = column(
        "pgaudit is loaded.", source="pg_settings pgaudit.log, which is there only where the module is loaded"
    )
    audit_classes: tuple[str, ...] | None = column(
        "Classes of statements that pgaudit logs, sorted; empty: none.", source="pg_settings pgaudit.log"
    )
    audits_reads_and_writes: bool | None = column(
        "These hold `read` and `write`, or `all` without either taken away.", source="pg_settings pgaudit.log"
    )
    logs_connections: bool | None = column(
        "Connections and disconnections are logged.", source="pg_settings log_connections, log_disconnections"
    )
    logs_parameters: bool | None = column(
        "Values of statement parameters reach the log: statements are logged, and their parameters not cut to nothing.",
        source="pg_settings log_statement, log_min_duration_statement, log_duration, log_parameter_max_length, "
        "log_parameter_max_length_on_error, pgaudit.log_parameter",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRuleFact(Fact):
    """One rule of who may connect how, in the order in which the server tries them."""

    table: ClassVar[str] = "database_rules"
    key: ClassVar[str] = "rule_id"
    parent: ClassVar[str] = "server_id"

    rule_id: str = column("Server and rule number.", source="pg_hba_file_rules", required=True)
    server_id: str = column("Server.", source="pg_hba_file_rules", required=True)
    connection: str | None = column("`local`, `host`, `hostssl`, `hostnossl`, ...", source="pg_hba_file_rules type")
    databases: tuple[str, ...] | None = column("Databases, sorted.", source="pg_hba_file_rules")
    users: tuple[str, ...] | None = column("Roles, sorted.", source="pg_hba_file_rules")
    address: str | None = column("Address with its mask, or `none`.", source="pg_hba_file_rules")
    method: str | None = column("`scram-sha-256`, `md5`, `trust`, `cert`, ...", source="pg_hba_file_rules auth_method")
    from_elsewhere: bool | None = column(
        "It matches connections from other machines than the server's own.", source="pg_hba_file_rules type, address"
    )
    allows_plaintext: bool | None = column(
        "It lets a connection over the network in without TLS (`host`, `hostnossl`; not `reject`).",
        source="pg_hba_file_rules type, auth_method",
    )
    trusts: bool | None = column(
        "It lets anybody in without a proof (`trust`).", source="pg_hba_file_rules auth_method"
    )
    weak_method: bool | None = column("`md5` or `password`.", source="pg_hba_file_rules auth_method")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRoleFact(Fact):
    """One role of a database server, and whether it can read data keys and what they encrypt."""

    table: ClassVar[str] = "database_roles"
    key: ClassVar[str] = "role_id"
    parent: ClassVar[str] = "server_id"

    role_id: str = column("Server and role.", source="pg_roles", required=True)
    server_id: str = column("Server.", source="pg_roles", required=True)
    name: str = column("Role.", source="pg_roles", required=True)
    logs_in: bool | None = column("It may log in.", source="pg_roles rolcanlogin")
    superuser: bool | None = column("Superuser.", source="pg_roles rolsuper")
    reads_data_keys: bool | None = column(
        "It may read the wrapped data keys, itself or through a role that it is in.", source="has_column_privilege"
    )
    writes_data_keys: bool | None = column("It may insert, change or delete data keys.", source="has_table_privilege")
    reads_values: bool | None = column("It may read at least one encrypted column.", source="has_column_privilege")
    everyone: bool | None = column("It is `public`: every role has what it has.", source="aclexplode")
