"""What was read for leaked keys, and what lies there, to rows. Pure.

Which key of the inventory a leak is, only all sources together can tell: ``STATEMENTS``, fixed SQL over the fact
tables. The public half of a private key proves which key, certificate or published key it is; so do the fingerprint of
a data key in its registry, and the id of an access key of AWS beside its secret. A key of an AI vendor is told by what
its vendor shows of it. A key that is named beside a secret (id, ARN, alias, PKCS #11 URI) is the one that a person must
look at first: that is told as `named beside it`, and is no proof. What is proved goes before what is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.leaks import LeakFact, LeakScanFact
from scanner.model.observation import Record
from scanner.normalize.reading import Object, flag, moment, text, texts
from scanner.normalize.records import Records

PLACES = "leaks:Places"
READ = "leaks:Read"

MOST_PLACES = 20
"""Places of leaks that the row of a scan names."""

_CREDENTIALS = {
    "gcp_service_account_key": "key of a Google Cloud service account",
    "aws_key": "AWS secret access key",
    "azure_client_secret": "client secret of Microsoft Entra ID",
    "azure_storage_key": "account key of Azure Storage",
    "azure_sas": "shared access signature of Azure",
    "google_api_key": "Google API key",
    "openai_key": "OpenAI API key",
    "anthropic_key": "Anthropic API key",
    "elevenlabs_key": "ElevenLabs API key",
    "deepgram_key": "Deepgram API key",
    "slack_token": "Slack token or webhook",
    "github_token": "GitHub token",
    "vault_token": "HashiCorp Vault token",
    "gitlab_token": "GitLab token",
    "stripe_key": "Stripe key",
    "sendgrid_key": "SendGrid key",
    "square_secret": "Square secret",
    "pypi_token": "PyPI token",
    "npm_token": "npm token",
}
KINDS: Mapping[str, tuple[str, str]] = {
    "private_key": ("key", "private key"),
    "pgp_private_key": ("key", "OpenPGP private key"),
    "pkcs12": ("key", "PKCS #12 container"),
    "jwk": ("key", "private or secret JSON Web Key"),
    "tink_keyset": ("key", "Tink keyset in the plain"),
    "raw_key": ("key", "raw key near words that name it"),
    **{kind: ("credential", words) for kind, words in _CREDENTIALS.items()},
    "hsm_pin": ("pin", "PIN of a token or an HSM"),
}
"""Kind to its class and its name in words."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each place, a row for each leak, and whether each list is whole."""
    unit = Records(records)
    if unit.first is None:
        return
    listing = unit.listing(PLACES, None, "places", identity="place")
    rows = 0
    for page, entry in listing.items:
        place = text(entry, "place")
        assert place is not None  # noqa: S101 - `identity` left out what has none
        rows += 1
        yield from _place(unit, place, entry, page.id)
    if unit.asked(PLACES):
        yield unit.coverage(LeakScanFact, PLACES, unit.source, None, rows, complete=listing.complete)
    if unit.asked(PLACES) and not listing.complete:
        # Without the list of places no leak is known not to be.
        yield unit.coverage(LeakFact, READ, unit.source, None, 0, complete=False)


def _place(unit: Records, place: str, entry: Object, listed: Digest) -> Iterator[Fact]:
    assert unit.first is not None  # noqa: S101 - there are records
    scan_id = f"leaks:{unit.first.source_name}:{place}"
    answer = unit.answer(READ, place)
    body = answer.response if answer is not None and isinstance(answer.response, dict) else None
    found = body.get("leaks") if body is not None else None
    leaks = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    understood = isinstance(found, list) and len(leaks) == len(found)
    skipped = _skipped(body)
    whole = None if body is None or skipped is None or not understood else not skipped
    rows = [_leak(unit, scan_id, place, one, (answer.id,)) for one in leaks if answer is not None]
    yield LeakScanFact(
        source=unit.source,
        evidence=unit.evidence(place, listed),
        scan_id=scan_id,
        account=unit.first.source_name,
        name=place,
        kind=text(entry, "kind"),
        whole=whole,
        **{name: _number(body, name) for name in ("files", "bytes", "messages", "objects", "marked")},
        skipped=None if skipped is None else tuple(sorted(f"{reason}: {n}" for reason, n in skipped.items())),
        skipped_count=None if skipped is None else sum(skipped.values()),
        key_leaks=_count(rows, "key", whole),
        credential_leaks=_count(rows, "credential", whole),
        pin_leaks=_count(rows, "pin", whole),
        leaking_places=tuple(sorted({str(row.place) for row in rows})[:MOST_PLACES]) if body is not None else None,
    )
    yield from rows
    if unit.asked(READ, place):
        yield unit.coverage(LeakFact, READ, scan_id, place, len(rows), complete=whole is True)


