"""The words of the report: verdicts, what a requirement rests on, phases. Law, standard and opinion never share one."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.model.control import Basis, Severity
from scanner.model.verdict import ThresholdUse, Verdict

VERDICTS: Mapping[Verdict, str] = {
    Verdict.FAIL: "FAIL",
    Verdict.UNKNOWN: "UNKNOWN",
    Verdict.PASS: "PASS",
    Verdict.NOT_APPLICABLE: "NOT APPLICABLE",
}
"""Worst first, the order in which verdicts are listed."""

SEVERITIES = tuple(Severity)
"""Worst first."""

BASIS: Mapping[Basis, str] = {
    Basis.LAW: "the cited law's own text",
    Basis.INTERPRETATION: "our interpretation of the cited law",
    Basis.NIST_SHALL: 'a NIST "shall" or approval status (voluntary for a private entity)',
    Basis.NIST_SUGGESTED: "a value or practice that NIST suggests (voluntary)",
    Basis.PROVIDER: "a limit or default that the provider documents",
    Basis.POLICY: "a matter of policy, not law",
    Basis.JUDGEMENT: "the judgement of this catalogue's authors, not law",
}
REFERENCE_POLICY = "the reference policy of this catalogue, not set by the organization"
OWN_POLICY = "the organization's policy, set in the estate file"

RESTS: Mapping[str, str] = {
    "observed": "observed (an API said so)",
    "proven": "proven (a cryptographic call showed it)",
    "attested": "attested (a document says so)",
}

ALTERNATIVE = (
    "Addressable (45 CFR 164.306(d)(3)): implement it, or document why that is not reasonable and appropriate "
    "and what stands in its place."
)

DECIDED = (
    "Alternative documented (45 CFR 164.306(d)(3)): for each failed subject a decision says why the specification is "
    "not reasonable and appropriate, and what stands in its place. The verdict stays FAIL; whether a decision is "
    "sound, no scan can tell."
)

_BEFORE, _DURING, _AFTER, _ALL = (
    "Pre-operational (8.1)",
    "Operational (8.2)",
    "Post-operational and destroyed (8.3, 8.4)",
    "Every phase",
)
PHASES: Mapping[str, str] = {
    "generation": _BEFORE,
    "distribution": _BEFORE,
    "storage": _DURING,
    "rotation": _DURING,
    "revocation": _AFTER,
    "destruction": _AFTER,
    "inventory": _ALL,
    "access": _ALL,
    "audit": _ALL,
    "algorithms": _ALL,
    "modules": _ALL,
    "transmission": _ALL,
    "vendors": _ALL,
    "emergency": _ALL,
    "governance": _ALL,
}
"""Part of the catalogue to its phase in section 8 of SP 800-57 Part 1 Rev. 5, in the order of a life. Our mapping."""

STRENGTHS: Mapping[str, str] = {
    "proven": "proven by a cryptographic call",
    "observed": "observed",
    "declared": "declared in the estate file",
    "unknown": "not known",
}
"""What an edge of the key hierarchy rests on, the strongest first."""

_KINDS: Mapping[str, tuple[str, str]] = {
    "certificate": ("Certificate", "certificates"),
    "module": ("Module", "modules"),
    "key_store": ("Key store", "key stores"),
    "data_key": ("Data key", "data keys"),
    "encrypted_table": ("Encrypted table", "encrypted tables"),
    "key": ("Key", "keys"),
    "store": ("Data store", "data stores"),
    "relational_database": ("Relational database", "relational databases"),
    "document_database": ("Document database", "document databases"),
    "graph_database": ("Graph database", "graph databases"),
    "volume_default": ("Default of new volumes", "defaults of new volumes"),
    "knowledge_base_source": ("Knowledge base source", "knowledge base sources"),
    "ai_account": ("AI account", "AI accounts"),
    "other": ("Other", "others"),
}
"""Kinds of nodes whose words are not simply their name with an s."""

NO_PHASE = "Not mapped"

AGGREGATES: Mapping[str, str] = {
    "count": "Number of rows",
    "any": "Whether any row",
    "all": "Whether every row",
    "min": "Smallest",
    "max": "Largest",
}


def basis_of(use: ThresholdUse) -> str:
    """Return what a threshold rests on. A reference policy that nobody set is not the organization's."""
    if use.overridden:
        return OWN_POLICY
    return REFERENCE_POLICY if use.basis is Basis.POLICY else BASIS[use.basis]


def default_basis_of(use: ThresholdUse) -> str:
    """Return what the default of a threshold rests on."""
    return REFERENCE_POLICY if use.default_basis is Basis.POLICY else BASIS[use.default_basis]


def several(kind: str, count: int) -> str:
    """Return what a kind of store, key or module is called, for one or for several."""
    name = kind.replace("_", " ")
    one, many = _KINDS.get(kind, (name[:1].upper() + name[1:], f"{name}s"))
    return one if count == 1 else many
