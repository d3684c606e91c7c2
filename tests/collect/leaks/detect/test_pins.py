"""PINs beside the names of what they open."""

from __future__ import annotations

import pytest

from scanner.collect.leaks.detect.pins import pins
from scanner.collect.leaks.detect.window import Found, Window


def judged(text: str) -> list[str]:
    return [one.secret.decode() if isinstance(one, Found) else one.why for one in pins(Window.of(text.encode()))]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("HSM_PIN=48151623", ["48151623"]),
        ("the HSM pin is 481516", ["481516"]),
        ('"so_pin": "481516"', ["481516"]),
        ('\\"userPin\\": \\"481516\\"', ["481516"]),
        ("softhsm token pin: s3cretpin", ["s3cretpin"]),
        ("pkcs11-pin: 'crypto_user:Passw0rd'", ["crypto_user:Passw0rd"]),
        ("hsm pin=481516 so pin=623424", ["481516", "623424"]),
        ("pkcs11:token=a?pin-value=481516&x=1", ["481516"]),
        ("pkcs11:token=a?pin-source=file:/etc/pin", []),
        ("pin-value=481516", []),
        ("connector pin=481516", []),
        ("shipping: 481516", []),
        ("HSM_PIN=$HSM_PIN", []),
        ("hsm pin: {env: HSM_PIN}", []),
        ("hsm_pin=1111", ["placeholder"]),
        ("hsm_pin=changeme1", ["placeholder"]),
        ("hsm pin=481516 # dummy", ["marked"]),
        ("user pin is required", []),
    ],
)
def test_what_stands_beside_the_word(text: str, outcome: list[str]) -> None:
    assert judged(text) == outcome
