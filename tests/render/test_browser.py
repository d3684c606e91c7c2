"""report.html in a real browser: nothing runs, nothing is fetched, nothing is wider than a telephone."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.render import html
from tests.browser import CHROMIUM
from tests.render.hostile import CANARY, PAYLOADS, hostile_report
from tests.render.reports import a_failure

MEASURE = """<!DOCTYPE html><title>not measured</title><iframe src="report.html" width="{width}" height="800"
onload="document.title = 'width ' + this.contentDocument.documentElement.scrollWidth"></iframe>"""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")


class Site:
    """Files that a browser may ask for, and what it asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        site = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                super().do_GET()

            def log_message(self, *arguments: object) -> None:
                """Keep the log of requests off the terminal."""

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
        )
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def write(self, name: str, text: str) -> None:
        """Put a file on the site, in which the payloads point to the site."""
        (self.folder / name).write_text(text.replace(CANARY, self.url), encoding="utf-8")

    def open(self, name: str) -> str:
        """Open a file of the site in a browser and return the page as it then stands."""
        done = subprocess.run(
            [
                CHROMIUM,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                f"--user-data-dir={self.folder / 'profile'}",
                "--virtual-time-budget=5000",
                "--dump-dom",
                f"{self.url}/{name}",
            ],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        )
        return done.stdout


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    thread = threading.Thread(target=site.server.serve_forever)
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


def title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    return found[1] if found else ""


def report(*texts: str) -> str:
    return html.render(hostile_report(*texts)).data.decode()


def test_the_payloads_would_run_if_they_were_not_escaped(site: Site) -> None:
    site.write("bare.html", "<!DOCTYPE html><title>bare</title>" + PAYLOADS["event"] + PAYLOADS["script"])
    assert title(site.open("bare.html")) == "pwned"
    assert {"/img", "/script"} <= set(site.asked)


def test_nothing_runs_and_nothing_is_fetched(site: Site) -> None:
    site.write("report.html", report(*PAYLOADS.values()))
    dom = site.open("report.html")
    assert title(dom).startswith("Cryptographic key audit: ")
    assert 'id="KM-ROT-00"' in dom
    assert set(site.asked) <= {"/report.html", "/favicon.ico"}


def test_what_came_in_by_another_hole_is_stopped_by_the_policy(site: Site) -> None:
    """Should escaping ever fail: the page's own policy lets nothing run and nothing be fetched."""
    hole = (
        "".join(PAYLOADS[name] for name in ("event", "script", "svg", "frame"))
        + f"<style>@import '{CANARY}/css'</style>"
    )
    site.write("report.html", report("harmless").replace("<main>", f"<main>{hole}"))
    assert title(site.open("report.html")) == "Cryptographic key audit: harmless"
    assert set(site.asked) <= {"/report.html", "/favicon.ico"}


@pytest.mark.parametrize("text", ["", "W" * 2000])
def test_a_telephone_shows_the_page_without_scrolling_sideways(text: str, site: Site) -> None:
    site.write("report.html", report(text) if text else html.render(a_failure()).data.decode())
    site.write("measure.html", MEASURE.format(width=400))
    width = re.fullmatch(r"width (\d+)", title(site.open("measure.html")))
    assert width
    assert int(width[1]) <= 400


def test_the_policy_lets_the_pages_own_style_through(site: Site) -> None:
    site.write("report.html", html.render(a_failure()).data.decode())
    script = "getComputedStyle(this.contentDocument.querySelector('.v.fail')).backgroundColor"
    site.write(
        "measure.html",
        MEASURE.format(width=400).replace("'width ' + this.contentDocument.documentElement.scrollWidth", script),
    )
    assert title(site.open("measure.html")) == "rgb(22, 25, 29)"
