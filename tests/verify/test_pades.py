"""The signature of report.pdf as an auditor checks it: whose, over what, when; and every way to spoil it."""

from __future__ import annotations

import functools
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.errors import MissingExtraError
from scanner.package.timestamp import post
from scanner.verify import pades
from scanner.verify.archive import Archive
from scanner.verify.pades import Trust, check_pdf
from scanner.verify.report import Outcome, Step, VerificationError
from scanner.verify.statement import TrustedKey
from scanner.verify.steps import Policy, verify
from scanner.verify.timestamp import load_authority
from tests.package.authority import Authority
from tests.package.authority import authority as running_authority
from tests.package.pdfs import CERTIFIES, NOW, a_signed, certified, days, own, pem, report, signed
from tests.package.pdfs import authority as certifier
from tests.packages import entries, fingerprint, key, package, scan_files, zipped


def trusting(name: str = "operator") -> TrustedKey:
    public = key(name).public_key()
    return TrustedKey(fingerprint(public), public)


OPERATOR = Trust(keys=(trusting(),))
AUTHORITY = Trust(roots=(certifier(),))


def told(pdf: bytes | None, trust: Trust, folder: Path) -> tuple[str, Outcome]:
    """Check a package that has nothing but this PDF."""
    path = folder / "p.zip"
    path.write_bytes(zipped(entries({"a": b"", **({} if pdf is None else {"report.pdf": pdf})})))
    with Archive(path) as archive:
        return check_pdf(archive, trust)


def fault(pdf: bytes | None, trust: Trust, folder: Path) -> str:
    """Return why a PDF does not verify."""
    with pytest.raises(VerificationError) as raised:
        told(pdf, trust, folder)
    assert (raised.value.step, raised.value.member) == (Step.PDF, "report.pdf")
    return raised.value.why


def test_a_trusted_key_signed_it(tmp_path: Path) -> None:
    text, outcome = told(a_signed(), OPERATOR, tmp_path)
    said = "at 2026-06-15T12:05:00Z by its own account"
    assert text == f"signed by Common Name: Test Health, key {trusting().fingerprint}, {said}"
    assert outcome is Outcome.OK


@functools.cache
def by_authority() -> bytes:
    return signed(certified())


def test_a_key_that_a_trusted_authority_certified_signed_it(tmp_path: Path) -> None:
    for trust in (AUTHORITY, Trust(keys=(trusting("mallory"), trusting()), roots=(certifier(),))):
        assert told(by_authority(), trust, tmp_path)[1] is Outcome.OK


def test_a_trusted_key_is_trusted_whatever_its_certificate_says(tmp_path: Path) -> None:
    assert told(by_authority(), OPERATOR, tmp_path)[1] is Outcome.OK
    assert told(signed(own(end=NOW - days(1))), OPERATOR, tmp_path)[1] is Outcome.OK


@pytest.mark.parametrize(
    ("pdf", "trust", "outcome", "why"),
    [
        (lambda: None, OPERATOR, Outcome.ABSENT, "the package has no report.pdf"),
        (report, OPERATOR, Outcome.ABSENT, "report.pdf is not signed"),
        (report, Trust(), Outcome.ABSENT, "report.pdf is not signed"),
        (a_signed, Trust(), Outcome.NOT_CHECKED, "report.pdf is signed; no --trusted-key or --pdf-ca"),
    ],
    ids=["no PDF", "not signed", "not signed, nobody trusted", "nobody trusted"],
)
def test_what_is_not_there_or_not_checked_is_told(
    pdf: Callable[[], bytes | None], trust: Trust, outcome: Outcome, why: str, tmp_path: Path
) -> None:
    assert told(pdf(), trust, tmp_path) == (why, outcome)


@pytest.mark.parametrize(
    ("pdf", "trust", "why"),
    [
        (lambda: None, AUTHORITY, r"has no report\.pdf"),
        (report, AUTHORITY, "is not signed"),
        (
            a_signed,
            Trust(keys=(trusting("mallory"),)),
            "no trusted key signed it; the key of its certificate is [0-9a-f]{64}",
        ),
        (a_signed, AUTHORITY, "does not lead to those of --pdf-ca"),
        (by_authority, Trust(keys=(trusting("mallory"),), roots=(certifier(),)), "no trusted key signed it"),
        (partial(signed, certified(end=NOW - days(1))), AUTHORITY, "does not lead to those of --pdf-ca"),
        (partial(signed, certified(start=NOW + days(1))), AUTHORITY, "does not lead to those of --pdf-ca"),
        (partial(signed, certified(usage=CERTIFIES)), AUTHORITY, "does not lead to those of --pdf-ca"),
    ],
    ids=["no PDF", "no signature", "another key", "no authority", "both wanted", "expired", "too early", "other use"],
)
def test_who_is_not_trusted_is_told(pdf: Callable[[], bytes | None], trust: Trust, why: str, tmp_path: Path) -> None:
    assert re.search(why, fault(pdf(), trust, tmp_path))


