"""Raw keys: their shape, and the words about them."""

from __future__ import annotations

import pytest

from scanner.collect.leaks.detect.raw import key_near_words
from scanner.collect.leaks.detect.window import Found, Rejected, Window
from tests.leaks.corpus import Maker

MAKE = Maker(11)
HEX = MAKE.bytes(32).hex()
B64 = MAKE.b64(32)


def judged(text: str) -> Found | Rejected | None:
    window = Window.of(text.encode())
    return next((key_near_words(window, start, end) for start, end in window.runs()), None)


@pytest.mark.parametrize(
    "text",
    [
        f"kek={HEX}",
        f"master key alias/tenants = {HEX}",
        f"as requested, the image signing key version 3: {HEX}",
        f"here is the master key\n{HEX}",
        f"> the root key:\n`{HEX}`",
        f'AES.new(bytes.fromhex("{HEX}"))',
        f'masterKey: "{HEX}"',
        f'{{"wrapped_dek": "short", "dek": "{HEX}"}}',
        f"unwrapped dek={HEX} tenant=7",
        f'"key": "{B64}"',
        f"the key is {B64}",
        f"CKA_VALUE = {HEX}",
        f'{{\\"root_key\\": \\"{HEX}\\"}}',
    ],
)
def test_a_key_with_a_name_is_found(text: str) -> None:
    assert isinstance(judged(text), Found), text


@pytest.mark.parametrize(
    "text",
    [
        HEX,
        f"value={HEX}",
        f"key={HEX}",
        f"masterKeyId={HEX}",
        f"wrapped_dek={HEX}",
        f"sha256 of the kek: {HEX}",
        f"master key sha256:{HEX}",
        f"the wrapped tenant master key is {HEX}",
        f"root key, nonce {HEX}",
        f"root key with the tag {HEX}",
        f"kek = ./{B64[:20]}/aB3/{B64[:7]}",
        f"kek\0\0{HEX}",
        f"aes keys in ~/{B64[:19].replace('+', 'a')}/9",
        "root_key = TLS_AES_128_GCM_SHA256",
        "master_key = getCurrentMasterKeyFromVault",
        f"dek={HEX[:40]}",
        f"dek={HEX[:30]}gg",
    ],
)
def test_what_has_another_name_or_shape_is_not(text: str) -> None:
    assert judged(text) is None, text


def test_the_same_key_is_the_same_however_it_is_written() -> None:
    import base64

    key = MAKE.bytes(32)
    written = [f"kek={key.hex()}", f"kek=0x{key.hex().upper()}", f"kek={base64.b64encode(key).decode()}"]
    found = [judged(text) for text in written]
    assert {one.secret for one in found if isinstance(one, Found)} == {key}
    assert [one.bits for one in found if isinstance(one, Found)] == [256, 256, 256]


@pytest.mark.parametrize(("text", "why"), [(f"kek={HEX} # dummy", "marked"), ("kek=" + "ab" * 32, "placeholder")])
def test_why_a_key_is_none(text: str, why: str) -> None:
    one = judged(text)
    assert isinstance(one, Rejected)
    assert one.why == why
