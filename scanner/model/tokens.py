"""The fact table of tokens: what a PKCS#11 module says of itself and of who may log in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFact(Fact):
    """One token of a PKCS#11 module. As a cryptographic module it is a row of `modules` too, with the same id."""

    table: ClassVar[str] = "tokens"
    key: ClassVar[str] = "module_id"
    parent: ClassVar[str] = "source"

    module_id: str = column("`pkcs11:token=LABEL;serial=SERIAL`.", source="C_GetTokenInfo", required=True)
    account: str = column("Label of the token.", source="C_GetTokenInfo label", required=True)
    manufacturer: str | None = column("Manufacturer.", source="C_GetTokenInfo manufacturerID")
    model: str | None = column("Model.", source="C_GetTokenInfo model")
    serial: str | None = column("Serial number.", source="C_GetTokenInfo serialNumber")
    firmware: str | None = column("Firmware version.", source="C_GetTokenInfo firmwareVersion")
    hardware_slot: bool | None = column("The slot is of hardware.", source="C_GetSlotInfo CKF_HW_SLOT")
    login_required: bool | None = column("Private objects need a login.", source="C_GetTokenInfo CKF_LOGIN_REQUIRED")
    user_pin_set: bool | None = column("The user's PIN is set.", source="C_GetTokenInfo CKF_USER_PIN_INITIALIZED")
    user_pin_to_be_changed: bool | None = column(
        "It is the default, or was set by the security officer.", source="C_GetTokenInfo CKF_USER_PIN_TO_BE_CHANGED"
    )
    user_pin_locked: bool | None = column("It is locked.", source="C_GetTokenInfo CKF_USER_PIN_LOCKED")
    user_pin_tried: bool | None = column(
        "Somebody gave a wrong PIN since the last login.", source="C_GetTokenInfo CKF_USER_PIN_COUNT_LOW"
    )
    officer_pin_to_be_changed: bool | None = column(
        "The security officer's PIN is the default.", source="C_GetTokenInfo CKF_SO_PIN_TO_BE_CHANGED"
    )
    officer_pin_locked: bool | None = column("It is locked.", source="C_GetTokenInfo CKF_SO_PIN_LOCKED")
    mechanisms: tuple[str, ...] | None = column("Mechanisms that it offers, sorted.", source="C_GetMechanismList")
    weak_mechanisms: tuple[str, ...] | None = column(
        "Of these, those that SP 800-131A Rev. 2 disallows for protection (DES, RC2, RC4, MD5, SHA-1 signatures, "
        "PKCS #1 v1.5 key transport).",
        source="C_GetMechanismList; SP 800-131A Rev. 2",
    )
    public_keys_visible: int | None = column(
        "Secret and private keys that are seen without a login.", source="C_FindObjects before C_Login"
    )
