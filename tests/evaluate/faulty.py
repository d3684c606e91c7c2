"""Control files that are wrong, one way each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GOOD = """\
id: KM-ROT-04
title: Automatic rotation is on
statement: Automatic rotation is on for each key that supports it.
severity: high
phase: rotation
citations:
  - {framework: hipaa-164.312, ref: "164.312(a)(2)(iv)"}
  - {framework: sp800-57pt1r5, ref: "5.3.6"}
  - {framework: sp800-53r5, ref: "SC-12", mapping: author}
basis: provider
parameters:
  period_max_days:
    default: 730
    unit: days
    basis: nist_suggested
    source: "SP 800-57 Part 1 Rev. 5, Table 1, row 7"
subject: keys
related:
  shared: {any: key_grants, on: key_id, where: "cross_account"}
applies: managed_by = 'customer'
pass: rotation_enabled AND rotation_period_days <= $period_max_days AND NOT shared
fail: NOT rotation_enabled OR rotation_period_days > $period_max_days OR shared
observe: [rotation_enabled, shared]
rationale: What a machine does is not forgotten.
remedy:
  aws: aws kms enable-key-rotation --key-id KEY
examples:
  - name: on
    rows:
      - {key_id: a, managed_by: customer, rotation_enabled: true, rotation_period_days: 365}
    expect: {a: pass}
  - name: off
    rows:
      - {key_id: a, managed_by: customer, rotation_enabled: false}
    expect: {a: fail}
  - name: not known
    rows:
      - {key_id: a, managed_by: customer}
    expect: {a: unknown}
  - name: a key of the provider
    rows:
      - {key_id: a, managed_by: provider}
    expect: {a: not_applicable}
"""

FRAMEWORKS = {
    "hipaa-164.312": """\
id: hipaa-164.312
title: 45 CFR 164.312
version: now
clauses:
  - {ref: "164.312(a)(2)(iv)", title: Encryption, rule: Addressable, binding: true}
  - {ref: "164.312(e)(2)(ii)", title: Encryption, rule: Addressable, binding: true}
""",
    "sp800-57pt1r5": """\
id: sp800-57pt1r5
title: SP 800-57
version: Rev. 5
clauses:
  - {ref: "5.3.6", title: Cryptoperiods}
""",
    "sp800-53r5": """\
id: sp800-53r5
title: SP 800-53
version: Rev. 5
clauses:
  - {ref: "SC-12", title: Keys}
  - {ref: "SC-13", title: Cryptography}
crosswalk:
  "164.312(a)(2)(iv)": [SC-13]
  "164.312(e)(2)(ii)": [SC-12, SC-13]
""",
}


@dataclass(frozen=True, slots=True)
class Faulty:
    """A control file with ``old`` replaced by ``new``."""

    name: str
    old: str
    new: str

    @property
    def text(self) -> str:
        """The text of the file."""
        assert GOOD.count(self.old) >= 1, self.old
        return GOOD.replace(self.old, self.new, 1)


def write(folder: Path, **controls: str) -> Path:
    """Write a catalogue: ``rotation__KM_ROT_04`` stands for ``rotation/KM-ROT-04``. Return its folder."""
    for name, text in FRAMEWORKS.items():
        put(folder / "frameworks" / f"{name}.yaml", text)
    for name, text in controls.items():
        put(folder / f"{name.replace('__', '/').replace('_', '-')}.yaml", text)
    return folder


def put(path: Path, text: str) -> Path:
    """Write a file, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


SHAPE = (
    Faulty("an unknown key", "severity: high", "severity: high\nseverty: low"),
    Faulty("a missing key", "severity: high\n", ""),
    Faulty("a key twice", "severity: high\n", "severity: high\nseverity: low\n"),
    Faulty("a severity that is none", "severity: high", "severity: urgent"),
    Faulty("a phase that is none", "phase: rotation", "phase: rotating"),
    Faulty("a basis that is none", "basis: provider", "basis: hipaa"),
    Faulty("a basis of a parameter that is none", "basis: nist_suggested", "basis: nist"),
    Faulty("a table that is none", "subject: keys", "subject: key"),
    Faulty("an id of another form", "id: KM-ROT-04", "id: rotation-4"),
    Faulty("an id that is not the file's", "id: KM-ROT-04", "id: KM-ROT-05"),
    Faulty("a phase that is not the folder's", "phase: rotation", "phase: storage"),
    Faulty("no citation", GOOD[GOOD.index("citations:") : GOOD.index("basis:")], "citations: []\n"),
    Faulty("a mapping that is none", "mapping: author", "mapping: ours"),
    Faulty("an empty title", "title: Automatic rotation is on", "title: ''"),
    Faulty("a number for a condition", "applies: managed_by = 'customer'", "applies: 1"),
    Faulty("a name with a dash", "period_max_days:", "period-max-days:"),
    Faulty("a default that is no threshold", "default: 730", "default: {a: 1}"),
    Faulty("a default that is a truth", "default: 730", "default: true"),
    Faulty("a source left out", '    source: "SP 800-57 Part 1 Rev. 5, Table 1, row 7"\n', ""),
    Faulty("two aggregates", "{any: key_grants,", "{any: key_grants, count: key_grants,"),
    Faulty("no aggregate", "{any: key_grants, on", "{on"),
    Faulty("an aggregate that is none", "{any: key_grants,", "{sum: key_grants,"),
    Faulty("a column for a table", "{any: key_grants,", "{any: key_grants.decrypts,"),
    Faulty("a table for a column", "{any: key_grants,", "{max: key_grants,"),
    Faulty("no remedy", "remedy:\n  aws: aws kms enable-key-rotation --key-id KEY\n", "remedy: {}\n"),
    Faulty("an example without rows", "  - name: on\n    rows:\n", "  - name: on\n    row:\n"),
    Faulty("a verdict that is none", "expect: {a: pass}", "expect: {a: ok}"),
    Faulty("a row of lists of numbers", "rotation_period_days: 365", "rotation_period_days: [1, 2]"),
    Faulty("no example", GOOD[GOOD.index("examples:") :], "examples: []\n"),
    Faulty("an anchor", "title: Automatic", "title: &a Automatic"),
    Faulty("a tag", "title: Automatic", "title: !!python/object Automatic"),
    Faulty("a tab", "  aws: aws kms", "\taws: aws kms"),
    Faulty("no mapping", GOOD, "- a\n- b\n"),
    Faulty("nothing", GOOD, ""),
)
"""What loading refuses."""

