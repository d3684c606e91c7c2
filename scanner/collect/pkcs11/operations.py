"""What is asked of a token: functions of the C API, the columns that each one feeds, and what it needs.

Names are those of PKCS #11 (OASIS, v2.40 and v3.0). C_Login stands in no list: it is the way to private objects, as the
user, in a read-only session, once; never as the security officer.
"""

from __future__ import annotations

from scanner.model.operation import Operation, columns

INFO = "pkcs11:C_GetInfo"
SLOT = "pkcs11:C_GetSlotInfo"
TOKEN = "pkcs11:C_GetTokenInfo"  # noqa: S105 - the name of a function
MECHANISMS = "pkcs11:C_GetMechanismList"
OBJECTS = "pkcs11:C_FindObjects"
ATTRIBUTES = "pkcs11:C_GetAttributeValue"

USER = "CKU_USER"
"""The right that private objects need: the user's PIN."""

_MODULES = columns("modules", "*", "name", "kind", "product", "embodiment", "version", "state")
_TOKENS = ("modules.token",)
_OF_EVERY_KEY = (
    *("*", "name", "aliases", "managed_by", "state", "rotation_supported", "rotation_enabled", "tags"),
    *("tag_keys", "key_store_id", "external_key_ref", "deletion_scheduled", "multi_region", "multi_region_role"),
    "primary_key_id",
)
"""What is known of each key as soon as it is listed."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(name=INFO, permissions=(), purpose="which library answers, and its version"),
    Operation(
        name=SLOT,
        permissions=(),
        feeds=columns("tokens", "hardware_slot"),
        needs=(INFO,),
        purpose="whether the slot is of hardware",
    ),
    Operation(
        name=TOKEN,
        permissions=(),
        feeds=(
            *columns("tokens", "*", "manufacturer", "model", "serial", "firmware", "login_required", "user_pin_set"),
            *columns("tokens", "user_pin_to_be_changed", "user_pin_locked", "user_pin_tried"),
            *columns("tokens", "officer_pin_to_be_changed", "officer_pin_locked"),
            *_MODULES,
        ),
        kinds=_TOKENS,
        needs=(INFO,),
        purpose="which token this is, and how its PINs stand, read before anybody logs in",
    ),
    Operation(
        name=MECHANISMS,
        permissions=(),
        feeds=columns("tokens", "mechanisms", "weak_mechanisms"),
        needs=(TOKEN,),
        purpose="what the token can compute",
    ),
    Operation(
        name=OBJECTS,
        permissions=(USER,),
        feeds=(
            *columns("keys", *_OF_EVERY_KEY),
            *columns("tokens", "public_keys_visible"),
            *columns("modules", "certificate_required"),
        ),
        kinds=_TOKENS,
        needs=(TOKEN,),
        purpose="the population of secret and private keys: what is seen without a login, then with one",
    ),
    Operation(
        name=ATTRIBUTES,
        permissions=(USER,),
        feeds=columns(
            "keys",
            *("key_type", "provider_spec", "algorithm", "curve", "length_bits", "strength_bits", "approved_algorithm"),
            *("quantum_vulnerable", "usage", "usage_count", "origin", "exportable", "ever_exportable", "readable"),
            *("hsm_platform", "public_fingerprint"),
            *("expires", "expires_at", "material_since"),
        ),
        needs=(OBJECTS,),
        purpose="attributes of keys from a fixed list, in which no attribute holds a value of a key",
    ),
)
