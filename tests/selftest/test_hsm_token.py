"""The self-tests on a real token, whose planted defects they find, and on modules that fail."""

from __future__ import annotations

from collections.abc import Iterator

import pkcs11
import pytest
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.mechanisms import Mechanism

from scanner.selftest.hsm import Token, hsm_tests
from scanner.selftest.hsm_token import RealToken
from scanner.selftest.interface import CannotRunError
from scanner.selftest.jobs import open_token
from tests.collect.pkcs11.fakes import PIN, FakeKey, FakeLibrary, FakeSlot, FakeToken
from tests.hsm import NOW, REFERENCE, SECOND, a_source, session, softhsm

SENSITIVE = Attribute.SENSITIVE


@pytest.fixture
def real() -> Iterator[RealToken]:
    with softhsm() as values:
        made = open_token(a_source(), values[REFERENCE.pin_variable], lambda: NOW)
        yield made
        made.close()


def outcomes(token: Token, root: str) -> dict[str, bool | None]:
    return {test.id: test.run().passed for test in hsm_tests(token, root, session_objects=True)}


@pytest.mark.parametrize(
    ("root", "failing"),
    [
        # One key of the token is seen without a login: ST-HSM-04 fails for all.
        ("root-2026", set()),
        ("legacy-export", {"ST-HSM-01", "ST-HSM-02"}),
        ("imported-kek", {"ST-HSM-02"}),
    ],
)
def test_a_real_token_is_proven_and_what_was_planted_is_found(real: RealToken, root: str, failing: set[str]) -> None:
    found = outcomes(real, root)
    assert {name for name, passed in found.items() if passed is False} == {*failing, "ST-HSM-04"}
    assert None not in found.values()


def test_the_edge_names_what_the_scan_names(real: RealToken) -> None:
    outcome = hsm_tests(real, "root-2026", session_objects=True)[2].run()
    (edge,) = outcome.edges
    assert edge.child == "pkcs11:token=root;object=root-2026"
    assert edge.parent == real.module_id
    # 32 bytes and 8 of integrity: each byte, each length, three that are longer, and the right one twice.
    assert outcome.cases == 40 + 40 + 3 + 2


def test_a_real_token_without_open_keys_passes() -> None:
    with softhsm() as values:
        made = open_token(a_source(SECOND), values[SECOND.pin_variable], lambda: NOW)
        assert hsm_tests(made, "both", session_objects=False)[3].run().passed is True
        made.close()


def test_a_real_token_that_gives_a_value_is_caught() -> None:
    with softhsm() as values:
        with session(SECOND) as opened:
            template = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
            opened.generate_key(pkcs11.KeyType.AES, 256, label="soft", store=True, template=template)
        made = open_token(a_source(SECOND), values[SECOND.pin_variable], lambda: NOW)
        outcome = hsm_tests(made, "soft", session_objects=True)[0].run()
        made.close()
        with session(SECOND) as opened:
            for key in opened.get_objects({Attribute.LABEL: "soft"}):
                key.destroy()
    assert (outcome.passed, outcome.detail) == (False, "the token gave the value of the root key")


def a_token(key: FakeKey, *mechanisms: Mechanism) -> RealToken:
    library = FakeLibrary(FakeSlot(FakeToken(keys=[key]), mechanisms=mechanisms))
    return RealToken(a_source(module="acme.so"), PIN, lambda: NOW, library)


def test_an_attribute_that_a_token_does_not_know_is_not_told() -> None:
    made = a_token(FakeKey(values={SENSITIVE: True}))
    found = made.attributes("root")
    made.close()
    assert (found["CKA_SENSITIVE"], found["CKA_EXTRACTABLE"]) == (True, None)


def test_a_failure_is_no_refusal() -> None:
    made = a_token(FakeKey(values={Attribute.VALUE: pkcs11.DeviceError(), SENSITIVE: pkcs11.DeviceError()}))
    with pytest.raises(CannotRunError, match="DeviceError"):
        made.read_value("root")
    with pytest.raises(CannotRunError, match="DeviceError"):
        made.attributes("root")
    made.close()


def test_without_a_way_to_wrap_or_to_compare_nothing_is_told() -> None:
    made = a_token(FakeKey(values={Attribute.VALUE: pkcs11.AttributeSensitive()}), Mechanism.AES_GCM)
    with pytest.raises(CannotRunError, match=r"the value was refused.*offers neither AES_KEY_WRAP_PAD"):
        hsm_tests(made, "root", session_objects=True)[0].run()
    with pytest.raises(CannotRunError, match="offers no AES_CBC"):
        made.same(None, None)
    made.close()


def test_private_keys_count_as_keys_that_are_seen() -> None:
    made = a_token(FakeKey("open", kind=ObjectClass.PRIVATE_KEY, private=False))
    assert made.seen_without_login() == 1
    made.close()
