"""An authority for the tests, with what it says of its certificates; OpenSSL as a server that staples; and HTTP."""

from __future__ import annotations

import atexit
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.collect.endpoints.certificates import Key, key
from tests.support import NOW

DAY = timedelta(days=1)
NO_SECRET = NoEncryption()


def name_of(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issued(
    subject: str,
    mine: Key,
    issuer: str,
    signer: Key,
    *,
    extensions: Sequence[x509.ExtensionType] = (),
    ca: bool = False,
    begin: datetime = NOW - 10 * DAY,
    end: datetime = NOW + 90 * DAY,
) -> x509.Certificate:
    """Return a certificate."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of(issuer))
        .public_key(mine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    for one in extensions:
        builder = builder.add_extension(one, critical=False)
    return builder.sign(signer, None if key("Ed25519") is signer else hashes.SHA256())


def responder(url: str) -> x509.AuthorityInformationAccess:
    """Return the extension that names a responder, beside where the issuer's certificate is."""
    ways = ((AuthorityInformationAccessOID.CA_ISSUERS, "http://x/ca.der"), (AuthorityInformationAccessOID.OCSP, url))
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(oid, x509.UniformResourceIdentifier(one)) for oid, one in ways]
    )


def lists(*urls: str, reasons: frozenset[x509.ReasonFlags] | None = None) -> x509.CRLDistributionPoints:
    """Return the extension that names the places of a list."""
    names = [x509.UniformResourceIdentifier(one) for one in urls]
    return x509.CRLDistributionPoints([x509.DistributionPoint(names, None, reasons, None)])


ROOT_KEY, ROOT = key("P-256"), issued("Root", key("P-256"), "Root", key("P-256"), ca=True)
RSA_KEY, RSA_ROOT = key("RSA"), issued("Long", key("RSA"), "Long", key("RSA"), ca=True)
ED_KEY, ED_ROOT = key("Ed25519"), issued("Short", key("Ed25519"), "Short", key("Ed25519"), ca=True)


@cache
def other_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """Return a key of somebody else."""
    assert number >= 0
    return ec.generate_private_key(ec.SECP256R1())


@cache
def leaf(*extensions: x509.ExtensionType) -> x509.Certificate:
    """Return a server's certificate, issued by the root."""
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    return issued("server", other_key(1), "Root", ROOT_KEY, extensions=[names, *extensions])


def delegate(
    *,
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.OCSP_SIGNING,),
    end: datetime = datetime(2095, 1, 1, tzinfo=UTC),
) -> x509.Certificate:
    """Return a responder's certificate, issued by the root. Answers are made on the day of the test: it lives long."""
    extensions = [x509.ExtendedKeyUsage(purposes)] if purposes else []
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    return issued("responder", other_key(2), "Root", ROOT_KEY, extensions=extensions, begin=begin, end=end)


@dataclass(frozen=True, kw_only=True)
class Says:
    """What an answer of OCSP is to say."""

    of: x509.Certificate | None = None
    """Certificate; None: the plain server's."""
    issuer: x509.Certificate = ROOT
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    reason: x509.ReasonFlags | None = None
    begun: datetime = NOW - DAY
    until: datetime | None = NOW + DAY
    signer: Key = ROOT_KEY
    by: x509.Certificate = ROOT
    beside: tuple[x509.Certificate, ...] = ()
    names: hashes.HashAlgorithm = field(default_factory=hashes.SHA1)
    hashed: hashes.HashAlgorithm | None = field(default_factory=hashes.SHA256)


def answer(says: Says) -> bytes:
    """Return an answer of OCSP in DER."""
    revoked = says.status is ocsp.OCSPCertStatus.REVOKED
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=says.of or leaf(),
            issuer=says.issuer,
            algorithm=says.names,
            cert_status=says.status,
            this_update=says.begun,
            next_update=says.until,
            revocation_time=NOW - 5 * DAY if revoked else None,
            revocation_reason=says.reason if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, says.by)
    )
    if says.beside:
        builder = builder.certificates(says.beside)
    return builder.sign(says.signer, says.hashed).public_bytes(Encoding.DER)


def a_list(
    *revoked: x509.Certificate,
    signer: Key = ROOT_KEY,
    issuer: str = "Root",
    reason: x509.ReasonFlags | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """Return a list of revoked certificates in DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name_of(issuer))
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(NOW - 5 * DAY)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Stapling:
    """`openssl s_server`, which reads the answer that it staples anew for each line."""

    port: int
    file: Path
    bundle: Path

    def staple(self, content: bytes) -> None:
        """Staple this from now on."""
        self.file.write_bytes(content)


@cache
def stapling(
    *options: str,
    extensions: tuple[x509.ExtensionType, ...] = (),
    chain: bool = True,
    staples: bool = True,
    also: tuple[x509.Certificate, ...] = (),
) -> Stapling:
    """Return a server with the leaf, the root behind it, and these options of `openssl s_server`."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    place = Path(folder.name)
    secret = other_key(1).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NO_SECRET)
    (place / "server.pem").write_bytes(secret + leaf(*extensions).public_bytes(Encoding.PEM))
    (place / "root.pem").write_bytes(ROOT.public_bytes(Encoding.PEM))
    file = place / "answer.der"
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.pem", *options]
    (place / "also.pem").write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in ((ROOT,) if chain else also)))
    command += ["-cert_chain", "also.pem"] if chain or also else []
    command += ["-status_file", file.name] if staples else []
    running = subprocess.Popen(
        command, cwd=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    atexit.register(running.wait)
    atexit.register(running.kill)
    assert running.stdout is not None
    port = next(int(found[1]) for line in running.stdout if (found := re.search(rb"ACCEPT .*:(\d+)", line)))
    # What it prints of each line is read and dropped, or it would wait.
    threading.Thread(target=running.stdout.read, daemon=True).start()
    return Stapling(port, file, place / "root.pem")


@dataclass
class Web:
    """A responder and a place of lists over HTTP."""

    url: str = ""
    pages: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Begin of a path to status and content."""
    asked: list[str] = field(default_factory=list)


@cache
def web() -> Web:
    """Return the server, started once."""
    told = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            told.asked.append(self.path)
            found = [page for begin, page in told.pages.items() if self.path.startswith(begin)]
            status, content = found[0] if found else (404, b"")
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the terminal for the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    atexit.register(server.server_close)
    atexit.register(server.shutdown)
    return told
