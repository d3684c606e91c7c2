"""Mail, composed and sent to a real server on loopback."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from scanner.jobs.notify import mail
from scanner.jobs.notify.post import SendError
from scanner.model.profile import EmailTarget, Tls
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import HOSTILE, NOW, Certificate, certificate, mail_server, told

TARGET = EmailTarget(
    host="127.0.0.1", port=25, tls=Tls.STARTTLS, sender="keyaudit@example.com", to=("a@example.com", "b@example.com")
)
SAID = told(a_finding("key/a"))


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


def composed(**files: bytes | str) -> EmailMessage:
    return mail.compose(SAID, TARGET, "1234", NOW, {name.replace("_", "."): data for name, data in files.items()})


def send(target: EmailTarget, port: int, *, seconds: float = 5.0) -> str:
    there = replace(target, port=port)
    return mail.send(mail.compose(SAID, there, "1234", NOW, {}), there, lambda: "a-password", seconds=seconds)


def refused(target: EmailTarget, port: int, *, seconds: float = 5.0) -> SendError:
    with pytest.raises(SendError) as caught:
        send(target, port, seconds=seconds)
    return caught.value


def test_a_message_has_the_text_the_page_and_the_report() -> None:
    raw = composed(report_pdf=b"%PDF-1.7", diff_html=b"<p>").as_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == "Test Health: 1 control fails, 1 new"
    assert message["To"] == "a@example.com, b@example.com"
    assert message["Message-ID"] == "<1234@example.com>"
    assert message["Date"].datetime == NOW
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf", "text/html"]
    names = [part.get_filename() for part in message.iter_attachments()]
    assert names == ["report.pdf", "diff.html"]
    assert composed().as_bytes().count(b"\r\n") > 20


def test_what_is_not_attached_is_told() -> None:
    plain = composed(report_pdf="it has 20000000 bytes; it lies at /x").get_body(("plain",))
    assert plain is not None
    assert plain.get_content().endswith("report.pdf is not attached: it has 20000000 bytes; it lies at /x\n")


def test_no_name_makes_a_header_or_an_element() -> None:
    message = email.message_from_bytes(
        mail.compose(HOSTILE, TARGET, "1", NOW, {}).as_bytes(), policy=email.policy.default
    )
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Evil\\u000d\\u000aBcc: eve@example.com")
    page = mail.page(HOSTILE)
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page


def test_mail_goes_by_starttls_with_a_login(certified: Certificate) -> None:
    target = replace(TARGET, ca_bundle=str(certified.pem), username="keyaudit")
    with mail_server(certified.context) as box:
        assert send(target, box.port) == ""
    (envelope,) = box.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("keyaudit@example.com", ["a@example.com", "b@example.com"])
    assert (box.encrypted, len(box.logins)) == ([True], 1)


def test_mail_goes_by_tls_from_the_first_byte(certified: Certificate) -> None:
    target = replace(TARGET, ca_bundle=str(certified.pem), tls=Tls.IMPLICIT)
    with mail_server(certified.context, implicit=True) as box:
        assert send(target, box.port) == ""
        assert "it hung up" in str(refused(replace(target, tls=Tls.NONE), box.port, seconds=0.2))
    assert len(box.taken) == 1


def test_a_server_without_starttls_is_not_used() -> None:
    with mail_server(None) as box:
        error = refused(TARGET, box.port)
        assert (str(error), error.permanent) == (
            "the mail server does not offer what is needed (STARTTLS, or a login)",
            True,
        )
        assert send(replace(TARGET, tls=Tls.NONE), box.port) == ""
    assert box.encrypted == [False]


def test_a_server_with_another_certificate_is_not_used(certified: Certificate, tmp_path: Path) -> None:
    other = certificate(tmp_path)
    for target in (TARGET, replace(TARGET, ca_bundle=str(other.pem))):
        with mail_server(certified.context) as box:
            assert "its certificate is not trusted" in str(refused(target, box.port))
        assert box.taken == []


@pytest.mark.parametrize(
    ("given", "why", "permanent"),
    [
        ({"answer": "451 later"}, "the mail server refused: SMTP 451", False),
        ({"answer": "554 never"}, "the mail server refused: SMTP 554", True),
        ({"refused": frozenset(TARGET.to)}, "every address was refused: SMTP 550", True),
        ({"refused": frozenset(TARGET.to), "refusal": "450 later"}, "every address was refused: SMTP 450", False),
    ],
)
def test_a_refusal(given: dict[str, Any], why: str, permanent: bool) -> None:
    with mail_server(None, **given) as box:
        error = refused(replace(TARGET, tls=Tls.NONE), box.port)
    assert (str(error), error.permanent) == (why, permanent)


def test_a_wrong_password_is_permanent(certified: Certificate) -> None:
    target = replace(TARGET, ca_bundle=str(certified.pem), username="somebody")
    with mail_server(certified.context) as box:
        error = refused(target, box.port)
    assert (str(error), error.permanent) == ("the mail server refused: SMTP 535", True)


def test_who_was_refused_is_counted() -> None:
    with mail_server(None, refused=frozenset({"b@example.com"})) as box:
        assert send(replace(TARGET, tls=Tls.NONE), box.port) == "1 of 2 addresses were refused"


def test_nobody_there_silence_and_a_server_that_hangs_up() -> None:
    plain = replace(TARGET, tls=Tls.NONE)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert (
            str(refused(plain, port, seconds=0.05))
            == "the mail server did not answer: it hung up, or was silent too long"
        )

        def hang_up() -> None:
            for _ in range(2):  # the one that was silent, and this one
                server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert str(refused(plain, port)) == "the mail server did not answer: it hung up, or was silent too long"
        thread.join()
    error = refused(plain, port)
    assert (str(error), error.permanent) == ("the mail server did not answer: Connection refused", False)
