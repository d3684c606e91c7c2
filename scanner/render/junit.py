"""``junit.xml``: the verdicts as a test report, for a build server.

A control is a suite, a statement of it a case. FAIL is a failure, UNKNOWN an error (the check could not be made:
no build server counts an error as good), NOT APPLICABLE is skipped, and only PASS is a case with nothing in it.
The format has no standard; the schema that the tests use is the one of Jenkins' xUnit plugin (``junit-10.xsd``).
"""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from scanner.model.artifact import Artifact
from scanner.model.report import Report
from scanner.model.verdict import ControlResult, Verdict
from scanner.render import words
from scanner.render.exceptions import cover
from scanner.render.interchange import Statement, cited, instant, named, remedy, statements, tally
from scanner.render.text import visible

_OUTCOMES = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error", Verdict.NOT_APPLICABLE: "skipped"}
_HEAD = Markup(
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<testsuites name="{}" tests="{}" failures="{}" errors="{}">\n{}</testsuites>\n'
)
_SUITE = Markup(
    '<testsuite name="{}" id="{}" package="{}" tests="{}" failures="{}" errors="{}" skipped="{}" timestamp="{}">\n'
    "<properties>\n{}</properties>\n{}</testsuite>\n"
)
_PROPERTY = Markup('<property name="{}" value="{}"/>\n')
_CASE = Markup('<testcase classname="{}" name="{}">{}</testcase>\n')
_OUTCOME = Markup('<{0} type="{1}" message="{2}">{3}</{0}>')


def render(report: Report) -> Artifact:
    """Return ``junit.xml``. What XML cannot hold (control characters, surrogates) is spelled out."""
    said = [list(statements(result)) for result in report.results]
    total = Counter(one.verdict for suite in said for one in suite)
    when = instant(report.scan.ended.replace(microsecond=0)).removesuffix("Z")
    suites = Markup("").join(_suite(result, of, when) for result, of in zip(report.results, said, strict=True))
    name = f"keyaudit {visible(report.scan.organization)}"
    text = _HEAD.format(name, total.total(), total[Verdict.FAIL], total[Verdict.UNKNOWN], suites)
    return Artifact("junit.xml", "application/xml", text.encode())


def _suite(result: ControlResult, said: list[Statement], when: str) -> Markup:
    control = result.control
    count = Counter(one.verdict for one in said)
    properties = {
        "severity": control.severity.value,
        "verdict": words.VERDICTS[result.verdict],
        "subjects": tally(result),
        "citations": "; ".join(cited(control)),
    }
    return _SUITE.format(
        f"{control.id} {visible(control.title)}",
        control.id,
        visible(control.phase),
        len(said),
        count[Verdict.FAIL],
        count[Verdict.UNKNOWN],
        count[Verdict.NOT_APPLICABLE],
        when,
        Markup("").join(_PROPERTY.format(*pair) for pair in properties.items()),
        Markup("").join(map(_case, said)),
    )


def _case(said: Statement) -> Markup:
    finding = said.finding
    name = named(finding) if finding else said.text
    outcome = _OUTCOMES.get(said.verdict)
    if outcome is None:
        return _CASE.format(said.control.id, name, "")
    lines = [said.text]
    if finding:
        lines += [cover(finding.waiver)] if finding.waiver else []
        lines += [f"source: {visible(finding.source)}", f"evidence: {' '.join(finding.evidence)}"]
    if said.verdict is Verdict.FAIL:
        lines.append(f"remedy: {remedy(said.control, finding.source if finding else '')}")
    body = _OUTCOME.format(Markup(outcome), words.VERDICTS[said.verdict], said.text, "\n".join(lines))  # noqa: S704 - one of three words
    return _CASE.format(said.control.id, name, body)