def hole(data: bytes) -> tuple[int, int]:
    """Return where a signature's hexadecimal digits begin and end."""
    begin = data.rfind(b"/Contents <") + len(b"/Contents <")
    return begin, data.index(b">", begin)


def with_cms(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a PDF whose signature, without the zeros behind it, was changed."""
    begin, end = hole(data)
    cms = change(bytes.fromhex(data[begin:end].decode())).hex().upper().encode()
    assert len(cms) <= end - begin
    return data[:begin] + cms.ljust(end - begin, b"0") + data[end:]


def replaced(old: bytes, new: bytes, data: bytes) -> bytes:
    """Return a PDF with the last of something replaced by as many bytes."""
    assert len(old) == len(new)
    at = data.rindex(old)
    return data[:at] + new + data[at + len(old) :]


def flipped(at: float, data: bytes) -> bytes:
    place = int(at * len(report()))
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def ranged(data: bytes, before: int, after: int, *, less: int = 0) -> bytes:
    """Return a PDF whose signature says that its place begins and ends so many bytes from where it does."""
    match = re.search(rb"/ByteRange \[0 ([0-9]+) ([0-9]+) ([0-9]+)\] *", data)
    assert match
    one, two, three = (int(number) for number in match.groups())
    text = b"/ByteRange [0 %d %d %d]" % (one + before, two + after, three - less)
    assert len(text) <= len(match[0])
    return data[: match.start()] + text.ljust(len(match[0])) + data[match.end() :]


def odd(data: bytes) -> bytes:
    """Return a PDF whose signature lacks half a byte."""
    _, end = hole(data)
    data = ranged(data, 0, -1)
    return data[: end - 1] + data[end:]


def other_end(cms: bytes) -> bytes:
    """Change the last byte of the signature's number, which the zeros follow."""
    body = cms.rstrip(b"\0")
    return body[:-1] + bytes([body[-1] ^ 2 or 1]) + bytes(len(cms) - len(body))


def unknown_kind(cms: bytes) -> bytes:
    """Change what says that a key is of an elliptic curve (RFC 5480, 2.1.1), and that its certificate is meant."""
    cms = cms.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648043d0201"))
    return cms.replace(bytes.fromhex("2a864886f70d010910022f"), bytes.fromhex("2a864886f70d0109100263"))


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a byte of the first page": (partial(flipped, 0.1), "does not hold: the file was changed"),
    "a byte of the last page": (partial(flipped, 0.9), "does not hold: the file was changed"),
    "another date": (partial(replaced, b"(D\\07220260615", b"(D\\07220250615"), "does not hold"),
    "no date": (partial(replaced, b"/M (D", b"/N (D"), "not a PAdES signature that says when"),
    "a date that is none": (partial(replaced, b"(D\\07220260615", b"(D\\07220269915"), "cannot be read"),
    "another kind of signature": (partial(replaced, b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"), "not a PAdES"),
    "appended": (lambda data: data + b"%more", "does not cover the whole file"),
    "an update appended": (lambda data: data + report()[-900:], "does not cover the whole file"),
    "cut off": (lambda data: data[:-1], "does not cover the whole file"),
    "a range from one": (partial(replaced, b"/ByteRange [0 ", b"/ByteRange [1 "), "cannot be read"),
    "a range of words": (partial(replaced, b"/ByteRange [0 ", b"/ByteRange (0 "), "cannot be read"),
    "a range that overlaps": (lambda data: ranged(data, 5000, 0), "does not cover the whole file"),
    "a hole elsewhere": (
        lambda data: ranged(data, -400, -400, less=-400),
        "something else where its signature should be",
    ),
    "a hole that is larger": (lambda data: ranged(data, -9, 0), "something else where its signature should be"),
    "no digits": (lambda data: with_cms(data, lambda _: b""), "cannot be read"),
    "odd digits": (odd, "cannot be read"),
    "something hidden": (lambda data: with_cms(data, lambda cms: cms[:-8] + b"hidden!!"), "hidden behind"),
    "of something else": (
        lambda data: with_cms(
            data,
            lambda cms: cms.replace(
                b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 1
            ),
        ),
        "not one of CMS",
    ),
    "a wrong signature": (lambda data: with_cms(data, other_end), "does not hold"),
    # What the fuzzer found: a certificate whose key is of a kind that nobody knows.
    "an unknown kind of key": (lambda data: with_cms(data, unknown_kind), "cannot be read: Unknown key type"),
    "no ASN.1": (lambda data: with_cms(data, lambda _: b"\xff" * 64), "cannot be read"),
    "cut-off ASN.1": (lambda data: with_cms(data, lambda cms: cms[:300]), "cannot be read"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_every_way_to_spoil_a_signature_is_caught(name: str, tmp_path: Path) -> None:
    change, why = SPOILED[name]
    data = change(a_signed())
    assert data != a_signed()
    # Whose key it is would be told before anything else of it.
    trust = Trust(roots=(own().first,)) if name == "an unknown kind of key" else OPERATOR
    assert why in fault(data, trust, tmp_path)


def test_a_signature_of_no_size_that_a_signature_has(tmp_path: Path) -> None:
    data = a_signed()
    _, end = hole(data)
    more = b"0" * (2 * 2**20 + 2)
    data = ranged(data, 0, len(more))
    assert fault(data[:end] + more + data[end:], OPERATOR, tmp_path) == "its signature is larger than any"


def test_a_pdf_beyond_measure_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pades, "MOST", len(report()))
    assert fault(a_signed(), OPERATOR, tmp_path) == f"it is larger than {len(report())} bytes"
    assert told(report() + b" ", OPERATOR, tmp_path)[1] is Outcome.ABSENT


@pytest.mark.parametrize("before", [256 * 1024 + more for more in (-11, -10, -9, -5, -1, 0)])
def test_a_signature_is_found_wherever_it_is(before: int, tmp_path: Path) -> None:
    data = b" " * before + b"/ByteRange" + b" " * 99
    assert told(data, Trust(), tmp_path)[1] is Outcome.NOT_CHECKED
    assert "/ByteRange cannot be read" in fault(data, OPERATOR, tmp_path)


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 680), st.integers(0, 255)), min_size=1, max_size=3), st.booleans())
def test_no_change_of_a_signature_makes_anything_but_a_fault(
    tmp_path: Path, changes: list[tuple[int, int]], authority: bool
) -> None:
    def change(cms: bytes) -> bytes:
        body = bytearray(cms)
        for place, value in changes:
            body[place] = value
        return bytes(body)

    data = with_cms(by_authority(), change)
    with suppress(VerificationError):
        text, outcome = told(data, AUTHORITY if authority else OPERATOR, tmp_path)
        # A byte that was so before, or one that no signature covers, as the version.
        assert outcome is Outcome.OK
        assert fingerprint(key().public_key()) in text


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(scope="module")
def stamped(tsa: Authority) -> bytes:
    return signed(certified(), post=partial(post, tsa.url))


