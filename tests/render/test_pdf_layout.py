"""report.pdf as an auditor reads it: bookmarks, page numbers, page breaks, what fits on its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.evaluate.load import load_catalogue
from scanner.model.verdict import Counts, Verdict
from scanner.render import html, pdf, view
from scanner.render.text import visible
from scanner.resources import controls_dir
from tests.render.reading import Pdf, squeezed
from tests.render.reports import (
    LARGE,
    a_control,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_source,
    renamed,
)

A4 = 595.28
MARGIN = 17 / 25.4 * 72
SECTIONS = (
    "Summary",
    "Coverage",
    "Key hierarchy",
    "Cryptographic modules and their FIPS 140 certificates",
    "AI vendors",
    "Data stores and their keys",
    "Retention of logs",
    "Key ages against their cryptoperiods",
    "Findings",
    "Passed and not applicable",
    "Population and completeness",
    "Gaps",
    "Thresholds",
    "Method and limits",
    "Glossary",
)


# A document to read.


def test_each_section_and_each_finding_has_a_bookmark(large: Pdf) -> None:
    titles = [title for title, _ in large.bookmarks()]
    assert [title for title in titles if title in SECTIONS] == list(SECTIONS)
    findings = [title.partition(" ")[0] for title in titles if re.match(r"[A-Z]{2}-[A-Z]{3}-\d\d · ", title)]
    assert sorted(findings) == sorted(c.id for c in load_catalogue(controls_dir()).controls[:LARGE])


def test_bookmarks_lead_to_where_their_heading_stands(large: Pdf) -> None:
    for title, number in large.bookmarks():
        assert squeezed(visible(title)) in squeezed(large.pages[number])


def test_each_page_says_which_it_is_and_of_what(large: Pdf) -> None:
    count = len(large.pages)
    assert count > 15
    for number, text in enumerate(large.pages, 1):
        assert f"page {number} of {count}" in text
        running = "Example Health Voice · key audit as of 2026-06-15 12:00:00 UTC · scan 11111111"
        assert (running in text) == (number > 1)


def test_the_contents_name_the_pages_of_the_sections(large: Pdf) -> None:
    where = dict(large.bookmarks())
    contents = dict(re.findall(r"^(\w[\w ]*?) ?\.{3,} ?(\d+)$", large.pages[0], re.MULTILINE))
    assert int(contents["Summary"]) == where["Summary"] + 1 == 2
    assert int(contents["Findings"]) == where["Findings"] + 1
    assert int(contents["Glossary"]) == where["Glossary"] + 1
    assert len(contents) == len(SECTIONS)


def test_what_stands_on_page_one_and_two(small: Pdf) -> None:
    one, two = (" ".join(text.split()) for text in small.pages[:2])
    assert "2 controls: 1 failed, 0 unknown, 1 passed, 0 not applicable. 1 question to the systems had no answer" in one
    assert "aws:111122223333:us-east-1" in squeezed(one)
    assert "arn:aws:iam::111122223333:role/audit" in squeezed(one)
    for said in (
        "Summary",
        "Top risks",
        "high",
        "KM-ROT-04",
        "Automatic rotation is on",
        "1 of 4",
        "What could not be assessed",
        "kms:GetKeyRotationStatus denied (AccessDeniedException)",
        "What was not read",
    ):
        assert said in two
    assert "Coverage" not in two


@pytest.mark.parametrize("text", ["W" * 300, "a long name that goes on and on " * 10])
def test_the_cover_and_the_summary_are_one_page_each_whatever_the_names(text: str) -> None:
    results = [
        a_result(
            control=a_control(f"KM-AAA-{i:02d}", title=text),
            unread=text,
            counts=Counts(0, 1, 1, 0),
            verdict=Verdict.FAIL,
        )
        for i in range(30)
    ]
    report = a_report(
        *results,
        gaps=[a_gap(operation=f"{text}{i}", source=f"{text}{i}", error_code=text) for i in range(9)],
        sources=[a_source(f"{text}{i}", calls=0) for i in range(20)],
    )
    many = tuple(f"{text}{i}" for i in range(20))
    document = Pdf(pdf.render(renamed(report, organization=text, principals=many, selection=text, insecure=many)).data)
    where = dict(document.bookmarks())
    assert (where["Summary"], where["What was not read"], where["Coverage"]) == (1, 1, 2)
    assert "and 5 more under Gaps" in document.pages[1]
    assert "gave none at all; none of it counts as a pass" in " ".join(document.pages[0].split())


NO_THRESHOLDS = "No control of this scan has a threshold."


def test_no_heading_stands_last_on_its_page(large: Pdf) -> None:
    running = re.compile(r"page \d+ of \d+|.* · scan [0-9a-f]{8}.*")
    for title, number in large.bookmarks()[1:]:
        text = " ".join(line for line in large.pages[number].splitlines() if not running.fullmatch(line.strip()))
        after = squeezed(text).partition(squeezed(visible(title)))[2]
        # A chapter may be shorter than that, as a whole.
        assert len(after) > 80 or after == squeezed(NO_THRESHOLDS), f"{title} ends page {number + 1}"


def cut(page: str, start: str, end: str) -> str:
    """Return a part of a page."""
    return page[page.index(start) : page.index(end, page.index(start)) + len(end)]


@pytest.mark.parametrize(
    ("start", "end", "last", "needs"),
    [
        ('<section id="thresholds">', "</section>", "Thresholds", "365days"),
        ('<section id="population">', "</section>", "Populationandcompleteness", "3keys"),
        ('<article class="finding"', "</article>", "KM-ROT-04·", "164.312(a)(2)(iv)"),
        ('<article class="finding"', "</article>", "--rotation-period-in-days365", "FailedObservedalias/one"),
    ],
)
def test_what_introduces_something_stands_on_its_page_wherever_the_page_ends(
    start: str, end: str, last: str, needs: str
) -> None:
    page = html.page(a_failure(), view.PRINT, printed=True)
    part = cut(page, start, end)
    places = (f'<div style="break-before: page; height: {place}mm"></div>{part}' for place in range(130, 250, 3))
    document = Pdf(pdf._write(cut(page, "<!DOCTYPE", "</head>") + "".join(places))[0])
    pages = [squeezed(text) for text in document.pages if last in squeezed(text)]
    assert len(pages) == 40
    assert [text for text in pages if needs not in text] == []


@pytest.mark.parametrize(
    ("row", "header"),
    [
        (r"example-source-\d{3}", "Listingsreadtotheend"),
        (r"kms:Operation\d{3}", "Whatthesystemsaidfirst,andofwhat"),
    ],
)
def test_the_headings_of_a_long_table_stand_on_each_of_its_pages(large: Pdf, row: str, header: str) -> None:
    start = dict(large.bookmarks())["Population and completeness"]
    pages = [squeezed(text) for text in large.pages[start:] if re.search(row, squeezed(text))]
    assert len(pages) > 2
    assert all(header in text for text in pages)


def test_no_word_leaves_the_page(large: Pdf, hostile: Pdf, tmp_path: Path) -> None:
    for document in (large, hostile):
        words = document.words(tmp_path)
        assert len(words) > 1000
        outside = [w for w in words if w[1] < MARGIN - 1 or w[2] > A4 - MARGIN + 1]
        assert outside == []


def test_an_arn_of_2000_characters_wraps_and_is_whole(tmp_path: Path) -> None:
    long = f"arn:aws:kms:us-east-1:111122223333:key/{'x' * 1961}"
    assert len(long) == 2000
    finding = a_finding(long, label="", observed={"name": "y" * 800}, evidence=())
    document = Pdf(pdf.render(a_report(a_result(finding), gaps=(a_gap(subject=long, detail=long),))).data)
    assert long in squeezed("".join(document.pages))
    assert [w for w in document.words(tmp_path) if w[2] > A4 - MARGIN + 1] == []