def _count(rows: Sequence[LeakFact], leak_class: str, whole: bool | None) -> int | None:
    """Return how many there are. None found counts only where everything was read and understood."""
    number = sum(row.leak_class == leak_class for row in rows)
    unclear = any(row.leak_class is None for row in rows)
    return number if number or (whole and not unclear) else None


def _skipped(body: Object | None) -> dict[str, int] | None:
    value = body.get("skipped") if body is not None else None
    if not isinstance(value, list):
        return None
    found: dict[str, int] = {}
    for one in value:
        if not isinstance(one, dict) or not isinstance(one.get("reason"), str):
            return None
        number = _number(one, "count")
        if number is None:
            return None
        found[str(one["reason"])] = number
    return found


def _leak(unit: Records, scan_id: str, place: str, one: Object, evidence: tuple[Digest, ...]) -> LeakFact:
    assert unit.first is not None  # noqa: S101 - there are records
    kind = text(one, "kind")
    leak_class, what = KINDS.get(kind or "", (None, None))
    encrypted = flag(one, "encrypted")
    at = moment(one, "at")
    return LeakFact(
        source=unit.source,
        evidence=evidence,
        leak_id=f"leak:{text(one, 'leak')}",
        scan_id=scan_id,
        account=unit.first.source_name,
        kind=kind,
        leak_class=leak_class,
        what=what,
        detector=text(one, "detector"),
        place=_where(place, one),
        path=text(one, "path"),
        line=_number(one, "line"),
        message_id=_or_none(one, "message"),
        commit=_or_none(one, "commit"),
        told=at is not None,
        told_at=at,
        occurrences=_number(one, "occurrences"),
        length_bits=_number(one, "bits") or 0,
        secret_hash=text(one, "hash"),
        public_fingerprint=_or_none(one, "fingerprint"),
        key_hash=_or_none(one, "key_hash"),
        usable=None if encrypted is None else not encrypted,
        hint=text(one, "hint"),
        mentions=texts(one, "mentions"),
    )


def _where(place: str, one: Object) -> str:
    """Return where a leak lies, for people: ``app.log line 3``, ``C01 message 1700000000.000100``."""
    parts = [f"{place}: {text(one, 'path') or ''}"]
    if _number(one, "line"):
        parts.append(f"line {_number(one, 'line')}")
    if text(one, "message"):
        parts.append(f"message {text(one, 'message')}")
    if text(one, "commit"):
        parts.append(f"commit {(text(one, 'commit') or '')[:12]}")
    return " ".join(parts)


def _or_none(one: Object, name: str) -> str | None:
    value = text(one, name)
    return value if value is None or value else "none"


def _number(body: Mapping[str, Json] | None, name: str) -> int | None:
    value = body.get(name) if body is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


_WORST = """CASE WHEN {0} IN ('pre_activation', 'active', 'suspended') THEN 0 WHEN {0} IS NULL THEN 1 ELSE 2 END"""
"""Of several the one that can still be used goes first, then one of which that is not known: nobody may overlook it."""

_MATCHED = f"""
UPDATE leaks SET
    matched_key_id = coalesce(found.id, CASE WHEN found.whole THEN 'none' END),
    matched_by = CASE WHEN found.id IS NOT NULL THEN 'named beside it' WHEN found.whole THEN 'none' END,
    matched_state = CASE WHEN found.id IS NOT NULL THEN found.state WHEN found.whole THEN 'none' END,
    evidence = list_sort(list_distinct(list_concat(evidence, coalesce(found.proof, []))))
FROM (
    WITH names AS (
        SELECT key_id AS ref, key_id AS id, state, public_fingerprint AS half, evidence FROM keys
        UNION ALL
        SELECT unnest(aliases), key_id, state, public_fingerprint, evidence FROM keys
        UNION ALL
        SELECT regexp_replace(key_id, ':key/.*$', ':') || unnest(aliases), key_id, state, public_fingerprint, evidence
        FROM keys WHERE provider = 'aws'
        UNION ALL
        SELECT regexp_extract(key_id, ':key/(.+)$', 1), key_id, state, public_fingerprint, evidence
        FROM keys WHERE provider = 'aws'
        UNION ALL
        SELECT regexp_extract(data_key_id, '/([^/]+)$', 1), data_key_id, state, 'none', evidence FROM data_keys
    ),
    said AS (SELECT leak_id, source, unnest(mentions) AS ref FROM leaks),
    known AS (
        SELECT coalesce(bool_and(complete), false) AS whole FROM coverage WHERE listed_table IN ('keys', 'data_keys')
    ),
    halves AS (
        SELECT bool_and(told) AS told FROM (
            SELECT public_fingerprint IS NOT NULL AS told FROM keys
            UNION ALL
            SELECT public_fingerprint IS NOT NULL FROM tls_certificates
            UNION ALL
            SELECT public_fingerprint IS NOT NULL FROM jwks_keys
            UNION ALL
            SELECT complete FROM coverage WHERE listed_table IN ('keys', 'tls_certificates', 'jwks_keys')
        )
    )
    SELECT l.leak_id, l.source, n.id, n.state, n.evidence AS proof,
        -- A private key is none of them only where the public half of each is known.
        known.whole AND CASE WHEN l.public_fingerprint = 'none' THEN true
            WHEN l.public_fingerprint IS NOT NULL THEN halves.told END AS whole
    FROM leaks l CROSS JOIN known CROSS JOIN halves
        LEFT JOIN said ON said.leak_id = l.leak_id AND said.source = l.source
        LEFT JOIN names n ON n.ref = said.ref AND n.ref <> ''
            -- A key with another public half is another one, or was once: that it is out of use says nothing of this.
            AND (l.public_fingerprint IS NULL OR l.public_fingerprint IN ('none', n.half) OR n.half IS NULL
                OR n.state IS NULL OR n.state NOT IN ('deactivated', 'compromised', 'destroyed'))
    QUALIFY row_number() OVER (PARTITION BY l.leak_id, l.source ORDER BY
        n.id IS NULL, {_WORST.format("n.state")}, n.id) = 1
) found
WHERE leaks.leak_id = found.leak_id AND leaks.source = found.source
"""