def test_a_trusted_authority_says_when(tsa: Authority, stamped: bytes, tmp_path: Path) -> None:
    stamps = load_authority(tsa.root)
    text, outcome = told(stamped, Trust(OPERATOR.keys, (certifier(),), stamps), tmp_path)
    assert outcome is Outcome.OK
    assert text.endswith("Z as the authority saw")
    # What nobody trusts is not told, and what is not there is not made up.
    assert told(stamped, OPERATOR, tmp_path)[0].endswith("2026-06-15T12:05:00Z by its own account")
    assert told(a_signed(), Trust(OPERATOR.keys, (), stamps), tmp_path)[0].endswith("by its own account")


def test_the_timestamp_of_another_authority_is_told(stamped: bytes, tmp_path: Path) -> None:
    trust = Trust(OPERATOR.keys, (), (certifier(),))
    assert fault(stamped, trust, tmp_path) == "its timestamp is not one of the authority"


def test_a_certificate_counts_when_the_authority_saw_it(tsa: Authority, tmp_path: Path) -> None:
    # It was valid when the signature says that it was made, and no more when it was.
    late = signed(certified(end=NOW + days(1)), post=partial(post, tsa.url))
    trust = Trust((), (certifier(),), load_authority(tsa.root))
    assert told(late, AUTHORITY, tmp_path)[1] is Outcome.OK
    assert "does not lead to those of --pdf-ca" in fault(late, trust, tmp_path)


def test_without_the_extra_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyhanko.sign.validation.generic_cms", None)
    said = "report.pdf is signed; checking that needs keyaudit[sign]"
    assert told(a_signed(), OPERATOR, tmp_path) == (said, Outcome.NOT_CHECKED)
    with pytest.raises(MissingExtraError, match="needs the library pyhanko"):
        told(a_signed(), AUTHORITY, tmp_path)


def test_the_library_says_nothing_by_itself(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fault(signed(certified(end=NOW - days(1))), AUTHORITY, tmp_path)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("pyhanko").propagate
    assert logging.getLogger("pyhanko").handlers == []


def test_it_is_a_step_of_a_package(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(package({**scan_files(), "report.pdf": a_signed()}))
    steps = {one.step: one for one in verify(path, Policy(trusted=(trusting(),))).steps}
    assert steps[Step.PDF].outcome is Outcome.OK
    with pytest.raises(VerificationError, match=r"pdf: report.pdf: its certificate does not lead") as raised:
        verify(path, Policy(pdf_roots=(certifier(),)))
    assert [one.step for one in raised.value.passed] == list(Step)[: list(Step).index(Step.PDF)]


def test_the_certificates_are_those_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(pem(certifier()))
    (read,) = load_authority(path)
    assert isinstance(read, x509.Certificate)
    assert told(by_authority(), Trust(roots=(read,)), tmp_path)[1] is Outcome.OK
