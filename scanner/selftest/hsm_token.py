"""A real token as the self-tests of :mod:`scanner.selftest.hsm` ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, MechanismFlag, ObjectClass
from pkcs11.mechanisms import KeyType, Mechanism

from scanner.selftest.hsm import REQUIRED
from scanner.selftest.interface import CannotRunError
from scanner.selftest.pkcs11 import TokenSession

BLOCK_BYTES = 16
_KEEPS = frozenset({"AttributeSensitive", "KeyUnextractable", "KeyNotWrappable", "FunctionRejected"})
"""What a token answers that gives no key away. Any other failure says nothing about that."""
_USES = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
_WRAPPABLE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True}
_KEPT = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}


class RealToken(TokenSession):
    """Implements :class:`scanner.selftest.hsm.Token`."""

    def key_id(self, root: str) -> str:
        """See :class:`scanner.selftest.hsm.Token`."""
        return self.secret_key(root)[1]

    def attributes(self, root: str) -> Mapping[str, bool | None]:
        """See :class:`scanner.selftest.hsm.Token`."""
        key, _ = self.secret_key(root)
        return {name: self.ask("C_GetAttributeValue", partial(_flag, key, name)) for name in REQUIRED}

    def read_value(self, root: str) -> None:
        """See :class:`scanner.selftest.hsm.Token`. Of a value that is given, the length is decoded and nothing else."""
        key, _ = self.secret_key(root)
        self.ask("C_GetAttributeValue", lambda: key[Attribute.VALUE], _KEEPS.__contains__)

    def wrap_out(self, root: str) -> None:
        """See :class:`scanner.selftest.hsm.Token`."""
        key, _ = self.secret_key(root)
        self.wraps_by()
        wrapping = self.make(_KEPT, capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP)
        try:
            self.wrapped(wrapping, key, _KEEPS.__contains__)
        finally:
            self.forget(wrapping)

    def make_key(self) -> Any:  # noqa: ANN401 - a key of python-pkcs11
        """See :class:`scanner.selftest.hsm.Token`."""
        return self.make(_WRAPPABLE, capabilities=_USES)

    def wrap(self, root: str, key: Any) -> bytes:  # noqa: ANN401 - as above
        """See :class:`scanner.selftest.hsm.Token`."""
        return self.wrapped(self.secret_key(root)[0], key)

    def unwrap(self, root: str, wrapped: bytes) -> Any:  # noqa: ANN401 - as above
        """See :class:`scanner.selftest.hsm.Token`."""
        return self.unwrapped(self.secret_key(root)[0], wrapped, KeyType.AES, _KEPT, capabilities=_USES)

    def same(self, one: Any, other: Any) -> bool:  # noqa: ANN401 - as above
        """See :class:`scanner.selftest.hsm.Token`."""
        if Mechanism.AES_CBC not in self.mechanisms():
            raise CannotRunError("C_GetMechanismList offers no AES_CBC, by which two keys could be compared")
        session = self.session()
        block = self.ask("C_GenerateRandom", lambda: session.generate_random(8 * BLOCK_BYTES))
        sealed = {self.ask("C_Encrypt", partial(_sealed, key, block)) for key in (one, other)}
        return len(sealed) == 1

    def seen_without_login(self) -> int:
        """See :class:`scanner.selftest.hsm.Token`."""
        session = self.session(login=False)
        classes = (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY)
        return sum(self.ask("C_FindObjects", partial(_count, session, one)) for one in classes)


def _sealed(key: Any, block: bytes) -> bytes:  # noqa: ANN401 - as above
    found: bytes = key.encrypt(block, mechanism=Mechanism.AES_CBC, mechanism_param=bytes(BLOCK_BYTES))
    return found


def _count(session: Any, its_class: ObjectClass) -> int:  # noqa: ANN401 - a session of python-pkcs11
    return sum(1 for _ in session.get_objects({Attribute.CLASS: its_class}))


def _flag(key: Any, name: str) -> bool | None:  # noqa: ANN401 - as above
    try:
        return bool(key[Attribute[name.removeprefix("CKA_")]])
    except pkcs11.AttributeTypeInvalid:
        return None
