"""Hostile metadata: what a name, a tag, a policy or an error text of a live system may hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.model.control import Clause
from scanner.model.ids import Json
from scanner.model.observation import Gap
from scanner.model.report import Branch, Hierarchy, Inventory, Population, Report
from scanner.model.verdict import ControlResult, Verdict
from tests.render.inventories import a_module, a_store, a_trail, an_answer, an_inventory
from tests.render.periods import hostile_period
from tests.render.reports import (
    LAW,
    NIST,
    a_control,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_scan,
    a_source,
    a_threshold,
    an_age,
)
from tests.render.trends import hostile_trend

CANARY = "http://127.0.0.1:9"
"""Where the payloads point. A browser test puts its own server there."""

PAYLOADS: dict[str, str] = {
    "html": "<b>bold</b><table><tr><td>",
    "script": f"<script>document.title='pwned';fetch('{CANARY}/script')</script>",
    "event": f"\"'><img src={CANARY}/img onerror=\"document.title='pwned'\">",
    "svg": "</text></svg><svg onload=\"document.title='pwned'\"><use href='#x'/>",
    "css": f"</style><style>@import url({CANARY}/css);*{{background:url({CANARY}/bg)}}",
    "frame": f"<iframe src={CANARY}/frame></iframe><link rel=stylesheet href={CANARY}/link>",
    "link": "javascript:document.title='pwned'",
    "entity": "&lt;script&gt; &#x202e; &amp;amp;",
    "cdata": "]]><!-- --><![CDATA[",
    "template": "{{ 7*7 }} {% raw %} ${7*7} #{7*7} {# gone #}",
    "csv": "=cmd|' /C calc'!A0",
    "terminal": "\x1b[31m\x1b]0;pwned\x07\x9b2J",
    "direction": "a\u202eb\u2066c\u200fd\u05d0\u0627",
    "zero width": "a\u200bb\ufeffc\u00add\u3164e",
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
    "tag characters": "a\U000e0041b",
}


def hostile_result(text: str, control: str = "KM-ROT-04") -> ControlResult:
    """Return a result in which ``text`` stands wherever a live system or a catalogue may put text."""
    own = a_control(
        control, title=text, statement=text, rationale=text, remedy=(("aws", text),), path=text, undecided=text
    )
    observed: dict[str, Json] = {"policy": text, "tags": [text, "b"], "next_rotation_at": {text: text}}
    given: dict[str, Any] = {"label": text, "source": text, "reason": text, "observed": observed}
    findings = (a_finding(f"key/{text}", **given), a_finding(f"key2/{text}", Verdict.UNKNOWN, **given))
    use = a_threshold(name=text, value=[text], default=text, unit=text, source=text, overridden=True)
    return a_result(*findings, control=own, thresholds=(use,), unread=text, addressable_only=True)


def hostile_gap(text: str) -> Gap:
    """Return a gap that the system explained with ``text``."""
    return a_gap(
        source=text, operation=text, subject=text, error_code=text, detail=text, request_id=text, endpoint=text
    )


def hostile_inventory(*texts: str) -> Inventory:
    """Return an inventory in which each of the texts stands wherever the facts may hold one."""
    branches = tuple(
        Branch(kind, depth, text, text, "observed" if depth else "", (text,))
        for text in texts
        for depth, kind in enumerate(("certificate", "module", "key", text))
    )
    return an_inventory(
        hierarchy=Hierarchy(branches=branches, edges=(("observed", 3),), keys=1),
        modules=tuple(
            a_module(
                **dict.fromkeys(
                    ("product", "kind", "embodiment", "version", "state", "certificate_name", "standard", "status"),
                    text,
                ),
                names=(text,),
                reading_source=text,
                note=text,
            )
            for text in texts
        ),
        stores=tuple(
            a_store(text, kind=text, sensitivity=(text,), key_id=text, key_name=text, key_state=text) for text in texts
        ),
        trails=tuple(a_trail(trail_id=text, name=text, bucket=text, log_group_id=text) for text in texts),
    )


def hostile_report(*texts: str) -> Report:
    """Return a report in which each of the texts stands in every place where text may stand."""
    results = tuple(hostile_result(text, f"KM-ROT-{i:02d}") for i, text in enumerate(texts))
    every = "".join(texts)
    law = replace(LAW, note=every, clauses=(*LAW.clauses, Clause(every, every, every, every, binding=True)))
    nist = replace(NIST, title=every, version=every, note=every)
    return a_report(
        *results,
        frameworks=(law, nist),
        scan=a_scan(
            organization=texts[0],
            tool_version=texts[0],
            selection=every,
            principals=texts,
            policy={text: text for text in texts},
            insecure=texts,
        ),
        gaps=tuple(hostile_gap(text) for text in texts),
        sources=tuple(
            a_source(text, name=text, endpoint=text, gaps=1, populations=(Population(text, 1, complete=False),))
            for text in texts
        ),
        key_ages=tuple(an_age(text, 400, key_id=text, key_type=text) for text in texts),
        inventory=hostile_inventory(*texts),
        period=hostile_period(*texts),
        trend=hostile_trend(*texts),
        observations=tuple(
            an_answer(f"key/{text}", operation=text, source=text, ended=text, response={text: [text]}) for text in texts
        ),
    )
