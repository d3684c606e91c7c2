"""The statements that the transport sends: fixed text, into which names of the layout are put as quoted identifiers.

Everything of the catalogue is looked up by name among its rows, so that no right on a schema is needed to ask for it.
"""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, KeyTable, TableName

SETTINGS: tuple[str, ...] = (
    *("log_connections", "log_disconnections", "log_duration", "log_min_duration_sample", "log_min_duration_statement"),
    *("log_parameter_max_length", "log_parameter_max_length_on_error", "log_statement", "log_statement_sample_rate"),
    *("log_transaction_sample_rate", "password_encryption", "pgaudit.log", "pgaudit.log_catalog"),
    *("pgaudit.log_parameter", "pgaudit.role", "server_version", "ssl", "ssl_ciphers", "ssl_max_protocol_version"),
    "ssl_min_protocol_version",
)
"""Those of ``pg_settings`` that are read."""
GUARDED = frozenset({"ssl_ciphers", "ssl_max_protocol_version", "ssl_min_protocol_version"})
"""Those that only members of ``pg_read_all_settings`` see; others see no row, and not that there is one."""
PAGE = 5_000
"""Data keys in one answer."""
MAX_KEYS = 50_000
"""Data keys that one column may use before its usage is not read."""
MAX_TENANTS = 1_000
"""Tenants of one data key that are named."""
HEAD = 4_096
"""Bytes of a value that are read for its header."""
LARGE = 50_000
"""Rows from which blocks are sampled in place of rows."""

LIMITS = SQL(
    # Nothing of the database's own schemas can take the place of a function or an operator of the catalogue. What row
    # security would hide must be an error: counts that leave rows out would be wrong.
    "SELECT set_config('search_path', 'pg_catalog, pg_temp', true), set_config('TimeZone', 'UTC', true), "
    "set_config('row_security', 'off', true), set_config('statement_timeout', %s, true), "
    "set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', '60s', true)"
)
SESSION = SQL(
    "SELECT current_database()::text AS database, current_user::text AS role, "
    "current_setting('server_version') AS server_version, current_setting('transaction_read_only') AS read_only, "
    "ssl AS encrypted, version AS tls_version, cipher AS tls_cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
)
READ_SETTINGS = SQL(
    "SELECT name, setting AS given, unit, source AS set_by FROM pg_settings WHERE name = ANY(%s) "
    'ORDER BY name COLLATE "C"'
)
OVERRIDES = SQL(
    # Only settings of the list: others may hold anything, passwords included.
    "SELECT split_part(one, '=', 1) AS name, substr(one, strpos(one, '=') + 1) AS given, d.datname::text AS database, "
    "r.rolname::text AS role FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS one "
    "LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole "
    "WHERE split_part(one, '=', 1) = ANY(%s) AND (s.setdatabase = 0 OR d.datname = current_database()) "
    "ORDER BY 1, 3 NULLS FIRST, 4 NULLS FIRST"
)
RULES = SQL(
    "SELECT row_number() OVER ()::int AS number, line_number AS line, type AS connection, database AS databases, "
    "user_name AS users, address, netmask, auth_method AS method, error IS NOT NULL AS faulty FROM pg_hba_file_rules"
)
ROLES = SQL(
    "SELECT rolname::text AS name, rolcanlogin AS logs_in, rolsuper AS superuser FROM pg_roles "
    'ORDER BY rolname COLLATE "C"'
)
TABLE = SQL(
    "SELECT c.oid, c.relkind::text AS kind, c.reltuples::float8 AS estimate, c.relpages AS pages FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s "
    "AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
)
TYPES = SQL(
    "SELECT attname::text AS name, format_type(atttypid, NULL) AS type FROM pg_attribute "
    'WHERE attrelid = %s AND attname = ANY(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attname COLLATE "C"'
)
PRIVILEGES = SQL(
    # A role has what the roles have that it is in, be it only after SET ROLE; `public` is in none.
    "WITH able AS MATERIALIZED ("
    "SELECT r.oid, has_schema_privilege(r.oid, c.relnamespace, 'USAGE') AND EXISTS (SELECT FROM pg_attribute a "
    "WHERE a.attrelid = c.oid AND a.attname = ANY(%(columns)s) "
    "AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')) AS reads, "
    "has_schema_privilege(r.oid, c.relnamespace, 'USAGE') AND ("
    "has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') OR "
    "has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE')) AS writes "
    "FROM pg_class c, (SELECT oid FROM pg_roles UNION ALL SELECT 0) r WHERE c.oid = %(table)s"
    ") SELECT p.name, bool_or(able.reads) AS reads, bool_or(able.writes) AS writes "
    "FROM (SELECT oid, rolname::text AS name FROM pg_roles UNION ALL SELECT 0, NULL) p "
    "JOIN able ON able.oid = p.oid OR (p.oid <> 0 AND able.oid <> 0 AND (able.reads OR able.writes) "
    "AND pg_has_role(p.oid, able.oid, 'MEMBER')) GROUP BY p.name ORDER BY p.name COLLATE \"C\" NULLS FIRST"
)


def table(name: TableName) -> Identifier:
    """Return a table as a statement names it."""
    return Identifier(name.schema, name.name)


