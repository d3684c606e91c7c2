"""report.html: well-formed, self-contained, readable for machines that read aloud, and exact where it is golden."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from scanner.evaluate.load import load_catalogue
from scanner.model.report import Report
from scanner.render import html, view
from scanner.render.text import visible
from scanner.resources import controls_dir, templates_dir
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.inventories import a_full_report
from tests.render.reading import Page, on_screen
from tests.render.reports import (
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_source,
    arn,
    renamed,
)

INVENTORY = ("hierarchy", "modules", "stores", "retention")
GOLDEN = Path(__file__).parent / "golden"


SCRIPT = (templates_dir() / "report.js").read_text(encoding="utf-8")


def allowed(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def written(report: Report) -> str:
    return html.render(report).data.decode()


def whole_catalogue() -> Report:
    """Return a report in which every control of the shipped catalogue fails for one key."""
    catalogue = load_catalogue(controls_dir())
    results = [a_result(a_finding(arn("one"), control=c.id), control=c, passed=1) for c in catalogue.controls]
    return a_report(*results, frameworks=catalogue.frameworks)


SHAPES: dict[str, Callable[[], Report]] = {
    "a failure": a_failure,
    "nothing": lambda: a_report(sources=(), key_ages=()),
    "only gaps": lambda: a_report(gaps=(a_gap(), a_gap(subject=None)), sources=(a_source(calls=0, gaps=2),)),
    "all passed": lambda: a_report(a_result(passed=3)),
    "the whole catalogue": whole_catalogue,
    "an inventory": a_full_report,
    "hostile": lambda: hostile_report(*PAYLOADS.values()),
}


@pytest.fixture(params=SHAPES, scope="module")
def shape(request: pytest.FixtureRequest) -> Page:
    return on_screen(SHAPES[request.param]())


# What every page has, whatever the report.


def test_the_artifact_says_what_it_is() -> None:
    artifact = html.render(a_failure())
    assert (artifact.name, artifact.media_type) == ("report.html", "text/html")
    assert artifact.data.startswith(b"<!DOCTYPE html>\n<html lang=")


def test_headings_are_nested(shape: Page) -> None:
    levels = [int(e.tag[1]) for e in shape.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_tables_have_captions_and_scopes(shape: Page) -> None:
    tables = shape.all("table")
    captions = [e.text for e in shape.all("caption")]
    assert len(captions) == len(tables) > 0
    assert all(captions)
    assert all(e.attributes.get("scope") in {"col", "row"} for e in shape.all("th"))
    assert not [e for e in shape.all("th") if not e.text]


def test_ids_are_unique_and_links_lead_somewhere_on_the_on_screen(shape: Page) -> None:
    ids = [e.attributes["id"] for e in shape.elements if "id" in e.attributes]
    assert len(set(ids)) == len(ids)
    links = {e.attributes["href"] for e in shape.all("a")}
    assert links <= {f"#{one}" for one in ids}
    assert "#summary" in links


def test_nothing_is_fetched_and_nothing_can_run_but_the_pages_own_script(shape: Page) -> None:
    tags = {e.tag for e in shape.elements}
    assert not tags & {"img", "iframe", "link", "object", "embed", "base", "form", "audio", "video"}
    (script,) = shape.all("script")
    assert script.attributes == {}
    assert "".join(script.parts) == SCRIPT
    names = {name for e in shape.elements for name in e.attributes}
    assert not [name for name in names if name.startswith("on") or name in {"src", "style", "srcdoc", "action"}]
    assert {e.attributes["href"][:1] for e in shape.all("a", "use", "image") if "href" in e.attributes} == {"#"}
    assert len(shape.all("style")) == 1


def test_the_policy_comes_first_and_allows_the_one_style_sheet_and_the_one_script() -> None:
    text = written(a_failure())
    (policy,) = [e.attributes for e in Page(text).all("meta") if "http-equiv" in e.attributes]
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"] == (
        f"default-src 'none'; script-src {allowed(SCRIPT)}; style-src {allowed(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert text.index("Content-Security-Policy") < text.index("<title>")


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    template = html._environment().from_string("{{ nothing }}")
    with pytest.raises(UndefinedError):
        template.render()


def test_a_template_that_forgot_its_filter_still_shows_safe_text() -> None:
    template = html._environment().from_string("{{ text }}|{{ number }}|{{ markup }}")
    shown = template.render(text="<b>\x1b\ud800", number=7, markup=Markup("<i>"))
    assert shown == r"&lt;b&gt;\u001b\ud800|7|<i>"


def test_print_and_screen_have_the_same_words() -> None:
    printed = Page(html.page(a_full_report(), view.PRINT, printed=True).replace("\u200b", ""))
    shown = on_screen(a_full_report())
    for name in ("population", "gaps", "thresholds", "passed", "modules", "stores", "retention"):
        assert printed.section(name) == shown.section(name)


# Golden: what an auditor reads of one finding, and on the first page.


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("summary.html", '<section id="summary">', "</section>"),
        ("finding.html", '<article class="finding" id="KM-ROT-04"', "</article>"),
        ("cover.html", '<header class="cover">', "</header>"),
    ],
)
def test_golden(name: str, start: str, end: str) -> None:
    # KEYAUDIT_GOLDEN=write writes them anew: read the difference before you keep it.
    text = written(a_failure())
    part = text[text.index(start) : text.index(end, text.index(start)) + len(end)]
    if os.environ.get("KEYAUDIT_GOLDEN") == "write":
        (GOLDEN / name).write_text(part, encoding="utf-8")
    assert part == (GOLDEN / name).read_text(encoding="utf-8")


# Hostile text.


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_changes_no_element_and_is_all_there(name: str) -> None:
    text = PAYLOADS[name]
    hostile, harmless = on_screen(hostile_report(text)), on_screen(hostile_report("harmless, text"))
    assert hostile.shape() == harmless.shape()
    shown = " ".join(visible(text).split())
    assert hostile.all("title")[0].text == f"Cryptographic key audit: {shown}"
    assert hostile.all("h1")[0].text == shown
    for place in ("KM-ROT-00", "summary", "population", "gaps", "ages", "thresholds", "coverage", *INVENTORY):
        assert shown in hostile.section(place)


def test_hostile_text_that_is_long_is_cut_and_says_so() -> None:
    long = "<x>" * 3_500_000
    text = written(hostile_report(long))
    assert len(text) < 500_000
    assert text.count("(cut, 10500000 characters)") > 20


def test_five_thousand_findings_are_a_sample_and_a_number() -> None:
    text = written(a_report(a_result(*(a_finding(arn(f"{i:05d}")) for i in range(5_000)))))
    shown = Page(text)
    assert len([e for e in shown.all("span") if e.text.startswith(arn("0"))]) == view.SCREEN.subjects
    assert "Failed: and 4800 more in verdicts.parquet" in shown.section("KM-ROT-04")
    assert len(text) < 400_000


def test_template_language_in_a_name_is_text() -> None:
    assert on_screen(renamed(a_failure(), organization="{{ 7*7 }}")).all("h1")[0].text == "{{ 7*7 }}"
    assert not re.search(r"\b49\b", on_screen(renamed(a_failure(), organization="{{ 7*7 }}")).all("header")[0].text)
