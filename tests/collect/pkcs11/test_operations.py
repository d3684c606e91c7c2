"""The declared functions of PKCS #11."""

from __future__ import annotations

import re

from scanner.collect.pkcs11.operations import OPERATIONS, USER
from scanner.collect.plan import plan
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME

READS = re.compile(r"pkcs11:C_(?:Get(?:Info|SlotInfo|TokenInfo|MechanismList|AttributeValue)|FindObjects)")


def test_every_declared_function_only_reads() -> None:
    assert [one.name for one in OPERATIONS if not READS.fullmatch(one.name)] == []


def test_every_column_that_is_fed_is_there() -> None:
    for fed in (fed for one in OPERATIONS for fed in one.feeds):
        table, _, name = fed.partition(".")
        assert name == "*" or name in {column.name for column in columns_of(BY_NAME[table])}, fed


def test_a_control_over_pins_needs_no_login() -> None:
    planned = plan(["tokens.user_pin_locked"], OPERATIONS)
    assert planned == {"pkcs11:C_GetInfo", "pkcs11:C_GetTokenInfo"}
    assert not any(USER in one.permissions for one in OPERATIONS if one.name in planned)


def test_a_control_over_attributes_needs_the_listing_of_keys() -> None:
    assert {"pkcs11:C_FindObjects", "pkcs11:C_GetTokenInfo"} < plan(["keys.exportable"], OPERATIONS)
