"""Reading back what was rendered: the elements of a page, the pages of a PDF, where each word stands."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf

from scanner.model.report import Report
from scanner.render import html

BLOCKS = frozenset({"br", "caption", "dd", "div", "dt", "h1", "h2", "h3", "li", "p", "td", "text", "th", "tr"})
VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr", "rect", "line", "path"})


@dataclass(slots=True)
class Element:
    """One element with its text, that of its children included."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its text, with single spaces."""
        return " ".join("".join(self.parts).split())

    @property
    def above(self) -> list[str]:
        """The tags that it stands in."""
        return [] if self.parent is None else [self.parent.tag, *self.parent.above]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: Element | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.handle_data(" ")
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.elements.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open is not None
        assert self.open.tag == tag, f"</{tag}> closes <{self.open.tag}>"
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        element = self.open
        while element is not None:
            element.parts.append(data)
            element = element.parent


class Page:
    """A page of HTML, well nested or the reading fails."""

    def __init__(self, text: str) -> None:
        reader = _Reader()
        reader.feed(text)
        reader.close()
        assert reader.open is None
        self.elements = reader.elements

    def all(self, *tags: str) -> list[Element]:
        """Return the elements of some tags."""
        return [e for e in self.elements if e.tag in tags]

    def classed(self, name: str) -> list[Element]:
        """Return the elements of a class."""
        return [e for e in self.elements if name in e.attributes.get("class", "").split()]

    def section(self, name: str) -> str:
        """Return the text of the element with an id."""
        (only,) = [e for e in self.elements if e.attributes.get("id") == name]
        return only.text

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return every tag with the names of its attributes, but for places where a line may break."""
        return [(e.tag, tuple(e.attributes)) for e in self.elements if e.tag != "wbr"]


def on_screen(report: Report) -> Page:
    """Return the HTML of a report, read back."""
    return Page(html.render(report).data.decode())


class Pdf:
    """A PDF, by pypdf and poppler."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
        self.pages = [page.extract_text() for page in self.reader.pages]

    def bookmarks(self) -> list[tuple[str, int]]:
        """Return (title, page from 0) of every bookmark, in order."""
        return list(self._flat(self.reader.outline))

    def _flat(self, outline: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - nested lists of pypdf
        for one in outline:
            if isinstance(one, list):
                yield from self._flat(one)
            else:
                number = self.reader.get_destination_page_number(one)
                assert number is not None
                yield str(one.title), number

    def words(self, folder: Path) -> list[tuple[int, float, float, str]]:
        """Return (page from 0, left, right, word) of every word, in points."""
        path = folder / "words.pdf"
        path.write_bytes(self.data)
        done = subprocess.run(["pdftotext", "-bbox", str(path), "-"], capture_output=True, check=True, text=True)
        found: list[tuple[int, float, float, str]] = []
        for number, page in enumerate(done.stdout.split("<page ")[1:]):
            for left, right, word in re.findall(r'xMin="([\d.-]+)"[^>]*xMax="([\d.-]+)"[^>]*>(.*?)</word>', page):
                found.append((number, float(left), float(right), word))
        return found


def squeezed(text: str) -> str:
    """Return a text without white space, as a page may break it anywhere."""
    return "".join(text.split())