_BEGIN = "regexp_extract({0}, '^([A-Za-z0-9_-]*)', 1)"
_END = "regexp_extract({0}, '([A-Za-z0-9_-]{{3,}})$', 1)"

_SHOWN = f"""
UPDATE leaks SET matched_key_id = found.credential_id, matched_by = found.matched_by, matched_state = found.state,
    evidence = list_sort(list_distinct(list_concat(evidence, found.proof)))
FROM (
    SELECT l.leak_id, l.source, c.credential_id, c.evidence AS proof,
        CASE WHEN c.provider = 'aws' THEN 'access key id' ELSE 'vendor hint' END AS matched_by,
        CASE WHEN c.active THEN 'active' WHEN NOT c.active THEN 'deactivated' END AS state
    FROM leaks l JOIN credentials c ON l.kind = c.provider || '_key' AND {_END.format("c.hint")} <> ''
        AND ends_with(l.hint, {_END.format("c.hint")})
        AND (starts_with({_BEGIN.format("l.hint")}, {_BEGIN.format("c.hint")})
            OR starts_with({_BEGIN.format("c.hint")}, {_BEGIN.format("l.hint")})
            OR {_BEGIN.format("c.hint")} = {_END.format("c.hint")})
    QUALIFY row_number() OVER (PARTITION BY l.leak_id, l.source ORDER BY c.active DESC NULLS FIRST, c.credential_id) = 1
) found
WHERE leaks.leak_id = found.leak_id AND leaks.source = found.source
"""
"""A vendor shows begin and end of a key (`sk-ant-api03-R2D...igAA`), or its end alone; AWS an id beside the secret."""

_PROVED = f"""
UPDATE leaks SET matched_key_id = found.id, matched_by = 'public half', matched_state = found.state,
    evidence = list_sort(list_distinct(list_concat(evidence, found.proof)))
FROM (
    WITH halves AS (
        SELECT public_fingerprint AS half, key_id AS id, state, evidence FROM keys
        UNION ALL
        -- What an endpoint serves, and what it takes logins by, is in use.
        SELECT public_fingerprint, certificate_id, 'active', evidence FROM tls_certificates
        UNION ALL
        SELECT public_fingerprint, jwk_id, 'active', evidence FROM jwks_keys
    )
    SELECT l.leak_id, l.source, h.id, h.state, h.evidence AS proof
    FROM leaks l JOIN halves h ON h.half = l.public_fingerprint AND h.half <> 'none'
    QUALIFY row_number() OVER (PARTITION BY l.leak_id, l.source ORDER BY {_WORST.format("h.state")}, h.id) = 1
) found
WHERE leaks.leak_id = found.leak_id AND leaks.source = found.source
"""
"""The public half belongs to one private key alone."""

_REGISTERED = f"""
UPDATE leaks SET matched_key_id = found.id, matched_by = 'data key fingerprint', matched_state = found.state,
    evidence = list_sort(list_distinct(list_concat(evidence, found.proof)))
FROM (
    SELECT l.leak_id, l.source, d.data_key_id AS id, d.state, d.evidence AS proof
    FROM leaks l JOIN data_keys d ON d.fingerprint = l.key_hash
    QUALIFY row_number() OVER (PARTITION BY l.leak_id, l.source ORDER BY {_WORST.format("d.state")}, d.data_key_id) = 1
) found
WHERE leaks.leak_id = found.leak_id AND leaks.source = found.source
"""

STATEMENTS: tuple[str, ...] = (_MATCHED, _SHOWN, _PROVED, _REGISTERED)
"""They read keys, data_keys, credentials, tls_certificates, jwks_keys, coverage; they complete leaks.

After the keys are resolved; each goes before the one before it.
"""
