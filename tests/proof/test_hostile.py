"""The hostile-metadata proof: what a provider answers is shown as text in every output, and bounded."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import duckdb
import pypdf
import pytest

from scanner.cli.summary import summary
from scanner.cli.text import WIDTH
from scanner.evidence.canonical import clean_text
from scanner.evidence.redact import MAX_TEXT
from tests.browser import CHROMIUM
from tests.proof.checks import acting, foreign, formulas, markup, rows_of
from tests.proof.payloads import HOSTILE, HUGE
from tests.proof.pipeline import Outcome
from tests.render.hostile import CANARY, hostile_report
from tests.render.test_browser import Site, site, title

__all__ = ["site"]

pytestmark = pytest.mark.slow

WHOLE = 262_144
"""Characters of one text that are kept: docs/security.md says so."""
TEXTS = (
    *("said.txt", "export-summary.md", "export-findings.csv", "export-junit.xml", "export-results.sarif"),
    *("export-assessment-results.oscal.json", "export-cbom.cdx.json", "export-findings.ocsf.jsonl"),
    *("out/results.json", "out/report.html", "out/scan.json"),
)


def test_the_hostile_texts_were_answered(outcome: Outcome) -> None:
    kept = b"".join(data for where, data in outcome.contents if "/left/out/evidence/" in where).decode("utf-8")
    missing = [
        name for name, text in HOSTILE.items() if json.dumps(clean_text(text), ensure_ascii=False)[1:-1] not in kept
    ]
    assert missing == []
    assert outcome.served["kms:ListResourceTags huge"] == outcome.served["kms:ListAliases huge"] == 1
    assert outcome.served["rds:DescribeDBInstances huge"] == 1


@pytest.mark.parametrize("name", TEXTS)
def test_no_output_of_text_holds_what_a_terminal_or_a_reader_acts_on(outcome: Outcome, name: str) -> None:
    text = outcome.read(name).decode("utf-8")
    assert acting(name, text) == []


def test_the_terminal_shows_no_line_that_a_provider_wrote(outcome: Outcome) -> None:
    lines = outcome.read("said.txt").decode("utf-8").splitlines()
    assert len(lines) > 60
    assert [line for line in lines if line.startswith(("error: two", "hint: three", "\t", "=1+1"))] == []
    # Paths and digests are not broken.
    words = [line for line in lines if not re.search(r"/|[0-9a-f]{64}", line)]
    assert max(map(len, words)) <= WIDTH


def test_the_summary_of_hostile_results_is_lines_of_eighty_columns() -> None:
    lines = summary(hostile_report(*HOSTILE.values(), HUGE[:WHOLE]), verbose=2)
    assert [line for line in lines if not line.replace("\n", "").isprintable()] == []
    broken = [part for line in lines for part in line.split("\n") if len(part) > WIDTH and " " in part.strip()]
    assert [part for part in broken if max(map(len, part.split())) < WIDTH // 2] == []


@pytest.mark.parametrize("name", ["export-findings.csv"])
def test_no_cell_of_a_table_is_a_formula(outcome: Outcome, name: str) -> None:
    rows = rows_of(outcome.read(name))
    assert len(rows) > 100
    assert {len(row) for row in rows} == {len(rows[0])}
    assert formulas(outcome.read(name)) == []


def test_xml_and_json_are_read_by_their_own_parsers(outcome: Outcome) -> None:
    junit = ET.fromstring(outcome.read("export-junit.xml"))  # noqa: S314 - what we wrote ourselves
    assert junit.tag == "testsuites"
    for name in TEXTS:
        if name.endswith((".json", ".sarif")):
            assert isinstance(json.loads(outcome.read(name)), dict)
    lines = outcome.read("export-findings.ocsf.jsonl").split(b"\n")
    assert all(json.loads(line) for line in lines[:-1])
    assert lines[-1] == b""


def test_markdown_has_no_markup_of_a_provider(outcome: Outcome) -> None:
    assert markup(outcome.read("export-summary.md").decode("utf-8")) == []


def test_tables_of_parquet_are_read(outcome: Outcome) -> None:
    for path in sorted((outcome.folder / "out").rglob("*.parquet")):
        with duckdb.connect() as db:
            assert db.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()


def test_html_has_the_elements_that_it_has_without_hostile_texts(outcome: Outcome) -> None:
    assert foreign(outcome.read("out/report.html").decode("utf-8")) == []


@pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")
def test_a_browser_runs_nothing_and_fetches_nothing(outcome: Outcome, site: Site) -> None:
    page = outcome.read("out/report.html").decode("utf-8")
    assert CANARY in page
    site.write("report.html", page)
    assert title(site.open("report.html")).startswith("Cryptographic key audit: ")
    assert set(site.asked) <= {"/report.html", "/favicon.ico"}


def test_the_pdf_opens_and_does_nothing(outcome: Outcome) -> None:
    reader = pypdf.PdfReader(io.BytesIO(outcome.read("out/report.pdf")), strict=True)
    assert 10 < len(reader.pages) < 200
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(reader.root_object)
    links = [one.get_object() for page in reader.pages for one in page.get("/Annots", [])]
    assert links
    assert {str(one["/A"]["/URI"]).partition(":")[0] for one in links if "/URI" in one.get("/A", {})} <= {"https"}
    assert not any(
        kind in data
        for where, data in outcome.contents
        if "report.pdf" in where
        for kind in (b"/JavaScript", b"/Launch")
    )


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


def test_a_text_of_ten_megabytes_is_bounded_in_every_output(outcome: Outcome) -> None:
    assert MAX_TEXT == WHOLE < len(HUGE)
    longest = max(len(text) for record in outcome.records() for text in _strings(record))
    assert longest == WHOLE
    cut = [text for record in outcome.records() for text in _strings(record) if len(text) == WHOLE]
    assert len(cut) == 3
    assert all(re.fullmatch(r" \[cut, 10\d{6} characters\]", text[text.rindex(" [cut,") :]) for text in cut)
    # No report repeats even that.
    shown = [(where, data) for where, data in outcome.contents if re.search("report[.]|export-|said", where)]
    assert len(shown) > 10
    assert [where for where, data in shown if b"W" * 3_000 in data] == []
