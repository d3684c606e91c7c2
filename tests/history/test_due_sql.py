"""Each rule on rows of its own: due inside the window, after it, overdue, over and done, not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.evaluate.store import write_facts
from scanner.history.forecast import forecast
from scanner.history.rules import RULES, Rule
from scanner.history.support import SUPPORT
from scanner.model.access import CredentialFact
from scanner.model.agreements import AgreementFact, DocumentFact
from scanner.model.control import Basis
from scanner.model.endpoints import JwkFact, TlsCertificateFact, TlsEndpointFact
from scanner.model.envelope import DataKeyFact
from scanner.model.exceptions import ExceptionFact
from scanner.model.facts import Fact
from scanner.model.forecast import Due, Forecast, Limit
from scanner.model.ids import Digest, SourceId
from scanner.model.modules import ModuleFact
from scanner.model.stores import DataStoreFact
from scanner.model.tables import KeyFact, KeyVersionFact
from scanner.model.vendors import VendorScopeFact

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAYS = 90
DIGEST = Digest("sha256:" + "0" * 64)
LIMITS = {
    "kek_max_days": Limit(365, Basis.POLICY, own=True),
    "dek_max_days": Limit(90, Basis.POLICY),
    "dek_oup_max_days": Limit(730, Basis.NIST_SUGGESTED),
    "jwks_max_age_days": Limit(1096, Basis.NIST_SUGGESTED),
    "access_key_max_days": Limit(90, Basis.POLICY),
    "secret_max_days": Limit(90, Basis.POLICY),
    "agreement_review_max_days": Limit(365, Basis.POLICY),
    "emergency_test_max_days": Limit(365, Basis.LAW),
    "risk_analysis_max_days": Limit(10**30, Basis.POLICY),
}


def ago(days: int, *, hours: int = 0) -> datetime:
    return AS_OF - timedelta(days=days, hours=hours)


def ahead(days: int) -> datetime:
    return AS_OF + timedelta(days=days)


def made(table: type[Fact], subject: str, needed: dict[str, Any], given: dict[str, Any]) -> Fact:
    fields = {"source": SourceId("here"), "evidence": (DIGEST,), table.key: subject, **needed, **given}
    return table(**fields)


def key(subject: str, **given: Any) -> Fact:  # noqa: ANN401 - any column
    needed = {"provider": "aws", "account": "1", "region": "r", "managed_by": "customer", "state": "active"}
    settled = {"rotation_enabled": False, "expires": False, "deletion_scheduled": False, "name": f"name of {subject}"}
    kind = {"key_type": "symmetric_key_wrapping", "material_since": AS_OF}
    return made(KeyFact, subject, {**needed, **settled, **kind}, given)


def version(subject: str, of: str, **given: Any) -> Fact:  # noqa: ANN401
    return made(KeyVersionFact, subject, {"key_id": of, "expires": False, "material_state": "non_current"}, given)


def data_key(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"registry_id": "g", "provider": "postgres", "account": "a", "registered": True, "state": "active"}
    return made(DataKeyFact, subject, {**needed, "activated_at": AS_OF, "retires": False}, given)


def credential(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"account": "1", "provider": "aws", "kind": "access_key", "active": True}
    return made(CredentialFact, subject, {**needed, "expires": False, "created_at": AS_OF}, given)


def agreement(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"vendor": f"vendor of {subject}", "effective_at": ago(400), "expires": False}
    return made(AgreementFact, subject, {**needed, "reviewed_at": AS_OF, "review_days": 365}, given)


def paper(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"kind": "other", "registered": True, "latest": True, "expires": False, "review_days": 365}
    return made(DocumentFact, subject, {**needed, "reviewed_at": AS_OF, "effective_at": AS_OF}, given)


def module(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"provider": "aws", "account": "1", "region": "r", "certificate_required": True, "certificates": 1}
    known = {"product": "aws-kms", "certificate": 1, "standard": "FIPS 140-3", "certificate_status": "active"}
    return made(ModuleFact, subject, {**needed, **known, "sunset_at": ahead(999)}, given)


def certificate(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    return made(TlsCertificateFact, subject, {"endpoint_id": "portal", "account": "a", "leaf": True}, given)


def scope(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"provider": "openai", "account": "a", "kind": "organization", "active": True, "certificates": 1}
    return made(VendorScopeFact, subject, needed, given)


def secret(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    needed = {"provider": "aws", "account": "1", "region": "r", "kind": "secret", "copy_of": "none"}
    return made(DataStoreFact, subject, {**needed, "created_at": ago(200)}, given)


def jwk(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    return made(JwkFact, subject, {"endpoint_id": "e", "account": "a", "key_use": "sig"}, given)


def waiver(subject: str, **given: Any) -> Fact:  # noqa: ANN401
    return made(ExceptionFact, subject, {"kind": "waiver", "matched_count": 1}, given)


ROWS: tuple[Fact, ...] = (
    # Rotation: 365 days, and the last of them still counts.
    key("rot-in", material_since=ago(300)),
    key("rot-last-day", material_since=ago(275)),
    key("rot-after", material_since=ago(274)),
    key("rot-today", material_since=ago(365, hours=6)),
    key("rot-over", material_since=ago(366)),
    key("rot-helped", material_since=ago(300), rotation_enabled=True, next_rotation_at=ahead(20)),
    key("rot-suspended", material_since=ago(999), state="suspended"),
    key("rot-provider", material_since=ago(999), managed_by="provider"),
    key("rot-undated", material_since=None),
    key("rot-state-unknown", material_since=ago(300), state=None),
    key("rot-owner-unknown", material_since=ago(300), managed_by=None),
    key("rot-no-limit", material_since=ago(300), key_type="private_signature"),
    key("rot-type-unknown", material_since=ago(300), key_type=None),
    key("rot-dek", material_since=ago(89), key_type="symmetric_data_encryption"),
    data_key("dek-in", activated_at=ago(80), tenant="clinic"),
    data_key("dek-over", activated_at=ago(91)),
    data_key("dek-retired", activated_at=ago(91), state="deactivated"),
    data_key("dek-undated", activated_at=None),
    data_key("dek-nowhere", activated_at=None, registered=False, state=None, retires=None),
    jwk("jwk-over", created_at=ago(1097)),
    jwk("jwk-undated"),
    jwk("jwk-enc", key_use="enc"),
    # Rotation by the provider.
    key("auto-in", rotation_enabled=True, next_rotation_at=ahead(30)),
    key("auto-after", rotation_enabled=True, next_rotation_at=ahead(91)),
    key("auto-late", rotation_enabled=True, next_rotation_at=ago(2)),
    key("auto-off", next_rotation_at=ahead(3)),
    key("auto-unknown", rotation_enabled=None),
    # What ends by itself.
    key("end-in", expires=True, expires_at=ahead(10), origin="imported"),
    key("end-over", expires=True, expires_at=ago(1)),
    key("end-gone", expires=True, expires_at=ago(1), state="destroyed"),
    key("end-unknown", expires=None),
    version("v-in", "end-in", expires=True, expires_at=ahead(5)),
    version("v-past", "end-in", expires=True, expires_at=ago(5)),
    version("v-current", "end-in", expires=True, expires_at=ahead(5), material_state="current"),
    version("v-destroyed", "end-in", expires=True, expires_at=ahead(5), destroy_at=ago(1)),
    version("v-unknown", "end-in", expires=None),
    data_key("retires-in", activated_at=ago(-9), retires=True, retired_at=ahead(3)),
    # Destruction.
    key("del-in", state="deactivated", deletion_scheduled=True, deletion_at=ahead(7)),
    key("del-late", state="deactivated", deletion_scheduled=True, deletion_at=ago(1)),
    key("del-done", state="destroyed", deletion_scheduled=True, deletion_at=ago(1)),
    key("del-replica", state="deactivated", deletion_scheduled=True),
    key("del-unknown", deletion_scheduled=None),
    version("v-del-in", "end-in", destroy_at=ahead(4)),
    version("v-del-past", "end-in", destroy_at=ago(4)),
    version("v-del-with-its-key", "del-in", destroy_at=ahead(7)),
    # Certificates.
    made(TlsEndpointFact, "portal", {"account": "a", "name": "the portal", "host": "h"}, {}),
    certificate("tls-in", not_after=ahead(9)),
    certificate("tls-over", not_after=ago(1, hours=-1), leaf=False),
    certificate("tls-after", not_after=ahead(91)),
    certificate("tls-unknown"),
    scope("org-in", certificates_expire_at=ahead(12)),
    scope("org-unknown", certificates=None),
    scope("org-without", certificates=0),
    scope("org-other", certificates=None, provider="deepgram"),
    module("m-1", sunset_at=ahead(40)),
    module("m-2", sunset_at=ahead(40), source=SourceId("there")),
    module("m-over", certificate=2, sunset_at=ago(3)),
    module("m-historical", certificate=3, sunset_at=None, certificate_status="historical"),
    module("m-none", certificates=0, certificate=0, sunset_at=None, certificate_status="none", product="softhsm"),
    module("m-unknown", certificate=None, sunset_at=None, certificate_status=None, product="other-hsm"),
    module("m-numberless", certificate=None, standard=None, sunset_at=ahead(50), product="third-hsm"),
    module("m-own", certificate_required=False, sunset_at=ahead(1), certificate=9),
    # Credentials and secrets.
    credential("c-age-in", created_at=ago(60)),
    credential("c-age-over", created_at=ago(91)),
    credential("c-ends-in", expires=True, expires_at=ahead(20)),
    credential("c-ends-over", expires=True, expires_at=ago(20)),
    credential("c-off", created_at=ago(999), active=False),
    credential("c-password", created_at=ago(999), kind="password"),
    credential("c-no-limit", kind="api_key"),
    credential("c-unknown", created_at=None, expires=None),
    secret("s-rotated", ever_rotated=True, last_rotated_at=ago(30)),
    secret("s-never", ever_rotated=False),
    secret("s-unknown"),
    secret("s-copy", copy_of="s-never"),
    # Contracts and documents: the last day counts.
    agreement("a-ends-in", expires=True, expires_at=ahead(15)),
    agreement("a-ends-today", expires=True, expires_at=ago(0, hours=6)),
    agreement("a-ended", expires=True, expires_at=ago(1)),
    agreement("a-replaced", expires=True, expires_at=ago(30), vendor="one"),
    agreement("a-replacing", vendor="one"),
    agreement("a-unreplaced", expires=True, expires_at=ago(30), vendor="two"),
    agreement("a-not-yet", vendor="two", effective_at=ahead(3), reviewed_at=None),
    agreement("a-review-own", reviewed_at=ago(20), review_days=30),
    agreement("a-review-limit", reviewed_at=ago(360), review_days=999_999_999_999),
    agreement("a-unknown", expires=None, reviewed_at=None, vendor="three"),
    paper("d-ends-in", expires=True, expires_at=ahead(6)),
    paper("d-ended", expires=True, expires_at=ago(6)),
    paper("d-old", latest=False, reviewed_at=ago(999)),
    paper("d-none", registered=False, reviewed_at=None, kind="compliance_audit", expires=None),
    paper("d-test", kind="emergency_access_test", effective_at=ago(370), reviewed_at=ago(10)),
    paper("d-test-reviewed", kind="emergency_access_test", effective_at=ago(100), reviewed_at=ago(360)),
    paper("d-endless-limit", kind="risk_analysis", reviewed_at=ago(360)),
    paper("d-unknown", reviewed_at=None),
    waiver("w-in", ends_at=ahead(1)),
    waiver("w-ended", ends_at=ago(1), kind="alternative"),
    waiver("w-done", ends_at=ago(1), matched_count=0),
    waiver("w-unknown"),
    module("hsm1", product="aws-cloudhsm-hsm1", certificate=7),
    module("dedicated", product="azure-dedicated-hsm", certificate=8),
    module("unnamed", product=None, certificate=10),
)
E = "overdue"
EXPECTED: dict[tuple[str, str], dict[str, tuple[str, str]]] = {
    ("rotation", "key"): {
        "rot-in": ("2027-01-24", ""),
        "rot-last-day": ("2027-02-18", ""),
        "rot-today": ("2026-11-20", ""),
        "rot-over": ("2026-11-19", E),
        "rot-helped": ("2027-01-24", ""),
        "rot-dek": ("2026-11-21", ""),
    },
    ("rotation", "data_key"): {"dek-in": ("2026-11-30", ""), "dek-over": ("2026-11-19", E)},
    ("rotation", "published_key"): {"jwk-over": ("2026-11-19", E)},
    ("automatic_rotation", "automatic"): {
        "rot-helped": ("2026-12-10", ""),
        "auto-in": ("2026-12-20", ""),
        "auto-late": ("2026-11-18", E),
    },
    ("key_expiry", "key"): {"end-in": ("2026-11-30", ""), "end-over": ("2026-11-19", E)},
    ("key_expiry", "version"): {"v-in": ("2026-11-25", "")},
    ("key_expiry", "data_key"): {"retires-in": ("2026-11-23", "")},
    ("deletion", "key"): {"del-in": ("2026-11-27", ""), "del-late": ("2026-11-19", E)},
    ("deletion", "version"): {"v-del-in": ("2026-11-24", "")},
    ("certificate", "tls"): {"tls-in": ("2026-11-29", ""), "tls-over": ("2026-11-19", E)},
    ("certificate", "vendor"): {"org-in": ("2026-12-02", "")},
    ("fips_sunset", "sunset"): {
        "CMVP 1 aws-kms": ("2026-12-30", ""),
        "CMVP 2 aws-kms": ("2026-11-17", E),
        "third-hsm": ("2027-01-09", ""),
    },
    ("credential", "expiry"): {"c-ends-in": ("2026-12-10", ""), "c-ends-over": ("2026-10-31", E)},
    ("credential", "age"): {"c-age-in": ("2026-12-20", ""), "c-age-over": ("2026-11-19", E)},
    ("credential", "secret"): {"s-rotated": ("2027-01-19", ""), "s-never": ("2026-08-02", E)},
    ("agreement", "end"): {
        "a-ends-in": ("2026-12-05", ""),
        "a-ends-today": ("2026-11-20", ""),
        "a-ended": ("2026-11-19", E),
        "a-unreplaced": ("2026-10-21", E),
    },
    ("agreement", "review"): {"a-review-own": ("2026-11-30", ""), "a-review-limit": ("2026-11-25", "")},
    ("document", "end"): {"d-ends-in": ("2026-11-26", ""), "d-ended": ("2026-11-14", E)},
    ("document", "review"): {
        "d-test": ("2026-11-15", E),
        "d-test-reviewed": ("2026-11-25", ""),
        "d-endless-limit": ("2026-11-25", ""),
    },
    ("waiver", "end"): {"w-in": ("2026-11-21", ""), "w-ended": ("2026-11-19", E)},
    ("support", "end"): {"hsm1": ("2026-03-31", E)},
}
UNKNOWN = {
    "rotation": 7,  # rot-undated, -state-unknown, -owner-unknown, -no-limit, -type-unknown, dek-undated, jwk-undated
    "automatic_rotation": 1,
    "key_expiry": 2,  # end-unknown, v-unknown
    "deletion": 2,  # del-replica, del-unknown
    "certificate": 2,  # tls-unknown, org-unknown
    "fips_sunset": 1,
    "credential": 3,  # c-no-limit, c-unknown (once), s-unknown
    "agreement": 1,
    "document": 1,
    "waiver": 1,
    "support": 1,
}


@pytest.fixture(scope="module")
def coming(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    facts = tmp_path_factory.mktemp("scan") / "facts"
    write_facts(ROWS, facts)
    return forecast(facts, LIMITS, AS_OF, DAYS)


def told(coming: Forecast) -> Iterator[tuple[tuple[str, str], Due]]:
    yield from (((due.kind.value, due.rule), due) for due in coming.due)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}-{rule.name}")
def test_each_rule_tells_its_deadlines_and_no_other(coming: Forecast, rule: Rule) -> None:
    name = (rule.kind.value, rule.name)
    found = {due.subject: (f"{due.at:%Y-%m-%d}", E if due.overdue else "") for of, due in told(coming) if of == name}
    assert found == EXPECTED[name]


def test_what_is_missing_is_counted_and_not_left_out(coming: Forecast) -> None:
    assert {kind.value: count for kind, count in coming.unknown} == UNKNOWN


def test_weeks_count_what_is_listed(coming: Forecast) -> None:
    listed = Counter((-1 if d.overdue else (d.at.date() - AS_OF.date()).days // 7, d.kind) for d in coming.due)
    assert {(week, kind): number for week, kind, number in coming.weeks} == listed
    assert coming.omitted == 0


def one(coming: Forecast, kind: str, subject: str) -> Due:
    (found,) = [due for due in coming.due if (due.kind.value, due.subject) == (kind, subject)]
    return found


def test_a_limit_is_told_with_what_it_rests_on(coming: Forecast) -> None:
    due = one(coming, "rotation", "rot-in")
    assert (due.parameter, due.basis, due.own) == ("kek_max_days", Basis.POLICY, True)
    assert (due.what, due.label) == (
        "the cryptoperiod of its material ends: 365 days after 2026-01-24",
        "name of rot-in",
    )
    assert due.at == datetime(2027, 1, 24, 23, 59, 59, tzinfo=UTC)
    assert due.evidence == (DIGEST,)
    # Of several limits the shortest.
    assert one(coming, "rotation", "rot-dek").parameter == "dek_max_days"
    assert one(coming, "agreement", "a-review-limit").parameter == "agreement_review_max_days"
    assert one(coming, "document", "d-test").basis is Basis.LAW


def test_what_the_system_or_a_register_tells_rests_on_no_limit(coming: Forecast) -> None:
    for kind, subject in (
        ("deletion", "del-in"),
        ("agreement", "a-review-own"),
        ("document", "d-test-reviewed"),
        ("document", "d-endless-limit"),
        ("key_expiry", "end-in"),
    ):
        due = one(coming, kind, subject)
        assert (due.basis, due.parameter) == (None, ""), subject


def test_words_say_what_is_special(coming: Forecast) -> None:
    assert one(coming, "rotation", "rot-helped").what.endswith("; the provider means to rotate it before")
    assert one(coming, "key_expiry", "end-in").what == "its imported material is deleted"
    assert one(coming, "certificate", "tls-over").what == "a certificate in its TLS chain ends"
    assert one(coming, "certificate", "tls-in").label == "the portal"
    assert one(coming, "fips_sunset", "CMVP 1 aws-kms").what.endswith("modules under it: 2")
    assert "certificate of unknown number" in one(coming, "fips_sunset", "third-hsm").what
    assert one(coming, "waiver", "w-ended").what == "the review of the documented alternative is due"
    assert one(coming, "waiver", "w-in").what == "the waiver ends"
    assert one(coming, "support", "hsm1").what == f"the provider ends the support of {_about('aws-cloudhsm-hsm1')}"
    assert one(coming, "document", "d-test").what == "it is to be done again, or reviewed"


def _about(product: str) -> str:
    (found,) = [one for one in SUPPORT if one.product == product]
    return f"{found.name} ({found.source})"
