"""What is asked of a PostgreSQL server: fixed statements, the columns that each one feeds, and the rights it needs."""

from __future__ import annotations

from scanner.model.operation import Operation, columns

SESSION = "postgres:Session"
SETTINGS = "postgres:Settings"
RULES = "postgres:Rules"
ROLES = "postgres:Roles"
LAYOUT = "postgres:Layout"
COLUMNS = "postgres:Columns"
PRIVILEGES = "postgres:Privileges"
DATA_KEYS = "postgres:DataKeys"
USAGE = "postgres:Usage"
SAMPLES = "postgres:Samples"

OF_LAYOUT = (LAYOUT, COLUMNS, PRIVILEGES, DATA_KEYS, USAGE, SAMPLES)
"""Operations that need to know how the database keeps its envelopes."""

_KINDS = ("data_stores.encrypted_table", "envelopes.column")
_EDGES = columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=SESSION,
        permissions=("GRANT CONNECT ON DATABASE {database} TO keyaudit;",),
        feeds=columns("database_servers", "*", "session_encrypted", "session_tls_version"),
        purpose="which database this is, as whom it is read, and whether the connection is encrypted",
        always=True,
    ),
    Operation(
        name=SETTINGS,
        permissions=("GRANT pg_read_all_settings TO keyaudit;",),
        feeds=columns(
            "database_servers",
            *("version", "tls_offered", "tls_min_version", "password_encryption", "audit_extension", "audit_classes"),
            *("audits_reads_and_writes", "logs_connections", "logs_parameters"),
        ),
        needs=(SESSION,),
        purpose="TLS, passwords, pgaudit, and what is logged: settings by name, those of roles and databases included",
    ),
    Operation(
        name=RULES,
        permissions=(
            "GRANT SELECT ON pg_catalog.pg_hba_file_rules TO keyaudit;",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO keyaudit;",
        ),
        feeds=(
            *columns("database_rules", "*", "connection", "databases", "users", "address", "method", "from_elsewhere"),
            *columns("database_rules", "allows_plaintext", "trusts", "weak_method"),
            *columns("database_servers", "tls_required"),
        ),
        needs=(SESSION,),
        purpose="who may connect how; options are not read, because they can hold passwords",
    ),
    Operation(
        name=ROLES,
        permissions=(),
        feeds=columns("database_roles", "*", "name", "logs_in", "superuser", "everyone"),
        needs=(SESSION,),
        purpose="the population of roles",
    ),
    Operation(
        name=LAYOUT,
        permissions=(),
        feeds=(
            *columns("data_stores", "*", "name", "customer_key_possible"),
            *columns("envelopes", "*", "kind", "binds_tenant", "binds_record"),
            *columns("envelopes", "format", "authenticated", "commits_to_key"),
        ),
        kinds=_KINDS,
        needs=(SESSION,),
        purpose="how the database keeps its envelopes, as the layout file says; nothing is asked",
    ),
    Operation(
        name=COLUMNS,
        permissions=(),
        feeds=(*columns("data_stores", "*"), *columns("envelopes", "*")),
        kinds=_KINDS,
        needs=(LAYOUT,),
        purpose="whether the tables and columns that the layout names are there, and their types",
    ),
    Operation(
        name=PRIVILEGES,
        permissions=(),
        feeds=columns("database_roles", "reads_data_keys", "writes_data_keys", "reads_values"),
        needs=(LAYOUT, ROLES),
        purpose="which roles may read or change data keys and encrypted columns",
    ),
    Operation(
        name=DATA_KEYS,
        permissions=(
            "GRANT USAGE ON SCHEMA {key_schema} TO keyaudit;",
            "GRANT SELECT ({key_columns}) ON {key_table} TO keyaudit;",
        ),
        feeds=columns(
            "data_keys",
            *("*", "registered", "tenant", "key_ref", "wrapped", "wrapped_bytes", "wrap_algorithm", "algorithm"),
            *("length_bits", "strength_bits", "state", "created_at", "activated_at", "retires", "retired_at"),
            "fingerprint",
        ),
        needs=(LAYOUT,),
        purpose="the registry of data keys: their owner, key, dates and state, and how long the wrapped key is, not it",
    ),
    Operation(
        name=USAGE,
        permissions=("GRANT USAGE ON SCHEMA {schema} TO keyaudit;", "GRANT SELECT ({columns}) ON {table} TO keyaudit;"),
        feeds=(
            *columns("data_keys", "*", "registered", "tenants", "tenant_count", "value_count", "writes"),
            *columns("data_keys", "last_write_at"),
            *columns("envelopes", "population"),
            *columns("data_stores", "encrypted"),
            *_EDGES,
        ),
        kinds=_KINDS,
        needs=(LAYOUT, DATA_KEYS),
        purpose="how many values each data key encrypts, of which tenants, and the newest: counted, not read",
    ),
    Operation(
        name=SAMPLES,
        permissions=("GRANT USAGE ON SCHEMA {schema} TO keyaudit;", "GRANT SELECT ({columns}) ON {table} TO keyaudit;"),
        feeds=(
            *columns("envelopes", "format", "sampled", "parsed", "plaintext", "authenticated", "nonce_bits"),
            *columns("envelopes", "tag_bits", "nonces_repeated", "names_key", "binds_tenant", "binds_record"),
            *columns("envelopes", "commits_to_key", "wrapping_keys"),
            *columns("envelope_samples", "*", "format", "parsed", "plaintext", "data_key_id", "wrapping_keys"),
            *columns("envelope_samples", "algorithm", "nonce_bits", "tag_bits", "length_bytes"),
            *columns("data_stores", "encrypted"),
            *_EDGES,
        ),
        kinds=_KINDS,
        needs=(LAYOUT, USAGE),
        purpose="headers of a bounded sample of encrypted values, read in memory (`sample:` only)",
    ),
)
