"""verify.html as an auditor uses it: opened from disk in a real browser, without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from scanner.resources import templates_dir
from tests.browser import CHROMIUM

SOURCE = templates_dir() / "package" / "verify.html"
READ = """async () => {
  const verdict = document.getElementById('verdict'), facts = document.getElementById('facts');
  const texts = (selector) => [...document.querySelectorAll(selector)].map(one => one.textContent);
  while (['empty', 'running'].includes(verdict.dataset.state)) await new Promise(next => setTimeout(next, 1));
  return {
    state: verdict.dataset.state,
    verdict: texts('#verdict p'),
    steps: [...document.querySelectorAll('#steps li')].map(row => [...row.children].map(cell => cell.textContent)),
    facts: facts.hidden ? [] : texts('#facts dt').map((term, i) => [term, texts('#facts dd')[i]]),
  };
}"""
DROP = """([where, name, ...texts]) => {
  const data = new DataTransfer();
  for (const text of texts) data.items.add(new File([Uint8Array.from(atob(text), one => one.charCodeAt(0))], name));
  const event = {dataTransfer: data, bubbles: true, cancelable: true};
  for (const kind of ['dragover', 'drop']) document.querySelector(where).dispatchEvent(new DragEvent(kind, event));
}"""
EACH = f"""async (texts) => {{
  const drop = {DROP}, read = {READ}, told = [];
  for (const text of texts) {{
    drop(['h1', 'package.zip', text]);
    told.push(await read());
  }}
  return told;
}}"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of a package."""

    state: str
    """``verified``, ``consistent``, ``failed`` or ``unable``."""
    verdict: list[str]
    steps: list[tuple[str, str, str]]
    """Each step, how it ended, and the detail."""
    facts: dict[str, str]
    """What the page says about the package's content; nothing when that is not shown."""

    @property
    def marks(self) -> list[str]:
        """How each step ended."""
        return [mark for _, mark, _ in self.steps]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """The steps that failed, and what is told of each."""
        return [(step, detail) for step, mark, detail in self.steps if mark == "fail"]


@dataclass  # without slots: Playwright keeps a mark on what handles a dialog
class Opened:
    """The page, and what the browser noticed about it."""

    page: Page
    folder: Path
    asked: list[str] = field(default_factory=list)
    """URLs that it asked for."""
    said: list[str] = field(default_factory=list)
    """Errors, lines of the console, dialogs."""
    chosen: Path = Path()
    """The file that was chosen last."""

    def dismiss(self, dialog: Dialog) -> None:
        """Note a dialog, and close it."""
        self.said.append(dialog.message)
        dialog.dismiss()

    def trust(self, pem: bytes | str) -> None:
        """Give a trusted key, as pasted text."""
        self.page.fill("#key", pem.decode() if isinstance(pem, bytes) else pem)

    def choose(self, package: bytes, name: str) -> None:
        """Choose a package of this name, in a folder of its own: a browser refuses a file that changed since."""
        self.chosen = Path(mkdtemp(dir=self.folder)) / name
        self.chosen.write_bytes(package)
        self.page.set_input_files("#package", self.chosen)

    def check(self, package: bytes, name: str = "package.zip") -> Shown:
        """Choose a package and return what the page says when it is done."""
        self.choose(package, name)
        return self.shown()

    def shown(self) -> Shown:
        """Return what the page says when it is done."""
        return _shown(self.page.evaluate(READ))

    def drop(self, where: str, name: str, *files: bytes) -> None:
        """Drop files of this name on an element."""
        self.page.evaluate(DROP, [where, name, *map(_text, files)])

    def check_each(self, packages: Iterable[bytes]) -> list[Shown]:
        """Drop packages, one after another is done, and return what the page said of each."""
        return [_shown(told) for told in self.page.evaluate(EACH, [_text(one) for one in packages])]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _shown(told: dict[str, Any]) -> Shown:
    steps = [(step, mark, detail) for step, mark, detail in told["steps"]]
    return Shown(told["state"], told["verdict"], steps, dict(told["facts"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    folder: Path,
    *,
    width: int = 1200,
    dark: bool = False,
    scripts: bool = True,
    free: bool = False,
    first: str = "",
) -> Iterator[Opened]:
    """Open a copy of the page from a folder. ``free`` lifts its policy, which keeps axe-core out, too.

    ``first`` is a script that runs before those of the page.
    """
    path = folder / "verify.html"
    path.write_bytes(SOURCE.read_bytes())
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        bypass_csp=free,
        offline=True,
    )
    page = context.new_page()
    page.add_init_script(first)
    made = Opened(page, folder)
    page.on("request", lambda request: made.asked.append(request.url))
    page.on("pageerror", lambda error: made.said.append(str(error)))
    page.on("console", lambda message: made.said.append(message.text))
    page.on("dialog", made.dismiss)
    page.goto(path.as_uri())
    yield made
    context.close()


def visible(text: str) -> str:
    """Return text as the page shows it: what could hide or turn other text is shown as its number."""
    return re.sub(r"[^ \w]", lambda one: one[0] if one[0].isprintable() else f"\\u{{{ord(one[0]):x}}}", text)
