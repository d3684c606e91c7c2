"""verify.html in a real browser: it agrees with ``keyaudit verify`` on good packages and on every named tampering."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from playwright.sync_api import Browser

from scanner.model.ids import Json
from scanner.verify.report import Outcome, Step
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
from tests.browser import CHROMIUM, axe
from tests.evidence.samples import line, observation_body
from tests.packages import (
    Entry,
    as_json,
    changed,
    entries,
    fingerprint,
    key,
    manifest_of,
    package,
    public_pem,
    scan_files,
    sealed,
    zipped,
)
from tests.verify.page import SOURCE, Opened, Shown, chromium, opened, visible
from tests.verify.tampered import FILES, IN_THE_LISTING, IN_THE_ZIP, KMS
from tests.verify.test_tampering import EVERY

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium is installed")
OURS = fingerprint(key().public_key())
MARKS = {Outcome.OK: "pass", Outcome.ABSENT: "none", Outcome.NOT_CHECKED: "not checked"}
ODD: dict[str, Json] = {
    "response": {
        "\U0001f511": 1,
        "\ufb33": [1.5, 1e21, 1e-7, -0.0, 9007199254740991],
        "__proto__": {"é": "\u2028\x7f"},
    },
    "started": "2026-06-15T12:00:00.000Z",
    "ended": "2026-06-15T12:00:00.000Z",
}
LARGE = package({**FILES, "report.pdf": bytes(range(256)) * 9000})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def shared(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The page, for all tests one after another. It may ask for nothing but itself, and must not complain."""
    folder = tmp_path_factory.mktemp("page")
    with opened(browser, folder) as page:
        yield page
        assert page.asked == [(folder / "verify.html").as_uri()]
        assert page.said == []


@pytest.fixture
def page(shared: Opened) -> Opened:
    """The page without a trusted key."""
    shared.trust("")
    return shared


def same_steps(shown: Shown, path: Path, trusted: bytes = b"") -> None:
    """Assert that the page says of each step what ``keyaudit verify`` says."""
    pem = path.with_suffix(".pub")
    pem.write_bytes(trusted)
    verified = verify(path, Policy(trusted=(load_key(pem),) if trusted else ()))
    wanted = [(told.step.value, MARKS[told.outcome]) for told in verified.steps]
    assert [(step, mark) for step, mark, _ in shown.steps] == [*wanted, ("replay", "not checked")]
    details = {step: detail for step, mark, detail in shown.steps if mark in {"pass", "none"}}
    assert details == {told.step.value: told.detail for told in verified.steps if told.step.value in details}


# What it is made of.


def test_nothing_but_its_own_script_and_style_is_allowed() -> None:
    text = SOURCE.read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    hashes = {}
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes[tag] = f"'sha256-{base64.b64encode(sha256(body.encode()).digest()).decode()}'"
    rest = "base-uri 'none'; form-action 'none'"
    # When the page was edited: this is what its policy has to be.
    assert policy == f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; {rest}"