MEANING = (
    Faulty("IS NULL", "pass: rotation_enabled AND", "pass: rotation_enabled IS NULL AND"),
    Faulty("COALESCE", "pass: rotation_enabled AND", "pass: COALESCE(rotation_enabled, true) AND"),
    Faulty("IFNULL", "pass: rotation_enabled AND", "pass: IFNULL(rotation_enabled, true) AND"),
    Faulty("IS DISTINCT FROM", "fail: NOT rotation_enabled", "fail: rotation_enabled IS DISTINCT FROM true"),
    Faulty("CASE ELSE", "applies: managed_by = 'customer'", "applies: CASE WHEN expires THEN false ELSE true END"),
    Faulty("a sub-query", "applies: managed_by = 'customer'", "applies: key_id IN (SELECT key_id FROM keys)"),
    Faulty("a file", "applies: managed_by = 'customer'", "applies: read_text('/etc/passwd') = ''"),
    Faulty("a syntax error", "applies: managed_by = 'customer'", "applies: managed_by =="),
    Faulty("a column that is none", "pass: rotation_enabled", "pass: rotation_enable"),
    Faulty("a parameter that is none", "<= $period_max_days", "<= $period_days"),
    Faulty("a number against text", "rotation_period_days <=", "provider_spec <="),
    Faulty("no truth", "applies: managed_by = 'customer'", "applies: length_bits"),
    Faulty("a condition over columns that are none", 'where: "cross_account"', 'where: "crosses"'),
    Faulty("a join on nothing", "on: key_id, where", "on: key, where"),
    Faulty("a column shown that is none", "observe: [rotation_enabled,", "observe: [rotation_on,"),
    Faulty(
        "a parameter called as_of",
        "  period_max_days:",
        "  as_of: {default: 1, basis: policy, source: x}\n  period_max_days:",
    ),
    Faulty(
        "a parameter that nothing uses",
        "  period_max_days:",
        "  spare: {default: 1, basis: policy, source: x}\n  period_max_days:",
    ),
    Faulty("no HIPAA clause", '  - {framework: hipaa-164.312, ref: "164.312(a)(2)(iv)"}\n', ""),
    Faulty("a clause that is none", '"164.312(a)(2)(iv)"', '"164.312(a)(2)(v)"'),
    Faulty("a framework that is none", "framework: sp800-57pt1r5", "framework: sp800-57pt1r6"),
    Faulty(
        "a clause cited twice",
        '  - {framework: sp800-57pt1r5, ref: "5.3.6"}\n',
        '  - {framework: sp800-57pt1r5, ref: "5.3.6"}\n' * 2,
    ),
    Faulty("a mapping that NIST does not have", "mapping: author", "mapping: nist"),
    Faulty("a mapping that is NIST's", 'ref: "SC-12"', 'ref: "SC-13"'),
    Faulty("no mapping", ", mapping: author", ""),
    Faulty("a mapping where there is none", 'ref: "5.3.6"', 'ref: "5.3.6", mapping: author'),
    Faulty("no unknown example", "expect: {a: unknown}", "expect: {a: fail}"),
    Faulty("no example that does not apply", "expect: {a: not_applicable}", "expect: {a: fail}"),
    Faulty("HIPAA requires", "statement: Automatic", "statement: HIPAA requires that automatic"),
    Faulty(
        "required by the Security Rule",
        "title: Automatic rotation is on",
        "title: Rotation required by the Security Rule",
    ),
    Faulty("a clause prescribes", "rationale: What", "rationale: 164.312(a)(2)(iv) prescribes it. What"),
    Faulty("NIST mandates", "aws: aws kms", "aws: NIST mandates this; aws kms"),
    Faulty("a violation", "rationale: What", "rationale: A violation of the rule. What"),
    Faulty("HIPAA-compliant", "title: Automatic rotation is on", "title: HIPAA-compliant rotation"),
)
"""What linting finds."""
