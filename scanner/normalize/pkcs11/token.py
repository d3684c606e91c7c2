"""Answers of one token to rows: the token, itself as a module, and its secret and private keys.

A token does not tell when a key was made, used or changed. Its dates (CKA_START_DATE, CKA_END_DATE) are what whoever
made the key wrote down; the token does not hold to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.modules import ModuleFact
from scanner.model.observation import Record
from scanner.model.spki import NONE
from scanner.model.tables import KeyFact
from scanner.model.tokens import TokenFact
from scanner.normalize.pkcs11.products import product_of, weak
from scanner.normalize.pkcs11.shapes import SECRET, shape_of, type_of, usage_of
from scanner.normalize.reading import Object, flag, text, texts
from scanner.normalize.records import Records

SLOT = "pkcs11:C_GetSlotInfo"
TOKEN = "pkcs11:C_GetTokenInfo"  # noqa: S105 - the name of a function
MECHANISMS = "pkcs11:C_GetMechanismList"
OBJECTS = "pkcs11:C_FindObjects"
ATTRIBUTES = "pkcs11:C_GetAttributeValue"

_ORIGIN = {True: "provider", False: "imported"}
"""CKA_LOCAL: made in a token, and the token keeps that for a copy; or brought there."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: one token."""
    unit = Records(records)
    if unit.first is None:
        return
    label = unit.first.account
    answer = unit.response(TOKEN)
    token: Object = answer if isinstance(answer, dict) else {}
    listing = _listing(unit, text(token, "uri"))
    keys = list(_keys(unit, label, listing))
    yield from keys
    if unit.asked(OBJECTS):
        yield unit.coverage(KeyFact, OBJECTS, unit.source, None, len(keys), complete=listing.complete)
    yield from _token(unit, label, token, len(keys), complete=listing.complete)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The keys that were seen."""

    objects: tuple[Object, ...] = ()
    evidence: tuple[Digest, ...] = ()
    complete: bool = False
    """Seen with a login, or by everybody where the token asks for none."""


def _listing(unit: Records, module_id: str | None) -> _Listing:
    """Return the keys that were seen with a login, else those that are seen without one."""
    subject = None if unit.answers(OBJECTS) else module_id
    found = unit.listing(OBJECTS, subject, "objects", identity="uri")
    objects = sorted((item for _, item in found.items), key=lambda item: str(item["uri"]))
    whole = bool(unit.answers(OBJECTS)) and found.complete
    return _Listing(tuple(objects), unit.ids(OBJECTS, subject), whole)


def _keys(unit: Records, label: str, listing: _Listing) -> Iterator[KeyFact]:
    numbers: Counter[str] = Counter()
    for item in listing.objects:
        uri = str(item["uri"])
        read = unit.response(ATTRIBUTES, uri)
        found = read.get("objects") if isinstance(read, dict) else None
        told: list[Json] = found if isinstance(found, list) else []
        count = item.get("count")
        # What was listed and not read is a key all the same.
        for at in range(max(len(told), count if isinstance(count, int) else 1)):
            key = _Key(unit, label, uri, numbers[uri], item, listing.evidence)
            numbers[uri] += 1
            body = told[at] if at < len(told) else None
            yield _key(key, body if isinstance(body, dict) else {})


@dataclass(frozen=True, slots=True)
class _Key:
    unit: Records
    label: str
    uri: str
    number: int
    """Of those with the same name, from 0."""
    item: Object
    listed: tuple[Digest, ...]


def _key(one: _Key, attributes: Object) -> KeyFact:
    usage = usage_of(attributes, text(one.item, "kind") or "")
    shape = shape_of(attributes, usage.words)
    name = text(one.item, "label")
    since, until = _date(attributes, "CKA_START_DATE"), _date(attributes, "CKA_END_DATE")
    return KeyFact(
        source=one.unit.source,
        evidence=one.unit.evidence(one.uri, *one.listed),
        # Nothing but their order tells objects apart that share label, id and type.
        key_id=f"{one.uri};keyaudit-copy={one.number + 1}" if one.number else one.uri,
        provider="pkcs11",
        account=one.label,
        region="",
        name=name,
        aliases=None if name is None else (name,) if name else (),
        managed_by="customer",
        key_type=type_of(shape.algorithm, usage),
        provider_spec=_spec(attributes),
        algorithm=shape.algorithm,
        curve=shape.curve,
        length_bits=shape.length_bits,
        strength_bits=shape.strength_bits,
        approved_algorithm=shape.approved,
        quantum_vulnerable=shape.quantum_vulnerable,
        usage=usage.words,
        usage_count=usage.count,
        state="active",  # a token knows no other: what is there can be used
        provider_state="none",
        origin=_meaning(flag(attributes, "CKA_LOCAL"), _ORIGIN),
        exportable=flag(attributes, "CKA_EXTRACTABLE"),
        ever_exportable=_ever_exportable(attributes),
        readable=_readable(attributes),
        hsm_platform="none",
        key_store_id="none",
        external_key_ref="none",
        public_fingerprint=NONE if text(one.item, "kind") == SECRET else text(attributes, "public_fingerprint"),
        expires=None if until is None else until != "",
        expires_at=until + timedelta(days=1, seconds=-1) if isinstance(until, datetime) else None,
        deletion_scheduled=False,
        multi_region=False,
        multi_region_role="none",
        primary_key_id="none",
        rotation_supported=False,
        rotation_enabled=False,
        material_since=since if isinstance(since, datetime) else None,
        tags=(),
        tag_keys=(),
    )


def _meaning(value: bool | None, meanings: Mapping[bool, str]) -> str | None:
    return None if value is None else meanings[value]


def _ever_exportable(attributes: Object) -> bool | None:
    never = (flag(attributes, "CKA_NEVER_EXTRACTABLE"), flag(attributes, "CKA_ALWAYS_SENSITIVE"))
    return True if False in never else None if None in never else False


def _readable(attributes: Object) -> bool | None:
    """Tell whether the value is given out: PKCS #11 does so for keys that are extractable and not sensitive."""
    sensitive, extractable = flag(attributes, "CKA_SENSITIVE"), flag(attributes, "CKA_EXTRACTABLE")
    if sensitive is True or extractable is False:
        return False
    return None if sensitive is None or extractable is None else True


