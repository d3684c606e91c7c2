"""Keys of clouds and vendors: their forms, what is shown of them, and what only looks like them."""

from __future__ import annotations

import pytest

from scanner.collect.leaks.detect.engine import detect
from scanner.collect.leaks.detect.window import Found, Rejected, Window
from tests.leaks.corpus import TOKENS, Maker

MAKE = Maker(9)
ID = "AK" + "IA" + MAKE.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
SECRET = "aZ9" + MAKE.text(37)
HEX = MAKE.bytes(20).hex()


def judged(text: str) -> list[str]:
    return [one.kind if isinstance(one, Found) else one.why for one in detect(Window.of(text.encode()))]


@pytest.mark.parametrize("label", TOKENS)
def test_a_hint_is_never_enough_to_use_it(label: str) -> None:
    kind, value = TOKENS[label]
    text = value(MAKE)
    (one,) = [one for one in detect(Window.of(text.encode())) if isinstance(one, Found)]
    assert one.kind == kind
    assert len(one.hint.replace("...", "")) <= 20
    assert not one.hint or one.secret.decode().endswith(one.hint.rpartition("...")[2])


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"aws_access_key_id={ID}\naws_secret_access_key={SECRET}", ["aws_key"]),
        (f'"SecretAccessKey": "{SECRET}"', ["aws_key"]),
        (f"{ID} and the secret {SECRET}", ["aws_key"]),
        (f"{ID} {SECRET}", []),
        (f"aws_secret_access_key={SECRET.lower()}", []),
        (f"aws_secret_access_key={SECRET} # dummy", ["marked"]),
        ("AK" + f"IAIOSFODNN7EXAMPLE aws_secret_access_key={SECRET}", ["placeholder"]),
        (f"DEEPGRAM_API_KEY={HEX}", ["deepgram_key"]),
        (f"deepgram at commit {HEX}", []),
        (f"API_KEY={HEX}", []),
        ("Account" + "Key=" + MAKE.b64(64), ["azure_storage_key"]),
        ("Account" + "Key=" + MAKE.b64(10), []),
        ("https://a.blob.core.windows.net/?sv=1&s" + "ig=" + MAKE.text(43) + "%3D", []),
        ("https://a.blob.core.windows.net/?sv=1&se=2&s" + "ig=" + MAKE.text(43) + "%3D", ["azure_sas"]),
        ("hv" + "s." + MAKE.text(24), ["vault_token"]),
        ("hv" + "s." + MAKE.text(22), []),
        ("a faq~ and Q~", []),
        ("pre" + "8Q~" + "a.b", []),
        ("https://a.blob.core.windows.net/?sv=1&se=2&s" + "ig=" + MAKE.text(43) + "%3D&s" + "ig=x", ["azure_sas"]),
        ("sk-" + MAKE.text(40), []),
        ("sk_" + "a" * 48, ["placeholder"]),
    ],
)
def test_forms_and_what_is_near_them(text: str, outcome: list[str]) -> None:
    assert judged(text) == outcome


def test_the_public_id_of_an_aws_key_is_its_hint() -> None:
    (one,) = detect(Window.of(f"{ID}\nsecret_access_key: {SECRET}".encode()))
    assert isinstance(one, Found)
    assert one.hint == ID


def test_what_is_rejected_is_not_shown() -> None:
    (one,) = detect(Window.of(f"aws_secret_access_key={SECRET} # dummy".encode()))
    assert isinstance(one, Rejected)
    assert SECRET not in repr(one)
