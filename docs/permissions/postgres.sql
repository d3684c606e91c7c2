-- A role of its own, which may read and nothing else. Give it a password or a certificate as your policy says.
CREATE ROLE keyaudit LOGIN;
ALTER ROLE keyaudit SET default_transaction_read_only = on;
GRANT CONNECT ON DATABASE DATABASE TO keyaudit;
GRANT pg_read_all_settings TO keyaudit;
GRANT SELECT ON pg_catalog.pg_hba_file_rules TO keyaudit;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO keyaudit;
GRANT USAGE ON SCHEMA SCHEMA_OF_DATA_KEYS TO keyaudit;
GRANT SELECT (COLUMNS_OF_THE_LAYOUT) ON TABLE_OF_DATA_KEYS TO keyaudit;
GRANT USAGE ON SCHEMA SCHEMA_OF_ENCRYPTED_TABLE TO keyaudit;
GRANT SELECT (COLUMNS_OF_THE_LAYOUT) ON ENCRYPTED_TABLE TO keyaudit;
