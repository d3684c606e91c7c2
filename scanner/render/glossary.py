"""The glossary: terms of key management in our own words, as NIST SP 800-57 Part 1 Rev. 5 uses them."""

from __future__ import annotations

from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    "Cryptoperiod": "The time during which a key may be used. For symmetric keys it has two parts: the originator- "
    "sage period and the recipient-usage period.",
    "Originator-usage period": "The time during which a key may protect new data.",
    "Recipient-usage period": "The time during which what a key protects may still be read with it. It can begin "
    "with the other period and outlast it: rotation ends the first, not this one.",
    "Data-encryption key (DEK)": "A key that protects data itself, often one a tenant or an object.",
    "Key-encryption key (KEK)": "A key that wraps other keys. A key service's symmetric keys are used so.",
    "Root key": "The key at the top of a hierarchy: no other key wraps it, so a module must hold it.",
    "Envelope encryption": "Data is encrypted under a DEK, the DEK is wrapped under a KEK and kept beside the data.",
    "Key hierarchy": "Which key protects which other key or data store, up to the module that holds the topmost.",
    "Declared, observed, proven": "What an edge of the hierarchy rests on: the estate file says so; an interface or "
    "the header of a ciphertext says so; a cryptographic call unwrapped the one with the other.",
    "Key type": "What a key is for, as SP 800-57 sorts them: data encryption, key wrapping, authentication, "
    "signature, key transport, key agreement. One key should have one purpose.",
    "Key state": "Pre-activation, active, suspended, deactivated, compromised or destroyed (SP 800-57). A disabled "
    "key is suspended; one whose deletion is scheduled is deactivated and can still be recovered. No interface "
    "tells that a key is compromised.",
    "Security strength": "The work that breaks an algorithm with a key of its length, in bits: 128 for AES-128 and "
    "for 3072-bit RSA.",
    "Rotation": "New key material takes the place of the old for new protection. What the old protected stays under "
    "it until it is encrypted again.",
    "Destruction": "All copies of a key are gone, so that what it alone protects can no longer be read.",
    "Customer-managed key": "A key whose policy and life are the customer's; the others are the provider's own.",
    "Key store": "A place outside a key service's own modules that holds its keys: an HSM cluster, or an external one.",
    "Cryptographic module": "Hardware, software or firmware that holds or uses keys within a boundary that FIPS 140 "
    "can be tested on.",
    "FIPS 140 certificate": "A validation by NIST's Cryptographic Module Validation Program (CMVP) of one module in "
    "named versions, at levels 1 to 4. Level 3 asks for tamper response and identity-based authentication.",
    "Active, historical, revoked": "Lists of the CMVP. Historical: federal agencies should not include it in new "
    "procurement; revoked: no longer valid.",
    "Sunset": "The last day on which a certificate is active. Every FIPS 140-2 certificate passed its own by "
    "2026-09-21.",
    "Interim validation": "A certificate with a sunset after two years, which a submission that follows up can put "
    "off.",
    "Reading": "What the CMVP's lists said on a day. It grows old; a sunset after it is told, a change of list is not.",
    "Write-once": "What is kept cannot be changed or removed before its time, in compliance mode by nobody.",
    "ePHI": "Electronic protected health information.",
    "Gap": "A question without an answer: denied, throttled, unreachable, unsupported, malformed, failed, or over a "
    "limit of the scan.",
}
"""Term to meaning, from keys to modules to evidence."""
