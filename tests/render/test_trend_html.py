"""history.html: self-contained, well-formed, harmless, and passable for axe-core at any width."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from scanner.render.text import hidden
from scanner.render.trend_html import render
from tests.browser import CHROMIUM, axe
from tests.render.hostile import PAYLOADS
from tests.render.reading import Page
from tests.render.trends import a_long_trend, a_track, a_trend, hostile_trend


def test_the_page_has_the_trend_and_every_control() -> None:
    artifact = render(a_trend())
    page = Page(artifact.data.decode())
    assert (artifact.name, artifact.media_type) == ("history.html", "text/html")
    assert "5 scans, 2026-06-11 to 2026-06-15 UTC" in page.all("header")[0].text
    assert "high KM-ROT-04 Keys rotate FFPPF 1" in page.section("controls")
    assert "critical KM-AUD-01 Events are recorded ????? 0" in page.section("controls")
    assert "Findings that came back" in page.section("trend")
    links = {e.attributes["href"].removeprefix("#") for e in page.all("a")}
    assert links <= {e.attributes.get("id") for e in page.elements}


def test_a_control_that_the_last_scan_did_not_judge_has_no_number() -> None:
    page = Page(render(a_trend(controls=(a_track("PPPP-"),))).data.decode())
    assert "PPPP- -" in page.section("controls")


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = render(a_trend()).data.decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert unescape(policy[1]) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not {e.tag for e in Page(text).elements} & {"script", "img", "link", "iframe", "object"}


@pytest.mark.parametrize("name", PAYLOADS)
def test_hostile_text_is_only_ever_text(name: str) -> None:
    text = render(hostile_trend(PAYLOADS[name])).data.decode()
    assert Page(text).shape() == Page(render(hostile_trend("harmless")).data.decode()).shape()
    assert not [char for char in text if char != "\n" and hidden(char)]


def test_ten_megabytes_and_a_year_do_not_make_it_long() -> None:
    assert len(render(hostile_trend("x" * 10_000_000)).data) < 250_000
    assert len(render(a_long_trend(365, controls=40)).data) < 250_000


@pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")
def test_axe_core_finds_nothing_at_any_width(tmp_path: Path) -> None:
    path = tmp_path / "history.html"
    path.write_bytes(render(a_trend()).data)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # The policy of the page would keep the rules of axe-core out, too.
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(path.as_uri())
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.add_script_tag(path=axe())
            found = page.evaluate("axe.run()")
            assert [violation["id"] for violation in found["violations"]] == []
        browser.close()