@pytest.mark.parametrize(
    "risky", ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(", "import(", "fetch("]
)
def test_no_text_can_become_markup_or_script(risky: str) -> None:
    assert risky not in SOURCE.read_text()


def test_it_refers_to_nothing_else() -> None:
    assert (
        re.findall(
            r"""(?:src|href|action|poster)\s*=|url\(|@import|<(?:link|img|iframe|object|base)\b""", SOURCE.read_text()
        )
        == []
    )


# Good packages.


def test_without_a_key_nothing_is_proven(page: Opened, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(package())
    shown = page.check(package(), "2026-11.zip")
    assert shown.state == "consistent"
    assert shown.verdict == [
        "2026-11.zip: consistent, but not proven",
        "Whoever made or changed this file could have made it so. Give the trusted key above.",
    ]
    same_steps(shown, tmp_path / "p.zip")
    assert OURS in shown.steps[4][2]
    assert shown.facts["Signature"] == f"not checked; claims {OURS}"
    page.trust(public_pem(key()))
    trusting = page.shown()
    assert (trusting.state, trusting.verdict[0]) == (
        "verified",
        "2026-11.zip: signed by the trusted key, and not changed since",
    )
    same_steps(trusting, tmp_path / "p.zip", public_pem(key()))


def test_it_tells_who_what_and_when(page: Opened) -> None:
    previous = f"sha256:{'ab' * 32}"
    files = sealed(scan_files(), signer=key(), number=7, previous=previous)
    page.trust(public_pem(key()))
    shown = page.check(zipped(entries({**files, "manifest.tsr": b"\x30"})))
    assert shown.state == "verified"
    assert shown.steps[5][:2] == ("timestamp", "not checked")
    checkpoint = sha256(files["manifest.json"]).hexdigest()
    assert shown.facts == {
        "Organization": "Test Health",
        "Scan": "scan-1",
        "As of": "2026-06-15T12:00:00Z",
        "Started, ended": "2026-06-15T11:59:59.5Z, 2026-06-15T12:00:03.5Z",
        "Sources": "none named",
        "Scanned as": "none named",
        "Controls": "0 pass, 1 fail, 1 unknown, 0 not applicable, 0 waived",
        "Evidence": "4 observations and gaps",
        "Tool": "keyaudit 0.1.0",
        "Catalogue": json.loads(files["manifest.json"])["scan"]["catalogue_sha256"],
        "Checkpoint": f"7: sha256:{checkpoint}",
        "Scan before": previous,
        "Signature": f"trusted key {OURS}",
        "Timestamp": "there is one, not checked here",
    }


def with_odd_values() -> bytes:
    odd = {KMS: FILES[KMS] + line(observation_body(**ODD))}
    return package({**FILES, **odd, "controls.old/ä.txt": b"x", "layouts/empty.yaml": b""})


@pytest.mark.parametrize(
    "data",
    [
        package(signer=None),
        zipped(entries(sealed(FILES, signer=key())), wide=True),
        with_odd_values(),
        package({**FILES, "report.pdf": b"%PDF-1.7 /ByteRange [0 1 2 3]"}),
        LARGE,
    ],
    ids=["not signed", "ZIP64", "odd names and values", "a signed PDF", "large"],
)
def test_what_verifies_does_so_here(data: bytes, page: Opened, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(data)
    shown = page.check(data)
    assert shown.state == "consistent"
    same_steps(shown, tmp_path / "p.zip")


def test_only_the_last_file_that_was_chosen_is_told(page: Opened) -> None:
    for name, data in (("one.zip", LARGE), ("two.zip", IN_THE_LISTING["a member dropped"][2]())):
        page.choose(data, name)
    shown = page.shown()
    assert shown.verdict[0] == "two.zip: fails at the step members"
    assert [step for step, _, _ in shown.steps] == list(Step)


# Keys.


def test_another_key_than_the_trusted_one_is_refused(page: Opened) -> None:
    page.trust(public_pem(key("auditor's own")))
    shown = page.check(package())
    assert shown.state == "failed"
    assert shown.failed == [("statement", f"manifest.dsse.json: no trusted key signed it; it claims the key {OURS}")]
    assert shown.facts == {}
    page.trust(public_pem(key("auditor's own")) + public_pem(key()))
    assert page.shown().state == "verified"


def test_a_key_is_shown_by_its_fingerprint_and_read_from_a_file(page: Opened) -> None:
    page.check(package())
    (page.folder / "key.pub").write_bytes(b"The operator's:\n" + public_pem(key()))
    page.page.set_input_files("#key-file", page.folder / "key.pub")
    page.page.wait_for_selector("#verdict[data-state=verified]")
    assert page.page.inner_text("#key-told") == f"Fingerprint {OURS}"


def private_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def other_pem(of: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return of.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"ba6c5abe", "This is not a public key in PEM form."),
        (public_pem(key())[:-30], "This is not a public key in PEM form."),
        (public_pem(key()).replace(b"M", b"N", 1), "This is not a public key of ECDSA P-256."),
        (other_pem(ec.generate_private_key(ec.SECP384R1()).public_key()), "This is not a public key of ECDSA P-256."),
        (other_pem(ed25519.Ed25519PrivateKey.generate().public_key()), "This is not a public key of ECDSA P-256."),
        (private_pem(), "This is a private key. Nobody needs it to verify: take it away, and give the public one."),
    ],
    ids=["text", "cut off", "damaged", "P-384", "Ed25519", "private"],
)
def test_what_is_no_key_proves_nothing(pem: bytes, why: str, page: Opened) -> None:
    page.trust(pem)
    shown = page.check(package())
    assert (shown.state, shown.steps) == ("unable", [])
    assert shown.verdict == ["Nothing was checked: the trusted key cannot be used.", why]
    assert shown.facts == {}


# Bad packages.


def test_every_named_tampering_is_caught_where_it_is(page: Opened) -> None:
    page.trust(public_pem(key()))
    assert page.check(package()).state == "verified"
    told = page.check_each(make() for _, _, make in EVERY.values())
    for (name, (step, member, _)), shown in zip(EVERY.items(), told, strict=True):
        place = list(Step).index(step)
        (detail,) = [detail for one, mark, detail in shown.steps if mark == "fail"]
        assert (name, shown.state, shown.marks.index("fail"), shown.facts) == (name, "failed", place, {})
        assert detail.startswith(f"{visible(member)}: " if member else ""), name
        assert [one for one, _, _ in shown.steps] == list(Step), name
        assert set(shown.marks[:place]) <= {"pass", "none", "not checked"}, name
        assert set(shown.marks[place + 1 :]) <= {"not checked"}, name


def test_a_package_that_is_too_large_for_a_browser_is_not_checked(page: Opened) -> None:
    size = 2**30 + 1
    listing = manifest_of(FILES)
    next(one for one in listing["members"] if one["path"] == "report.html")["size"] = size
    sizes = {"size": size}
    members = entries({**FILES, "manifest.json": as_json(listing)})
    data = zipped(changed(members, "report.html", packed=bytes(6 * 2**20), local=sizes, central=sizes))
    shown = page.check(data)
    assert shown.state == "unable"
    assert shown.marks == ["pass", "pass", *["not checked"] * (len(Step) - 2)]
    assert shown.verdict[0] == "package.zip: not checked"
    assert "report.html has 1073741825 bytes; this page reads members up to 1073741824" in shown.verdict[1]


def test_a_file_that_changed_after_it_was_chosen_is_not_checked(page: Opened) -> None:
    assert page.check(package()).state == "consistent"
    page.chosen.write_bytes(package(signer=None))
    os.utime(page.chosen, (0, 0))
    page.trust(public_pem(key()))
    shown = page.shown()
    assert (shown.state, shown.facts) == ("unable", {})
    assert "the browser stopped it (NotReadableError" in shown.verdict[1]
    assert set(shown.marks) == {"not checked"}


HOSTILE = {
    "markup": "<img src=x onerror=alert(1)>",
    "script": "<script>alert(1)<",
    "an attribute": '" onfocus=alert(1) autofocus x="',
    "a formula": "=HYPERLINK(1)",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(text: str, page: Opened) -> None:
    shown = page.check(zipped([Entry(text.encode(), b""), *entries(sealed(FILES))]), f"{text}.zip")
    assert shown.state == "failed"
    header = {**json.loads(FILES["scan.json"]), "organization": text, "id": f"{text}\u202e\0"}
    results = json.loads(FILES["results.json"])
    results["scan"] = {**results["scan"], "organization": text, "id": header["id"], "principals": [text]}
    results["sources"] = [{"name": text}]
    files: Mapping[str, bytes] = {**FILES, "scan.json": as_json(header), "results.json": as_json(results)}
    good = page.check(package(files), f"{text}.zip")
    assert good.verdict[0] == f"{text}.zip: consistent, but not proven"
    facts = good.facts
    assert facts["Organization"] == facts["Sources"] == facts["Scanned as"] == text
    assert facts["Scan"] == f"{text}\\u{{202e}}\\u{{0}}"
    extra = page.check(package({**files, f"controls/{text.replace('/', '')}": b""}))
    assert extra.failed[0][0] == "scan"
    assert page.page.locator("main img, main script, main [onfocus]").count() == 0


# The page itself.


def test_files_are_dropped_on_it(page: Opened) -> None:
    page.drop("h1", "dropped.zip", package())
    assert page.shown().verdict[0] == "dropped.zip: consistent, but not proven"
    page.drop("#key", "key.pub", public_pem(key()))
    page.page.wait_for_selector("#verdict[data-state=verified]")
    assert page.page.input_value("#key") == public_pem(key()).decode()
    assert page.page.input_value("#package") == ""


def test_two_packages_at_once_are_not_checked(page: Opened) -> None:
    page.check(package())
    page.drop("h1", "dropped.zip", package(), package())
    shown = page.shown()
    assert shown.verdict == ["Nothing was checked: give one package at a time."]
    assert (shown.steps, shown.facts) == ([], {})


def test_it_is_used_by_keyboard(page: Opened) -> None:
    page.page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges(); window.scrollTo(0, 0)")
    page.page.focus("#package")
    reached = []
    for _ in range(3):
        reached.append(page.page.evaluate("document.activeElement.id"))
        page.page.keyboard.press("Tab")
    assert reached == ["package", "key", "key-file"]
    for label in ("Package (ZIP)", "Trusted public key (PEM)", "or its file"):
        assert page.page.get_by_label(label).count() == 1


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)], ids=["light", "dark and narrow"])
def test_axe_finds_nothing(width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, width=width, dark=dark, free=True) as page:
        page.page.add_script_tag(path=axe())
        for pem, data, state in (
            (public_pem(key()), package(), "verified"),
            (b"", IN_THE_ZIP["encrypted"][2](), "failed"),
        ):
            page.trust(pem)
            assert page.check(data).state == state
            found = page.page.evaluate("axe.run({ resultTypes: ['violations'] })")
            assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]] == []
            assert len(found["passes"]) > 15
            assert page.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("missing", ["DecompressionStream", "crypto"])
def test_an_old_browser_is_told_so(missing: str, browser: Browser, tmp_path: Path) -> None:
    gone = f"Object.defineProperty(globalThis, '{missing}', {{ value: undefined }})"
    with opened(browser, tmp_path, first=gone) as page:
        assert page.shown().verdict[0] == "This browser cannot verify a package."


def test_without_scripts_it_names_the_other_way(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, scripts=False) as page:
        assert "VERIFY.md tells how to check the package without" in page.page.inner_text("noscript")


def test_it_says_that_a_page_in_a_package_could_lie(page: Opened) -> None:
    told = page.page.inner_text(".warning")
    assert "Whoever made that package could have changed the page" in told
    assert "keyaudit release that you got yourself" in told
