"""The table of suites."""

from __future__ import annotations

from scanner.collect.endpoints.suites import NEW, OLD


def test_numbers_are_those_of_the_registry() -> None:
    assert NEW[0x1302] == "TLS_AES_256_GCM_SHA384"
    assert OLD[0xC02F] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert OLD[0x000A] == "TLS_RSA_WITH_3DES_EDE_CBC_SHA"
    assert OLD[0x0001] == "TLS_RSA_WITH_NULL_MD5"


def test_no_suite_stands_twice() -> None:
    names = [*NEW.values(), *OLD.values()]
    assert len(names) == len(set(names)) == 79
    assert not NEW.keys() & OLD.keys()
    # Signalling values are no suites.
    assert not {0x00FF, 0x5600} & OLD.keys()
