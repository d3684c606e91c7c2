"""Signed reports: valid by others' validators, still PDF/A, and every byte of them held."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pypdf
import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from scanner.errors import EvidenceError, UsageError
from scanner.package.keys import SigningError
from scanner.package.pades import Certificates, check_key, load_certificates, sign_pdf
from scanner.package.signers import open_signer
from scanner.package.timestamp import TimestampError, post
from tests.hsm import MODULE, SECOND, softhsm
from tests.package.authority import Authority, authority
from tests.package.pdfs import (
    CERTIFIES,
    LATE,
    NOW,
    OLD,
    TWICE,
    VERSION_10,
    Somebody,
    a_signed,
    certificate,
    certified,
    days,
    own,
    pdfsig,
    pem,
    report,
    signed,
    spoiled,
)
from tests.package.pdfs import authority as certifier
from tests.package.scans import BrokenKey
from tests.packages import key


def loaded(text: bytes) -> asn1.Certificate:
    return asn1.Certificate.load(x509.load_pem_x509_certificate(text).public_bytes(Encoding.DER))


def judged(data: bytes, root: x509.Certificate, tsa: bytes | None = None) -> PdfSignatureStatus:
    """Return what pyHanko's validator says of a whole PDF."""
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    context = ValidationContext(trust_roots=[loaded(pem(root))], moment=NOW)
    stamps = ValidationContext(trust_roots=[loaded(tsa)]) if tsa else None
    status = validate_pdf_signature(signature, context, stamps)
    assert isinstance(status, PdfSignatureStatus)
    return status


def test_another_validator_finds_it_good() -> None:
    status = judged(a_signed(), own().first)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.timestamp_validity is None
    assert status.signer_reported_dt == NOW
    assert status.md_algorithm == "sha256"


def test_poppler_finds_it_good(tmp_path: Path) -> None:
    said = pdfsig(a_signed(), tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signer Certificate Common Name: Test Health" in said


@pytest.mark.parametrize("place", [10, 0.3, 0.6, 0.9, -60])
def test_a_changed_byte_shows(place: float, tmp_path: Path) -> None:
    data = bytearray(a_signed())
    at = int(place if abs(place) >= 1 else place * len(report()))
    data[at] ^= 1
    assert "Signature is Valid." not in pdfsig(bytes(data), tmp_path)


def objects(data: bytes) -> tuple[Any, Any]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    return reader, reader.trailer["/Root"]


def test_it_is_still_pdf_a_3u_and_says_the_same() -> None:
    assert a_signed().startswith(report())
    (before, old), (after, new) = objects(report()), objects(a_signed())
    xmp = new["/Metadata"].get_data()
    assert xmp == old["/Metadata"].get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in xmp.replace(b'pdfaid:part="3"', b"<pdfaid:part>3</pdfaid:part>")
    assert after.metadata == before.metadata
    assert [new[name] for name in ("/MarkInfo", "/Lang")] == [old[name] for name in ("/MarkInfo", "/Lang")]
    (color,), (kept,) = old["/OutputIntents"], new["/OutputIntents"]
    assert color["/S"] == kept["/S"] == "/GTS_PDFA1"
    assert color.raw_get("/DestOutputProfile").idnum == kept.raw_get("/DestOutputProfile").idnum
    assert set(new) - set(old) == {"/AcroForm"}  # no other version of PDF, no extension
    assert after.pdf_header == before.pdf_header == "%PDF-1.7"
    assert after.trailer["/ID"][0] == before.trailer["/ID"][0]


def test_its_field_is_one_that_pdf_a_allows() -> None:
    reader, root = objects(a_signed())
    form = root["/AcroForm"]
    assert "/NeedAppearances" not in form
    assert "/XFA" not in form
    (field,) = (one.get_object() for one in form["/Fields"])
    left, bottom, right, top = field["/Rect"]
    assert (left, bottom) == (right, top)  # of no size: it needs no appearance (ISO 19005-3, 6.3.3)
    box = reader.pages[0]["/MediaBox"]
    assert left < box[0]
    assert field["/F"] & 4  # printed, and neither invisible, hidden nor out of view (6.3.2)
    assert not field["/F"] & (1 | 2 | 32)
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert field["/V"]["/M"] == "D:20260615120500Z"


def test_signatures_differ_and_the_rest_does_not() -> None:
    by = own()
    one, two = (objects(signed(by))[1]["/AcroForm"]["/Fields"][0].get_object()["/V"] for _ in range(2))
    assert one["/Contents"] != two["/Contents"]
    assert {name: one[name] for name in one if name != "/Contents"} == (
        {name: two[name] for name in two if name != "/Contents"}
    )


def test_certificates_above_go_with_it() -> None:
    middle = certificate(key("middle").public_key(), "ca", name="Middle", issuer="Root", usage=CERTIFIES, ca=True)
    leaf = certificate(key("operator").public_key(), "middle", issuer="Middle")
    data = signed(Certificates(Path("own.pem"), leaf, (middle,)))
    assert judged(data, certifier()).bottom_line
    assert not judged(signed(Certificates(Path("own.pem"), leaf, ())), certifier()).bottom_line


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


def test_an_authority_says_when(tsa: Authority, tmp_path: Path) -> None:
    data = signed(post=partial(post, tsa.url))
    status = judged(data, own().first, tsa.root.read_bytes())
    assert status.bottom_line
    assert status.timestamp_validity
    assert status.timestamp_validity.intact
    assert status.timestamp_validity.trusted
    assert "Signature is Valid." in pdfsig(data, tmp_path)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "did not answer with a timestamp"),
        (b"<html>", "did not answer with a timestamp"),
        (bytes.fromhex("30053003020100"), "did not answer with a timestamp"),
        (bytes.fromhex("30053003020102"), "with status 2: without a reason"),
    ],
    ids=["nothing", "HTML", "granted, but none", "refused"],
)
def test_an_answer_that_is_no_timestamp_is_told(answer: bytes, why: str) -> None:
    with pytest.raises(TimestampError, match=why):
        signed(post=lambda _: answer)


