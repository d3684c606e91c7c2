"""ST-DAT-10 on a real PostgreSQL: a destroyed data key takes its tenant's rows with it, and no others."""

from __future__ import annotations

from typing import Any, cast

import psycopg
import pytest

from scanner.selftest.database import connector
from scanner.selftest.interface import CannotRunError, Context, DataKey, Outcome, RefusedError
from scanner.selftest.scratch import Scratch
from scanner.selftest.shred import Shred, shred_test
from tests.selftest.local import FIRST, LocalKeys, Refuses

SCHEMA = "scratch_shred"


def run(dsn: str, service: LocalKeys, **given: Any) -> Outcome:  # noqa: ANN401
    scratch = Scratch(schema=SCHEMA, service=service, key=FIRST, **{"rows": 9, **given})
    test = shred_test(Shred(scratch=scratch, connect=connector(dsn)))
    assert (test.id, test.changes_state) == ("ST-DAT-10", True)
    return test.run()


@pytest.fixture(autouse=True)
def _nothing_is_left(dsn: str) -> Any:  # noqa: ANN401
    yield
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone() is None


def test_a_tenant_is_gone_and_the_others_are_not(dsn: str) -> None:
    outcome = run(dsn, LocalKeys())
    assert outcome.passed, outcome.detail
    assert outcome.figures == {"shredded_rows": 3, "other_rows": 6}
    assert outcome.cases == 9 + 3 * 2
    assert "backups" in outcome.detail


class OneKeyForAll(LocalKeys):
    """Gives every tenant the same data key."""

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        return DataKey(plaintext=bytearray(b"s" * 32), wrapped=self.wrap(key, b"s" * 32, context))


def test_a_data_key_that_tenants_share_is_caught(dsn: str) -> None:
    outcome = run(dsn, OneKeyForAll())
    assert outcome.passed is False
    assert "row 0 opens with the data key of tenant canary-2" in outcome.detail


class Remembers(LocalKeys):
    """Unwraps what is no key to the tenant's last data key, as a cache does."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[str, bytes] = {}

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        if len(wrapped) < 2:
            return bytearray(self.cache[context["tenant"]])
        plain = super().unwrap(key, wrapped, context)
        self.cache[context["tenant"]] = bytes(plain)
        return plain


def test_a_key_that_lives_on_is_caught(dsn: str) -> None:
    outcome = run(dsn, Remembers())
    assert outcome.passed is False
    assert "row 0 of the tenant still opens" in outcome.detail


class Loses(LocalKeys):
    """Loses another tenant's key with the first destroyed one that it is given."""

    lost = False

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        self.lost = self.lost or len(wrapped) < 2
        if self.lost and context["tenant"] == "canary-2":
            raise RefusedError("NotFoundException")
        return super().unwrap(key, wrapped, context)


def test_a_loss_of_others_is_told(dsn: str) -> None:
    with pytest.raises(CannotRunError, match="unwrapping the data key of tenant canary-2"):
        run(dsn, Loses())


class LosesRows(Loses):
    """Unwraps to another key: the rows do not open."""

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        try:
            return super().unwrap(key, wrapped, context)
        except RefusedError as error:
            if error.code == "NotFoundException":
                return bytearray(32)
            raise


def test_rows_of_others_that_are_lost_are_caught(dsn: str) -> None:
    outcome = run(dsn, LosesRows())
    assert outcome.passed is False
    assert "row 1 of tenant canary-2 is lost: the value does not open" in outcome.detail


def test_a_registry_that_keeps_the_key_is_caught(dsn: str) -> None:
    """A trigger puts a copy where the next tenant's key is kept."""
    connect = connector(dsn)

    def opened() -> Any:  # noqa: ANN401
        connection = connect()
        connection.autocommit = True
        return connection

    class Copies(LocalKeys):
        copied = False

        def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
            if not self.copied:
                self.copied = True
                with opened() as other:
                    other.execute(cast("Any", COPY))
            return super().unwrap(key, wrapped[:60], context)

    outcome = run(dsn, Copies())
    assert outcome.passed is False
    assert "the wrapped data key is still in the registry" in outcome.detail


COPY = f"""
CREATE FUNCTION {SCHEMA}.copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF length(NEW.wrapped) < 2 THEN
        UPDATE {SCHEMA}.data_keys SET wrapped = wrapped || OLD.wrapped WHERE tenant_id = 'canary-3';
    END IF;
    RETURN NEW; END $$;
CREATE TRIGGER copy AFTER UPDATE ON {SCHEMA}.data_keys FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.copy()
"""


def test_rows_that_do_not_open_beforehand_show_nothing(dsn: str) -> None:
    with pytest.raises(CannotRunError, match="row 0 does not open as it was made: AccessDeniedException"):
        run(dsn, Refuses("unwrap"))


def test_it_takes_two_tenants(dsn: str) -> None:
    with pytest.raises(CannotRunError, match="needs two tenants"):
        run(dsn, LocalKeys(), tenants=1)
