"""What comes due, by fixed SQL over the fact tables: one rule for each way in which something can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.history import due_sql
from scanner.model.forecast import DueKind

CRYPTOPERIODS: Mapping[str, tuple[str, ...]] = {
    "symmetric_data_encryption": ("dek_max_days", "dek_oup_max_days"),
    "symmetric_key_wrapping": ("kek_max_days",),
    "symmetric_authentication": ("authentication_max_days",),
    "private_signature": ("signature_max_days",),
    "private_key_transport": ("establishment_max_days",),
    "private_key_agreement": ("establishment_max_days",),
    "private_key_encapsulation": ("establishment_max_days",),
}
"""SP 800-57 key type to the parameters that bound its originator-usage period: the shortest counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way in which something comes due."""

    name: str
    kind: DueKind
    tables: tuple[str, ...]
    """Fact tables that it reads, that of its subjects first. One that a scan does not have yet is no error."""
    sql: str
    """``{TABLE}`` stands for each of them, ``{limits}`` for ``kind``, ``parameter``, ``days``; ``$as_of`` is there."""
    action: str
    limits: Mapping[str, tuple[str, ...]] | None = None
    """Kind of subject, as the SELECT joins it, to the parameters that limit it."""


_AGES = {
    "access_key": ("access_key_max_days",),
    "root_access_key": ("access_key_max_days",),
    "admin_api_key": ("vendor_admin_key_max_days",),
    "api_key": ("vendor_api_key_max_days",),
    "service_api_key": ("api_key_max_days",),
}
_REVIEWS = {
    "compromise_recovery_plan": ("compromise_plan_max_days",),
    "risk_analysis": ("risk_analysis_max_days",),
    "emergency_access_test": ("emergency_test_max_days",),
    "recovery_exercise": ("recovery_exercise_max_days",),
    "key_custodians": ("custodian_review_max_days",),
    "compliance_audit": ("compliance_audit_max_days",),
}
_KEYS, _VERSIONS = ("keys",), ("key_versions", "keys")

RULES: tuple[Rule, ...] = (
    Rule(
        name="key",
        kind=DueKind.ROTATION,
        tables=_KEYS,
        sql=due_sql.ROTATION_OF_KEYS,
        limits=CRYPTOPERIODS,
        action="rotate it, or make a new key for new protection",
    ),
    Rule(
        name="data_key",
        kind=DueKind.ROTATION,
        tables=("data_keys",),
        sql=due_sql.ROTATION_OF_DATA_KEYS,
        limits={"data_key": ("dek_max_days", "dek_oup_max_days")},
        action="make a new data key and encrypt new data under it",
    ),
    Rule(
        name="published_key",
        kind=DueKind.ROTATION,
        tables=("jwks_keys",),
        sql=due_sql.PUBLISHED_KEYS,
        limits={"jwk": ("jwks_max_age_days",)},
        action="make a new key pair and publish it beside this one",
    ),
    Rule(
        name="automatic",
        kind=DueKind.AUTOMATIC_ROTATION,
        tables=_KEYS,
        sql=due_sql.AUTOMATIC,
        action="nothing; see afterwards that it took place",
    ),
    Rule(
        name="key",
        kind=DueKind.KEY_EXPIRY,
        tables=_KEYS,
        sql=due_sql.EXPIRY_OF_KEYS,
        action="import the material again, or move to a new key or version",
    ),
    Rule(
        name="version",
        kind=DueKind.KEY_EXPIRY,
        tables=_VERSIONS,
        sql=due_sql.EXPIRY_OF_VERSIONS,
        action="see that nothing has to be read under it any more",
    ),
    Rule(
        name="data_key",
        kind=DueKind.KEY_EXPIRY,
        tables=("data_keys",),
        sql=due_sql.RETIREMENT,
        action="have a new data key ready for new data",
    ),
    Rule(
        name="key",
        kind=DueKind.DELETION,
        tables=_KEYS,
        sql=due_sql.DELETION_OF_KEYS,
        action="see that nothing needs it any more, else cancel the deletion",
    ),
    Rule(
        name="version",
        kind=DueKind.DELETION,
        tables=_VERSIONS,
        sql=due_sql.DELETION_OF_VERSIONS,
        action="see that nothing needs it any more, else restore it",
    ),
    Rule(
        name="tls",
        kind=DueKind.CERTIFICATE,
        tables=("tls_certificates", "tls_endpoints"),
        sql=due_sql.TLS,
        action="renew it and put the new one in its place",
    ),
    Rule(
        name="vendor",
        kind=DueKind.CERTIFICATE,
        tables=("vendor_scopes",),
        sql=due_sql.VENDOR_CERTIFICATES,
        action="upload the next one, and use it before",
    ),
    Rule(
        name="sunset",
        kind=DueKind.FIPS_SUNSET,
        tables=("modules",),
        sql=due_sql.FIPS,
        action="read the certificate again, and ask the provider for its successor",
    ),
    Rule(
        name="expiry",
        kind=DueKind.CREDENTIAL,
        tables=("credentials",),
        sql=due_sql.CREDENTIALS,
        action="make a new one and take this one out of use",
    ),
    Rule(
        name="age",
        kind=DueKind.CREDENTIAL,
        tables=("credentials",),
        sql=due_sql.AGE_OF_CREDENTIALS,
        limits=_AGES,
        action="make a new one and take this one out of use",
    ),
    Rule(
        name="secret",
        kind=DueKind.CREDENTIAL,
        tables=("data_stores",),
        sql=due_sql.SECRETS,
        limits={"secret": ("secret_max_days",)},
        action="rotate the secret",
    ),
    Rule(
        name="end",
        kind=DueKind.AGREEMENT,
        tables=("agreements",),
        sql=due_sql.END_OF_AGREEMENTS,
        action="renew it, or move what it covers to another vendor",
    ),
    Rule(
        name="review",
        kind=DueKind.AGREEMENT,
        tables=("agreements",),
        sql=due_sql.REVIEW_OF_AGREEMENTS,
        limits={"agreement": ("agreement_review_max_days",)},
        action="review it and write the day into the register",
    ),
    Rule(
        name="end",
        kind=DueKind.DOCUMENT,
        tables=("documents",),
        sql=due_sql.END_OF_DOCUMENTS,
        action="put the next version in its place",
    ),
    Rule(
        name="review",
        kind=DueKind.DOCUMENT,
        tables=("documents",),
        sql=due_sql.REVIEW_OF_DOCUMENTS,
        limits=_REVIEWS,
        action="do it and write the day into the register",
    ),
    Rule(
        name="end",
        kind=DueKind.WAIVER,
        tables=("exceptions",),
        sql=due_sql.WAIVERS,
        action="mend what it covers, or have it approved anew",
    ),
    Rule(
        name="end",
        kind=DueKind.SUPPORT,
        tables=("modules",),
        sql=due_sql.SUPPORT,
        action="move its keys to a successor",
    ),
)
"""In the order of the kinds."""