def test_the_timestamp_of_something_else_is_told(tsa: Authority) -> None:
    def other(request: bytes) -> bytes:
        # A digest is the only run of 32 bytes in a request.
        at = request.index(b"\x04\x20") + 2
        return post(tsa.url, request[:at] + bytes(32) + request[at + 32 :])

    with pytest.raises(TimestampError, match="the timestamp of something else"):
        signed(post=other)


def test_a_silent_authority_is_told() -> None:
    with pytest.raises(TimestampError, match="did not answer"):
        signed(post=partial(post, "http://127.0.0.1:1/"))


@pytest.fixture
def pins() -> Iterator[Mapping[str, str]]:
    with softhsm() as values:
        yield values


def test_a_key_of_a_token_signs_a_report(pins: Mapping[str, str], tmp_path: Path) -> None:
    uri = f"pkcs11:token={quote(SECOND.label)};object=signing?module-path={MODULE}"
    signer = open_signer(uri, passphrase=str, pin=lambda: pins[SECOND.pin_variable])
    one = Certificates(Path("own.pem"), certificate(signer.public_key, "ca", issuer="Root"), ())
    check_key(one, signer)
    assert judged(sign_pdf(report(), signer, one, now=NOW), certifier()).bottom_line


def test_a_key_that_signs_something_else_is_found_out() -> None:
    broken = BrokenKey()
    one = Certificates(Path("own.pem"), certificate(broken.public_key, "ca", issuer="Root"), ())
    with pytest.raises(SigningError, match="does not verify"):
        sign_pdf(report(), broken, one, now=NOW)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"not a PDF" * 100, b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"])
def test_what_is_no_pdf_cannot_be_signed(data: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"report\.pdf cannot be signed") as raised:
        sign_pdf(data, Somebody(), own(), now=NOW)
    assert raised.value.hint == "`keyaudit report DIR` makes it again"


DAMAGE = {
    "a filter that nobody knows": (b"/FlateDecode", b"/FlateDecod9"),
    "a stream that is none": (b"/Type /XRef", b"/Type /XReg"),
    "compressed data that are none": (b"stream\nx\xda", b"stream\nzzz"),
    "an index that is none": (b"startxref\n", b"startxref\n9"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_report_cannot_be_signed_and_nothing_else_is_said(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    old, new = DAMAGE[name]
    head, found, tail = report().rpartition(old)
    assert found
    with pytest.raises(EvidenceError, match=r"report\.pdf cannot be signed"):
        sign_pdf(head + new + tail, Somebody(), own(), now=NOW)
    assert capfd.readouterr() == ("", "")


def test_a_report_that_was_signed_is_not_signed_again() -> None:
    with pytest.raises(EvidenceError, match=r"report\.pdf cannot be signed"):
        sign_pdf(a_signed(), Somebody(), own(), now=NOW)


def test_certificates_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_bytes(pem(certified().first, certifier()))
    read = load_certificates(path, NOW)
    assert (read.first.subject, read.above) == (certified().first.subject, (certifier(),))
    check_key(read, Somebody())


CURVE = ec.generate_private_key(ec.SECP384R1()).public_key()


@pytest.mark.parametrize(
    ("content", "why", "todo"),
    [
        (None, "cannot read", "keygen"),
        (b"", "has no certificate in PEM form", "keygen"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has no certificate in PEM", "keygen"),
        (spoiled(*VERSION_10), "has no certificate in PEM", "keygen"),
        (spoiled(*TWICE), "has no certificate in PEM", "keygen"),
        (pem(own(end=NOW - days(1)).first), "not valid now, but from 2020-01-01 to 2026-06-14", "renewed"),
        (pem(own(start=NOW + days(1)).first), "not valid now, but from 2026-06-16 to 2120-01-01", "renewed"),
        (pem(own(usage=CERTIFIES).first), "not one for signatures", "keygen"),
    ],
    ids=[
        "missing",
        "empty",
        "damaged",
        "of no known version",
        "with a usage said twice",
        "expired",
        "not yet valid",
        "for other use",
    ],
)
def test_a_certificate_of_no_use_is_told(content: bytes | None, why: str, todo: str, tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=why) as raised:
        load_certificates(path, NOW)
    assert str(path) in str(raised.value)
    assert todo in raised.value.hint


def test_a_certificate_need_not_say_what_it_is_for(tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    path.write_bytes(pem(own(usage=None).first))
    assert judged(signed(load_certificates(path, NOW)), own(usage=None).first).intact


def unknown_kind() -> x509.Certificate:
    """Return a certificate whose key is of a kind that nobody knows."""
    der = own().first.public_bytes(Encoding.DER)
    return x509.load_der_x509_certificate(der.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648043d0201")))


@pytest.mark.parametrize(
    "other",
    [own("mallory").first, certificate(CURVE, "ca", issuer="Root", start=OLD, end=LATE), unknown_kind()],
    ids=["P-256", "P-384", "unknown"],
)
def test_the_certificate_of_another_key_is_told(other: x509.Certificate) -> None:
    with pytest.raises(UsageError, match="the certificate of another key than") as raised:
        check_key(Certificates(Path("own.pem"), other, ()), Somebody())
    assert "own.pem" in str(raised.value)
