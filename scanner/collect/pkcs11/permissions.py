"""What the scanner needs of a token, in words: PKCS #11 has no policy language."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.collect.pkcs11.operations import USER
from scanner.model.operation import Operation


def rights(operations: Iterable[Operation]) -> str:
    """Return what the operations call, and as whom. Empty for none."""
    asked = list(operations)
    if not asked:
        return ""
    lines = ["# Functions of PKCS #11 that keyaudit calls; every other is refused before it reaches the module."]
    lines += [f"#   {operation.name.removeprefix('pkcs11:')}: {operation.purpose}" for operation in asked]
    if any(USER in operation.permissions for operation in asked):
        lines.append("# C_OpenSession without CKF_RW_SESSION, and C_Login as CKU_USER, once. Never as CKU_SO.")
    return "".join(f"{line}\n" for line in lines)
