"""Modules completed from the table of certificates, by fixed SQL over the two fact tables.

A product can have several certificates: the best one counts. It is not decided here whether it is good enough: a
certificate past its sunset keeps the status that was read, with its sunset beside it, and a control compares.
"""

from __future__ import annotations

_VALID = "sunset_at >= $as_of"
_RANK = f"""CASE
    WHEN status = 'active' AND {_VALID} THEN 0
    WHEN status = 'active' AND sunset_at IS NULL THEN 1
    WHEN status IS NULL AND ({_VALID} OR sunset_at IS NULL) THEN 2
    WHEN status = 'active' OR status IS NULL THEN 3
    WHEN status = 'historical' THEN 4
    WHEN status = 'revoked' THEN 5
    WHEN status = 'in_process' THEN 6
    ELSE 7 END"""
"""The best standing first: active at the instant of the scan, then what may be, then what was."""
_CERTIFIED = "status NOT IN ('none', 'in_process') OR status IS NULL"
"""Nobody has a certificate that is being worked on, and there are rows that say that there is none."""

BEST_CERTIFICATE = f"""
UPDATE modules SET
    certificates = best.certificates,
    certificate = CASE WHEN best.certified THEN best.number ELSE 0 END,
    standard = CASE WHEN best.certified THEN best.standard ELSE 'none' END,
    level = CASE WHEN best.certified THEN best.level ELSE 0 END,
    certificate_status = best.status,
    interim = CASE WHEN best.certified THEN best.interim ELSE false END,
    sunset_at = best.sunset_at,
    reading_at = best.reading_at,
    embodiment = coalesce(modules.embodiment, best.embodiment)
FROM (
    SELECT *, ({_CERTIFIED}) AS certified, count(*) FILTER ({_CERTIFIED}) OVER (PARTITION BY product) AS certificates
    FROM certificates
    QUALIFY row_number() OVER (
        PARTITION BY product
        ORDER BY {_RANK}, standard DESC NULLS LAST, level DESC NULLS LAST, sunset_at DESC NULLS LAST,
            number DESC NULLS LAST, certificate_id
    ) = 1
) best
WHERE modules.product = best.product
"""
"""Completes ``modules`` from ``certificates`` at ``$as_of``, the instant of the scan (TIMESTAMP, UTC)."""
