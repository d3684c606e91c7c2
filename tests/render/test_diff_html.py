"""diff.html: self-contained, well-formed, and harmless whatever the texts say."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from scanner.model.diff import Diff
from scanner.render import diff_html
from scanner.render.diff_html import render
from scanner.render.text import hidden
from tests.render.diffs import a_diff, hostile, many, of_everything
from tests.render.hostile import PAYLOADS

VOID = {"meta", "br", "wbr", "link", "img"}


class Page(HTMLParser):
    """The tags of a page, its ids and the fragments that it links to. Raises when the tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(diff: Diff) -> str:
    return render(diff).data.decode()


def test_the_artifact_says_what_it_is() -> None:
    artifact = render(a_diff())
    assert (artifact.name, artifact.media_type) == ("diff.html", "text/html")


@pytest.mark.parametrize("diff", [a_diff(), of_everything(), many(3)])
def test_the_page_nests_and_every_link_leads_somewhere(diff: Diff) -> None:
    read = Page(page(diff))
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)
    assert {"new", "fixed", "changed", "unknown", "persisting", "controls", "keys"} <= set(read.ids)


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = page(of_everything())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert unescape(policy[1]) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not set(Page(text).tags) & {"script", "img", "link", "iframe", "object"}
    assert "url(" not in text


def test_each_entry_says_what_it_was_and_is() -> None:
    text = re.sub(r"\s+", " ", page(of_everything()))
    assert '<span class="v pass">PASS</span> → <span class="v fail">FAIL</span>' in text
    assert '<span class="v fail">FAIL</span> → <span class="v absent">gone</span>' in text
    assert '<span class="v fail">FAIL</span> → <span class="v not_seen">not seen</span>' in text
    assert "and 4 unknown in both" in text
    assert '<p class="warning">the estate file is not the same</p>' in text
    assert "What is unknown is never counted as fixed." in text


def test_what_persists_is_folded_and_nothing_else() -> None:
    text = page(of_everything())
    assert text.count("<details>") == 1
    assert text.index("<details>") > text.index('id="persisting"')


def test_long_lists_are_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_html, "MOST", 4)
    text = page(many(7))
    assert text.count("and 3 more in the JSON form") == 3
    assert text.count('<span class="arn">key/') == 8
    assert "New (7)" in text


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_only_ever_text(name: str) -> None:
    text = page(hostile(PAYLOADS[name]))
    read, harmless = Page(text), Page(page(hostile("harmless")))
    assert set(read.tags) - {"wbr"} == set(harmless.tags) - {"wbr"}
    assert read.attributes == harmless.attributes
    assert read.links == harmless.links
    assert not [char for char in text if char != "\n" and hidden(char)]


def test_ten_megabytes_do_not_make_it_long() -> None:
    assert len(page(hostile("x" * 10_000_000))) < 250_000
