"""The fact tables of leaked keys: what was read for them, and what lies there. No row has a secret in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakScanFact(Fact):
    """One place that the estate names: a folder, a file, an export, a repository."""

    table: ClassVar[str] = "leak_scans"
    key: ClassVar[str] = "scan_id"
    parent: ClassVar[str] = "source"

    scan_id: str = column("`leaks:SOURCE:place`.", source="the estate file", required=True)
    account: str = column("Source of the estate file.", source="the estate file", required=True)
    name: str | None = column("Path or workspace, as the estate has it.", source="the estate file")
    kind: str | None = column("`files`, `git`, `slack_export` or `slack`.", source="the estate file")
    whole: bool | None = column(
        "All of it was read; false: a part was not, and `skipped` says why. Null: nothing is known.",
        source="leaks:Read",
    )
    files: int | None = column("Files read.", source="leaks:Read")
    bytes: int | None = column("Bytes looked at, unpacked.", unit="bytes", source="leaks:Read")
    messages: int | None = column("Messages read.", source="leaks:Read")
    objects: int | None = column(
        "Objects of git read: files of each version, messages of commits.", source="leaks:Read"
    )
    skipped: tuple[str, ...] | None = column(
        "What was not read, as `reason: number`, sorted.", source="leaks:Read (see docs/leaks.md)"
    )
    skipped_count: int | None = column("How much was not read.", source="leaks:Read")
    marked: int | None = column(
        "Likely secrets that are left out because they are marked as made for tests, beside them or by their folder.",
        source="leaks:Read",
    )
    key_leaks: int | None = column(
        "Keys in the plain: each with the place where it lies. Null: none was found, and not all was read.",
        source="leaks:Read",
    )
    credential_leaks: int | None = column("The same of keys and tokens of clouds and vendors.", source="leaks:Read")
    pin_leaks: int | None = column("The same of PINs of tokens and HSMs.", source="leaks:Read")
    leaking_places: tuple[str, ...] | None = column(
        "Where these lie, the first twenty: file and line, message, commit.", source="leaks:Read"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakFact(Fact):
    """One secret that lies in a place in the plain."""

    table: ClassVar[str] = "leaks"
    key: ClassVar[str] = "leak_id"
    parent: ClassVar[str] = "scan_id"

    leak_id: str = column(
        "Keyed hash of the secret and its place (file or message, not line): with the same salt it stays the same.",
        source="leaks:Read",
        required=True,
    )
    scan_id: str = column("Place of the estate that it lies in.", source="leaks:Read", required=True)
    account: str = column("Source of the estate file.", source="the estate file", required=True)
    kind: str | None = column("`private_key`, `raw_key`, `jwk`, `aws_key`, `hsm_pin` and so on.", source="leaks:Read")
    leak_class: str | None = column(
        "`key`: key material; `credential`: a key or token of a cloud or a vendor; `pin`.", source="the kind"
    )
    what: str | None = column("The kind in words.", source="the kind")
    detector: str | None = column("Whose rule found it.", source="leaks:Read")
    place: str | None = column("Where, in one text for people.", source="leaks:Read")
    path: str | None = column("File, member of an archive (`a.zip!b`), or id of a channel.", source="leaks:Read")
    line: int | None = column("Line, from 1; 0 where lines say nothing.", source="leaks:Read")
    message_id: str | None = column("`ts` of the message, or `none`.", source="leaks:Read")
    commit: str | None = column("Oldest commit that has it, or `none`.", source="leaks:Read")
    told: bool | None = column("The place tells when.", source="leaks:Read")
    told_at: datetime | None = column(
        "When it was written or committed; null as well when `told` is false.", unit="UTC", source="leaks:Read"
    )
    occurrences: int | None = column("How often it stands there, versions of a file counted.", source="leaks:Read")
    length_bits: int | None = column(
        "Length of a key; 0 for what is no key, or of unknown length.", unit="bits", source="leaks:Read"
    )
    secret_hash: str | None = column(
        "HMAC-SHA-256 of the secret under the estate's salt, 128 bits: the same secret in two places has the same one.",
        source="leaks:Read",
    )
    public_fingerprint: str | None = column(
        "SHA-256 of the public half's SubjectPublicKeyInfo (RFC 5280), hex, or `none`.", source="leaks:Read"
    )
    key_hash: str | None = column(
        "Keyed hash of the SHA-256 of a raw key, as `data_keys.fingerprint`, or `none`.", source="leaks:Read"
    )
    usable: bool | None = column("Nothing protects it; false: a passphrase does.", source="leaks:Read")
    hint: str | None = column(
        "What its vendor shows of it, or the public id that goes with it; else empty.", source="leaks:Read"
    )
    mentions: tuple[str, ...] | None = column("Keys that are named beside it, sorted.", source="leaks:Read")
    matched_key_id: str | None = column(
        "Key, certificate, published key, credential or data key of the inventory that this is, or that is named "
        "beside it; `none`: none of what was read whole. Null: not known.",
        source="keys, tls_certificates, jwks_keys, credentials, data_keys (derived)",
    )
    matched_by: str | None = column(
        "`public half`, `data key fingerprint`, `access key id`: it is that key, which is proved; `vendor hint`, "
        "`named beside it`: it is likely, and a person has to look; or `none`.",
        source="keys, tls_certificates, jwks_keys, credentials, data_keys (derived)",
    )
    matched_state: str | None = column(
        "SP 800-57 state of that key, or `none`; what an endpoint serves or publishes is `active`.",
        source="keys.state, credentials.active (derived)",
    )


TABLES: tuple[type[Fact], ...] = (LeakScanFact, LeakFact)
