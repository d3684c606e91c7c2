"""The registers that ``keyaudit init`` writes beside an estate file, with every key explained."""

from __future__ import annotations

from collections.abc import Mapping

AGREEMENTS = """\
# Contracts with vendors that get ePHI, one entry each. The estate file names this file: `agreements: agreements.yaml`.
# What stands here is attested: keyaudit hashes the signed file, and holds what was promised against what it sees.
# It has no names of people: roles are enough.
agreements: 1
contracts: []
# contracts:
#   - id: openai-baa
#     vendor: openai            # aws, azure, gcp, openai, anthropic, elevenlabs, deepgram, or another word
#     services:                 # kind is ai, storage, keys or other; name is the vendor's
#       - kind: ai
#         name: Realtime API
#         custody:              # of what is stored there; key_control is customer, vendor or shared
#           {key_control: vendor, vendor_can_decrypt: true}
#     owner: Privacy Office
#     effective: 2026-01-01     # first day in force
#     expires: never            # or the last day in force, 2027-12-31
#     ended: 2026-11-30         # only where it was ended before: the last day in force
#     reviewed: 2026-06-01      # last review; without one the first day counts
#     review_days: 365          # the next is due after so many days
#     document:                 # the signed file, from the folder of this register; `sha256sum FILE` prints the digest
#       path: signed/openai-baa.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
#     signed_by: [Privacy Officer, Chief Executive Officer]
#     clauses:                  # each with the page or section where it stands; leave out what is not there
#       "164.314(a)(2)(i)(A)": p. 3       # complies with the Security Rule
#       "164.314(a)(2)(i)(B)": p. 3       # binds its subcontractors
#       "164.314(a)(2)(i)(C)": p. 4       # reports incidents and breaches
#       "164.504(e)(2)(ii)(J)": p. 7      # returns or destroys what it has at the end
#     retention_days: {prompts: 0, audio: 0, transcripts: 0}    # at most, by class; leave out what is not promised
#     zero_retention: true      # promises that nothing asked or answered is kept
#     no_training: true         # promises that models do not learn from it
#     breach_notice_days: 10
#     subcontractors:           # whom the data is passed on to, and whether a contract binds them
#       - {name: Example Hosting, contract: true}
"""

DOCUMENTS = """\
# Documents that controls ask for, one entry each. The estate file names this file: `documents: documents.yaml`.
# Enter each version as an entry of its own, with its last day: they are kept for six years after it.
documents: 1
papers: []
# papers:
#   - id: key-policy-3
#     kind: key_management_policy   # or compromise_recovery_plan, risk_analysis, emergency_access_test,
#                                   # recovery_exercise, key_custodians, compliance_audit, other; and
#                                   # emergency_use_review, termination_certificate as below
#     title: Key Management Policy, version 3
#     owner: Security Office
#     approved_by: [Chief Information Security Officer]
#     effective: 2026-01-01     # first day in effect; of a test, an exercise or an audit: its day
#     expires: never            # or the last day in effect, when it was replaced
#     reviewed: 2026-06-01      # last review; without one the first day counts
#     review_days: 365          # the next is due after so many days
#     document:                 # the file, from the folder of this register; `sha256sum FILE` prints the digest
#       path: documents/key-policy-3.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
#     sections:                 # topics, each with its section; the policy needs these five
#       generation: "3"
#       distribution: "4"
#       storage: "5"
#       access: "6"
#       destruction: "7"
#   - id: break-glass-2026-03
#     kind: emergency_use_review    # one for each use of emergency access
#     title: Review of the use of break-glass-1
#     owner: Security Office
#     used: 2026-03-02          # day of the use; `none` in a review that says that there was none since the last
#     effective: 2026-03-04     # day of the review
#     expires: never
#     review_days: 92
#     document:
#       path: documents/break-glass-2026-03.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
#   - id: openai-end
#     kind: termination_certificate # the vendor returned or destroyed what it had
#     title: Certificate of destruction
#     owner: Privacy Office
#     contract: openai-baa      # id of the contract that ended
#     effective: 2026-12-10     # day of the certificate
#     expires: never
#     review_days: 3650
#     document:
#       path: signed/openai-end.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
"""

WAIVERS = """\
# Waivers: failures that are accepted for a time. The estate file names this file: `waivers: waivers.yaml`.
# A waiver never turns a failure into a pass: the report shows it beside the finding. One that has ended, or that
# matches no failure, is a finding by itself. It has no names of people: roles are enough.
waivers: 1
entries: []
# entries:
#   - id: clinic-suites
#     controls: [KM-TLS-15]     # the controls whose failures it covers
#     subjects: ["endpoint:clinic"]         # patterns over subjects, as findings name them: * any characters, ? one
#     whole_control: false      # true: every subject is meant; the pattern `*` needs it
#     source: "endpoints:*"     # pattern over the scope of a subject; without it any
#     owner: Platform Team      # who looks after it
#     approver: Chief Information Security Officer      # never the owner
#     reason: The server is replaced in spring.
#     approved: 2026-01-15      # first day in force
#     expires: 2026-06-30       # last day in force; at most a year later, or what `policy: {waiver_max_days: …}` says
#     ticket: OPS-311           # may be left out
#     document:                 # may be left out: the approval, from the folder of this register
#       path: approvals/clinic-suites.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
"""

ALTERNATIVES = """\
# Documented alternatives, 45 CFR 164.306(d)(3): addressable specifications that are not implemented, why that would not
# be reasonable and appropriate, and the equivalent measure in their place. The estate file names this file:
# `alternatives: alternatives.yaml`. A control that fails stays FAIL; the report says that an alternative is documented.
alternatives: 1
entries: []
# entries:
#   - id: portal-certificate
#     clause: "164.312(e)(2)(ii)"           # an Addressable specification that each of the controls cites
#     controls: [KM-TLS-11]
#     subjects: ["endpoint:portal *"]       # patterns over subjects, as findings name them: * any characters, ? one
#     whole_control: false      # true: every subject is meant; the pattern `*` needs it
#     source: "endpoints:*"     # pattern over the scope of a subject; without it any
#     why_not: The appliance takes no longer key.       # why it is not reasonable and appropriate
#     measure: The portal is reached through a tunnel alone.      # the equivalent alternative measure
#     owner: Privacy Office     # who looks after it
#     approver: Chief Executive Officer     # never the owner
#     decided: 2026-01-15       # first day in force
#     review_due: 2026-12-31    # it is in force until it is to be reviewed
#     document:                 # the decision, from the folder of this register; `sha256sum FILE` prints the digest
#       path: decisions/portal-certificate.pdf
#       sha256: "0000000000000000000000000000000000000000000000000000000000000000"
"""

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "baa": ("agreements.yaml", AGREEMENTS),
    "documents": ("documents.yaml", DOCUMENTS),
    "waivers": ("waivers.yaml", WAIVERS),
    "alternatives": ("alternatives.yaml", ALTERNATIVES),
}
"""What ``init`` can write beside an estate file: the name of the file, and its text."""
