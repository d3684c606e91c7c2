"""The SQL of what comes due: one SELECT a rule (``rules.py``), over the fact tables that it names in braces.

Each gives one row for each subject that has, or may have, such a deadline. ``due_at`` is NULL where a fact is missing:
that subject is counted as unknown. ``stands`` says whether a deadline that has passed is still to be told.
"""

from __future__ import annotations

from scanner.history.support import SUPPORT as PRODUCTS

_LAST_DAY = "date_trunc('day', {}) + INTERVAL 1 DAY - INTERVAL 1 SECOND"
"""Last second of a day that still counts: as the controls count, in whole days."""
_MOST_DAYS = 1_000_000


def _after(start: str, days: str) -> str:
    """Return the SQL of the last second of the last of so many days."""
    # least and greatest pass over what is not known.
    count = f"CASE WHEN {days} IS NOT NULL THEN greatest(0, least({days}, {_MOST_DAYS})) END"
    return f"date_trunc('day', {start}) + to_days(({count})::INTEGER + 1) - INTERVAL 1 SECOND"


def _day(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%d')"


ROTATION_OF_KEYS = f"""
SELECT key_id AS subject, source, name AS label, evidence, parameter, true AS stands,
    CASE WHEN state = 'active' AND managed_by = 'customer' THEN {_after("material_since", "days")} END AS due_at,
    'the cryptoperiod of its material ends: ' || days || ' days after ' || {_day("material_since")}
        || CASE WHEN rotation_enabled AND next_rotation_at >= $as_of AND next_rotation_at < due_at
            THEN '; the provider means to rotate it before' ELSE '' END AS what
FROM {{keys}} k LEFT JOIN {{limits}} l ON l.kind = k.key_type
WHERE managed_by IS DISTINCT FROM 'provider' AND (state = 'active' OR state IS NULL)
"""
ROTATION_OF_DATA_KEYS = f"""
SELECT data_key_id AS subject, source, tenant AS label, evidence, parameter, true AS stands,
    CASE WHEN state = 'active' THEN {_after("activated_at", "days")} END AS due_at,
    'the time in which it may encrypt new data ends: ' || days || ' days after ' || {_day("activated_at")} AS what
FROM {{data_keys}} LEFT JOIN {{limits}} l ON l.kind = 'data_key'
WHERE registered IS DISTINCT FROM false AND (state = 'active' OR state IS NULL)
"""
PUBLISHED_KEYS = f"""
SELECT jwk_id AS subject, source, kid AS label, evidence, parameter, true AS stands,
    {_after("created_at", "days")} AS due_at,
    'the cryptoperiod of the published key ends: ' || days || ' days after ' || {_day("created_at")} AS what
FROM {{jwks_keys}} LEFT JOIN {{limits}} l ON l.kind = 'jwk' WHERE key_use IS DISTINCT FROM 'enc'
"""
AUTOMATIC = """
SELECT key_id AS subject, source, name AS label, evidence, '' AS parameter, true AS stands,
    next_rotation_at AS due_at, 'the provider rotates it by itself' AS what
FROM {keys}
WHERE managed_by IS DISTINCT FROM 'provider' AND (state = 'active' OR state IS NULL)
    AND rotation_enabled IS DISTINCT FROM false
"""
EXPIRY_OF_KEYS = """
SELECT key_id AS subject, source, name AS label, evidence, '' AS parameter, true AS stands, expires_at AS due_at,
    CASE origin WHEN 'imported' THEN 'its imported material is deleted' ELSE 'it ends by itself' END AS what
FROM {keys}
WHERE managed_by IS DISTINCT FROM 'provider' AND expires IS DISTINCT FROM false
    AND (state NOT IN ('deactivated', 'destroyed') OR state IS NULL)
"""
EXPIRY_OF_VERSIONS = """
SELECT v.version_id AS subject, v.source, k.name AS label, v.evidence, '' AS parameter, false AS stands,
    v.expires_at AS due_at, 'a version of it that is not the current one ends by itself' AS what
FROM {key_versions} v LEFT JOIN {keys} k ON k.key_id = v.key_id AND k.source = v.source
WHERE v.expires IS DISTINCT FROM false AND v.material_state IS DISTINCT FROM 'current'
    AND k.managed_by IS DISTINCT FROM 'provider' AND k.state IS DISTINCT FROM 'destroyed'
    AND (v.destroy_at IS NULL OR v.destroy_at > $as_of)
"""
RETIREMENT = """
SELECT data_key_id AS subject, source, tenant AS label, evidence, '' AS parameter, true AS stands,
    retired_at AS due_at, 'its registry ends its use for new data' AS what
FROM {data_keys}
WHERE registered IS DISTINCT FROM false AND (state = 'active' OR state IS NULL) AND retires IS DISTINCT FROM false
"""
DELETION_OF_KEYS = """
SELECT key_id AS subject, source, name AS label, evidence, '' AS parameter, true AS stands, deletion_at AS due_at,
    'it is destroyed, and nothing can read what it encrypted' AS what
FROM {keys}
WHERE managed_by IS DISTINCT FROM 'provider' AND state IS DISTINCT FROM 'destroyed'
    AND deletion_scheduled IS DISTINCT FROM false
"""
DELETION_OF_VERSIONS = """
SELECT v.version_id AS subject, v.source, k.name AS label, v.evidence, '' AS parameter, false AS stands,
    v.destroy_at AS due_at, 'a version of it is destroyed, and nothing can read what it encrypted' AS what
FROM {key_versions} v LEFT JOIN {keys} k ON k.key_id = v.key_id AND k.source = v.source
WHERE v.destroy_at IS NOT NULL AND k.deletion_at IS DISTINCT FROM v.destroy_at
    AND k.managed_by IS DISTINCT FROM 'provider'
"""
TLS = """
SELECT c.certificate_id AS subject, c.source, c.evidence, '' AS parameter, true AS stands,
    coalesce(e.name, e.host) AS label, not_after AS due_at,
    CASE WHEN leaf THEN 'its TLS certificate ends' ELSE 'a certificate in its TLS chain ends' END AS what
FROM {tls_certificates} c LEFT JOIN {tls_endpoints} e ON e.endpoint_id = c.endpoint_id AND e.source = c.source
"""
VENDOR_CERTIFICATES = """
SELECT scope_id AS subject, source, name AS label, evidence, '' AS parameter, true AS stands,
    certificates_expire_at AS due_at, 'the first of the client certificates that it trusts ends' AS what
FROM {vendor_scopes}
WHERE active IS DISTINCT FROM false
    AND (certificates > 0 OR (certificates IS NULL AND provider = 'openai' AND kind = 'organization'))
"""
# One deadline a certificate, however many modules rest on it.
FIPS = """
SELECT CASE WHEN coalesce(certificate, 0) = 0 THEN coalesce(product, module_id)
        ELSE 'CMVP ' || certificate || ' ' || coalesce(product, '') END AS subject,
    min(source) AS source, product AS label, flatten(list(evidence ORDER BY module_id)) AS evidence, '' AS parameter,
    true AS stands, sunset_at AS due_at, coalesce(standard || ' ', '') || coalesce('certificate ' || certificate,
        'certificate of unknown number') || ' goes to the historical list; modules under it: ' || count(*) AS what
FROM {modules}
WHERE certificate_required IS DISTINCT FROM false AND certificates IS DISTINCT FROM 0
    AND (sunset_at IS NOT NULL OR certificate_status IS NULL OR certificate_status = 'active')
GROUP BY subject, product, certificate, standard, sunset_at
"""
CREDENTIALS = """
SELECT credential_id AS subject, source, name AS label, evidence, '' AS parameter, true AS stands,
    expires_at AS due_at, 'it ends by itself' AS what
FROM {credentials} WHERE active IS DISTINCT FROM false AND expires IS DISTINCT FROM false
"""
# One that ends by itself before that needs no second deadline.
AGE_OF_CREDENTIALS = f"""
SELECT credential_id AS subject, source, name AS label, evidence, parameter, true AS stands,
    {_after("created_at", "days")} AS due_at,
    'it reaches its greatest age: ' || days || ' days after ' || {_day("created_at")} AS what
FROM {{credentials}} c LEFT JOIN {{limits}} l ON l.kind = c.kind
WHERE active IS DISTINCT FROM false
    AND (c.kind IS NULL OR c.kind IN ('access_key', 'root_access_key', 'admin_api_key', 'api_key', 'service_api_key'))
    AND (expires IS NULL OR NOT expires OR expires_at IS NULL OR due_at IS NULL OR expires_at > due_at)
"""
SECRETS = f"""
SELECT store_id AS subject, source, name AS label, evidence, parameter, true AS stands,
    CASE WHEN ever_rotated IS NOT NULL THEN
        {_after("CASE WHEN ever_rotated THEN last_rotated_at ELSE created_at END", "days")} END AS due_at,
    'the secret reaches its greatest age: ' || days || ' days after '
        || {_day("CASE WHEN ever_rotated THEN last_rotated_at ELSE created_at END")} AS what
FROM {{data_stores}} s LEFT JOIN {{limits}} l ON l.kind = 'secret'
WHERE s.kind = 'secret' AND (copy_of = 'none' OR copy_of IS NULL)
"""
# An ended contract is no matter any more when another of the same vendor is in force.
END_OF_AGREEMENTS = f"""
SELECT agreement_id AS subject, source, vendor AS label, evidence, '' AS parameter,
    NOT EXISTS (
        FROM {{agreements}} b WHERE b.vendor = a.vendor AND b.agreement_id <> a.agreement_id
            AND b.effective_at <= $as_of AND (NOT b.expires OR {_LAST_DAY.format("b.expires_at")} >= $as_of)
    ) AS stands,
    {_LAST_DAY.format("expires_at")} AS due_at, 'the contract ends' AS what
FROM {{agreements}} a WHERE expires IS DISTINCT FROM false
"""
_REVIEW = f"""
    least({_after("reviewed_at", "review_days")}, {_after("counted", "days")}) AS due_at,
    CASE WHEN {_after("reviewed_at", "review_days")} < {_after("counted", "days")} OR days IS NULL OR counted IS NULL
        THEN '' ELSE parameter END AS parameter
"""
REVIEW_OF_AGREEMENTS = f"""
SELECT agreement_id AS subject, source, vendor AS label, evidence, true AS stands, {_REVIEW},
    'the review of the contract is due' AS what
FROM (SELECT *, reviewed_at AS counted FROM {{agreements}}) LEFT JOIN {{limits}} l ON l.kind = 'agreement'
WHERE (effective_at IS NULL OR effective_at <= $as_of)
    AND (expires IS DISTINCT FROM true OR expires_at IS NULL OR {_LAST_DAY.format("expires_at")} >= $as_of)
"""
END_OF_DOCUMENTS = f"""
SELECT document_id AS subject, source, title AS label, evidence, '' AS parameter, true AS stands,
    {_LAST_DAY.format("expires_at")} AS due_at, 'the document is no longer in effect' AS what
FROM {{documents}}
WHERE registered IS DISTINCT FROM false AND latest IS DISTINCT FROM false AND expires IS DISTINCT FROM false
"""
# A test or an audit grows old from the day on which it was done, a plan from its last review.
_DONE = "('emergency_access_test', 'recovery_exercise', 'compliance_audit')"
REVIEW_OF_DOCUMENTS = f"""
SELECT document_id AS subject, source, title AS label, evidence, true AS stands, {_REVIEW},
    CASE WHEN d.kind IN {_DONE} THEN 'it is to be done again, or reviewed' ELSE 'its review is due' END AS what
FROM (SELECT *, CASE WHEN kind IN {_DONE} THEN effective_at ELSE reviewed_at END AS counted FROM {{documents}}) d
    LEFT JOIN {{limits}} l ON l.kind = d.kind
WHERE registered IS DISTINCT FROM false AND latest IS DISTINCT FROM false
"""
# What has ended and matches no failure any more is over.
WAIVERS = f"""
SELECT exception_id AS subject, source, kind AS label, evidence, '' AS parameter,
    matched_count IS DISTINCT FROM 0 AS stands, {_LAST_DAY.format("ends_at")} AS due_at,
    CASE kind WHEN 'waiver' THEN 'the waiver ends' ELSE 'the review of the documented alternative is due' END AS what
FROM {{exceptions}}
"""
_ENDS = ", ".join(f"('{s.product}', TIMESTAMP '{s.ends} 23:59:59', '{s.name} ({s.source})')" for s in PRODUCTS)
SUPPORT = f"""
SELECT module_id AS subject, m.source, name AS label, evidence, '' AS parameter, true AS stands,
    CASE WHEN m.product IS NOT NULL THEN s.ends END AS due_at, 'the provider ends the support of ' || s.about AS what
FROM {{modules}} m LEFT JOIN (VALUES {_ENDS}) s(product, ends, about) ON s.product = m.product
WHERE certificate_required IS DISTINCT FROM false AND (m.product IS NULL OR s.product IS NOT NULL)
"""
