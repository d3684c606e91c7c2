"""report.html as a person uses it, in a real browser from file://: search, filters, links, keyboard, axe-core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scanner.model.control import Citation, Severity
from scanner.model.report import Report
from scanner.model.verdict import Verdict
from scanner.render import html
from scanner.render.finding import anchor, place
from tests.browser import CHROMIUM, axe
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.inventories import a_full_report, an_answer, an_inventory
from tests.render.reports import a_control, a_failure, a_finding, a_report, a_result, arn

OTHER = "aws:999988887777:eu-west-1"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a report from a file. The page may ask for nothing else, and must not complain."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(report: Report, fragment: str = "", *, width: int = 1280, scripts: bool = True) -> Page:
        path = tmp_path / "report.html"
        path.write_bytes(html.render(report).data)
        # The policy of the page would keep the rules of axe-core out, too; test_browser.py holds the policy.
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, bypass_csp=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{path.as_uri()}{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(tmp_path.as_uri())] == []


def findings() -> Report:
    """Return a report with three loud controls and a quiet one."""
    rotation = a_result(
        a_finding(arn("one"), label="alias/voice"),
        a_finding(arn("two"), Verdict.UNKNOWN, source=OTHER, label=""),
        passed=2,
    )
    low = a_control(
        "KM-INV-02",
        title="Each key has an owner",
        severity=Severity.LOW,
        citations=(Citation("sp800-57pt1r5", "8.2.3"),),
    )
    owners = a_result(a_finding(arn("three"), control=low.id, label="alias/rows", source=OTHER), control=low)
    dark = a_control("KM-GEN-02", title="Keys are made in a module", severity=Severity.LOW)
    unread = a_result(control=dark, verdict=Verdict.UNKNOWN, unread="kms:ListKeys denied")
    quiet = a_result(passed=3, control=a_control("KM-GEN-01", title="Keys are AES", phase="generation"))
    answers = (an_answer(arn("one")), an_answer(arn("three")))
    return a_report(rotation, owners, unread, quiet, observations=answers, inventory=an_inventory())


def shown(page: Page) -> tuple[list[str], list[str]]:
    """Return the controls and the names of the findings that can be seen."""
    controls = [one.get_attribute("id") or "" for one in page.locator("article.finding").all() if one.is_visible()]
    controls += [one.inner_text() for one in page.locator("#passed th[id]").all() if one.is_visible()]
    rows = [one.inner_text() for one in page.locator("tr[data-verdict] > th").all() if one.is_visible()]
    return sorted(controls), sorted(row.rpartition("/")[2] for row in rows)


ALL = (["KM-GEN-01", "KM-GEN-02", "KM-INV-02", "KM-ROT-04"], ["one", "three", "two"])


# Search and filters.


def test_everything_is_shown_at_first(opened: Open) -> None:
    page = opened(findings())
    assert shown(page) == ALL
    assert page.inner_text("#filter-status") == "4 of 4 controls and 3 of 3 listed findings are shown."


@pytest.mark.parametrize(
    ("query", "controls", "rows"),
    [
        ("VOICE", ["KM-ROT-04"], ["one"]),
        ("  each   key has ", ["KM-INV-02"], ["three"]),
        ("km-rot-04", ["KM-ROT-04"], ["one", "two"]),
        ("key/two", ["KM-ROT-04"], ["two"]),
        ("keys are aes", ["KM-GEN-01"], []),
        ("listkeys denied", ["KM-GEN-02"], []),
        ("no such thing", [], []),
    ],
)
def test_search_looks_at_controls_and_findings(query: str, controls: list[str], rows: list[str], opened: Open) -> None:
    page = opened(findings())
    page.get_by_label("Search").fill(query)
    assert shown(page) == (controls, rows)
    count = f"{len(controls)} of 4 controls and {len(rows)} of 3 listed findings are shown."
    assert page.get_by_role("status").inner_text() == count
    page.get_by_role("button", name="Show all").click()
    assert shown(page) == ALL
    assert page.evaluate("document.activeElement.id") == "filter-text"


@pytest.mark.parametrize(
    ("choices", "controls", "rows"),
    [
        ({"Verdict": "FAIL"}, ["KM-INV-02", "KM-ROT-04"], ["one", "three"]),
        ({"Verdict": "UNKNOWN"}, ["KM-GEN-02", "KM-ROT-04"], ["two"]),
        ({"Verdict": "PASS"}, ["KM-GEN-01"], []),
        ({"Severity": "low"}, ["KM-GEN-02", "KM-INV-02"], ["three"]),
        ({"Clause": "8.2.3"}, ["KM-INV-02"], ["three"]),
        ({"Source": OTHER}, ["KM-INV-02", "KM-ROT-04"], ["three", "two"]),
        ({"Source": OTHER, "Verdict": "UNKNOWN"}, ["KM-ROT-04"], ["two"]),
        ({"Severity": "low", "Verdict": "PASS"}, [], []),
    ],
)
def test_filters_narrow_what_is_shown(
    choices: dict[str, str], controls: list[str], rows: list[str], opened: Open
) -> None:
    page = opened(findings())
    for label, choice in choices.items():
        page.get_by_label(label, exact=True).select_option(label=choice)
    assert shown(page) == (controls, rows)


def test_a_table_without_a_finding_to_show_is_gone(opened: Open) -> None:
    page = opened(findings())
    page.get_by_label("Verdict").select_option(label="UNKNOWN")
    assert page.locator("#KM-ROT-04 table").count() == 2
    assert [one.is_visible() for one in page.locator("#KM-ROT-04 table").all()] == [False, True]


def test_what_is_only_counted_is_said_not_to_be_searched(opened: Open) -> None:
    page = opened(a_report(a_result(*(a_finding(arn(str(i))) for i in range(203)))))
    assert page.get_by_text("3 more findings are only in verdicts.parquet; neither search").is_visible()
    assert opened(findings()).get_by_text("neither search nor filters").count() == 0


# Links.


def test_a_finding_leads_to_the_raw_answer_behind_it(opened: Open) -> None:
    page = opened(findings())
    answer = page.locator(f"#{place(an_answer(arn('one')).id)}")
    assert not answer.locator("pre").is_visible()
    page.locator("#KM-ROT-04 .evidence a").click()
    assert answer.locator("pre").is_visible()
    assert '"KeyRotationEnabled": false' in answer.locator("pre").inner_text()
    assert answer.locator("summary").evaluate("one => one === document.activeElement")
    assert page.locator("#KM-ROT-04 .evidence a").count() == 1  # the other one is not in the page


def test_a_link_to_a_finding_shows_it_although_it_was_filtered_away(opened: Open) -> None:
    page = opened(findings())
    page.get_by_label("Search").fill("no such thing")
    target = anchor(a_finding(arn("one"), label="alias/voice"))
    assert not page.locator(f"#{target}").is_visible()
    page.evaluate(f"location.hash = '{target}'")
    page.wait_for_function(f"document.getElementById('{target}').getBoundingClientRect().height > 0")
    assert shown(page) == ALL


@pytest.mark.parametrize("fragment", ["#no-such-id", "#%", "#", "#KM-ROT-04"])
def test_the_page_opens_at_any_fragment(fragment: str, opened: Open) -> None:
    assert shown(opened(findings(), fragment)) == ALL


def test_a_link_from_outside_opens_the_answer(opened: Open) -> None:
    of = place(an_answer(arn("one")).id)
    assert opened(findings(), f"#{of}").locator(f"#{of} pre").is_visible()


# Without scripts, by keyboard, read aloud.


def test_without_scripts_everything_is_there_and_no_field_that_does_nothing(opened: Open) -> None:
    page = opened(findings(), scripts=False)
    assert shown(page) == ALL
    assert not page.locator("#filter").is_visible()
    page.locator("details.raw summary").first.click()
    assert page.locator("details.raw pre").first.is_visible()


def test_the_keyboard_reaches_and_works_everything(opened: Open) -> None:
    page = opened(findings())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("Search").focus()
    reached = []
    for _ in range(6):
        reached.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    assert reached == [f"filter-{name}" for name in ("text", "verdict", "severity", "clause", "source", "clear")]
    page.get_by_label("Search").focus()
    page.keyboard.type("three")
    page.keyboard.press("Tab")
    page.keyboard.type("FAIL")
    assert shown(page) == (["KM-INV-02"], ["three"])
    page.locator("#KM-INV-02 .evidence a").focus()
    page.keyboard.press("Enter")
    summary = page.locator("details.raw[open] summary")
    summary.wait_for()
    page.keyboard.press("Enter")
    assert page.locator("details.raw[open]").count() == 0


def test_what_scrolls_sideways_on_a_telephone_can_be_reached_and_has_a_name(opened: Open) -> None:
    page = opened(findings(), width=400)
    boxes = page.locator(".wide").all()
    scrolling = [box for box in boxes if box.evaluate("one => one.scrollWidth > one.clientWidth")]
    assert scrolling
    assert all(box.get_attribute("tabindex") == "0" and box.get_attribute("aria-label") for box in scrolling)
    assert page.locator(".wide[tabindex]").count() == len(scrolling)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("document.querySelectorAll('.wide[tabindex]').length === 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    "report",
    [findings, a_failure, a_full_report, lambda: a_report(sources=(), key_ages=())],
    ids=["findings", "a failure", "an inventory", "nothing"],
)
def test_axe_finds_nothing(report: Callable[[], Report], width: int, opened: Open) -> None:
    page = opened(report(), width=width)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.add_script_tag(path=axe())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]] == []
    assert len(found["passes"]) > 20


def test_axe_can_find_something(opened: Open) -> None:
    page = opened(findings())
    page.evaluate("document.querySelector('label').remove()")
    page.add_script_tag(path=axe())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert "label" in {one["id"] for one in found["violations"]}


def test_hostile_text_is_searched_as_text(opened: Open) -> None:
    page = opened(hostile_report(PAYLOADS["html"]))
    page.get_by_label("Search").fill("<b>bold</b>")
    assert shown(page)[0] == ["KM-ROT-00"]
    page.get_by_label("Search").fill("<i>bold</i>")
    assert shown(page)[0] == []
