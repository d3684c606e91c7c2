"""report.pdf: an archivable document that an auditor can print, navigate and search."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from scanner.model.verdict import Counts
from scanner.render import html, pdf, view
from scanner.render.text import visible
from tests.render.hostile import PAYLOADS
from tests.render.reading import Pdf, squeezed
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


def objects(reader: pypdf.PdfReader) -> Iterator[DictionaryObject]:
    """Yield every dictionary of a document."""
    seen: set[int] = set()
    left: list[Any] = [reader.trailer]
    while left:
        one = left.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in seen:
                continue
            seen.add(one.idnum)
            one = one.get_object()
        if isinstance(one, ArrayObject):
            left.extend(one)
        elif isinstance(one, DictionaryObject):
            yield one
            left.extend(one.raw_get(key) for key in one)


# An archivable document.


def test_the_artifact_says_what_it_is() -> None:
    artifact = pdf.render(a_report(key_ages=()))
    assert (artifact.name, artifact.media_type, artifact.data[:5]) == ("report.pdf", "application/pdf", b"%PDF-")


def test_it_is_marked_as_pdf_a_3u(small: Pdf) -> None:
    root: Any = small.reader.root_object
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3"' in xmp
    assert 'pdfaid:conformance="U"' in xmp
    (intent,) = root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert len(intent["/DestOutputProfile"].get_object().get_data()) > 100
    assert "/Encrypt" not in small.reader.trailer
    trailer: Any = small.reader.trailer
    assert len(trailer["/ID"]) == 2


def test_it_is_tagged_for_readers_aloud(small: Pdf) -> None:
    root: Any = small.reader.root_object
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    kinds = {str(o["/S"]) for o in objects(small.reader) if o.get("/Type") == "/StructElem"}
    assert kinds >= {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD"}


def test_its_metadata_are_those_of_the_scan(small: Pdf) -> None:
    metadata = small.reader.metadata
    assert metadata is not None
    assert metadata.title == "Cryptographic key audit: Example Health Voice"
    assert metadata.author == "keyaudit 1.2.3"
    assert metadata.creator == "keyaudit 1.2.3"
    assert "scan 11111111-2222-4333-8444-555555555555" in str(metadata.subject)
    assert metadata.creation_date_raw == metadata.modification_date_raw == "D:20260615120000Z"


def test_every_font_is_embedded(large: Pdf) -> None:
    fonts = [o for o in objects(large.reader) if o.get("/Type") == "/FontDescriptor"]
    assert fonts
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(font) for font in fonts)
    mapped = [o for o in objects(large.reader) if o.get("/Type") == "/Font" and o.get("/Subtype") == "/Type0"]
    assert mapped
    assert all("/ToUnicode" in font for font in mapped)


@pytest.mark.parametrize("which", ["small", "large", "hostile"])
def test_nothing_runs_and_nothing_leads_outside(which: str, request: pytest.FixtureRequest) -> None:
    document: Pdf = request.getfixturevalue(which)
    for one in objects(document.reader):
        assert not {"/JS", "/JavaScript", "/AA", "/OpenAction", "/URI", "/Launch", "/EmbeddedFile", "/EF"} & set(one)
        assert one.get("/S") not in {"/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm", "/ImportData"}
        assert one.get("/Subtype") not in {"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/3D", "/Image"}


def test_the_same_report_gives_the_same_bytes_and_another_another_id(small: Pdf) -> None:
    assert pdf.render(a_failure()).data == small.data
    other = Pdf(pdf.render(renamed(a_failure(), organization="Another")).data)
    assert other.reader.trailer["/ID"] != small.reader.trailer["/ID"]


# A document of bounded size.


def test_five_thousand_findings_are_a_sample_and_a_number() -> None:
    findings = [a_finding(arn(f"{i:05d}"), label=f"alias/{i:05d}") for i in range(5_000)]
    document = Pdf(pdf.render(a_report(a_result(*findings))).data)
    text = " ".join("".join(document.pages).split())
    assert text.count("alias/0") == view.PRINT.subjects
    assert "Failed: and 4988 more in verdicts.parquet" in text
    assert "5000 of 5000" in document.pages[1]
    assert len(document.pages) < 12
    assert len(document.data) < 500_000


def test_many_sources_and_gaps_are_a_sample_and_a_number(large: Pdf) -> None:
    text = " ".join("".join(large.pages).split())
    assert "and 20 more in results.json; those with gaps are all listed before those without" in text
    assert "and 10 more in results.json" in text


@pytest.mark.parametrize(
    "report",
    [
        a_report(sources=(), key_ages=()),
        a_report(gaps=(a_gap(),), sources=(a_source(calls=0, gaps=1),)),
        a_report(a_result(passed=1)),
        a_report(replace(a_result(a_finding(arn("one"))), counts=Counts(0, 1, 0, 0), findings=())),
    ],
)
def test_small_reports_are_short(report: Any) -> None:  # noqa: ANN401 - a Report; the parameters are built above
    assert 4 <= len(Pdf(pdf.render(report).data).pages) <= 8


# Text from outside.


@pytest.mark.parametrize("name", [name for name in PAYLOADS if name != "direction"])
def test_hostile_text_is_printed_as_text(name: str, hostile: Pdf) -> None:
    assert squeezed(visible(PAYLOADS[name])) in squeezed("".join(hostile.pages))


def test_text_of_two_directions_is_printed_with_its_marks_spelled_out(hostile: Pdf) -> None:
    text = squeezed("".join(hostile.pages))
    assert r"a\u202eb\u2066c\u200fd" in text
    assert "\u05d0" in text
    assert "\u0627" in text


def test_what_no_font_has_is_spelled_out_and_not_boxed() -> None:
    document = Pdf(pdf.render(renamed(a_failure(), organization="Klinik \U0001f9ff\u1a20\ua4d0\U00013000 Zürich")).data)
    first = squeezed(document.pages[0])
    for char in "\U0001f9ff\u1a20\ua4d0\U00013000":
        assert char in first or visible(f"\\U{ord(char):08x}") in first or f"\\u{ord(char):04x}" in first
    assert r"\U00013000" in first
    assert "Zürich" in first


def test_missing_latin_letters_are_an_error_with_its_remedy() -> None:
    assert pdf.spellings({"日", "\U00013000"}) == {0x65E5: r"\u65e5", 0x13000: r"\U00013000"}
    with pytest.raises(pdf.FontError, match="no font with Latin letters") as caught:
        pdf.spellings({"日", "a"})
    assert "fonts-liberation" in caught.value.hint


def test_no_font_at_all_is_an_error_and_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{tmp_path / 'none'}</dir><cachedir>{tmp_path}</cachedir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(config))
    with pytest.raises(pdf.FontError, match="no font is installed"):
        pdf.render(a_failure())


@pytest.mark.parametrize(
    "markup",
    [
        "<style>@import url(http://127.0.0.1:9/x)</style>",
        "<style>body { background: url(http://127.0.0.1:9/x) }</style>",
        "<img src='file:///etc/passwd'>",
        "<img src='data:image/png;base64,AAAA'>",
        "<link rel=stylesheet href=http://127.0.0.1:9/x>",
        "<object data=http://127.0.0.1:9/x></object>",
        "<svg><image href='http://127.0.0.1:9/x'/></svg>",
    ],
)
def test_nothing_is_fetched_even_if_markup_came_in(markup: str) -> None:
    with pdf._remarks() as remarks:
        data, _ = pdf._write(f"<meta charset=utf-8>{markup}<p>text")
    assert "disallowed protocol" in " ".join(remarks)
    assert "text" in Pdf(data).pages[0]


def test_the_templates_give_weasyprint_nothing_to_remark_on() -> None:
    with pdf._remarks() as remarks:
        pdf._write(html.page(a_failure(), view.PRINT, printed=True))
        logging.getLogger("weasyprint").warning("%s is caught", "this")
    assert remarks == ["this is caught"]


def test_remarks_reach_nobody_else_and_the_logger_is_left_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("weasyprint")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with pdf._remarks():
        logger.warning("for us alone")
    assert caplog.records == []
    assert (logger.level, logger.propagate, logger.handlers) == before