def data_keys(keys: KeyTable, *, after: bool) -> Composed:
    """Return the statement for a page of the registry; its parameter is the last id of the page before."""
    identity = _text(keys.id)
    return SQL(
        "SELECT {id} AS id, {tenant} AS tenant, octet_length({wrapped}) AS length, pg_typeof({wrapped})::text AS form, "
        "{kek} AS kek, {created} AS created, {activated} AS activated, {retired} AS retired, {state} AS state, "
        "{algorithm} AS algorithm, {wrap} AS wrap_algorithm, {fingerprint} AS fingerprint FROM {table} {where} "
        'ORDER BY {id} COLLATE "C" LIMIT {limit}'
    ).format(
        id=identity,
        tenant=_text(keys.tenant),
        wrapped=Identifier(keys.wrapped),
        kek=_text(keys.key),
        created=_moment(keys.created),
        activated=_moment(keys.activated),
        retired=_moment(keys.retired),
        state=_text(keys.state),
        algorithm=_text(keys.algorithm),
        wrap=_text(keys.wrap_algorithm),
        fingerprint=_text(keys.fingerprint),
        table=table(keys.table),
        # Rows without an id come last, on every page, so that they are not lost.
        where=SQL('WHERE {id} COLLATE "C" > %s OR {id} IS NULL').format(id=identity) if after else SQL(""),
        limit=Literal(PAGE + 1),
    )


def usage(of: EncryptedTable, value: EncryptedColumn) -> Composed:
    """Return the statement that counts the values of a column by the data key that they name."""
    tenant, updated = _text(of.tenant), of.updated
    return SQL(
        "SELECT {key} AS data_key, count(*) AS population, "
        "(array_agg(DISTINCT {tenant}) FILTER (WHERE {tenant} IS NOT NULL))[1:{most}] AS tenants, "
        "count(DISTINCT {tenant}) AS tenant_count, count(*) FILTER (WHERE {tenant} IS NULL) AS tenantless, "
        "{dated} AS dated, {newest} AS newest FROM {table} WHERE {value} IS NOT NULL "
        "GROUP BY 1 ORDER BY 1 NULLS FIRST LIMIT {limit}"
    ).format(
        key=_text(value.key),
        tenant=tenant,
        most=Literal(MAX_TENANTS),
        dated=SQL("count({})").format(Identifier(updated)) if updated else SQL("NULL"),
        newest=_text_of_moment(SQL("max({}::timestamptz)").format(Identifier(updated))) if updated else SQL("NULL"),
        table=table(of.table),
        value=Identifier(value.ciphertext),
        limit=Literal(MAX_KEYS + 1),
    )


def samples(of: EncryptedTable, types: dict[str, str], rows: int, percent: float | None) -> Composed:
    """Return the statement that reads the heads of some rows' values; ``percent``: of its blocks, None: of all rows."""
    some = SQL(" OR ").join(SQL("{} IS NOT NULL").format(Identifier(one.ciphertext)) for one in of.columns)
    fields: list[Composable] = [SQL("{} AS row, {} AS tenant").format(_text(of.id), _text(of.tenant))]
    for number, one in enumerate(of.columns):
        fields.append(
            SQL("{key} AS {k}, {nonce} AS {n}, {length} AS {l}, {head} AS {h}").format(
                key=_text(one.key if one.format is EnvelopeFormat.AES_GCM else ""),
                nonce=_bytes(one.nonce, types, 64) if one.nonce else SQL("NULL"),
                length=SQL("octet_length({})").format(_plain(one.ciphertext, types)),
                head=_bytes(one.ciphertext, types, HEAD),
                **{part: Identifier(f"{part}{number}") for part in "knlh"},
            )
        )
    return SQL(
        # Rows are chosen by their id, so that only the values of the chosen ones are read.
        "SELECT {fields} FROM {table} WHERE {id} IN (SELECT {id} FROM {table}{blocks} WHERE {some} "
        "ORDER BY random() LIMIT {rows}) AND ({some}) LIMIT {rows}"
    ).format(
        fields=SQL(", ").join(fields),
        table=table(of.table),
        id=Identifier(of.id),
        blocks=SQL(" TABLESAMPLE SYSTEM ({})").format(Literal(percent)) if percent is not None else SQL(""),
        some=some,
        rows=Literal(rows),
    )


def _text(column: str) -> Composable:
    return SQL("{}::text").format(Identifier(column)) if column else SQL("NULL::text")


def _moment(column: str) -> Composable:
    return _text_of_moment(SQL("{}::timestamptz").format(Identifier(column))) if column else SQL("NULL::text")


def _text_of_moment(moment: Composable) -> Composable:
    """Return an instant as RFC 3339 text in UTC. One without a zone is taken for UTC; infinity is no instant."""
    return SQL('to_char(CASE WHEN isfinite({0}) THEN {0} END, \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')').format(moment)


def _plain(column: str, types: dict[str, str]) -> Composable:
    """Return a column as bytes or text, whichever it is."""
    name = Identifier(column)
    return name if types.get(column) == "bytea" else SQL("{}::text").format(name)


def _bytes(column: str, types: dict[str, str], most: int) -> Composable:
    return SQL("substring({} FROM 1 FOR {})").format(_plain(column, types), Literal(most))
