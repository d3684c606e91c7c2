"""Which product a token is, by what it says of itself, and which of its mechanisms nobody should use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A product in the table of certificates."""

    name: str
    embodiment: str | None


_PRODUCTS: Mapping[tuple[str, str], Product] = {
    ("SoftHSM project", "SoftHSM v2"): Product("softhsm", "software"),
    ("Yubico (www.yubico.com)", "YubiHSM"): Product("yubihsm-2", "hardware"),
}
"""Manufacturer and model as C_GetTokenInfo gives them, of products whose words were seen. Another token keeps its own
words as its product, so that no certificate is claimed for it; which product it is, the user's table of certificates
can say."""


def product_of(manufacturer: str | None, model: str | None) -> Product | None:
    """Return the product of a token; None: it does not say what it is."""
    if not manufacturer or not model:
        return None
    # With a slash no name of the table is met by chance.
    return _PRODUCTS.get((manufacturer, model)) or Product(f"{manufacturer} / {model}", None)


_WEAK = re.compile(r"(?:^|_)(?:CDMF|DES|DES2|DES3|RC2|RC4|MD2|MD5)(?:_|$)|^(?:DSA_SHA1|ECDSA_SHA1)$|^SHA1_RSA_")
"""SP 800-131A Rev. 2: DES and TDEA, RC2, RC4, MD2 and MD5 are not allowed; SHA-1 not for making signatures. It allows
HMAC with SHA-1, and SHA-1 where nothing is signed."""


def weak(mechanisms: Iterable[str], key_transport: Iterable[str]) -> tuple[str, ...]:
    """Return the mechanisms that are disallowed for protection, sorted.

    ``key_transport`` are those of PKCS #1 v1.5 that encrypt or wrap here; where they only sign they are allowed.
    """
    return tuple(sorted({*filter(_WEAK.search, mechanisms), *key_transport}))