def _date(attributes: Object, name: str) -> datetime | str | None:
    """Return the beginning of a date, empty text where none is set, or None."""
    value = text(attributes, name)
    if not value:
        return value
    try:
        return datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - UTC without a zone, as the tables keep it
    except ValueError:
        return None


def _spec(attributes: Object) -> str | None:
    kind = text(attributes, "CKA_KEY_TYPE")
    if kind is None:
        return None
    modulus, length = attributes.get("CKA_MODULUS"), attributes.get("CKA_VALUE_LEN")
    size = modulus if isinstance(modulus, int) else 8 * length if isinstance(length, int) else ""
    return f"{kind} {size}".strip()


def _token(unit: Records, label: str, body: Object, keys: int, *, complete: bool) -> Iterator[Fact]:
    """Yield the rows of the token itself, and that there is one."""
    module_id = text(body, "uri")
    there = module_id is not None
    yield unit.coverage(TokenFact, TOKEN, unit.source, None, int(there), complete=there)
    # Key services and clusters are modules too, from listings of their own.
    yield unit.coverage(ModuleFact, TOKEN, unit.source, None, int(there), complete=there, among=True)
    if module_id is None:
        return
    yield _token_row(unit, label, module_id, body)
    product = product_of(text(body, "manufacturer"), text(body, "model"))
    yield ModuleFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.ids(TOKEN), *unit.ids(OBJECTS)})),
        module_id=module_id,
        provider="pkcs11",
        account=label,
        region="",
        name=label,
        kind="token",
        product=product.name if product else None,
        embodiment=product.embodiment if product else None,
        version=text(body, "firmware"),
        state="none",
        certificate_required=True if keys else False if complete else None,
    )


def _token_row(unit: Records, label: str, module_id: str, body: Object) -> TokenFact:
    slot = unit.response(SLOT)
    flags = texts(body, "flags")
    listed = unit.response(MECHANISMS)
    mechanisms = texts(listed, "mechanisms") if isinstance(listed, dict) else None
    transport = texts(listed, "pkcs1_key_transport") if isinstance(listed, dict) else None
    seen = unit.response(OBJECTS, module_id)
    count = seen.get("count") if isinstance(seen, dict) else None

    def told(name: str) -> bool | None:
        return None if flags is None else name in flags

    return TokenFact(
        source=unit.source,
        evidence=tuple(
            sorted({*unit.ids(TOKEN), *unit.ids(SLOT), *unit.ids(MECHANISMS), *unit.ids(OBJECTS, module_id)})
        ),
        module_id=module_id,
        account=label,
        manufacturer=text(body, "manufacturer"),
        model=text(body, "model"),
        serial=text(body, "serial"),
        firmware=text(body, "firmware"),
        hardware_slot=flag(slot, "hardware") if isinstance(slot, dict) else None,
        login_required=told("LOGIN_REQUIRED"),
        user_pin_set=told("USER_PIN_INITIALIZED"),
        user_pin_to_be_changed=told("USER_PIN_TO_BE_CHANGED"),
        user_pin_locked=told("USER_PIN_LOCKED"),
        user_pin_tried=told("USER_PIN_COUNT_LOW"),
        officer_pin_to_be_changed=told("SO_PIN_TO_BE_CHANGED"),
        officer_pin_locked=told("SO_PIN_LOCKED"),
        mechanisms=mechanisms,
        weak_mechanisms=None if mechanisms is None or transport is None else weak(mechanisms, transport),
        public_keys_visible=count if isinstance(count, int) else None,
    )
