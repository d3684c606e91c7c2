"""Rules of who may connect: what each lets in, and whether any lets plaintext in from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.ids import Json, SourceId
from scanner.normalize.postgres.rules import Rules, rules
from scanner.normalize.reading import Object


def rule(connection: str | None, address: str | None = "all", mask: str | None = None, **given: Json) -> Object:
    fields: Object = {
        "connection": connection,
        "databases": ["all"],
        "users": ["all"],
        "address": address,
        "netmask": mask,
        "method": "scram-sha-256",
        "faulty": False,
    }
    return {**fields, **given}


def read(*items: Object) -> Rules:
    return rules(items, source=SourceId("postgres:voice"), server="postgres:voice", evidence=())


TEN, ALL4 = ("10.0.0.0", "255.0.0.0"), ("0.0.0.0", "0.0.0.0")  # noqa: S104 - as rules have it
# (rule; address, from elsewhere, plaintext, trusts, weak)
ONE: list[tuple[Object, tuple[Any, ...]]] = [
    (rule("local", None, method="peer"), ("none", False, False, False, False)),
    (rule("local", None, method="trust"), ("none", False, False, True, False)),
    (rule("host", *TEN), ("10.0.0.0/8", True, True, False, False)),
    (rule("hostssl", *TEN), ("10.0.0.0/8", True, False, False, False)),
    (rule("hostnossl", *TEN, method="md5"), ("10.0.0.0/8", True, True, False, True)),
    (rule("hostnogssenc", "all", method="password"), ("all", True, True, False, True)),
    (rule("hostgssenc", "all", method="gss"), ("all", True, False, False, False)),
    (rule("host", "all", method="reject"), ("all", True, False, False, False)),
    (rule("host", "all", method="trust"), ("all", True, True, True, False)),
    (rule("host", "127.0.0.1", "255.255.255.255"), ("127.0.0.1/32", False, True, False, False)),
    (rule("host", "127.0.0.5", "255.0.0.0"), ("127.0.0.0/8", False, True, False, False)),
    (rule("host", "126.0.0.0", "254.0.0.0"), ("126.0.0.0/7", True, True, False, False)),
    (rule("host", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ("::1/128", False, True, False, False)),
    (rule("host", "fd00::", "ff00::"), ("fd00::/8", True, True, False, False)),
    (rule("host", "samehost"), ("samehost", False, True, False, False)),
    (rule("host", "samenet"), ("samenet", True, True, False, False)),
    (rule("host", "app.example.org"), ("app.example.org", True, True, False, False)),
    (rule("host", "nonsense", "255.0.0.0"), (None, None, True, False, False)),
    (rule("host", None), (None, None, True, False, False)),
    (rule(None, "all"), ("all", None, None, False, False)),
    (rule("future", "all", method="reject"), ("all", None, False, False, False)),
    (rule("host", "all", method=None), ("all", True, None, None, None)),
    (rule("hostssl", "all", method=None), ("all", True, False, None, None)),
]


@pytest.mark.parametrize(("item", "expected"), ONE)
def test_one_rule(item: Object, expected: tuple[Any, ...]) -> None:
    (row,) = read(item).rows
    assert (row.address, row.from_elsewhere, row.allows_plaintext, row.trusts, row.weak_method) == expected
    assert (row.rule_id, row.server_id) == ("postgres:voice/rule/1", "postgres:voice")


REJECT = rule("hostnossl", *ALL4, method="reject")
# (rules; whether TLS is required)
SEVERAL: list[tuple[list[Object], bool | None]] = [
    ([], True),
    ([rule("hostssl", *ALL4)], True),
    ([rule("hostssl", *ALL4), rule("host", *TEN)], False),
    ([REJECT, rule("host", *TEN)], True),
    ([rule("host", *TEN), REJECT], False),
    ([rule("hostnossl", "all", method="reject"), rule("host", "fd00::", "ff00::")], True),
    ([rule("hostnossl", *TEN, method="reject"), rule("host", *ALL4)], False),
    ([REJECT, rule("host", "fd00::", "ff00::")], False),
    ([REJECT, rule("host", "app.example.org")], False),
    ([rule("hostssl", "all", method="reject"), rule("host", *TEN)], False),
    ([{**REJECT, "users": ["app"]}, rule("host", *TEN)], False),
    ([{**REJECT, "databases": ["voice"]}, rule("host", *TEN)], False),
    ([REJECT, rule("host", *TEN, databases=["replication"])], False),
    ([REJECT, rule("host", *TEN, databases=None)], False),
    ([rule("host", "127.0.0.1", "255.255.255.255")], True),
    ([rule("host", None)], None),
    ([rule(None, *TEN)], None),
    ([rule("hostssl", *TEN), rule(None, None, faulty=True)], None),
]


@pytest.mark.parametrize(("items", "required"), SEVERAL)
def test_whether_tls_is_required(items: list[Object], required: bool | None) -> None:
    assert read(*items).tls_required is required


def test_a_rejection_of_plaintext_does_not_make_trust_go_away_and_one_of_everything_does() -> None:
    trust = rule("host", *TEN, method="trust")
    assert [row.trusts for row in read(REJECT, trust).rows] == [False, True]
    assert [row.trusts for row in read({**REJECT, "connection": "host"}, trust).rows] == [False, False]


def test_while_a_line_is_wrong_not_everything_is_understood() -> None:
    found = read(rule("hostssl", *TEN), rule(None, None, faulty=True), rule("local", None))
    assert ([row.rule_id for row in found.rows], found.understood) == (
        ["postgres:voice/rule/1", "postgres:voice/rule/3"],
        False,
    )
    assert read(rule("hostssl", *TEN)).understood
    assert not read(rule("future")).understood
