"""Names of tokens and keys."""

from __future__ import annotations

import pytest

from scanner.collect.pkcs11.naming import Identity, key_uris, token_uri

SECRET, PRIVATE = "secret-key", "private"


@pytest.mark.parametrize(
    ("identities", "names"),
    [
        ([(SECRET, "root-2026", "01")], ["object=root-2026"]),
        ([(SECRET, "a b;c", "01")], ["object=a%20b%3Bc"]),
        ([(SECRET, "a", "01"), (SECRET, "a", "0aff")], ["object=a;id=%01", "object=a;id=%0A%FF"]),
        (
            [(PRIVATE, "a", "01"), (SECRET, "a", "01")],
            ["object=a;id=%01;type=private", "object=a;id=%01;type=secret-key"],
        ),
        ([(SECRET, "", "01")], ["id=%01"]),
        ([(SECRET, "", "")], ["id="]),
        # The same identity twice is one name: nothing tells the objects apart.
        ([(SECRET, "a", "01"), (SECRET, "a", "01")], ["object=a"]),
    ],
)
def test_keys_have_the_shortest_name_that_is_theirs_alone(
    identities: list[tuple[str, str, str]], names: list[str]
) -> None:
    found = key_uris("root", (Identity(*one) for one in identities))
    assert [found[one] for one in sorted(found)] == [f"pkcs11:token=root;{name}" for name in names]


def test_a_token_is_named_by_label_and_serial() -> None:
    assert token_uri("my root") == "pkcs11:token=my%20root"
    assert token_uri("root", "00:1") == "pkcs11:token=root;serial=00%3A1"
